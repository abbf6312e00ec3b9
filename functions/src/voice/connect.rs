use contract::{Bot, CallId, Farewell, Opening, OpeningReply, OpeningState, ReplyMode, Ticket};
use twilio::Form;
use twilio::signature::handshake_signatures;
use twilio::twiml::{Play, Stream, Verb};
use twilio::webhook::VoiceRequest;

use super::{Trouble, Voice, direction, plays, words};
use crate::secrets::Secrets;
use crate::store::Terms;

/// How long a ticket is good, in seconds: Twilio opens the stream within a moment of reading the TwiML.
const TICKET_VALID_S: u64 = 60;

/// Most keys pressed in one go.
const KEYS_MAX: usize = 32;

/// The call whose next document is written.
struct Next<'a> {
    call: CallId,
    bot: &'a Bot,
    terms: &'a Terms,
    origin: &'a str,
}

impl Voice {
    /// Opens the call at the edge, and sends Twilio there, or wherever the edge says the call goes.
    pub(super) async fn connect(
        &self,
        bot: Bot,
        terms: &Terms,
        origin: &str,
        asked: &VoiceRequest,
    ) -> Result<Vec<Verb>, Trouble> {
        let (reply, stream_url) = self.open(&bot, terms, origin, asked).await?;
        tracing::info!(bot = %bot.id, state = ?reply.state, "opened");
        let next = Next {
            call: asked.call.into(),
            bot: &bot,
            terms,
            origin,
        };
        Ok(self.verbs(&next, reply, stream_url).await)
    }

    /// Opens the call; once more with newer secrets if the edge does not know those at hand.
    async fn open(
        &self,
        bot: &Bot,
        terms: &Terms,
        origin: &str,
        asked: &VoiceRequest,
    ) -> Result<(OpeningReply, String), Trouble> {
        let secrets = self.keyring.secrets();
        let opened = self.open_with(&secrets, bot, terms, origin, asked).await;
        if let Err(Trouble::Edge(error)) = &opened
            && error.is_seal_refused()
            && let Some(newer) = self.keyring.instead_of(&secrets).await
        {
            return self.open_with(&newer, bot, terms, origin, asked).await;
        }
        opened
    }

    async fn open_with(
        &self,
        secrets: &Secrets,
        bot: &Bot,
        terms: &Terms,
        origin: &str,
        asked: &VoiceRequest,
    ) -> Result<(OpeningReply, String), Trouble> {
        let stream_url = self.stream_url(bot, asked, secrets)?;
        let opening = Opening {
            call: asked.call.into(),
            account: asked.account,
            from: asked.from.clone(),
            to: asked.to.clone(),
            direction: direction(asked),
            bot: bot.clone(),
            handshakes: secrets
                .tokens
                .iter()
                .flat_map(|token| handshake_signatures(token, &stream_url))
                .collect(),
            records_url: self.status_url.at("/records"),
            uploads_url: self.status_url.at("/uploads"),
            hook_secret: terms.hook_secret.clone(),
            speech_url: self.status_url.at("/speech"),
            plays_url: match bot.reply {
                ReplyMode::Stream => String::new(),
                ReplyMode::Url => format!("{origin}/voice/plays"),
            },
        };
        Ok((self.edge.open(&opening, &secrets.edge).await?, stream_url))
    }

    fn stream_url(
        &self,
        bot: &Bot,
        asked: &VoiceRequest,
        secrets: &Secrets,
    ) -> Result<String, Trouble> {
        let ticket = Ticket {
            call: asked.call.into(),
            account: asked.account,
            bot: bot.id.clone(),
            expires_s: (self.clock)() / 1_000 + TICKET_VALID_S,
            nonce: getrandom::u64().map_err(Trouble::NoNonce)?,
        };
        Ok(self.edge_url.socket_at(&format!(
            "/media/{}/{}",
            asked.call,
            ticket.seal(&secrets.edge)
        )))
    }

    async fn verbs(&self, next: &Next<'_>, reply: OpeningReply, stream_url: String) -> Vec<Verb> {
        let Next {
            call,
            bot,
            terms,
            origin,
        } = *next;
        let streaming = reply.streaming;
        let go_on = || match bot.reply {
            ReplyMode::Stream => self.both_ways(stream_url, origin),
            ReplyMode::Url => self.one_way(stream_url, streaming, origin),
        };
        match (reply.state, reply.farewell) {
            (_, Some(Farewell::HangUp { say })) => {
                words::said(bot, say).chain([Verb::Hangup]).collect()
            }
            (_, Some(Farewell::Transfer { to, say })) => {
                if let Some(to) = self.through(call, bot, terms, &to).await {
                    return words::said(bot, say).chain([words::dial(to)]).collect();
                }
                let say = say.or_else(|| Some(bot.apology.clone()));
                words::said(bot, say).chain([Verb::Hangup]).collect()
            }
            (OpeningState::Ready, Some(Farewell::SendKeys { keys })) => {
                let keys: String = keys
                    .chars()
                    .filter(|key| "0123456789*#w".contains(*key))
                    .take(KEYS_MAX)
                    .collect();
                let pressed = (!keys.is_empty()).then_some(Verb::Play(Play::Digits(keys)));
                pressed.into_iter().chain(go_on()).collect()
            }
            (OpeningState::Ready, None) => go_on(),
            (OpeningState::Ended, None | Some(Farewell::SendKeys { .. })) => vec![Verb::Hangup],
        }
    }

    /// The stream takes the bot's voice, and when it ends Twilio asks what comes next.
    fn both_ways(&self, stream_url: String, origin: &str) -> Vec<Verb> {
        vec![Verb::Connect {
            action: Some(format!("{origin}/voice/resume")),
            stream: Stream {
                status_callback: Some(self.status_url.at("/twilio/stream")),
                ..Stream::to(stream_url)
            },
        }]
    }

    /// The stream only listens, beside whatever the call does. When it ends Twilio only tells so, to a function that then
    /// sends the call here.
    fn one_way(&self, stream_url: String, streaming: bool, origin: &str) -> Vec<Verb> {
        let next: Form = [("resume", format!("{origin}/voice/resume"))]
            .into_iter()
            .collect();
        let told = format!("/twilio/stream?{}", next.encode());
        let start = (!streaming).then(|| Verb::Start {
            stream: Stream {
                status_callback: Some(self.status_url.at(&told)),
                ..Stream::to(stream_url)
            },
        });
        start.into_iter().chain(plays::silence(origin)).collect()
    }
}
