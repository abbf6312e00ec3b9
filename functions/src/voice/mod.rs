//! `voice`: Twilio asks what a call shall do, and gets TwiML. Whatever fails behind it, the caller hears words.

mod connect;
mod plays;
mod reception;
mod through;
mod words;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use contract::{Bot, CallId, Direction, Source};
use tracing::Instrument as _;
use twilio::twiml::Verb;
use twilio::webhook::{CallStatus, Direction as Wire, FieldError, VoiceRequest};

use crate::Refusal;
use crate::carrier::Carrier;
use crate::clock::Clock;
use crate::config::BaseUrl;
use crate::country::Allowed;
use crate::door::{Webhook, twilio_request};
use crate::edge::{Edge, EdgeError};
use crate::secrets::Keyring;
use crate::store::{
    Dial, DialId, Metadata, Opened, Progress, Store, StoreError, Terms, Unanswered,
};

use reception::Reception;

pub use plays::Shelf;

/// Most resumes of one call in one minute. A stream that breaks more often is a loop, not a bad line.
pub const RESUMES_PER_MINUTE_MAX: u32 = 10;

/// Longest time for an answer. The function itself is stopped at 10 s, and Twilio gives up at 15 s.
const ANSWER: Duration = Duration::from_secs(8);

/// Longest time for writing down to whom a caller is put through: that must not cost the caller who waits for it.
const NOTE: Duration = Duration::from_secs(1);

/// A caller is put through to somebody for at least so long, in seconds.
const THROUGH_S_MIN: u32 = 60;

/// What the function needs.
pub struct Voice {
    /// What is kept.
    pub store: Store,
    /// The edge.
    pub edge: Arc<dyn Edge>,
    /// Twilio, to have calls play something.
    pub carrier: Arc<dyn Carrier>,
    /// Where what is played lies.
    pub shelf: Shelf,
    /// Secrets.
    pub keyring: Arc<Keyring>,
    /// Time.
    pub clock: Clock,
    /// Where the edge is, for the stream's URL.
    pub edge_url: BaseUrl,
    /// Where `status` is.
    pub status_url: BaseUrl,
    /// Countries that tenants without a list of their own may have dialled; empty: all.
    pub countries: Vec<String>,
}

/// Why a caller hears the fallback.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Edge(#[from] EdgeError),
    #[error("the call resumed {0} times within a minute")]
    Loop(u32),
    #[error("there was no answer in time")]
    Late,
    #[error("there is no record of the call")]
    NoRecord,
    #[error("no random number: {0}")]
    NoNonce(getrandom::Error),
}

/// The function.
pub fn app(voice: Voice) -> Router {
    Router::new()
        .route("/voice/incoming", post(incoming))
        .route("/voice/resume", post(resume))
        .route("/voice/plays", post(plays::play))
        .route("/voice/played", post(plays::played))
        .route("/voice/keys", post(plays::keys))
        .route("/voice/fallback", post(async || words::twiml(words::sorry(None, None))))
        .fallback(async || {
            Refusal::not_found(
                "page: POST /voice/incoming, /voice/resume, /voice/fallback, /voice/plays, /voice/played or /voice/keys",
            )
        })
        .with_state(Arc::new(voice))
}

async fn incoming(State(voice): State<Arc<Voice>>, request: Request) -> Result<Response, Refusal> {
    let (webhook, asked) = voice.admit(request).await?;
    let span = tracing::info_span!("incoming", call_sid = %asked.call);
    let answer = voice.answer(&asked, voice.incoming(&webhook, &asked));
    Ok(answer.instrument(span).await)
}

async fn resume(State(voice): State<Arc<Voice>>, request: Request) -> Result<Response, Refusal> {
    let (webhook, asked) = voice.admit(request).await?;
    let span = tracing::info_span!("resume", call_sid = %asked.call);
    let answer = voice.answer(&asked, voice.resume(&webhook, &asked));
    Ok(answer.instrument(span).await)
}

/// A form that Twilio signed, but that is not what it should be.
pub(crate) fn misread(error: &FieldError) -> Refusal {
    let field = match error {
        FieldError::Missing(name) | FieldError::Invalid { name, .. } => *name,
    };
    Refusal::field(field, "form_malformed", error.to_string())
}

impl Voice {
    async fn admit(&self, request: Request) -> Result<(Webhook, VoiceRequest), Refusal> {
        let webhook = twilio_request(&self.keyring, request).await?;
        let asked = VoiceRequest::from_form(&webhook.form).map_err(|error| misread(&error))?;
        Ok((webhook, asked))
    }

    /// The answer, or words when it takes too long. To whom it puts the caller through is written down: the carrier's time
    /// goes on after the bot's, and is counted by it. It lasts no longer than what is left of the longest call.
    async fn answer(
        &self,
        asked: &VoiceRequest,
        answer: impl Future<Output = Vec<Verb>>,
    ) -> Response {
        let mut verbs = match tokio::time::timeout(ANSWER, answer).await {
            Ok(verbs) => verbs,
            Err(_) => self.apologise(None, None, &Trouble::Late),
        };
        let dialled = verbs.iter_mut().find_map(words::dialled);
        if let Some((number, time_limit_s)) = dialled {
            let (call, now_ms) = (asked.call.into(), (self.clock)());
            let kept = futures_util::future::try_join(
                self.store.calls.call(&call),
                self.store.calls.put_through(&call, number, now_ms),
            );
            match tokio::time::timeout(NOTE, kept).await {
                Ok(Ok((Some((entry, Some(bot))), ()))) => {
                    *time_limit_s = left_s(&bot, entry.began_ms, now_ms);
                }
                Ok(Ok((Some((_, None)) | None, ()))) => {}
                Ok(Err(_)) | Err(_) => tracing::error!(
                    code = "store_unavailable",
                    "to whom the caller is put through is not kept"
                ),
            }
        }
        words::twiml(verbs)
    }

    async fn incoming(&self, webhook: &Webhook, asked: &VoiceRequest) -> Vec<Verb> {
        if asked.status.is_final() {
            return vec![Verb::Hangup];
        }
        let (bot, dial) = match self.who_answers(webhook, asked).await {
            Ok(Some(found)) => found,
            Ok(None) => {
                tracing::warn!(code = "number_unknown", "no bot answers this number");
                return words::not_in_service();
            }
            Err(error) => return self.apologise(None, None, &error.into()),
        };
        let terms = match self.store.agreed.terms(&bot.tenant).await {
            Ok(terms) => terms,
            // Without its terms nobody knows where it may dial.
            Err(error) => return self.apologise(Some(&bot), None, &error.into()),
        };
        let mut opened = Opened {
            call: asked.call.into(),
            account: asked.account,
            bot,
            from: asked.from.clone(),
            to: asked.to.clone(),
            direction: direction(asked),
            status: asked.status,
            metadata: Metadata::new(),
            seat: None,
            source: Some(Source {
                ip: webhook.ip.clone(),
                sid: asked.call.to_string(),
            }),
            now_ms: (self.clock)(),
        };
        match dial {
            // It was let in when it was placed.
            Some(dial) => {
                opened.seat = Some(dial.id.to_string());
                opened.metadata = dial.metadata;
            }
            None => match self.receive(&opened, &terms).await {
                Ok(Reception::Come { seat }) => opened.seat = seat,
                Ok(Reception::Away(why)) => return self.turn_away(&opened, &terms, why).await,
                Err(error) => {
                    let bot = &opened.bot;
                    return self.put_off(opened.call, bot, &terms, &error.into()).await;
                }
            },
        }
        let connected = match self.store.calls.open(&opened).await {
            Ok(bot) => self.connect(bot, &terms, &webhook.origin, asked).await,
            Err(error) => Err(error.into()),
        };
        match connected {
            Ok(verbs) => verbs,
            Err(trouble) => {
                self.write_off(&opened, Unanswered::Failed).await;
                self.put_off(opened.call, &opened.bot, &terms, &trouble)
                    .await
            }
        }
    }

    /// The words for a caller who does not get to the bot; the call stands in the books with its end and the reason.
    async fn turn_away(&self, opened: &Opened, terms: &Terms, why: Unanswered) -> Vec<Verb> {
        tracing::warn!(code = "turned_away", bot = %opened.bot.id, ?why, "turned away");
        if let Err(error) = self.store.calls.open(opened).await {
            tracing::error!(code = "store_unavailable", %error, "who was turned away is not kept");
        }
        self.write_off(opened, why).await;
        let bot = &opened.bot;
        let is_closed = why == Unanswered::Closed;
        let is_transferred = match why {
            Unanswered::Closed => bot.hours.as_ref().is_none_or(|hours| hours.closed.transfer),
            // The cap is on the carrier's minutes too.
            Unanswered::Spent => false,
            Unanswered::Busy | Unanswered::Failed => true,
        };
        let person = if is_transferred {
            self.person(opened.call, bot, terms).await
        } else {
            None
        };
        if is_closed {
            words::closed(bot, person)
        } else {
            words::busy(person)
        }
    }

    /// Ends a call in the books that no bot answers: nobody else may ever tell its end. The caller hears words all the
    /// same, so a store that fails is only logged.
    async fn write_off(&self, opened: &Opened, why: Unanswered) {
        let (call, now_ms) = (opened.call, (self.clock)());
        let (tenant, bot) = (&opened.bot.tenant, &opened.bot.id);
        let end = Progress {
            inferred: true,
            ..Progress::new(call, opened.account, CallStatus::Completed, now_ms)
        };
        let written = async {
            if let Some(seat) = &opened.seat {
                self.store.limits().leave(tenant, bot, seat).await?;
            }
            self.store.calls.unanswered(&call, why, now_ms).await?;
            self.store.calls.progressed(&end).await
        };
        if let Err(error) = written.await {
            tracing::error!(code = "store_unavailable", %error, "the call's end is not kept");
        }
    }

    /// Inbound, the bot of the number that was called. Outbound, the bot that the order to dial names; Twilio may ask sooner
    /// than it answers the order, so the order is known by its id in the URL.
    async fn who_answers(
        &self,
        webhook: &Webhook,
        asked: &VoiceRequest,
    ) -> Result<Option<(Bot, Option<Dial>)>, StoreError> {
        if direction(asked) == Direction::Inbound {
            let Some(number) = asked.to.number() else {
                return Ok(None);
            };
            return match self.store.bots.bot_of(number).await? {
                Some((tenant, id)) => {
                    let bot = self.store.bots.bot(&tenant, &id).await?;
                    Ok(bot.map(|bot| (bot, None)))
                }
                None => Ok(None),
            };
        }
        if let Some(id) = webhook.query.get("dial").and_then(DialId::parse)
            && let Some(dial) = self.store.dials.dial(&id).await?
        {
            self.store.dials.joined(&id, &asked.call.into()).await?;
            return Ok(Some((dial.bot.clone(), Some(dial))));
        }
        Ok(self
            .store
            .calls
            .call(&asked.call.into())
            .await?
            .and_then(|(_, bot)| bot)
            .map(|bot| (bot, None)))
    }

    async fn resume(&self, webhook: &Webhook, asked: &VoiceRequest) -> Vec<Verb> {
        if asked.status.is_final() {
            return vec![Verb::Hangup];
        }
        let minute = (self.clock)() / 60_000;
        let call = asked.call.into();
        let known = futures_util::future::try_join(
            self.store.calls.call(&call),
            self.store.calls.resumed(&call, minute),
        )
        .await;
        let (bot, times) = match known {
            Ok((Some((_, Some(bot))), times)) => (bot, times),
            Ok((Some((_, None)) | None, _)) => {
                return self.apologise(None, None, &Trouble::NoRecord);
            }
            Err(error) => return self.apologise(None, None, &error.into()),
        };
        let terms = match self.store.agreed.terms(&bot.tenant).await {
            Ok(terms) => terms,
            Err(error) => return self.apologise(Some(&bot), None, &error.into()),
        };
        let connected = if times > RESUMES_PER_MINUTE_MAX {
            Err(Trouble::Loop(times))
        } else {
            let bot = bot.clone();
            self.connect(bot, &terms, &webhook.origin, asked).await
        };
        match connected {
            Ok(verbs) => verbs,
            Err(trouble) => self.put_off(call, &bot, &terms, &trouble).await,
        }
    }

    /// The words for a caller whose bot cannot come, and somebody else in its place.
    async fn put_off(&self, call: CallId, bot: &Bot, terms: &Terms, why: &Trouble) -> Vec<Verb> {
        let person = self.person(call, bot, terms).await;
        self.apologise(Some(bot), person, why)
    }

    /// An alarm counts these lines.
    #[expect(clippy::unused_self, reason = "reads as what it does")]
    fn apologise(
        &self,
        bot: Option<&Bot>,
        person: Option<Allowed>,
        trouble: &Trouble,
    ) -> Vec<Verb> {
        tracing::error!(code = "fallback", bot = bot.map(|bot| bot.id.as_str()), %trouble, "the caller hears the fallback");
        words::sorry(bot, person)
    }
}

/// How long a caller may be put through to somebody, in seconds: what is left of the bot's longest call, and long enough to
/// say that it is over.
fn left_s(bot: &Bot, began_ms: u64, now_ms: u64) -> Option<u32> {
    let spent_s = now_ms.saturating_sub(began_ms) / 1_000;
    let left_s = u64::from(bot.duration_max_s).saturating_sub(spent_s);
    let left_s = u32::try_from(left_s).unwrap_or(u32::MAX);
    (bot.duration_max_s > 0).then(|| left_s.max(THROUGH_S_MIN))
}

fn direction(asked: &VoiceRequest) -> Direction {
    match asked.direction {
        Wire::Inbound | Wire::TrunkingOriginating => Direction::Inbound,
        Wire::OutboundApi | Wire::OutboundDial | Wire::TrunkingTerminating => Direction::Outbound,
    }
}
