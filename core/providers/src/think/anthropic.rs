//! Anthropic Messages: `POST /v1/messages`, streamed.
//!
//! Shapes: Anthropic's API reference, "Messages" and "Streaming messages". The API's version is the tolerant one of
//! 2023-06-01. Newer models think before they answer unless they are told not to, for which nobody waits on the telephone:
//! Haiku is told so from 5 on; for others `{"thinking":{"type":"disabled"}}` belongs into the options.

use call::{Failure, Line, Reply, Spent};
use serde_json::{Value, json};

use super::Settings;
use crate::conversation::{Turn, turns};
use crate::exchange::Complaint;
use crate::http::HttpRequest;
use crate::thinking::{Dialect, Framing, Thinking};
use crate::writing::Writing;
use crate::{Exchange, Fetch, Options, Think, body, tool};

const VERSION: &str = "2023-06-01";
/// A length must be named. No reply on the telephone is longer.
const TOKENS_MAX: u32 = 1024;
/// Stands where it would not be the caller's turn: newer models refuse to go on with a turn of their own.
const SILENT: &str = "(The caller says nothing.)";

/// A model of Anthropic's. Where: `https://api.anthropic.com`. Options may name another `max_tokens` than 1024.
#[derive(Clone, Debug, PartialEq)]
pub struct Anthropic(pub Settings);

impl Think for Anthropic {
    fn ask(&self, history: &[Line]) -> Fetch {
        let Self(settings) = self;
        let mut asked = Options::new();
        asked.insert("model".to_owned(), json!(settings.model));
        asked.insert("max_tokens".to_owned(), json!(TOKENS_MAX));
        if !settings.instructions.is_empty() {
            asked.insert("system".to_owned(), json!(settings.instructions));
        }
        asked.insert("messages".to_owned(), messages(history));
        asked.insert("stream".to_owned(), json!(true));
        if settings.model.starts_with("claude-haiku-5") {
            asked.insert("thinking".to_owned(), json!({"type": "disabled"}));
        }
        let tools: Vec<Value> = tool::functions(&settings.tools)
            .into_iter()
            .map(|function| {
                json!({
                    "name": function.name,
                    "description": function.description,
                    "input_schema": function.parameters,
                })
            })
            .collect();
        if !tools.is_empty() {
            asked.insert("tools".to_owned(), json!(tools));
        }
        body::overlay(&mut asked, &settings.options);
        let endpoint = &settings.endpoint;
        Fetch {
            request: HttpRequest::with_json(&endpoint.base_url, "v1/messages", [], asked)
                .with_key("x-api-key", "", endpoint.api_key.as_ref())
                .with_header("anthropic-version", VERSION),
            exchange: Exchange::new(Thinking::new(Messages::default(), settings.tools.clone())),
        }
    }
}

/// The conversation as messages of blocks. Calls are the assistant's blocks, results the user's.
fn messages(history: &[Line]) -> Value {
    let mut messages: Vec<(&str, Vec<Value>)> = Vec::new();
    let mut add = |role: &'static str, block: Value| match messages.last_mut() {
        Some((last, blocks)) if *last == role => blocks.push(block),
        _ => messages.push((role, vec![block])),
    };
    for turn in turns(history) {
        match turn {
            Turn::Caller(text) => add("user", json!({"type": "text", "text": text})),
            Turn::Bot(text, call) => {
                // The last text of an assistant must not end in a space.
                let text = text.trim_end();
                if !text.is_empty() {
                    add("assistant", json!({"type": "text", "text": text}));
                }
                if let Some(call) = call {
                    let block = json!({
                        "type": "tool_use",
                        "id": call.id,
                        "name": call.name,
                        "input": call.object(),
                    });
                    add("assistant", block);
                }
            }
            Turn::Result(call, text) => add(
                "user",
                json!({"type": "tool_result", "tool_use_id": call.id, "content": text}),
            ),
        }
    }
    if messages.last().is_some_and(|(role, _)| *role != "user") {
        messages.push(("user", vec![json!({"type": "text", "text": SILENT})]));
    }
    messages
        .into_iter()
        .map(|(role, blocks)| json!({"role": role, "content": blocks}))
        .collect()
}

/// What events mean.
#[derive(Default)]
struct Messages {
    spent: Spent,
}

impl Messages {
    /// Input is told with the first event, output with each, always the sum so far.
    fn usage(&mut self, usage: Option<&Value>, writing: &mut Writing) {
        let count = |name: &str| usage?.get(name)?.as_u64();
        if let Some(input) = count("input_tokens") {
            // What goes into the cache is fresh input, and costs a quarter more.
            self.spent.input_tokens = input + count("cache_creation_input_tokens").unwrap_or(0);
        }
        if let Some(cached) = count("cache_read_input_tokens") {
            self.spent.cached_tokens = cached;
        }
        if let Some(output) = count("output_tokens") {
            self.spent.output_tokens = output;
        }
        writing.spent = self.spent;
    }

    fn stopped(
        reason: &str,
        writing: &mut Writing,
        replies: &mut Vec<Reply>,
    ) -> Result<(), Complaint> {
        match reason {
            // Another provider may do better, as long as nothing was said.
            "refusal" if !writing.has_said() => {
                return Err(Complaint::ours(Failure::Refused, "stop_reason refusal"));
            }
            "refusal" | "max_tokens" | "model_context_window_exceeded" => {
                writing.break_off(replies);
            }
            _ => writing.finish(replies),
        }
        Ok(())
    }
}

/// A block as it begins, or whole: words, or a call.
fn block(index: &Value, block: &Value, writing: &mut Writing, replies: &mut Vec<Reply>) {
    match block.get("type").and_then(Value::as_str) {
        Some("text") => {
            if let Some(text) = block.get("text").and_then(Value::as_str) {
                writing.words(text, replies);
            }
        }
        Some("tool_use") => {
            // The input of a block that only begins is an empty object, and no part of what follows.
            let input = block.get("input").filter(|input| **input != json!({}));
            let function = json!({
                "name": block.get("name"),
                "arguments": input.cloned().unwrap_or_else(|| json!("")),
            });
            let call = json!({"index": index, "id": block.get("id"), "function": function});
            writing.calls(&json!([call]));
        }
        // Thoughts are not for the ear.
        _ => (),
    }
}

impl Dialect for Messages {
    const FRAMING: Framing = Framing::Events;
    const EXPECTED: &'static str = "message";

    fn read(
        &mut self,
        event: &Value,
        writing: &mut Writing,
        replies: &mut Vec<Reply>,
    ) -> Result<(), Complaint> {
        let index = event.get("index").unwrap_or(&Value::Null);
        match event.get("type").and_then(Value::as_str) {
            Some("message_start") => self.usage(event.pointer("/message/usage"), writing),
            Some("content_block_start") => {
                let begun = event.get("content_block").unwrap_or(&Value::Null);
                block(index, begun, writing, replies);
            }
            Some("content_block_delta") => {
                let text = |path: &str| event.pointer(path).and_then(Value::as_str);
                if let Some(text) = text("/delta/text") {
                    writing.words(text, replies);
                }
                if let Some(piece) = text("/delta/partial_json") {
                    writing.calls(&json!([{"index": index, "function": {"arguments": piece}}]));
                }
            }
            Some("message_delta") => {
                self.usage(event.get("usage"), writing);
                if let Some(reason) = event.pointer("/delta/stop_reason").and_then(Value::as_str) {
                    Self::stopped(reason, writing, replies)?;
                }
            }
            Some("message_stop") => writing.end(replies),
            // `ping`, `content_block_stop`, and what is yet to be invented.
            _ => (),
        }
        Ok(())
    }

    fn whole(
        &mut self,
        message: &Value,
        writing: &mut Writing,
        replies: &mut Vec<Reply>,
    ) -> Result<bool, Complaint> {
        let Some(blocks) = message.get("content").and_then(Value::as_array) else {
            return Ok(false);
        };
        for (index, whole) in blocks.iter().enumerate() {
            block(&json!(index), whole, writing, replies);
        }
        self.usage(message.get("usage"), writing);
        let reason = message.get("stop_reason").and_then(Value::as_str);
        Self::stopped(reason.unwrap_or_default(), writing, replies)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::think::tests::{history, settings};

    fn body(settings: &Settings, history: &[Line]) -> Value {
        let request = Anthropic(settings.clone()).ask(history).request;
        serde_json::from_slice(&request.body).unwrap()
    }

    #[test]
    fn the_key_has_a_header_of_its_own_and_the_version_is_named() {
        let request = Anthropic(settings("https://api.anthropic.com"))
            .ask(&[])
            .request;
        assert_eq!(request.url, "https://api.anthropic.com/v1/messages");
        let expected = [
            ("content-type", "application/json".to_owned()),
            ("x-api-key", "not-a-real-key".to_owned()),
            ("anthropic-version", VERSION.to_owned()),
        ];
        assert_eq!(request.headers, expected);
    }

    #[test]
    fn nothing_optional_is_sent_that_was_not_configured() {
        let mut settings = settings("https://x.test");
        settings.instructions.clear();
        settings.tools.clear();
        let hi = [Line::Caller("Hi".to_owned())];
        let said = json!([{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]);
        let expected =
            json!({"model": "thinker", "max_tokens": 1024, "messages": said, "stream": true});
        assert_eq!(body(&settings, &hi), expected);
        let thinking = json!({"type": "disabled"});
        settings
            .options
            .insert("thinking".to_owned(), thinking.clone());
        settings.options.insert("max_tokens".to_owned(), json!(200));
        let asked = body(&settings, &hi);
        assert_eq!(
            (&asked["thinking"], &asked["max_tokens"]),
            (&thinking, &json!(200))
        );
    }

    #[test]
    fn haiku_does_not_think_before_it_answers_unless_it_is_told_to() {
        let mut settings = settings("https://x.test");
        let thinking = |settings: &Settings| body(settings, &[])["thinking"].clone();
        settings.model = "claude-haiku-5-5".to_owned();
        assert_eq!(thinking(&settings), json!({"type": "disabled"}));
        let chosen = json!({"type": "adaptive"});
        settings
            .options
            .insert("thinking".to_owned(), chosen.clone());
        assert_eq!(thinking(&settings), chosen);
        settings.options.clear();
        settings.model = "claude-haiku-4-5".to_owned();
        assert_eq!(thinking(&settings), Value::Null);
    }

    #[test]
    fn calls_are_the_assistants_and_results_the_users() {
        let text = |text: &str| json!({"type": "text", "text": text});
        let mut history = history();
        history.push(Line::Caller("Well?".to_owned()));
        let asked = body(&settings("https://x.test"), &history);
        let expected = json!([
            {"role": "user", "content": [text("(The call is connected.)")]},
            {"role": "assistant", "content": [text("Lamps and more.")]},
            {"role": "user", "content": [text("How many lamps?")]},
            {"role": "assistant", "content": [
                text("Let me look."),
                {"type": "tool_use", "id": "c1", "name": "stock", "input": {"sku": 7}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "12"},
                text("Well?"),
            ]},
        ]);
        assert_eq!(asked["messages"], expected);
        assert_eq!(asked["system"], "Be brief.");
        let schema = json!({"type": "object", "properties": {"sku": {"type": "integer"}}});
        let tool =
            json!({"name": "stock", "description": "How many there are.", "input_schema": schema});
        assert_eq!(asked["tools"], json!([tool]));
    }

    #[test]
    fn it_is_never_asked_to_go_on_with_its_own_turn() {
        let said = [
            Line::Caller("Hi".to_owned()),
            Line::Bot("Hello. ".to_owned()),
        ];
        let messages = messages(&said);
        assert_eq!(messages[1]["content"][0]["text"], "Hello.");
        assert_eq!(messages[2]["role"], "user");
        assert_eq!(messages[2]["content"][0]["text"], SILENT);
    }
}
