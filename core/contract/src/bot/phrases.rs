//! What a bot says that nobody wrote: in its own language.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Bot, Idle};

/// A phrase that was not given. No text that is spoken has it.
const UNSAID: &str = "\0";

/// The phrases of one language.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Phrases {
    /// Said before the bot hangs up.
    pub goodbye: &'static str,
    /// Said after a failure.
    pub apology: &'static str,
    /// Said while the caller waits.
    pub filler: &'static str,
    /// Said when nobody speaks.
    pub idle: &'static str,
}

/// What a bot says by default.
pub(super) const ENGLISH: Phrases = Phrases {
    goodbye: "Thank you for calling. Goodbye.",
    apology: "I am sorry, something went wrong on my side. Could you say that again?",
    filler: "One moment, please.",
    idle: "Are you still there?",
};

/// By the first part of a BCP 47 tag.
const OTHERS: [(&str, Phrases); 7] = [
    (
        "es",
        Phrases {
            goodbye: "Gracias por llamar. Adiós.",
            apology: "Lo siento, algo ha fallado por mi parte. ¿Puede repetirlo?",
            filler: "Un momento, por favor.",
            idle: "¿Sigue ahí?",
        },
    ),
    (
        "fr",
        Phrases {
            goodbye: "Merci de votre appel. Au revoir.",
            apology: "Excusez-moi, quelque chose n'a pas fonctionné de mon côté. Pouvez-vous répéter ?",
            filler: "Un instant, s'il vous plaît.",
            idle: "Vous êtes toujours là ?",
        },
    ),
    (
        "de",
        Phrases {
            goodbye: "Danke für Ihren Anruf. Auf Wiederhören.",
            apology: "Entschuldigung, bei mir ist etwas schiefgegangen. Können Sie das noch einmal sagen?",
            filler: "Einen Moment, bitte.",
            idle: "Sind Sie noch da?",
        },
    ),
    (
        "pt",
        Phrases {
            goodbye: "Obrigado por ligar. Até logo.",
            apology: "Desculpe, algo deu errado do meu lado. Pode repetir?",
            filler: "Um momento, por favor.",
            idle: "Ainda está aí?",
        },
    ),
    (
        "it",
        Phrases {
            goodbye: "Grazie per aver chiamato. Arrivederci.",
            apology: "Mi scusi, qualcosa è andato storto da parte mia. Può ripetere?",
            filler: "Un momento, per favore.",
            idle: "È ancora in linea?",
        },
    ),
    (
        "ja",
        Phrases {
            goodbye: "お電話ありがとうございました。失礼いたします。",
            apology: "申し訳ございません、こちらで問題が発生しました。もう一度おっしゃっていただけますか。",
            filler: "少々お待ちください。",
            idle: "もしもし、聞こえていますか。",
        },
    ),
    (
        "zh",
        Phrases {
            goodbye: "感谢您的来电，再见。",
            apology: "抱歉，我这边出了点问题。请您再说一遍好吗？",
            filler: "请稍等。",
            idle: "您还在吗？",
        },
    ),
];

impl Phrases {
    /// Those of a language, a BCP 47 tag; English, if there are none.
    #[must_use]
    pub fn of(language: &str) -> Self {
        let primary = language.split('-').next().unwrap_or_default();
        let is_it = |(of, _): &&(&str, Self)| of.eq_ignore_ascii_case(primary);
        OTHERS
            .iter()
            .find(is_it)
            .map_or(ENGLISH, |(_, phrases)| *phrases)
    }
}

pub(super) fn unsaid() -> String {
    UNSAID.to_owned()
}

/// Silence that nobody said anything about.
pub(super) fn idle() -> Idle {
    Idle {
        prompt: unsaid(),
        ..Idle::default()
    }
}

impl Serialize for Bot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The derived one.
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Bot {
    /// What is left out has its default; phrases that are, those of the bot's language.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The derived one, which leaves a mark where nothing was said.
        let mut bot = Self::deserialize(deserializer)?;
        let phrases = Phrases::of(&bot.language);
        for (field, phrase) in [
            (&mut bot.goodbye, phrases.goodbye),
            (&mut bot.apology, phrases.apology),
            (&mut bot.filler, phrases.filler),
            (&mut bot.idle.prompt, phrases.idle),
        ] {
            if field == UNSAID {
                phrase.clone_into(field);
            }
        }
        Ok(bot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Bot {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_bot_says_what_nobody_wrote_in_its_own_language() {
        let bot = read(r#"{"language":"es-MX","goodbye":"Hasta luego."}"#);
        assert_eq!(bot.goodbye, "Hasta luego.");
        assert_eq!(bot.filler, "Un momento, por favor.");
        assert_eq!(bot.idle.prompt, "¿Sigue ahí?");
        let bot = read(r#"{"language":"de","idle":{"after_ms":6000},"filler":""}"#);
        assert_eq!(
            (bot.idle.prompt.as_str(), bot.idle.after_ms),
            ("Sind Sie noch da?", 6_000)
        );
        assert_eq!(bot.filler, "", "nothing is something too");
    }

    #[test]
    fn a_language_without_phrases_has_the_english_ones_which_are_the_default() {
        assert_eq!(read(r#"{"language":"nl-NL"}"#).goodbye, ENGLISH.goodbye);
        assert_eq!(read("{}"), Bot::default());
    }
}
