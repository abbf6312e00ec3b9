//! How a call comes into memory: it is opened, or it goes on from its journal.

use std::collections::VecDeque;

use call::{Call, Instant, Order, Record};
use contract::{Numbered, Opening};

use crate::clock::{Clock, epoch_ms};
use crate::line::{ALIVE_MS, Shell};
use crate::lineup::Lineup;
use crate::report::Reports;
use crate::settings::{self, Misconfigured};
use crate::store::Fact;
use crate::talk::Talk;

impl Shell {
    /// Opens the call. The greeting is asked for before anything is written.
    pub(crate) fn begin(&self, opening: Opening) -> Result<(), Misconfigured> {
        let lineup = Lineup::of(&self.env, &opening.bot)?;
        let opened_ms = epoch_ms();
        let mut clock = Clock::new(opened_ms);
        let now = clock.read();
        let config = settings::config(&opening);
        let (call, outputs) = Call::begin(config.clone(), now);
        let mut talk = Talk::new(self, opening, lineup, clock, call);
        if let Some(keep) = &mut talk.keep {
            keep.tape.begun(now, &config);
        }
        let mut echoes = VecDeque::new();
        let records = self.carry_out(&mut talk, now, outputs, &mut echoes);
        self.store.prepare();
        self.store.set(Fact::Opening, &*talk.opening);
        self.store.set(Fact::OpenedMs, &opened_ms);
        self.settle(&mut talk, now, records);
        // What was said before is there at once.
        for input in echoes {
            self.step_at(&mut talk, now, input);
        }
        *self.talk.borrow_mut() = Some(talk);
        self.wake_later(ALIVE_MS);
        Ok(())
    }

    /// Makes sure that the call is in memory; false if there is none. After a crash or an eviction it goes on from its
    /// journal, with the stream that outlived it: whatever the first event is, no other may come to say so.
    pub(crate) fn wake(&self) -> bool {
        if self.talk.borrow().is_some() {
            return true;
        }
        let (Some(opening), Some(opened_ms)) = (
            self.store.fact::<Opening>(Fact::Opening),
            self.store.fact::<u64>(Fact::OpenedMs),
        ) else {
            return false;
        };
        // A deployment may lose a provider in mid-call. The caller is told so, and what was said is delivered, all the same.
        let lineup = Lineup::of(&self.env, &opening.bot);
        let lineup = lineup.unwrap_or_else(|Misconfigured { variable, message }| {
            let call = self.name();
            tracing::error!(
                call,
                variable,
                message,
                "nobody works for the call any more"
            );
            Lineup::nobody()
        });
        let journal = self.store.journal();
        let mut clock = Clock::new(opened_ms);
        let now = clock.read();
        let records: Vec<_> = journal
            .iter()
            .filter_map(|entry| entry.logged.record().cloned())
            .collect();
        let (call, outputs) = Call::resume(records.iter().cloned(), now);
        let mut talk = Talk::new(self, opening, lineup, clock, call);
        if let Some(keep) = talk.keep.as_mut().filter(|_| !talk.call.is_over()) {
            keep.tape.resumed(now, &records);
        }
        let acknowledged = self.store.fact(Fact::Acknowledged).unwrap_or(0);
        let told = self.retell(&mut talk.reports);
        talk.outbox
            .extend(told.into_iter().filter(|told| told.number > acknowledged));
        talk.wrapping = records.iter().any(is_wrap);
        let over = talk.is_over();
        let mut echoes = VecDeque::new();
        let records = self.carry_out(&mut talk, now, outputs, &mut echoes);
        self.settle(&mut talk, now, records);
        // What was said before is there at once.
        for input in echoes {
            self.step_at(&mut talk, now, input);
        }
        tracing::info!(
            call = self.name(),
            lines = journal.len(),
            over,
            "the call goes on from its journal"
        );
        *self.talk.borrow_mut() = Some(talk);
        if !over {
            self.reattach();
        }
        true
    }

    /// Everything that was told of the call so far, with its numbers: the same journal gives the same.
    pub(crate) fn retell(&self, reports: &mut Reports) -> Vec<Numbered> {
        let opened_ms: u64 = self.store.fact(Fact::OpenedMs).unwrap_or(0);
        let mut told = Vec::new();
        for entry in self.store.journal() {
            let at = Instant::from_ms(entry.at_ms.saturating_sub(opened_ms));
            told.extend(reports.note(&entry.logged, entry.at_ms, at));
        }
        for last in self.epilogue() {
            told.push(reports.number(last.record, last.at_ms));
        }
        told
    }
}

/// Whether the call was told that it reached a cap.
fn is_wrap(record: &Record) -> bool {
    matches!(
        record,
        Record::Ordered {
            order: Order::Wrap { .. },
            ..
        }
    )
}
