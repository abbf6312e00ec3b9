//! A client of the assistant sockets.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::World;
use crate::door::Socket;
use crate::watch::LIMIT;

/// A client, and all it was told.
pub struct Guest {
    socket: Socket,
    /// Every message but sound, in order.
    pub told: Vec<Value>,
    /// All sound.
    pub sound: Vec<u8>,
    /// With which code it was closed, once it was.
    pub closed: Option<u16>,
}

impl Guest {
    /// Connects, and says nothing.
    ///
    /// # Panics
    ///
    /// The edge lets no socket in.
    #[expect(clippy::expect_used, reason = "a test that is not let in has failed")]
    pub async fn connect(world: &World, path: &str) -> Self {
        let url = format!(
            "ws{}{path}",
            world.platform.edge.url().trim_start_matches("http")
        );
        let (socket, _) = connect_async(url).await.expect("the edge lets a socket in");
        Self {
            socket,
            told: Vec::new(),
            sound: Vec::new(),
            closed: None,
        }
    }

    /// Connects and shows a token; answers what the edge says then.
    pub async fn enter(world: &World, path: &str, token: &str) -> (Self, Value) {
        let mut guest = Self::connect(world, path).await;
        guest.say(&json!({ "type": "auth", "token": token })).await;
        let ready = guest.hears("ready", |_| true).await;
        (guest, ready)
    }

    /// Says something. A socket that is closed already is no matter.
    pub async fn say(&mut self, message: &Value) {
        self.send(Message::text(message.to_string())).await;
    }

    /// Types a turn.
    pub async fn types(&mut self, text: &str) {
        self.say(&json!({ "type": "text", "text": text })).await;
    }

    /// Sends anything.
    pub async fn send(&mut self, message: Message) {
        let _ = self.socket.send(message).await;
    }

    /// Speaks PCM at 16 kHz, as fast as it was said: in binary frames or, with `is_json`, in base64. Silence follows, as
    /// from an open microphone.
    pub async fn speaks(&mut self, samples: &[i16], is_json: bool) {
        let began = Instant::now();
        let silence = vec![0; 16_000 * 2];
        let all = [samples, &silence].concat();
        for (number, piece) in (1_u32..).zip(all.chunks(320)) {
            let bytes = audio::pcm::to_le_bytes(piece);
            let message = if is_json {
                let audio = json!({ "type": "audio", "audio_data": STANDARD.encode(bytes) });
                Message::text(audio.to_string())
            } else {
                Message::binary(bytes)
            };
            self.send(message).await;
            sleep_until(began + Duration::from_millis(20) * number).await;
        }
    }

    /// Waits for a message of this type that is as wanted.
    ///
    /// # Panics
    ///
    /// None came, or the socket was closed before.
    #[expect(clippy::panic, reason = "a test that waited in vain has failed")]
    pub async fn hears(&mut self, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let is_wanted = |told: &Value| told.get("type") == Some(&json!(kind)) && wanted(told);
        let deadline = Instant::now() + LIMIT;
        loop {
            let before = self.told.len();
            let left = deadline.saturating_duration_since(Instant::now());
            if timeout(left, self.read()).await.is_err() || self.closed.is_some() {
                let closed = self.closed;
                panic!(
                    "waited in vain for {kind}, closed: {closed:?}: {:#?}",
                    self.told
                );
            }
            if let Some(found) = self.told.get(before).filter(|told| is_wanted(told)) {
                return found.clone();
            }
        }
    }

    /// Waits until so much sound has come, in bytes.
    ///
    /// # Panics
    ///
    /// It did not.
    pub async fn receives(&mut self, bytes: usize) {
        let deadline = Instant::now() + LIMIT;
        while self.sound.len() < bytes {
            let left = deadline.saturating_duration_since(Instant::now());
            let read = timeout(left, self.read()).await;
            let came = self.sound.len();
            assert!(
                read.is_ok() && self.closed.is_none(),
                "only {came} bytes came"
            );
        }
    }

    /// Waits until the socket is closed; answers with which code.
    ///
    /// # Panics
    ///
    /// It was not.
    pub async fn ends(&mut self) -> u16 {
        let deadline = Instant::now() + LIMIT;
        while self.closed.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            let read = timeout(left, self.read()).await;
            assert!(read.is_ok(), "the socket stays open: {:#?}", self.told);
        }
        self.closed.unwrap_or_default()
    }

    /// Reads one message.
    async fn read(&mut self) {
        match self.socket.next().await {
            Some(Ok(Message::Text(text))) => {
                let told: Value = serde_json::from_str(&text).unwrap_or_default();
                match told.get("audio_data").and_then(Value::as_str) {
                    Some(data) => self.sound.extend(STANDARD.decode(data).unwrap_or_default()),
                    None => self.told.push(told),
                }
            }
            Some(Ok(Message::Binary(bytes))) => self.sound.extend(bytes),
            Some(Ok(Message::Close(frame))) => {
                self.closed = Some(frame.map_or(1005, |frame| frame.code.into()));
            }
            Some(Ok(_)) => (),
            Some(Err(_)) | None => self.closed = Some(1006),
        }
    }

    /// What was said so far by one type of message.
    #[must_use]
    pub fn texts(&self, kind: &str, member: &str, value: bool) -> Vec<&str> {
        let of = self.told.iter().filter(|told| {
            told.get("type") == Some(&json!(kind)) && told.get(member) == Some(&json!(value))
        });
        of.filter_map(|told| told.get("text")?.as_str()).collect()
    }
}
