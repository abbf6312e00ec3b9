//! Requests on a socket that wait for others there, and what is sent of them when: nobody is late before its turn, and
//! nothing is paid that was never sent.

use call::{Instant, RequestId, Stage};
use providers::{Deeds, Runner};

use super::work::{did, said};
use super::{Line, Works};

impl Works {
    /// What was heard until the handshake was through is sent now.
    pub(super) fn sound_leaves(&mut self, (stage, runner): Line) {
        if stage != Stage::Listen || self.is_billed_by_time((stage, runner)) {
            return;
        }
        for work in self.under_way.values_mut() {
            work.sound_leaves(runner);
        }
    }

    /// Who waits for others on the socket, and whose text is sent now.
    pub(super) fn turns(&mut self, now: Instant, runner: Runner, deeds: &Deeds) {
        for id in &deeds.queued {
            if let Some(work) = self.under_way.get_mut(id) {
                work.race.queued(runner);
            }
        }
        for (id, chars) in &deeds.begun {
            if let Some(work) = self.under_way.get_mut(id) {
                work.used(runner, said(*chars));
            } else {
                // It was cancelled, and left all the same.
                let place = self.lineup.speak.get(runner);
                let remark = place.and_then(|place| did(&place.post.who, said(*chars)));
                self.remarks.extend(remark);
            }
        }
        let begun = deeds.begun.iter().map(|(id, _)| *id);
        let next: Vec<RequestId> = deeds.next.iter().copied().chain(begun).collect();
        for id in &next {
            if let Some(work) = self.under_way.get_mut(id) {
                work.race.is_next(runner, now);
            }
        }
        for id in deeds.queued.iter().chain(&next) {
            self.arm(now, *id);
        }
    }
}
