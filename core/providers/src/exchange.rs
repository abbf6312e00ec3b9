//! One request and its response: the road every HTTP provider shares.

use std::fmt;
use std::time::Duration;

use call::{Failure, Reply, Spent};

use crate::error;
use crate::http::{Head, HttpRequest};

/// The longest body of an error that is read.
const ERROR_BYTES_MAX: usize = 64 * 1024;

/// What to send, and what understands the answer.
#[derive(Debug)]
pub struct Fetch {
    /// To be sent.
    pub request: HttpRequest,
    /// To be told of the response.
    pub exchange: Exchange,
}

/// How a response ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// It was received to its end.
    Complete,
    /// The connection broke, or there was never one.
    Cut,
}

/// Whose fault a failure is: must other calls expect it too?
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Whose {
    /// The request's own: its voice, its options, its words. What another call asks may be answered.
    Request,
    /// The provider's, or our account's with it: whoever asks meets the same.
    Provider,
}

/// Why a provider failed, for the log of whoever runs it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Complaint {
    /// What it means for the call.
    pub failure: Failure,
    /// Whose fault it is.
    pub whose: Whose,
    /// Status code of the response; 0 if there was none.
    pub status: u16,
    /// The provider's own code or type, or a few words of ours. Holds nothing private.
    pub code: String,
    /// The provider's own words, at most 300 characters. May quote what was said in the call: not for logs above
    /// debug level.
    pub message: String,
    /// How long nothing should be asked of them, in seconds, if they said so (`retry-after`, RFC 9110, 10.2.3).
    pub retry_after_s: Option<u32>,
}

impl Complaint {
    /// How long it wishes to be left alone, if it said so.
    pub(crate) fn wish(&self) -> Option<Duration> {
        let seconds = self.retry_after_s?;
        Some(Duration::from_secs(seconds.into()))
    }

    /// What went wrong, in our own words. Whoever refuses does so for what was asked; everything else is the provider's
    /// fault.
    pub(crate) fn ours(failure: Failure, code: &str) -> Self {
        let whose = match failure {
            Failure::Refused => Whose::Request,
            Failure::Busy | Failure::Broken | Failure::Late => Whose::Provider,
        };
        Self {
            failure,
            whose,
            status: 0,
            code: code.to_owned(),
            message: String::new(),
            retry_after_s: None,
        }
    }

    /// Garbage, or a cut stream.
    pub(crate) fn broken(code: &str) -> Self {
        Self::ours(Failure::Broken, code)
    }

    /// An answer that cannot be used, as a bot's options may have it: a format that nobody here knows, text instead of
    /// sound.
    pub(crate) fn unfit(code: &str) -> Self {
        Self {
            whose: Whose::Request,
            ..Self::broken(code)
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?}: status {}, {}",
            self.failure, self.status, self.code
        )
    }
}

/// Whether a response goes on.
pub(crate) enum Step {
    /// There may be more.
    More,
    /// That was all, whatever else is sent.
    Over(Spent),
}

/// What one stage makes of a successful response. It never says `Done` or `Failed` itself.
pub(crate) trait Decode: Send {
    /// The response is a success and begins.
    fn head(&mut self, head: &Head) -> Result<(), Complaint>;
    /// The next chunk of the body, cut anywhere.
    fn push(&mut self, bytes: &[u8], replies: &mut Vec<Reply>) -> Result<Step, Complaint>;
    /// There is no more.
    fn finish(&mut self, end: End, replies: &mut Vec<Reply>) -> Result<Spent, Complaint>;
    /// What the provider told of the cost before the end.
    fn spent(&self) -> Spent {
        Spent::default()
    }
}

/// Understands one response.
///
/// Whatever it is told, in whatever order: from all its replies exactly one is `Done` or `Failed`, and that is the
/// last. (Told of an end, it is over.)
pub struct Exchange {
    decode: Box<dyn Decode>,
    state: State,
    status: u16,
    retry_after_s: Option<u32>,
    complaint: Option<Complaint>,
}

enum State {
    /// Before the head.
    Waiting,
    /// Within a successful response.
    Success,
    /// Within one that is not; its body so far.
    Error(Vec<u8>),
    /// `Done` or `Failed` was said.
    Over,
}

impl Exchange {
    pub(crate) fn new(decode: impl Decode + 'static) -> Self {
        Self {
            decode: Box::new(decode),
            state: State::Waiting,
            status: 0,
            retry_after_s: None,
            complaint: None,
        }
    }

    /// The response has begun.
    pub fn head(&mut self, head: &Head, replies: &mut Vec<Reply>) {
        if !matches!(self.state, State::Waiting) {
            return;
        }
        self.status = head.status;
        self.retry_after_s = head.retry_after_s();
        if (200..300).contains(&head.status) {
            self.state = State::Success;
            if let Err(complaint) = self.decode.head(head) {
                self.fail(complaint, replies);
            }
        } else {
            self.state = State::Error(Vec::new());
        }
    }

    /// The next chunk of the response's body, cut anywhere.
    pub fn push(&mut self, bytes: &[u8], replies: &mut Vec<Reply>) {
        match &mut self.state {
            State::Waiting => self.fail(Complaint::broken("a body without a head"), replies),
            State::Success => match self.decode.push(bytes, replies) {
                Ok(Step::More) => (),
                Ok(Step::Over(spent)) => self.done(spent, replies),
                Err(complaint) => self.fail(complaint, replies),
            },
            State::Error(body) => {
                let room = ERROR_BYTES_MAX.saturating_sub(body.len());
                body.extend(bytes.iter().take(room));
            }
            State::Over => (),
        }
    }

    /// There is no more to come; or, with [`End::Cut`], there never was anything.
    pub fn finish(&mut self, end: End, replies: &mut Vec<Reply>) {
        match &mut self.state {
            State::Waiting => self.fail(Complaint::broken("no connection"), replies),
            State::Success => match self.decode.finish(end, replies) {
                Ok(spent) => self.done(spent, replies),
                Err(complaint) => self.fail(complaint, replies),
            },
            State::Error(body) => {
                let complaint = error::judge(self.status, body);
                self.fail(complaint, replies);
            }
            State::Over => (),
        }
    }

    /// Whether `Done` or `Failed` was said: the rest of the response need not be read.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// What the provider has told of the cost so far: with some it is only the last word that tells.
    #[must_use]
    pub fn spent(&self) -> Spent {
        self.decode.spent()
    }

    /// Why it failed, after `Failed`.
    #[must_use]
    pub fn complaint(&self) -> Option<&Complaint> {
        self.complaint.as_ref()
    }

    fn done(&mut self, spent: Spent, replies: &mut Vec<Reply>) {
        self.state = State::Over;
        replies.push(Reply::Done(spent));
    }

    fn fail(&mut self, complaint: Complaint, replies: &mut Vec<Reply>) {
        self.state = State::Over;
        replies.push(Reply::Failed(complaint.failure));
        self.complaint = Some(Complaint {
            status: self.status,
            retry_after_s: self.retry_after_s,
            ..complaint
        });
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("status", &self.status)
            .field("over", &self.is_over())
            .finish_non_exhaustive()
    }
}
