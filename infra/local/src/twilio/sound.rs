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
