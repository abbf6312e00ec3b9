//! Everything that a call needs on one machine: the platform, the simulated Twilio, and providers.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use contract::Bot;
use twilio::signature::AuthToken;

use crate::caller;
use crate::demo::{self, Api};
use crate::platform::{Options, Platform, Ports, named_providers, providers};
use crate::speech::{Speaker, Speech, SpeechOptions, Voice};
use crate::twilio::{Carrier, CarrierOptions, Number, Spoken};

/// The simulated Twilio's fixed port, and the stand-ins'.
const CARRIER_PORT: u16 = 8720;
const SPEECH_PORT: u16 = 8730;

/// All of it, running. Dropping it ends every process.
pub struct Stack {
    /// Functions, edge, stores.
    pub platform: Platform,
    /// The simulated Twilio.
    pub carrier: Carrier,
    /// The stand-ins for the providers.
    pub speech: Speech,
    /// The operator's side.
    pub api: Api,
    /// Which stages have a stand-in.
    pub stand_ins: Vec<&'static str>,
}

/// What it is started with.
#[derive(Clone, Debug)]
pub struct StackOptions {
    /// The platform's; URLs of Twilio and of the providers are filled in.
    pub platform: Options,
    /// Where settings of real providers are looked up; without any, stand-ins do the work.
    pub environment: BTreeMap<String, String>,
    /// Who answers [`demo::number`].
    pub bot: Bot,
}

impl StackOptions {
    /// For a person: the checkout's build, data in `.local`, this process's environment.
    #[must_use]
    pub fn of_checkout(root: &Path) -> Self {
        Self {
            platform: Options::of_checkout(root, ""),
            environment: std::env::vars().collect(),
            bot: demo::bot(),
        }
    }

    /// For a test: free ports, data in `folder`, stand-ins whatever the environment says.
    #[must_use]
    pub fn of_test(root: &Path, folder: &Path) -> Self {
        Self {
            platform: Options::of_test(root, folder, ""),
            environment: BTreeMap::new(),
            bot: demo::bot(),
        }
    }
}

impl Stack {
    /// Starts everything, saves the bot and points the number at it.
    ///
    /// # Errors
    ///
    /// Names what did not come up.
    pub async fn start(options: StackOptions) -> io::Result<Self> {
        let StackOptions {
            platform: mut settings,
            environment,
            bot,
        } = options;
        let fixed = settings.ports == Ports::Fixed;
        let speech = SpeechOptions {
            port: if fixed { SPEECH_PORT } else { 0 },
            ..SpeechOptions::of_checkout(&settings.root)
        };
        let speech = Speech::start(speech).await?;
        let carrier = carrier(&settings, fixed).await?;
        settings.twilio_api_url = match settings.public_url {
            Some(_) => "https://api.twilio.com".to_owned(),
            None => carrier.url(),
        };
        let found = providers(|name| environment.get(name).cloned(), &speech.url());
        let stand_ins = [
            ("LISTEN_BASE_URL", "pocketsphinx"),
            ("THINK_BASE_URL", "a scripted receptionist"),
            ("SPEAK_BASE_URL", "flite"),
        ]
        .into_iter()
        .filter(|(name, _)| found.get(*name) == Some(&speech.url()))
        .map(|(_, stand_in)| stand_in)
        .collect();
        settings.edge_variables.extend(found);
        let named = named_providers(|name| environment.get(name).cloned(), &speech.root_url());
        settings.edge_variables.extend(named);
        let platform = Platform::start(settings).await?;
        let urls = platform.urls();
        let url = |name: &str| urls.get(name).cloned().unwrap_or_default();
        let api = Api::new(&url("calls"), &platform.credentials.operator_key);
        api.put_bot(&bot).await?;
        api.put_number(&demo::number(), bot.id.as_str()).await?;
        carrier
            .add_number(Number {
                number: demo::number(),
                voice_url: format!("{}/voice/incoming", url("voice")),
                fallback_url: Some(format!("{}/fallback", url("edge"))),
                status_callback: Some(format!("{}/twilio/call", url("status"))),
            })
            .map_err(io::Error::other)?;
        Ok(Self {
            platform,
            carrier,
            speech,
            api,
            stand_ins,
        })
    }

    /// Every URL by the name of its part.
    #[must_use]
    pub fn urls(&self) -> BTreeMap<String, String> {
        let mut urls = self.platform.urls();
        urls.insert("twilio".to_owned(), self.carrier.url());
        urls.insert("speech".to_owned(), self.speech.url());
        urls
    }

    /// Stops it; the processes get a moment to finish.
    pub async fn stop(self) {
        self.platform.stop().await;
    }
}

async fn carrier(settings: &Options, fixed: bool) -> io::Result<Carrier> {
    let account = settings
        .credentials
        .account_sid
        .parse()
        .map_err(io::Error::other)?;
    let token =
        AuthToken::new(settings.credentials.auth_token.as_str()).map_err(io::Error::other)?;
    Carrier::start(CarrierOptions {
        port: if fixed { CARRIER_PORT } else { 0 },
        fresh_sids: true,
        voice: Arc::new(Flite(Arc::new(Speaker::new()))),
        ..CarrierOptions::new(account, token)
    })
    .await
}

/// The carrier's own voice, for `<Say>`.
#[derive(Debug)]
struct Flite(Arc<Speaker>);

impl crate::twilio::Voice for Flite {
    fn speak(&self, text: &str, _: Option<&str>) -> Spoken<'_> {
        let speaker = Arc::clone(&self.0);
        let text = text.to_owned();
        Box::pin(async move {
            let said = caller::utterance(&speaker, Voice::Kal16, &text).await;
            said.map(|utterance| utterance.sound.bytes().to_vec())
                .map_err(io::Error::other)
        })
    }
}
