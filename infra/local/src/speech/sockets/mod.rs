//! Providers that listen over a socket: stand-ins that speak the protocols of Deepgram, `ElevenLabs` and `AssemblyAI`, all with
//! the same recogniser.
//!
//! Faults strike as they do elsewhere: a status at the handshake, or what happens when words are wanted.

mod assemblyai;
mod flux;
mod nova;
mod scribe;

use std::sync::Arc;

use audio::mulaw;
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use serde_json::Value;

use super::faults::{Kind, Open, Stage};
use super::recogniser::Vocabulary;
use super::{Shared, answer, faults};

/// The routes of all of them.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/deepgram/v2/listen", any(flux))
        .route("/deepgram/v1/listen", any(nova))
        .route("/elevenlabs/v1/speech-to-text/realtime", any(scribe))
        .route("/assemblyai/v3/ws", any(assemblyai))
}

async fn flux(state: State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    open(state, upgrade, Box::<flux::Flux>::default()).await
}

async fn nova(state: State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    open(state, upgrade, Box::<nova::Nova>::default()).await
}

async fn scribe(state: State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    open(state, upgrade, Box::<scribe::Scribe>::default()).await
}

async fn assemblyai(state: State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    open(state, upgrade, Box::<assemblyai::AssemblyAi>::default()).await
}

/// What a client's message means.
enum Said {
    /// Sound, in μ-law.
    Sound(Vec<u8>),
    /// It wants the words so far.
    Words,
    /// It says goodbye.
    Bye,
    /// Nothing that matters here.
    Other,
}

/// How one provider speaks. Places in the sound are samples since the socket was opened.
trait Protocol: Send {
    /// The first message, if there is one.
    fn greeting(&self) -> Option<Value>;
    /// A text message.
    fn read(&self, message: &Value) -> Said;
    /// A stretch of sound, with the words in it.
    fn words(&mut self, text: &str, from: u64, to: u64) -> Vec<Value>;
    /// So much was heard, without words for it yet. Answers whether it wants to know the words now.
    fn heard(&mut self, sound: &[u8]) -> bool {
        let _ = sound;
        false
    }
    /// What is said of sound without waiting for its words.
    fn meanwhile(&mut self, to: u64) -> Vec<Value> {
        let _ = to;
        Vec::new()
    }
    /// The last message, if there is one.
    fn farewell(&self) -> Option<Value> {
        None
    }
    /// Whether what was written down is kept for the next words too.
    fn keeps(&self) -> bool {
        false
    }
}

async fn open(
    State(shared): State<Arc<Shared>>,
    upgrade: WebSocketUpgrade,
    protocol: Box<dyn Protocol>,
) -> Response {
    let (open, fault) = shared.desk.open(Stage::Listen);
    faults::wait(fault.as_ref()).await;
    if matches!(fault, Some(Kind::Status { .. }))
        && let Some(response) = answer::struck(fault.as_ref())
    {
        open.done();
        return response;
    }
    upgrade
        .on_upgrade(move |socket| serve(socket, shared, protocol, fault, open))
        .into_response()
}

async fn serve(
    mut socket: WebSocket,
    shared: Arc<Shared>,
    mut protocol: Box<dyn Protocol>,
    fault: Option<Kind>,
    open: Open,
) {
    let mut sound: Vec<u8> = Vec::new();
    let mut from = 0;
    let mut to = 0;
    let mut out: Vec<Value> = protocol.greeting().into_iter().collect();
    loop {
        for message in out.drain(..) {
            if socket
                .send(Message::text(message.to_string()))
                .await
                .is_err()
            {
                return;
            }
        }
        let said = match socket.recv().await {
            Some(Ok(Message::Binary(bytes))) => Said::Sound(bytes.to_vec()),
            Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
                Ok(message) => protocol.read(&message),
                Err(_) => Said::Other,
            },
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Said::Other,
            Some(Ok(Message::Close(_)) | Err(_)) | None => break,
        };
        let wanted = match said {
            Said::Sound(bytes) => {
                to += u64::try_from(bytes.len()).unwrap_or(0);
                let wanted = protocol.heard(&bytes);
                sound.extend(bytes);
                wanted
            }
            Said::Words => true,
            Said::Bye => {
                out.extend(protocol.farewell());
                continue;
            }
            Said::Other => false,
        };
        if !wanted {
            out.extend(protocol.meanwhile(to));
            continue;
        }
        match &fault {
            Some(Kind::Cut) => return,
            Some(Kind::Freeze) => continue,
            Some(Kind::Garbage) => {
                let _ = socket.send(Message::text("{\"type\":")).await;
                continue;
            }
            _ => (),
        }
        let samples = mulaw::decode_all(&sound);
        let heard = shared.recogniser.hear(&samples, Vocabulary::Booking).await;
        let text = match (&fault, heard) {
            (Some(Kind::Empty), _) | (_, Err(_)) => String::new(),
            (_, Ok(heard)) => heard.text,
        };
        out.extend(protocol.words(&text, from, to));
        if !protocol.keeps() {
            sound.clear();
            from = to;
        }
    }
    open.done();
}

/// A place in the sound, in seconds.
fn seconds(samples: u64) -> f64 {
    let samples = usize::try_from(samples).unwrap_or(usize::MAX);
    audio::frame::duration_of(samples).as_secs_f64()
}
