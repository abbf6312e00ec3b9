//! Sounds on the line while the bot speaks that are no voice, may be one, or are the bot's own.

use std::time::Duration;

use audio::{Clip, mulaw};
use call::{
    Config, EndOfTurn, EndReason, Ending, Failure, Feed, Output, Record, Reply, Request, Turn,
};
use tests::random::Random;

use crate::line::Line;

const CLIP: &[u8] = include_bytes!("../../corpus/audio/book-a-table.ulaw");

/// White noise of so much amplitude, or of a twentieth of it where `loud` says no of the milliseconds.
fn noise(ms: u32, amplitude: u64, loud: impl Fn(u32) -> bool) -> Vec<i16> {
    let mut random = Random::new(7);
    let mut sample = |n: u32| {
        let most = if loud(n / 8) {
            amplitude
        } else {
            amplitude / 20
        };
        let white = i16::try_from(random.between(0, 2 * most)).unwrap_or(i16::MAX);
        white - i16::try_from(most).unwrap_or(i16::MAX)
    };
    (0..ms * 8).map(&mut sample).collect()
}

fn frames(samples: &[i16]) -> impl Iterator<Item = Clip> {
    samples
        .chunks(160)
        .map(|frame| Clip::from(mulaw::encode_all(frame)))
}

fn bot() -> Config {
    Config {
        end: EndOfTurn::Adaptive,
        greeting: "Hello, this is the Golden Fork. We are open every day but Monday.".to_owned(),
        ..Config::default()
    }
}

/// Half a minute of the bot's voice.
fn monologue() -> Vec<u8> {
    CLIP.repeat(30 * 8_000 / CLIP.len() + 1)
}

/// What the engine does while this is heard.
fn hear(line: &mut Line, samples: &[i16]) -> Vec<Output> {
    let frames = frames(samples).collect::<Vec<_>>();
    frames.into_iter().flat_map(|it| line.hear(it)).collect()
}

/// A second of air in bursts, as of somebody who whispers, while the bot speaks. Answers what the engine does.
fn whisper(line: &mut Line) -> Vec<Output> {
    hear(line, &noise(200, 28, |_| true));
    hear(line, &noise(1_000, 3_600, |ms| ms % 200 < 150))
}

fn is_asked_for_words(outputs: &[Output]) -> bool {
    let is_flush = |output: &Output| matches!(output, Output::Feed(_, Feed::Flush(_)));
    outputs.iter().any(is_flush)
}

fn listens(outputs: &[Output]) -> usize {
    let is_listen = |output: &&Output| matches!(output, Output::Ask(_, Request::Listen));
    outputs.iter().filter(is_listen).count()
}

#[test]
fn noise_that_was_there_from_the_beginning_does_not_stop_the_bot() {
    for amplitude in [570, 1_270, 2_500, 5_000] {
        let mut line = Line::greeted(bot(), &Clip::from(monologue()));
        let outputs = hear(&mut line, &noise(5_000, amplitude, |_| true));
        assert!(!outputs.contains(&Output::Clear), "{amplitude}");
        assert_eq!(line.call.turn(), Turn::Replying);
    }
}

#[test]
fn the_bots_own_voice_200_ms_later_and_20_decibels_softer_does_not_stop_it() {
    let sound = monologue();
    for amplitude in [18, 320, 900, 1_800] {
        let mut line = Line::greeted(bot(), &Clip::from(sound.clone()));
        let mut heard = noise(20_000, amplitude, |_| true);
        let echo = mulaw::decode_all(&sound);
        for (heard, echo) in heard.iter_mut().skip(200 * 8).zip(&echo) {
            *heard += echo / 10;
        }
        let outputs = hear(&mut line, &heard);
        assert!(!outputs.contains(&Output::Clear), "in noise of {amplitude}");
    }
}

#[test]
fn only_words_tell_whether_a_sound_without_a_pitch_was_a_whisper() {
    let mut line = Line::greeted(bot(), &Clip::from(monologue()));
    let outputs = whisper(&mut line);
    assert!(!outputs.contains(&Output::Clear));
    assert_eq!(listens(&outputs), 1);
    for murmur in ["", "Mm-hm", "I", "I see"] {
        let outputs = line.hint(Ending::Going, murmur);
        assert!(!outputs.contains(&Output::Clear), "{murmur}");
    }
    let outputs = line.hint(Ending::Going, "Wait, I");
    assert!(outputs.contains(&Output::Clear));
    assert_eq!(line.call.turn(), Turn::Hearing);
    line.hint(Ending::Going, "Wait, I have to go.");
    // It is silent already: nothing else has to end for the turn to be over.
    line.pass(2_500, false);
    assert_eq!(line.call.turn(), Turn::Transcribing);
}

#[test]
fn a_recogniser_that_must_be_asked_is_asked_when_the_sound_is_over() {
    let transcribed = |text: &str| {
        let mut line = Line::greeted(bot(), &Clip::from(monologue()));
        whisper(&mut line);
        let outputs = line.pass(300, false);
        assert!(is_asked_for_words(&outputs));
        let text = text.to_owned();
        let outputs = line.listened(Reply::Transcript { flush: 1, text });
        let seen = (line.call.turn(), outputs.contains(&Output::Clear), outputs);
        (seen, line)
    };
    let ((turn, has_stopped, _), mut line) = transcribed("Wait, please.");
    assert!(has_stopped && turn == Turn::Hearing);
    // Nobody has to be asked again: these are the words of the turn.
    let is_turn = |output: &Output| matches!(output, Output::Persist(Record::Caller { text, .. }) if text == "Wait, please.");
    assert!(line.pass(2_000, false).iter().any(is_turn));
    assert_eq!(line.call.turn(), Turn::Replying);
    for nothing in ["", "Mm-hm."] {
        let ((turn, has_stopped, outputs), _) = transcribed(nothing);
        assert!(!has_stopped && turn == Turn::Replying, "{nothing}");
        let is_dropped = |output: &Output| matches!(output, Output::Cancel(_));
        assert!(outputs.iter().any(is_dropped), "{nothing}");
    }
}

#[test]
fn a_sound_that_nobody_could_write_down_does_not_stop_the_bot() {
    let mut line = Line::greeted(bot(), &Clip::from(monologue()));
    whisper(&mut line);
    let first = line.listened(Reply::Failed(Failure::Broken));
    assert_eq!(listens(&first), 1, "it is asked once more");
    let second = line.listened(Reply::Failed(Failure::Broken));
    assert!(!second.contains(&Output::Clear));
    assert_eq!(line.call.turn(), Turn::Replying);
    // And however long the sound lasts, nobody is asked again.
    let air = noise(200, 3_600, |ms| ms < 150);
    let later: Vec<Output> = (0..5).flat_map(|_| hear(&mut line, &air)).collect();
    assert_eq!(listens(&later), 0);
}

#[test]
fn what_was_said_into_a_reply_and_nobody_could_write_down_is_asked_for_again() {
    let mut line = Line::greeted(
        Config {
            barge_in: false,
            ..bot()
        },
        &Clip::from(vec![0x9F; 8 * 2_000]),
    );
    line.pass(200, false);
    assert_eq!(listens(&line.pass(600, true)), 1);
    line.listened(Reply::Failed(Failure::Broken));
    line.listened(Reply::Failed(Failure::Broken));
    let outputs = line.pass(4_000, false);
    let sorry = Config::default().apology;
    let is_sorry = |output: &Output| matches!(output, Output::Ask(_, Request::Speak { text }) if *text == sorry);
    assert!(outputs.iter().any(is_sorry));
}

/// A second of the words of a recording, one close upon the other.
fn chatter() -> Vec<i16> {
    let sound = mulaw::decode_all(CLIP);
    let loud = |frame: &&[i16]| frame.iter().any(|sample| sample.unsigned_abs() > 1_000);
    let frames: Vec<&[i16]> = sound.chunks_exact(160).filter(loud).collect();
    frames.concat()
}

#[test]
fn a_voice_that_never_pauses_is_no_caller() {
    let mut line = Line::open(bot());
    line.pass(4_000, false);
    let chatter = chatter();
    let talk = |line: &mut Line| {
        let outputs = hear(line, &chatter);
        for output in &outputs {
            if let Output::Feed(_, Feed::Flush(flush)) = output {
                let (flush, text) = (*flush, "la la la".to_owned());
                line.listened(Reply::Transcript { flush, text });
            }
        }
        outputs
    };
    let is_over = |output: &Output| matches!(output, Output::Persist(Record::Ended { reason, .. }) if *reason == EndReason::Idle);
    while line.now < 180_000 && !talk(&mut line).iter().any(is_over) {}
    assert!((120_000..150_000).contains(&line.now), "{}", line.now);
}

#[test]
fn a_turn_is_not_over_in_the_first_consonant_of_the_next_word() {
    let turn_after = |sound: &[i16], then_ms| {
        let mut line = Line::open(Config {
            end: EndOfTurn::Silence(Duration::from_millis(700)),
            ..Config::default()
        });
        line.pass(800, true);
        line.pass(660, false);
        hear(&mut line, sound);
        line.pass(then_ms, false);
        line.call.turn()
    };
    let hiss = noise(60, 400, |_| true);
    assert_eq!(turn_after(&hiss, 20), Turn::Pausing);
    assert_ne!(turn_after(&noise(60, 20, |_| true), 20), Turn::Pausing);
    // But it does not wait for a noise to end.
    let air: Vec<i16> = (0..10)
        .flat_map(|n| noise(20, 300 + 40 * n, |_| true))
        .collect();
    assert_ne!(turn_after(&air, 100), Turn::Pausing);
}
