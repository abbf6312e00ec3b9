//! What OpenAI speaks, and with it most servers one can rent or run.
//!
//! Shapes: OpenAI's API reference for `/audio/transcriptions`, `/chat/completions` and `/audio/speech`; and what
//! compatible servers were seen to do differently. Of everything optional, nothing is sent that was not configured, but for
//! what OpenAI itself insists on.

mod listen;
mod speak;
mod think;

pub use listen::{Listen, Listening};
pub use speak::Speak;
pub use think::Think;
pub(crate) use think::{Chat, messages, spent, words};

use call::Line;

use crate::Fetch;

impl crate::Think for Think {
    fn ask(&self, history: &[Line]) -> Fetch {
        Self::ask(self, history)
    }
}

impl crate::Speak for Speak {
    fn ask(&self, text: &str) -> Fetch {
        Self::ask(self, text)
    }
}
