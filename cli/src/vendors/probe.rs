//! One probe on its road: what is sent is the platform's own, and so is who understands the answer.

use std::time::{Duration, Instant};

use call::Reply;
use futures_util::{SinkExt as _, StreamExt as _};
use providers::probe::{Probe, is_useful};
use providers::{
    BROKEN, Complaint, Conversation, Deeds, Dial, End, Exchange, Fetch, Head, Link, Message, Told,
};
use reqwest::{Client, Method};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message as Frame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::http::why;

/// Nobody on a telephone waits so long.
const LONGEST: Duration = Duration::from_secs(15);

/// How it went.
pub(super) struct Timing {
    /// From asking to the first useful reply.
    pub(super) first_ms: Option<u64>,
    /// To the last one.
    pub(super) total_ms: u64,
    /// Why it did not work.
    pub(super) problem: Option<String>,
}

impl Timing {
    pub(super) fn failed(problem: &str) -> Self {
        Self {
            first_ms: None,
            total_ms: 0,
            problem: Some(problem.to_owned()),
        }
    }
}

/// A probe under way.
struct Clock {
    began: Instant,
    first_ms: Option<u64>,
    is_over: bool,
    has_failed: bool,
}

impl Clock {
    fn ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The engine's clock: from the beginning of the probe.
    fn now(&self) -> call::Instant {
        call::Instant::from_ms(self.ms())
    }

    fn take(&mut self, replies: impl IntoIterator<Item = Reply>) {
        for reply in replies {
            if self.first_ms.is_none() && is_useful(&reply) {
                self.first_ms = Some(self.ms());
            }
            self.has_failed |= matches!(reply, Reply::Failed(_));
            // A listener on a socket never says that it is done: its transcript is what was asked for.
            self.is_over |= matches!(
                reply,
                Reply::Done(_) | Reply::Failed(_) | Reply::Transcript { .. }
            );
        }
    }
}

/// Asks, and measures.
pub(super) async fn run(client: &Client, probe: Probe) -> Timing {
    let mut clock = Clock {
        began: Instant::now(),
        first_ms: None,
        is_over: false,
        has_failed: false,
    };
    let done = async {
        match probe {
            Probe::Fetch(fetch) => fetched(client, fetch, &mut clock).await,
            Probe::Link(link) => linked(*link, &mut clock).await,
        }
    };
    let problem = match timeout(LONGEST, done).await {
        Ok(problem) => problem,
        Err(_) => Some(format!("no end within {} s", LONGEST.as_secs())),
    };
    let unasked = || {
        (clock.has_failed || clock.first_ms.is_none())
            .then(|| "it ended without a useful answer".to_owned())
    };
    Timing {
        first_ms: clock.first_ms,
        total_ms: clock.ms(),
        problem: problem.or_else(unasked),
    }
}

/// What the provider complained of. No call is under way, so its own words may be shown.
fn words(complaint: &Complaint) -> String {
    let status = (complaint.status > 0).then(|| complaint.status.to_string());
    let parts = [
        status,
        Some(complaint.code.clone()),
        Some(complaint.message.clone()),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(" ")
}

async fn fetched(client: &Client, fetch: Fetch, clock: &mut Clock) -> Option<String> {
    let Fetch {
        request,
        mut exchange,
    } = fetch;
    let method = Method::from_bytes(request.method.as_bytes()).unwrap_or(Method::POST);
    let mut sent = client.request(method, &request.url).body(request.body);
    for (name, value) in &request.headers {
        sent = sent.header(*name, value);
    }
    let mut answer = match sent.send().await {
        Ok(answer) => answer,
        Err(error) => return Some(why(error)),
    };
    let header = |name: &str| {
        let value = answer
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.map(str::to_owned)
    };
    let head = Head::new(answer.status().as_u16(), header);
    let mut replies = Vec::new();
    exchange.head(&head, &mut replies);
    while !exchange.is_over() {
        match answer.chunk().await {
            Ok(Some(bytes)) => exchange.push(&bytes, &mut replies),
            Ok(None) => exchange.finish(End::Complete, &mut replies),
            Err(_) => exchange.finish(End::Cut, &mut replies),
        }
        clock.take(replies.drain(..));
    }
    clock.take(replies);
    complaint(&exchange)
}

fn complaint(exchange: &Exchange) -> Option<String> {
    exchange.complaint().map(words)
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a socket; or the refusal's status, its body, and words for it.
async fn opened(dial: &Dial) -> Result<Socket, (u16, Vec<u8>, String)> {
    let request = dial.ws_url().into_client_request();
    let mut request = request.map_err(|error| (0, Vec::new(), error.to_string()))?;
    let protocols = dial.protocols.join(", ");
    let offered = ("sec-websocket-protocol", protocols.as_str());
    let headers = dial
        .headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    for (name, value) in headers
        .chain([offered])
        .filter(|(_, value)| !value.is_empty())
    {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            request.headers_mut().insert(name, value);
        }
    }
    let connected = connect_async(request).await;
    connected.map(|(socket, _)| socket).map_err(|error| {
        let words = error.to_string();
        if let Error::Http(answer) = error {
            let status = answer.status().as_u16();
            (status, answer.into_body().unwrap_or_default(), words)
        } else {
            (0, Vec::new(), words)
        }
    })
}

async fn linked(link: Link, clock: &mut Clock) -> Option<String> {
    let Link {
        dial,
        mut conversation,
    } = link;
    let mut socket = match opened(&dial).await {
        Ok(socket) => socket,
        Err((status, body, error)) => {
            let head = Head {
                status,
                ..Head::default()
            };
            conversation.tell(clock.now(), Told::Refused(&head, &body));
            return Some(if status == 0 {
                error
            } else {
                conversation.complaint().map_or(error, words)
            });
        }
    };
    let mut deeds = conversation.tell(clock.now(), Told::Opened);
    loop {
        clock.take(deeds.replies.into_iter().map(|(_, reply)| reply));
        for message in deeds.send {
            let frame = match message {
                Message::Text(text) => Frame::text(text),
                Message::Binary(bytes) => Frame::binary(bytes),
            };
            // What is wrong with the socket shows in what comes from it.
            let _ = socket.send(frame).await;
        }
        if clock.is_over || conversation.is_over() {
            break;
        }
        let wait = conversation.deadline();
        let wait = wait.map_or(LONGEST, |at| at.since(clock.now()));
        deeds = match timeout(wait, socket.next()).await {
            Err(_) => conversation.tell(clock.now(), Told::Tick),
            Ok(frame) => heard(&mut conversation, clock.now(), frame),
        };
    }
    let complaint = conversation.complaint().map(words);
    let _ = socket.close(None).await;
    complaint
}

fn heard(
    conversation: &mut Conversation,
    now: call::Instant,
    frame: Option<Result<Frame, Error>>,
) -> Deeds {
    match frame {
        Some(Ok(Frame::Text(text))) => conversation.tell(now, Told::Text(&text)),
        Some(Ok(Frame::Binary(bytes))) => conversation.tell(now, Told::Binary(&bytes)),
        Some(Ok(Frame::Close(Some(close)))) => {
            conversation.tell(now, Told::Closed(close.code.into(), &close.reason))
        }
        Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => Deeds::default(),
        Some(Ok(Frame::Close(None)) | Err(_)) | None => {
            conversation.tell(now, Told::Closed(BROKEN, ""))
        }
    }
}
