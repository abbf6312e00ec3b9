//! What OpenAI speaks, and with it most servers one can rent or run.
//!
//! Shapes: OpenAI's API reference for `/audio/transcriptions`, `/chat/completions` and `/audio/speech`; and what
//! compatible servers were seen to do differently. Of everything optional, nothing is sent that was not configured.

mod error;
mod listen;
mod sound;
mod speak;
mod think;
mod tools;

pub use listen::{Listen, Listening};
pub use speak::Speak;
pub use think::Think;

use call::Line;
use serde_json::Value;

use crate::{Fetch, Options, stage};

impl stage::Think for Think {
    fn ask(&self, history: &[Line]) -> Fetch {
        Self::ask(self, history)
    }
}

impl stage::Speak for Speak {
    fn ask(&self, text: &str) -> Fetch {
        Self::ask(self, text)
    }
}

/// Lays options over a body; a `null` takes a member away.
fn overlay(body: &mut Options, options: &Options) {
    for (name, value) in options {
        if value.is_null() {
            body.remove(name);
        } else {
            body.insert(name.clone(), value.clone());
        }
    }
}

/// A body as bytes.
fn json(body: Options) -> Vec<u8> {
    Value::Object(body).to_string().into_bytes()
}
