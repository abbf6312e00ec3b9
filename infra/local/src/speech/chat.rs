//! `POST /v1/chat/completions`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{self, Piece};
use super::faults::{Ending, Kind, Open, Stage};
use super::receptionist::{Act, Reply, is_task, reply, summary};
use super::{Shared, THINK_MODEL, faults};

#[derive(Deserialize)]
struct Asked {
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    tools: Vec<Tool>,
    #[serde(default)]
    model: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Value,
}

#[derive(Deserialize)]
struct Tool {
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    #[serde(default)]
    parameters: Value,
}

pub(super) async fn completions(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let (open, fault) = shared.desk.open(Stage::Think);
    faults::wait(fault.as_ref()).await;
    if let Some(response) = answer::struck(fault.as_ref()) {
        open.done();
        return response;
    }
    let asked: Asked = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => {
            open.done();
            return answer::refusal(&error.to_string());
        }
    };
    let said = match fault {
        Some(Kind::Empty) => Reply::default(),
        _ => answer_to(&asked),
    };
    let completion = Completion::new(&asked, &said);
    tracing::info!(target: "stand-in", words = completion.words.len(), "replied");
    if asked.stream {
        completion.stream(shared.options.word, answer::ending(fault.as_ref()), open)
    } else {
        open.done();
        answer::json(StatusCode::OK, &completion.whole())
    }
}

fn answer_to(asked: &Asked) -> Reply {
    let callers = asked
        .messages
        .iter()
        .filter(|message| message.role == "user");
    let lines: Vec<String> = callers.map(|message| text(&message.content)).collect();
    let is_over = asked
        .messages
        .iter()
        .any(|message| message.role == "system" && is_task(&text(&message.content)));
    if is_over {
        return Reply {
            text: summary(&lines.join("\n")),
            act: None,
        };
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let can = |name: &str| asked.tools.iter().any(|tool| tool.function.name == name);
    reply(&lines, can(TRANSFER_CALL))
}

/// Content is a text, or a list of parts.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part.get("text").and_then(Value::as_str))
            .collect(),
        _ => String::new(),
    }
}

const END_CALL: &str = "end_call";
const TRANSFER_CALL: &str = "transfer_call";

struct Completion {
    words: Vec<String>,
    call: Option<(String, Value)>,
    prompt_tokens: usize,
    model: String,
}

impl Completion {
    fn new(asked: &Asked, said: &Reply) -> Self {
        let call = said.act.and_then(|act| call(&asked.tools, act));
        let prompt: usize = asked
            .messages
            .iter()
            .map(|message| text(&message.content).len() / 4 + 4)
            .sum();
        Self {
            words: said.text.split_inclusive(' ').map(str::to_owned).collect(),
            call,
            prompt_tokens: prompt,
            model: asked
                .model
                .clone()
                .unwrap_or_else(|| THINK_MODEL.to_owned()),
        }
    }

    fn finish_reason(&self) -> &'static str {
        if self.call.is_some() {
            "tool_calls"
        } else {
            "stop"
        }
    }

    fn usage(&self) -> Value {
        let written = self.words.len() + 8 * usize::from(self.call.is_some());
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": written,
            "total_tokens": self.prompt_tokens + written,
        })
    }

    fn calls(&self, with_index: bool) -> Option<Value> {
        let (name, arguments) = self.call.as_ref()?;
        let function = json!({"name": name, "arguments": arguments.to_string()});
        let mut call = json!({"id": "call_stand_in", "type": "function", "function": function});
        if let (true, Some(members)) = (with_index, call.as_object_mut()) {
            members.insert("index".to_owned(), json!(0));
        }
        Some(json!([call]))
    }

    fn whole(&self) -> Value {
        let mut message = json!({"role": "assistant", "content": self.words.concat()});
        if let (Some(calls), Some(members)) = (self.calls(false), message.as_object_mut()) {
            members.insert("tool_calls".to_owned(), calls);
        }
        let choice = json!({"index": 0, "message": message, "finish_reason": self.finish_reason()});
        json!({
            "id": "chatcmpl-stand-in",
            "object": "chat.completion",
            "created": 0,
            "model": self.model,
            "choices": [choice],
            "usage": self.usage(),
        })
    }

    fn chunk(&self, choices: &Value, usage: &Value) -> Bytes {
        let chunk = json!({
            "id": "chatcmpl-stand-in",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": self.model,
            "choices": choices,
            "usage": usage,
        });
        Bytes::from(format!("data: {chunk}\n\n"))
    }

    fn delta(&self, delta: &Value, finish_reason: Option<&str>) -> Bytes {
        let choice = json!([{"index": 0, "delta": delta, "finish_reason": finish_reason}]);
        self.chunk(&choice, &Value::Null)
    }

    fn stream(&self, word: Duration, ending: Ending, open: Open) -> Response {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut push = |after: Duration, bytes: Bytes| pieces.push((after, bytes));
        let role = json!({"role": "assistant", "content": ""});
        push(Duration::ZERO, self.delta(&role, None));
        for text in &self.words {
            push(word, self.delta(&json!({"content": text}), None));
        }
        if let Some(calls) = self.calls(true) {
            push(word, self.delta(&json!({"tool_calls": calls}), None));
        }
        push(
            Duration::ZERO,
            self.delta(&json!({}), Some(self.finish_reason())),
        );
        push(Duration::ZERO, self.chunk(&json!([]), &self.usage()));
        push(Duration::ZERO, Bytes::from_static(b"data: [DONE]\n\n"));
        answer::stream("text/event-stream; charset=utf-8", pieces, ending, open)
    }
}

/// The call to the tool that does it, if such a tool was offered.
fn call(tools: &[Tool], act: Act) -> Option<(String, Value)> {
    let name = match act {
        Act::EndCall => END_CALL,
        Act::Transfer => TRANSFER_CALL,
    };
    let tool = tools.iter().find(|tool| tool.function.name == name)?;
    let arguments = match act {
        Act::EndCall => json!({}),
        Act::Transfer => {
            let first = tool.function.parameters.pointer("/properties/to/enum/0");
            json!({"to": first.cloned().unwrap_or_default()})
        }
    };
    Some((name.to_owned(), arguments))
}
