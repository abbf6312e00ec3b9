//! What speech-to-text tells of its own accord, and what the engine makes of it.

use std::time::Duration;

use audio::Clip;
use call::{
    Call, Config, EndOfTurn, Ending, Input, Instant, Output, Record, Reply, Request, RequestId,
    Turn,
};
use tests::voice::{Tag, voiced};

/// A call on the line, frame by frame.
struct Line {
    call: Call,
    now: u64,
    frame: u16,
    listen: Option<RequestId>,
}

impl Line {
    /// A call whose caller may speak at once.
    fn open(config: Config) -> Self {
        let (call, outputs) = Call::begin(config, Instant::ZERO);
        let mut line = Self {
            call,
            now: 0,
            frame: 0,
            listen: None,
        };
        // The greeting, if there is one, is there before the stream.
        for output in outputs {
            if let Output::Ask(id, Request::Speak { .. }) = output {
                let sound = Clip::from(vec![0x9F; 8 * 4_000]);
                line.give(Input::Reply(id, Reply::Audio(sound)));
            }
        }
        line.give(Input::Opened);
        line
    }

    fn give(&mut self, input: Input) -> Vec<Output> {
        let outputs = self.call.handle(Instant::from_ms(self.now), input);
        for output in &outputs {
            if let Output::Ask(id, Request::Listen) = output {
                self.listen = Some(*id);
            }
        }
        outputs
    }

    /// So much time passes, in which the caller speaks or not.
    fn pass(&mut self, ms: u64, speaks: bool) -> Vec<Output> {
        let mut outputs = Vec::new();
        for _ in 0..ms / 20 {
            let at = Duration::from_millis(self.now);
            self.now += 20;
            let audio = if speaks {
                self.frame += 1;
                voiced(
                    Tag {
                        phrase: 0,
                        frame: self.frame,
                    },
                    false,
                )
            } else {
                Clip::silence(Duration::from_millis(20))
            };
            outputs.extend(self.give(Input::Frame { at, audio }));
            outputs.extend(self.give(Input::Tick));
        }
        outputs
    }

    fn hint(&mut self, ending: Ending, text: &str) -> Vec<Output> {
        let Some(id) = self.listen else {
            panic!("nobody listens")
        };
        let text = text.to_owned();
        self.give(Input::Reply(id, Reply::Hint { ending, text }))
    }
}

fn adaptive() -> Config {
    Config {
        end: EndOfTurn::Adaptive,
        ..Config::default()
    }
}

fn thinks(outputs: &[Output]) -> bool {
    let is_thought = |output: &Output| matches!(output, Output::Ask(_, Request::Think { .. }));
    outputs.iter().any(is_thought)
}

fn gave_up_its_reply(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| match output {
        Output::Persist(Record::Replied { interrupted, .. }) => *interrupted,
        _ => false,
    })
}

#[test]
fn words_heard_while_the_caller_still_speaks_end_the_interrupted_reply() {
    let mut line = Line::open(Config {
        greeting: "Hello, this is the Golden Fork. We are open every day.".to_owned(),
        ..adaptive()
    });
    line.pass(600, false);
    let stopped = line.pass(400, true);
    assert!(stopped.contains(&Output::Clear), "tentatively");
    assert!(!gave_up_its_reply(&stopped));
    for murmur in ["", "Mm-hm", "I", "I see", "Okay."] {
        assert!(
            !gave_up_its_reply(&line.hint(Ending::Going, murmur)),
            "{murmur}"
        );
    }
    assert!(gave_up_its_reply(
        &line.hint(Ending::Going, "Okay but wait")
    ));
}

#[test]
fn a_provider_that_hears_the_end_of_the_turn_is_believed_after_a_quarter_of_a_second() {
    let mut line = Line::open(adaptive());
    line.pass(800, true);
    line.pass(220, false);
    assert_eq!(line.call.turn(), Turn::Pausing);
    // By the words alone it would be a second and a half.
    line.hint(Ending::Ended, "I would like a table for");
    line.pass(40, false);
    assert_eq!(line.call.turn(), Turn::Replying);
}

#[test]
fn nobody_is_believed_who_hears_the_end_of_a_turn_where_a_fixed_silence_was_wanted() {
    let mut line = Line::open(Config {
        end: EndOfTurn::Silence(Duration::from_secs(1)),
        ..Config::default()
    });
    line.pass(800, true);
    line.pass(220, false);
    line.hint(Ending::Ended, "A table for two.");
    line.pass(760, false);
    assert_eq!(line.call.turn(), Turn::Pausing);
    line.pass(60, false);
    assert_eq!(line.call.turn(), Turn::Replying);
}

#[test]
fn an_eager_provider_is_answered_with_a_draft_and_no_sound() {
    let mut line = Line::open(adaptive());
    line.pass(800, true);
    line.pass(220, false);
    let outputs = line.hint(Ending::Eager, "A table for two, please.");
    assert!(thinks(&outputs));
    assert_eq!(line.call.turn(), Turn::Pausing);
    // Another end of the same turn with other words is none that was drafted for.
    let outputs = line.hint(Ending::Eager, "A table for twenty, please.");
    let is_cancelled = |output: &Output| matches!(output, Output::Cancel(_));
    assert!(outputs.iter().any(is_cancelled));
}

#[test]
fn a_turn_that_the_provider_takes_back_is_waited_for() {
    let mut line = Line::open(adaptive());
    line.pass(800, true);
    line.pass(220, false);
    line.hint(Ending::Eager, "A table for two, please.");
    line.hint(Ending::Resumed, "A table for two, please.");
    line.pass(1_200, false);
    assert_eq!(line.call.turn(), Turn::Pausing);
    line.pass(600, false);
    assert_eq!(line.call.turn(), Turn::Replying);
}

#[test]
fn more_words_in_a_pause_change_how_long_it_may_be() {
    let mut line = Line::open(adaptive());
    line.pass(800, true);
    line.pass(220, false);
    line.hint(Ending::Going, "A table for two and");
    line.pass(1_200, false);
    assert_eq!(line.call.turn(), Turn::Pausing);
}
