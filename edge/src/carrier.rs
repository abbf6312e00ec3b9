//! Twilio's media stream: its messages as inputs, our outputs as messages. The one place where `twilio` and `call` meet.

use std::fmt;
use std::mem;
use std::time::Duration;

use audio::frame::FRAME_SAMPLES;
use audio::{Clip, mulaw};
use call::{Input, Instant, Key, Mark};
use contract::Opening;
use serde::{Deserialize, Serialize};
use twilio::StreamSid;
use twilio::media::{Inbound, Outbound, Start, Track};
use worker::WebSocket;

use crate::allowance::Allowance;

/// The longest message that is looked at; a second of sound is 11 KB.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// The longest `stop` message: it is heard even within a flood.
const STOP_BYTES_MAX: usize = 512;
/// Messages per second that may come for long: five times what Twilio sends.
const RATE_MAX: u64 = 250;

/// What a message means.
#[derive(Debug)]
pub(crate) enum Message {
    /// For the call.
    Input(Input),
    /// Whose stream this is.
    Start(Box<Start>),
    /// The caller hung up, or Twilio did.
    Stop,
    /// Nothing to do.
    Nothing,
}

/// Why a message was passed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Junk {
    /// A binary frame; Twilio sends text.
    Binary,
    /// Not JSON, or without what belongs to its event.
    Broken,
    /// An event, or a value in one, that this program does not know.
    Unknown,
    /// A media message without sound, or of a track that is not the caller's.
    Soundless,
    /// Longer than any message of Twilio's.
    Long,
    /// More than any stream of Twilio's brings, or than a client may ask for.
    Flood,
    /// Not the time for it: media before `start`, a second `start`, anything after the end.
    Stray,
}

impl Junk {
    const ALL: [Self; 7] = [
        Self::Binary,
        Self::Broken,
        Self::Unknown,
        Self::Soundless,
        Self::Long,
        Self::Flood,
        Self::Stray,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
            Self::Soundless => "soundless",
            Self::Long => "long",
            Self::Flood => "flood",
            Self::Stray => "stray",
        }
    }
}

/// Listens to a stream: reads its messages and counts what it passes over.
#[derive(Debug)]
pub(crate) struct Ear {
    /// Room for the next payload.
    buffer: Vec<u8>,
    allowance: Allowance,
    passed_over: [u32; Junk::ALL.len()],
}

impl Default for Ear {
    fn default() -> Self {
        Self {
            buffer: Vec::new(),
            allowance: Allowance::new(RATE_MAX, RATE_MAX),
            passed_over: [0; Junk::ALL.len()],
        }
    }
}

impl Ear {
    /// Reads a text frame.
    ///
    /// # Errors
    ///
    /// Why it is passed over.
    pub(crate) fn hear(&mut self, now: Instant, text: &str) -> Result<Message, Junk> {
        let stops = || text.len() < STOP_BYTES_MAX && text.contains("\"stop\"");
        if !self.allowance.take(now) && !stops() {
            return Err(Junk::Flood);
        }
        if text.len() > MESSAGE_BYTES_MAX {
            return Err(Junk::Long);
        }
        match Inbound::decode_reusing(text, mem::take(&mut self.buffer))
            .map_err(|_| Junk::Broken)?
        {
            Inbound::Media {
                timestamp_ms,
                track,
                payload,
                ..
            } => {
                let audio = Clip::from(payload.as_slice());
                self.buffer = payload;
                if audio.is_empty() || track != Track::Inbound {
                    return Err(Junk::Soundless);
                }
                let at = Duration::from_millis(timestamp_ms);
                Ok(Message::Input(Input::Frame { at, audio }))
            }
            Inbound::Mark { name, .. } => match name.parse::<Mark>() {
                Ok(mark) => Ok(Message::Input(Input::Played(mark))),
                Err(()) => Err(Junk::Unknown),
            },
            Inbound::Dtmf { digit, .. } => match Key::new(digit) {
                Some(key) => Ok(Message::Input(Input::Key(key))),
                None => Err(Junk::Unknown),
            },
            Inbound::Start(start) => Ok(Message::Start(Box::new(start))),
            Inbound::Stop { .. } => Ok(Message::Stop),
            Inbound::Connected => Ok(Message::Nothing),
            Inbound::Unknown { .. } => Err(Junk::Unknown),
        }
    }

    /// Counts what was passed over; true if it is the first of its kind, which is worth a line in the log.
    pub(crate) fn pass_over(&mut self, junk: Junk) -> bool {
        let Some(count) = self.passed_over.get_mut(junk as usize) else {
            return false;
        };
        *count = count.saturating_add(1);
        *count == 1
    }

    /// What was passed over, for the log.
    pub(crate) fn passed_over(&self) -> PassedOver<'_> {
        PassedOver(&self.passed_over)
    }
}

/// Counts by kind, as `{"broken":2}`.
pub(crate) struct PassedOver<'a>(&'a [u32]);

impl PassedOver<'_> {
    /// Whether there was nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|count| *count == 0)
    }
}

impl fmt::Display for PassedOver<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = Junk::ALL
            .iter()
            .zip(self.0)
            .filter(|(_, count)| **count > 0);
        let texts: Vec<String> = counts
            .map(|(junk, count)| format!("{} {count}", junk.name()))
            .collect();
        f.write_str(&texts.join(", "))
    }
}

/// Why a `start` is not this call's.
pub(crate) fn objection(start: &Start, opening: &Opening) -> Option<&'static str> {
    if opening.call.carrier() != Some(start.call) {
        Some("the start message names another call")
    } else if start.account != opening.account {
        Some("the start message names another account")
    } else if !start.format.is_mulaw() {
        Some("the stream is not mu-law at 8000 Hz")
    } else {
        None
    }
}

/// What the runtime keeps with the socket, also while this object is not in memory.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Attachment {
    /// The stream, once `start` was heard.
    pub(crate) stream: Option<StreamSid>,
    /// When that was, in the call's time.
    pub(crate) opened_ms: u64,
    /// Who has opened it: an IP address.
    #[serde(default)]
    pub(crate) address: String,
}

/// Speaks to a stream.
#[derive(Debug)]
pub(crate) struct Mouth {
    socket: WebSocket,
    stream: StreamSid,
    /// Less than a frame, waiting for what follows.
    rest: Vec<u8>,
}

impl Mouth {
    /// Speaks to this stream.
    pub(crate) fn new(socket: WebSocket, stream: StreamSid) -> Self {
        Self {
            socket,
            stream,
            rest: Vec::new(),
        }
    }

    /// Whether this is the stream's socket.
    pub(crate) fn is(&self, socket: &WebSocket) -> bool {
        self.socket == *socket
    }

    /// Queues sound, in whole frames; what is left over waits for the next sound or mark.
    pub(crate) fn play(&mut self, clip: &Clip) {
        let all = self.rest.len() + clip.len();
        let whole = all - all % FRAME_SAMPLES;
        if self.rest.is_empty() {
            let (now, later) = clip.split_at(whole);
            self.media(now.bytes());
            self.rest.extend_from_slice(later.bytes());
        } else {
            self.rest.extend_from_slice(clip.bytes());
            let later = self.rest.split_off(whole);
            let now = mem::replace(&mut self.rest, later);
            self.media(&now);
        }
    }

    /// Queues a mark behind all sound, whose last frame is filled up with silence.
    pub(crate) fn mark(&mut self, mark: Mark) {
        if !self.rest.is_empty() {
            let mut last = mem::take(&mut self.rest);
            last.resize(FRAME_SAMPLES, mulaw::SILENCE);
            self.media(&last);
        }
        self.say(&Outbound::mark(&mark.to_string()));
    }

    /// Makes Twilio forget what is queued.
    pub(crate) fn clear(&mut self) {
        self.rest.clear();
        self.say(&Outbound::Clear);
    }

    /// Closes the stream; Twilio goes on with the call's TwiML.
    pub(crate) fn close(&self, reason: &str) {
        close(&self.socket, 1000, reason);
    }

    fn media(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.say(&Outbound::media(bytes));
        }
    }

    fn say(&self, message: &Outbound<'_>) {
        if let Err(error) = self.socket.send_with_str(message.encode(&self.stream)) {
            // The close event, which tells the call, is on its way.
            tracing::debug!(%error, "the stream's socket takes no more");
        }
    }
}

/// Closes a socket; one that is closed already is no matter.
pub(crate) fn close(socket: &WebSocket, code: u16, reason: &str) {
    if let Err(error) = socket.close(Some(code), Some(reason)) {
        tracing::debug!(%error, "the socket was closed already");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(payload: &str) -> String {
        format!(
            r#"{{"event":"media","sequenceNumber":"3","media":{{"track":"inbound","chunk":"1","timestamp":"20","payload":"{payload}"}},"streamSid":"MZ{}"}}"#,
            "0".repeat(32)
        )
    }

    fn hear(text: &str) -> Result<Message, Junk> {
        Ear::default().hear(Instant::ZERO, text)
    }

    #[test]
    fn a_media_message_is_a_frame_at_its_time_stamp() {
        let Ok(Message::Input(Input::Frame { at, audio })) = hear(&media("AAECAw==")) else {
            panic!("not a frame");
        };
        assert_eq!(
            (at, audio.bytes()),
            (Duration::from_millis(20), &[0_u8, 1, 2, 3][..])
        );
    }

    #[test]
    fn what_makes_no_sense_is_passed_over_by_kind() {
        for (text, junk) in [
            ("{", Junk::Broken),
            (r#"{"event":"weather"}"#, Junk::Unknown),
            (
                r#"{"event":"mark","sequenceNumber":"4","mark":{"name":"not ours"}}"#,
                Junk::Unknown,
            ),
            (media("").as_str(), Junk::Soundless),
            (&"x".repeat(70_000), Junk::Long),
        ] {
            assert_eq!(hear(text).unwrap_err(), junk, "{junk:?}");
        }
    }

    #[test]
    fn a_flood_is_cut_to_its_allowance_but_the_end_of_the_call_is_heard() {
        let mut ear = Ear::default();
        let frame = media("AAAA");
        let heard = |ear: &mut Ear, ms| {
            (0..1_000)
                .filter(|_| ear.hear(Instant::from_ms(ms), &frame).is_ok())
                .count()
        };
        assert_eq!(heard(&mut ear, 0), 250);
        assert_eq!(heard(&mut ear, 1_000), 250);
        let stop = format!(
            r#"{{"event":"stop","sequenceNumber":"5","stop":{{"accountSid":"AC{0}","callSid":"CA{0}"}},"streamSid":"MZ{0}"}}"#,
            "0".repeat(32)
        );
        assert!(matches!(
            ear.hear(Instant::from_ms(1_000), &stop),
            Ok(Message::Stop)
        ));
        for ms in (1_000..9_000).step_by(20) {
            assert!(ear.hear(Instant::from_ms(ms + 20), &frame).is_ok(), "{ms}");
        }
    }

    #[test]
    fn only_the_first_of_a_kind_is_worth_a_line() {
        let mut ear = Ear::default();
        assert!(ear.passed_over().is_empty());
        assert!(ear.pass_over(Junk::Broken));
        assert!(!ear.pass_over(Junk::Broken));
        assert!(ear.pass_over(Junk::Binary));
        assert_eq!(ear.passed_over().to_string(), "binary 1, broken 2");
    }
}
