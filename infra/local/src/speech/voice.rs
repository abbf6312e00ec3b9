//! The voices: what flite says, kept by text.

use std::collections::BTreeMap;
use std::io;
use std::process::Stdio;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use audio::wav;
use tokio::process::Command;

/// The rate of every voice here but the first ever made for flite, which is left out.
pub const FLITE_RATE_HZ: u32 = 16_000;
/// Texts kept. A conversation has dozens.
const CACHE_MAX: usize = 512;

/// A voice of flite. The recogniser understands them in this order, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    /// American, male, clear.
    #[default]
    Rms,
    /// Scottish, male.
    Awb,
    /// American, male, of an older make.
    Kal16,
    /// American, female.
    Slt,
}

impl Voice {
    /// flite's name for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rms => "rms",
            Self::Awb => "awb",
            Self::Kal16 => "kal16",
            Self::Slt => "slt",
        }
    }
}

/// Not the name of a voice here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such voice: rms, awb, kal16 and slt are the stand-in's voices")]
pub struct UnknownVoice;

impl FromStr for Voice {
    type Err = UnknownVoice;

    fn from_str(name: &str) -> Result<Self, UnknownVoice> {
        [Self::Rms, Self::Awb, Self::Kal16, Self::Slt]
            .into_iter()
            .find(|voice| voice.as_str() == name)
            .ok_or(UnknownVoice)
    }
}

type Said = BTreeMap<(Voice, String), Arc<[i16]>>;

/// Says texts with flite, a process for each that is new.
#[derive(Debug, Default)]
pub struct Speaker {
    said: Mutex<Said>,
}

impl Speaker {
    /// With nothing said yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The speech of a text: 16-bit samples at [`FLITE_RATE_HZ`]. Of a text without a letter or digit it is a short silence.
    ///
    /// # Errors
    /// flite is missing or failed.
    pub async fn say(&self, text: &str, voice: Voice) -> io::Result<Arc<[i16]>> {
        let key = (voice, text.to_owned());
        if let Some(samples) = self.cache().get(&key) {
            return Ok(Arc::clone(samples));
        }
        let samples: Arc<[i16]> = synthesise(text, voice).await?.into();
        let mut said = self.cache();
        if said.len() >= CACHE_MAX {
            said.clear();
        }
        said.insert(key, Arc::clone(&samples));
        Ok(samples)
    }

    fn cache(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn synthesise(text: &str, voice: Voice) -> io::Result<Vec<i16>> {
    if !text.chars().any(char::is_alphanumeric) {
        return Ok(vec![0; FLITE_RATE_HZ as usize / 50]);
    }
    let file = tempfile::Builder::new()
        .prefix("flite-")
        .suffix(".wav")
        .tempfile()?;
    let spoken = Command::new("flite")
        .args(["-voice", voice.as_str(), "-t", text, "-o"])
        .arg(file.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("flite: {error}; apt-get install flite"),
            )
        })?;
    if !spoken.status.success() {
        let complaint = String::from_utf8_lossy(&spoken.stderr);
        return Err(io::Error::other(format!("flite: {}", complaint.trim())));
    }
    let bytes = tokio::fs::read(file.path()).await?;
    let (spec, samples) = wav::read(&bytes).map_err(io::Error::other)?;
    if spec.rate_hz != FLITE_RATE_HZ {
        let rate = spec.rate_hz;
        return Err(io::Error::other(format!("flite spoke at {rate} Hz")));
    }
    Ok(samples)
}
