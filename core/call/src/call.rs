//! The call.

use crate::{Config, Input, Instant, Output, Record};

/// One phone call.
#[derive(Debug)]
pub struct Call {}

impl Call {
    /// Opens a call, before its first stream.
    #[must_use]
    pub fn begin(config: Config, now: Instant) -> (Self, Vec<Output>) {
        let _ = (config, now);
        (Self {}, Vec::new())
    }

    /// Goes on with a call from its journal.
    #[must_use]
    pub fn resume(journal: impl IntoIterator<Item = Record>, now: Instant) -> (Self, Vec<Output>) {
        let _ = (journal.into_iter().count(), now);
        (Self {}, Vec::new())
    }

    /// Takes in what happened and answers what to do. Total: no input is wrong, none panics.
    #[must_use]
    pub fn handle(&mut self, now: Instant, input: Input) -> Vec<Output> {
        let _ = (now, input);
        Vec::new()
    }

    /// When [`Input::Tick`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Whether the call is over: nothing will come out of it any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        false
    }
}
