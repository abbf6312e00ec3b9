//! From the bytes of a speech response to telephone sound, while they arrive.

mod coding;

use audio::{Clip, FRAME_SAMPLES, Pcm16, RATE_HZ, Resampler, mulaw, wav};

use crate::Head;
use crate::error;
use crate::exchange::Complaint;

pub(crate) use coding::Coding;
use coding::{Declared, SNIFFED_BYTES, is_mp3, is_text};

/// The longest text that is kept, to say what it says.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Turns a response into clips.
///
/// Every clip is a whole number of 20 ms frames; the last one is filled up with silence. What is no sound, or none we
/// know, is a complaint: the caller never hears it.
pub(crate) struct Sound {
    asked: Option<Coding>,
    /// What was asked for counts for more than a declared kind of compressed sound.
    is_certain: bool,
    declared: Declared,
    state: State,
    /// Samples at 8 kHz, as they come out of `state`.
    samples: Vec<i16>,
    /// Coded, less than a frame between two pushes.
    coded: Vec<u8>,
    /// Whether a clip was given.
    heard: bool,
}

enum State {
    /// The first bytes, until they tell what it is.
    Sniffing(Vec<u8>),
    Pcm(Pcm16, Resampler),
    /// The resampler comes with the file's header.
    Wav(Box<wav::Reader>, Option<Resampler>),
    Mulaw,
    /// No sound: an error with status 200.
    Text(Vec<u8>),
}

impl Sound {
    pub(crate) fn new(asked: Option<Coding>) -> Self {
        Self {
            asked,
            is_certain: false,
            declared: Declared::Nothing,
            state: State::Sniffing(Vec::new()),
            samples: Vec::new(),
            coded: Vec::new(),
            heard: false,
        }
    }

    /// Of a provider that sends what was asked for, whatever its content type says: some declare all sound MP3.
    pub(crate) fn certain(coding: Coding) -> Self {
        Self {
            is_certain: true,
            ..Self::new(Some(coding))
        }
    }

    pub(crate) fn head(&mut self, head: &Head) {
        self.declared = Declared::read(head, self.asked);
    }

    /// Whether anything came out yet.
    pub(crate) fn was_heard(&self) -> bool {
        self.heard
    }

    /// The sound that is complete with these bytes, if it is 20 ms or more.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Option<Clip>, Complaint> {
        let State::Sniffing(first) = &mut self.state else {
            self.decode(bytes)?;
            return Ok(self.clip());
        };
        first.extend_from_slice(bytes);
        if first.len() < SNIFFED_BYTES {
            return Ok(None);
        }
        self.begin()?;
        Ok(self.clip())
    }

    /// The rest of the sound.
    pub(crate) fn finish(&mut self) -> Result<Option<Clip>, Complaint> {
        if let State::Sniffing(first) = &self.state {
            if first.is_empty() {
                return Ok(None);
            }
            self.begin()?;
        }
        match &mut self.state {
            State::Text(text) => return Err(error::instead(text, "text instead of sound")),
            State::Pcm(_, resampler) | State::Wav(_, Some(resampler)) => {
                resampler.finish(&mut self.samples);
            }
            State::Wav(reader, None) => {
                let outcome = std::mem::take(&mut **reader).finish();
                outcome.map_err(|error| Complaint::unfit(&error.to_string()))?;
            }
            State::Sniffing(_) | State::Mulaw => (),
        }
        self.code();
        let whole = self.coded.len().next_multiple_of(FRAME_SAMPLES);
        self.coded.resize(whole, mulaw::SILENCE);
        Ok(self.clip())
    }

    /// Decides what the first bytes are, then takes them in.
    fn begin(&mut self) -> Result<(), Complaint> {
        let State::Sniffing(first) = std::mem::replace(&mut self.state, State::Mulaw) else {
            return Ok(());
        };
        self.state = self.recognise(&first)?;
        self.decode(&first)
    }

    fn recognise(&self, first: &[u8]) -> Result<State, Complaint> {
        if first.starts_with(b"RIFF") {
            return Ok(State::Wav(Box::default(), None));
        }
        if is_text(first) {
            return Ok(State::Text(Vec::new()));
        }
        for (sign, name) in [
            (&b"ID3"[..], "mp3"),
            (b"OggS", "ogg"),
            (b"fLaC", "flac"),
            (b"\x1A\x45\xDF\xA3", "webm"),
        ] {
            if first.starts_with(sign) {
                return Err(unfit(name));
            }
        }
        let coding = self.coding(first)?;
        match coding {
            Coding::Pcm { rate_hz } => Ok(State::Pcm(Pcm16::new(), resampler(rate_hz)?)),
            Coding::Mulaw => Ok(State::Mulaw),
            Coding::Wav => Err(unfit("wav without its header")),
        }
    }

    /// How bytes are to be understood that do not say so themselves.
    fn coding(&self, first: &[u8]) -> Result<Coding, Complaint> {
        if let (true, Some(asked)) = (self.is_certain, self.asked) {
            match &self.declared {
                Declared::Nothing => return Ok(asked),
                Declared::Unfit(kind) if kind.starts_with("audio/") && !is_mp3(first) => {
                    return Ok(asked);
                }
                Declared::Unfit(_) | Declared::This(_) => (),
            }
        }
        match (&self.declared, self.asked) {
            (Declared::Unfit(kind), _) => Err(unfit(kind)),
            (Declared::This(coding), _) => Ok(*coding),
            (Declared::Nothing, _) if is_mp3(first) => Err(unfit("mp3")),
            (Declared::Nothing, Some(coding)) => Ok(coding),
            (Declared::Nothing, None) => Err(unfit("an unknown format")),
        }
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<(), Complaint> {
        match &mut self.state {
            State::Sniffing(first) => first.extend_from_slice(bytes),
            State::Mulaw => self.coded.extend_from_slice(bytes),
            State::Pcm(pcm, resampler) => {
                let mut samples = Vec::with_capacity(bytes.len() / 2 + 1);
                pcm.push(bytes, &mut samples);
                resampler.push(&samples, &mut self.samples);
            }
            State::Wav(reader, resampling) => {
                let mut samples = Vec::with_capacity(bytes.len() / 2 + 1);
                let outcome = reader.push(bytes, &mut samples);
                outcome.map_err(|error| Complaint::unfit(&error.to_string()))?;
                if let (None, Some(spec)) = (&resampling, reader.spec()) {
                    *resampling = Some(resampler(spec.rate_hz)?);
                }
                if let Some(resampler) = resampling {
                    resampler.push(&samples, &mut self.samples);
                }
            }
            State::Text(text) => {
                let room = TEXT_BYTES_MAX.saturating_sub(text.len());
                text.extend(bytes.iter().take(room));
            }
        }
        self.code();
        Ok(())
    }

    fn code(&mut self) {
        mulaw::encode_into(&self.samples, &mut self.coded);
        self.samples.clear();
    }

    /// The frames that are complete.
    fn clip(&mut self) -> Option<Clip> {
        let whole = self.coded.len() - self.coded.len() % FRAME_SAMPLES;
        if whole == 0 {
            return None;
        }
        let rest = self.coded.split_off(whole);
        self.heard = true;
        Some(Clip::from(std::mem::replace(&mut self.coded, rest)))
    }
}

fn resampler(rate_hz: u32) -> Result<Resampler, Complaint> {
    Resampler::new(rate_hz, RATE_HZ).map_err(|error| Complaint::unfit(&error.to_string()))
}

fn unfit(what: &str) -> Complaint {
    Complaint::unfit(&format!("{what} instead of pcm, wav or mulaw"))
}

#[cfg(test)]
mod tests;
