//! Ollama's own protocol: `POST /api/chat`, streamed as a JSON value a line.
//!
//! Shapes: Ollama's API documentation, "Generate a chat completion". Its OpenAI-shaped endpoint does as well; this one
//! has the options that matter on the telephone: `{"options":{"num_ctx":8192}}` (of a longer conversation than 4096
//! tokens it otherwise silently forgets the beginning), `{"keep_alive":"30m"}` (loading a model takes seconds) and
//! `{"think":false}`. Nothing at Cloudflare reaches a server on one's own machine but through a tunnel.

use call::{Line, Reply, Spent};
use serde_json::{Value, json};

use super::Settings;
use crate::conversation::{Turn, turns};
use crate::exchange::Complaint;
use crate::http::HttpRequest;
use crate::thinking::{Dialect, Framing, Thinking};
use crate::writing::Writing;
use crate::{Exchange, Fetch, Options, Think, body, tool};

/// A model at an Ollama. Where: `http://127.0.0.1:11434`, or wherever the tunnel ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Ollama(pub Settings);

impl Think for Ollama {
    fn ask(&self, history: &[Line]) -> Fetch {
        let Self(settings) = self;
        let mut asked = Options::new();
        asked.insert("model".to_owned(), json!(settings.model));
        asked.insert(
            "messages".to_owned(),
            messages(&settings.instructions, history),
        );
        asked.insert("stream".to_owned(), json!(true));
        if let Some(tools) = tool::offered(&settings.tools) {
            asked.insert("tools".to_owned(), tools);
        }
        body::overlay(&mut asked, &settings.options);
        let endpoint = &settings.endpoint;
        Fetch {
            request: HttpRequest::with_json(&endpoint.base_url, "api/chat", [], asked).with_key(
                "authorization",
                "Bearer",
                endpoint.api_key.as_ref(),
            ),
            exchange: Exchange::new(Thinking::new(Chat, settings.tools.clone())),
        }
    }
}

/// The conversation as messages. Calls have no ids, and their arguments are objects.
fn messages(instructions: &str, history: &[Line]) -> Value {
    let system =
        (!instructions.is_empty()).then(|| json!({"role": "system", "content": instructions}));
    let turns = turns(history).into_iter().map(|turn| match turn {
        Turn::Caller(text) => json!({"role": "user", "content": text}),
        Turn::Bot(text, None) => json!({"role": "assistant", "content": text}),
        Turn::Bot(text, Some(call)) => {
            let function = json!({"name": call.name, "arguments": call.object()});
            json!({"role": "assistant", "content": text, "tool_calls": [{"function": function}]})
        }
        Turn::Result(call, text) => {
            json!({"role": "tool", "tool_name": call.name, "content": text})
        }
    });
    system.into_iter().chain(turns).collect()
}

/// What lines mean.
struct Chat;

impl Dialect for Chat {
    const FRAMING: Framing = Framing::Lines;
    const EXPECTED: &'static str = "chat of Ollama's";

    fn read(
        &mut self,
        line: &Value,
        writing: &mut Writing,
        replies: &mut Vec<Reply>,
    ) -> Result<(), Complaint> {
        // What the model thinks stands beside its content, in `thinking`.
        if let Some(text) = line.pointer("/message/content").and_then(Value::as_str) {
            writing.words(text, replies);
        }
        if let Some(calls) = line.pointer("/message/tool_calls") {
            writing.calls(calls);
        }
        if line.get("done") == Some(&Value::Bool(true)) {
            let count = |name: &str| line.get(name).and_then(Value::as_u64).unwrap_or(0);
            writing.spent = Spent {
                input_tokens: count("prompt_eval_count"),
                cached_tokens: 0,
                output_tokens: count("eval_count"),
            };
            if line.get("done_reason").and_then(Value::as_str) == Some("length") {
                writing.break_off(replies);
            }
            writing.end(replies);
        }
        Ok(())
    }

    fn whole(
        &mut self,
        line: &Value,
        writing: &mut Writing,
        replies: &mut Vec<Reply>,
    ) -> Result<bool, Complaint> {
        // A response that is not streamed is its one and last line.
        self.read(line, writing, replies)?;
        Ok(writing.is_over())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::think::tests::{history, settings};

    #[test]
    fn calls_go_back_as_objects_and_results_by_name() {
        let request = Ollama(settings("http://127.0.0.1:11434"))
            .ask(&history())
            .request;
        assert_eq!(request.url, "http://127.0.0.1:11434/api/chat");
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        let function = json!({"name": "stock", "arguments": {"sku": 7}});
        let expected = json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "(The call is connected.)"},
            {"role": "assistant", "content": "Lamps and more."},
            {"role": "user", "content": "How many lamps?"},
            {"role": "assistant", "content": "Let me look.", "tool_calls": [{"function": function}]},
            {"role": "tool", "tool_name": "stock", "content": "12"},
        ]);
        assert_eq!(asked["messages"], expected);
        assert_eq!(asked["tools"][0]["function"]["name"], "stock");
        let members: Vec<&String> = asked.as_object().unwrap().keys().collect();
        assert_eq!(members, ["messages", "model", "stream", "tools"]);
    }
}
