//! What came back, and what follows from it: for the call, for those who were asked too, and for whoever asks next.

use call::{Failure, Instant, Reply, RequestId, Spent, Stage};
use providers::{Complaint, Runner, Told, Who};

use super::work::{self, Running};
use super::{BREAKERS, Works};
use crate::clock::epoch_ms;
use crate::report::failure_name;
use crate::store::Remark;

impl Works {
    /// One of those who were asked said something; if it failed, with the reason if one was told.
    pub(crate) fn heard(
        &mut self,
        now: Instant,
        id: RequestId,
        runner: Runner,
        reply: Reply,
        complaint: Option<&Complaint>,
    ) {
        let Some(work) = self.under_way.get_mut(&id) else {
            return;
        };
        let stage = work.stage();
        work.says(runner, &reply, complaint);
        // A transcript's end is not the end of listening, which goes on until it is cancelled.
        if stage == Stage::Listen && matches!(reply, Reply::Done(_)) {
            return;
        }
        if let Reply::Failed(failure) = &reply {
            let who = work.who(runner).cloned();
            let had_begun = work.begun() == Some(runner);
            work.stop(runner);
            if let Some(who) = who {
                self.failed(&who, *failure, complaint, had_begun);
            }
        }
        let Some(work) = self.under_way.get_mut(&id) else {
            return;
        };
        let verdict = work.race.heard(runner, reply, now);
        if work.begun() == Some(runner) {
            work.heard = now;
        }
        if let Some(Reply::Done(_) | Reply::Transcript { .. }) = &verdict.pass
            && let Some(who) = work.who(runner)
        {
            BREAKERS.with_borrow_mut(|all| self.breakers.answered(all, who));
        }
        let mut late = Vec::new();
        if let Some(winner) = verdict.won {
            late.extend(
                verdict
                    .late
                    .iter()
                    .filter_map(|late| work.who(*late).cloned()),
            );
            if std::mem::take(&mut work.hedged)
                && let Some(who) = work.who(winner)
            {
                let others: Vec<&str> = late.iter().map(|who| who.provider.as_str()).collect();
                let detail = work::outcome(who, &others);
                self.remarks.push(Remark::event("hedged", detail));
            }
        }
        let mut to_cancel = Vec::new();
        for loser in &verdict.cancel {
            if matches!(work.stop(*loser), Some(Running::OnSocket)) {
                to_cancel.push(*loser);
            }
        }
        if work.race.is_over() && work.stop_sockets() {
            self.remove(id);
        }
        for loser in to_cancel {
            self.tell(now, (stage, loser), Told::Cancel(id));
        }
        for who in late {
            self.failed(&who, Failure::Late, None, false);
        }
        if let Some(next) = verdict.start {
            self.start(now, id, next);
        }
        if let Some(reply) = verdict.pass {
            self.pass(now, id, runner, reply);
        }
    }

    /// What one of them has told of the cost so far.
    pub(super) fn told(&mut self, id: RequestId, runner: Runner, spent: Spent) {
        if let Some(work) = self.under_way.get_mut(&id) {
            work.told(runner, spent);
        }
    }

    /// A response was read to its end. (What comes after the last reply is read too, so that the connection can be used
    /// again.)
    pub(crate) fn finished(&mut self, id: RequestId, runner: Runner) {
        let Some(work) = self.under_way.get_mut(&id) else {
            return;
        };
        if matches!(work.runner(runner), Some(Running::Fetching(_))) {
            work.stop(runner);
        }
        if work.race.is_over() && work.is_idle() {
            self.remove(id);
        }
    }

    /// One failed, in the middle of an answer or before it: it may be left alone from now on.
    pub(super) fn failed(
        &mut self,
        who: &Who,
        failure: Failure,
        complaint: Option<&Complaint>,
        had_begun: bool,
    ) {
        let name = work::name(who);
        let detail = format!("{name}: {}", failure_name(failure));
        self.remarks.push(Remark::event("provider_failed", detail));
        let failed = (failure, complaint);
        let now_ms = epoch_ms();
        let mut pause =
            BREAKERS.with_borrow_mut(|all| self.breakers.failed(all, who, failed, now_ms));
        if had_begun {
            pause = pause.max(self.breakers.broke_off(who, now_ms));
        }
        if let Some(pause) = pause {
            let detail = format!("{name}: for {} s", pause.as_secs());
            self.remarks.push(Remark::event("provider_rested", detail));
        }
    }
}
