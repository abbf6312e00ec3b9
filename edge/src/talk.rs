//! A call in memory: the engine, and what the shell holds beside it.

use std::rc::{Rc, Weak};

use call::{Call, Instant, Tape};
use contract::Opening;

use crate::carrier::{Ear, Mouth};
use crate::clock::Clock;
use crate::deliver::Outbox;
use crate::line::Shell;
use crate::lineup::Lineup;
use crate::provider::Works;
use crate::recorder::Recorder;
use crate::report::Reports;
use crate::web::Task;

/// A call in memory.
pub(crate) struct Talk {
    pub(crate) opening: Rc<Opening>,
    pub(crate) clock: Clock,
    pub(crate) ear: Ear,
    /// The carrier's stream, while there is one.
    pub(crate) mouth: Option<Mouth>,
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
        if let Some(keep) = &mut self.keep {
            keep.recorder.clear(now);
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
        Self {
            reports: Reports::of(&opening),
            opening: Rc::new(opening),
            clock,
            ear: Ear::default(),
            mouth: None,
            watch: None,
            heard: Instant::ZERO,
            outbox: Outbox::default(),
            works: Works::new(Weak::clone(&shell.me), Rc::new(lineup)),
            timer: None,
            call,
            keep,
        }
    }
}
