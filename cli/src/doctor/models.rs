//! Models that their providers shut down, and when.

use jiff::civil::Date;

/// A model that ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    /// The model; with a star at its end, all that begin so.
    model: &'static str,
    /// The day, in ISO 8601.
    on: &'static str,
    /// What takes its place.
    pub(crate) instead: &'static str,
    /// Where the day was read; on 2026-11-21.
    pub(crate) source: &'static str,
}

const OPENAI: &str = "https://platform.openai.com/docs/deprecations, and the SDK openai-py 3.52.0";
const SPEECH: &str = "a voice of another provider: its successor is not served by /v1/audio/speech";

const fn openai(model: &'static str, on: &'static str, instead: &'static str) -> Ending {
    Ending {
        model,
        on,
        instead,
        source: OPENAI,
    }
}

/// All that are known.
const ENDINGS: &[Ending] = &[
    openai("tts-1", "2027-01-06", SPEECH),
    openai("tts-1-hd", "2027-01-06", SPEECH),
    openai("gpt-4o-mini-tts", "2027-01-06", SPEECH),
    openai("gpt-4o-mini-tts-2025-12-15", "2027-01-06", SPEECH),
    openai("whisper-1", "2027-02-26", "gpt-transcribe"),
    openai("gpt-4o-transcribe", "2027-02-26", "gpt-transcribe"),
    openai("gpt-4o-transcribe-diarize", "2027-02-26", "gpt-transcribe"),
    openai("gpt-4o-mini-transcribe", "2027-02-26", "gpt-transcribe"),
    openai("gpt-4o", "2027-01-14", "gpt-6-luna"),
    openai("gpt-4o-mini", "2027-01-14", "gpt-6-luna"),
    openai("gpt-4.1", "2027-01-14", "gpt-6-luna"),
    openai("gpt-4.1-mini", "2027-01-14", "gpt-6-luna"),
    openai("gpt-5", "2026-12-11", "gpt-6-luna"),
    openai("gpt-5-mini", "2026-12-11", "gpt-6-luna"),
    openai("gpt-5-nano", "2026-12-11", "gpt-6-luna"),
    openai("o3", "2026-12-11", "gpt-6-luna"),
    openai("gpt-realtime", "2027-01-20", "gpt-realtime-2.1"),
    openai("gpt-realtime-mini", "2027-01-20", "gpt-realtime-2.1-mini"),
    openai("gpt-audio*", "2027-01-20", "gpt-realtime-2.1"),
];

impl Ending {
    /// The day.
    pub(crate) fn day(&self) -> Option<Date> {
        self.on.parse().ok()
    }
}

/// How a model ends, if it does and that is known. `provider` as bots name it: other servers that speak as OpenAI does
/// keep models of these names as long as they like, but then under an address of their own, which is not known here.
pub(crate) fn ending(provider: &str, model: &str) -> Option<&'static Ending> {
    let fits = |ending: &&Ending| match ending.model.strip_suffix('*') {
        Some(start) => model.starts_with(start),
        None => model == ending.model,
    };
    ENDINGS.iter().find(fits).filter(|_| provider == "openai")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_one_and_every_model_stands_once() {
        for (index, one) in ENDINGS.iter().enumerate() {
            assert!(one.day().is_some(), "{}", one.model);
            assert!(
                ENDINGS
                    .iter()
                    .skip(index + 1)
                    .all(|other| other.model != one.model),
                "{}",
                one.model
            );
        }
    }

    #[test]
    fn a_model_is_known_by_its_whole_name() {
        assert_eq!(ending("openai", "gpt-4o").unwrap().instead, "gpt-6-luna");
        assert_eq!(ending("openai", "gpt-audio-1.5").unwrap().on, "2027-01-20");
        assert!(ending("openai", "gpt-5.6").is_none());
        assert!(ending("ollama", "gpt-4o").is_none());
    }
}
