//! A voice interrupts, a cough does not.

mod sound;

use audio::{FRAME_SAMPLES, Vad};
use sound::{CLIPS, Sound, cough, hear, hiss, mixed, silence, to_mulaw, vowel};

/// The most of it that counted as speech, and milliseconds from the first frame at or after `from` until 120 did.
fn barge_in(bytes: &[u8], from: usize) -> (u32, Option<usize>) {
    let mut vad = Vad::default();
    vad.listen_for_barge_in(true);
    let counted: Vec<u32> = bytes
        .chunks(FRAME_SAMPLES)
        .map(|frame| {
            vad.hear(frame);
            vad.speech_ms()
        })
        .collect();
    let enough = counted.iter().position(|ms| *ms >= 120);
    (
        counted.iter().copied().max().unwrap_or(0),
        enough.map(|frame| (frame + 1 - from) * 20),
    )
}

#[test]
fn a_voice_interrupts_within_160_ms() {
    for pitch_hz in [70.0, 85.0, 110.0, 150.0, 220.0, 320.0] {
        for dbfs in [-28.0, -20.0, -12.0] {
            for late in [0, 7, 13] {
                let sounds = [
                    silence(1000 + late),
                    vowel(500, pitch_hz, dbfs),
                    silence(300),
                ]
                .concat();
                let (_, enough) = barge_in(&to_mulaw(&sounds), 50);
                assert!(
                    enough.is_some_and(|ms| ms <= 160),
                    "{pitch_hz} Hz at {dbfs}: {enough:?}"
                );
            }
        }
    }
}

#[test]
fn a_cough_does_not_interrupt() {
    for seed in 0..100 {
        for dbfs in [-30.0, -20.0, -12.0] {
            let sounds = [
                silence(1000),
                cough(dbfs, seed),
                silence(300),
                cough(dbfs, seed + 1),
                silence(300),
            ];
            let (most, _) = barge_in(&to_mulaw(&sounds.concat()), 50);
            assert!(most < 80, "cough {seed} at {dbfs}: {most} ms");
        }
    }
}

#[test]
fn pitch_is_told_only_to_who_listens() {
    let bytes = to_mulaw(&[silence(200), vowel(500, 120.0, -20.0)].concat());
    let mut vad = Vad::default();
    assert!(
        hear(&mut vad, &bytes)
            .iter()
            .all(|verdict| verdict.periodic.is_none())
    );
    assert_eq!(vad.speech_ms(), 0);
    vad.listen_for_barge_in(true);
    assert!(
        hear(&mut vad, &bytes)
            .iter()
            .any(|verdict| verdict.periodic == Some(true))
    );
    assert!(vad.speech_ms() > 120);
    vad.listen_for_barge_in(false);
    hear(&mut vad, &bytes);
    assert_eq!(vad.speech_ms(), 0);
}

#[test]
fn spoken_clips_interrupt() {
    for (name, clip) in CLIPS {
        let bytes = [
            to_mulaw(&silence(1000)),
            clip.to_vec(),
            to_mulaw(&silence(1000)),
        ]
        .concat();
        let mut vad = Vad::default();
        vad.listen_for_barge_in(true);
        let first_pitch = hear(&mut vad, &bytes)
            .iter()
            .position(|verdict| verdict.periodic == Some(true))
            .unwrap();
        let (_, enough) = barge_in(&bytes, first_pitch);
        assert!(enough.is_some_and(|ms| ms <= 180), "{name}: {enough:?}");
    }
}

/// What counts of a sound that is heard while a bot speaks, by frames, after somebody at −20 dBFS has spoken.
fn into_the_bot(sound: Sound) -> Vec<u32> {
    let mut vad = Vad::default();
    let before = [silence(500), vowel(800, 120.0, -20.0), silence(700)].concat();
    hear(&mut vad, &to_mulaw(&before));
    vad.listen_for_barge_in(true);
    let bytes = to_mulaw(&[sound, silence(400)].concat());
    let frames = bytes.chunks(FRAME_SAMPLES);
    frames
        .map(|frame| {
            vad.hear(frame);
            vad.speech_ms()
        })
        .collect()
}

fn most(counted: &[u32]) -> u32 {
    counted.iter().copied().max().unwrap_or(0)
}

#[test]
fn a_short_vowel_interrupts_if_it_is_as_loud_as_the_caller_usually_is() {
    assert!(most(&into_the_bot(vowel(60, 120.0, -19.0))) >= 80);
    assert!(most(&into_the_bot(vowel(60, 120.0, -29.0))) < 80);
}

#[test]
fn an_s_before_it_makes_a_vowel_interrupt_sooner() {
    // Softer than usual, so that the vowel alone would not do.
    let stop = |before| [before, silence(60), vowel(300, 120.0, -28.0)].concat();
    let enough = |sound| {
        into_the_bot(sound)
            .iter()
            .position(|ms| *ms >= 80)
            .map(|frame| (frame + 1) * 20)
    };
    let (with, without) = (
        enough(stop(hiss(100, -34.0, 3))),
        enough(stop(silence(100))),
    );
    assert!(with.is_some_and(|ms| ms <= 220), "{with:?}");
    assert!(with < without, "{with:?} and {without:?}");
}

#[test]
fn a_cough_that_ends_in_a_groan_hardly_ever_interrupts() {
    let interrupts = |seed: &u64| {
        let groan = [silence(180), vowel(70, 120.0, -22.0)].concat();
        most(&into_the_bot(mixed(cough(-18.0, *seed), &groan))) >= 80
    };
    // Air may resemble itself by chance, and then looks like the beginning of a word.
    let wrong: Vec<u64> = (0..50).filter(interrupts).collect();
    assert!(wrong.len() <= 2, "{wrong:?}");
}

#[test]
fn people_in_the_room_do_not_interrupt_however_long_the_bot_speaks() {
    let sentence = |dbfs| {
        [
            vowel(300, 180.0, dbfs),
            silence(100),
            vowel(400, 160.0, dbfs),
        ]
        .concat()
    };
    for wait_ms in [0, 20_000] {
        let others = [silence(wait_ms), sentence(-35.0)].concat();
        assert!(most(&into_the_bot(others)) < 80, "after {wait_ms} ms");
        let caller = [silence(wait_ms), sentence(-25.0)].concat();
        assert!(most(&into_the_bot(caller)) >= 80, "after {wait_ms} ms");
    }
}

#[test]
fn what_rings_is_no_voice() {
    assert!(most(&into_the_bot(sound::tone(200, 2_300.0, -20.0))) < 80);
}
