//! What the bot's last question wants.

use crate::words::{Tables, contains, ends_in, plain, rest_after};

/// What the bot's last question wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wanted {
    Anything,
    Story,
    YesOrNo,
    More,
    Spelling,
    Digits,
    Count,
    Address,
    Birth,
    /// Whether a time of the day is wanted too.
    When(bool),
    Name,
}

impl Wanted {
    pub(super) fn of(said: &str, t: &Tables) -> Self {
        // The question is what was said last; what comes before it wants nothing.
        let trimmed = said.trim_end();
        let body = trimmed.trim_end_matches(['?', '.', '!', '？', '。', '！']);
        let start = body
            .rfind(['?', '.', '!', '？', '。', '！', '¿'])
            .unwrap_or(0);
        let question = plain(body.get(start..).unwrap_or(body));
        let q = &t.questions;
        let is_question = trimmed.ends_with(['?', '？']);
        let starts = |list: &[&str]| rest_after(&question, list).is_some();
        if question.is_empty() {
            Self::Anything
        } else if contains(&question, q.more) {
            Self::More
        } else if contains(&question, q.spelling) {
            Self::Spelling
        } else if contains(&question, q.count) {
            Self::Count
        } else if contains(&question, q.birth) {
            Self::Birth
        } else if contains(&question, q.number) {
            Self::Digits
        } else if contains(&question, q.address) {
            Self::Address
        } else if contains(&question, q.when) && !starts(q.closed) {
            Self::When(contains(&question, q.time))
        } else if contains(&question, q.name) && !starts(q.closed) {
            Self::Name
        } else if is_question && (starts(q.closed) || ends_in(&question, q.closed)) {
            Self::YesOrNo
        } else if is_question && starts(q.open) {
            Self::Story
        } else {
            Self::Anything
        }
    }
}
