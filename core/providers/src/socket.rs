//! One socket and the requests that go over it: the road every WebSocket provider shares.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use audio::Clip;
use call::{Instant, Reply, RequestId, Spent};
use serde_json::Value;

use crate::dial::{Dial, Message};
use crate::error;
use crate::exchange::Complaint;

/// No text message that means anything is longer, but for sound in base64.
const TEXT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// So much waits for a socket that does not open: two minutes of telephone sound.
const WAITING_BYTES_MAX: usize = 1024 * 1024;
/// The code of a connection that broke without a closing handshake (RFC 6455, 7.4.1).
pub const BROKEN: u16 = 1006;

/// What to open, and what understands what is said there.
#[derive(Debug)]
pub struct Link {
    /// To be opened.
    pub dial: Dial,
    /// To be told of what happens.
    pub conversation: Conversation,
}

/// What is asked over a socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ask<'a> {
    /// Write down what is fed. Ended by [`Told::Cancel`].
    Listen,
    /// Say this.
    Speak(&'a str),
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    /// The handshake succeeded.
    Opened,
    /// It did not: status code and body of the response; 0 and nothing if there was none.
    Refused(u16, &'a [u8]),
    /// A text message came.
    Text(&'a str),
    /// A binary message came.
    Binary(&'a [u8]),
    /// The socket was closed, with code and reason; [`BROKEN`] if it simply went away.
    Closed(u16, &'a str),
    /// A new request.
    Ask(RequestId, Ask<'a>),
    /// Sound for a `Listen`, which follows what was fed before. At most a few seconds.
    Feed(RequestId, &'a Clip),
    /// A `Listen` shall answer with a transcript of everything fed so far. An earlier flush need not be answered any
    /// more.
    Flush(RequestId, u32),
    /// Nothing of a request is wanted any more.
    Cancel(RequestId),
    /// The [`Conversation::deadline`] has come.
    Tick,
    /// Nothing more will be asked: a last word before the socket is closed.
    Bye,
}

/// What the shell must do.
#[derive(Debug, Default)]
pub struct Deeds {
    /// Send these, in order.
    pub send: Vec<Message>,
    /// Hand in these, in order.
    pub replies: Vec<(RequestId, Reply)>,
    /// Why a request among them failed, if the provider said so and the socket goes on.
    pub complaint: Option<Complaint>,
}

/// Understands one socket, from its handshake to its end.
///
/// It may be used before the socket is open: what is to be sent waits until then. Whatever it is told, in whatever
/// order: of the replies to one request at most one is `Done` or `Failed`, and that is the last; once it is over, every
/// request that was not cancelled has had its end, and one that is asked afterwards fails at once. Nothing follows a
/// [`Told::Cancel`]. A `Listen` never says `Done`: it ends by being cancelled.
pub struct Conversation {
    dialogue: Box<dyn Dialogue>,
    state: State,
    open: BTreeSet<RequestId>,
    sent: Instant,
    complaint: Option<Complaint>,
}

enum State {
    /// Before the handshake is through; what is to be sent then.
    Waiting(Vec<Message>, usize),
    Open,
    Over,
}

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
    deeds: Deeds,
    given_up: Option<Complaint>,
}

impl Desk {
    /// Sends a text.
    pub(crate) fn send(&mut self, text: impl Into<String>) {
        self.deeds.send.push(Message::Text(text.into()));
    }

    /// Sends bytes.
    pub(crate) fn send_bytes(&mut self, bytes: impl Into<Vec<u8>>) {
        self.deeds.send.push(Message::Binary(bytes.into()));
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

impl Conversation {
    pub(crate) fn new(dialogue: impl Dialogue + 'static) -> Self {
        Self {
            dialogue: Box::new(dialogue),
            state: State::Waiting(Vec::new(), 0),
            open: BTreeSet::new(),
            sent: Instant::ZERO,
            complaint: None,
        }
    }

    /// Something happened.
    pub fn tell(&mut self, now: Instant, told: Told<'_>) -> Deeds {
        let mut desk = Desk {
            now,
            deeds: Deeds::default(),
            given_up: None,
        };
        if matches!(self.state, State::Over) {
            if let Told::Ask(id, _) = told {
                let failure = self.complaint.as_ref().map(|complaint| complaint.failure);
                let failure = failure.unwrap_or(call::Failure::Broken);
                desk.reply(id, Reply::Failed(failure));
            }
            return desk.deeds;
        }
        let outcome = self.take(told, &mut desk);
        let Desk {
            mut deeds,
            given_up,
            ..
        } = desk;
        let outcome = outcome.and(given_up.map_or(Ok(()), Err));
        deeds.replies.retain(|(id, reply)| {
            let ends = matches!(reply, Reply::Done(_) | Reply::Failed(_));
            let known = self.open.contains(id);
            if ends {
                self.open.remove(id);
            }
            known
        });
        self.hold_back(now, &mut deeds);
        let outcome = outcome.and_then(|()| match &self.state {
            State::Waiting(_, bytes) if *bytes > WAITING_BYTES_MAX => {
                Err(Complaint::broken("a socket that does not open"))
            }
            State::Waiting(..) | State::Open | State::Over => Ok(()),
        });
        if let Err(complaint) = outcome {
            self.fail(complaint, &mut deeds);
        }
        deeds
    }

    fn take(&mut self, told: Told<'_>, desk: &mut Desk) -> Result<(), Complaint> {
        let is_open = matches!(self.state, State::Open);
        match told {
            Told::Opened if is_open => (),
            Told::Opened => {
                self.dialogue.opened(desk);
                let first = std::mem::replace(&mut self.state, State::Open);
                if let State::Waiting(waiting, _) = first {
                    desk.deeds.send.extend(waiting);
                }
                self.sent = desk.now;
            }
            Told::Refused(0, _) => return Err(Complaint::broken("no connection")),
            Told::Refused(status, body) => return Err(error::judge(status, body)),
            Told::Text(_) | Told::Binary(_) if !is_open => {
                return Err(Complaint::broken("a message before the handshake"));
            }
            Told::Text(text) if text.len() > TEXT_BYTES_MAX => {
                return Err(Complaint::broken("a message without end"));
            }
            Told::Text(text) => {
                let value = serde_json::from_str(text)
                    .map_err(|_| Complaint::broken("a message that is no JSON"))?;
                return self.dialogue.message(&value, desk);
            }
            Told::Binary(bytes) => return self.dialogue.binary(bytes, desk),
            Told::Closed(code, reason) => return Err(self.dialogue.closed(code, reason)),
            Told::Ask(id, _) if self.open.contains(&id) => (),
            Told::Ask(id, ask) => {
                self.open.insert(id);
                self.dialogue.ask(id, ask, desk);
            }
            Told::Feed(id, clip) if self.open.contains(&id) => {
                self.dialogue.feed(id, clip, desk);
            }
            Told::Flush(id, flush) if self.open.contains(&id) => {
                self.dialogue.flush(id, flush, desk);
            }
            Told::Feed(..) | Told::Flush(..) => (),
            Told::Cancel(id) => {
                if self.open.remove(&id) {
                    self.dialogue.cancel(id, desk);
                }
            }
            Told::Tick => self.tick(desk),
            Told::Bye => {
                self.open.clear();
                self.dialogue.bye(desk);
            }
        }
        Ok(())
    }

    fn tick(&mut self, desk: &mut Desk) {
        if self.dialogue.deadline().is_some_and(|due| due <= desk.now) {
            self.dialogue.tick(desk);
        }
        if self.quiet_until().is_some_and(|due| due <= desk.now) {
            self.sent = desk.now;
            self.dialogue.keep_alive(desk);
        }
    }

    /// What cannot be sent yet waits.
    fn hold_back(&mut self, now: Instant, deeds: &mut Deeds) {
        if deeds.send.is_empty() {
            return;
        }
        match &mut self.state {
            State::Waiting(waiting, bytes) => {
                *bytes += deeds.send.iter().map(Message::len).sum::<usize>();
                waiting.append(&mut deeds.send);
            }
            State::Open => self.sent = now,
            State::Over => deeds.send.clear(),
        }
    }

    fn fail(&mut self, complaint: Complaint, deeds: &mut Deeds) {
        self.state = State::Over;
        for id in std::mem::take(&mut self.open) {
            deeds.replies.push((id, Reply::Failed(complaint.failure)));
        }
        self.complaint = Some(complaint);
    }

    fn quiet_until(&self) -> Option<Instant> {
        let is_open = matches!(self.state, State::Open);
        let quiet = self.dialogue.quiet_max().filter(|_| is_open)?;
        Some(self.sent + quiet)
    }

    /// When it must be told [`Told::Tick`], unless it is told something else before. Ask again after everything that it
    /// was told.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        if self.is_over() {
            return None;
        }
        let dues = [self.dialogue.deadline(), self.quiet_until()];
        dues.into_iter().flatten().min()
    }

    /// Whether nothing more can come of it: the socket was refused or closed, or what came made no sense. If it is still
    /// open it should be closed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Whether no request is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// Why it is over.
    #[must_use]
    pub fn complaint(&self) -> Option<&Complaint> {
        self.complaint.as_ref()
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("requests", &self.open.len())
            .field("over", &self.is_over())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
