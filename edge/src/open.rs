//! `PUT /calls/{CallId}`: the functions open a call, or announce its next stream.

use contract::{ErrorBody, Farewell, OPENING_BYTES_MAX, Opening, OpeningReply, OpeningState};
use worker::{Env, Method, Request, Response};

use crate::door::{self, Answer, object, unseal};
use crate::line::Shell;
use crate::lineup::Lineup;
use crate::refusal::Refusal;
use crate::store::Fact;
use crate::talk::Talk;

/// Handshakes that are kept. More than one announcement may be under way: webhooks come twice.
const HANDSHAKES_MAX: usize = 16;

/// Checks an opening at the Worker.
pub(crate) async fn announce(mut request: Request, env: &Env, call: &str) -> Answer {
    let path = request.path();
    let body = unseal(&mut request, env, OPENING_BYTES_MAX).await?;
    let opening: Opening = door::read(&body, "not_an_opening")?;
    if opening.call.as_str() != call {
        let message = "the path names another call than the body";
        return Err(Refusal::at(422, "call", "call_differs", message));
    }
    check(&opening)?;
    Lineup::of(env, &opening.bot)?;
    door::forward(object(env, &opening.call)?, Method::Put, &path, body).await
}

/// # Errors
///
/// The bot is none that can hold a call.
pub(crate) fn check(opening: &Opening) -> Result<(), Refusal> {
    let Err(wrong) = opening.bot.validate() else {
        return Ok(());
    };
    let Some(first) = wrong.first() else {
        return Ok(());
    };
    let field = format!("bot.{}", first.field);
    let message = format!("{field} must be {}", first.message);
    Err(Refusal::Said(
        422,
        ErrorBody::at(&field, "out_of_range", message),
    ))
}

impl Shell {
    /// Opens the call, or announces its next stream; answers how far it is, and what the carrier has to do first.
    pub(crate) async fn open(&self, mut request: Request) -> Answer {
        let opening: Opening =
            serde_json::from_str(&request.text().await?).map_err(worker::Error::from)?;
        if !self.wake() {
            let call = opening.call;
            self.begin(opening)?;
            tracing::info!(%call, "a call is opened");
            return reply(OpeningState::Ready, None, false);
        }
        let farewell = self.store.fact::<Farewell>(Fact::Farewell);
        let mut talk = self.talk.borrow_mut();
        let Some(talk) = talk.as_mut() else {
            return Err(Refusal::new(500, "internal", "the call cannot go on"));
        };
        if talk.is_over() && opening.account == talk.opening.account {
            return reply(OpeningState::Ended, farewell, false);
        }
        self.renew(talk, opening)?;
        if farewell.is_some() {
            // Keys are pressed once.
            self.store.clear(Fact::Farewell);
        }
        reply(OpeningState::Ready, farewell, talk.mouth.is_some())
    }

    /// Takes from another opening of the same call what may be new. The bot stays as it was when the call began.
    pub(crate) fn renew(&self, talk: &mut Talk, opening: Opening) -> Result<(), Refusal> {
        if opening.account != talk.opening.account {
            let message = "the call belongs to another account";
            return Err(Refusal::at(422, "account", "account_differs", message));
        }
        let mut kept = (*talk.opening).clone();
        kept.handshakes.extend(opening.handshakes);
        let excess = kept.handshakes.len().saturating_sub(HANDSHAKES_MAX);
        kept.handshakes.drain(..excess);
        kept.records_url = opening.records_url;
        kept.uploads_url = opening.uploads_url;
        kept.speech_url = opening.speech_url;
        kept.plays_url = opening.plays_url;
        self.store.set(Fact::Opening, &kept);
        talk.opening = std::rc::Rc::new(kept);
        Ok(())
    }
}

fn reply(state: OpeningState, farewell: Option<Farewell>, streaming: bool) -> Answer {
    let reply = OpeningReply {
        state,
        farewell,
        streaming,
    };
    Ok(Response::from_json(&reply)?)
}
