//! What may go wrong with a provider, on demand; and how many requests there were.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A provider of a turn, named as the edge's variables name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Speech-to-text.
    Listen,
    /// Language model.
    Think,
    /// Text-to-speech.
    Speak,
}

/// How a request fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Kind {
    /// An error status, with a body as OpenAI writes it.
    Status {
        /// Such as 401, 429 or 500.
        status: u16,
        /// The header `retry-after`, in seconds.
        #[serde(default)]
        retry_after_s: Option<f64>,
    },
    /// Nothing is answered, ever.
    Stall,
    /// The answer begins, and the connection is cut in the middle of it.
    Cut,
    /// The answer begins, and nothing more comes of it.
    Freeze,
    /// Status 200 and bytes that mean nothing.
    Garbage,
    /// Status 200 and nothing in it: no word, no sound.
    Empty,
    /// The right answer, later.
    Slow {
        /// How much later, in milliseconds.
        ms: u64,
    },
}

/// A fault that waits for requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Whose requests; everyone's if none.
    #[serde(default)]
    pub stage: Option<Stage>,
    /// What happens to them.
    #[serde(flatten)]
    pub kind: Kind,
    /// To how many of them; to all that come if none.
    #[serde(default)]
    pub count: Option<u32>,
    /// How many requests it lets pass first.
    #[serde(default)]
    pub after: u32,
}

impl Fault {
    /// Strikes the next `count` requests of a stage.
    #[must_use]
    pub const fn next(stage: Stage, kind: Kind, count: u32) -> Self {
        Self {
            stage: Some(stage),
            kind,
            count: Some(count),
            after: 0,
        }
    }
}

/// The requests of a stage so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// All.
    pub requests: u64,
    /// Not over yet.
    pub open: u64,
    /// Answered to the end, errors included.
    pub done: u64,
    /// The client went away before the end.
    pub cancelled: u64,
    /// Struck by a fault.
    pub faulted: u64,
}

/// The counts by stage.
pub type Counts = BTreeMap<Stage, Count>;

#[derive(Debug, Default)]
struct Book {
    counts: Counts,
    faults: Vec<Fault>,
}

/// Faults that wait, and the counts; shared by the server and whoever tests.
#[derive(Clone, Debug, Default)]
pub struct Desk(Arc<Mutex<Book>>);

impl Desk {
    /// Lets a fault wait for requests. Faults strike in the order they were given.
    pub fn arm(&self, fault: Fault) {
        self.book().faults.push(fault);
    }

    /// Takes all faults back.
    pub fn clear(&self) {
        self.book().faults.clear();
    }

    /// The faults that still wait.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.book().faults.clone()
    }

    /// The counts as they are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = self.book().counts.clone();
        for stage in [Stage::Listen, Stage::Think, Stage::Speak] {
            counts.entry(stage).or_default();
        }
        counts
    }

    /// The counts of one stage.
    #[must_use]
    pub fn count(&self, stage: Stage) -> Count {
        self.book().counts.get(&stage).copied().unwrap_or_default()
    }

    /// A request has come: opens it, and says which fault strikes it.
    pub(super) fn open(&self, stage: Stage) -> (Open, Option<Kind>) {
        let mut book = self.book();
        let struck = strike(&mut book.faults, stage);
        let count = book.counts.entry(stage).or_default();
        count.requests += 1;
        count.open += 1;
        count.faulted += u64::from(struck.is_some());
        drop(book);
        let open = Open {
            desk: self.clone(),
            stage,
            is_done: false,
        };
        (open, struck)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn strike(faults: &mut Vec<Fault>, stage: Stage) -> Option<Kind> {
    let at = faults
        .iter_mut()
        .position(|fault| fault.stage.is_none_or(|whose| whose == stage))?;
    let fault = faults.get_mut(at)?;
    if fault.after > 0 {
        fault.after -= 1;
        return None;
    }
    let kind = fault.kind.clone();
    if let Some(count) = &mut fault.count {
        *count = count.saturating_sub(1);
        if *count == 0 {
            faults.remove(at);
        }
    }
    Some(kind)
}

/// A request under way. Dropped before it is done, it was cancelled.
#[derive(Debug)]
pub(super) struct Open {
    desk: Desk,
    stage: Stage,
    is_done: bool,
}

impl Open {
    /// It was answered to the end.
    pub(super) fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut book = self.desk.book();
        let count = book.counts.entry(self.stage).or_default();
        count.open = count.open.saturating_sub(1);
        if self.is_done {
            count.done += 1;
        } else {
            count.cancelled += 1;
        }
    }
}

/// What remains of a fault once the answer may be given: how its body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// As it should.
    Whole,
    /// The connection is cut after a part.
    Cut,
    /// Nothing comes after a part.
    Frozen,
}

/// Waits as long as a request was made slow.
pub(super) async fn wait(kind: Option<&Kind>) {
    match kind {
        Some(Kind::Slow { ms }) => tokio::time::sleep(Duration::from_millis(*ms)).await,
        Some(Kind::Stall) => std::future::pending().await,
        Some(Kind::Status { .. } | Kind::Cut | Kind::Freeze | Kind::Garbage | Kind::Empty)
        | None => {}
    }
}
