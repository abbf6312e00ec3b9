//! The language model: `POST /chat/completions`, streamed.

use call::{Line, Reply, Spent};
use serde_json::{Value, json};

use crate::conversation::{Turn, turns};
use crate::exchange::Complaint;
use crate::thinking::{Dialect, Framing, Thinking};
use crate::writing::Writing;
use crate::{Endpoint, Exchange, Fetch, Options, Tool, body, tool};

/// A language model, and what it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Think {
    /// Where it is.
    pub endpoint: Endpoint,
    /// Its id; empty: not sent, for servers that have only one.
    pub model: String,
    /// The system text; may be empty.
    pub instructions: String,
    /// What it may do.
    pub tools: Vec<Tool>,
    /// Further members of the body. Only api.openai.com is told some without being told so here:
    /// `stream_options.include_usage`, which other servers may know and some refuse, and `reasoning_effort` `none` for
    /// models that take no tools with any other.
    pub options: Options,
}

impl Think {
    /// Asks for the reply to a conversation: [`Reply::Words`], [`Reply::Tool`], [`Reply::Done`].
    #[must_use]
    pub fn ask(&self, history: &[Line]) -> Fetch {
        let mut asked = Options::new();
        if !self.model.is_empty() {
            asked.insert("model".to_owned(), json!(self.model));
        }
        asked.insert("messages".to_owned(), messages(&self.instructions, history));
        asked.insert("stream".to_owned(), json!(true));
        if let Some(functions) = tool::offered(&self.tools) {
            asked.insert("tools".to_owned(), functions);
        }
        if self.endpoint.base_url.host() == "api.openai.com" {
            asked.insert("stream_options".to_owned(), json!({"include_usage": true}));
            if asked.contains_key("tools") && reasons(&self.model) {
                asked.insert("reasoning_effort".to_owned(), json!("none"));
            }
        }
        body::overlay(&mut asked, &self.options);
        Fetch {
            request: self.endpoint.post(
                "chat/completions",
                "application/json".to_owned(),
                body::json(asked),
            ),
            exchange: Exchange::new(Thinking::new(Chat, self.tools.clone())),
        }
    }
}

/// Whether OpenAI answers this model with status 400 where there are tools and it may reason.
fn reasons(model: &str) -> bool {
    ["gpt-5.6", "gpt-6"]
        .iter()
        .any(|family| model.starts_with(family))
}

/// The conversation as messages, after the instructions.
pub(crate) fn messages(instructions: &str, history: &[Line]) -> Value {
    let system =
        (!instructions.is_empty()).then(|| json!({"role": "system", "content": instructions}));
    let turns = turns(history).into_iter().map(|turn| match turn {
        Turn::Caller(text) => json!({"role": "user", "content": text}),
        Turn::Bot(text, None) => json!({"role": "assistant", "content": text}),
        Turn::Bot(text, Some(call)) => {
            // Null instead of nothing said: an empty text is refused by some.
            let content = if text.is_empty() {
                Value::Null
            } else {
                text.into()
            };
            let function = json!({"name": call.name, "arguments": call.arguments});
            let calls = json!([{"id": call.id, "type": "function", "function": function}]);
            json!({"role": "assistant", "content": content, "tool_calls": calls})
        }
        Turn::Result(call, text) => {
            json!({"role": "tool", "tool_call_id": call.id, "content": text})
        }
    });
    system.into_iter().chain(turns).collect()
}

/// What chunks mean, and completions, which only have `message` for `delta`.
pub(crate) struct Chat;

impl Dialect for Chat {
    const FRAMING: Framing = Framing::Events;
    const EXPECTED: &'static str = "chat completion";

    fn read(
        &mut self,
        chunk: &Value,
        writing: &mut Writing,
        replies: &mut Vec<Reply>,
    ) -> Result<(), Complaint> {
        for usage in [chunk.get("usage"), chunk.pointer("/x_groq/usage")]
            .into_iter()
            .flatten()
        {
            if let Some(spent) = spent(usage) {
                writing.spent = spent;
            }
        }
        // We ask for one choice. Azure sends chunks without any.
        let Some(choice) = chunk.pointer("/choices/0") else {
            return Ok(());
        };
        if let Some(delta) = choice.get("delta").or_else(|| choice.get("message")) {
            // `reasoning`, `reasoning_content` and the like are not for the caller's ears; a refusal is.
            for content in [delta.get("content"), delta.get("refusal")]
                .into_iter()
                .flatten()
            {
                words(content, writing, replies);
            }
            if let Some(fragments) = delta.get("tool_calls") {
                writing.calls(fragments);
            }
        }
        match choice.get("finish_reason").and_then(Value::as_str) {
            None | Some("") => (),
            Some("error") => return Err(Complaint::broken("finish_reason error")),
            Some("length" | "content_filter") => writing.break_off(replies),
            Some(_) => writing.finish(replies),
        }
        Ok(())
    }

    fn whole(
        &mut self,
        completion: &Value,
        writing: &mut Writing,
        replies: &mut Vec<Reply>,
    ) -> Result<bool, Complaint> {
        if !completion.get("choices").is_some_and(Value::is_array) {
            return Ok(false);
        }
        self.read(completion, writing, replies)?;
        Ok(true)
    }
}

/// A text, or a list of parts of which those of type `text` are for the caller. Workers AI writes a token that is a
/// number as one.
pub(crate) fn words(content: &Value, writing: &mut Writing, replies: &mut Vec<Reply>) {
    if let Some(text) = content.as_str() {
        writing.words(text, replies);
    } else if let Value::Number(number) = content {
        writing.words(&number.to_string(), replies);
    }
    for part in content.as_array().into_iter().flatten() {
        if part.get("type").and_then(Value::as_str) == Some("text")
            && let Some(text) = part.get("text").and_then(Value::as_str)
        {
            writing.words(text, replies);
        }
    }
}

/// What `usage` tells, whichever chunk it stands in; the last one counts.
pub(crate) fn spent(usage: &Value) -> Option<Spent> {
    let count = |path: &str| usage.pointer(path).and_then(Value::as_u64);
    let input = count("/prompt_tokens")?;
    let cached = count("/prompt_tokens_details/cached_tokens")
        .unwrap_or(0)
        .min(input);
    Some(Spent {
        input_tokens: input - cached,
        cached_tokens: cached,
        output_tokens: count("/completion_tokens").unwrap_or(0),
    })
}

#[cfg(test)]
mod tests;
