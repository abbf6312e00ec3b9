//! One utterance as it is written down: the request, and all the sound that it was fed.

use std::time::Duration;

use audio::Clip;

use crate::output::{Feed, Output};
use crate::provider::{Request, RequestId};
use crate::time::Instant;

/// A transcription under way.
#[derive(Debug)]
pub(crate) struct Dictation {
    pub(crate) id: RequestId,
    pub(crate) began: Instant,
    /// Everything fed, so that another request can be fed again.
    pub(crate) audio: Vec<Clip>,
    pub(crate) length: Duration,
    pub(crate) flushes: u32,
    /// The flush that is not answered yet.
    pub(crate) pending: Option<u32>,
    /// How much voice the last flush covered.
    pub(crate) covered: u64,
    /// How much voice there had been before.
    pub(crate) before: u64,
    pub(crate) loud_before: u64,
    /// Nobody knows yet whether it is a voice: only words will tell.
    pub(crate) doubtful: bool,
    /// The provider answered, without a word.
    pub(crate) wordless: bool,
    pub(crate) text: Option<String>,
    pub(crate) attempts: u32,
    pub(crate) failed: bool,
}

impl Dictation {
    /// Opens it, with all that was heard of it so far.
    pub(crate) fn ask(&self, out: &mut Vec<Output>) {
        out.push(Output::Ask(self.id, Request::Listen));
        if !self.audio.is_empty() {
            let bytes: Vec<u8> = self.audio.iter().flat_map(Clip::bytes).copied().collect();
            out.push(Output::Feed(self.id, Feed::Audio(Clip::from(bytes))));
        }
    }

    /// Asks for the words so far.
    pub(crate) fn flush(&mut self, out: &mut Vec<Output>) {
        self.flushes += 1;
        self.pending = Some(self.flushes);
        self.text = None;
        out.push(Output::Feed(self.id, Feed::Flush(self.flushes)));
    }
}
