//! How long a socket has kept silent while something was wanted of it.

use std::time::Duration;

use call::Instant;

/// Who keeps silent for so long while speech is wanted hangs. Three times what a voice takes to its first sound, and less
/// than the engine's own patience ([`call::Budgets`]).
const HUNG: Duration = Duration::from_secs(1);

/// The time in which speech was wanted and nothing came at all. Those who ask may each give up sooner.
#[derive(Debug, Default)]
pub(super) struct Waited {
    before: Duration,
    /// Since when somebody waits again.
    since: Option<Instant>,
}

impl Waited {
    /// Speech is wanted.
    pub(super) fn asked(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// Something came, whatever it says.
    pub(super) fn came(&mut self, now: Instant) {
        self.before = Duration::ZERO;
        self.since = self.since.map(|_| now);
    }

    /// Nobody waits for anything any more.
    pub(super) fn rest(&mut self, now: Instant) {
        if let Some(since) = self.since.take() {
            self.before += now.since(since);
        }
    }

    /// Whether the socket hangs.
    pub(super) fn is_hung(&self, now: Instant) -> bool {
        let since = self.since.map(|since| now.since(since));
        self.before + since.unwrap_or_default() >= HUNG
    }
}
