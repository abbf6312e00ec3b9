//! flite, as other voices would send it over a socket.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::super::faults::{self, Kind, Open, Stage};
use super::super::speak::telephone;
use super::super::{Shared, Voice};
use super::voice::CARTESIA_NEEDS;
use super::{Kin, text};

/// Of one message: 100 ms.
const PIECE_BYTES: usize = 800;
/// What `ElevenLabs` takes on one socket.
const CONTEXTS_MAX: usize = 5;
/// So soon after its flush a context has not begun to speak: closed within this time it never does, as it may happen there.
const BEGINS_AFTER: Duration = Duration::from_millis(20);

pub(super) async fn elevenlabs(
    state: State<Arc<Shared>>,
    query: RawQuery,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let needed = ["model_id=", "output_format=ulaw_8000"];
    open(state, query, &headers, upgrade, Kin::ElevenLabs, &needed)
}

pub(super) async fn deepgram(
    state: State<Arc<Shared>>,
    query: RawQuery,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let needed = ["model=", "encoding=mulaw", "sample_rate=8000"];
    open(state, query, &headers, upgrade, Kin::Deepgram, &needed)
}

pub(super) async fn cartesia(
    state: State<Arc<Shared>>,
    query: RawQuery,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let needed = ["cartesia_version="];
    open(state, query, &headers, upgrade, Kin::Cartesia, &needed)
}

/// Opens a socket, unless something is wrong. A fault that is a status strikes here; all others strike a piece of speech.
fn open(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: &HeaderMap,
    upgrade: WebSocketUpgrade,
    kin: Kin,
    needed: &[&str],
) -> Response {
    let next = shared.desk.faults().into_iter().find(|fault| {
        let is_ours = fault.stage.is_none_or(|stage| stage == Stage::Speak);
        is_ours && fault.after == 0
    });
    if matches!(next.map(|fault| fault.kind), Some(Kind::Status { .. })) {
        let (open, fault) = shared.desk.open(Stage::Speak);
        if let Some(response) = kin.struck(fault.as_ref()) {
            open.done();
            return response;
        }
    }
    if !kin.sees_a_key(headers) {
        return kin.locked();
    }
    let query = query.unwrap_or_default();
    if let Some(missing) = needed.iter().find(|needed| !query.contains(**needed)) {
        let problem = format!("the query has no {missing}");
        return kin.complaint(StatusCode::BAD_REQUEST, &problem);
    }
    upgrade.on_upgrade(move |socket| async move {
        let mut line = Line {
            shared,
            kin,
            is_flux: query.contains("model=flux"),
            socket,
            early: VecDeque::new(),
            contexts: BTreeMap::new(),
        };
        // Whoever went away, or was cut off, needs no last word.
        let _gone = line.serve().await;
    })
}

/// One socket.
struct Line {
    shared: Arc<Shared>,
    kin: Kin,
    /// Deepgram's newer protocol.
    is_flux: bool,
    socket: WebSocket,
    /// What came while a context was about to speak.
    early: VecDeque<Message>,
    /// Texts that wait to be spoken, by context. Deepgram has none, and one that is called nothing.
    contexts: BTreeMap<String, String>,
}

/// It is over.
struct Gone;

impl Line {
    async fn serve(&mut self) -> Result<(), Gone> {
        while let Some(message) = self.next().await {
            match message {
                Message::Text(said) => {
                    let Ok(value) = serde_json::from_str(said.as_str()) else {
                        return self.close(1008, "that is no JSON").await;
                    };
                    match self.kin {
                        Kin::ElevenLabs => self.context(&value).await?,
                        Kin::Cartesia => self.generation(&value).await?,
                        _ => self.command(&value).await?,
                    }
                }
                Message::Close(_) => return Err(Gone),
                Message::Binary(_) => return self.close(1003, "sound goes the other way").await,
                Message::Ping(_) | Message::Pong(_) => (),
            }
        }
        Err(Gone)
    }

    async fn next(&mut self) -> Option<Message> {
        if let Some(early) = self.early.pop_front() {
            return Some(early);
        }
        self.socket.recv().await?.ok()
    }

    /// Waits until a context may begin to speak; false if it is closed before.
    async fn may_begin(&mut self, name: &str) -> bool {
        let closes = |message: &Message| {
            let Message::Text(said) = message else {
                return false;
            };
            let value: Value = serde_json::from_str(said.as_str()).unwrap_or_default();
            value.get("close_context") == Some(&Value::Bool(true))
                && text(&value, "/context_id") == name
        };
        let (early, socket) = (&mut self.early, &mut self.socket);
        let listen = async {
            while !early.iter().any(closes)
                && let Some(Ok(message)) = socket.recv().await
            {
                early.push_back(message);
            }
        };
        let _time_is_over = tokio::time::timeout(BEGINS_AFTER, listen).await;
        !self.early.iter().any(closes)
    }

    /// `ElevenLabs`: texts of contexts, spoken when they are flushed. Of one that is closed before it has begun nothing is.
    async fn context(&mut self, value: &Value) -> Result<(), Gone> {
        if value.get("close_socket") == Some(&Value::Bool(true)) {
            return self.close(1000, "").await;
        }
        let says = |name: &str| value.get(name) == Some(&Value::Bool(true));
        let name = text(value, "/context_id").to_owned();
        if let Some(more) = value.get("text").and_then(Value::as_str) {
            let is_new = !self.contexts.contains_key(&name);
            if is_new && self.contexts.len() >= CONTEXTS_MAX {
                return self.close(1008, "max contexts exceeded").await;
            }
            self.contexts
                .entry(name.clone())
                .or_default()
                .push_str(more);
        }
        if says("flush")
            && !says("close_context")
            && self.contexts.contains_key(&name)
            && self.may_begin(&name).await
        {
            let said = self.contexts.get_mut(&name).map(std::mem::take);
            self.speak(&said.unwrap_or_default(), &name).await?;
        }
        if says("close_context") && self.contexts.remove(&name).is_some() {
            self.send(&json!({"isFinal": true, "contextId": name}))
                .await?;
        }
        Ok(())
    }

    /// Cartesia: a text with everything about it.
    async fn generation(&mut self, value: &Value) -> Result<(), Gone> {
        if value.get("cancel").is_some() {
            return Ok(());
        }
        let name = text(value, "/context_id").to_owned();
        let missing = CARTESIA_NEEDS
            .iter()
            .find(|pointer| text(value, pointer).is_empty());
        if let Some(missing) = missing {
            let message = format!("{missing} is missing");
            let error = json!({"type": "error", "title": "stand-in", "error": message, "status_code": 400, "done": true, "context_id": name});
            return self.send(&error).await;
        }
        self.speak(text(value, "/transcript"), &name).await?;
        self.send(&json!({"type": "done", "done": true, "status_code": 200, "context_id": name}))
            .await
    }

    /// Deepgram: texts, spoken when they are flushed.
    async fn command(&mut self, value: &Value) -> Result<(), Gone> {
        match text(value, "/type") {
            "Speak" => {
                let more = text(value, "/text");
                self.contexts
                    .entry(String::new())
                    .or_default()
                    .push_str(more);
            }
            "Flush" => {
                let said = self.contexts.remove("").unwrap_or_default();
                let flushed = json!({"type": "Flushed", "sequence_id": 0});
                if self.is_flux {
                    self.send(&flushed).await?;
                    self.speak(&said, "").await?;
                    self.send(&json!({"type": "SpeechMetadata", "speech_id": "dg_sp_stand_in"}))
                        .await?;
                } else {
                    self.speak(&said, "").await?;
                    self.send(&flushed).await?;
                }
            }
            "Clear" if !self.is_flux => {
                self.contexts.clear();
                self.send(&json!({"type": "Cleared", "sequence_id": 0}))
                    .await?;
            }
            "Close" => return self.close(1000, "").await,
            _ => return self.close(1008, "DATA-0000").await,
        }
        Ok(())
    }

    /// Says a text; a fault may strike it.
    async fn speak(&mut self, said: &str, name: &str) -> Result<(), Gone> {
        if said.trim().is_empty() {
            return Ok(());
        }
        let (open, fault) = self.shared.desk.open(Stage::Speak);
        faults::wait(fault.as_ref()).await;
        let samples = self.shared.speaker.say(said.trim(), Voice::default()).await;
        let Ok(samples) = samples else {
            open.done();
            return self.close(1011, "flite failed").await;
        };
        let bytes = telephone(&samples);
        let pieces: Vec<&[u8]> = bytes.chunks(PIECE_BYTES).collect();
        let kept = match fault {
            Some(Kind::Empty) => 0,
            Some(Kind::Cut | Kind::Freeze | Kind::Garbage) => pieces.len() / 2,
            _ => pieces.len(),
        };
        for piece in pieces.iter().take(kept) {
            self.sound(piece, name).await?;
        }
        self.strike(fault.as_ref(), open, name).await
    }

    async fn strike(&mut self, fault: Option<&Kind>, open: Open, name: &str) -> Result<(), Gone> {
        match fault {
            Some(Kind::Freeze) => {
                // Whoever waits here goes away some time, and the line notices.
                while let Some(Ok(_)) = self.socket.recv().await {}
                Err(Gone)
            }
            Some(Kind::Cut) => {
                open.done();
                self.close(1011, "NET-0001").await
            }
            Some(Kind::Empty) if self.kin == Kin::ElevenLabs => {
                open.done();
                self.contexts.remove(name);
                self.send(&json!({"isFinal": true, "contextId": name}))
                    .await
            }
            Some(Kind::Garbage) => {
                open.done();
                let garbage = Message::Text("{\"isFinal\": tru".into());
                self.socket.send(garbage).await.map_err(|_| Gone)
            }
            _ => {
                open.done();
                Ok(())
            }
        }
    }

    async fn sound(&mut self, piece: &[u8], name: &str) -> Result<(), Gone> {
        let coded = || BASE64_STANDARD.encode(piece);
        match self.kin {
            Kin::ElevenLabs => {
                self.send(&json!({"audio": coded(), "isFinal": null, "contextId": name}))
                    .await
            }
            Kin::Cartesia => {
                self.send(&json!({"type": "chunk", "data": coded(), "done": false, "status_code": 206, "context_id": name}))
                    .await
            }
            _ => {
                let message = Message::Binary(piece.to_vec().into());
                self.socket.send(message).await.map_err(|_| Gone)
            }
        }
    }

    async fn send(&mut self, value: &Value) -> Result<(), Gone> {
        let message = Message::Text(value.to_string().into());
        self.socket.send(message).await.map_err(|_| Gone)
    }

    async fn close(&mut self, code: u16, reason: &str) -> Result<(), Gone> {
        let frame = CloseFrame {
            code,
            reason: reason.to_owned().into(),
        };
        let _told = self.socket.send(Message::Close(Some(frame))).await;
        Err(Gone)
    }
}
