//! The routes, at both ends: the Worker, which refuses, and the object, which answers.

use contract::{
    CallId, ErrorBody, Farewell, Opening, OpeningReply, OpeningState, SEAL_HEADER, Seal, Secret,
    Ticket,
};
use futures_util::StreamExt as _;
use serde_json::json;
use twilio::twiml::{self, Verb};
use worker::{Env, Method, Request, RequestInit, Response, Result, Stub};

use crate::clock::epoch_s;
use crate::line::Shell;
use crate::lineup::Lineup;
use crate::settings::{self, Misconfigured};
use crate::store::Fact;
use crate::stream::SIGNATURE;
use crate::web::{env_opt, refuse};

/// The longest opening; a bot's instructions alone may have 100 kB.
const OPENING_BYTES_MAX: usize = 256 * 1024;
/// Handshakes that are kept. More than one announcement may be under way: webhooks come twice.
const HANDSHAKES_MAX: usize = 16;

/// Answers a request at the Worker.
pub(crate) async fn enter(mut request: Request, env: &Env) -> Result<Response> {
    let path = request.path();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match (request.method(), segments.as_slice()) {
        (Method::Get, ["health"]) => health(env),
        (Method::Get | Method::Post, ["fallback"]) => fallback(),
        (Method::Put, ["calls", sid]) => announce(&mut request, env, &path, sid).await,
        (Method::Get, ["media", sid, ticket]) => stream(request, env, sid, ticket).await,
        _ => refuse(
            404,
            &ErrorBody::new("not_found", "there is nothing here: see the list of routes"),
        ),
    }
}

/// What a caller hears when the functions do not answer Twilio: it comes from the other cloud, depends on nothing, and is
/// the same for everybody, so nobody has to prove who he is.
fn fallback() -> Result<Response> {
    let say = Verb::Say {
        text: "We are sorry, we cannot take your call at the moment. Please try again later."
            .to_owned(),
        voice: None,
        language: None,
    };
    let document = twiml::Response(vec![say, Verb::Hangup]);
    let xml = document
        .to_xml()
        .unwrap_or_else(|_| "<Response/>".to_owned());
    let mut response = Response::ok(xml)?;
    response
        .headers_mut()
        .set("content-type", "text/xml; charset=utf-8")?;
    Ok(response)
}

fn health(env: &Env) -> Result<Response> {
    match settings::check(env) {
        Ok(()) => {
            Response::from_json(&json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
        }
        Err(wrong) => misconfigured(&wrong),
    }
}

/// `PUT /calls/{CallId}`: only who holds the secret gets to the object.
async fn announce(request: &mut Request, env: &Env, path: &str, sid: &str) -> Result<Response> {
    let secret = match settings::secret(env) {
        Ok(secret) => secret,
        Err(wrong) => return misconfigured(&wrong),
    };
    let Some(body) = body(request).await? else {
        return refuse(
            413,
            &ErrorBody::new("body_too_large", "an opening has at most 256 kB"),
        );
    };
    let header = request.headers().get(SEAL_HEADER)?;
    if let Err(error) = Seal::check(header.as_deref(), &secret, epoch_s(), "PUT", path, &body) {
        tracing::warn!(call = sid, code = error.code(), "an opening is refused");
        return refuse(401, &ErrorBody::new(error.code(), error.to_string()));
    }
    let opening = match read_opening(&body, sid) {
        Ok(opening) => opening,
        Err((status, error)) => {
            tracing::warn!(
                call = sid,
                code = error.error.code,
                reason = error.error.message,
                "an opening is refused"
            );
            return refuse(status, &error);
        }
    };
    if let Err(wrong) = Lineup::of(env, &opening.bot) {
        return misconfigured(&wrong);
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Put)
        .with_body(Some(String::from_utf8_lossy(&body).into_owned().into()));
    let request = Request::new_with_init(&format!("https://line{path}"), &init)?;
    object(env, &opening.call)?
        .fetch_with_request(request)
        .await
}

/// The body; none if it is too long.
async fn body(request: &mut Request) -> Result<Option<Vec<u8>>> {
    let announced = request
        .headers()
        .get("content-length")?
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > OPENING_BYTES_MAX) {
        return Ok(None);
    }
    let mut body = Vec::with_capacity(announced.unwrap_or(0));
    let Ok(mut chunks) = request.stream() else {
        return Ok(Some(body));
    };
    while let Some(chunk) = chunks.next().await {
        body.extend(chunk?);
        if body.len() > OPENING_BYTES_MAX {
            return Ok(None);
        }
    }
    Ok(Some(body))
}

/// Reads an opening that came for this call.
fn read_opening(body: &[u8], sid: &str) -> std::result::Result<Opening, (u16, ErrorBody)> {
    let value: serde_json::Value = serde_json::from_slice(body).map_err(|error| {
        (
            400,
            ErrorBody::new("not_json", format!("the body is not JSON: {error}")),
        )
    })?;
    let opening: Opening = serde_json::from_value(value).map_err(|error| {
        (
            422,
            ErrorBody::new("not_an_opening", format!("the body is no opening: {error}")),
        )
    })?;
    if opening.call.as_str() != sid {
        return Err((
            422,
            ErrorBody::at(
                "call",
                "call_differs",
                "the path names another call than the body",
            ),
        ));
    }
    if let Err(wrong) = opening.bot.validate()
        && let Some(first) = wrong.first()
    {
        let field = format!("bot.{}", first.field);
        return Err((
            422,
            ErrorBody::at(
                &field,
                "out_of_range",
                format!("{field} must be {}", first.message),
            ),
        ));
    }
    Ok(opening)
}

/// `GET /media/{CallId}/{ticket}`: only a fresh ticket gets to the object.
async fn stream(request: Request, env: &Env, sid: &str, ticket: &str) -> Result<Response> {
    let secret = match settings::secret(env) {
        Ok(secret) => secret,
        Err(wrong) => return misconfigured(&wrong),
    };
    let call = match may_pass(&request, &secret, sid, ticket) {
        Ok(ticket) => ticket.call,
        Err((status, code, message)) => {
            tracing::warn!(call = sid.get(..34), code, status, "a stream is refused");
            return refuse(status, &ErrorBody::new(code, message));
        }
    };
    object(env, &call)?.fetch_with_request(request).await
}

type Refusal = (u16, &'static str, String);

/// What can be told of a handshake without waking the call.
fn may_pass(
    request: &Request,
    secret: &Secret,
    sid: &str,
    ticket: &str,
) -> std::result::Result<Ticket, Refusal> {
    let header = |name| {
        request
            .headers()
            .get(name)
            .ok()
            .flatten()
            .unwrap_or_default()
    };
    if header(SIGNATURE).is_empty() {
        let message = "the request is not signed: only Twilio opens media streams".to_owned();
        return Err((401, "signature_missing", message));
    }
    let foreign = |_| {
        (
            403,
            "ticket_malformed",
            "the stream's path names no call".to_owned(),
        )
    };
    let call: CallId = sid.parse().map_err(foreign)?;
    let ticket = Ticket::open(ticket, secret, &call, epoch_s())
        .map_err(|error| (403, error.code(), error.to_string()))?;
    if !header("upgrade").eq_ignore_ascii_case("websocket") {
        return Err((
            426,
            "not_a_websocket",
            "this path is for WebSockets: send an upgrade request".to_owned(),
        ));
    }
    Ok(ticket)
}

/// The object of a call, made where `LOCATION_HINT` says, or else near whoever asks first.
fn object(env: &Env, call: &CallId) -> Result<Stub> {
    let lines = env.durable_object("LINES")?;
    match env_opt(env, "LOCATION_HINT") {
        Some(hint) => lines.get_by_name_with_location_hint(call.as_str(), &hint),
        None => lines.get_by_name(call.as_str()),
    }
}

fn misconfigured(wrong: &Misconfigured) -> Result<Response> {
    tracing::error!(
        variable = wrong.variable,
        reason = wrong.message,
        "the deployment is not configured"
    );
    refuse(
        503,
        &ErrorBody::at(&wrong.variable, "misconfigured", &wrong.message),
    )
}

impl Shell {
    /// Answers a request at the object. It was checked at the Worker, which alone can reach this.
    pub(crate) async fn answer(&self, mut request: Request) -> Result<Response> {
        let path = request.path();
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        match (request.method(), segments.as_slice()) {
            (Method::Put, ["calls", _]) => {
                let opening = serde_json::from_str(&request.text().await?)?;
                self.open(opening)
            }
            (Method::Get, ["media", sid, text]) => {
                let secret = match settings::secret(&self.env) {
                    Ok(secret) => secret,
                    Err(wrong) => return misconfigured(&wrong),
                };
                let ticket = sid
                    .parse()
                    .ok()
                    .and_then(|call| Ticket::open(text, &secret, &call, epoch_s()).ok());
                let signature = request.headers().get(SIGNATURE)?.unwrap_or_default();
                match ticket {
                    Some(ticket) => self.admit(&ticket, &signature),
                    None => refuse(
                        403,
                        &ErrorBody::new(
                            "ticket_expired",
                            "the ticket has expired: fetch new TwiML",
                        ),
                    ),
                }
            }
            _ => refuse(404, &ErrorBody::new("not_found", "there is nothing here")),
        }
    }

    /// Opens the call, or announces its next stream; answers how far it is, and what the carrier has to do first.
    fn open(&self, opening: Opening) -> Result<Response> {
        if !self.wake(true) {
            let call = opening.call;
            if let Err(wrong) = self.begin(opening) {
                return misconfigured(&wrong);
            }
            tracing::info!(%call, "a call is opened");
            return reply(OpeningState::Ready, None);
        }
        let farewell = self.store.fact::<Farewell>(Fact::Farewell);
        let mut talk = self.talk.borrow_mut();
        let Some(talk) = talk.as_mut() else {
            return refuse(500, &ErrorBody::new("internal", "the call cannot go on"));
        };
        if opening.account != talk.opening.account {
            return refuse(
                422,
                &ErrorBody::at(
                    "account",
                    "account_differs",
                    "the call belongs to another account",
                ),
            );
        }
        if talk.is_over() {
            return reply(OpeningState::Ended, farewell);
        }
        // The bot stays as it was when the call began.
        let mut kept = (*talk.opening).clone();
        kept.handshakes.extend(opening.handshakes);
        let excess = kept.handshakes.len().saturating_sub(HANDSHAKES_MAX);
        kept.handshakes.drain(..excess);
        kept.records_url = opening.records_url;
        kept.uploads_url = opening.uploads_url;
        self.store.set(Fact::Opening, &kept);
        talk.opening = std::rc::Rc::new(kept);
        if farewell.is_some() {
            // Keys are pressed once.
            self.store.clear(Fact::Farewell);
        }
        reply(OpeningState::Ready, farewell)
    }
}

fn reply(state: OpeningState, farewell: Option<Farewell>) -> Result<Response> {
    Response::from_json(&OpeningReply { state, farewell })
}
