use audio::Clip;
use call::{Ending, Spent};
use proptest::prelude::*;

use super::*;

const BUDGET: Duration = Duration::from_millis(500);

fn at(ms: u64) -> Instant {
    Instant::from_ms(ms)
}

fn race(stage: Stage, rests: &[bool]) -> (Race, Runner) {
    let entry = |rests: &bool| Entry {
        budget: BUDGET,
        rests: *rests,
    };
    Race::begin(stage, rests.iter().map(entry).collect(), at(0))
}

fn words(text: &str) -> Reply {
    Reply::Words(text.to_owned())
}

fn transcript(flush: u32) -> Reply {
    let text = "yes".to_owned();
    Reply::Transcript { flush, text }
}

const DONE: Reply = Reply::Done(Spent {
    input_tokens: 0,
    cached_tokens: 0,
    output_tokens: 0,
});

#[test]
fn who_answers_in_time_has_no_rival() {
    let (mut race, first) = race(Stage::Think, &[false, false]);
    assert_eq!((first, race.deadline()), (0, Some(at(500))));
    assert_eq!(race.tick(at(499)), None);
    let verdict = race.heard(0, words("Hello"), at(499));
    assert_eq!((verdict.won, verdict.pass), (Some(0), Some(words("Hello"))));
    assert_eq!((race.tick(at(9_000)), race.deadline()), (None, None));
    assert_eq!(race.heard(0, DONE, at(600)).pass, Some(DONE));
    assert!(race.is_over());
}

#[test]
fn who_is_silent_for_too_long_gets_a_rival_and_the_loser_is_stopped() {
    let (mut race, _) = race(Stage::Think, &[false, false, false]);
    assert_eq!(race.tick(at(500)), Some(1));
    assert_eq!(race.deadline(), Some(at(1_000)));
    // Spaces are no answer.
    assert_eq!(race.heard(1, words(" "), at(600)).won, None);
    let verdict = race.heard(1, words("Hi"), at(700));
    assert_eq!((verdict.cancel, verdict.late), (vec![0], vec![0]));
    assert_eq!(race.heard(0, words("Hello"), at(701)), Verdict::default());
    assert_eq!(race.heard(0, DONE, at(702)), Verdict::default());
    assert_eq!(race.heard(1, DONE, at(800)).pass, Some(DONE));
}

#[test]
fn the_first_may_still_win_and_then_nobody_was_late() {
    let (mut race, _) = race(Stage::Speak, &[false, false]);
    race.tick(at(500));
    let sound = Reply::Audio(Clip::from(vec![0; 160]));
    let verdict = race.heard(0, sound, at(510));
    assert_eq!((verdict.won, verdict.cancel), (Some(0), vec![1]));
    assert!(verdict.late.is_empty());
}

#[test]
fn who_was_asked_after_the_winner_had_no_time_to_be_late() {
    let (mut race, _) = race(Stage::Speak, &[false, false, false]);
    race.tick(at(500));
    race.tick(at(1_000));
    let sound = Reply::Audio(Clip::from(vec![0; 160]));
    let verdict = race.heard(1, sound, at(1_010));
    assert_eq!((verdict.late, verdict.cancel), (vec![0], vec![0, 2]));
}

#[test]
fn who_waits_for_others_of_ours_is_not_late_before_its_turn() {
    let (mut race, _) = race(Stage::Speak, &[false, false, false]);
    race.queued(0);
    assert_eq!((race.tick(at(2_000)), race.deadline()), (None, None));
    race.is_next(0, at(2_000));
    race.is_next(0, at(2_400));
    assert_eq!(race.deadline(), Some(at(2_500)), "from its turn on");
    assert_eq!(race.tick(at(2_500)), Some(1));
    race.queued(1);
    let verdict = race.heard(1, Reply::Failed(Failure::Busy), at(2_600));
    assert_eq!(verdict.start, None, "the first may still answer");
    let verdict = race.heard(0, Reply::Failed(Failure::Late), at(2_700));
    assert_eq!(verdict.start, Some(2));
    assert_eq!(race.begun(), None);
    let sound = Reply::Audio(Clip::from(vec![0; 160]));
    race.heard(2, sound, at(2_800));
    assert_eq!(race.begun(), Some(2));
    race.queued(2);
    race.heard(2, DONE, at(2_900));
    assert_eq!((race.begun(), race.deadline()), (None, None));
}

#[test]
fn a_failure_hands_over_at_once_and_only_the_last_one_is_told() {
    let (mut race, _) = race(Stage::Think, &[false, false]);
    let verdict = race.heard(0, Reply::Failed(Failure::Refused), at(10));
    assert_eq!((verdict.start, verdict.pass), (Some(1), None));
    let verdict = race.heard(1, Reply::Failed(Failure::Busy), at(20));
    assert_eq!(verdict.pass, Some(Reply::Failed(Failure::Busy)));
    assert_eq!(race.heard(1, words("late"), at(30)), Verdict::default());
}

#[test]
fn while_another_runs_a_failure_is_no_matter() {
    let (mut race, _) = race(Stage::Think, &[false, false]);
    race.tick(at(500));
    let verdict = race.heard(0, Reply::Failed(Failure::Broken), at(510));
    assert_eq!(verdict, Verdict::default());
    assert_eq!(race.heard(1, words("Hi"), at(520)).won, Some(1));
}

#[test]
fn a_reply_that_breaks_off_is_not_gone_on_with_by_another() {
    let (mut race, _) = race(Stage::Think, &[false, false]);
    race.heard(0, words("Hello"), at(10));
    let verdict = race.heard(0, Reply::Failed(Failure::Broken), at(20));
    assert_eq!(verdict.start, None);
    assert_eq!(verdict.pass, Some(Reply::Failed(Failure::Broken)));
}

#[test]
fn who_is_to_be_left_alone_comes_last() {
    let (mut race, first) = race(Stage::Speak, &[true, false]);
    assert_eq!(first, 1);
    let verdict = race.heard(1, Reply::Failed(Failure::Busy), at(10));
    assert_eq!(verdict.start, Some(0));
    let (_, first) = self::race(Stage::Speak, &[true, true]);
    assert_eq!(first, 0, "better than nobody");
}

#[test]
fn whoever_listens_is_late_only_with_a_transcript_and_may_be_followed_at_any_time() {
    let (mut race, _) = race(Stage::Listen, &[false, false]);
    assert_eq!(race.deadline(), None);
    let hint = Reply::Hint {
        ending: Ending::Going,
        text: "yes".to_owned(),
    };
    assert_eq!(race.heard(0, hint.clone(), at(100)).pass, Some(hint));
    race.flushed(at(1_000));
    let verdict = race.heard(0, transcript(1), at(1_100));
    assert_eq!((verdict.won, race.deadline()), (Some(0), None));
    race.flushed(at(2_000));
    assert_eq!(race.tick(at(2_500)), Some(1));
    assert_eq!(race.heard(1, transcript(2), at(2_600)).cancel, [0]);
    race.flushed(at(3_000));
    let verdict = race.heard(1, Reply::Failed(Failure::Broken), at(3_100));
    assert_eq!(verdict.pass, Some(Reply::Failed(Failure::Broken)));
}

#[test]
fn a_listener_that_breaks_in_mid_speech_is_followed_by_the_next() {
    let (mut race, _) = race(Stage::Listen, &[false, false]);
    race.flushed(at(1_000));
    race.heard(0, transcript(1), at(1_100));
    let verdict = race.heard(0, Reply::Failed(Failure::Broken), at(1_200));
    assert_eq!((verdict.start, verdict.pass), (Some(1), None));
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        Just(words("word")),
        Just(words("")),
        Just(DONE),
        Just(Reply::Failed(Failure::Broken)),
        Just(transcript(1)),
    ]
}

proptest! {
    #[test]
    fn exactly_one_end_is_passed_on_and_nothing_after_it(
        stage in prop::sample::select(vec![Stage::Listen, Stage::Think, Stage::Speak]),
        rests in prop::collection::vec(any::<bool>(), 1..4),
        story in prop::collection::vec((0_usize..5, reply(), 0_u64..400), 0..40),
    ) {
        let (mut race, _) = race(stage, &rests);
        let mut now = 0;
        let mut ended = false;
        for (runner, reply, later) in story {
            now += later;
            match runner {
                4 => race.flushed(at(now)),
                3 => {
                    race.tick(at(now));
                }
                _ => {
                    let verdict = race.heard(runner, reply, at(now));
                    prop_assert!(verdict.pass.is_none() || !ended);
                    ended |= matches!(verdict.pass, Some(Reply::Done(_) | Reply::Failed(_)));
                }
            }
            prop_assert_eq!(ended, race.is_over());
            prop_assert!(ended || !race.running().is_empty());
        }
        // Whoever is left fails: then the end comes.
        while !race.is_over() {
            let runner = race.running()[0];
            let verdict = race.heard(runner, Reply::Failed(Failure::Late), at(now));
            ended |= matches!(verdict.pass, Some(Reply::Failed(_)));
        }
        prop_assert!(ended);
    }
}
