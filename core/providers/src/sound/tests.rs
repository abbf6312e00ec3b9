use audio::pcm;

use super::*;

const PCM: Option<Coding> = Some(Coding::Pcm { rate_hz: 24_000 });

fn head(content_type: &str) -> Head {
    Head {
        status: 200,
        content_type: content_type.to_owned(),
        ..Head::default()
    }
}

/// All that is heard of a response cut into chunks of this size.
fn heard(
    asked: Option<Coding>,
    content_type: &str,
    bytes: &[u8],
    size: usize,
) -> Result<Vec<u8>, Complaint> {
    let mut sound = Sound::new(asked);
    sound.head(&head(content_type));
    let mut all = Vec::new();
    for chunk in bytes.chunks(size) {
        if let Some(clip) = sound.push(chunk)? {
            assert_eq!(clip.len() % FRAME_SAMPLES, 0);
            all.extend_from_slice(clip.bytes());
        }
    }
    all.extend_from_slice(sound.finish()?.unwrap_or_default().bytes());
    Ok(all)
}

/// A tone of 400 Hz, at about -6 dBFS.
fn tone(rate_hz: u32, samples: u32) -> Vec<i16> {
    let step = 2.0 * std::f64::consts::PI * 400.0 / f64::from(rate_hz);
    #[expect(clippy::cast_possible_truncation, reason = "within 16 bits")]
    let sample = |n: u32| ((f64::from(n) * step).sin() * 16_000.0) as i16;
    (0..samples).map(sample).collect()
}

#[test]
fn sound_has_no_seams_however_the_bytes_are_cut() {
    let bytes = pcm::to_le_bytes(&tone(24_000, 4_801));
    let whole = heard(PCM, "audio/pcm", &bytes, usize::MAX).unwrap();
    assert_eq!(whole.len(), 1760, "1601 samples, filled up to frames");
    for size in (1..200).chain([479, 480, 481, 960, 4096]) {
        assert_eq!(
            heard(PCM, "audio/pcm", &bytes, size).unwrap(),
            whole,
            "chunks of {size}"
        );
    }
    let expected = tone(8_000, 1600);
    let errors = whole
        .iter()
        .zip(&expected)
        .skip(40)
        .take(1500)
        .map(|(code, sample)| (i32::from(mulaw::decode(*code)) - i32::from(*sample)).abs());
    assert!(
        errors.max().unwrap() < 600,
        "no click, no delay, the same peak"
    );
    assert_eq!(whole[1610..], [mulaw::SILENCE; 150]);
}

#[test]
fn the_first_sound_does_not_wait_for_more_than_a_frame() {
    let bytes = pcm::to_le_bytes(&tone(24_000, 4_800));
    let mut sound = Sound::new(PCM);
    let mut fed = 0;
    let first = bytes.chunks(2).find_map(|chunk| {
        fed += chunk.len();
        sound.push(chunk).unwrap()
    });
    assert_eq!(first.unwrap().len(), FRAME_SAMPLES);
    assert!(
        fed <= 960 + 2 * 50,
        "{fed} bytes: 20 ms, and the 2 ms the filter looks ahead"
    );
}

#[test]
fn a_wav_is_read_whatever_was_asked_and_whatever_it_is_said_to_be() {
    let expected = heard(
        Some(Coding::Mulaw),
        "",
        &mulaw::encode_all(&tone(8_000, 800)),
        99,
    )
    .unwrap();
    for sound in [wav::Sound::Pcm16, wav::Sound::Mulaw] {
        let file = wav::mono(sound, 8_000, &tone(8_000, 800));
        for (asked, kind) in [
            (PCM, "audio/pcm"),
            (Some(Coding::Wav), ""),
            (None, "audio/mpeg"),
            (PCM, "audio/wav"),
        ] {
            for size in [1, 7, 1000] {
                assert_eq!(
                    heard(asked, kind, &file, size).unwrap(),
                    expected,
                    "{kind} {size}"
                );
            }
        }
    }
    let truncated = wav::header(wav::Sound::Pcm16, 1, 8_000, 800);
    let complaint = heard(PCM, "audio/wav", &truncated[..30], 5).unwrap_err();
    assert_eq!(complaint.code, "the WAV file ends before its data begin");
}

#[test]
fn the_rate_is_the_servers_else_ours_else_24_khz() {
    let bytes = pcm::to_le_bytes(&tone(16_000, 16_000));
    let asked = Coding::asked("pcm", Some(16_000));
    for (asked, kind, length) in [
        (PCM, "audio/pcm;rate=16000", 8_000),
        (asked, "audio/pcm", 8_000),
        (asked, "application/octet-stream", 8_000),
        (Some(Coding::Wav), "audio/pcm", 5_440),
    ] {
        assert_eq!(
            heard(asked, kind, &bytes, 1000).unwrap().len(),
            length,
            "{kind}"
        );
    }
    let odd = heard(PCM, "audio/pcm;rate=12345", &bytes, 1000).unwrap_err();
    assert_eq!(odd.code, "cannot resample 12345 Hz to 8000 Hz");
}

#[test]
fn what_is_no_sound_is_never_heard() {
    let mp3 = [
        0xFF, 0xFB, 0x90, 0x64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    for (kind, bytes) in [
        ("", &mp3[..]),
        ("audio/mpeg", &mp3),
        ("audio/mpeg", &[0; 100]),
        ("audio/pcm", b"ID3\x04\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        ("audio/pcm", b"OggS\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        ("", b"fLaC"),
        ("audio/pcm", b"{\"error\":{\"message\":\"no such voice\"}}"),
        ("", b"\n [{\"error\":{\"message\":\"no such voice\"}}]"),
        ("", b"{}"),
        ("text/html", b"<!DOCTYPE html><html>"),
        ("application/json", &[0; 100]),
    ] {
        for size in [1, 5, 100] {
            let complaint = heard(PCM, kind, bytes, size).unwrap_err();
            assert_eq!(complaint.failure, call::Failure::Broken, "{kind} {bytes:?}");
        }
    }
    assert!(heard(None, "", &[0; 100], 100).is_err());
    assert!(heard(Some(Coding::Wav), "", &[0; 100], 100).is_err());
}

#[test]
fn quiet_beginnings_are_sound() {
    for first in [
        [0x00, 0x00],
        [0xFF, 0xFF],
        [0xFE, 0xFF],
        [0x7B, 0x00],
        [0x3C, 0x01],
    ] {
        let bytes: Vec<u8> = first.into_iter().cycle().take(9600).collect();
        assert_eq!(
            heard(PCM, "", &bytes, 960).unwrap().len(),
            1600,
            "{first:?}"
        );
    }
    let hiss: Vec<u8> = [0x7B, 0x7E, 0x7D, 0x7E]
        .into_iter()
        .cycle()
        .take(1600)
        .collect();
    assert_eq!(heard(Some(Coding::Mulaw), "", &hiss, 160).unwrap(), hiss);
}

#[test]
fn of_nothing_nothing_is_heard() {
    assert_eq!(heard(PCM, "audio/pcm", &[], 1), Ok(Vec::new()));
    assert_eq!(heard(PCM, "audio/pcm", &[1], 1), Ok(Vec::new()));
}

#[test]
fn what_was_asked_for_for_certain_is_heard_whatever_it_is_declared() {
    let speech: Vec<u8> = (0..=255).cycle().take(1600).collect();
    let heard = |content_type: &str, bytes: &[u8]| {
        let mut sound = Sound::certain(Coding::Mulaw);
        sound.head(&head(content_type));
        let mut heard = Vec::new();
        for clip in [sound.push(bytes)?, sound.finish()?].into_iter().flatten() {
            heard.extend_from_slice(clip.bytes());
        }
        Ok::<_, Complaint>(heard)
    };
    for kind in ["audio/mpeg", "audio/basic", "application/octet-stream", ""] {
        assert_eq!(heard(kind, &speech), Ok(speech.clone()), "{kind}");
    }
    let mp3 = [&[0xFF, 0xFB, 0x90, 0x00][..], &[0; 96]].concat();
    assert!(heard("audio/mpeg", &mp3).is_err(), "it is what it says");
    assert!(heard("text/html", &speech).is_err());
    assert!(heard("", b"{\"error\":\"no such voice\"}").is_err());
}
