//! Carries the status callbacks of one call: beside the call, and in the weather that the tests ask for.

use std::sync::Arc;
use std::time::Duration;

use ::twilio::Form;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::carrier::Shared;
use super::client::{Answer, Fault};
use super::event::{Webhook, What};
use super::options::{Delivery, Order};
use super::record::Record;
use super::sid::Mint;

pub(super) struct Courier {
    shared: Arc<Shared>,
    record: Arc<Record>,
    mint: Mint,
    /// Those that keep their order, to a task of their own.
    in_order: UnboundedSender<Letter>,
    /// Those that wait for the end of the call.
    held: Vec<Letter>,
}

struct Letter {
    webhook: Webhook,
    url: String,
    form: Form,
    idempotency: String,
    /// One for each copy.
    delays: Vec<Duration>,
}

impl Courier {
    pub(super) fn new(shared: Arc<Shared>, record: Arc<Record>, mint: Mint) -> Self {
        let (in_order, letters) = unbounded_channel();
        tokio::spawn(walk(Arc::clone(&shared), Arc::clone(&record), letters));
        Self {
            shared,
            record,
            mint,
            in_order,
            held: Vec::new(),
        }
    }

    /// Sends a callback, now or when it suits; never waits.
    pub(super) fn post(&mut self, webhook: Webhook, url: &str, form: Form) {
        let letter = self.letter(webhook, url, form);
        match self.shared.behaviour().delivery.order {
            Order::AsHappened => self.walk(letter),
            Order::Shuffled => self.fly(letter),
            Order::Reversed => self.held.push(letter),
        }
    }

    /// Sends a callback about something that happens after a while, beside all others.
    pub(super) fn post_after(&self, wait: Duration, webhook: Webhook, url: &str, form: Form) {
        let mut letter = self.letter(webhook, url, form);
        if let Some(first) = letter.delays.first_mut() {
            *first += wait;
        }
        self.fly(letter);
    }

    fn letter(&self, webhook: Webhook, url: &str, form: Form) -> Letter {
        let delivery = self.shared.behaviour().delivery;
        self.record.begin();
        Letter {
            webhook,
            url: url.to_owned(),
            form,
            idempotency: self.mint.text(""),
            delays: self.delays(delivery),
        }
    }

    /// The call is over.
    pub(super) fn finish(mut self) {
        let held = std::mem::take(&mut self.held);
        for letter in held.into_iter().rev() {
            self.walk(letter);
        }
    }

    fn fly(&self, letter: Letter) {
        let (shared, record) = (Arc::clone(&self.shared), Arc::clone(&self.record));
        tokio::spawn(async move {
            deliver(&shared, &record, letter).await;
            record.done();
        });
    }

    fn walk(&self, letter: Letter) {
        if self.in_order.send(letter).is_err() {
            self.record.done();
        }
    }

    fn delays(&self, delivery: Delivery) -> Vec<Duration> {
        let delay = || {
            let ms = self.mint.draw() % delivery.delay_ms_max.saturating_add(1);
            Duration::from_millis(ms)
        };
        let twice = self.mint.draw() % 100 < u64::from(delivery.duplicate_percent);
        let copies = if twice { 2 } else { 1 };
        std::iter::repeat_with(delay).take(copies).collect()
    }
}

async fn walk(shared: Arc<Shared>, record: Arc<Record>, mut letters: UnboundedReceiver<Letter>) {
    while let Some(letter) = letters.recv().await {
        deliver(&shared, &record, letter).await;
        record.done();
    }
}

async fn deliver(shared: &Shared, record: &Record, letter: Letter) {
    let Letter {
        webhook,
        url,
        form,
        idempotency,
        delays,
    } = letter;
    for delay in delays {
        tokio::time::sleep(delay).await;
        let answer = ask(shared, record, webhook, &url, &form, &idempotency).await;
        let failed = match answer {
            Ok(answer) if (200..300).contains(&answer.status) => continue,
            Ok(answer) => Fault::new(11200, format!("{webhook:?}: {} of {url}", answer.status)),
            Err(fault) => fault,
        };
        // Callbacks are lost, not repeated; the debugger knows.
        record.happened(What::Warning {
            code: failed.code,
            text: failed.text,
        });
    }
}

/// Posts a form and writes both ends of it down.
pub(super) async fn ask(
    shared: &Shared,
    record: &Record,
    webhook: Webhook,
    url: &str,
    form: &Form,
    idempotency: &str,
) -> Result<Answer, Fault> {
    let sent = tokio::time::Instant::now();
    let url = url.to_owned();
    record.happened(What::WebhookSent {
        webhook,
        url: url.clone(),
    });
    let outcome = if webhook == Webhook::Sound {
        shared.client.get(&url, idempotency).await
    } else {
        shared.client.post(&url, form, idempotency).await
    };
    record.happened(What::WebhookAnswered {
        webhook,
        took: sent.elapsed(),
        status: outcome.as_ref().ok().map(|answer| answer.status),
    });
    outcome
}
