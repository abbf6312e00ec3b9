//! A deployment in memory, and the hands that knock on its doors.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use contract::{
    Bot, BotId, CallId, OpeningReply, OpeningState, PriceTable, SEAL_HEADER, Seal, Secret, TenantId,
};
use functions::calls::Settings;
use functions::config::BaseUrl;
use functions::secrets::Keyring;
use functions::store::memory::Memory;
use functions::store::{Bots as _, Claim};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use twilio::signature::{AuthToken, request_signature};
use twilio::twiml::{self, Verb};
use twilio::webhook::{CallStatus, Direction, VoiceRequest};
use twilio::{AccountSid, CallSid, Form, Party, PhoneNumber};

pub(crate) use crate::fakes::*;
use functions::store::Store;

/// Saturday, 21 November 2026, 12:00:00 UTC.
pub(crate) const NOW_MS: u64 = 1_795_262_400_000;
pub(crate) const TOKEN: &str = "00000000000000000000000000000000";
pub(crate) const EDGE_SECRET: &str = "not a secret, but thirty-two bytes long";
pub(crate) const OPERATOR_KEY: &str = "not-an-operator-key";
pub(crate) const JWT_KEY: &str = "not a secret either, but long enough";
pub(crate) const VOICE: &str = "https://voice.example.com";
pub(crate) const STATUS: &str = "https://status.example.com";
pub(crate) const EDGE: &str = "https://edge.example.com";
/// Where Twilio asks what to do with a call, and tells how it stands.
pub(crate) const INCOMING: &str = "https://voice.example.com/voice/incoming";
pub(crate) const CALLBACK: &str = "https://status.example.com/twilio/call";

pub(crate) fn clock() -> u64 {
    NOW_MS
}

pub(crate) fn call_id(number: u64) -> CallId {
    call_sid(number).into()
}

pub(crate) fn call_sid(number: u64) -> CallSid {
    format!("CA{number:032x}").parse().unwrap()
}

pub(crate) fn account() -> AccountSid {
    format!("AC{}", "0".repeat(32)).parse().unwrap()
}

pub(crate) fn number(text: &str) -> PhoneNumber {
    text.parse().unwrap()
}

/// Whose everything is, unless a test says otherwise.
pub(crate) fn tenant() -> TenantId {
    TenantId::default()
}

pub(crate) fn mesa() -> Bot {
    Bot {
        id: BotId::new("mesa").unwrap(),
        greeting: "Mesa Verde, good evening.".to_owned(),
        apology: "Something is wrong here.".to_owned(),
        fallback_number: Some(number("+15005550009")),
        ..Bot::default()
    }
}

/// The only number that has a bot.
pub(crate) const OUR_NUMBER: &str = "+15005550006";

/// A whole deployment.
pub(crate) struct House {
    pub(crate) memory: Arc<Memory>,
    pub(crate) edge: Arc<FakeEdge>,
    pub(crate) carrier: Arc<FakeCarrier>,
    pub(crate) post: Arc<FakePost>,
    pub(crate) voice: Router,
    pub(crate) calls: Router,
    pub(crate) status: Router,
}

pub(crate) fn ready() -> OpeningReply {
    OpeningReply {
        state: OpeningState::Ready,
        farewell: None,
        streaming: false,
    }
}

pub(crate) async fn house() -> House {
    house_with(Settings {
        calls_per_minute: 1_000,
        countries: vec!["US".to_owned(), "ES".to_owned()],
        ..Settings::default()
    })
    .await
}

/// A deployment with such settings of its API.
pub(crate) async fn house_with(settings: Settings) -> House {
    let memory = Arc::new(Memory::default());
    memory.put_bot(&mesa()).await.unwrap();
    memory
        .assign(
            &number(OUR_NUMBER),
            &tenant(),
            &mesa().id,
            Claim::Free,
            NOW_MS,
        )
        .await
        .unwrap();
    let edge = fake_edge();
    let carrier = Arc::new(FakeCarrier::default());
    let post = fake_post();
    let keyring = Arc::new(Keyring::open(Arc::new(Safe), clock).await.unwrap());
    let countries = settings.countries.clone();
    let voice = functions::voice::app(functions::voice::Voice {
        store: Store::of(memory.clone()),
        edge: edge.clone(),
        carrier: carrier.clone(),
        shelf: functions::voice::Shelf::new(memory.clone()),
        keyring,
        clock,
        edge_url: BaseUrl::parse(EDGE).unwrap(),
        status_url: BaseUrl::parse(STATUS).unwrap(),
        countries,
    });
    let world = (edge.clone(), carrier.clone(), post.clone());
    let store = Store::of(memory.clone());
    let calls = calls_on(store.clone(), memory.clone(), &world, settings).await;
    let status = status_on(store, memory.clone(), world).await;
    House {
        memory,
        edge,
        carrier,
        post,
        voice,
        calls,
        status,
    }
}

/// What the functions talk to.
pub(crate) type World = (Arc<FakeEdge>, Arc<FakeCarrier>, Arc<FakePost>);

pub(crate) async fn calls_on(
    store: Store,
    files: Arc<Memory>,
    world: &World,
    settings: Settings,
) -> Router {
    let keyring = Arc::new(Keyring::open(Arc::new(Safe), clock).await.unwrap());
    calls_with(store, files, world, settings, keyring)
}

pub(crate) fn calls_with(
    store: Store,
    files: Arc<Memory>,
    world: &World,
    settings: Settings,
    keyring: Arc<Keyring>,
) -> Router {
    let (edge, carrier, _) = world.clone();
    functions::calls::app(functions::calls::Api {
        store,
        files,
        edge,
        carrier,
        keyring,
        clock,
        voice_url: BaseUrl::parse(VOICE).unwrap(),
        status_url: BaseUrl::parse(STATUS).unwrap(),
        edge_url: BaseUrl::parse(EDGE).unwrap(),
        settings,
        doors: functions::calls::Doors::default(),
    })
}

pub(crate) async fn status_on(store: Store, files: Arc<Memory>, world: World) -> Router {
    let keyring = Arc::new(Keyring::open(Arc::new(Safe), clock).await.unwrap());
    let (edge, carrier, post) = world;
    functions::status::app(functions::status::Status {
        store,
        files,
        edge,
        carrier,
        post,
        keyring,
        clock,
        prices: PriceTable::list(),
    })
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
    pub(crate) replayed: bool,
    pub(crate) headers: BTreeMap<String, String>,
}

pub(crate) fn headers(response: &Response<Body>) -> BTreeMap<String, String> {
    let headers = response.headers().iter();
    headers
        .map(|(name, value)| {
            (
                name.to_string(),
                value.to_str().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    pub(crate) fn verbs(&self) -> Vec<Verb> {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        twiml::Response::parse(&self.body).unwrap().0
    }
}

pub(crate) async fn send(app: &Router, request: Request<Body>) -> Answer {
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let replayed = response.headers().contains_key("idempotent-replayed");
    let headers = headers(&response);
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Answer {
        status,
        body: String::from_utf8(body.to_vec()).unwrap(),
        replayed,
        headers,
    }
}

/// A webhook as Twilio posts it.
pub(crate) fn webhook(url: &str, form: &Form, signature: Option<&str>) -> Request<Body> {
    let mut request =
        Request::post(url).header("content-type", "application/x-www-form-urlencoded");
    if let Some(signature) = signature {
        request = request.header("x-twilio-signature", signature);
    }
    request.body(Body::from(form.encode())).unwrap()
}

pub(crate) fn signature(url: &str, form: &Form) -> String {
    request_signature(&AuthToken::new(TOKEN).unwrap(), url, form)
}

pub(crate) async fn post_signed(app: &Router, url: &str, form: &Form) -> Answer {
    send(app, webhook(url, form, Some(&signature(url, form)))).await
}

/// The number is called; what is done with the call.
pub(crate) async fn rings(house: &House, call: u64) -> Vec<Verb> {
    let form = inbound(call).to_form();
    post_signed(&house.voice, INCOMING, &form).await.verbs()
}

/// A deployment with this bot.
pub(crate) async fn house_of(bot: Bot) -> House {
    let house = house().await;
    house.memory.put_bot(&bot).await.unwrap();
    house
}

/// A request to `status` as the edge makes it.
pub(crate) fn sealed(path: &str, body: &Value, secret: &str, now_s: u64) -> Request<Body> {
    sealed_to(STATUS, path, body, secret, now_s)
}

/// A request as the edge makes it.
pub(crate) fn sealed_to(
    origin: &str,
    path: &str,
    body: &Value,
    secret: &str,
    now_s: u64,
) -> Request<Body> {
    let body = body.to_string();
    let seal = Seal::new(&Secret::new(secret), now_s, "POST", path, body.as_bytes());
    Request::post(format!("{origin}{path}"))
        .header(SEAL_HEADER, seal.as_str())
        .body(Body::from(body))
        .unwrap()
}

pub(crate) async fn post_sealed(app: &Router, path: &str, body: &Value) -> Answer {
    send(app, sealed(path, body, EDGE_SECRET, NOW_MS / 1_000)).await
}

/// A request as the operator makes it.
pub(crate) async fn ask(app: &Router, method: &str, path: &str, body: Option<Value>) -> Answer {
    ask_as(app, Some(OPERATOR_KEY), method, path, body).await
}

/// Another tenant, `acme`, with a bot of its own, `anvil`.
pub(crate) async fn acme(house: &House) {
    let tenant = json!({ "id": "acme" });
    let made = ask(&house.calls, "POST", "/tenants", Some(tenant)).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let bot = Some(json!({}));
    let made = ask(&house.calls, "PUT", "/bots/anvil?tenant=acme", bot).await;
    assert_eq!(made.status, StatusCode::OK);
}

/// A request with this key, or none.
pub(crate) async fn ask_as(
    app: &Router,
    key: Option<&str>,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    send(
        app,
        request
            .body(body.map_or(Body::empty(), |body| Body::from(body.to_string())))
            .unwrap(),
    )
    .await
}

pub(crate) fn inbound(call: u64) -> VoiceRequest {
    VoiceRequest {
        call: call_sid(call),
        account: account(),
        from: Party::parse("+15005550001"),
        to: Party::parse(OUR_NUMBER),
        status: CallStatus::Ringing,
        direction: Direction::Inbound,
        forwarded_from: None,
        caller_name: None,
        parent_call: None,
        answered_by: None,
        stir_verstat: None,
        dial_status: None,
    }
}
