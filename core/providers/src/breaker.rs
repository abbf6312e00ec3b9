//! Whom to leave alone for a while: all calls, or only the one whose requests are refused.

use std::collections::BTreeMap;
use std::time::Duration;

use call::{Failure, Stage};

use crate::exchange::{Complaint, Whose};

/// So many failures in a row, and it is left alone.
const FAILURES_MAX: u32 = 3;
/// The first pause; each one that follows without a success between them is twice as long.
const PAUSE_MIN: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_mins(5);
/// No more providers are remembered; a deployment has a handful.
const KNOWN_MAX: usize = 256;

/// Who did something: a stage, its provider, and the model.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Who {
    /// For which stage.
    pub stage: Stage,
    /// As a bot names it.
    pub provider: String,
    /// The model that was asked for; may be empty.
    pub model: String,
}

/// What is known of all providers, across calls.
///
/// Times are milliseconds since the Unix epoch, or since anything else.
#[derive(Clone, Debug, Default)]
pub struct Breakers {
    known: BTreeMap<Who, Breaker>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Breaker {
    failures: u32,
    /// Pauses since the last success.
    pauses: u32,
    rests_until_ms: u64,
}

impl Breakers {
    /// Whether it is to be left alone now. After its pause one failure is enough for the next.
    #[must_use]
    pub fn rests(&self, who: &Who, now_ms: u64) -> bool {
        let known = self.known.get(who);
        known.is_some_and(|breaker| now_ms < breaker.rests_until_ms)
    }

    /// It answered, to the end: many a provider in trouble still begins.
    pub fn answered(&mut self, who: &Who) {
        self.known.remove(who);
    }

    /// It failed, and wishes to be left alone for so long, if it said so. Answers with the pause that begins now, if one
    /// does.
    pub fn failed(
        &mut self,
        who: &Who,
        failure: Failure,
        wish: Option<Duration>,
        now_ms: u64,
    ) -> Option<Duration> {
        let breaker = self.known(who, now_ms)?;
        breaker.failures += 1;
        // Credentials and money do not come back by asking again.
        let is_hopeless = failure == Failure::Refused;
        let is_probe = breaker.pauses > 0;
        if !is_hopeless && !is_probe && wish.is_none() && breaker.failures < FAILURES_MAX {
            return None;
        }
        Some(breaker.rest(wish, now_ms))
    }

    /// It failed in a way for which it is left alone at once. Answers with the pause that begins now, if one does.
    fn broke_off(&mut self, who: &Who, now_ms: u64) -> Option<Duration> {
        Some(self.known(who, now_ms)?.rest(None, now_ms))
    }

    /// What is known of one who failed. None while it rests: what was under way when the pause began tells nothing new.
    fn known(&mut self, who: &Who, now_ms: u64) -> Option<&mut Breaker> {
        if self.known.len() >= KNOWN_MAX && !self.known.contains_key(who) {
            self.known
                .retain(|_, breaker| now_ms < breaker.rests_until_ms);
        }
        let breaker = self.known.entry(who.clone()).or_default();
        (now_ms >= breaker.rests_until_ms).then_some(breaker)
    }
}

impl Breaker {
    /// A pause begins.
    fn rest(&mut self, wish: Option<Duration>, now_ms: u64) -> Duration {
        let factor = 1_u32 << self.pauses.min(10);
        let pause = (PAUSE_MIN * factor)
            .max(wish.unwrap_or_default())
            .min(PAUSE_MAX);
        self.pauses += 1;
        self.failures = 0;
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        self.rests_until_ms = now_ms.saturating_add(pause_ms);
        pause
    }
}

/// What one call knows of providers: what all calls know, and beside that what only its own requests met.
///
/// A bot may ask for a voice that is not there, or for an option that nobody knows: its provider is then left alone in its
/// own calls, and nobody else's.
#[derive(Clone, Debug, Default)]
pub struct CallBreakers {
    own: Breakers,
}

impl CallBreakers {
    /// Whether this call is to leave it alone now.
    #[must_use]
    pub fn rests(&self, all: &Breakers, who: &Who, now_ms: u64) -> bool {
        all.rests(who, now_ms) || self.own.rests(who, now_ms)
    }

    /// It broke off in the middle of an answer, which is counted as any failure is; and in this call the next request begins
    /// with somebody else, for whoever waits has heard a part of it. Answers with the pause that begins now, if one does.
    pub fn broke_off(&mut self, who: &Who, now_ms: u64) -> Option<Duration> {
        self.own.broke_off(who, now_ms)
    }

    /// It answered, to the end.
    pub fn answered(&mut self, all: &mut Breakers, who: &Who) {
        all.answered(who);
        self.own.answered(who);
    }

    /// It failed, for the reason that was told, if one was. Answers with the pause that begins now, if one does.
    pub fn failed(
        &mut self,
        all: &mut Breakers,
        who: &Who,
        (failure, complaint): (Failure, Option<&Complaint>),
        now_ms: u64,
    ) -> Option<Duration> {
        let whose = match complaint {
            Some(complaint) => complaint.whose,
            None if failure == Failure::Late => Whose::Provider,
            None => Whose::Request,
        };
        let breakers = match whose {
            Whose::Provider => all,
            Whose::Request => &mut self.own,
        };
        let wish = complaint.and_then(Complaint::wish);
        breakers.failed(who, failure, wish, now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::judge;

    fn who() -> Who {
        Who {
            stage: Stage::Think,
            provider: "anthropic".to_owned(),
            model: "thinker".to_owned(),
        }
    }

    fn seconds(seconds: u64) -> Option<Duration> {
        (seconds > 0).then(|| Duration::from_secs(seconds))
    }

    #[test]
    fn the_third_failure_in_a_row_begins_a_pause_and_each_further_one_twice_the_pause() {
        let mut breakers = Breakers::default();
        let mut fail = |now_ms| breakers.failed(&who(), Failure::Broken, None, now_ms);
        assert_eq!([fail(0), fail(1), fail(2)], [None, None, seconds(5)]);
        assert_eq!(fail(3), None, "it rests already");
        assert_eq!(fail(5_002), seconds(10));
        assert_eq!(fail(20_000), seconds(20));
        assert!(breakers.rests(&who(), 39_999));
        assert!(!breakers.rests(&who(), 40_000));
    }

    #[test]
    fn an_answer_makes_good_for_all_failures() {
        let mut breakers = Breakers::default();
        for now_ms in 0..9 {
            assert_eq!(breakers.failed(&who(), Failure::Late, None, now_ms), None);
            if now_ms % 2 == 1 {
                breakers.answered(&who());
            }
        }
    }

    #[test]
    fn whoever_refuses_or_asks_for_a_pause_gets_it_at_once() {
        let mut breakers = Breakers::default();
        assert_eq!(
            breakers.failed(&who(), Failure::Refused, None, 0),
            seconds(5)
        );
        breakers.answered(&who());
        let wish = seconds(30);
        assert_eq!(breakers.failed(&who(), Failure::Busy, wish, 0), wish);
        let day = seconds(86_400);
        assert_eq!(
            breakers.failed(&who(), Failure::Busy, day, 60_000),
            seconds(300)
        );
    }

    #[test]
    fn one_models_failures_are_not_anothers() {
        let mut breakers = Breakers::default();
        breakers.failed(&who(), Failure::Refused, None, 0);
        let other = Who {
            model: "other".to_owned(),
            ..who()
        };
        assert!(breakers.rests(&who(), 1) && !breakers.rests(&other, 1));
    }

    /// Whether the provider rests for the call whose request was answered with this, and for another one.
    fn rests_after(status: u16, body: &str) -> [bool; 2] {
        let mut all = Breakers::default();
        let [mut first, second] = [CallBreakers::default(), CallBreakers::default()];
        let complaint = judge(status, body.as_bytes());
        let failed = (complaint.failure, Some(&complaint));
        // As often as it takes for whatever may pass.
        for _ in 0..FAILURES_MAX {
            first.failed(&mut all, &who(), failed, 0);
        }
        [&first, &second].map(|call| call.rests(&all, &who(), 1))
    }

    #[test]
    fn what_one_bot_is_refused_for_is_no_other_calls_business() {
        for (status, body) in [
            (422, r#"{"detail":"no such voice"}"#),
            (400, r#"{"error":{"type":"invalid_request_error"}}"#),
            (404, r#"{"error":{"code":"model_not_found"}}"#),
        ] {
            assert_eq!(rests_after(status, body), [true, false], "{status}");
        }
        let mut all = Breakers::default();
        let mut call = CallBreakers::default();
        let refusal = Complaint::ours(Failure::Refused, "stop_reason refusal");
        let failed = (Failure::Refused, Some(&refusal));
        assert!(call.failed(&mut all, &who(), failed, 0).is_some());
        assert!(!all.rests(&who(), 1));
        call.answered(&mut all, &who());
        assert!(!call.rests(&all, &who(), 1));
    }

    #[test]
    fn what_is_the_accounts_or_the_providers_is_known_to_all_calls() {
        for (status, body) in [
            (401, ""),
            (402, "{}"),
            (403, r#"{"detail":"not yours"}"#),
            (429, r#"{"error":{"code":"insufficient_quota"}}"#),
            (429, ""),
            (503, "<html>"),
        ] {
            assert_eq!(rests_after(status, body), [true, true], "{status}");
        }
        let mut all = Breakers::default();
        let cut = Complaint::broken("a response cut short");
        for complaint in [Some(&cut), None, None] {
            let failure = complaint.map_or(Failure::Late, |it| it.failure);
            CallBreakers::default().failed(&mut all, &who(), (failure, complaint), 0);
        }
        assert!(all.rests(&who(), 1), "cut once, and late twice");
    }

    #[test]
    fn who_breaks_off_is_left_alone_at_once_in_the_call_that_heard_it() {
        let mut all = Breakers::default();
        let [mut first, second] = [CallBreakers::default(), CallBreakers::default()];
        let cut = Complaint::broken("a response cut short");
        let failed = (Failure::Broken, Some(&cut));
        assert_eq!(first.failed(&mut all, &who(), failed, 0), None);
        assert_eq!(first.broke_off(&who(), 0), seconds(5));
        assert_eq!(first.broke_off(&who(), 1), None, "it rests already");
        assert_eq!(
            [&first, &second].map(|call| call.rests(&all, &who(), 1)),
            [true, false]
        );
        assert_eq!(first.broke_off(&who(), 5_000), seconds(10));
        first.answered(&mut all, &who());
        assert!(!first.rests(&all, &who(), 5_001));
    }

    #[test]
    fn names_without_end_do_not_fill_the_memory() {
        let mut breakers = Breakers::default();
        for number in 0..2_000_u64 {
            let who = Who {
                model: number.to_string(),
                ..who()
            };
            breakers.failed(&who, Failure::Broken, None, number);
        }
        assert!(breakers.known.len() <= KNOWN_MAX);
    }
}
