//! Waiting for those who were asked: another is asked when they keep silent for too long.

use std::rc::Weak;
use std::time::Duration;

use call::{Instant, RequestId};
use worker::Delay;

use super::Works;
use crate::line::Shell;
use crate::web::{Task, spawn};

impl Works {
    /// Someone kept silent for too long, perhaps.
    fn tick(&mut self, now: Instant, id: RequestId) {
        let Some(work) = self.under_way.get_mut(&id) else {
            return;
        };
        work.timer = None;
        if let Some(next) = work.race.tick(now) {
            work.hedged = true;
            self.start(now, id, next);
        }
        self.arm(now, id);
    }

    /// Sees that nobody keeps silent for too long.
    pub(super) fn arm(&mut self, now: Instant, id: RequestId) {
        let line = Weak::clone(&self.line);
        let Some(work) = self.under_way.get_mut(&id) else {
            return;
        };
        let due = work.race.deadline();
        let set = work.timer.as_ref().map(|(set, _)| *set);
        if due == set {
            return;
        }
        work.timer = due.map(|due| {
            let tick = move |works: &mut Self, now| works.tick(now, id);
            (due, later(line, due.since(now), tick))
        });
    }
}

/// Does something with a call's works after a while, unless the task is dropped before.
pub(super) fn later(
    line: Weak<Shell>,
    wait: Duration,
    deed: impl FnOnce(&mut Works, Instant) + 'static,
) -> Task {
    spawn("provider timer", async move {
        Delay::from(wait.max(Duration::from_millis(1))).await;
        if let Some(line) = line.upgrade() {
            line.provided(deed);
        }
    })
}
