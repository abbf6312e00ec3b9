use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use local::serve::{self, Server};
use local::twilio::{Call, Carrier, CarrierOptions, Event, Number, What};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use twilio::media::{Inbound, Outbound, Start};
use twilio::signature::{AuthToken, Signed, handshake_signatures, matches_any, verify_request};
use twilio::{Form, Party, PhoneNumber, StreamSid};

pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000000";
pub(crate) const TOKEN: &str = "00000000000000000000000000000000";
pub(crate) const CALLER: &str = "+15005550001";
pub(crate) const BOT: &str = "+15005550006";
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn token() -> AuthToken {
    AuthToken::new(TOKEN).unwrap()
}

/// A request that the customer got.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) form: Form,
    pub(crate) signed: bool,
    pub(crate) idempotency: String,
}

type Reply = (u16, &'static str, Vec<u8>);

#[derive(Clone)]
struct Customer {
    replies: Arc<Mutex<BTreeMap<String, VecDeque<Reply>>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    sockets: UnboundedSender<Socket>,
    address: String,
}

pub(crate) struct World {
    pub(crate) carrier: Carrier,
    pub(crate) server: Server,
    customer: Customer,
    sockets: UnboundedReceiver<Socket>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let account = ACCOUNT.parse().unwrap();
        Self::with(CarrierOptions::new(account, token())).await
    }

    pub(crate) async fn with(options: CarrierOptions) -> Self {
        let listener = serve::bind(0).await.unwrap();
        let (send, sockets) = unbounded_channel();
        let customer = Customer {
            replies: Arc::default(),
            asked: Arc::default(),
            sockets: send,
            address: listener.local_addr().unwrap().to_string(),
        };
        let router = Router::new().fallback(serve_customer);
        let server = Server::start(listener, router.with_state(customer.clone()));
        let carrier = Carrier::start(options).await.unwrap();
        let world = Self {
            carrier,
            server,
            customer,
            sockets,
        };
        let number = Number {
            number: BOT.parse().unwrap(),
            voice_url: world.url("/voice"),
            fallback_url: None,
            status_callback: None,
        };
        world.carrier.add_number(number).unwrap();
        world
    }

    pub(crate) fn number(&self, change: impl FnOnce(&mut Number)) {
        let mut number = Number {
            number: BOT.parse().unwrap(),
            voice_url: self.url("/voice"),
            fallback_url: None,
            status_callback: None,
        };
        change(&mut number);
        self.carrier.add_number(number).unwrap();
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.customer.address)
    }

    pub(crate) fn ws(&self, path: &str) -> String {
        format!("ws://{}{path}", self.customer.address)
    }

    /// What the customer answers there; several are answered in turn, the last one for ever.
    pub(crate) fn reply(
        &self,
        path: &str,
        status: u16,
        kind: &'static str,
        body: impl Into<Vec<u8>>,
    ) {
        let mut replies = self.customer.replies.lock().unwrap();
        let queue = replies.entry(path.to_owned()).or_default();
        queue.push_back((status, kind, body.into()));
    }

    pub(crate) fn twiml(&self, path: &str, verbs: &str) {
        let xml = format!("<?xml version=\"1.0\"?><Response>{verbs}</Response>");
        self.reply(path, 200, "text/xml; charset=utf-8", xml);
    }

    /// A document that connects to the stream at that path.
    pub(crate) fn stream_document(&self, path: &str, action: &str) -> String {
        let url = self.ws(path);
        format!(r#"<Connect action="{action}"><Stream url="{url}"/></Connect>"#)
    }

    pub(crate) fn dial(&self) -> Call {
        let to: PhoneNumber = BOT.parse().unwrap();
        self.carrier.dial(Party::parse(CALLER), &to).unwrap()
    }

    pub(crate) async fn socket(&mut self) -> Socket {
        let socket = tokio::time::timeout(PATIENCE, self.sockets.recv()).await;
        socket.expect("no stream was opened").unwrap()
    }

    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.customer.asked.lock().unwrap().clone();
        asked
            .into_iter()
            .filter(|asked| asked.path == path)
            .collect()
    }
}

async fn serve_customer(State(customer): State<Customer>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    if parts.headers.contains_key("upgrade") {
        let refused = customer.replies.lock().unwrap().contains_key(&path);
        if refused {
            return (axum::http::StatusCode::FORBIDDEN, "no").into_response();
        }
        let url = format!("ws://{}{path}", customer.address);
        let signature = header(&parts.headers, "x-twilio-signature");
        let signed = matches_any(&handshake_signatures(&token(), &url), &signature);
        let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
            .await
            .unwrap();
        return upgrade.on_upgrade(move |socket| async move {
            drop(
                customer
                    .sockets
                    .send(Socket::new(socket, signature, signed)),
            );
        });
    }
    let body = axum::body::to_bytes(body, 1_000_000).await.unwrap();
    customer.answer(&path, parts.uri.query(), &parts.headers, &body)
}

fn header(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).map(|value| value.to_str().unwrap());
    value.unwrap_or_default().to_owned()
}

impl Customer {
    fn answer(
        &self,
        path: &str,
        query: Option<&str>,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Response {
        let form = Form::parse(body);
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let url = format!("http://{}{path}{query}", self.address);
        let signature = header(headers, "x-twilio-signature");
        let signed = verify_request(&[token()], &url, Signed::Form(&form), &signature).is_ok();
        self.asked.lock().unwrap().push(Asked {
            path: path.to_owned(),
            form,
            signed,
            idempotency: header(headers, "i-twilio-idempotency-token"),
        });
        let mut replies = self.replies.lock().unwrap();
        let Some(queue) = replies.get_mut(path) else {
            return axum::http::StatusCode::NO_CONTENT.into_response();
        };
        let (status, kind, body) = if queue.len() > 1 {
            queue.pop_front().unwrap()
        } else {
            queue.front().unwrap().clone()
        };
        let response = Response::builder()
            .status(status)
            .header("content-type", kind);
        response.body(Body::from(body)).unwrap()
    }
}

/// The customer's end of a media stream.
pub(crate) struct Socket {
    inner: WebSocket,
    pub(crate) signature: String,
    pub(crate) signed: bool,
    pub(crate) stream: Option<StreamSid>,
}

impl Socket {
    fn new(socket: WebSocket, signature: String, signed: bool) -> Self {
        Self {
            inner: socket,
            signature,
            signed,
            stream: None,
        }
    }

    /// The next message as it came. None once the socket is closed.
    pub(crate) async fn text(&mut self) -> Option<String> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.inner.recv()).await;
            match next.expect("nothing came over the stream")? {
                Ok(Message::Text(text)) => return Some(text.to_string()),
                Ok(Message::Binary(bytes)) => return Some(format!("{} bytes", bytes.len())),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    pub(crate) async fn next(&mut self) -> Option<Inbound> {
        let text = self.text().await?;
        Some(Inbound::decode(&text).unwrap())
    }

    pub(crate) async fn start(&mut self) -> Start {
        assert_eq!(self.next().await, Some(Inbound::Connected));
        let Some(Inbound::Start(start)) = self.next().await else {
            panic!("no start")
        };
        self.stream = Some(start.stream);
        start
    }

    /// The next message that `wanted` has an answer for.
    pub(crate) async fn find<T>(
        &mut self,
        mut wanted: impl FnMut(&Inbound) -> Option<T>,
    ) -> Option<T> {
        loop {
            let message = self.next().await?;
            if let Some(found) = wanted(&message) {
                return Some(found);
            }
        }
    }

    pub(crate) async fn mark(&mut self) -> Option<String> {
        self.find(|message| match message {
            Inbound::Mark { name, .. } => Some(name.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn send(&mut self, message: Outbound<'_>) {
        let text = message.encode(&self.stream.unwrap());
        self.send_raw(Message::text(text)).await;
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        self.inner.send(message).await.unwrap();
    }

    /// A closing handshake.
    pub(crate) async fn close(mut self) {
        drop(self.inner.send(Message::Close(None)).await);
        while self.text().await.is_some() {}
    }
}

/// The log of a call, less what time and addresses make different.
pub(crate) fn whats(call: &Call) -> Vec<What> {
    call.log().into_iter().map(|event| event.what).collect()
}

pub(crate) fn codes(call: &Call) -> Vec<u32> {
    let code = |event: Event| match event.what {
        What::Warning { code, .. } | What::Error { code, .. } => Some(code),
        _ => None,
    };
    call.log().into_iter().filter_map(code).collect()
}

/// Everything that is waited for comes soon or never.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what)
        .await
        .expect("it took too long")
}

/// A call whose stream has begun; after it the call hangs up.
pub(crate) async fn connected(world: &mut World) -> (Call, Socket) {
    world.twiml("/voice", &world.stream_document("/media/one", "/after"));
    world.twiml("/after", "<Hangup/>");
    let call = world.dial();
    let mut socket = world.socket().await;
    socket.start().await;
    (call, socket)
}
