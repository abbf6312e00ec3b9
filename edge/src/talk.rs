//! A call in memory: the engine, and what the shell holds beside it.

use std::rc::{Rc, Weak};

use call::{Call, Input, Instant, Record, Reply, Tape, Turn};
use contract::Opening;

use crate::allowance::Allowance;
use crate::carrier::Ear;
use crate::clock::Clock;
use crate::line::Shell;
use crate::lineup::Lineup;
use crate::live::{Live, Sight, State};
use crate::mouth::Mouth;
use crate::outbox::Outbox;
use crate::provider::Works;
use crate::recorder::Recorder;
use crate::report::Reports;
use crate::store::Logged;
use crate::web::Task;

/// Typed turns, interruptions and tokens from a socket of the caller's own: nobody types faster, and each of them may cost a
/// request to a provider or to the functions.
const WISHES_AT_ONCE: u64 = 10;
const WISHES_PER_SECOND: u64 = 5;

/// A call in memory.
pub(crate) struct Talk {
    pub(crate) opening: Rc<Opening>,
    pub(crate) clock: Clock,
    pub(crate) ear: Ear,
    /// How often whoever talks through a socket of their own may still make us ask somebody something. It is the call's, so
    /// that another socket brings no more.
    pub(crate) wishes: Allowance,
    /// The carrier's stream, or a socket of the caller's own, while there is one.
    pub(crate) mouth: Option<Mouth>,
    /// When it was opened.
    pub(crate) opened: Option<Instant>,
    /// Ends it when its token expires.
    pub(crate) expiry: Option<Task>,
    /// Those who watch.
    pub(crate) live: Live,
    /// Whose turn it seemed to be when that was last shown.
    pub(crate) state: State,
    /// Whether anything of the current reply went out.
    pub(crate) sounding: bool,
    /// The bot was told to come to an end.
    pub(crate) wrapping: bool,
    /// Ends the stream when nothing is heard any more.
    pub(crate) watch: Option<Task>,
    /// When the carrier last sent anything.
    pub(crate) heard: Instant,
    pub(crate) reports: Reports,
    pub(crate) outbox: Outbox,
    pub(crate) works: Works,
    /// The one timer, and when it is due.
    pub(crate) timer: Option<(Instant, Task)>,
    pub(crate) call: Call,
    /// What is kept of the sound; nothing, if the bot is not to be recorded.
    pub(crate) keep: Option<Keep>,
}

/// What is kept of a call's sound.
pub(crate) struct Keep {
    pub(crate) recorder: Recorder,
    pub(crate) tape: Tape,
}

impl Talk {
    /// Whether the call is over.
    pub(crate) fn is_over(&self) -> bool {
        self.call.is_over()
    }

    /// Lets go of the stream.
    pub(crate) fn detach(&mut self, now: Instant, reason: &str) {
        if let Some(mouth) = self.mouth.take() {
            mouth.close(reason);
        }
        self.watch = None;
        self.expiry = None;
        if let Some(keep) = &mut self.keep {
            keep.recorder.clear(now);
        }
    }

    /// When something must be done, though nothing happens.
    pub(crate) fn due(&self) -> Option<Instant> {
        let heard = self.mouth.as_ref().and_then(Mouth::due);
        match (self.call.deadline(), heard) {
            (Some(deadline), Some(heard)) => Some(deadline.min(heard)),
            (deadline, heard) => deadline.or(heard),
        }
    }

    /// Reports a line of the journal.
    pub(crate) fn tell(&mut self, logged: &Logged, at_ms: u64, now: Instant) {
        match logged.record() {
            Some(Record::Saying { text }) => self.show(Sight::Saying(text)),
            Some(Record::Replied { text, .. }) if text.is_empty() => self.show(Sight::Unheard),
            Some(_) | None => (),
        }
        let Some(report) = self.reports.note(logged, at_ms, now) else {
            return;
        };
        self.show(Sight::Record(&report));
        self.outbox.extend([report]);
    }

    /// Shows what the caller seems to be saying, if anybody looks.
    pub(crate) fn overhear(&mut self, input: &Input) {
        if let Input::Reply(_, Reply::Hint { text, .. } | Reply::Transcript { text, .. }) = input
            && !text.is_empty()
        {
            self.show(Sight::Partial(text));
        }
    }

    /// Shows whose turn it seems to be, if that has changed.
    pub(crate) fn show_state(&mut self) {
        let state = match self.call.turn() {
            Turn::Ended => return,
            Turn::Replying | Turn::Leaving if self.sounding => State::Speaking,
            Turn::Replying | Turn::Leaving | Turn::Transcribing => State::Thinking,
            Turn::Ringing
            | Turn::Waiting
            | Turn::Hearing
            | Turn::Pausing
            | Turn::Keying
            | Turn::Voicemail
            | Turn::Away => {
                self.sounding = false;
                State::Listening
            }
        };
        if state != self.state {
            self.state = state;
            self.show(Sight::State(state));
        }
    }

    fn show(&mut self, sight: Sight<'_>) {
        self.live.show(sight);
        if let Some(mouth) = &mut self.mouth {
            mouth.show(sight);
        }
    }

    /// A call, as yet without a stream.
    pub(crate) fn new(
        shell: &Shell,
        opening: Opening,
        lineup: Lineup,
        clock: Clock,
        call: Call,
    ) -> Self {
        let keep = opening.bot.record.then(|| Keep {
            recorder: Recorder::new(shell.store.recorded()),
            tape: Tape::default(),
        });
        let mut works = Works::new(Weak::clone(&shell.me), Rc::new(lineup));
        if !call.is_over() {
            works.prepare(&opening);
        }
        Self {
            reports: Reports::of(&opening),
            opening: Rc::new(opening),
            clock,
            ear: Ear::default(),
            wishes: Allowance::new(WISHES_AT_ONCE, WISHES_PER_SECOND),
            mouth: None,
            opened: None,
            expiry: None,
            live: Live::default(),
            state: State::default(),
            sounding: false,
            wrapping: false,
            watch: None,
            heard: Instant::ZERO,
            outbox: Outbox::default(),
            works,
            timer: None,
            call,
            keep,
        }
    }
}
