//! What happens on a call, as it happens.

use std::sync::Arc;
use std::time::Duration;

use ::twilio::webhook::CallStatus;
use ::twilio::{PhoneNumber, StreamSid};

use super::record::Record;

/// Something that happened on a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When, since the call was dialled; by tokio's clock.
    pub at: Duration,
    /// What.
    pub what: What,
}

impl Event {
    /// When, in milliseconds since the call was dialled.
    #[must_use]
    pub fn at_ms(&self) -> f64 {
        self.at.as_secs_f64() * 1000.0
    }
}

/// What can happen on a call.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Twilio asks the customer's server, or tells it something.
    WebhookSent {
        /// For which reason.
        webhook: Webhook,
        /// Where.
        url: String,
    },
    /// It answered, or did not.
    WebhookAnswered {
        /// For which reason it was asked.
        webhook: Webhook,
        /// How long that took, retries included.
        took: Duration,
        /// The status of the response; none if there was no response.
        status: Option<u16>,
    },
    /// The call got further: `Initiated`, `Ringing`, `InProgress` (answered). How it ended says [`What::Ended`].
    Became(CallStatus),
    /// A media stream is open, and its `start` message on its way.
    StreamStarted {
        /// Which.
        stream: StreamSid,
        /// Of a `<Connect>`, not of a `<Start>`.
        two_way: bool,
    },
    /// The first frame of an utterance went out.
    CallerVoiceStarted {
        /// Which, from 0.
        utterance: u64,
    },
    /// The last frame of an utterance went out.
    CallerVoiceEnded {
        /// Which, from 0.
        utterance: u64,
    },
    /// The caller pressed a key.
    KeyPressed(char),
    /// Sound arrived over the stream, or from the URL of a `<Play>`, while there was none to play. It is heard within a frame.
    BotAudioStarted,
    /// Sound arrived over the stream.
    BotAudioQueued {
        /// How long the sound of this message is, in milliseconds.
        ms: u64,
        /// What is waiting to be heard now, in milliseconds.
        waiting_ms: u64,
    },
    /// The last of the sound that came over the stream, or from a URL, has been heard.
    BotSilent,
    /// The bot had the waiting sound thrown away: by a `clear`, or by an update of the call that ended a `<Play>`.
    Clear {
        /// What was never heard, in milliseconds.
        discarded_ms: u64,
    },
    /// A mark went back.
    MarkEchoed {
        /// Its name.
        name: String,
        /// Whether all before it was heard; not so if it went back because of a `clear`.
        heard: bool,
    },
    /// Twilio would show this in its debugger, and go on.
    Warning {
        /// Twilio's code, such as 31951.
        code: u32,
        /// In words.
        text: String,
    },
    /// Twilio would show this in its debugger; a request, a document or a stream failed.
    Error {
        /// Twilio's code, such as 11200 for a webhook or 31920 for a handshake.
        code: u32,
        /// In words.
        text: String,
    },
    /// `<Say>` began.
    Said {
        /// The words.
        text: String,
    },
    /// `<Play>` began, or the keys of an outbound call.
    Played {
        /// A URL, or keys.
        what: String,
    },
    /// `<Dial>` rang someone.
    Dialled {
        /// Whom.
        to: PhoneNumber,
    },
    /// A media stream is over.
    StreamClosed {
        /// Which.
        stream: StreamSid,
        /// By whom.
        by: Closer,
    },
    /// The call is over. Callbacks may still be under way.
    Ended {
        /// How.
        status: CallStatus,
        /// How long it was since it was answered.
        duration: Duration,
    },
}

/// Why Twilio sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Webhook {
    /// What shall this call do?
    Voice,
    /// The same, of the fallback URL, since the other failed.
    Fallback,
    /// What comes after the stream, or after the `<Dial>`?
    Action,
    /// What does the document of a `<Redirect>` or of a call update say?
    Redirect,
    /// The call got further or ended.
    Status,
    /// A stream began, ended or failed.
    StreamStatus,
    /// Who answered.
    MachineDetection,
    /// The sound of a `<Play>`.
    Sound,
}

/// Who ended a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closer {
    /// The customer's server, properly.
    Server,
    /// Nobody: the connection broke.
    Broken,
    /// Twilio, since the call ended or goes on in another way.
    Twilio,
    /// [`Call::drop_socket`](super::Call::drop_socket).
    Fault,
}

/// Reads the events of one call from its first on; none is ever missed.
#[derive(Debug, Clone)]
pub struct Events {
    record: Arc<Record>,
    read: usize,
}

impl Events {
    pub(super) fn new(record: Arc<Record>) -> Self {
        Self { record, read: 0 }
    }

    /// The next event; waits for it. None once the call is over and all its callbacks are delivered.
    pub async fn next(&mut self) -> Option<Event> {
        let event = self.record.event(self.read).await?;
        self.read += 1;
        Some(event)
    }

    /// Waits for an event for which `wanted` has an answer, passing over all others. None if the call is over before.
    pub async fn find<T>(&mut self, mut wanted: impl FnMut(&Event) -> Option<T>) -> Option<T> {
        loop {
            let event = self.next().await?;
            if let Some(found) = wanted(&event) {
                return Some(found);
            }
        }
    }
}
