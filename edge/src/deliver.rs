//! What the functions and the bucket get: records during the call, recording and tape after it. Whatever cannot be
//! delivered is tried again, by alarm if need be, for days.

use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::time::Duration;

use call::Instant;
use contract::{Accepted, Batch, Numbered, Opening, SEAL_HEADER, Seal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Delay, Error, Response, Result, Url};

use crate::clock::{epoch_ms, epoch_s};
use crate::line::{ALIVE_MS, Shell};
use crate::settings;
use crate::store::Fact;
use crate::talk::Talk;
use crate::web::{bytes, detach, send, timeout};

/// Records that come within this time go together.
const TOGETHER: Duration = Duration::from_millis(200);
/// Records in one batch.
const BATCH_MAX: usize = 50;
/// How long the functions may take.
const FUNCTIONS_MAX: Duration = Duration::from_secs(15);
/// First and longest wait before another try, in milliseconds; during the call, and after it.
const WAIT_MS: (u64, u64) = (1_000, 30_000);
const WAIT_AFTER_MS: (u64, u64) = (5_000, 3_600_000);
/// The last try. What the functions did not take in a week they will not take.
const GIVE_UP_MS: u64 = 7 * 24 * 3_600_000;
/// The call is remembered so long after all is delivered: webhooks may still ask for it.
const REMEMBER_MS: u64 = 24 * 3_600_000;

/// Records that the functions have not accepted yet.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pending: VecDeque<Numbered>,
    /// Somebody is about to send them.
    busy: bool,
}

impl Outbox {
    /// Adds records, in order.
    pub(crate) fn extend(&mut self, records: impl IntoIterator<Item = Numbered>) {
        self.pending.extend(records);
    }
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

    /// Sees that new records are sent soon.
    pub(crate) fn report_soon(&self, talk: &mut Talk) {
        if talk.outbox.busy || talk.outbox.pending.is_empty() || talk.is_over() {
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

    /// The call is over: lets go of everything, and delivers.
    pub(crate) fn end(&self, talk: &mut Talk, now: Instant) {
        talk.detach(now, "the call is over");
        talk.works.cancel_all();
        talk.keep = None;
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
        if !self.wake(true) {
            if self.store.fact::<u64>(Fact::OpenedMs).is_none() {
                self.forget().await;
            } else {
                self.store.wake_after(WAIT_AFTER_MS.1).await;
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
        self.store_files().await?;
        self.send_records().await
    }

    /// Sends all records there are, batch by batch. A batch that the functions know already changes nothing.
    async fn send_records(&self) -> Result<()> {
        while let Some(batch) = self.next_batch() {
            let opening = self.opening()?;
            let accepted: Accepted = self.call_functions(&opening.records_url, &batch).await?;
            let last = batch.records.last().map_or(0, |record| record.number);
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
        let talk = self.talk.borrow();
        let talk = talk
            .as_ref()
            .filter(|talk| !talk.outbox.pending.is_empty())?;
        Some(Batch {
            call: talk.opening.call,
            account: talk.opening.account,
            tenant: talk.opening.bot.tenant.clone(),
            bot: talk.opening.bot.id.clone(),
            bot_version: talk.opening.bot.version,
            records: talk
                .outbox
                .pending
                .iter()
                .take(BATCH_MAX)
                .cloned()
                .collect(),
            usage: talk.reports.usage().clone(),
        })
    }

    /// Asks the functions for something, sealed.
    pub(crate) async fn call_functions<T: DeserializeOwned>(
        &self,
        url: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        let secret =
            settings::secret(&self.env).map_err(|wrong| Error::RustError(wrong.message))?;
        let body = serde_json::to_vec(body)?;
        let path = Url::parse(url)?.path().to_owned();
        let seal = Seal::new(&secret, epoch_s(), "POST", &path, &body);
        let headers = [
            ("content-type", "application/json"),
            (SEAL_HEADER, seal.as_str()),
        ];
        let sent = send("POST", url, headers, &bytes(&body))?;
        timeout(FUNCTIONS_MAX, async {
            let (mut response, guard) = sent.response().await?;
            let text = response.text().await?;
            drop(guard);
            succeeded(&response, &path)?;
            Ok(serde_json::from_str(&text)?)
        })
        .await
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

    fn is_over(&self) -> bool {
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

/// # Errors
///
/// Any other status than a 2xx.
pub(crate) fn succeeded(response: &Response, what: &str) -> Result<()> {
    match response.status_code() {
        200..300 => Ok(()),
        status => Err(Error::RustError(format!("{what}: status {status}"))),
    }
}
