//! What a stage must be like: whom it names, and what else it may ask of them.

use super::super::{Fallback, Stage, Voice};
use super::Findings;
use crate::{LISTENERS, SPEAKERS, THINKERS};

/// Longest name of a model or voice, in characters. Models are counted by their names, and a store takes no counter whose
/// name is huge: such a call could never be billed.
const NAME_CHARS_MAX: usize = 200;

/// How the providers' requests name the model. It is said in `model`, by which the work is priced: an option that replaced
/// it would have another model's work at this one's price.
const MODELS: &[&str] = &[
    "model",
    "model_id",
    "models",
    "speech_model",
    "speech_models",
];

/// One of a bot's stages, and what its options cannot be.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Listen,
    Think,
    Speak,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Think => "think",
            Self::Speak => "speak",
        }
    }

    const fn known(self) -> &'static [&'static str] {
        match self {
            Self::Listen => LISTENERS,
            Self::Think => THINKERS,
            Self::Speak => SPEAKERS,
        }
    }

    /// How the providers' requests name what is worked on: it comes from the call, and is what is counted.
    fn work(self, provider: &str) -> &'static [&'static str] {
        match (self, provider) {
            (Self::Listen, _) => &["audio", "file"],
            (Self::Think, _) => &["messages"],
            // Of its own server `http` has a template under another name.
            (Self::Speak, "workers-ai") => &["text", "prompt"],
            (Self::Speak, _) => &["input", "text", "transcript"],
        }
    }
}

pub(super) fn check(stage: &Stage, kind: Kind, found: &mut Findings) {
    let name = kind.name();
    check_one(&stage.provider, &stage.model, name, kind, found);
    check_options(&stage.options, &stage.provider, name, kind, found);
    let few = stage.fallbacks.len() <= 3;
    found.check(few, format_args!("{name}.fallbacks"), "at most 3");
    for (index, fallback) in stage.fallbacks.iter().enumerate() {
        let Fallback {
            provider,
            model,
            voice,
            options,
        } = fallback;
        let path = format!("{name}.fallbacks.{index}");
        check_one(provider, model, &path, kind, found);
        found.words(voice, NAME_CHARS_MAX, &format!("{path}.voice"));
        check_options(options, provider, &path, kind, found);
    }
}

pub(super) fn check_voice(voice: &Voice, found: &mut Findings) {
    found.words(&voice.id, NAME_CHARS_MAX, "voice.id");
}

fn check_one(provider: &str, model: &str, path: &str, kind: Kind, found: &mut Findings) {
    let known = kind.known();
    found.check(
        known.contains(&provider),
        format_args!("{path}.provider"),
        format_args!("one of {}", known.join(", ")),
    );
    found.words(model, NAME_CHARS_MAX, &format!("{path}.model"));
}

fn check_options(
    options: &serde_json::Map<String, serde_json::Value>,
    provider: &str,
    path: &str,
    kind: Kind,
    found: &mut Findings,
) {
    for name in options.keys().map(String::as_str) {
        let field = format_args!("{path}.options.{name}");
        if MODELS.contains(&name) {
            let message = format_args!("left out: the model is named in {path}.model");
            found.check(false, field, message);
        } else if kind.work(provider).contains(&name) {
            found.check(false, field, "left out: it is what the call itself says");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Bot, Invalid};

    fn wrong(bot: &serde_json::Value) -> Vec<Invalid> {
        let bot: Bot = serde_json::from_value(bot.clone()).unwrap();
        bot.validate().err().unwrap_or_default()
    }

    fn fields(bot: &serde_json::Value) -> Vec<String> {
        wrong(bot)
            .into_iter()
            .map(|invalid| invalid.field)
            .collect()
    }

    #[test]
    fn a_name_that_no_counter_can_bear_is_refused() {
        let named = |chars: usize| {
            let name = "ñ".repeat(chars);
            serde_json::json!({
                "listen": {"provider": "openai", "model": name},
                "think": {"provider": "openai", "fallbacks": [{"provider": "ollama", "model": name}]},
                "speak": {"provider": "openai", "fallbacks": [{"provider": "http", "voice": name}]},
                "voice": {"id": name},
            })
        };
        assert_eq!(fields(&named(200)), [""; 0]);
        let long = [
            "voice.id",
            "listen.model",
            "think.fallbacks.0.model",
            "speak.fallbacks.0.voice",
        ];
        assert_eq!(fields(&named(201)), long);
        let first = wrong(&named(201)).remove(0);
        assert_eq!(first.message, "at most 200 characters");
    }

    #[test]
    fn options_replace_neither_the_model_nor_what_the_call_says() {
        let bot = serde_json::json!({
            "listen": {"provider": "assemblyai", "options": {"speech_model": "dear", "keyterms_prompt": []}},
            "think": {"provider": "openai", "options": {"model": null, "reasoning_effort": "low"}, "fallbacks": [
                {"provider": "anthropic", "options": {"messages": [], "max_tokens": 9}},
            ]},
            "speak": {"provider": "elevenlabs", "options": {"model_id": "dear", "voice_settings": {}}, "fallbacks": [
                {"provider": "http", "options": {"body": {"text": "{text}", "model": "{model}"}}},
                {"provider": "workers-ai", "options": {"prompt": "x"}},
            ]},
        });
        let refused = [
            "listen.options.speech_model",
            "think.options.model",
            "think.fallbacks.0.options.messages",
            "speak.options.model_id",
            "speak.fallbacks.1.options.prompt",
        ];
        assert_eq!(fields(&bot), refused);
        let first = wrong(&bot).remove(0);
        assert_eq!(
            first.message,
            "left out: the model is named in listen.model"
        );
    }
}
