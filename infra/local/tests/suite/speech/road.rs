//! The roads to a provider, as a shell goes them: one request and its response; one socket and what is said there.

use std::collections::BTreeMap;
use std::time::Duration;

use call::{Instant, Reply, RequestId};
use futures_util::{SinkExt as _, StreamExt as _};
use providers::{Ask, BROKEN, Complaint, Deeds, End, Fetch, Head, Link, Message, Told};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message as Wire};

/// Nothing here takes longer, unless it never ends.
const LONGEST: Duration = Duration::from_secs(20);

/// Sends a request; all replies, and what was complained of.
pub(crate) async fn fetched(fetch: Fetch) -> (Vec<Reply>, Option<Complaint>) {
    let Fetch {
        request,
        mut exchange,
    } = fetch;
    let mut post = reqwest::Client::new().post(&request.url).body(request.body);
    for (name, value) in &request.headers {
        post = post.header(*name, value);
    }
    let mut replies = Vec::new();
    let Ok(mut response) = post.send().await else {
        exchange.finish(End::Cut, &mut replies);
        return (replies, exchange.complaint().cloned());
    };
    let header = |name: &str| {
        let value = response.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    let head = Head::new(response.status().as_u16(), header);
    exchange.head(&head, &mut replies);
    let end = loop {
        match timeout(LONGEST, response.chunk()).await.unwrap() {
            Ok(Some(chunk)) => exchange.push(&chunk, &mut replies),
            Ok(None) => break End::Complete,
            Err(_) => break End::Cut,
        }
    };
    exchange.finish(end, &mut replies);
    (replies, exchange.complaint().cloned())
}

/// Has texts spoken over one socket, numbered from 1, all at once; all replies by number, and what was complained of.
pub(crate) async fn spoken_over(
    link: Link,
    texts: &[&str],
) -> (BTreeMap<u64, Vec<Reply>>, Option<Complaint>) {
    let Link {
        dial,
        mut conversation,
    } = link;
    let mut replies = BTreeMap::<u64, Vec<Reply>>::new();
    let mut ends = 0;
    let mut note = |deeds: &mut Deeds| {
        for (id, reply) in deeds.replies.drain(..) {
            ends += usize::from(matches!(reply, Reply::Done(_) | Reply::Failed(_)));
            replies.entry(id.0).or_default().push(reply);
        }
        ends
    };
    let now = Instant::ZERO;
    for (id, text) in (1..).zip(texts) {
        note(&mut conversation.tell(now, Told::Ask(RequestId(id), Ask::Speak(text))));
    }
    let mut handshake = dial.ws_url().into_client_request().unwrap();
    for (name, value) in &dial.headers {
        let value = HeaderValue::from_str(value).unwrap();
        handshake.headers_mut().insert(*name, value);
    }
    let mut socket = match tokio_tungstenite::connect_async(handshake).await {
        Ok((socket, _)) => socket,
        Err(Error::Http(response)) => {
            let header = |name: &str| {
                let value = response.headers().get(name);
                value.map(|value| value.to_str().unwrap().to_owned())
            };
            let head = Head::new(response.status().as_u16(), header);
            let body = response.body().as_deref().unwrap_or_default();
            note(&mut conversation.tell(now, Told::Refused(&head, body)));
            return (replies, conversation.complaint().cloned());
        }
        Err(error) => panic!("{error}"),
    };
    let mut deeds = conversation.tell(now, Told::Opened);
    loop {
        for message in deeds.send.drain(..) {
            let wire = match message {
                Message::Text(text) => Wire::Text(text.into()),
                Message::Binary(bytes) => Wire::Binary(bytes.into()),
            };
            // A socket that is being closed under our hands says so when it is read.
            let _sent = socket.send(wire).await;
        }
        if note(&mut deeds) == texts.len() {
            return (replies, conversation.complaint().cloned());
        }
        deeds = match timeout(LONGEST, socket.next()).await.unwrap() {
            Some(Ok(Wire::Text(text))) => conversation.tell(now, Told::Text(&text)),
            Some(Ok(Wire::Binary(bytes))) => conversation.tell(now, Told::Binary(&bytes)),
            Some(Ok(Wire::Close(frame))) => {
                let (code, reason) = match &frame {
                    Some(frame) => (frame.code.into(), frame.reason.as_str()),
                    None => (BROKEN, ""),
                };
                conversation.tell(now, Told::Closed(code, reason))
            }
            Some(Ok(Wire::Ping(_) | Wire::Pong(_) | Wire::Frame(_))) => Deeds::default(),
            Some(Err(_)) | None => conversation.tell(now, Told::Closed(BROKEN, "")),
        };
    }
}
