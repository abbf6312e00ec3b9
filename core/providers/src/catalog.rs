//! All providers by name: where they are, what their key is called, how long they may keep silent; and a stage made of
//! one.

use std::time::Duration;

use call::Stage;

use crate::stage::{Listener, Speaker, Thinker};
use crate::{listen, openai, speak, think};

/// A provider of one stage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Known {
    /// Of which stage.
    pub stage: Stage,
    /// As bots name it.
    pub name: &'static str,
    /// The variable that holds its key.
    pub key_variable: &'static str,
    /// The variable that says where it is instead.
    pub url_variable: &'static str,
    /// Where it is, unless the deployment says otherwise. `{account}` stands for the deployment's account there. Empty:
    /// only the deployment knows. Here nobody is answered without a key.
    pub url: &'static str,
    /// How long it may keep silent before another is asked too.
    ///
    /// Vendors publish medians at best; these are about three times what their documentation, and the comparisons that
    /// `docs` of telephone platforms cite, call usual, and leave half of the engine's own patience
    /// ([`call::Budgets`]: 2 s, 2.5 s, 1.2 s) to the one that is asked then. Whoever listens over a socket says itself when it
    /// is at its wits' end, a little earlier.
    pub budget: Duration,
}

const fn known(
    stage: Stage,
    name: &'static str,
    (key_variable, url_variable, url): Home,
    budget_ms: u64,
) -> Known {
    Known {
        stage,
        name,
        key_variable,
        url_variable,
        url,
        budget: Duration::from_millis(budget_ms),
    }
}

/// Variable of the key, variable of the address, the address.
type Home = (&'static str, &'static str, &'static str);

const OPENAI: Home = (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "https://api.openai.com/v1",
);
const DEEPGRAM: Home = (
    "DEEPGRAM_API_KEY",
    "DEEPGRAM_BASE_URL",
    "https://api.deepgram.com",
);
const ELEVENLABS: Home = (
    "ELEVENLABS_API_KEY",
    "ELEVENLABS_BASE_URL",
    "https://api.elevenlabs.io",
);
const ASSEMBLYAI: Home = (
    "ASSEMBLYAI_API_KEY",
    "ASSEMBLYAI_BASE_URL",
    "https://streaming.assemblyai.com",
);
const GOOGLE: Home = (
    "GOOGLE_API_KEY",
    "GOOGLE_BASE_URL",
    "https://speech.googleapis.com",
);
const ANTHROPIC: Home = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "https://api.anthropic.com",
);
const OLLAMA: Home = ("OLLAMA_API_KEY", "OLLAMA_BASE_URL", "");
const CARTESIA: Home = (
    "CARTESIA_API_KEY",
    "CARTESIA_BASE_URL",
    "https://api.cartesia.ai",
);
const SPEECH_HTTP: Home = ("SPEECH_HTTP_KEY", "SPEECH_HTTP_URL", "");
const WORKERS_AI: Home = (
    "WORKERS_AI_API_KEY",
    "WORKERS_AI_BASE_URL",
    "https://api.cloudflare.com/client/v4/accounts/{account}",
);

/// All of them.
pub const KNOWN: [Known; 21] = [
    known(Stage::Listen, "openai", OPENAI, 1_000),
    known(Stage::Listen, "deepgram-flux", DEEPGRAM, 800),
    known(Stage::Listen, "deepgram-nova", DEEPGRAM, 600),
    known(Stage::Listen, "elevenlabs", ELEVENLABS, 1_000),
    known(Stage::Listen, "assemblyai", ASSEMBLYAI, 800),
    known(Stage::Listen, "google", GOOGLE, 1_000),
    known(Stage::Listen, "workers-ai", WORKERS_AI, 1_000),
    known(Stage::Think, "openai", OPENAI, 1_200),
    known(Stage::Think, "anthropic", ANTHROPIC, 1_200),
    known(Stage::Think, "ollama", OLLAMA, 1_500),
    known(Stage::Think, "workers-ai", WORKERS_AI, 1_200),
    known(Stage::Speak, "openai", OPENAI, 700),
    known(Stage::Speak, "elevenlabs", ELEVENLABS, 500),
    known(Stage::Speak, "elevenlabs-socket", ELEVENLABS, 500),
    known(Stage::Speak, "deepgram", DEEPGRAM, 500),
    known(Stage::Speak, "deepgram-flux", DEEPGRAM, 500),
    known(Stage::Speak, "deepgram-socket", DEEPGRAM, 500),
    known(Stage::Speak, "cartesia-socket", CARTESIA, 500),
    known(Stage::Speak, "cartesia", CARTESIA, 500),
    known(Stage::Speak, "http", SPEECH_HTTP, 700),
    known(Stage::Speak, "workers-ai", WORKERS_AI, 600),
];

impl Known {
    /// Finds one; none if there is none of this name for this stage.
    #[must_use]
    pub fn find(stage: Stage, name: &str) -> Option<&'static Self> {
        KNOWN
            .iter()
            .find(|known| known.stage == stage && known.name == name)
    }
}

/// One who listens; none if there is none of this name.
#[must_use]
pub fn listener(name: &str, settings: listen::Settings) -> Option<Listener> {
    Some(match name {
        "openai" => Listener::Upload(Box::new(openai::Listen {
            endpoint: settings.endpoint,
            model: settings.model,
            language: settings.language,
            options: settings.options,
        })),
        "google" => Listener::Upload(Box::new(listen::Google(settings))),
        "workers-ai" => Listener::Upload(Box::new(listen::WorkersAi(settings))),
        "deepgram-flux" => Listener::Socket(Box::new(listen::Flux(settings))),
        "deepgram-nova" => Listener::Socket(Box::new(listen::Nova(settings))),
        "elevenlabs" => Listener::Socket(Box::new(listen::Scribe(settings))),
        "assemblyai" => Listener::Socket(Box::new(listen::AssemblyAi(settings))),
        _ => return None,
    })
}

/// One who thinks; none if there is none of this name.
#[must_use]
pub fn thinker(name: &str, settings: think::Settings) -> Option<Thinker> {
    Some(Thinker::Fetch(match name {
        "openai" => Box::new(openai::Think {
            endpoint: settings.endpoint,
            model: settings.model,
            instructions: settings.instructions,
            tools: settings.tools,
            options: settings.options,
        }),
        "anthropic" => Box::new(think::Anthropic(settings)),
        "ollama" => Box::new(think::Ollama(settings)),
        "workers-ai" => Box::new(think::WorkersAi(settings)),
        _ => return None,
    }))
}

/// One who speaks; none if there is none of this name. Of the directions how to speak only OpenAI's models take any.
#[must_use]
pub fn speaker(name: &str, settings: speak::Settings, directions: &str) -> Option<Speaker> {
    Some(match name {
        "openai" => Speaker::Fetch(Box::new(openai::Speak {
            endpoint: settings.endpoint,
            model: settings.model,
            voice: settings.voice,
            directions: directions.to_owned(),
            options: settings.options,
        })),
        "elevenlabs" => Speaker::Fetch(Box::new(speak::ElevenLabs(settings))),
        "elevenlabs-socket" => Speaker::Socket(Box::new(speak::ElevenLabsSocket(settings))),
        "deepgram-socket" => Speaker::Socket(Box::new(speak::DeepgramSocket(settings))),
        "cartesia-socket" => Speaker::Socket(Box::new(speak::CartesiaSocket(settings))),
        // Which of Deepgram's protocols it is, the model's name says.
        "deepgram" | "deepgram-flux" => Speaker::Fetch(Box::new(speak::Deepgram(settings))),
        "cartesia" => Speaker::Fetch(Box::new(speak::Cartesia(settings))),
        "http" => Speaker::Fetch(Box::new(speak::Http(settings))),
        "workers-ai" => Speaker::Fetch(Box::new(speak::WorkersAi(settings))),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BaseUrl, Endpoint, Options};

    fn endpoint() -> Endpoint {
        Endpoint {
            base_url: BaseUrl::new("https://x.test").unwrap(),
            api_key: None,
        }
    }

    fn is_made(known: &Known) -> bool {
        let (model, options) = ("model".to_owned(), Options::new());
        match known.stage {
            Stage::Listen => {
                let settings = listen::Settings {
                    endpoint: endpoint(),
                    model,
                    language: String::new(),
                    options,
                };
                listener(known.name, settings).is_some()
            }
            Stage::Think => {
                let settings = think::Settings {
                    endpoint: endpoint(),
                    model,
                    instructions: String::new(),
                    tools: Vec::new(),
                    options,
                };
                thinker(known.name, settings).is_some()
            }
            Stage::Speak => {
                let settings = speak::Settings {
                    endpoint: endpoint(),
                    model,
                    voice: String::new(),
                    language: String::new(),
                    options,
                };
                speaker(known.name, settings, "").is_some()
            }
            Stage::Do => false,
        }
    }

    #[test]
    fn whoever_is_known_can_be_made() {
        for known in &KNOWN {
            assert!(is_made(known), "{known:?}");
            assert_eq!(Known::find(known.stage, known.name), Some(known));
        }
        assert_eq!(Known::find(Stage::Think, "deepgram"), None);
    }

    #[test]
    fn the_model_that_is_asked_for_is_known_before() {
        let openai = Known::find(Stage::Listen, "openai").unwrap();
        assert_eq!(listen::own_model(openai.name, ""), "");
        for known in KNOWN
            .iter()
            .filter(|it| it.stage == Stage::Listen && *it != openai)
        {
            for language in ["", "en-GB", "de"] {
                let own = listen::own_model(known.name, language);
                assert!(!own.is_empty(), "{known:?}");
                let settings = |model: &str| listen::Settings {
                    endpoint: endpoint(),
                    model: model.to_owned(),
                    language: language.to_owned(),
                    options: Options::new(),
                };
                let asked = |model| match listener(known.name, settings(model)).unwrap() {
                    Listener::Socket(dialled) => dialled.dial().dial.url,
                    Listener::Upload(_) => String::new(),
                };
                assert_eq!(asked(own), asked(""), "{known:?}");
            }
        }
    }

    #[test]
    fn whoever_is_asked_second_has_time_left_before_the_engine_gives_up() {
        let budgets = call::Budgets::default();
        for known in &KNOWN {
            let patience = match known.stage {
                Stage::Listen => budgets.listen,
                Stage::Think => budgets.think,
                Stage::Speak | Stage::Do => budgets.speak,
            };
            let left = patience.saturating_sub(known.budget);
            assert!(left * 5 >= patience * 2, "{known:?} leaves {left:?}");
        }
    }
}
