//! One socket and the requests that go over it: the road every WebSocket provider shares.

mod dialogue;
mod waited;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use audio::Clip;
use call::{Failure, Instant, Reply, RequestId};

use crate::Head;
use crate::dial::{Dial, Message};
use crate::error;
use crate::exchange::Complaint;
use waited::Waited;

pub(crate) use dialogue::{Desk, Dialogue};

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
    /// It did not: head and body of the response; status 0 and nothing if there was none.
    Refused(&'a Head, &'a [u8]),
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
    /// These were asked now, and wait for others that were asked before: nobody is late with them.
    pub queued: Vec<RequestId>,
    /// It is the turn of these, which were queued.
    pub next: Vec<RequestId>,
    /// What these want to be said is sent now, in characters. Some may have been cancelled meanwhile.
    pub begun: Vec<(RequestId, u64)>,
    /// So much silence was sent for nobody.
    pub silence: Duration,
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
    waited: Waited,
    /// What begins once the handshake is through.
    beginning: Vec<(RequestId, u64)>,
    complaint: Option<Complaint>,
}

enum State {
    /// Before the handshake is through; what is to be sent then.
    Waiting(Vec<Message>, usize),
    Open,
    Over,
}

impl Conversation {
    pub(crate) fn new(dialogue: impl Dialogue + 'static) -> Self {
        Self {
            dialogue: Box::new(dialogue),
            state: State::Waiting(Vec::new(), 0),
            open: BTreeSet::new(),
            sent: Instant::ZERO,
            waited: Waited::default(),
            beginning: Vec::new(),
            complaint: None,
        }
    }

    /// Something happened.
    pub fn tell(&mut self, now: Instant, told: Told<'_>) -> Deeds {
        let mut desk = Desk::new(now);
        if matches!(self.state, State::Over) {
            if let Told::Ask(id, _) = told {
                let failure = self.complaint.as_ref().map(|complaint| complaint.failure);
                let failure = failure.unwrap_or(Failure::Broken);
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
        if self.open.is_empty() {
            self.waited.rest(now);
        }
        deeds.silence = self.dialogue.take_silence();
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
                self.waited.came(desk.now);
                desk.deeds.begun.append(&mut self.beginning);
                self.dialogue.opened(desk);
                let first = std::mem::replace(&mut self.state, State::Open);
                if let State::Waiting(waiting, _) = first {
                    desk.deeds.send.extend(waiting);
                }
                self.sent = desk.now;
            }
            Told::Refused(Head { status: 0, .. }, _) => {
                return Err(Complaint::broken("no connection"));
            }
            Told::Refused(head, body) => return Err(error::refused(head, body)),
            Told::Text(_) | Told::Binary(_) if !is_open => {
                return Err(Complaint::broken("a message before the handshake"));
            }
            Told::Text(text) if text.len() > TEXT_BYTES_MAX => {
                return Err(Complaint::broken("a message without end"));
            }
            Told::Text(text) => {
                let value = serde_json::from_str(text)
                    .map_err(|_| Complaint::broken("a message that is no JSON"))?;
                self.waited.came(desk.now);
                return self.dialogue.message(&value, desk);
            }
            Told::Binary(bytes) => {
                self.waited.came(desk.now);
                return self.dialogue.binary(bytes, desk);
            }
            Told::Closed(code, reason) => return Err(self.dialogue.closed(code, reason)),
            Told::Ask(id, _) if self.open.contains(&id) => (),
            Told::Ask(id, ask) => {
                self.open.insert(id);
                self.dialogue.ask(id, ask, desk);
                if matches!(ask, Ask::Speak(_)) {
                    self.waited.asked(desk.now);
                    desk.queue(id);
                }
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
                    if self.waited.is_hung(desk.now) {
                        // Whoever asks next asks over another.
                        return Err(Complaint::ours(Failure::Late, "no answer on the socket"));
                    }
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
                self.beginning.append(&mut deeds.begun);
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
