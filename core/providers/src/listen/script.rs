//! One utterance as it is written down: what is settled, what may still change, and the flush that waits for it.

use std::time::Duration;

use call::{Ending, Failure, Instant, Reply, RequestId};

use crate::exchange::Complaint;
use crate::socket::Desk;

/// As long as not a word is known there is nothing to answer with. A little less than the engine's own patience
/// ([`call::Budgets`]).
const PATIENCE_MAX: Duration = Duration::from_millis(1_800);
/// No utterance is longer, in bytes.
const TEXT_BYTES_MAX: usize = 256 * 1024;

/// The utterances of one socket, of which at most one is open.
#[derive(Debug, Default)]
pub(super) struct Script {
    open: Option<Utterance>,
    /// Whether anything ever came from the provider, and whether anything did since the utterance began.
    greeted: bool,
    alive: bool,
    /// Utterances in a row to which nothing came at all.
    silent: u32,
}

#[derive(Debug)]
struct Utterance {
    id: RequestId,
    settled: String,
    going: String,
    pending: Option<Pending>,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    flush: u32,
    /// Everything up to this sample is to be covered.
    until: u64,
    /// Since when it waits, and when whatever is known then must do.
    since: Instant,
    patience: Duration,
}

impl Script {
    /// A new utterance. One that is still open fails: a socket writes down one after the other.
    pub(super) fn begin(&mut self, id: RequestId, desk: &mut Desk) {
        if let Some(old) = self.open.take() {
            desk.reply(old.id, Reply::Failed(Failure::Busy));
        }
        self.alive = false;
        self.open = Some(Utterance {
            id,
            settled: String::new(),
            going: String::new(),
            pending: None,
        });
    }

    /// The utterance ends, without an answer.
    pub(super) fn end(&mut self, id: RequestId) {
        self.open.take_if(|open| open.id == id);
    }

    /// These words may still change: they replace the last that might.
    pub(super) fn going(&mut self, text: &str) {
        if let Some(open) = &mut self.open {
            open.going.clear();
            open.going.push_str(text.trim());
            open.going.truncate(boundary(&open.going));
        }
    }

    /// These words are settled, and nothing is known of what follows.
    pub(super) fn settle(&mut self, text: &str) {
        if let Some(open) = &mut self.open {
            open.going.clear();
            if open.settled.len() + text.len() < TEXT_BYTES_MAX {
                join(&mut open.settled, text);
            }
        }
    }

    /// What might have changed is settled as it is.
    pub(super) fn settle_going(&mut self) {
        if let Some(open) = &mut self.open {
            let text = std::mem::take(&mut open.going);
            self.settle(&text);
        }
    }

    /// Everything written down so far.
    pub(super) fn text(&self) -> String {
        let Some(open) = &self.open else {
            return String::new();
        };
        let mut text = open.settled.clone();
        join(&mut text, &open.going);
        text
    }

    /// Tells where the provider thinks the turn is. Says nothing of a turn without words.
    pub(super) fn hint(&self, ending: Ending, desk: &mut Desk) {
        let text = self.text();
        if let Some(open) = &self.open
            && !text.is_empty()
        {
            desk.reply(open.id, Reply::Hint { ending, text });
        }
    }

    /// An answer is wanted that covers everything up to this sample, and at the latest after so long.
    pub(super) fn flush(&mut self, flush: u32, until: u64, patience: Duration, desk: &Desk) {
        if let Some(open) = &mut self.open {
            let since = desk.now;
            open.pending = Some(Pending {
                flush,
                until,
                since,
                patience,
            });
        }
    }

    /// Up to which sample an answer must cover; none if none is wanted.
    pub(super) fn wanted(&self) -> Option<u64> {
        Some(self.open.as_ref()?.pending?.until)
    }

    /// Answers, if an answer is wanted.
    pub(super) fn answer(&mut self, desk: &mut Desk) {
        let text = self.text();
        if let Some(open) = &mut self.open
            && let Some(Pending { flush, .. }) = open.pending.take()
        {
            desk.reply(open.id, Reply::Transcript { flush, text });
        }
    }

    /// When an answer is due, whatever is known then.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let open = self.open.as_ref()?;
        let pending = open.pending?;
        let knows = !(open.settled.is_empty() && open.going.is_empty());
        let patience = if knows {
            pending.patience
        } else {
            PATIENCE_MAX
        };
        Some(pending.since + patience)
    }

    /// Something came, whatever it says.
    pub(super) fn noted(&mut self) {
        self.greeted = true;
        self.alive = true;
        self.silent = 0;
    }

    /// Answers if it is due. The end of a flush never depends on the provider alone.
    ///
    /// One that says nothing at all to a cough is no worse for it; but one that never said anything, or nothing for the
    /// second time, hangs.
    pub(super) fn tick(&mut self, desk: &mut Desk) {
        if self.deadline().is_none_or(|due| due > desk.now) {
            return;
        }
        if !self.alive {
            self.alive = true;
            self.silent += 1;
        }
        if !self.greeted || self.silent >= 2 {
            desk.give_up(Complaint::ours(Failure::Late, "no answer on the socket"));
        } else {
            self.answer(desk);
        }
    }
}

/// Adds words, with a space between unless the script has none (Chinese, Japanese, Korean's neighbours).
pub(super) fn join(text: &mut String, more: &str) {
    let more = more.trim();
    let spaceless = |char: char| matches!(u32::from(char), 0x2E80..=0xA4CF | 0xF900..=0xFAFF | 0xFE30..=0xFE4F | 0xFF00..=0xFFEF);
    let between = match (text.chars().next_back(), more.chars().next()) {
        (Some(before), Some(after)) => !(spaceless(before) && spaceless(after)),
        (None, _) | (_, None) => false,
    };
    if between {
        text.push(' ');
    }
    text.push_str(more);
}

/// Where to cut what is too long.
fn boundary(text: &str) -> usize {
    (0..=text.len().min(TEXT_BYTES_MAX))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_as_their_script_joins_them() {
        let mut text = String::new();
        join(&mut text, " I would like");
        join(&mut text, "");
        join(&mut text, "a table. ");
        assert_eq!(text, "I would like a table.");
        let mut text = "予約を".to_owned();
        join(&mut text, "お願いします");
        join(&mut text, "OK");
        assert_eq!(text, "予約をお願いします OK");
    }

    #[test]
    fn what_is_without_end_is_cut_between_two_characters() {
        assert_eq!(boundary("äöü"), 6);
        let long = "ä".repeat(TEXT_BYTES_MAX);
        assert_eq!(boundary(&long), TEXT_BYTES_MAX);
        assert_eq!(boundary(&format!("x{long}")), TEXT_BYTES_MAX - 1);
    }
}
