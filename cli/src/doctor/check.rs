use serde_json::{Value, json};

use crate::failure::Failure;
use crate::out::{Out, Paint};

/// How a check went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// Well.
    Ok,
    /// Works, but not for ever or not for everything.
    Warning,
    /// Does not work.
    Failed,
    /// Could not be looked at.
    Skipped,
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) words: String,
    pub(crate) next: Option<String>,
}

impl Check {
    pub(crate) fn ok(name: &'static str, words: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Ok,
            words: words.into(),
            next: None,
        }
    }

    pub(crate) fn warning(
        name: &'static str,
        words: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self {
            outcome: Outcome::Warning,
            next: Some(next.into()),
            ..Self::ok(name, words)
        }
    }

    pub(crate) fn wrong(
        name: &'static str,
        words: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self {
            outcome: Outcome::Failed,
            ..Self::warning(name, words, next)
        }
    }

    pub(crate) fn failed(name: &'static str, failure: &Failure) -> Self {
        Self {
            outcome: Outcome::Failed,
            next: failure.next.clone(),
            ..Self::ok(name, failure.message.as_str())
        }
    }

    pub(crate) fn skipped(name: &'static str, why: &str) -> Self {
        Self {
            outcome: Outcome::Skipped,
            ..Self::ok(name, format!("not looked at: {why}"))
        }
    }

    pub(crate) fn show(&self, out: Out) {
        let mark = match self.outcome {
            Outcome::Ok => out.paint(Paint::Good, "✓"),
            Outcome::Warning => out.paint(Paint::Warn, "!"),
            Outcome::Failed => out.paint(Paint::Bad, "✗"),
            Outcome::Skipped => out.paint(Paint::Faint, "-"),
        };
        out.line(&format!("{mark} {:<12} {}", self.name, self.words));
        for step in self.next.iter().flat_map(|next| next.lines()) {
            out.line(&out.paint(Paint::Faint, &format!("  {:<12} → {step}", "")));
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let outcome = match self.outcome {
            Outcome::Ok => "ok",
            Outcome::Warning => "warning",
            Outcome::Failed => "failed",
            Outcome::Skipped => "skipped",
        };
        json!({ "check": self.name, "outcome": outcome, "says": self.words, "next": self.next })
    }
}
