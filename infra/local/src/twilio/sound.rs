//! What a call hears that came over no stream: spoken text, keys, sound files.

use std::io;
use std::pin::Pin;

/// Speaks text.
pub trait Voice: Send + Sync {
    /// The words as μ-law, 8000 bytes a second. `language` is the one of the `<Say>`.
    ///
    /// # Errors
    /// If it cannot be spoken; the verb is then skipped.
    fn speak<'a>(&'a self, text: &'a str, language: Option<&'a str>) -> Spoken<'a>;
}

/// Sound to come.
pub type Spoken<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<u8>>> + Send + 'a>>;

/// Says nothing for as long as saying it would take: 60 ms a character.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silence;

const CHARACTER_SAMPLES: usize = 480;

impl Voice for Silence {
    fn speak<'a>(&'a self, text: &'a str, _language: Option<&'a str>) -> Spoken<'a> {
        let samples = text.chars().count() * CHARACTER_SAMPLES;
        Box::pin(async move { Ok(vec![audio::mulaw::SILENCE; samples]) })
    }
}

/// Samples of a key's tone and of the silence behind it: 100 ms each.
const KEY_SAMPLES: u16 = 800;
/// `w` waits half a second.
const WAIT_SAMPLES: usize = 4000;

/// The sound of keys: `0`–`9`, `*`, `#`, `A`–`D`, and `w` or `W` for a wait of half a second or a second. Others are passed over.
pub(super) fn keys(digits: &str) -> Vec<u8> {
    let mut sound = Vec::new();
    for digit in digits.chars() {
        match digit {
            'w' => sound.extend([audio::mulaw::SILENCE; WAIT_SAMPLES]),
            'W' => sound.extend([audio::mulaw::SILENCE; 2 * WAIT_SAMPLES]),
            _ => tone(digit, &mut sound),
        }
    }
    sound
}

fn tone(digit: char, sound: &mut Vec<u8>) {
    // A key's column and row each have a pitch (ITU-T Q.23).
    let Some(place) = "123A456B789C*0#D".find(digit) else {
        return;
    };
    let low = [697.0, 770.0, 852.0, 941.0].get(place / 4);
    let high = [1209.0, 1336.0, 1477.0, 1633.0].get(place % 4);
    let (Some(low), Some(high)) = (low, high) else {
        return;
    };
    for sample in 0..KEY_SAMPLES {
        let turns = f64::from(sample) / f64::from(audio::RATE_HZ) * std::f64::consts::TAU;
        let level = ((turns * low).sin() + (turns * high).sin()) * 6000.0;
        #[expect(clippy::cast_possible_truncation, reason = "at most 12000")]
        sound.push(audio::mulaw::encode(level as i16));
    }
    sound.extend([audio::mulaw::SILENCE; KEY_SAMPLES as usize]);
}

/// A sound file as μ-law, 8000 bytes a second.
///
/// # Errors
/// In words, for what Twilio does not play or this program cannot read.
pub(super) fn decode(content_type: &str, body: &[u8]) -> Result<Vec<u8>, String> {
    match content_type {
        "audio/basic" | "audio/ulaw" | "audio/x-mulaw" => Ok(body.to_vec()),
        "audio/wav" | "audio/wave" | "audio/x-wav" => {
            let (spec, samples) = audio::wav::read(body).map_err(|error| error.to_string())?;
            let mut resampler = audio::Resampler::new(spec.rate_hz, audio::RATE_HZ)
                .map_err(|error| error.to_string())?;
            let mut telephone = Vec::new();
            resampler.push(&samples, &mut telephone);
            resampler.finish(&mut telephone);
            Ok(audio::mulaw::encode_all(&telephone))
        }
        other => Err(format!(
            "{other:?} is not a kind of sound that can be played here"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sound_a_fifth_of_a_second_each() {
        assert_eq!(keys("1w#").len(), 1600 + 4000 + 1600);
        assert_eq!(keys("?").len(), 0);
        let loud = audio::frame::Level::of_mulaw(&keys("5")[..800]);
        assert!(loud.exceeds(audio::Level::from_dbfs(-20), 0), "{loud:?}");
    }

    #[test]
    fn sound_files_become_telephone_sound() {
        let file = audio::wav::mono(audio::wav::Sound::Pcm16, 24_000, &vec![1000; 24_000]);
        let sound = decode("audio/wav", &file).unwrap();
        assert!(sound.len().abs_diff(8000) < 10, "{}", sound.len());
        assert_eq!(decode("audio/basic", &[1, 2]), Ok(vec![1, 2]));
        assert!(decode("text/html", b"").is_err());
        assert!(decode("audio/wav", b"not").is_err());
    }
}
