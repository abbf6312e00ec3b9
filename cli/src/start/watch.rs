//! Whether a call would be answered: asked when a number has been pointed here, and as long as its tunnel is open.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{Place, Session};
use crate::out::Paint;
use crate::webhook::{self, Health};

/// How long Callbox is waited for behind a new address: names of quick tunnels take a while to be known.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// How often an open tunnel is looked at.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How often nobody answers, in a row, through one that carries no more.
const SILENT_MAX: u32 = 3;

impl Session<'_> {
    /// Tells whether a call would be answered.
    pub(super) async fn announce(&self, place: &Place) {
        let out = self.out;
        let health = self.patiently(&place.voice).await;
        let next = health.next(&place.voice);
        if let Some(next) = &next {
            out.warn(&format!("{}: {}", place.voice, health.words()));
            for step in next.lines() {
                out.progress(&format!("  {step}"));
            }
        } else {
            out.line(&format!(
                "{} {}",
                out.paint(Paint::Good, "✓"),
                health.words()
            ));
            let number = &self.number.phone_number;
            out.progress(&format!("  which bot answers {number}, the bot's file says: numbers = […], callbox bot apply"));
        }
        out.json(&json!({
            "event": "webhook", "well": next.is_none(), "says": health.words(), "next": next,
        }));
    }

    /// A tunnel that was opened again may have another name. Whoever answers calls was told the old one, and sends streams
    /// there.
    pub(super) fn tell_moved(&self, base: &str) {
        let next = format!("make dev PUBLIC={base}");
        self.out.warn(&format!(
            "the address is a new one: end `make dev`, and start it again with the new one, or no call can be heard\n  {next}"
        ));
        self.out
            .json(&json!({ "event": "moved", "url": base, "next": next }));
    }

    /// A new address may take a while to be known everywhere.
    async fn patiently(&self, url: &str) -> Health {
        let deadline = Instant::now() + ANSWER_MAX;
        loop {
            let health = match crate::http::client() {
                Ok(client) => webhook::lets_in(&client, url, self.carrier.token()).await,
                Err(failure) => Health::Silent(failure.message),
            };
            let may_come = matches!(health, Health::Silent(_)) && self.arguments.url.is_none();
            if !may_come || Instant::now() >= deadline {
                return health;
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// Waits until the tunnel carries no more, though its program may run on.
    pub(super) async fn fades(&self, place: &Place) {
        let look = || look(&place.voice);
        let is_online = async || {
            let number = self.carrier.number(Some(&self.number.phone_number)).await;
            number.is_ok()
        };
        fades(LOOK_EVERY, look, is_online).await;
        self.out.warn(&format!(
            "nobody answers at {} any more, though its tunnel seems open",
            place.voice
        ));
    }
}

async fn look(url: &str) -> Health {
    match crate::http::client() {
        Ok(client) => webhook::health(&client, url).await,
        Err(failure) => Health::Silent(failure.message),
    }
}

/// Ends when somebody who answered is silent for too long. Who never did may be there for Twilio all the same, behind a name
/// that is not known here. And as long as Twilio is not reached either it is our own line that is down: the tunnel may come
/// back with it, and another would help nobody.
async fn fades(every: Duration, look: impl AsyncFn() -> Health, is_online: impl AsyncFn() -> bool) {
    let (mut has_answered, mut silent) = (false, 0);
    loop {
        sleep(every).await;
        if matches!(look().await, Health::Silent(_)) {
            silent += 1;
        } else {
            (has_answered, silent) = (true, 0);
        }
        if has_answered && silent >= SILENT_MAX && is_online().await {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::VecDeque;

    use tokio::sync::Notify;

    use super::*;

    /// How often one who answers so is looked at until it is given up; none if never.
    async fn looks(answers: &[bool], offline: usize) -> Option<usize> {
        let (looks, left, seen) = (Cell::new(0), Cell::new(offline), Notify::new());
        let answers: Cell<VecDeque<bool>> = Cell::new(answers.iter().copied().collect());
        let look = async || {
            looks.set(looks.get() + 1);
            let mut rest = answers.take();
            let next = rest.pop_front();
            answers.set(rest);
            match next {
                Some(true) => Health::Odd("it answers 502".to_owned()),
                Some(false) => Health::Silent("nobody".to_owned()),
                None => {
                    seen.notify_one();
                    std::future::pending().await
                }
            }
        };
        let is_online = async || {
            left.set(left.get().saturating_sub(1));
            left.get() == 0
        };
        tokio::select! {
            () = fades(Duration::ZERO, look, is_online) => Some(looks.get()),
            () = seen.notified() => None,
        }
    }

    #[tokio::test]
    async fn a_tunnel_that_carried_and_is_silent_three_times_in_a_row_is_given_up() {
        assert_eq!(looks(&[true, false, false, false], 0).await, Some(4));
        let recovers = [true, false, false, true, false, false, true];
        assert_eq!(looks(&recovers, 0).await, None);
        assert_eq!(looks(&[false; 9], 0).await, None);
    }

    #[tokio::test]
    async fn while_our_own_line_is_down_no_tunnel_is_given_up() {
        let silent = [true, false, false, false, false, false];
        assert_eq!(looks(&silent, 3).await, Some(6));
        assert_eq!(looks(&silent, 9).await, None);
    }
}
