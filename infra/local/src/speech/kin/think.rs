//! The receptionist, as Anthropic, Ollama and Workers AI would word it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::Shared;
use super::super::answer::{self, Piece};
use super::super::faults::{self, Kind, Stage};
use super::super::receptionist::{self, Act};
use super::{Kin, text, voice};

/// What is said and done.
struct Said {
    words: Vec<String>,
    call: Option<(&'static str, Value)>,
    tokens: usize,
}

pub(super) async fn anthropic(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    respond(&shared, Kin::Anthropic, &headers, &body).await
}

pub(super) async fn ollama(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    respond(&shared, Kin::Ollama, &headers, &body).await
}

/// Thinks, or speaks if the model is a voice.
pub(super) async fn workers_ai(
    State(shared): State<Arc<Shared>>,
    Path(model): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if model.contains("aura") {
        return voice::workers_ai(&shared, &headers, &body).await;
    }
    respond(&shared, Kin::WorkersAi, &headers, &body).await
}

async fn respond(shared: &Shared, kin: Kin, headers: &HeaderMap, body: &[u8]) -> Response {
    let (open, fault) = shared.desk.open(Stage::Think);
    faults::wait(fault.as_ref()).await;
    let refused = kin.struck(fault.as_ref()).or_else(|| {
        let locked = (!kin.sees_a_key(headers)).then(|| kin.locked());
        locked.or_else(|| {
            let problem = problem(kin, headers, body)?;
            Some(kin.complaint(StatusCode::BAD_REQUEST, problem))
        })
    });
    if let Some(response) = refused {
        open.done();
        return response;
    }
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let said = match fault {
        Some(Kind::Empty) => Said {
            words: Vec::new(),
            call: None,
            tokens: 0,
        },
        _ => reply(&asked),
    };
    tracing::info!(target: "stand-in", ?kin, words = said.words.len(), "replied");
    let word = shared.options.word;
    let (content_type, pieces) = match kin {
        Kin::Anthropic => ("text/event-stream; charset=utf-8", said.as_anthropic(word)),
        Kin::Ollama => ("application/x-ndjson", said.as_ollama(word)),
        _ => ("text/event-stream", said.as_workers_ai(word)),
    };
    answer::stream(content_type, pieces, answer::ending(fault.as_ref()), open)
}

/// What the original would not take.
fn problem(kin: Kin, headers: &HeaderMap, body: &[u8]) -> Option<&'static str> {
    let Ok(asked) = serde_json::from_slice::<Value>(body) else {
        return Some("the body is no JSON");
    };
    let Some(messages) = asked.get("messages").and_then(Value::as_array) else {
        return Some("messages: field required");
    };
    if kin == Kin::Anthropic {
        let role =
            |message: Option<&Value>| message.map(|message| text(message, "/role").to_owned());
        let is_user = |role: Option<String>| role.as_deref() == Some("user");
        if !headers.contains_key("anthropic-version") {
            return Some("anthropic-version: header is required");
        }
        if !asked.get("max_tokens").is_some_and(Value::is_u64) {
            return Some("max_tokens: field required");
        }
        if !is_user(role(messages.first())) || !is_user(role(messages.last())) {
            return Some("messages: the first and the last must be the user's");
        }
        let same = messages
            .windows(2)
            .any(|pair| role(pair.first()) == role(pair.last()));
        if same {
            return Some("messages: roles must alternate here");
        }
        if ["temperature", "top_p", "top_k"]
            .iter()
            .any(|name| asked.get(name).is_some())
        {
            return Some("sampling parameters are not supported");
        }
    }
    let needs_model = kin != Kin::WorkersAi && text(&asked, "/model").is_empty();
    needs_model.then_some("model: field required")
}

/// What the receptionist says to a conversation in any of the shapes.
fn reply(asked: &Value) -> Said {
    let messages = asked.get("messages").and_then(Value::as_array);
    let callers = messages
        .into_iter()
        .flatten()
        .filter(|message| text(message, "/role") == "user");
    let lines: Vec<String> = callers
        .map(content)
        .filter(|line| !line.is_empty())
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let tools: Vec<&Value> = asked
        .get("tools")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|tool| tool.get("function").unwrap_or(tool))
        .collect();
    let tool = |name: &str| tools.iter().find(|tool| text(tool, "/name") == name);
    let said = receptionist::reply(&lines, tool("transfer_call").is_some());
    let call = match said.act {
        Some(Act::EndCall) => tool("end_call").map(|_| ("end_call", json!({}))),
        Some(Act::Transfer) => tool("transfer_call").map(|tool| {
            let first = ["/parameters", "/input_schema"]
                .iter()
                .find_map(|schema| tool.pointer(&format!("{schema}/properties/to/enum/0")));
            ("transfer_call", json!({"to": first}))
        }),
        None => None,
    };
    Said {
        words: said.text.split_inclusive(' ').map(str::to_owned).collect(),
        call,
        tokens: lines.iter().map(|line| line.len() / 4 + 4).sum(),
    }
}

/// The words of a message: a text, or a list of blocks.
fn content(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(blocks)) => {
            let texts: Vec<&str> = blocks.iter().map(|block| text(block, "/text")).collect();
            texts.concat()
        }
        _ => String::new(),
    }
}

impl Said {
    fn written(&self) -> usize {
        self.words.len() + 8 * usize::from(self.call.is_some())
    }

    fn as_anthropic(&self, word: Duration) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut push = |after: Duration, event: &Value| {
            let name = text(event, "/type");
            pieces.push((
                after,
                Bytes::from(format!("event: {name}\ndata: {event}\n\n")),
            ));
        };
        let usage =
            json!({"input_tokens": self.tokens, "cache_read_input_tokens": 0, "output_tokens": 1});
        let message = json!({"id": "msg_stand_in", "type": "message", "role": "assistant", "content": [], "usage": usage});
        push(word, &json!({"type": "message_start", "message": message}));
        push(Duration::ZERO, &json!({"type": "ping"}));
        let mut index = 0;
        if !self.words.is_empty() {
            let block = json!({"type": "text", "text": ""});
            push(
                Duration::ZERO,
                &json!({"type": "content_block_start", "index": 0, "content_block": block}),
            );
            for text in &self.words {
                let delta = json!({"type": "text_delta", "text": text});
                push(
                    word,
                    &json!({"type": "content_block_delta", "index": 0, "delta": delta}),
                );
            }
            push(
                Duration::ZERO,
                &json!({"type": "content_block_stop", "index": 0}),
            );
            index = 1;
        }
        if let Some((name, arguments)) = &self.call {
            let block =
                json!({"type": "tool_use", "id": "toolu_stand_in", "name": name, "input": {}});
            push(
                word,
                &json!({"type": "content_block_start", "index": index, "content_block": block}),
            );
            let arguments = arguments.to_string();
            let (head, tail) = arguments.split_at(arguments.len() / 2);
            for piece in ["", head, tail] {
                let delta = json!({"type": "input_json_delta", "partial_json": piece});
                push(
                    Duration::ZERO,
                    &json!({"type": "content_block_delta", "index": index, "delta": delta}),
                );
            }
            push(
                Duration::ZERO,
                &json!({"type": "content_block_stop", "index": index}),
            );
        }
        let reason = if self.call.is_some() {
            "tool_use"
        } else {
            "end_turn"
        };
        push(
            Duration::ZERO,
            &json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": self.written()}}),
        );
        push(Duration::ZERO, &json!({"type": "message_stop"}));
        pieces
    }

    fn as_ollama(&self, word: Duration) -> Vec<Piece> {
        let line = |message: &Value| {
            Bytes::from(format!(
                "{}\n",
                json!({"model": "stand-in", "message": message, "done": false})
            ))
        };
        let words = self
            .words
            .iter()
            .map(|text| json!({"role": "assistant", "content": text}));
        let call = self.call.iter().map(|(name, arguments)| {
            let function = json!({"name": name, "arguments": arguments});
            json!({"role": "assistant", "content": "", "tool_calls": [{"function": function}]})
        });
        let mut pieces: Vec<Piece> = words
            .chain(call)
            .map(|message| (word, line(&message)))
            .collect();
        let last = json!({
            "model": "stand-in",
            "message": {"role": "assistant", "content": ""},
            "done": true,
            "done_reason": "stop",
            "prompt_eval_count": self.tokens,
            "eval_count": self.written(),
        });
        pieces.push((Duration::ZERO, Bytes::from(format!("{last}\n"))));
        pieces
    }

    fn as_workers_ai(&self, word: Duration) -> Vec<Piece> {
        let event = |value: &Value| Bytes::from(format!("data: {value}\n\n"));
        let words = self
            .words
            .iter()
            .map(|text| json!({"response": text, "p": "ab"}));
        let call = self.call.iter().map(|(name, arguments)| {
            json!({"response": null, "tool_calls": [{"name": name, "arguments": arguments}]})
        });
        let mut pieces: Vec<Piece> = words
            .chain(call)
            .map(|value| (word, event(&value)))
            .collect();
        let usage = json!({"prompt_tokens": self.tokens, "completion_tokens": self.written()});
        pieces.push((
            Duration::ZERO,
            event(&json!({"response": "", "usage": usage})),
        ));
        pieces.push((Duration::ZERO, Bytes::from_static(b"data: [DONE]\n\n")));
        pieces
    }
}
