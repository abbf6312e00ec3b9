//! Sound that can be told apart: a voice that the engine's voice detector takes for one, and that carries, unheard, who
//! says what with it.
//!
//! The caller's frames have a number written into their lowest bits, so that the simulated speech-to-text understands
//! exactly what was fed to it. The bot's sound is nothing but numbers: every millisecond of it says which request it
//! answers and which millisecond of that it is.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "sound is made in floats"
)]

use std::f64::consts::{PI, TAU};
use std::sync::LazyLock;

use audio::Clip;
use audio::frame::FRAME_SAMPLES;
use audio::mulaw;

/// Bytes in a millisecond.
pub const MS: usize = 8;
/// Tells a marked frame from any other.
const MAGIC: u16 = 0xB2D4;
/// Bits in front of a marked frame: the magic, the phrase, the frame within it.
const TAG_BITS: usize = 48;

static VOICE: LazyLock<Vec<[u8; FRAME_SAMPLES]>> =
    LazyLock::new(|| frames(&levelled(speech(4_000), -20.0)));
static FAINT: LazyLock<Vec<[u8; FRAME_SAMPLES]>> =
    LazyLock::new(|| frames(&levelled(speech(4_000), -37.0)));
static COUGH: LazyLock<Vec<[u8; FRAME_SAMPLES]>> = LazyLock::new(|| frames(&cough(260)));

/// What the caller says in one frame.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Tag {
    /// Which phrase.
    pub phrase: u16,
    /// Which of its frames.
    pub frame: u16,
}

/// A frame of voice that says this; `faint`: as from a telephone held far away.
#[must_use]
pub fn voiced(tag: Tag, faint: bool) -> Clip {
    let voice = if faint { &*FAINT } else { &*VOICE };
    let at = (usize::from(tag.phrase) * 37 + usize::from(tag.frame)) % voice.len();
    let mut bytes = voice[at];
    let bits = (u64::from(MAGIC) << 32) | (u64::from(tag.phrase) << 16) | u64::from(tag.frame);
    for (n, byte) in bytes.iter_mut().take(TAG_BITS).enumerate() {
        *byte = (*byte & !1) | ((bits >> (TAG_BITS - 1 - n)) & 1) as u8;
    }
    Clip::from(bytes.to_vec())
}

/// A frame of a cough; none when it is over.
#[must_use]
pub fn cough_frame(frame: usize) -> Option<Clip> {
    COUGH.get(frame).map(|bytes| Clip::from(bytes.to_vec()))
}

/// Everything that can be understood in this sound.
pub fn understood(sound: &[u8], mut heard: impl FnMut(Tag)) {
    let mut at = 0;
    while let Some(bytes) = sound.get(at..at + TAG_BITS) {
        if let Some(tag) = tag_of(bytes) {
            heard(tag);
            at += FRAME_SAMPLES;
        } else {
            at += MS;
        }
    }
}

fn tag_of(bytes: &[u8]) -> Option<Tag> {
    let number = |bits: &[u8]| {
        bits.iter()
            .fold(0_u16, |number, byte| number << 1 | u16::from(byte & 1))
    };
    (number(&bytes[..16]) == MAGIC).then(|| Tag {
        phrase: number(&bytes[16..32]),
        frame: number(&bytes[32..48]),
    })
}

/// Milliseconds `from` to `to` of the bot's sound for a request (any number that tells requests apart).
#[must_use]
pub fn bot(request: u32, from_ms: u32, to_ms: u32) -> Clip {
    let bytes: Vec<u8> = (from_ms..to_ms)
        .flat_map(|ms| (u64::from(request) << 32 | u64::from(ms)).to_be_bytes())
        .collect();
    Clip::from(bytes)
}

/// What a stretch of the bot's sound is: requests, with the first and (excluded) last millisecond of each. None if it
/// is torn.
#[must_use]
pub fn bot_spans(sound: &[u8]) -> Option<Vec<(u32, u32, u32)>> {
    let (blocks, rest) = sound.as_chunks::<MS>();
    let mut spans: Vec<(u32, u32, u32)> = Vec::new();
    for block in blocks {
        let both = u64::from_be_bytes(*block);
        let (request, ms) = ((both >> 32) as u32, both as u32);
        match spans.last_mut() {
            Some((same, _, to)) if (*same, *to) == (request, ms) => *to += 1,
            _ => spans.push((request, ms, ms + 1)),
        }
    }
    (rest.is_empty() && !spans.is_empty()).then_some(spans)
}

/// Syllables: vowels of changing colour, pitch and loudness, with a little breath between them.
fn speech(ms: usize) -> Vec<f64> {
    const VOWELS: [(f64, f64); 4] = [
        (600.0, 1200.0),
        (350.0, 2000.0),
        (500.0, 900.0),
        (700.0, 1500.0),
    ];
    let mut sound = Vec::new();
    let mut syllable = 0_usize;
    while sound.len() < ms * MS {
        let (first, second) = VOWELS[syllable % VOWELS.len()];
        let pitch_hz = 110.0 + 12.0 * (syllable % 5) as f64;
        let length = (140 + 30 * (syllable % 3)) * MS;
        let vowel = vowel(length, pitch_hz, first, second);
        let loud = 0.8 + 0.2 * (syllable % 2) as f64;
        sound.extend(vowel.into_iter().map(|sample| sample * loud));
        syllable += 1;
    }
    sound
}

fn vowel(length: usize, pitch_hz: f64, first_hz: f64, second_hz: f64) -> Vec<f64> {
    let mut phase = 0.0;
    let pulses = (0..length)
        .map(|n| {
            phase += pitch_hz * (1.0 + 0.06 * (TAU * n as f64 / 2000.0).sin()) / 8000.0;
            let pulse = phase >= 1.0;
            phase -= f64::from(u8::from(pulse));
            f64::from(u8::from(pulse))
        })
        .collect();
    let shaped = formant(formant(pulses, first_hz, 90.0), second_hz, 120.0);
    let edge = 20.0 * MS as f64;
    shaped
        .into_iter()
        .enumerate()
        .map(|(n, sample)| {
            let near = (n as f64).min((length - n) as f64) / edge;
            sample * (0.3 + 0.7 * near.min(1.0))
        })
        .collect()
}

fn cough(ms: usize) -> Vec<f64> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let noise = (0..ms * MS)
        .map(|n| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let white = (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0;
            white * (-(n as f64) / (60.0 * MS as f64)).exp()
        })
        .collect();
    levelled(formant(noise, 700.0, 500.0), -20.0)
}

fn formant(sound: Vec<f64>, hz: f64, width_hz: f64) -> Vec<f64> {
    let radius = (-PI * width_hz / 8000.0).exp();
    let (mut last, mut before) = (0.0, 0.0);
    sound
        .into_iter()
        .map(|sample| {
            let ringing =
                sample + 2.0 * radius * (TAU * hz / 8000.0).cos() * last - radius * radius * before;
            (before, last) = (last, ringing);
            ringing
        })
        .collect()
}

fn levelled(sound: Vec<f64>, dbfs: f64) -> Vec<f64> {
    let square: f64 = sound.iter().map(|sample| sample * sample).sum();
    let gain = 10_f64.powf(dbfs / 20.0) / (square / sound.len() as f64).sqrt();
    sound.into_iter().map(|sample| sample * gain).collect()
}

fn frames(sound: &[f64]) -> Vec<[u8; FRAME_SAMPLES]> {
    let bytes: Vec<u8> = sound
        .iter()
        .map(|sample| mulaw::encode((sample * 32_768.0).clamp(-32_000.0, 32_000.0) as i16))
        .collect();
    bytes.as_chunks::<FRAME_SAMPLES>().0.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use audio::{Edge, Vad};

    #[test]
    fn the_voice_is_taken_for_a_voice_from_its_beginning_to_its_end() {
        for phrase in 0..200 {
            let mut vad = Vad::default();
            vad.listen_for_barge_in(true);
            let quiet = Clip::silence(std::time::Duration::from_millis(20));
            for _ in 0..50 {
                assert!(!vad.hear(quiet.bytes()).voiced);
            }
            let length = 10 + phrase % 60;
            let mut onset = None;
            let mut last = false;
            for frame in 0..length {
                let verdict = vad.hear(voiced(Tag { phrase, frame }, false).bytes());
                if let Some(Edge::Onset { ago }) = verdict.edge {
                    onset.get_or_insert((frame, ago));
                }
                last = verdict.voiced;
            }
            let (at, _) = onset.expect("an onset");
            assert!(at <= 6, "phrase {phrase} begins with frame {at}");
            assert!(last, "phrase {phrase} ends with its last frame");
            assert!(
                vad.speech_ms() >= 100,
                "phrase {phrase}: {} ms",
                vad.speech_ms()
            );
            assert!(!vad.hear(quiet.bytes()).voiced, "phrase {phrase}");
        }
    }

    #[test]
    fn the_cough_is_none() {
        let mut vad = Vad::default();
        vad.listen_for_barge_in(true);
        let mut began = false;
        for frame in 0..30 {
            let clip = cough_frame(frame)
                .unwrap_or_else(|| Clip::silence(std::time::Duration::from_millis(20)));
            began |= vad.hear(clip.bytes()).edge.is_some();
        }
        assert!(began, "it is heard");
        assert!(vad.speech_ms() < 100, "{}", vad.speech_ms());
    }

    #[test]
    fn what_was_said_can_be_read_from_the_sound() {
        let tag = |frame| Tag { phrase: 3, frame };
        let mut sound = voiced(tag(9), false).bytes().to_vec();
        sound.extend([0xFF; 24]);
        sound.extend(voiced(tag(10), false).bytes());
        let mut tags = Vec::new();
        understood(&sound, |tag| tags.push((tag.phrase, tag.frame)));
        assert_eq!(tags, [(3, 9), (3, 10)]);
        assert_eq!(bot_spans(bot(7, 20, 80).bytes()), Some(vec![(7, 20, 80)]));
    }
}
