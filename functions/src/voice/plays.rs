//! The bot's voice as files, for bots whose replies the carrier plays by URL: stored, and played by a change of the call.
//!
//! The carrier plays one file at a time. Whatever comes first is given to it by an update of the call; what is ready by the
//! end of that is the answer to its question what comes next. So no file cuts off the one before, and none is played twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use audio::wav;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use contract::{
    Do, Order, PLAY_BYTES_MAX, Play, PlayReply, PlayRequest, PlaySound, Played, ReplyMode,
    SpeechKey,
};
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;
use twilio::CallSid;
use twilio::rest::{CallChange, Instructions, UpdateCall};
use twilio::twiml::{self, Verb};
use twilio::webhook::{CallStatus, VoiceRequest};

use super::{Voice, words};
use crate::Refusal;
use crate::carrier::DialError;
use crate::door::sealed;
use crate::edge::EdgeError;
use crate::store::{Files, StoreError};

/// A caller who has pressed keys and none for so long, in seconds, is done.
const KEYS_S: u32 = 3;
/// So often the carrier listens for keys, saying nothing, before it asks how the call goes on: should everything that could
/// tell it have been lost, the call goes on nevertheless.
const SILENCES: usize = 5;
/// Most keys at once.
const KEYS_MAX: usize = 32;

/// A call that was answered a moment ago may not be in progress yet, says Twilio (error 21220); it is asked again so often,
const ATTEMPTS: u32 = 3;
/// after so long.
const PAUSE: Duration = Duration::from_millis(250);

/// A file stays in the bucket for a day from when it was put there (`template.yaml`); for so long it is not put there anew.
const STORED_MS: u64 = 12 * 3_600 * 1_000;
/// Most files of which an instance of the function remembers that they are there.
const STORED_MAX: usize = 1_000;

const CONTENT_TYPE: &str = "audio/wav";

/// Puts sound into the bucket, once.
pub struct Shelf {
    files: Arc<dyn Files>,
    /// When a file was put there.
    stored: Mutex<BTreeMap<SpeechKey, u64>>,
}

impl Shelf {
    /// A shelf in this bucket.
    #[must_use]
    pub fn new(files: Arc<dyn Files>) -> Self {
        Self {
            files,
            stored: Mutex::default(),
        }
    }

    /// Where the carrier finds this sound for some minutes. What sounds the same lies at the same place, whoever says it.
    async fn url(&self, sound: PlaySound, now_ms: u64) -> Result<String, StoreError> {
        let key = SpeechKey::of(&Sha256::digest(&sound.0).into());
        let place = format!("replies/{key}.wav");
        if !self.has(&key, now_ms) {
            let file = wav::telephone(sound.0);
            self.files.put(&place, CONTENT_TYPE, file).await?;
            self.note(key, now_ms);
        }
        self.files.download(&place).await
    }

    fn has(&self, key: &SpeechKey, now_ms: u64) -> bool {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let put_ms = stored.get(key);
        put_ms.is_some_and(|put_ms| now_ms < put_ms + STORED_MS)
    }

    fn note(&self, key: SpeechKey, now_ms: u64) {
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        if stored.len() >= STORED_MAX {
            stored.clear();
        }
        stored.insert(key, now_ms);
    }
}

/// `POST /voice/plays`: the edge has something to be heard, or wants silence.
pub(super) async fn play(
    State(voice): State<Arc<Voice>>,
    request: Request,
) -> Result<Json<PlayReply>, Refusal> {
    let sealed = sealed::<PlayRequest>(&voice.keyring, (voice.clock)(), request).await?;
    let wanted = sealed.body;
    let span = tracing::info_span!("play", call_sid = %wanted.call);
    voice
        .play(wanted, &sealed.origin)
        .instrument(span)
        .await
        .map(Json)
}

/// `POST /voice/played?play=…`: Twilio has played something to its end.
pub(super) async fn played(
    State(voice): State<Arc<Voice>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (webhook, asked) = voice.admit(request).await?;
    let number = webhook.query.get("play").and_then(|text| text.parse().ok());
    let number = number
        .ok_or_else(|| Refusal::field("play", "play_malformed", "the number of what was played"))?;
    let span = tracing::info_span!("played", call_sid = %asked.call);
    Ok(voice
        .played(&asked, &webhook.origin, Played { number })
        .instrument(span)
        .await)
}

/// `POST /voice/keys`: the caller has pressed keys while the bot was silent.
pub(super) async fn keys(
    State(voice): State<Arc<Voice>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (webhook, asked) = voice.admit(request).await?;
    let pressed = webhook.form.get("Digits").unwrap_or_default();
    let keys: String = pressed
        .chars()
        .filter(|key| "0123456789*#".contains(*key))
        .take(KEYS_MAX)
        .collect();
    if keys.is_empty() {
        return Err(Refusal::field("Digits", "keys_missing", "the keys pressed"));
    }
    let span = tracing::info_span!("keys", call_sid = %asked.call);
    Ok(voice
        .pressed(&asked, &webhook.origin, keys)
        .instrument(span)
        .await)
}

/// Silence and an ear for keys, until somebody changes the call, or it asks at last.
pub(super) fn silence(origin: &str) -> Vec<Verb> {
    let listen = Verb::Gather {
        action: format!("{origin}/voice/keys"),
        timeout_s: Some(KEYS_S),
    };
    let ask = Verb::Redirect {
        url: format!("{origin}/voice/resume"),
    };
    std::iter::repeat_n(listen, SILENCES).chain([ask]).collect()
}

impl Voice {
    async fn play(&self, wanted: PlayRequest, origin: &str) -> Result<PlayReply, Refusal> {
        let size = wanted.play.as_ref().map(|play| play.sound.0.len());
        if size.is_some_and(|bytes| !(1..=PLAY_BYTES_MAX).contains(&bytes)) {
            return Err(Refusal::field(
                "play.sound",
                "size_invalid",
                format!("1 to {PLAY_BYTES_MAX} bytes of sound"),
            ));
        }
        let unknown = || Refusal::new(StatusCode::NOT_FOUND, "call_unknown", "no such call");
        let call = wanted.call.carrier().ok_or_else(unknown)?;
        let known = self.store.calls.call(&wanted.call).await?;
        let (entry, Some(bot)) = known.ok_or_else(unknown)? else {
            return Err(unknown());
        };
        if bot.reply != ReplyMode::Url {
            return Err(Refusal::new(
                StatusCode::CONFLICT,
                "reply_streamed",
                "this bot's replies go into its stream",
            ));
        }
        if entry.status.is_some_and(CallStatus::is_final) {
            return Err(over());
        }
        let verbs = self.heard(wanted.play, origin).await?;
        self.change(call, verbs).await?;
        Ok(PlayReply {})
    }

    async fn played(&self, asked: &VoiceRequest, origin: &str, played: Played) -> Response {
        if asked.status.is_final() {
            return words::hang_up();
        }
        let next = match self.edge.played(&asked.call.into(), played).await {
            Ok(reply) => reply.play,
            Err(error) => {
                tracing::warn!(code = "played_unheard", %error, "the edge does not learn what was played");
                None
            }
        };
        match self.heard(next, origin).await {
            Ok(verbs) => words::twiml(verbs),
            // Logged where it happened; the caller hears a gap, and then what comes next.
            Err(_) => words::twiml(silence(origin)),
        }
    }

    async fn pressed(&self, asked: &VoiceRequest, origin: &str, keys: String) -> Response {
        if asked.status.is_final() {
            return words::hang_up();
        }
        let order = getrandom::u64().map(|random| Order {
            id: format!("keys-{random:016x}"),
            order: Do::Pressed { keys },
        });
        let told = match order {
            Ok(order) => self.edge.order(&asked.call.into(), &order).await,
            Err(error) => Err(EdgeError::Silent(error.to_string())),
        };
        if let Err(error) = told {
            tracing::warn!(code = "keys_unheard", %error, "the edge does not learn of the keys");
        }
        words::twiml(silence(origin))
    }

    /// What lets the caller hear something, or nothing.
    async fn heard(&self, play: Option<Play>, origin: &str) -> Result<Vec<Verb>, Refusal> {
        let Some(Play { number, sound }) = play else {
            return Ok(silence(origin));
        };
        let url = self.shelf.url(sound, (self.clock)()).await?;
        Ok(vec![
            Verb::Play(twiml::Play::Url(url)),
            Verb::Redirect {
                url: format!("{origin}/voice/played?play={number}"),
            },
        ])
    }

    /// Has the call do this from now on.
    async fn change(&self, call: CallSid, verbs: Vec<Verb>) -> Result<(), Refusal> {
        let document = twiml::Response(verbs).to_xml();
        let document = document.map_err(|error| unheard(&error))?;
        let update = UpdateCall {
            call,
            change: CallChange::Instructions(Instructions::Twiml(document)),
        };
        let mut attempt = 1;
        loop {
            match self.carrier.update(&update).await {
                Ok(_) => return Ok(()),
                Err(DialError::Refused(error)) if error.is_not_in_progress() => {
                    if attempt == ATTEMPTS {
                        return Err(over());
                    }
                }
                Err(DialError::Refused(error)) if error.status == 404 => return Err(over()),
                Err(DialError::Refused(error)) if error.retry && attempt < ATTEMPTS => (),
                Err(error) => return Err(unheard(&error)),
            }
            attempt += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn over() -> Refusal {
    Refusal::new(StatusCode::CONFLICT, "call_ended", "the call is over")
}

fn unheard(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(code = "play_failed", %error, "the carrier does not play what it should");
    Refusal::new(
        StatusCode::BAD_GATEWAY,
        "play_failed",
        "the carrier did not take it: try again",
    )
}
