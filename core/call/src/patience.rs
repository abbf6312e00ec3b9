//! How long the call waits for the caller, now that it is known who speaks, in which language, and about what.

use std::time::Duration;

use crate::call::Call;
use crate::completeness::Completeness;
use crate::endpoint;
use crate::history::Line;
use crate::turn::Turn;

impl Call {
    /// The silence that ends this turn. `text`: its words so far, if they are known.
    pub(crate) fn patience(&self, text: Option<&str>) -> Duration {
        if let Some(text) = text
            && self.holds_reply()
            && self.is_murmur(text)
        {
            return MURMUR;
        }
        let so_far = text.map_or(Completeness::Unknown, |text| self.completeness(text));
        let silence = endpoint::silence(self.config.end, so_far, self.listen.habit);
        let is_long = self.listen.length() >= LONG_TURN;
        if is_long {
            silence.min(BREATH)
        } else {
            silence
        }
    }

    /// How complete these words are, as an answer to what the bot said last.
    pub(crate) fn completeness(&self, text: &str) -> Completeness {
        let heard = self.speak.heard_text();
        let said = self
            .history
            .lines()
            .iter()
            .rev()
            .find_map(|line| match line {
                Line::Bot(text) => Some(text.as_str()),
                Line::Caller(_) | Line::Call { .. } | Line::Result { .. } => None,
            });
        let question = if self.holds_reply() && !heard.is_empty() {
            heard.as_str()
        } else {
            said.unwrap_or_default()
        };
        Completeness::of(text, question, &self.config.language)
    }

    /// Whether this, said into a reply that is held back, leaves the floor with it.
    pub(crate) fn is_murmur(&self, text: &str) -> bool {
        // Who says yes when a question was as good as heard has answered it.
        let heard = self.speak.heard_text();
        let all = self.speak.texts().join(" ");
        let unheard = all.chars().count().saturating_sub(heard.chars().count());
        let is_question = all.trim_end().ends_with(['?', '？']) && unheard <= UNHEARD_CHARS;
        // And nobody says yes to a reply that was not heard.
        let asked = is_question || self.speak.began().is_none();
        let is_backchannel = endpoint::is_backchannel(text, &self.config.language, asked);
        // A reply without a rest cannot go on: whatever is said after it wants another.
        is_backchannel && (text.is_empty() || self.goes_on())
    }

    /// Whether the reply has something left to say, to be made, or to do.
    pub(crate) fn goes_on(&self) -> bool {
        let is_unheard = !self.filling && !self.speak.is_complete();
        is_unheard || self.is_unfinished() || self.think.tool().is_some()
    }

    /// Whether these words are the beginning of such a murmur: "I" of "I see".
    pub(crate) fn may_become_murmur(&self, text: &str) -> bool {
        endpoint::begins_backchannel(text, &self.config.language)
    }

    /// Whether a reply could be prepared for these words: not while they surely go on.
    pub(crate) fn is_worth_a_draft(&self, text: &str) -> bool {
        let so_far = self.completeness(text);
        !text.is_empty()
            && !matches!(
                so_far,
                Completeness::Trailing | Completeness::Hesitating | Completeness::Opened
            )
    }

    /// Whether the caller was cut off: speaks on so soon after a turn was taken for over that it was not.
    pub(crate) fn learn_from_cut_off(&mut self, pause: Duration) {
        if matches!(self.turn, Turn::Transcribing | Turn::Replying) && self.speak.began().is_none()
        {
            self.listen.habit.learn(pause);
        }
    }
}

/// Who has talked for so long is answered, or at least written down, at the next breath: providers take no more than a
/// minute at once, and since each pause asks for all words anew, what a turn costs grows with the square of its length.
/// Whoever goes on takes the floor back, and has lost no word.
const LONG_TURN: Duration = Duration::from_secs(40);
/// A pause that is long enough to be one.
const BREATH: Duration = Duration::from_millis(250);
/// After a mm-hm the reply goes on as soon as it is clear that nothing follows.
const MURMUR: Duration = Duration::from_millis(300);
/// So much of a question need not be heard to be answered: its last two or three words.
const UNHEARD_CHARS: usize = 25;
