//! What a provider's file writes to take part in a conversation, and where it lays down what follows.

use std::time::Duration;

use audio::Clip;
use call::{Instant, Reply, RequestId, Spent};
use serde_json::Value;

use super::{Ask, Deeds};
use crate::dial::Message;
use crate::error;
use crate::exchange::Complaint;

/// What one provider makes of a socket.
///
/// `Err` ends the conversation: every open request fails. A request that was ended or cancelled needs no care, for its
/// replies are swallowed.
pub(crate) trait Dialogue: Send {
    /// The first words.
    fn opened(&mut self, _desk: &mut Desk) {}
    /// A request begins.
    fn ask(&mut self, id: RequestId, ask: Ask<'_>, desk: &mut Desk);
    /// Sound for a `Listen` that is open.
    fn feed(&mut self, _id: RequestId, _clip: &Clip, _desk: &mut Desk) {}
    /// A `Listen` that is open shall answer.
    fn flush(&mut self, _id: RequestId, _flush: u32, _desk: &mut Desk) {}
    /// An open request is not wanted any more.
    fn cancel(&mut self, id: RequestId, desk: &mut Desk);
    /// A text message, which is JSON with every provider.
    fn message(&mut self, value: &Value, desk: &mut Desk) -> Result<(), Complaint>;
    /// A binary message.
    fn binary(&mut self, _bytes: &[u8], _desk: &mut Desk) -> Result<(), Complaint> {
        Ok(())
    }
    /// When it wants to be reminded, apart from keeping the socket alive.
    fn deadline(&self) -> Option<Instant> {
        None
    }
    /// The deadline has come.
    fn tick(&mut self, _desk: &mut Desk) {}
    /// How long nothing may be sent, if the provider minds.
    fn quiet_max(&self) -> Option<Duration> {
        None
    }
    /// Nothing was sent for so long.
    fn keep_alive(&mut self, _desk: &mut Desk) {}
    /// How much silence was sent that nobody was heard with, since it was asked last.
    fn take_silence(&mut self) -> Duration {
        Duration::ZERO
    }
    /// The last words.
    fn bye(&mut self, _desk: &mut Desk) {}
    /// What it means that the provider closed the socket.
    fn closed(&self, code: u16, reason: &str) -> Complaint {
        error::closed(code, reason)
    }
}

/// Where a dialogue lays what is to be sent and answered.
#[derive(Debug)]
pub(crate) struct Desk {
    /// What time it is.
    pub(crate) now: Instant,
    pub(super) deeds: Deeds,
    pub(super) given_up: Option<Complaint>,
}

impl Desk {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            now,
            deeds: Deeds::default(),
            given_up: None,
        }
    }

    /// Sends a text.
    pub(crate) fn send(&mut self, text: impl Into<String>) {
        self.deeds.send.push(Message::Text(text.into()));
    }

    /// Sends bytes.
    pub(crate) fn send_bytes(&mut self, bytes: impl Into<Vec<u8>>) {
        self.deeds.send.push(Message::Binary(bytes.into()));
    }

    /// A request to speak begins: its text is among what is sent.
    pub(crate) fn begin(&mut self, id: RequestId, text: &str) {
        let chars = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        self.deeds.begun.push((id, chars));
    }

    /// It is a request's turn: what it still waits for is the provider's doing.
    pub(crate) fn turn(&mut self, id: RequestId) {
        self.deeds.next.push(id);
    }

    /// A request to speak that has neither begun nor ended, and whose turn it is not, waits for others.
    pub(super) fn queue(&mut self, id: RequestId) {
        let Deeds {
            replies,
            begun,
            next,
            ..
        } = &self.deeds;
        let is_known = next.contains(&id)
            || begun.iter().any(|(begun, _)| *begun == id)
            || replies.iter().any(|(ended, _)| *ended == id);
        if !is_known {
            self.deeds.queued.push(id);
        }
    }

    /// Answers a request.
    pub(crate) fn reply(&mut self, id: RequestId, reply: Reply) {
        self.deeds.replies.push((id, reply));
    }

    /// Says why a request failed.
    pub(crate) fn complain(&mut self, complaint: Complaint) {
        self.deeds.complaint = Some(complaint);
    }

    /// Nothing can come of this socket any more.
    pub(crate) fn give_up(&mut self, complaint: Complaint) {
        self.given_up.get_or_insert(complaint);
    }

    /// A request is done.
    pub(crate) fn done(&mut self, id: RequestId) {
        self.reply(id, Reply::Done(Spent::default()));
    }
}
