//! The routes, at both ends: the Worker, which refuses, and the object, which answers.

use call::Stage;
use contract::{Bot, CallId, ErrorBody, SEAL_HEADER, Seal, Secret, Ticket};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::json;
use twilio::signature::SIGNATURE_HEADER;
use twilio::twiml::{self, Verb};
use worker::{Env, Method, Request, RequestInit, Response, Result, Stub};

use crate::assistant::Kind;
use crate::clock::epoch_s;
use crate::line::Shell;
use crate::lineup::Lineup;
use crate::refusal::Refusal;
use crate::settings;
use crate::web::{env_opt, refuse};
use crate::{assistant, errand, live, open, order, play};

/// Longest body of a look at the health, which says nothing.
const HEALTH_BYTES_MAX: usize = 1024;

/// What a door answers.
pub(crate) type Answer = std::result::Result<Response, Refusal>;

/// Answers a request at the Worker.
pub(crate) async fn enter(request: Request, env: &Env) -> Result<Response> {
    let path = request.path();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let (what, answer) = match (request.method(), segments.as_slice()) {
        (Method::Get, ["health"]) => ("a look at its health", health(env)),
        (Method::Post, ["health"]) => ("a look at its health", believed(request, env).await),
        (Method::Get, ["config.json"]) => ("a page", config(env)),
        (Method::Get | Method::Post, ["fallback"]) => ("an apology", fallback()),
        (Method::Put, ["calls", call]) => ("an opening", open::announce(request, env, call).await),
        (Method::Post, ["calls", call, "orders"]) => {
            ("an order", order::give(request, env, call).await)
        }
        (Method::Post, ["calls", call, "played"]) => {
            ("a file's end", play::played(request, env, call).await)
        }
        (Method::Get, ["calls", call, "events"]) => {
            ("a look at a call", live::watch(request, env, call).await)
        }
        (Method::Options, ["calls", _, "events"]) => {
            ("a look at a call", live::preflight(&request, env))
        }
        (Method::Put, ["errands", id]) => ("an errand", errand::take(request, env, id).await),
        (Method::Get, ["media", sid, ticket]) => {
            ("a stream", stream(request, env, sid, ticket).await)
        }
        (Method::Get, ["ws"]) => {
            let entered = assistant::enter(request, env, Kind::Binary).await;
            ("a socket", entered)
        }
        (Method::Get, ["ws", "assistant"]) => {
            let entered = assistant::enter(request, env, Kind::Json).await;
            ("a socket", entered)
        }
        _ => {
            let body = ErrorBody::new("not_found", "there is nothing here: see the list of routes");
            return refuse(404, &body);
        }
    };
    let whose = segments.get(1).copied().unwrap_or_default();
    answer.or_else(|refusal| refusal.into_response(what, whose))
}

/// What a caller hears when the functions do not answer Twilio: it comes from the other cloud, depends on nothing, and is
/// the same for everybody, so nobody has to prove who he is.
fn fallback() -> Answer {
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

/// What the pages must know: where the API is. No secret.
fn config(env: &Env) -> Answer {
    let body = json!({ "api_url": settings::api_url(env)? });
    Ok(Response::from_json(&body)?)
}

fn health(env: &Env) -> Answer {
    settings::check(env)?;
    let body = json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") });
    Ok(Response::from_json(&body)?)
}

/// The same for the functions: whoever is answered here holds the same secret, and so calls can be opened. And who works
/// for bots that name nobody, so that somebody notices before a model is shut down.
async fn believed(mut request: Request, env: &Env) -> Answer {
    unseal(&mut request, env, HEALTH_BYTES_MAX).await?;
    let lineup = Lineup::of(env, &Bot::default())?;
    let first = |stage| {
        let posts = lineup.posts(stage);
        let who = posts.first().map(|post| &post.who);
        who.map(|who| json!({ "provider": who.provider, "model": who.model }))
    };
    let body = json!({
        "status": "ok", "version": env!("CARGO_PKG_VERSION"),
        "defaults": { "listen": first(Stage::Listen), "think": first(Stage::Think), "speak": first(Stage::Speak) },
    });
    Ok(Response::from_json(&body)?)
}

/// What the functions have sent, if its seal fits: only who holds the secret gets to an object.
pub(crate) async fn unseal(
    request: &mut Request,
    env: &Env,
    bytes_max: usize,
) -> std::result::Result<Vec<u8>, Refusal> {
    let secret = settings::secret(env)?;
    let Some(body) = body(request, bytes_max).await? else {
        let message = format!("the body has at most {} kB", bytes_max / 1024);
        return Err(Refusal::new(413, "body_too_large", message));
    };
    let header = request.headers().get(SEAL_HEADER)?;
    let (method, path) = (request.method(), request.path());
    Seal::check(
        header.as_deref(),
        &secret,
        epoch_s(),
        method.as_ref(),
        &path,
        &body,
    )
    .map_err(|error| Refusal::new(401, error.code(), error.to_string()))?;
    Ok(body)
}

/// The body; none if it is too long.
async fn body(request: &mut Request, bytes_max: usize) -> Result<Option<Vec<u8>>> {
    let announced = request
        .headers()
        .get("content-length")?
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > bytes_max) {
        return Ok(None);
    }
    let mut body = Vec::with_capacity(announced.unwrap_or(0));
    let Ok(mut chunks) = request.stream() else {
        return Ok(Some(body));
    };
    while let Some(chunk) = chunks.next().await {
        body.extend(chunk?);
        if body.len() > bytes_max {
            return Ok(None);
        }
    }
    Ok(Some(body))
}

/// Reads a body as what it must be; `code` says that it is something else.
pub(crate) fn read<T: DeserializeOwned>(
    body: &[u8],
    code: &str,
) -> std::result::Result<T, Refusal> {
    let value: serde_json::Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::new(400, "not_json", format!("the body is not JSON: {error}")))?;
    serde_json::from_value(value)
        .map_err(|error| Refusal::new(422, code, format!("the body does not fit: {error}")))
}

/// The call that a path names.
pub(crate) fn call_of(text: &str) -> std::result::Result<CallId, Refusal> {
    text.parse().map_err(|_| Refusal::call_unknown())
}

/// Hands a checked request on to an object.
pub(crate) async fn forward(stub: Stub, method: Method, path: &str, body: Vec<u8>) -> Answer {
    let mut init = RequestInit::new();
    init.with_method(method);
    if !body.is_empty() {
        init.with_body(Some(String::from_utf8_lossy(&body).into_owned().into()));
    }
    let request = Request::new_with_init(&format!("https://line{path}"), &init)?;
    Ok(stub.fetch_with_request(request).await?)
}

/// `GET /media/{CallId}/{ticket}`: only a fresh ticket gets to the object.
async fn stream(request: Request, env: &Env, sid: &str, ticket: &str) -> Answer {
    let secret = settings::secret(env)?;
    let ticket = may_pass(&request, &secret, sid, ticket)?;
    Ok(object(env, &ticket.call)?
        .fetch_with_request(request)
        .await?)
}

/// What can be told of a handshake without waking the call.
fn may_pass(
    request: &Request,
    secret: &Secret,
    sid: &str,
    ticket: &str,
) -> std::result::Result<Ticket, Refusal> {
    if header(request, SIGNATURE_HEADER).is_empty() {
        let message = "the request is not signed: only Twilio opens media streams";
        return Err(Refusal::new(401, "signature_missing", message));
    }
    let call: CallId = sid
        .parse()
        .map_err(|_| Refusal::new(403, "ticket_malformed", "the stream's path names no call"))?;
    let ticket = Ticket::open(ticket, secret, &call, epoch_s())
        .map_err(|error| Refusal::new(403, error.code(), error.to_string()))?;
    must_upgrade(request)?;
    Ok(ticket)
}

/// # Errors
///
/// The request does not ask for a WebSocket.
pub(crate) fn must_upgrade(request: &Request) -> std::result::Result<(), Refusal> {
    if header(request, "upgrade").eq_ignore_ascii_case("websocket") {
        return Ok(());
    }
    let message = "this path is for WebSockets: send an upgrade request";
    Err(Refusal::new(426, "not_a_websocket", message))
}

/// A header's value; empty if it is not there.
pub(crate) fn header(request: &Request, name: &str) -> String {
    request
        .headers()
        .get(name)
        .ok()
        .flatten()
        .unwrap_or_default()
}

/// Where Cloudflare says who asks: <https://developers.cloudflare.com/fundamentals/reference/http-headers/>.
pub(crate) const ADDRESS: &str = "cf-connecting-ip";

/// The object of a call, made where `LOCATION_HINT` says, or else near whoever asks first.
pub(crate) fn object(env: &Env, call: &CallId) -> Result<Stub> {
    let lines = env.durable_object("LINES")?;
    match env_opt(env, "LOCATION_HINT") {
        Some(hint) => lines.get_by_name_with_location_hint(call.as_str(), &hint),
        None => lines.get_by_name(call.as_str()),
    }
}

impl Shell {
    /// Answers a request at the object. It was checked at the Worker, which alone can reach this.
    pub(crate) async fn answer(&self, request: Request) -> Result<Response> {
        let path = request.path();
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let answer = match (request.method(), segments.as_slice()) {
            (Method::Put, ["calls", _]) => self.open(request).await,
            (Method::Post, ["calls", _, "orders"]) => self.obey(request).await,
            (Method::Post, ["calls", _, "played"]) => self.file_played(request).await,
            (Method::Get, ["calls", _, "events"]) => self.show(&request),
            (Method::Get, ["media", sid, text]) => self.let_in(&request, sid, text),
            (Method::Get, ["ws", call, kind, way]) => self.await_auth(&request, call, kind, way),
            _ => Err(Refusal::new(404, "not_found", "there is nothing here")),
        };
        let what = match segments.first() {
            Some(&"media") => "a stream",
            Some(&"ws") => "a socket",
            Some(_) | None => "a request",
        };
        answer.or_else(|refusal| refusal.into_response(what, &self.name()))
    }

    /// A stream asks to be let in.
    fn let_in(&self, request: &Request, sid: &str, text: &str) -> Answer {
        let secret = settings::secret(&self.env)?;
        let ticket = sid
            .parse()
            .ok()
            .and_then(|call| Ticket::open(text, &secret, &call, epoch_s()).ok());
        let Some(ticket) = ticket else {
            let message = "the ticket has expired: fetch new TwiML";
            return Err(Refusal::new(403, "ticket_expired", message));
        };
        let address = header(request, ADDRESS);
        self.admit(&ticket, &header(request, SIGNATURE_HEADER), address)
    }
}
