//! One media stream: Twilio's end of its WebSocket. It never waits: what cannot be written now waits in a box, and is written
//! whenever the socket is looked after.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use ::twilio::media::{Format, Inbound, Start, Track};
use ::twilio::signature::{AuthToken, SIGNATURE_HEADER, handshake_signatures};
use ::twilio::twiml;
use ::twilio::{AccountSid, CallSid, StreamSid};
use futures_util::{Sink as _, SinkExt as _, StreamExt as _};
use std::pin::Pin;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::UrlError;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Uri};
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::client::{Fault, chain};
use super::options::Handshake;
use super::playout::Frame;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Not documented; long enough for any server that is there.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a socket may take over its last messages.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(2);
/// Media messages that wait for a slow socket: ten seconds. What comes then is lost (warning 31930).
const BOX_MAX: usize = 500;

pub(super) struct Stream {
    pub(super) sid: StreamSid,
    pub(super) two_way: bool,
    /// As the document has it: where news of this stream goes, and under which name.
    pub(super) wanted: twiml::Stream,
    account: AccountSid,
    call: CallSid,
    socket: Socket,
    unsent: VecDeque<Message>,
    sequence: u64,
    chunk: u64,
    /// The line's frame that was passing when the stream began.
    first_frame: u32,
    /// Codes of warnings, of which there is one a stream.
    warned: Vec<u32>,
}

/// What came out of a socket.
#[derive(Debug)]
pub(super) enum Heard {
    Text(Utf8Bytes),
    Binary,
    /// A closing handshake.
    Closed,
    /// The connection is gone, or what came is no WebSocket.
    Broken(Fault),
}

/// Whose stream it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whose {
    pub(super) account: AccountSid,
    pub(super) call: CallSid,
    pub(super) stream: StreamSid,
}

impl Stream {
    /// Opens the socket.
    ///
    /// # Errors
    /// With the code of the failure: 31901, 31902, 31904, 31910, 31920 or 31922.
    pub(super) async fn open(
        wanted: twiml::Stream,
        two_way: bool,
        whose: Whose,
        token: &AuthToken,
        handshake: Handshake,
    ) -> Result<Self, Fault> {
        let socket = connect(&wanted.url, token, handshake);
        let socket = tokio::time::timeout(HANDSHAKE_TIMEOUT, socket)
            .await
            .map_err(|_| Fault::new(31901, "Stream: WebSocket: connection timeout"))??;
        Ok(Self {
            sid: whose.stream,
            two_way,
            wanted,
            account: whose.account,
            call: whose.call,
            socket,
            unsent: VecDeque::new(),
            sequence: 0,
            chunk: 0,
            first_frame: 0,
            warned: Vec::new(),
        })
    }

    /// Says `connected` and `start`; sound goes out from the line's frame `first_frame` on.
    pub(super) fn begin(&mut self, first_frame: u32) {
        self.first_frame = first_frame;
        self.send(&Inbound::Connected);
        let start = Start {
            sequence: self.next(),
            account: self.account,
            call: self.call,
            stream: self.sid,
            tracks: vec![Track::Inbound],
            format: Format::mulaw(),
            parameters: self.wanted.parameters.iter().cloned().collect(),
        };
        self.send(&Inbound::Start(start));
    }

    /// The sound of one frame. False if the socket is so slow that it is lost.
    pub(super) fn media(&mut self, frame: u32, sound: &Frame) -> bool {
        if self.unsent.len() >= BOX_MAX {
            return false;
        }
        self.chunk += 1;
        let media = Inbound::Media {
            sequence: self.next(),
            chunk: self.chunk,
            timestamp_ms: u64::from(frame.saturating_sub(self.first_frame))
                * u64::from(audio::FRAME_MS),
            track: Track::Inbound,
            payload: sound.to_vec(),
        };
        self.send(&media);
        true
    }

    pub(super) fn mark(&mut self, name: String) {
        let sequence = self.next();
        self.send(&Inbound::Mark { sequence, name });
    }

    pub(super) fn key(&mut self, digit: char) {
        let sequence = self.next();
        self.send(&Inbound::Dtmf { sequence, digit });
    }

    pub(super) fn raw(&mut self, message: Message) {
        self.unsent.push_back(message);
    }

    /// Whether there was no such warning on this stream before.
    pub(super) fn warns_first(&mut self, code: u32) -> bool {
        let first = !self.warned.contains(&code);
        if first {
            self.warned.push(code);
        }
        first
    }

    /// Says `stop`, sends what is left and closes, beside everything else.
    pub(super) fn stop(mut self) {
        let sequence = self.next();
        self.send(&Inbound::Stop {
            sequence,
            account: self.account,
            call: self.call,
        });
        self.unsent.push_back(Message::Close(None));
        self.leave();
    }

    /// Sends what is left, which may be no more than the answer to the far end's farewell.
    pub(super) fn leave(mut self) {
        let rest = async move {
            for message in self.unsent {
                if self.socket.feed(message).await.is_err() {
                    return;
                }
            }
            // Whether it can still be sent is the far end's business.
            drop(self.socket.flush().await);
            while let Some(Ok(_)) = self.socket.next().await {}
        };
        tokio::spawn(tokio::time::timeout(CLOSING_TIMEOUT, rest));
    }

    fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    fn send(&mut self, message: &Inbound) {
        let text = message.encode(&self.sid);
        self.unsent.push_back(Message::text(text));
    }

    /// Writes what can be written, then takes one message.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Heard> {
        if let Err(error) = self.write(context) {
            return Poll::Ready(broken(&error));
        }
        loop {
            let Poll::Ready(next) = self.socket.poll_next_unpin(context) else {
                return Poll::Pending;
            };
            return Poll::Ready(match next {
                Some(Ok(Message::Text(text))) => Heard::Text(text),
                Some(Ok(Message::Binary(_))) => Heard::Binary,
                Some(Ok(Message::Close(_))) => Heard::Closed,
                // Pings have been answered by the time they show.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Err(error)) => broken(&error),
                None => broken(&tungstenite::Error::ConnectionClosed),
            });
        }
    }

    fn write(&mut self, context: &mut Context<'_>) -> Result<(), tungstenite::Error> {
        while !self.unsent.is_empty() {
            match Pin::new(&mut self.socket).poll_ready(context) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => return Ok(()),
            }
            if let Some(message) = self.unsent.pop_front() {
                Pin::new(&mut self.socket).start_send(message)?;
            }
        }
        match Pin::new(&mut self.socket).poll_flush(context) {
            Poll::Ready(flushed) => flushed,
            Poll::Pending => Ok(()),
        }
    }
}

fn broken(error: &tungstenite::Error) -> Heard {
    let code = match error {
        tungstenite::Error::Protocol(
            tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
        )
        | tungstenite::Error::Io(_)
        | tungstenite::Error::ConnectionClosed
        | tungstenite::Error::AlreadyClosed => 31903,
        _ => 31924,
    };
    Heard::Broken(Fault::new(
        code,
        format!("Stream: WebSocket: {}", chain(error)),
    ))
}

async fn connect(url: &str, token: &AuthToken, handshake: Handshake) -> Result<Socket, Fault> {
    check(url)?;
    let invalid = |error: tungstenite::Error| Fault::new(31920, chain(&error));
    let mut request = url.into_client_request().map_err(invalid)?;
    // With the URL as in the document come its variants, the second of which has one slash more or less.
    let mut signatures = handshake_signatures(token, url).into_iter();
    let signature = match handshake {
        Handshake::Signed => signatures.next(),
        Handshake::SignedWithSlash => signatures.nth(1),
        Handshake::Forged => Some("AAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned()),
        Handshake::Unsigned => None,
    };
    if let Some(value) = signature.and_then(|text| HeaderValue::from_str(&text).ok()) {
        request.headers_mut().insert(SIGNATURE_HEADER, value);
    }
    let agent = HeaderValue::from_static("Twilio.TmeWs/1.0");
    request.headers_mut().insert("user-agent", agent);
    let (socket, _) = connect_async_with_config(request, None, true)
        .await
        .map_err(|error| refused(&error))?;
    Ok(socket)
}

/// What Twilio would not even try. Unlike Twilio, this one opens unencrypted streams to its own machine.
fn check(url: &str) -> Result<(), Fault> {
    let scheme = || Fault::new(31922, "Stream: the URL scheme must be wss");
    let parsed: Uri = url.parse().map_err(|_| scheme())?;
    let host = parsed.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let local = host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match parsed.scheme_str() {
        Some("wss") => {}
        Some("ws") if local => {}
        _ => return Err(scheme()),
    }
    if url.contains('?') {
        let text = "Stream: WebSocket: handshake error: the URL has a query string";
        return Err(Fault::new(31920, text));
    }
    Ok(())
}

fn refused(error: &tungstenite::Error) -> Fault {
    let (code, text) = match error {
        tungstenite::Error::Http(response) => {
            let status = response.status();
            (31920, format!("handshake error: {status} instead of 101"))
        }
        tungstenite::Error::Io(io) => {
            let code = match io.kind() {
                std::io::ErrorKind::ConnectionRefused => 31902,
                std::io::ErrorKind::TimedOut => 31901,
                std::io::ErrorKind::ConnectionReset
                | std::io::ErrorKind::UnexpectedEof
                | std::io::ErrorKind::BrokenPipe => 31920,
                _ => 31904,
            };
            (code, chain(error))
        }
        tungstenite::Error::Url(UrlError::TlsFeatureNotEnabled) => {
            (31910, "this simulated Twilio speaks no TLS".to_owned())
        }
        tungstenite::Error::Url(UrlError::UnableToConnect(_)) => (31904, chain(error)),
        tungstenite::Error::Tls(_) => (31910, chain(error)),
        _ => (31920, chain(error)),
    };
    Fault::new(code, format!("Stream: WebSocket: {text}"))
}
