//! What the functions are told while the call runs: records as they come, and what was used so far. Whatever they do not
//! take is sent again.

use std::collections::VecDeque;
use std::rc::Weak;
use std::time::Duration;

use call::Instant;
use contract::{Accepted, Batch, Numbered, Record, Speaker, Usage};
use worker::{Delay, Error, Result};

use crate::functions;
use crate::line::Shell;
use crate::store::Fact;
use crate::talk::Talk;
use crate::web::detach;

/// Records that come within this time go together.
const TOGETHER: Duration = Duration::from_millis(200);
/// Records in one batch.
const BATCH_MAX: usize = 50;
/// What was used is told at least this often, also without records. It is looked at every ten seconds.
const USAGE_EVERY: Duration = Duration::from_secs(20);
/// First and longest wait before another try, in milliseconds.
const WAIT_MS: (u64, u64) = (1_000, 30_000);

/// Records that the functions have not accepted yet.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pending: VecDeque<Numbered>,
    /// Somebody is about to send them.
    busy: bool,
    /// When the functions were last told what was used.
    told: Instant,
    /// They are to be told, though there may be no record.
    is_due: bool,
}

impl Outbox {
    /// Adds records, in order.
    pub(crate) fn extend(&mut self, records: impl IntoIterator<Item = Numbered>) {
        self.pending.extend(records);
    }

    fn is_empty(&self) -> bool {
        self.pending.is_empty() && !self.is_due
    }
}

impl Shell {
    /// Sees that what was used is told, if that was not done for a while.
    pub(crate) fn tell_usage(&self, talk: &mut Talk, now: Instant) {
        if now.since(talk.outbox.told) >= USAGE_EVERY {
            talk.outbox.is_due = true;
            self.report_soon(talk);
        }
    }

    /// Sees that new records are sent soon.
    pub(crate) fn report_soon(&self, talk: &mut Talk) {
        if talk.outbox.busy || talk.outbox.is_empty() || talk.is_over() {
            return;
        }
        talk.outbox.busy = true;
        let me = Weak::clone(&self.me);
        detach("records", async move {
            Delay::from(TOGETHER).await;
            let mut wait_ms = WAIT_MS.0;
            while let Some(shell) = me.upgrade() {
                match shell.send_records().await {
                    Ok(()) => break,
                    Err(error) => {
                        tracing::warn!(call = shell.name(), %error, wait_ms, "the functions do not take records");
                    }
                }
                // After the call its end takes care of what is left.
                if shell.is_over() {
                    break;
                }
                drop(shell);
                Delay::from(Duration::from_millis(wait_ms)).await;
                wait_ms = (wait_ms * 2).min(WAIT_MS.1);
            }
            if let Some(shell) = me.upgrade() {
                shell.with(|talk| talk.outbox.busy = false);
                // What came while the last answer was under way.
                shell.with(|talk| shell.report_soon(talk));
            }
        });
    }

    /// Sends all records there are, batch by batch. A batch that the functions know already changes nothing.
    pub(crate) async fn send_records(&self) -> Result<()> {
        while let Some(batch) = self.next_batch() {
            let opening = self.opening()?;
            let accepted: Accepted =
                functions::ask(&self.env, &opening.records_url, &batch).await?;
            if accepted.wrap && !self.is_over() {
                self.wrap_up();
            }
            let Some(last) = batch.records.last().map(|record| record.number) else {
                continue;
            };
            if accepted.through < last {
                return Err(Error::RustError(format!(
                    "record {last} was sent, but only {} is stored",
                    accepted.through
                )));
            }
            self.store.set(Fact::Acknowledged, &last);
            self.with(|talk| talk.outbox.pending.retain(|record| record.number > last));
        }
        Ok(())
    }

    fn next_batch(&self) -> Option<Batch> {
        let mut talk = self.talk.borrow_mut();
        let talk = talk.as_mut().filter(|talk| !talk.outbox.is_empty())?;
        let now = talk.clock.read();
        talk.outbox.told = now;
        talk.outbox.is_due = false;
        let records = talk.outbox.pending.iter().take(BATCH_MAX).cloned();
        Some(Batch {
            call: talk.opening.call,
            account: talk.opening.account,
            tenant: talk.opening.bot.tenant.clone(),
            bot: talk.opening.bot.id.clone(),
            bot_version: talk.opening.bot.version,
            records: records.collect(),
            turns: turns(talk),
            usage: used(talk, now),
        })
    }
}

/// How often the caller had a turn before what has to wait for another batch.
fn turns(talk: &Talk) -> u32 {
    let waiting = talk.outbox.pending.iter().skip(BATCH_MAX);
    let waiting = waiting.filter(
        |waiting| matches!(&waiting.record, Record::Turn(turn) if turn.speaker == Speaker::Caller),
    );
    let waiting = u32::try_from(waiting.count()).unwrap_or(u32::MAX);
    talk.reports.turns().saturating_sub(waiting)
}

/// What was used so far, with the time of the stream that is still open.
fn used(talk: &Talk, now: Instant) -> Usage {
    let mut usage = talk.reports.usage().clone();
    // Not since the carrier opened it: a stream that outlived a crash is counted up to there already.
    if let Some(opened) = talk.reports.open().filter(|_| talk.mouth.is_some()) {
        let line = u64::try_from(now.since(opened).as_millis()).unwrap_or(u64::MAX);
        usage.line_ms += line;
        if !talk.opening.call.is_web() {
            usage.carrier_ms += line;
        }
    }
    usage
}
