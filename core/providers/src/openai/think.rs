//! The language model: `POST /chat/completions`, streamed.

use call::{Line, Reply, Spent};
use serde_json::{Value, json};

use super::{error, overlay, tools};
use crate::exchange::{Complaint, Decode, Step};
use crate::sse::{Event, Events};
use crate::text::Speakable;
use crate::{End, Endpoint, Exchange, Fetch, Head, Options, Tool};

/// The longest response of a server that does not stream.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Stands where a conversation would not begin with the caller: many models' templates insist on it.
const CONNECTED: &str = "(The call is connected.)";

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
    /// Further members of the body. Only api.openai.com is asked for `stream_options.include_usage` without being
    /// told so here: other servers that know it need `{"stream_options":{"include_usage":true}}`, and some refuse it.
    pub options: Options,
}

impl Think {
    /// Asks for the reply to a conversation: [`Reply::Words`], [`Reply::Tool`], [`Reply::Done`].
    #[must_use]
    pub fn ask(&self, history: &[Line]) -> Fetch {
        let mut body = Options::new();
        if !self.model.is_empty() {
            body.insert("model".to_owned(), json!(self.model));
        }
        body.insert("messages".to_owned(), messages(&self.instructions, history));
        body.insert("stream".to_owned(), json!(true));
        if let Some(functions) = tools::offered(&self.tools) {
            body.insert("tools".to_owned(), functions);
        }
        if self.endpoint.base_url.host() == "api.openai.com" {
            body.insert("stream_options".to_owned(), json!({"include_usage": true}));
        }
        overlay(&mut body, &self.options);
        Fetch {
            request: self.endpoint.post(
                "chat/completions",
                "application/json".to_owned(),
                super::json(body),
            ),
            exchange: Exchange::new(Thinking::new(self.tools.clone())),
        }
    }
}

/// The conversation as messages: first the instructions, then caller and bot by turns, the caller first.
fn messages(instructions: &str, history: &[Line]) -> Value {
    let mut turns: Vec<(&str, String)> = Vec::new();
    if !matches!(history.first(), Some(Line::Caller(_))) {
        turns.push(("user", CONNECTED.to_owned()));
    }
    for line in history {
        let (role, text) = match line {
            Line::Caller(text) => ("user", text.clone()),
            Line::Bot(text) => ("assistant", text.clone()),
            Line::Call {
                name, arguments, ..
            } => ("assistant", format!("({name} {arguments})")),
            Line::Result { text, .. } => ("user", format!("({text})")),
        };
        match turns.last_mut() {
            Some((last, said)) if *last == role => {
                said.push('\n');
                said.push_str(&text);
            }
            _ => turns.push((role, text)),
        }
    }
    let system = (!instructions.is_empty()).then(|| ("system", instructions.to_owned()));
    let all = system.into_iter().chain(turns);
    all.map(|(role, content)| json!({"role": role, "content": content}))
        .collect()
}

/// Understands the response.
struct Thinking {
    tools: Vec<Tool>,
    shape: Shape,
    calls: tools::Calls,
    speakable: Speakable,
    spent: Spent,
    /// A finish reason was given: only usage may follow.
    finished: bool,
}

/// What the body turned out to be.
enum Shape {
    /// Nothing but spaces so far.
    Unknown,
    /// A stream of events, as asked for.
    Events(Events),
    /// One JSON value, from servers that ignore `stream`. Also errors come like this, with status 200.
    Json(Vec<u8>),
}

impl Decode for Thinking {
    fn head(&mut self, head: &Head) -> Result<(), Complaint> {
        // Of stream and JSON the first byte tells more reliably. But pages come from wrong addresses.
        match head.media_type().as_str() {
            "text/html" => Err(Complaint::broken("text/html instead of a chat completion")),
            _ => Ok(()),
        }
    }

    fn push(&mut self, bytes: &[u8], replies: &mut Vec<Reply>) -> Result<Step, Complaint> {
        if matches!(self.shape, Shape::Unknown) {
            match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
                // No line of an event stream begins like this.
                Some(b'{' | b'[') => self.shape = Shape::Json(Vec::new()),
                Some(_) => self.shape = Shape::Events(Events::default()),
                None => return Ok(Step::More),
            }
        }
        match &mut self.shape {
            Shape::Unknown => Ok(Step::More),
            Shape::Json(body) if body.len() + bytes.len() > BODY_BYTES_MAX => {
                Err(Complaint::broken("a body without end"))
            }
            Shape::Json(body) => {
                body.extend_from_slice(bytes);
                Ok(Step::More)
            }
            Shape::Events(stream) => {
                let mut events = Vec::new();
                let outcome = stream.push(bytes, &mut events);
                if let step @ Step::Over(_) = self.events(&events, replies)? {
                    return Ok(step);
                }
                outcome.map_err(|_| Complaint::broken("an event without end"))?;
                Ok(Step::More)
            }
        }
    }

    fn finish(&mut self, end: End, replies: &mut Vec<Reply>) -> Result<Spent, Complaint> {
        match &mut self.shape {
            Shape::Unknown => return Err(Complaint::broken("an empty response")),
            Shape::Json(body) => {
                let body = std::mem::take(body);
                match serde_json::from_slice::<Value>(&body) {
                    Ok(value) if value.get("choices").is_some_and(Value::is_array) => {
                        self.chunk(&value, replies)?;
                        self.finished = true;
                    }
                    _ if end == End::Cut => (),
                    _ => return Err(error::instead(&body, "no chat completion")),
                }
            }
            Shape::Events(stream) => {
                let last = stream.finish();
                // Half an event is no JSON and passes for nothing.
                if let Step::Over(spent) = self.events(last.as_slice(), replies)? {
                    return Ok(spent);
                }
            }
        }
        if !self.finished {
            return Err(Complaint::broken("a response cut short"));
        }
        self.settle(replies);
        Ok(self.spent)
    }

    fn judge(&self, status: u16, body: &[u8]) -> Complaint {
        error::judge(status, body)
    }
}

impl Thinking {
    fn new(tools: Vec<Tool>) -> Self {
        Self {
            tools,
            shape: Shape::Unknown,
            calls: tools::Calls::default(),
            speakable: Speakable::default(),
            spent: Spent::default(),
            finished: false,
        }
    }

    fn events(&mut self, events: &[Event], replies: &mut Vec<Reply>) -> Result<Step, Complaint> {
        for event in events {
            if event.data.trim() == "[DONE]" {
                self.settle(replies);
                return Ok(Step::Over(self.spent));
            }
            match serde_json::from_str::<Value>(&event.data) {
                Ok(value) => self.chunk(&value, replies)?,
                Err(_) if event.name == "error" => {
                    return Err(error::instead(event.data.as_bytes(), "an error"));
                }
                // Remarks between the chunks.
                Err(_) => (),
            }
        }
        Ok(Step::More)
    }

    /// Takes in a chunk, or a whole completion, which only has `message` for `delta`.
    fn chunk(&mut self, chunk: &Value, replies: &mut Vec<Reply>) -> Result<(), Complaint> {
        if let Some(complaint) = error::within(chunk) {
            return Err(complaint);
        }
        for usage in [chunk.get("usage"), chunk.pointer("/x_groq/usage")]
            .into_iter()
            .flatten()
        {
            if let Some(spent) = spent(usage) {
                self.spent = spent;
            }
        }
        // We ask for one choice. Azure sends chunks without any.
        let Some(choice) = chunk.pointer("/choices/0") else {
            return Ok(());
        };
        if let Some(delta) = choice.get("delta").or_else(|| choice.get("message")) {
            // `reasoning`, `reasoning_content` and the like are not for the caller's ears; a refusal is.
            for words in [delta.get("content"), delta.get("refusal")]
                .into_iter()
                .flatten()
            {
                self.words(words, replies);
            }
            if let Some(fragments) = delta.get("tool_calls") {
                self.calls.push(fragments);
            }
        }
        match choice.get("finish_reason").and_then(Value::as_str) {
            None | Some("") => (),
            Some("error") => return Err(Complaint::broken("finish_reason error")),
            Some(_) => {
                self.finished = true;
                self.settle(replies);
            }
        }
        Ok(())
    }

    /// A text, or a list of parts of which those of type `text` are for the caller.
    fn words(&mut self, content: &Value, replies: &mut Vec<Reply>) {
        let parts = content.as_array().map(Vec::as_slice).unwrap_or_default();
        let texts = parts
            .iter()
            .filter(|part| part.get("type").and_then(Value::as_str) == Some("text"))
            .filter_map(|part| part.get("text").and_then(Value::as_str));
        let said: String = content
            .as_str()
            .into_iter()
            .chain(texts)
            .map(|text| self.speakable.push(text))
            .collect();
        say(said, replies);
    }

    /// The model has said all it will: what was held back comes out, and the calls.
    fn settle(&mut self, replies: &mut Vec<Reply>) {
        say(self.speakable.finish(), replies);
        self.calls.settle(&self.tools, replies);
    }
}

fn say(words: String, replies: &mut Vec<Reply>) {
    if !words.is_empty() {
        replies.push(Reply::Words(words));
    }
}

/// What `usage` tells, whichever chunk it stands in; the last one counts.
fn spent(usage: &Value) -> Option<Spent> {
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
