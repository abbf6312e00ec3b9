//! A stand-in for the functions, as the edge sees them: it knows tokens, takes records and files, and runs errands. And for
//! what else the edge asks: a tool of the operator's, and a language model that wants it used.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{post, put};
use contract::{
    Accepted, Batch, Bot, Direction, ErrandCall, ErrorBody, HookSecret, Numbered, Opening, Record,
    SEAL_HEADER, Seal, Secret, SessionReply, SessionRequest, Upload, UploadReply, UploadRequest,
};
use local::demo;
use local::platform::Credentials;
use local::serve::{self, Server};
use serde_json::{Value, json};
use twilio::Party;

use crate::door::{now_ms, now_s};

/// The stand-in, running.
#[derive(Debug)]
pub struct Office {
    server: Server,
    desk: Arc<Mutex<Desk>>,
}

/// What it knows, and what it was told.
#[derive(Debug)]
pub struct Desk {
    url: String,
    /// Who answers.
    pub bot: Bot,
    /// Subject and expiry by token.
    pub tokens: BTreeMap<String, (String, u64)>,
    /// What signs requests to tools.
    pub hook_secret: Option<HookSecret>,
    /// Tokens that were shown.
    pub shown: Vec<SessionRequest>,
    /// Whether it goes on looking at a token, or at an errand: neither is answered meanwhile.
    pub looks: bool,
    /// Whether whoever shows a token has asked too often.
    pub too_many: bool,
    /// Batches that came.
    pub batches: Vec<Batch>,
    /// Whether the next batch is answered with the wish to come to an end.
    pub wrap: bool,
    /// Errands that rang, and when, in milliseconds since the Unix epoch.
    pub errands: Vec<(ErrandCall, u64)>,
    /// What they are answered: a status and a body; then `done`.
    pub errand_answers: VecDeque<(u16, Value)>,
    /// Files that were stored.
    pub files: BTreeMap<String, usize>,
    /// Requests to the tool: headers and body.
    pub asked: Vec<(HeaderMap, Vec<u8>)>,
    /// What it is answered: a status and a body; then 200 and `free at eight`.
    pub tool_answers: VecDeque<(u16, String)>,
    /// Requests whose seal did not fit.
    pub unsealed: u32,
}

type Shared = Arc<Mutex<Desk>>;

impl Office {
    /// Opens it. Nobody has a token yet.
    ///
    /// # Panics
    ///
    /// There is no port.
    #[expect(clippy::expect_used, reason = "a test cannot go on without it")]
    pub async fn open(bot: Bot) -> Self {
        let listener = serve::bind(0).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let desk = Arc::new(Mutex::new(Desk {
            url: format!("http://{address}"),
            bot,
            tokens: BTreeMap::new(),
            hook_secret: None,
            shown: Vec::new(),
            looks: false,
            too_many: false,
            batches: Vec::new(),
            wrap: false,
            errands: Vec::new(),
            errand_answers: VecDeque::new(),
            files: BTreeMap::new(),
            asked: Vec::new(),
            tool_answers: VecDeque::new(),
            unsealed: 0,
        }));
        let router = Router::new()
            .route("/sessions", post(session))
            .route("/records", post(records))
            .route("/uploads", post(uploads))
            .route("/files/{name}", put(file))
            .route("/errands/ring", post(errand))
            .route("/tool", post(tool))
            .route("/v1/chat/completions", post(think))
            .with_state(Arc::clone(&desk));
        Self {
            server: Server::start(listener, router),
            desk,
        }
    }

    /// The same, with a token that holds for an hour: `good`, of `anna`.
    pub async fn with_token(bot: Bot) -> Self {
        let office = Self::open(bot).await;
        office.issue("good", "anna", now_s() + 3_600);
        office
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url().trim_end_matches('/'))
    }

    /// Makes a token known.
    pub fn issue(&self, token: &str, subject: &str, expires_s: u64) {
        let session = (subject.to_owned(), expires_s);
        self.desk().tokens.insert(token.to_owned(), session);
    }

    /// What it knows and was told.
    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every record once, in order.
    #[must_use]
    pub fn records(&self) -> Vec<Numbered> {
        let desk = self.desk();
        let all = desk.batches.iter().flat_map(|batch| &batch.records);
        let once: BTreeMap<u64, &Numbered> = all.map(|record| (record.number, record)).collect();
        once.into_values().cloned().collect()
    }

    /// Whether this was told.
    #[must_use]
    pub fn was_told(&self, wanted: impl Fn(&Record) -> bool) -> bool {
        self.records().iter().any(|told| wanted(&told.record))
    }
}

fn lock(desk: &Shared) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads what the edge has sealed.
fn sealed<T: serde::de::DeserializeOwned>(
    desk: &Shared,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<T, StatusCode> {
    let secret = Secret::new(&Credentials::default().edge_secret);
    let seal = headers
        .get(SEAL_HEADER)
        .and_then(|value| value.to_str().ok());
    let fits = Seal::check(seal, &secret, now_s(), "POST", uri.path(), body);
    if fits.is_err() {
        lock(desk).unsealed += 1;
        return Err(StatusCode::UNAUTHORIZED);
    }
    serde_json::from_slice(body).map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)
}

fn answer(value: &impl serde::Serialize) -> Response {
    axum::Json(value).into_response()
}

/// Waits until nobody goes on looking.
async fn looked(desk: &Shared) {
    while lock(desk).looks {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn session(
    State(desk): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request: SessionRequest = match sealed(&desk, &uri, &headers, &body) {
        Ok(request) => request,
        Err(refusal) => return refusal.into_response(),
    };
    lock(&desk).shown.push(request.clone());
    looked(&desk).await;
    let desk = lock(&desk);
    if desk.too_many {
        let error = ErrorBody::new("rate_limited", "too many requests: try again in 9 s");
        return (StatusCode::TOO_MANY_REQUESTS, axum::Json(error)).into_response();
    }
    let Some((subject, expires_s)) = desk.tokens.get(&request.token).cloned() else {
        let error = ErrorBody::new("token_unknown", "the token is not known: sign in again");
        return (StatusCode::UNAUTHORIZED, axum::Json(error)).into_response();
    };
    let Ok(account) = Credentials::default().account_sid.parse() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let opening = Opening {
        call: request.call,
        account,
        from: Party::parse("client:anna"),
        to: Party::parse(demo::number().as_str()),
        direction: Direction::Inbound,
        bot: desk.bot.clone(),
        handshakes: Vec::new(),
        records_url: format!("{}/records", desk.url),
        uploads_url: format!("{}/uploads", desk.url),
        speech_url: String::new(),
        plays_url: String::new(),
        hook_secret: desk.hook_secret.clone(),
    };
    answer(&SessionReply {
        opening,
        subject,
        expires_s,
    })
}

async fn records(
    State(desk): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let batch: Batch = match sealed(&desk, &uri, &headers, &body) {
        Ok(batch) => batch,
        Err(refusal) => return refusal.into_response(),
    };
    let mut desk = lock(&desk);
    desk.batches.push(batch);
    let all = desk.batches.iter().flat_map(|batch| &batch.records);
    let through = all.map(|record| record.number).max().unwrap_or(0);
    answer(&Accepted {
        through,
        wrap: desk.wrap,
    })
}

async fn uploads(
    State(desk): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request: UploadRequest = match sealed(&desk, &uri, &headers, &body) {
        Ok(request) => request,
        Err(refusal) => return refusal.into_response(),
    };
    let url = lock(&desk).url.clone();
    let uploads = request.files.into_iter().map(|file| Upload {
        key: format!("recordings/{}/{}", request.call, file.name),
        url: format!("{url}/files/{}", file.name),
        name: file.name,
        headers: BTreeMap::new(),
    });
    answer(&UploadReply {
        uploads: uploads.collect(),
    })
}

async fn file(State(desk): State<Shared>, Path(name): Path<String>, body: Bytes) -> StatusCode {
    lock(&desk).files.insert(name, body.len());
    StatusCode::OK
}

async fn errand(State(desk): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let call: ErrandCall = match sealed(&desk, &uri, &headers, &body) {
        Ok(call) => call,
        Err(refusal) => return refusal.into_response(),
    };
    lock(&desk).errands.push((call, now_ms()));
    looked(&desk).await;
    let mut desk = lock(&desk);
    let done = || (200, json!({ "state": "done" }));
    let (status, body) = desk.errand_answers.pop_front().unwrap_or_else(done);
    let status = StatusCode::from_u16(status).unwrap_or_default();
    (status, axum::Json(body)).into_response()
}

async fn tool(State(desk): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let mut desk = lock(&desk);
    desk.asked.push((headers, body.to_vec()));
    let free = || (200, "free at eight".to_owned());
    let (status, text) = desk.tool_answers.pop_front().unwrap_or_else(free);
    let status = StatusCode::from_u16(status).unwrap_or_default();
    let location = [("location", "/elsewhere")];
    (status, location, text).into_response()
}

/// A language model that uses the tool once, and then tells what came of it.
async fn think(body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let messages = asked.get("messages").and_then(Value::as_array);
    let last = messages.and_then(|messages| messages.last());
    let role = last.and_then(|last| last.get("role")?.as_str());
    let delta = if role == Some("tool") {
        let text = last.and_then(|last| last.get("content")?.as_str());
        json!({ "content": format!("The book says: {}.", text.unwrap_or("nothing")) })
    } else {
        let function = json!({ "name": "look_up", "arguments": "{\"day\":\"Friday\"}" });
        let call = json!({ "index": 0, "id": "call_1", "type": "function", "function": function });
        json!({ "tool_calls": [call] })
    };
    let chunk = |delta: &Value, reason: Option<&str>| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": reason });
        let chunk = json!({ "id": "c", "object": "chat.completion.chunk", "choices": [choice] });
        format!("data: {chunk}\n\n")
    };
    let text = chunk(&delta, None) + &chunk(&json!({}), Some("stop")) + "data: [DONE]\n\n";
    ([("content-type", "text/event-stream")], text).into_response()
}
