//! Requests by hand: what comes to the doors from those who should not get in, and from those who should.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::{Bot, BotId, Direction, ErrorBody, Opening, SEAL_HEADER, Seal, Secret, Ticket};
use local::demo;
use reqwest::Method;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use twilio::signature::{AuthToken, SIGNATURE_HEADER, handshake_signatures, request_signature};
use twilio::{AccountSid, CallSid, Form, Party};

use crate::World;

/// A stream, opened by hand.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What a door answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The code, if the answer has the shape of an error.
    pub code: String,
    /// The body.
    pub text: String,
}

impl Answer {
    /// Status and code, to be compared.
    #[must_use]
    pub fn refusal(&self) -> (u16, &str) {
        (self.status, &self.code)
    }
}

/// The time of day, in seconds since the Unix epoch.
#[must_use]
pub fn now_s() -> u64 {
    now_ms() / 1_000
}

/// The same, in milliseconds.
#[must_use]
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or_default()
    })
}

/// A call that nobody dialled.
///
/// # Panics
///
/// Never.
#[must_use]
#[expect(clippy::expect_used, reason = "34 characters of the right kind")]
pub fn made_up_call(number: u32) -> CallSid {
    format!("CA{number:032x}").parse().expect("a SID")
}

impl World {
    /// Any request.
    ///
    /// # Panics
    ///
    /// There was no answer.
    #[expect(clippy::expect_used, reason = "a test that gets no answer has failed")]
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let client = reqwest::Client::builder()
            .no_proxy()
            .http1_only()
            .timeout(Duration::from_secs(30));
        let mut request = client
            .build()
            .expect("a client")
            .request(method, url)
            .body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap_or_default();
        let code = serde_json::from_str::<ErrorBody>(&text)
            .map(|body| body.error.code)
            .unwrap_or_default();
        Answer { status, code, text }
    }

    /// Posts a form as Twilio does, signed or not.
    pub async fn webhook(&self, url: &str, form: &Form, signature: Option<&str>) -> Answer {
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        headers.extend(signature.map(|signature| (SIGNATURE_HEADER, signature)));
        self.send(Method::POST, url, &headers, form.encode()).await
    }

    /// The signature Twilio would put on a form.
    #[must_use]
    pub fn signed(&self, url: &str, form: &Form) -> String {
        request_signature(&self.token(), url, form)
    }

    /// A request between functions and edge, sealed.
    ///
    /// # Panics
    ///
    /// There was no answer.
    pub async fn sealed(&self, method: Method, url: &str, body: &[u8]) -> Answer {
        let seal = Seal::new(
            &self.edge_secret(),
            now_s(),
            method.as_str(),
            path_of(url),
            body,
        );
        self.send(method, url, &[(SEAL_HEADER, seal.as_str())], body)
            .await
    }

    /// Opens a call at the edge as the functions do, for streams that bear `handshakes`. The bot does not greet, so that
    /// no provider has a reason to be asked.
    ///
    /// # Panics
    ///
    /// The edge refused.
    pub async fn open(&self, call: CallSid, tickets: &[&str]) {
        let opening = self.opening(call, tickets);
        let url = format!("{}/calls/{call}", self.platform.edge.url());
        let body = serde_json::to_vec(&opening).unwrap_or_default();
        let answer = self.sealed(Method::PUT, &url, &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// What the functions tell the edge about a call.
    #[must_use]
    pub fn opening(&self, call: CallSid, tickets: &[&str]) -> Opening {
        let urls = self.urls();
        let status = urls.get("status").cloned().unwrap_or_default();
        let token = self.token();
        let handshakes = tickets
            .iter()
            .flat_map(|ticket| handshake_signatures(&token, &self.stream_url(call, ticket)));
        Opening {
            call: call.into(),
            account: self.account(),
            from: Party::parse(demo::caller().as_str()),
            to: Party::parse(demo::number().as_str()),
            direction: Direction::Inbound,
            bot: Bot {
                greeting: String::new(),
                ..demo::bot()
            },
            handshakes: handshakes.collect(),
            records_url: format!("{status}/records"),
            uploads_url: format!("{status}/uploads"),
            speech_url: format!("{status}/speech"),
            plays_url: String::new(),
            hook_secret: None,
        }
    }

    /// A ticket as the voice function writes them.
    #[must_use]
    pub fn ticket(&self, call: CallSid, nonce: u64) -> Ticket {
        Ticket {
            call: call.into(),
            account: self.account(),
            bot: BotId::new("mesa").unwrap_or_else(|| Bot::default().id),
            expires_s: now_s() + 60,
            nonce,
        }
    }

    /// Where a stream with this ticket goes.
    #[must_use]
    pub fn stream_url(&self, call: CallSid, ticket: &str) -> String {
        format!(
            "ws{}/media/{call}/{ticket}",
            self.platform.edge.url().trim_start_matches("http")
        )
    }

    /// The signature Twilio puts on a stream's handshake.
    #[must_use]
    pub fn handshake(&self, url: &str) -> String {
        handshake_signatures(&self.token(), url)
            .into_iter()
            .next()
            .unwrap_or_default()
    }

    /// A handshake that is expected to be refused.
    ///
    /// # Panics
    ///
    /// There was no answer.
    pub async fn knock(&self, url: &str, signature: Option<&str>) -> Answer {
        let url = format!("http{}", url.trim_start_matches("ws"));
        let mut headers = vec![
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ];
        headers.extend(signature.map(|signature| (SIGNATURE_HEADER, signature)));
        self.send(Method::GET, &url, &headers, Vec::new()).await
    }

    /// A handshake that is expected to succeed.
    ///
    /// # Panics
    ///
    /// It was refused.
    #[expect(clippy::expect_used, reason = "a test that is not let in has failed")]
    pub async fn enter(&self, url: &str) -> Socket {
        let mut request = url.into_client_request().expect("a URL");
        let signature = self.handshake(url).parse().expect("a header");
        request.headers_mut().insert(SIGNATURE_HEADER, signature);
        connect_async(request)
            .await
            .expect("the edge lets the stream in")
            .0
    }

    /// The secret of functions and edge.
    #[must_use]
    pub fn edge_secret(&self) -> Secret {
        Secret::new(&self.platform.credentials.edge_secret)
    }

    /// Twilio's token.
    ///
    /// # Panics
    ///
    /// Never.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the platform started with it")]
    pub fn token(&self) -> AuthToken {
        AuthToken::new(self.platform.credentials.auth_token.as_str()).expect("a token")
    }

    /// The account.
    ///
    /// # Panics
    ///
    /// Never.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the platform started with it")]
    pub fn account(&self) -> AccountSid {
        self.platform
            .credentials
            .account_sid
            .parse()
            .expect("a SID")
    }

    /// The URL of a part.
    #[must_use]
    pub fn url(&self, part: &str, path: &str) -> String {
        format!(
            "{}{path}",
            self.urls().get(part).cloned().unwrap_or_default()
        )
    }
}

fn path_of(url: &str) -> &str {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    host.find('/').and_then(|at| host.get(at..)).unwrap_or("/")
}
