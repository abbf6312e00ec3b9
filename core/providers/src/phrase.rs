//! Phrases whose speech is kept, so that nobody is asked for it twice: how it is found again, how it looks where it is
//! kept, and which phrases are worth it.

mod shelf;

use std::time::Duration;

use audio::Clip;
use sha2::{Digest as _, Sha256};

use crate::speak::Settings;

pub use shelf::Shelf;

/// Names the speech of one phrase in one manner: SHA-256.
pub type PhraseId = [u8; 32];

/// What kept speech begins with. Changes with its format, and whenever the way in which providers' sound is made into
/// μ-law does.
const HEAD: &[u8; 8] = b"ulaw8k/1";
/// How much of a digest stands in it.
const SUM: usize = 16;
/// Nobody speaks a character in less; what comes instead is no speech. As the engine has it.
const CHAR_MIN: Duration = Duration::from_millis(5);
/// Nobody speaks a character in more, pauses included.
const CHAR_MAX: Duration = Duration::from_millis(400);
/// The longest pause before and after the words.
const PAUSES_MAX: Duration = Duration::from_secs(3);
/// The longest sentence of a model's that comes again often enough, in characters.
const SENTENCE_CHARS_MAX: usize = 60;

/// How something is spoken: all that its sound depends on, but the words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Manner([u8; 32]);

impl Manner {
    /// Of a provider, as the bot names it, that was told this. Who speaks depends on where it is, too: a stand-in's
    /// speech must not pass for that of the one it stands in for.
    #[must_use]
    pub fn of(provider: &str, settings: &Settings, directions: &str) -> Self {
        let options = serde_json::Value::Object(settings.options.clone()).to_string();
        let parts = [
            provider,
            &settings.endpoint.base_url.exact(),
            &settings.model,
            &settings.voice,
            &settings.language,
            directions,
            &options,
        ];
        Self(digest(parts.map(str::as_bytes)))
    }

    /// Names the speech of a text in this manner.
    #[must_use]
    pub fn phrase(&self, text: &str) -> PhraseId {
        digest([HEAD.as_slice(), &self.0, text.as_bytes()])
    }
}

/// Of several parts, none of which can run into another.
fn digest<const N: usize>(parts: [&[u8]; N]) -> [u8; 32] {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        sha.update(part);
    }
    sha.finalize().into()
}

/// Speech as it is kept: it says of itself whose it is and whether it is whole.
#[must_use]
pub fn pack(id: &PhraseId, sound: &Clip) -> Vec<u8> {
    let sum = digest([id, sound.bytes()]);
    let sum = sum.iter().take(SUM);
    HEAD.iter()
        .chain(sum)
        .chain(sound.bytes())
        .copied()
        .collect()
}

/// Reads what was kept; none if it is not that phrase's speech, or not all of it.
#[must_use]
pub fn unpack(id: &PhraseId, kept: &[u8]) -> Option<Clip> {
    let rest = kept.strip_prefix(HEAD)?;
    let (sum, sound) = rest.split_at_checked(SUM)?;
    let is_whole = digest([id, sound]).starts_with(sum);
    is_whole.then(|| Clip::from(sound))
}

/// How many bytes speech takes where it is kept.
#[must_use]
pub fn packed_bytes(sound: &Clip) -> usize {
    HEAD.len() + SUM + sound.len()
}

/// Whether sound can be this text, spoken: neither cut off nor something else.
#[must_use]
pub fn is_plausible(text: &str, sound: &Clip) -> bool {
    let chars = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    let least = CHAR_MIN.saturating_mul(chars);
    let most = CHAR_MAX.saturating_mul(chars).saturating_add(PAUSES_MAX);
    !sound.is_empty() && sound.duration() >= least && sound.duration() <= most
}

/// Whether a model's sentence is likely to be said again: short, complete, and without numbers, which hardly ever come
/// back and are the callers' own.
#[must_use]
pub fn recurs(sentence: &str) -> bool {
    let sentence = sentence.trim();
    let is_short = (1..=SENTENCE_CHARS_MAX).contains(&sentence.chars().count());
    let is_complete = sentence.ends_with(['.', '!', '?', '…', '。', '！', '？']);
    is_short
        && is_complete
        && !sentence.contains(|letter: char| letter.is_numeric() || letter == '@')
}

#[cfg(test)]
mod tests;
