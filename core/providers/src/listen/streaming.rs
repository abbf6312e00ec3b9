//! What all sockets have in common that listen: one utterance after the other, whose sound is cut into messages, and whose
//! flushes are answered in time. What a provider does in its own way is its [`Protocol`].

use std::time::Duration;

use audio::{Clip, RATE_HZ, frame::samples_in};
use call::{Failure, Instant, Reply, RequestId};
use serde_json::Value;

use super::pieces::Pieces;
use super::script::Script;
use crate::exchange::Complaint;
use crate::socket::{Ask, Conversation, Desk, Dialogue};

/// The longest message.
const MESSAGE_MAX: Duration = Duration::from_secs(1);

/// How one provider wants to be spoken to, and what it says.
pub(super) trait Protocol: Send + 'static {
    /// So much sound is worth a message.
    const MESSAGE: Duration;
    /// A shorter one is filled up with silence.
    const MESSAGE_MIN: Duration = Duration::ZERO;
    /// So long after a flush whatever is known then is the answer.
    const PATIENCE: Duration;
    /// The provider gives up a socket on which nothing is sent for longer.
    const QUIET_MAX: Duration;
    /// What keeps it open, if that is silence and no message of its own.
    const SILENCE: Option<Duration> = None;

    /// An utterance begins, after so many samples.
    fn begin(&mut self, _fed: u64) {}
    /// Sends sound.
    fn sound(&mut self, piece: Vec<u8>, desk: &mut Desk) {
        desk.send_bytes(piece);
    }
    /// All sound was sent, and its words are wanted.
    fn flush(&mut self, _desk: &mut Desk) {}
    /// Whether everything before this sample is known to be written down already.
    fn covers(&self, _until: u64) -> bool {
        false
    }
    /// The utterance is over, with a flush that was never answered or without. All its sound was sent; the next one is to
    /// begin with its own words.
    fn cut(&mut self, unanswered: bool, desk: &mut Desk);
    /// A message. So many samples were sent before it.
    fn message(
        &mut self,
        value: &Value,
        fed: u64,
        script: &mut Script,
        desk: &mut Desk,
    ) -> Result<(), Complaint>;
    /// Nothing was sent for long.
    fn keep_alive(&mut self, _desk: &mut Desk) {}
    /// The last words.
    fn bye(&mut self, _desk: &mut Desk) {}
    /// What it means that the provider closed the socket.
    fn closed(&self, code: u16, reason: &str) -> Complaint {
        crate::error::closed(code, reason)
    }
}

struct Listening<P> {
    script: Script,
    pieces: Pieces,
    protocol: P,
}

/// Listens over a socket.
pub(super) fn conversation<P: Protocol>(protocol: P) -> Conversation {
    Conversation::new(Listening {
        script: Script::default(),
        pieces: Pieces::new(samples_in(P::MESSAGE), samples_in(MESSAGE_MAX)),
        protocol,
    })
}

impl<P: Protocol> Listening<P> {
    fn send_rest(&mut self, desk: &mut Desk) {
        for piece in self.pieces.rest(samples_in(P::MESSAGE_MIN)) {
            self.protocol.sound(piece, desk);
        }
    }
}

impl<P: Protocol> Dialogue for Listening<P> {
    fn ask(&mut self, id: RequestId, ask: Ask<'_>, desk: &mut Desk) {
        match ask {
            Ask::Listen => {
                self.protocol.begin(self.pieces.fed());
                self.script.begin(id, desk);
            }
            Ask::Speak(_) => desk.reply(id, Reply::Failed(Failure::Refused)),
        }
    }

    fn feed(&mut self, _: RequestId, clip: &Clip, desk: &mut Desk) {
        for piece in self.pieces.push(clip.bytes()) {
            self.protocol.sound(piece, desk);
        }
    }

    fn flush(&mut self, _: RequestId, flush: u32, desk: &mut Desk) {
        self.send_rest(desk);
        self.protocol.flush(desk);
        let until = self.pieces.fed();
        self.script.flush(flush, until, P::PATIENCE, desk);
        if self.protocol.covers(until) {
            self.script.answer(desk);
        }
    }

    fn cancel(&mut self, id: RequestId, desk: &mut Desk) {
        let unanswered = self.script.wanted().is_some();
        self.script.end(id);
        self.send_rest(desk);
        self.protocol.cut(unanswered, desk);
    }

    fn message(&mut self, value: &Value, desk: &mut Desk) -> Result<(), Complaint> {
        self.script.noted();
        let fed = self.pieces.fed();
        self.protocol.message(value, fed, &mut self.script, desk)
    }

    fn deadline(&self) -> Option<Instant> {
        self.script.deadline()
    }

    fn tick(&mut self, desk: &mut Desk) {
        self.script.tick(desk);
    }

    fn quiet_max(&self) -> Option<Duration> {
        Some(P::QUIET_MAX)
    }

    fn keep_alive(&mut self, desk: &mut Desk) {
        if let Some(silence) = P::SILENCE {
            self.pieces.silence(samples_in(silence));
            self.send_rest(desk);
        }
        self.protocol.keep_alive(desk);
    }

    fn take_silence(&mut self) -> Duration {
        let samples = u32::try_from(self.pieces.take_silence()).unwrap_or(u32::MAX);
        Duration::from_secs(samples.into()) / RATE_HZ
    }

    fn bye(&mut self, desk: &mut Desk) {
        self.protocol.bye(desk);
    }

    fn closed(&self, code: u16, reason: &str) -> Complaint {
        self.protocol.closed(code, reason)
    }
}
