//! What went wrong, and what to do next.

use serde_json::{Value, json};

/// Ends the command.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Stable, for programs.
    pub(crate) code: String,
    /// For people.
    pub(crate) message: String,
    /// The next step.
    pub(crate) next: Option<String>,
    /// More for programs.
    pub(crate) details: Value,
    /// 1: it failed; 2: it was not asked for in a way that can be done.
    pub(crate) exit: u8,
}

impl Failure {
    /// Something did not work.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            next: None,
            details: Value::Null,
            exit: 1,
        }
    }

    /// The command or the configuration is not what it must be.
    pub(crate) fn usage(code: &str, message: impl Into<String>) -> Self {
        Self {
            exit: 2,
            ..Self::new(code, message)
        }
    }

    /// Says what to do next.
    pub(crate) fn next(mut self, step: impl Into<String>) -> Self {
        self.next = Some(step.into());
        self
    }

    /// Adds what programs may want to know.
    pub(crate) fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    /// In the shape of every error of Callbox, with `next` and `details` beside it.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(fields) = error.as_object_mut() {
            if let Some(next) = &self.next {
                fields.insert("next".to_owned(), next.as_str().into());
            }
            if !self.details.is_null() {
                fields.insert("details".to_owned(), self.details.clone());
            }
        }
        json!({ "error": error })
    }
}
