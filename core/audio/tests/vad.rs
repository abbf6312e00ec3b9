//! Who speaks, since when, until when: on made-up sounds and on spoken clips.

mod sound;

use std::time::Duration;

use audio::{Edge, FRAME_SAMPLES, Level, Vad, VadConfig, Verdict, mulaw};
use proptest::prelude::*;
use sound::{CLIPS, fading, hear, mixed, noise, silence, to_mulaw, vowel};

fn hear_sounds(sounds: &[sound::Sound]) -> Vec<Verdict> {
    hear(&mut Vad::default(), &to_mulaw(&sounds.concat()))
}

/// The frames at whose ends speech began, with how long ago that was.
fn onsets(verdicts: &[Verdict]) -> Vec<(usize, u128)> {
    edges(verdicts, |edge| match edge {
        Edge::Onset { ago } => Some(ago),
        Edge::Offset { .. } => None,
    })
}

fn offsets(verdicts: &[Verdict]) -> Vec<(usize, u128)> {
    edges(verdicts, |edge| match edge {
        Edge::Offset { silence } => Some(silence),
        Edge::Onset { .. } => None,
    })
}

fn edges(verdicts: &[Verdict], length: impl Fn(Edge) -> Option<Duration>) -> Vec<(usize, u128)> {
    let lengths = verdicts
        .iter()
        .map(|verdict| verdict.edge.and_then(&length));
    lengths
        .enumerate()
        .filter_map(|(n, length)| Some((n, length?.as_millis())))
        .collect()
}

fn last_voiced(verdicts: &[Verdict]) -> Option<usize> {
    verdicts
        .iter()
        .rposition(|verdict| verdict.voiced && verdict.speaking)
}

#[test]
fn silence_is_never_voiced() {
    for sounds in [silence(3000), noise(3000, -60.0, 1)] {
        let verdicts = hear_sounds(&[sounds]);
        assert!(
            verdicts
                .iter()
                .all(|verdict| !verdict.voiced && verdict.edge.is_none())
        );
    }
}

#[test]
fn an_onset_comes_within_three_frames_and_knows_when_speech_began() {
    for pitch_hz in [85.0, 120.0, 200.0, 300.0] {
        let verdicts = hear_sounds(&[silence(1000), vowel(600, pitch_hz, -20.0), silence(1000)]);
        let onsets = onsets(&verdicts);
        let [(frame, ago)] = onsets[..] else {
            panic!("{pitch_hz} Hz: {onsets:?}")
        };
        assert!((52..=54).contains(&frame), "{pitch_hz} Hz: frame {frame}");
        assert_eq!((frame as u128 + 1) * 20 - ago, 1000, "{pitch_hz} Hz");
    }
}

#[test]
fn the_last_voiced_frame_is_the_last_with_the_callers_sound() {
    for (length_ms, last) in [(600, 79), (300, 64), (100, 54), (1610, 130)] {
        let verdicts = hear_sounds(&[silence(1000), vowel(length_ms, 110.0, -20.0), silence(1000)]);
        assert_eq!(last_voiced(&verdicts), Some(last), "{length_ms} ms");
        assert_eq!(offsets(&verdicts), [(last + 10, 200)], "{length_ms} ms");
    }
}

#[test]
fn a_line_with_noise_ends_as_exactly() {
    let line = noise(6000, -58.0, 3);
    let speech = [silence(4000), vowel(800, 140.0, -22.0), silence(1200)].concat();
    let verdicts = hear_sounds(&[mixed(speech, &line)]);
    assert_eq!(last_voiced(&verdicts), Some(239));
}

#[test]
fn a_soft_end_and_a_final_consonant_are_not_cut_off() {
    let soft = hear_sounds(&[
        silence(1000),
        vowel(500, 120.0, -18.0),
        fading(vowel(200, 100.0, -20.0), 24.0),
        silence(800),
    ]);
    assert_eq!(last_voiced(&soft), Some(84));
    let hissing = hear_sounds(&[
        silence(1000),
        vowel(300, 120.0, -18.0),
        fading(noise(140, -36.0, 5), 6.0),
        silence(800),
    ]);
    assert_eq!(last_voiced(&hissing), Some(71));
}

#[test]
fn a_pause_of_two_hundred_milliseconds_is_an_offset_and_a_shorter_one_is_not() {
    let with_pause = |ms| {
        hear_sounds(&[
            silence(1000),
            vowel(400, 120.0, -20.0),
            silence(ms),
            vowel(400, 120.0, -20.0),
            silence(600),
        ])
    };
    assert_eq!(onsets(&with_pause(160)).len(), 1);
    assert_eq!(onsets(&with_pause(240)).len(), 2);
}

#[test]
fn clicks_after_speech_are_no_speech() {
    let verdicts = hear_sounds(&[
        silence(500),
        vowel(1000, 120.0, -20.0),
        silence(600),
        noise(20, -15.0, 1),
        silence(100),
        noise(20, -15.0, 2),
        silence(600),
    ]);
    assert_eq!(onsets(&verdicts).len(), 1);
}

#[test]
fn steady_noise_is_learned_and_speech_is_heard_above_it() {
    let speech = [silence(6000), vowel(600, 130.0, -20.0), silence(1000)].concat();
    let verdicts = hear_sounds(&[mixed(speech, &noise(7600, -38.0, 9))]);
    let onsets = onsets(&verdicts);
    assert!(matches!(onsets[..], [(302..=305, _)]), "{onsets:?}");
    let last = last_voiced(&verdicts).unwrap();
    assert!((328..=331).contains(&last), "frame {last}");
}

#[test]
fn noise_that_was_there_from_the_beginning_is_known_for_it_within_a_second() {
    for dbfs in [-35.0, -27.0, -20.0] {
        let mut vad = Vad::default();
        hear(&mut vad, &to_mulaw(&noise(1_000, dbfs, 5)));
        assert!(!vad.is_speaking(), "{dbfs} dBFS");
        // And a voice above it is heard at once.
        let voice = mixed(vowel(400, 120.0, dbfs + 12.0), &noise(400, dbfs, 6));
        assert_eq!(onsets(&hear(&mut vad, &to_mulaw(&voice))).len(), 1);
    }
}

#[test]
fn people_in_the_background_do_not_take_the_turn() {
    let softer = |clip: &[u8], by: i16| -> Vec<u8> {
        let samples = mulaw::decode_all(clip)
            .into_iter()
            .map(|sample| mulaw::encode(sample / by));
        samples.chain(to_mulaw(&silence(300))).collect()
    };
    let mut vad = Vad::default();
    let caller = hear(&mut vad, &softer(CLIPS[0].1, 1));
    assert!(!onsets(&caller).is_empty());
    let others = [softer(CLIPS[1].1, 16), softer(CLIPS[3].1, 16)].concat(); // 24 dB
    assert_eq!(onsets(&hear(&mut vad, &others)), []);
    // But a caller who has moved away from the telephone is heard in the end.
    let begged: Vec<_> = (0..8)
        .flat_map(|_| onsets(&hear(&mut vad, &others)))
        .collect();
    assert!(!begged.is_empty());
}

#[test]
fn a_held_vowel_is_one_utterance() {
    let verdicts = hear_sounds(&[silence(500), vowel(1400, 100.0, -20.0), silence(500)]);
    assert_eq!(onsets(&verdicts).len(), 1);
    assert_eq!(last_voiced(&verdicts), Some(94));
}

#[test]
fn spoken_clips_begin_and_end_where_their_sound_does() {
    let audible = Level::from_dbfs(-52);
    for (name, clip) in CLIPS {
        let bytes = [
            to_mulaw(&silence(1000)),
            clip.to_vec(),
            to_mulaw(&silence(1000)),
        ]
        .concat();
        let verdicts = hear(&mut Vad::default(), &bytes);
        let first = verdicts
            .iter()
            .position(|verdict| verdict.level >= audible)
            .unwrap();
        let last = verdicts
            .iter()
            .rposition(|verdict| verdict.level >= audible)
            .unwrap();
        let (onset, ago) = onsets(&verdicts)[0];
        assert!(
            onset < first + 8,
            "{name}: first sound at {first}, onset at {onset}"
        );
        let began = onset + 1 - usize::try_from(ago / 20).unwrap();
        assert!(
            began.abs_diff(first) <= 1,
            "{name}: first sound at {first}, began at {began}"
        );
        let ended = last_voiced(&verdicts).unwrap();
        assert!(
            ended.abs_diff(last) <= 1,
            "{name}: last sound at {last}, ended at {ended}"
        );
    }
}

/// What a call decides must not depend on where it runs: this number is the same in wasm.
#[test]
fn one_input_has_one_story() {
    let mut vad = Vad::default();
    vad.listen_for_barge_in(true);
    let mut story = 0xcbf2_9ce4_8422_2325_u64;
    let noisy = to_mulaw(&noise(2000, -30.0, 11));
    for bytes in [
        &noisy, CLIPS[0].1, CLIPS[1].1, &noisy, CLIPS[2].1, CLIPS[3].1,
    ] {
        for frame in bytes.chunks(FRAME_SAMPLES) {
            let said = format!("{:?} {}", vad.hear(frame), vad.speech_ms());
            story = said.bytes().fold(story, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
            });
        }
    }
    assert_eq!(story, 6_032_252_797_991_575_718);
}

#[test]
fn time_without_frames_is_silence() {
    let mut vad = Vad::default();
    hear(
        &mut vad,
        &to_mulaw(&[silence(200), vowel(500, 120.0, -20.0)].concat()),
    );
    assert!(vad.is_speaking());
    let verdict = vad.miss(Duration::from_millis(100));
    assert!(verdict.speaking && verdict.edge.is_none());
    let verdict = vad.miss(Duration::from_hours(1));
    assert!(
        matches!(verdict.edge, Some(Edge::Offset { .. })),
        "{verdict:?}"
    );
    assert!(!vad.is_speaking());
}

#[test]
fn a_config_may_name_only_what_it_changes() {
    let config: VadConfig = serde_json::from_str(r#"{"mode":"aggressive","tail_ms":100}"#).unwrap();
    assert_eq!(config.tail_ms, 100);
    assert_eq!(config.offset_ms, VadConfig::default().offset_ms);
    assert!(serde_json::from_str::<VadConfig>(r#"{"tail":100}"#).is_err());
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_are_heard(
        bytes in prop::collection::vec(any::<u8>(), 0..4000),
        pieces in prop::collection::vec(0_usize..700, 1..30),
        numbers in prop::collection::vec(any::<i32>(), 4),
        counts in prop::collection::vec(any::<u32>(), 5),
    ) {
        let config = VadConfig {
            floor_dbfs: numbers[0],
            above_noise_db: numbers[1],
            below_caller_db: numbers[2],
            tail_below_caller_db: numbers[3],
            tail_ms: counts[0],
            onset_frames: counts[1],
            onset_window_frames: counts[2],
            offset_ms: counts[3],
            periodicity_percent: counts[4],
            ..VadConfig::default()
        };
        let mut vad = Vad::new(config);
        vad.listen_for_barge_in(true);
        let mut rest = bytes.as_slice();
        for piece in pieces {
            let (now, later) = rest.split_at(piece.min(rest.len()));
            vad.hear(now);
            rest = later;
        }
    }

    #[test]
    fn pieces_of_frames_are_put_together(pieces in prop::collection::vec(1_usize..400, 40)) {
        let bytes = to_mulaw(&[silence(200), vowel(400, 120.0, -20.0), silence(400)].concat());
        let whole = hear(&mut Vad::default(), &bytes);
        let mut vad = Vad::default();
        let mut edges = Vec::new();
        let mut rest = bytes.as_slice();
        for piece in pieces.into_iter().chain([bytes.len()]) {
            let (now, later) = rest.split_at(piece.min(rest.len()));
            edges.extend(vad.hear(now).edge);
            rest = later;
        }
        let expected: Vec<Edge> = whole.iter().filter_map(|verdict| verdict.edge).collect();
        // A piece of everything tells only its last edge.
        prop_assert!(edges == expected || edges == expected[expected.len() - 1..]);
    }
}
