//! Language models, one file for each protocol but for that of [`crate::openai`].
//!
//! What they share: what they are told ([`Settings`]), how a response is framed and when it is over (`thinking`), and
//! what is made of words and calls (`writing`).

mod anthropic;
mod ollama;
mod workers_ai;

pub use anthropic::Anthropic;
pub use ollama::Ollama;
pub use workers_ai::WorkersAi;

use crate::{Endpoint, Options, Tool};

/// What a language model is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where it is.
    pub endpoint: Endpoint,
    /// The model's id. There is none to fall back on: models go.
    pub model: String,
    /// The system text; may be empty. See [`in_language`].
    pub instructions: String,
    /// What it may do.
    pub tools: Vec<Tool>,
    /// Further members of the body, as the provider's documentation names them. Of everything optional, nothing is sent
    /// that does not stand here, but for what a model needs to answer on the telephone at all: newer models refuse sampling
    /// parameters even at their default values.
    pub options: Options,
}

/// Instructions for a bot that speaks this language (BCP 47). Whoever is told in English what to do answers in English,
/// at first. For English itself, or no language, they stay as they are.
#[must_use]
pub fn in_language(instructions: &str, language: &str) -> String {
    let first = language.split(['-', '_']).next().unwrap_or_default();
    if first.is_empty() || first.eq_ignore_ascii_case("en") {
        return instructions.to_owned();
    }
    let line = format!("Speak the language of the BCP 47 tag {language}.");
    if instructions.is_empty() {
        line
    } else {
        format!("{instructions}\n{line}")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{ApiKey, BaseUrl};

    /// With every kind of tool.
    pub(crate) fn settings(base_url: &str) -> Settings {
        let schema =
            serde_json::json!({"type": "object", "properties": {"sku": {"type": "integer"}}});
        Settings {
            endpoint: Endpoint {
                base_url: BaseUrl::new(base_url).unwrap(),
                api_key: ApiKey::new("not-a-real-key").unwrap(),
            },
            model: "thinker".to_owned(),
            instructions: "Be brief.".to_owned(),
            tools: vec![Tool::Custom {
                name: "stock".to_owned(),
                description: "How many there are.".to_owned(),
                schema: schema.as_object().cloned().unwrap_or_default(),
            }],
            options: Options::new(),
        }
    }

    /// A caller's question, a call, what came of it.
    pub(crate) fn history() -> Vec<call::Line> {
        vec![
            call::Line::Bot("Lamps and more.".to_owned()),
            call::Line::Caller("How many lamps?".to_owned()),
            call::Line::Bot("Let me look.".to_owned()),
            call::Line::Call {
                id: "c1".to_owned(),
                name: "stock".to_owned(),
                arguments: "{\"sku\":7}".to_owned(),
            },
            call::Line::Result {
                id: "c1".to_owned(),
                text: "12".to_owned(),
            },
        ]
    }

    #[test]
    fn a_bot_is_told_which_language_to_speak() {
        assert_eq!(in_language("Be brief.", "en-GB"), "Be brief.");
        assert_eq!(in_language("Be brief.", ""), "Be brief.");
        let german = "Speak the language of the BCP 47 tag de-AT.";
        assert_eq!(in_language("", "de-AT"), german);
        assert_eq!(
            in_language("Be brief.", "de-AT"),
            format!("Be brief.\n{german}")
        );
    }
}
