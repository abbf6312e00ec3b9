//! What is known of a call, shared by its task, the REST API and whoever holds the call.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::twilio::rest::CallResource;
use ::twilio::{CallSid, Party};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::event::{Event, What};

/// One call's data.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) sid: CallSid,
    pub(super) from: Party,
    pub(super) to: Party,
    dialled: Instant,
    inner: Mutex<Inner>,
    news: Notify,
    /// Utterances that have not gone out completely.
    unspoken: AtomicU64,
}

#[derive(Debug)]
struct Inner {
    resource: CallResource,
    events: Vec<Event>,
    answered_at: Option<Duration>,
    caller: Vec<u8>,
    bot: Vec<u8>,
    /// What may still lead to events: the task of the call, and callbacks under way.
    busy: usize,
}

impl Record {
    /// Busy once: whoever makes it must call [`Record::done`].
    pub(super) fn new(resource: CallResource) -> Self {
        let unnamed = || Party::Withheld;
        Self {
            sid: resource.sid,
            from: resource.from.clone().unwrap_or_else(unnamed),
            to: resource.to.clone().unwrap_or_else(unnamed),
            dialled: Instant::now(),
            inner: Mutex::new(Inner {
                resource,
                events: Vec::new(),
                answered_at: None,
                caller: Vec::new(),
                bot: Vec::new(),
                busy: 1,
            }),
            news: Notify::new(),
            unspoken: AtomicU64::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn happened(&self, what: What) {
        let at = self.dialled.elapsed();
        tracing::debug!(call = %self.sid, at_ms = at.as_millis(), ?what);
        self.lock().events.push(Event { at, what });
        self.news.notify_waiters();
    }

    pub(super) fn begin(&self) {
        self.lock().busy += 1;
    }

    pub(super) fn done(&self) {
        let mut inner = self.lock();
        inner.busy = inner.busy.saturating_sub(1);
        drop(inner);
        self.news.notify_waiters();
    }

    pub(super) async fn event(&self, index: usize) -> Option<Event> {
        loop {
            let news = self.news.notified();
            {
                let inner = self.lock();
                if let Some(event) = inner.events.get(index) {
                    return Some(event.clone());
                }
                if inner.busy == 0 {
                    return None;
                }
            }
            news.await;
        }
    }

    pub(super) fn log(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    pub(super) fn resource(&self) -> CallResource {
        self.lock().resource.clone()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut CallResource)) {
        change(&mut self.lock().resource);
    }

    pub(super) fn answered(&self) {
        self.lock().answered_at = Some(self.dialled.elapsed());
    }

    pub(super) fn answered_at(&self) -> Option<Duration> {
        self.lock().answered_at
    }

    /// Since the answer; nothing without one.
    pub(super) fn duration(&self) -> Duration {
        let answered = self.answered_at();
        answered.map_or(Duration::ZERO, |at| {
            self.dialled.elapsed().saturating_sub(at)
        })
    }

    pub(super) fn keep(&self, caller: &[u8], bot: &[u8]) {
        let mut inner = self.lock();
        inner.caller.extend_from_slice(caller);
        inner.bot.extend_from_slice(bot);
    }

    pub(super) fn sound(&self) -> (Vec<u8>, Vec<u8>) {
        let inner = self.lock();
        (inner.caller.clone(), inner.bot.clone())
    }

    pub(super) fn heard_from(&self, sample: usize) -> Vec<u8> {
        let inner = self.lock();
        inner.bot.get(sample..).unwrap_or_default().to_vec()
    }

    pub(super) fn utterance_queued(&self) {
        self.unspoken.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn utterance_done(&self) {
        self.unspoken.fetch_sub(1, Ordering::SeqCst);
    }

    pub(super) fn is_speaking(&self) -> bool {
        // What the end of the call cut off is not said any more.
        self.unspoken.load(Ordering::SeqCst) > 0 && !self.lock().resource.status.is_final()
    }
}
