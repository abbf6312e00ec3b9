//! A voice interrupts, a cough does not.

mod sound;

use audio::{FRAME_SAMPLES, Vad};
use sound::{CLIPS, cough, hear, silence, to_mulaw, vowel};

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
