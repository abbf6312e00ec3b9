//! Looking on: at logs, at counts, at what a call has come to.

use std::time::Duration;

use contract::Speaker;
use local::demo::Shown;
use local::speech::Stage;
use local::twilio::{Call, Event, What};

use crate::{World, ear};

/// No single thing takes longer, on however busy a machine.
pub const LIMIT: Duration = Duration::from_mins(1);

impl World {
    /// What the edge has printed.
    #[must_use]
    pub fn edge_log(&self) -> String {
        self.log_of("edge")
    }

    /// What a part has printed: `edge`, or a function.
    #[must_use]
    pub fn log_of(&self, part: &str) -> String {
        std::fs::read_to_string(self.folder().join("logs").join(format!("{part}.log")))
            .unwrap_or_default()
    }

    /// Waits until the edge has printed a line with all of these.
    ///
    /// # Panics
    ///
    /// It did not.
    pub async fn logged(&self, parts: &[&str]) {
        self.logs("edge", parts).await;
    }

    /// Waits until a part has printed a line with all of these.
    ///
    /// # Panics
    ///
    /// It did not.
    pub async fn logs(&self, who: &str, parts: &[&str]) {
        let is_there = || {
            self.log_of(who)
                .lines()
                .any(|line| parts.iter().all(|part| line.contains(part)))
        };
        let deadline = tokio::time::Instant::now() + LIMIT;
        while !is_there() {
            let is_late = tokio::time::Instant::now() >= deadline;
            assert!(
                !is_late,
                "no line with {parts:?} in the log of {who}:\n{}",
                self.log_of(who)
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// How many requests each provider had of the edge.
    #[must_use]
    pub fn requests(&self) -> [u64; 3] {
        let [listen, think, speak] = [Stage::Listen, Stage::Think, Stage::Speak]
            .map(|stage| self.speech.desk().count(stage).requests);
        [listen.saturating_sub(ear::OWN), think, speak]
    }

    /// Waits until the API shows a call as wanted. One that has too much to do for a moment is asked again, as whoever polls
    /// would ask it.
    ///
    /// # Panics
    ///
    /// It did not.
    pub async fn shown(&self, call: &Call, what: &str, wanted: impl Fn(&Shown) -> bool) -> Shown {
        self.shown_within(LIMIT, call, what, wanted).await
    }

    /// The same for what takes longer.
    ///
    /// # Panics
    ///
    /// It did not.
    pub async fn shown_within(
        &self,
        limit: Duration,
        call: &Call,
        what: &str,
        wanted: impl Fn(&Shown) -> bool,
    ) -> Shown {
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            let last = match self.api.call(&call.sid()).await {
                Ok(Some(shown)) if wanted(&shown) => return shown,
                Ok(Some(shown)) => format!("{:#}", shown.json),
                Ok(None) => "the API does not know the call".to_owned(),
                Err(error) => error.to_string(),
            };
            assert!(
                tokio::time::Instant::now() < deadline,
                "{what}: {last}\n{}",
                story(call)
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Waits until something is so.
///
/// # Panics
///
/// It never was.
pub async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + LIMIT;
    while !is_so() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "waited in vain for {what}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits for something to happen on a call, past or to come.
///
/// # Panics
///
/// It did not, or the call ended first.
#[expect(clippy::panic, reason = "a test that waited in vain has failed")]
pub async fn happens<T>(call: &Call, what: &str, wanted: impl FnMut(&Event) -> Option<T>) -> T {
    let found = tokio::time::timeout(LIMIT, call.find(wanted)).await;
    let found = found.unwrap_or_else(|_| panic!("waited in vain for {what}: {}", story(call)));
    found.unwrap_or_else(|| panic!("the call ended without {what}: {}", story(call)))
}

/// The events of a call without the noise, for the message of a test that failed.
#[must_use]
pub fn story(call: &Call) -> String {
    let is_noise =
        |what: &What| matches!(what, What::BotAudioQueued { .. } | What::MarkEchoed { .. });
    let events = call
        .log()
        .into_iter()
        .filter(|event| !is_noise(&event.what));
    events.fold(String::new(), |story, event| {
        format!("{story}\n  {:>7.0} {:?}", event.at_ms(), event.what)
    })
}

/// What a side said, in the API's words.
#[must_use]
pub fn said(shown: &Shown, speaker: Speaker) -> Vec<&str> {
    let of = shown
        .turns
        .iter()
        .filter(|shown| shown.turn.speaker == speaker);
    of.map(|shown| shown.turn.text.as_str()).collect()
}

/// How often a stretch of sound occurs in another.
#[must_use]
pub fn occurrences(sound: &[u8], stretch: &[u8]) -> usize {
    sound
        .windows(stretch.len().max(1))
        .filter(|window| *window == stretch)
        .count()
}
