//! What both test programs need: an open socket, and an utterance on it.

use std::time::Duration;

use audio::{Clip, mulaw};
use call::{Ending, Instant, Reply, RequestId};
use providers::listen::{AssemblyAi, Flux, Nova, Scribe, Settings};
use providers::{
    ApiKey, Ask, BaseUrl, Conversation, Dialled, Endpoint, Link, Message, Options, Told,
};

macro_rules! corpus {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/corpus/", $name))
    };
}

pub(crate) const FLUX: &str = corpus!("deepgram/flux.jsonl");
pub(crate) const NOVA: &str = corpus!("deepgram/nova.jsonl");
pub(crate) const FINALIZED: &str = corpus!("deepgram/nova-finalized.json");
pub(crate) const SCRIBE: &str = corpus!("elevenlabs/scribe.jsonl");
pub(crate) const TURNS: &str = corpus!("assemblyai/turns.jsonl");

pub(crate) type Open = fn(Settings) -> Link;

pub(crate) const ALL: [(&str, Open); 4] = [
    ("flux", |settings| Flux(settings).dial()),
    ("nova", |settings| Nova(settings).dial()),
    ("scribe", |settings| Scribe(settings).dial()),
    ("assemblyai", |settings| AssemblyAi(settings).dial()),
];

pub(crate) fn settings(language: &str) -> Settings {
    Settings {
        endpoint: Endpoint {
            base_url: BaseUrl::new("https://x.test").unwrap(),
            api_key: ApiKey::new("not-a-real-key").unwrap(),
        },
        model: String::new(),
        language: language.to_owned(),
        options: Options::new(),
    }
}

/// A socket that is open, and an utterance on it.
pub(crate) struct Desk {
    pub(crate) conversation: Conversation,
    pub(crate) now: Instant,
    pub(crate) sent: Vec<Message>,
    pub(crate) replies: Vec<(u64, Reply)>,
    /// That was sent for nobody.
    pub(crate) silence: Duration,
}

impl Desk {
    pub(crate) fn new(open: Open) -> Self {
        let mut desk = Self {
            conversation: open(settings("en-US")).conversation,
            now: Instant::ZERO,
            sent: Vec::new(),
            replies: Vec::new(),
            silence: Duration::ZERO,
        };
        desk.tell(Told::Opened);
        desk.tell(Told::Ask(RequestId(1), Ask::Listen));
        desk
    }

    pub(crate) fn tell(&mut self, told: Told<'_>) {
        let deeds = self.conversation.tell(self.now, told);
        self.sent.extend(deeds.send);
        self.silence += deeds.silence;
        let replies = deeds.replies.into_iter();
        self.replies
            .extend(replies.map(|(id, reply)| (id.0, reply)));
    }

    /// So much of a voice, in frames.
    pub(crate) fn hear(&mut self, id: u64, ms: u64) {
        let frame = Clip::from(vec![mulaw::encode(8000); 160]);
        for _ in 0..ms / 20 {
            self.now = self.now + Duration::from_millis(20);
            self.tell(Told::Feed(RequestId(id), &frame));
        }
    }

    pub(crate) fn flush(&mut self, id: u64, flush: u32) {
        self.tell(Told::Flush(RequestId(id), flush));
    }

    pub(crate) fn told(&mut self, lines: &str) {
        for line in lines.lines() {
            self.tell(Told::Text(line));
        }
    }

    pub(crate) fn wait(&mut self, ms: u64) {
        self.now = self.now + Duration::from_millis(ms);
        self.tell(Told::Tick);
    }

    pub(crate) fn transcripts(&self) -> Vec<(u64, u32, &str)> {
        let all = self.replies.iter();
        all.filter_map(|(id, reply)| match reply {
            Reply::Transcript { flush, text } => Some((*id, *flush, text.as_str())),
            Reply::Words(_)
            | Reply::Tool(_)
            | Reply::Audio(_)
            | Reply::Done(_)
            | Reply::Failed(_)
            | Reply::Result(_)
            | Reply::Hint { .. } => None,
        })
        .collect()
    }

    pub(crate) fn hints(&self) -> Vec<(Ending, &str)> {
        let all = self.replies.iter();
        all.filter_map(|(_, reply)| match reply {
            Reply::Hint { ending, text } => Some((*ending, text.as_str())),
            Reply::Words(_)
            | Reply::Tool(_)
            | Reply::Audio(_)
            | Reply::Done(_)
            | Reply::Failed(_)
            | Reply::Result(_)
            | Reply::Transcript { .. } => None,
        })
        .collect()
    }

    pub(crate) fn texts(&self) -> Vec<&str> {
        let all = self.sent.iter();
        all.filter_map(|message| match message {
            Message::Text(text) => Some(text.as_str()),
            Message::Binary(_) => None,
        })
        .collect()
    }

    pub(crate) fn sound(&self) -> Vec<usize> {
        let all = self.sent.iter();
        all.filter_map(|message| match message {
            Message::Binary(bytes) => Some(bytes.len()),
            Message::Text(_) => None,
        })
        .collect()
    }
}
