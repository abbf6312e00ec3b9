//! After the call: the last records, a summary, recording and tape. Whatever cannot be delivered is tried again, by alarm,
//! for days.

use std::rc::{Rc, Weak};

use call::Instant;
use contract::{Opening, Record};
use serde::{Deserialize, Serialize};
use worker::{Error, Result};

use crate::clock::epoch_ms;
use crate::line::{ALIVE_MS, Shell};
use crate::store::Fact;
use crate::talk::Talk;
use crate::web::detach;

/// First and longest wait before another try, in milliseconds.
const WAIT_AFTER_MS: (u64, u64) = (5_000, 3_600_000);
/// The last try. What the functions did not take in a week they will not take.
const GIVE_UP_MS: u64 = 7 * 24 * 3_600_000;
/// The call is remembered so long after all is delivered: webhooks may still ask for it.
const REMEMBER_MS: u64 = 24 * 3_600_000;

/// A record of the shell's own, which comes after the call's last.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Epilogue {
    /// Milliseconds since the Unix epoch.
    pub(crate) at_ms: u64,
    /// What is told.
    pub(crate) record: Record,
}

impl Shell {
    /// Asks to be woken later, even if the object is gone until then.
    pub(crate) fn wake_later(&self, ms: u64) {
        let me = Weak::clone(&self.me);
        detach("alarm", async move {
            if let Some(shell) = me.upgrade() {
                shell.store.wake_after(ms).await;
            }
        });
    }

    /// The call is over: lets go of everything, and delivers.
    pub(crate) fn end(&self, talk: &mut Talk, now: Instant) {
        talk.detach(now, "the call is over");
        talk.works.cancel_all(now);
        talk.keep = None;
        talk.live.end();
        if self.store.fact::<u64>(Fact::OverMs).is_some() {
            return;
        }
        self.store.set(Fact::OverMs, &epoch_ms());
        let passed_over = talk.ear.passed_over();
        let junk = if passed_over.is_empty() {
            String::new()
        } else {
            passed_over.to_string()
        };
        tracing::info!(call = %talk.opening.call, duration_ms = now.as_ms(), passed_over = junk, "the call is over");
        // The alarm takes over if this object does not live to see it through.
        self.wake_later(WAIT_AFTER_MS.0 * 2);
        let me = Weak::clone(&self.me);
        detach("delivery", async move {
            if let Some(shell) = me.upgrade() {
                shell.deliver().await;
            }
        });
    }

    /// The alarm: whatever was left undone.
    pub(crate) async fn alarm(self: &Rc<Self>) {
        if !self.wake() {
            // A later deployment may read what this one cannot; but not for ever.
            match self.store.fact::<u64>(Fact::OpenedMs) {
                Some(opened_ms) if epoch_ms() < opened_ms.saturating_add(GIVE_UP_MS) => {
                    self.store.wake_after(WAIT_AFTER_MS.1).await;
                }
                Some(_) | None => self.forget().await,
            }
        } else if self.is_over() {
            self.deliver().await;
        } else {
            self.store.wake_after(ALIVE_MS).await;
        }
    }

    /// After the call: sends what is left, puts the sound into the bucket, and tries again later if that fails.
    async fn deliver(self: &Rc<Self>) {
        if self.delivering.replace(true) {
            // An upload may take longer than the alarm waits.
            self.store.wake_after(WAIT_AFTER_MS.0 * 2).await;
            return;
        }
        // Also if this is dropped half way.
        let _done = Deferred(|| self.delivering.set(false));
        let over_ms = self.store.fact(Fact::OverMs).unwrap_or_else(epoch_ms);
        if self.store.fact::<bool>(Fact::Delivered).is_some() {
            if epoch_ms() >= over_ms.saturating_add(REMEMBER_MS) {
                self.forget().await;
            } else {
                self.store.wake_after(REMEMBER_MS).await;
            }
            return;
        }
        match self.deliver_all().await {
            Ok(()) => {
                self.store.set(Fact::Delivered, &true);
                self.store.drop_sound();
                self.store.wake_after(REMEMBER_MS).await;
                tracing::info!(call = self.name(), "all of the call is delivered");
            }
            Err(error) if epoch_ms() >= over_ms.saturating_add(GIVE_UP_MS) => {
                tracing::error!(call = self.name(), %error, "given up: the call's records or sound are lost");
                // Perhaps it is only the bucket that takes nothing.
                self.file();
                let _ = self.send_records().await;
                self.forget().await;
            }
            Err(error) => {
                let tries = self.store.fact::<u32>(Fact::Tries).unwrap_or(0);
                let wait_ms = WAIT_AFTER_MS
                    .0
                    .saturating_mul(1 << tries.min(16))
                    .min(WAIT_AFTER_MS.1);
                tracing::warn!(call = self.name(), %error, tries, wait_ms, "delivery failed and will be tried again");
                self.store.set(Fact::Tries, &(tries + 1));
                self.store.wake_after(wait_ms).await;
            }
        }
    }

    async fn deliver_all(self: &Rc<Self>) -> Result<()> {
        self.send_records().await?;
        self.sum_up().await;
        self.store_files().await?;
        self.file();
        self.send_records().await
    }

    /// Nothing more will come.
    fn file(&self) {
        let told = self.epilogue();
        if told.iter().all(|told| told.record != Record::Filed) {
            self.add(Record::Filed);
        }
    }

    /// What was told after the call's last record.
    pub(crate) fn epilogue(&self) -> Vec<Epilogue> {
        self.store.fact(Fact::Epilogue).unwrap_or_default()
    }

    /// Tells something of the shell's own, after the call's last record.
    pub(crate) fn add(&self, record: Record) {
        let at_ms = epoch_ms();
        let mut told = self.epilogue();
        told.push(Epilogue {
            at_ms,
            record: record.clone(),
        });
        self.store.set(Fact::Epilogue, &told);
        self.with(|talk| {
            let report = talk.reports.number(record, at_ms);
            talk.outbox.extend([report]);
        });
    }

    /// Forgets the call.
    async fn forget(&self) {
        self.talk.borrow_mut().take();
        if let Err(error) = self.store.forget().await {
            tracing::error!(call = self.name(), %error, "the call cannot be forgotten");
        }
    }

    pub(crate) fn opening(&self) -> Result<Rc<Opening>> {
        let talk = self.talk.borrow();
        let opening = talk.as_ref().map(|talk| Rc::clone(&talk.opening));
        opening.ok_or_else(|| Error::RustError("there is no call".to_owned()))
    }

    /// Whether the call is over, or there is none.
    pub(crate) fn is_over(&self) -> bool {
        self.talk.borrow().as_ref().is_none_or(Talk::is_over)
    }

    pub(crate) fn with(&self, change: impl FnOnce(&mut Talk)) {
        if let Some(talk) = self.talk.borrow_mut().as_mut() {
            change(talk);
        }
    }
}

/// Does something when it goes away.
struct Deferred<F: Fn()>(F);

impl<F: Fn()> Drop for Deferred<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
