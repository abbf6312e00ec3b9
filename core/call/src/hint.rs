//! What speech-to-text tells of its own accord while the caller speaks: words so far, and where it thinks the turn is.

use std::time::Duration;

use crate::call::Call;
use crate::config::EndOfTurn;
use crate::endpoint::SILENCE_MAX;
use crate::provider::Ending;
use crate::time::Instant;
use crate::timer::Timer;
use crate::turn::{Cue, Turn};
use crate::words::plain;

/// Drafts of one turn: each costs a request to three providers.
const DRAFTS_MAX: u32 = 3;
/// When the provider says that the turn is over, so much silence is enough.
const TOLD: Duration = Duration::from_millis(250);

impl Call {
    /// Takes a hint, which promises nothing: our own ear must have heard the silence too.
    pub(crate) fn hint(&mut self, now: Instant, ending: Ending, text: &str) -> Option<Cue> {
        if self.turn == Turn::Replying && self.listen.is_doubtful() {
            return self.is_meant(text).then_some(Cue::BargeIn);
        }
        if !matches!(self.turn, Turn::Hearing | Turn::Pausing) {
            return None;
        }
        if self.takes_floor(text) && !self.may_become_murmur(text) {
            return Some(Cue::TookFloor);
        }
        let is_pausing = self.turn == Turn::Pausing;
        match ending {
            Ending::Eager if is_pausing => {
                self.listen.adopt(text);
                self.so_far(now, text)
            }
            Ending::Ended if is_pausing => {
                self.listen.adopt(text);
                let cue = self.so_far(now, text);
                if self.config.end == EndOfTurn::Adaptive && !text.is_empty() {
                    let at = self.listen.voice_ended() + TOLD;
                    self.timers.set(Timer::Silence, at.max(now));
                }
                cue
            }
            // What we still take for a voice is none: a noise keeps our ear busy.
            Ending::Ended => (!text.is_empty()).then_some(Cue::Pause),
            Ending::Resumed if is_pausing && self.config.end == EndOfTurn::Adaptive => {
                let at = self.listen.voice_ended() + SILENCE_MAX;
                self.timers.set(Timer::Silence, at);
                None
            }
            Ending::Going if is_pausing && self.is_news(text) => {
                let at = self.listen.voice_ended() + self.patience(Some(text));
                self.timers.set(Timer::Silence, at.max(now));
                None
            }
            Ending::Eager | Ending::Resumed | Ending::Going => None,
        }
    }

    /// Takes the words of a turn that has paused: how long the pause may be, and whether they are worth a draft.
    pub(crate) fn so_far(&mut self, now: Instant, text: &str) -> Option<Cue> {
        let drafted = self.words.as_ref().filter(|_| self.drafting);
        let is_outdated = drafted.is_some_and(|words| plain(&words.text) != plain(text));
        self.words = Some(self.words_of(now, text));
        let at = self.listen.voice_ended() + self.patience(Some(text));
        self.timers.set(Timer::Silence, at);
        if is_outdated {
            return Some(Cue::DraftFailed);
        }
        if self.takes_floor(text) {
            return Some(Cue::TookFloor);
        }
        let may_draft = self.config.speculate
            && self.drafts < DRAFTS_MAX
            && !self.drafting
            && !self.holds_reply()
            && self.is_worth_a_draft(text);
        may_draft.then_some(Cue::Drafted)
    }

    /// Whether these words, heard in a sound that may have been no voice, are meant for us.
    fn is_meant(&self, text: &str) -> bool {
        !text.is_empty() && !self.is_murmur(text) && !self.may_become_murmur(text)
    }

    /// Whether these words, said into a reply, end it.
    fn takes_floor(&self, text: &str) -> bool {
        self.holds_reply() && !self.is_murmur(text)
    }

    /// Whether these are more words than were known.
    fn is_news(&self, text: &str) -> bool {
        let known = self
            .words
            .as_ref()
            .map_or(0, |words| plain(&words.text).len());
        plain(text).len() > known
    }
}
