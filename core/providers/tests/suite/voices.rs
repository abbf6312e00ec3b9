//! What tests of text-to-speech over sockets need: an open socket, and sound.

use call::{Instant, Reply, RequestId, Spent};
use providers::speak::{CartesiaSocket, DeepgramSocket, ElevenLabsSocket, Settings};
use providers::{
    ApiKey, Ask, BaseUrl, Conversation, Dialled, Endpoint, Link, Message, Options, Told,
};
use serde_json::Value;

pub(crate) fn settings(model: &str) -> Settings {
    Settings {
        endpoint: Endpoint {
            base_url: BaseUrl::new("https://x.test").unwrap(),
            api_key: ApiKey::new("not-a-real-key").unwrap(),
        },
        model: model.to_owned(),
        voice: "mara".to_owned(),
        language: "de-AT".to_owned(),
        options: Options::new(),
    }
}

pub(crate) fn elevenlabs() -> Link {
    ElevenLabsSocket(settings("eleven_flash_v2_5")).dial()
}

pub(crate) fn cartesia() -> Link {
    CartesiaSocket(settings("sonic-3.5")).dial()
}

pub(crate) fn aura() -> Link {
    DeepgramSocket(settings("aura-2")).dial()
}

pub(crate) fn flux() -> Link {
    DeepgramSocket(settings("flux")).dial()
}

pub(crate) const ALL: [fn() -> Link; 4] = [elevenlabs, cartesia, aura, flux];

/// A socket that is open.
pub(crate) struct Desk(pub(crate) Conversation);

impl Desk {
    pub(crate) fn new(open: fn() -> Link) -> Self {
        let mut desk = Self(open().conversation);
        assert_eq!(desk.tell(Told::Opened), (vec![], vec![]));
        desk
    }

    /// The texts that are sent, and the replies.
    pub(crate) fn tell(&mut self, told: Told<'_>) -> (Vec<Value>, Vec<(u64, Reply)>) {
        let deeds = self.0.tell(Instant::ZERO, told);
        let texts = deeds.send.iter().map(|message| match message {
            Message::Text(text) => serde_json::from_str(text).unwrap(),
            Message::Binary(_) => Value::Null,
        });
        let replies = deeds.replies.into_iter().map(|(id, reply)| (id.0, reply));
        (texts.collect(), replies.collect())
    }

    pub(crate) fn say(&mut self, id: u64, text: &str) -> Vec<Value> {
        self.tell(Told::Ask(RequestId(id), Ask::Speak(text))).0
    }

    pub(crate) fn cancel(&mut self, id: u64) -> Vec<Value> {
        self.tell(Told::Cancel(RequestId(id))).0
    }

    pub(crate) fn text(&mut self, value: &Value) -> Vec<(u64, Reply)> {
        self.tell(Told::Text(&value.to_string())).1
    }
}

pub(crate) fn sound(frames: usize) -> Vec<u8> {
    (0..=255).cycle().take(frames * 160).collect()
}

pub(crate) fn audio(frames: usize) -> Reply {
    Reply::Audio(sound(frames).into())
}

pub(crate) fn done() -> Reply {
    Reply::Done(Spent::default())
}
