//! What the caller knows of the bot: whether it is to be heard, since when, and when it fell silent.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Stuck;
use crate::twilio::{Event, Events, What};

/// Why waiting ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Gone {
    /// Nothing came in time.
    TooLong,
    /// The call is over.
    HungUp,
}

impl Gone {
    pub(super) fn before(self, next: &str, waited: Duration, what: &'static str) -> Stuck {
        match self {
            Self::TooLong => Stuck::TooLong(waited, what, next.to_owned()),
            Self::HungUp => Stuck::HungUp(next.to_owned()),
        }
    }
}

pub(super) struct Ear {
    events: Events,
    playing: bool,
    /// Whether the bot has spoken since the caller did.
    spoke: bool,
    /// When the bot fell silent.
    silent_since: Instant,
    /// When the caller stopped speaking, until the answer is heard.
    waiting_since: Option<Duration>,
    answer_ms: Option<f64>,
    cleared: Option<Duration>,
    over: bool,
}

impl Ear {
    pub(super) fn new(events: Events) -> Self {
        Self {
            events,
            playing: false,
            spoke: false,
            silent_since: Instant::now(),
            waiting_since: None,
            answer_ms: None,
            cleared: None,
            over: false,
        }
    }

    /// Waits for the next event, until `deadline` at most.
    async fn next(&mut self, deadline: Instant) -> Result<Event, Gone> {
        if self.over {
            return Err(Gone::HungUp);
        }
        match timeout_at(deadline, self.events.next()).await {
            Err(_) => Err(Gone::TooLong),
            Ok(None) => {
                self.over = true;
                Err(Gone::HungUp)
            }
            Ok(Some(event)) => {
                self.take(&event);
                if self.over {
                    Err(Gone::HungUp)
                } else {
                    Ok(event)
                }
            }
        }
    }

    fn take(&mut self, event: &Event) {
        match &event.what {
            What::BotAudioStarted | What::Said { .. } => {
                self.playing = true;
                self.spoke = true;
                if let Some(since) = self.waiting_since.take() {
                    self.answer_ms = Some(event.at.saturating_sub(since).as_secs_f64() * 1000.0);
                }
            }
            What::Clear { .. } => {
                self.silent();
                self.cleared.get_or_insert(event.at);
            }
            What::BotSilent | What::StreamClosed { .. } => self.silent(),
            What::Ended { .. } => self.over = true,
            _ => (),
        }
    }

    fn silent(&mut self) {
        self.playing = false;
        self.silent_since = Instant::now();
    }

    /// Waits for an event; answers when it was, since the call was dialled.
    pub(super) async fn until(
        &mut self,
        limit: Duration,
        wanted: impl Fn(&What) -> bool,
    ) -> Result<Duration, Gone> {
        let deadline = Instant::now() + limit;
        loop {
            let event = self.next(deadline).await?;
            if wanted(&event.what) {
                return Ok(event.at);
            }
        }
    }

    /// Waits until the bot has spoken since the caller did, and has been silent for `gap`.
    pub(super) async fn until_free(&mut self, gap: Duration, limit: Duration) -> Result<(), Gone> {
        let deadline = Instant::now() + limit;
        loop {
            let is_done = self.spoke && !self.playing;
            let free = self.silent_since + gap;
            if is_done && Instant::now() >= free {
                return Ok(());
            }
            let wake = if is_done {
                free.min(deadline)
            } else {
                deadline
            };
            match self.next(wake).await {
                Ok(_) => (),
                Err(Gone::TooLong) if Instant::now() < deadline => (),
                Err(gone) => return Err(gone),
            }
        }
    }

    /// Waits until the bot is to be heard.
    pub(super) async fn until_playing(&mut self, limit: Duration) -> Result<(), Gone> {
        let deadline = Instant::now() + limit;
        while !self.playing {
            self.next(deadline).await?;
        }
        Ok(())
    }

    /// Lets time pass.
    pub(super) async fn pass(&mut self, length: Duration) {
        let deadline = Instant::now() + length;
        while self.next(deadline).await.is_ok() {}
    }

    /// The caller has done something that wants an answer.
    pub(super) fn expect_answer(&mut self) {
        self.spoke = false;
    }

    /// The same, with the moment from which the wait counts. What the bot says meanwhile, before the caller was done, is none.
    pub(super) fn expect_answer_since(&mut self, ended: Duration) {
        self.spoke = false;
        self.answer_ms = None;
        self.waiting_since = Some(ended);
    }

    /// How long the answer took, if it was heard.
    pub(super) fn take_answer_ms(&mut self) -> Option<f64> {
        self.answer_ms.take()
    }

    pub(super) fn forget_clear(&mut self) {
        self.cleared = None;
    }

    /// How long after `started` the bot stopped, in milliseconds.
    pub(super) fn cleared_since(&self, started: Duration) -> Option<f64> {
        self.cleared
            .map(|at| at.saturating_sub(started).as_secs_f64() * 1000.0)
    }
}
