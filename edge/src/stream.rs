//! The carrier's stream and the object: who is let in, what is heard, and how it ends.

use std::time::Duration;

use call::{Closing, Input, Instant};
use contract::Ticket;
use twilio::StreamSid;
use twilio::media::Start;
use twilio::signature::matches_any;
use wasm_bindgen::JsValue;
use worker::{Delay, Response, WebSocket, WebSocketPair};

use crate::carrier::{self, Attachment, Junk, Message, close, objection};
use crate::door::Answer;
use crate::line::Shell;
use crate::mouth::Mouth;
use crate::play;
use crate::refusal::Refusal;
use crate::settings;
use crate::store::Remark;
use crate::talk::Talk;
use crate::web::{detach, spawn};

/// The tag of a carrier's socket.
const TAG: &str = "twilio";
/// Twilio's `start` comes at once; who has not sent it by then is not Twilio.
const START_MAX: Duration = Duration::from_secs(5);
/// Twilio sends a frame every 20 ms. So long without one, and the peer is gone, though nobody closed the socket.
const QUIET_MAX: Duration = Duration::from_secs(30);
const QUIET_CHECK: Duration = Duration::from_secs(10);
/// A policy was violated (RFC 6455).
const REFUSED: u16 = 1008;

impl Shell {
    /// Lets a stream in, if it is the one that was announced: the ticket was for this call's account and bot and was
    /// never used, and the handshake bears a signature that the functions announced.
    pub(crate) fn admit(&self, ticket: &Ticket, signature: &str, address: String) -> Answer {
        self.may_enter(ticket, signature)?;
        let pair = WebSocketPair::new()?;
        self.state.accept_websocket_with_tags(&pair.server, &[TAG]);
        let attachment = Attachment {
            address,
            ..Attachment::default()
        };
        attach(&pair.server, &attachment);
        self.await_start(pair.server);
        Ok(Response::from_websocket(pair.client)?)
    }

    fn may_enter(&self, ticket: &Ticket, signature: &str) -> Result<(), Refusal> {
        let forbidden = |code, message| Err(Refusal::new(403, code, message));
        let unknown = || forbidden("call_unknown", "no such call was opened: fetch new TwiML");
        if !self.wake() {
            return unknown();
        }
        let talk = self.talk.borrow();
        let Some(talk) = talk.as_ref() else {
            return unknown();
        };
        if talk.is_over() {
            return forbidden("call_ended", "the call is over: fetch new TwiML");
        }
        let opening = &talk.opening;
        if ticket.account != opening.account || ticket.bot != opening.bot.id {
            let message = "the ticket is for another account or bot: fetch new TwiML";
            return forbidden("ticket_foreign", message);
        }
        if !matches_any(&opening.handshakes, signature) {
            let message = "X-Twilio-Signature is none that was announced: is the edge's URL the one the functions know?";
            return Err(Refusal::new(401, "signature_forged", message));
        }
        if !self.store.use_ticket(ticket.nonce) {
            return forbidden("ticket_used", "the ticket was used before: fetch new TwiML");
        }
        Ok(())
    }

    /// Closes a socket on which nobody says whose stream it is.
    fn await_start(&self, socket: WebSocket) {
        let name = self.name();
        detach("start", async move {
            Delay::from(START_MAX).await;
            if attachment(&socket).stream.is_none() {
                tracing::warn!(call = name, "a stream without start is closed");
                close(&socket, REFUSED, "no start message came");
            }
        });
    }

    /// A message on a socket.
    pub(crate) fn hear(&self, socket: &WebSocket, message: &JsValue) {
        if self.is_guest(socket) {
            self.hear_guest(socket, message);
        } else {
            self.hear_carrier(socket, message.as_string().as_deref());
        }
    }

    /// A message of the carrier's, or with `None` one that is none.
    fn hear_carrier(&self, socket: &WebSocket, text: Option<&str>) {
        if !self.wake() {
            close(socket, REFUSED, "no such call");
            return;
        }
        let mut talk = self.talk.borrow_mut();
        let Some(talk) = talk.as_mut() else {
            return;
        };
        let now = talk.clock.read();
        let ours = talk.mouth.as_ref().is_some_and(|mouth| mouth.is(socket));
        if ours {
            talk.heard = now;
        }
        let message = text
            .ok_or(Junk::Binary)
            .and_then(|text| talk.ear.hear(now, text));
        let done = match message {
            Ok(Message::Nothing) => Ok(()),
            Ok(Message::Input(input)) if ours => {
                self.step_at(talk, now, input);
                Ok(())
            }
            Ok(Message::Stop) if ours => {
                self.stopped(talk, now);
                Ok(())
            }
            Ok(Message::Start(start)) if !ours && !talk.is_over() => {
                self.start(talk, now, socket, &start)
            }
            // What was on its way when we left the stream.
            Ok(_) if attachment(socket).stream.is_some() && !ours => Ok(()),
            Ok(Message::Input(_) | Message::Stop | Message::Start(_)) => Err(Junk::Stray),
            Err(junk) => Err(junk),
        };
        if let Err(junk) = done
            && talk.ear.pass_over(junk)
        {
            tracing::warn!(call = %talk.opening.call, ?junk, "a message is passed over; further ones of its kind are only counted");
        }
    }

    /// Somebody says whose stream this is.
    fn start(
        &self,
        talk: &mut Talk,
        now: Instant,
        socket: &WebSocket,
        start: &Start,
    ) -> Result<(), Junk> {
        let Attachment {
            stream, address, ..
        } = attachment(socket);
        if stream.is_some() {
            return Err(Junk::Stray);
        }
        if let Some(reason) = objection(start, &talk.opening) {
            tracing::warn!(call = %talk.opening.call, reason, "a stream is closed");
            close(socket, REFUSED, reason);
            return Ok(());
        }
        if talk.mouth.is_some() {
            tracing::warn!(call = %talk.opening.call, "a second stream takes the first one's place");
            self.dropped(talk, now, "another stream took its place");
        }
        if talk.is_over() {
            // The one before was hearing the last words. Twilio asks what comes next once this one is closed.
            close(socket, 1000, "the call is over");
            return Ok(());
        }
        let opened_ms = now.as_ms();
        attach(
            socket,
            &Attachment {
                stream: Some(start.stream),
                opened_ms,
                address: address.clone(),
            },
        );
        let remark = Remark::stream_opened(address, start.stream.to_string());
        talk.works.remark(remark);
        tracing::info!(call = %talk.opening.call, stream = %start.stream, "a stream is open");
        let mouth = mouth(talk, now, socket.clone(), start.stream);
        self.connect(talk, now, mouth, now);
        Ok(())
    }

    /// Takes up the stream that outlived the object's memory.
    pub(crate) fn reattach(&self) {
        self.reattach_guests();
        for socket in self.state.get_websockets_with_tag(TAG) {
            if socket.as_ref().ready_state() != web_sys::WebSocket::OPEN {
                continue;
            }
            let Attachment {
                stream, opened_ms, ..
            } = attachment(&socket);
            let Some(stream) = stream else {
                self.await_start(socket);
                continue;
            };
            let mut talk = self.talk.borrow_mut();
            if let Some(talk) = talk.as_mut().filter(|talk| talk.mouth.is_none()) {
                tracing::info!(call = %talk.opening.call, %stream, "the stream is still open");
                let now = talk.clock.read();
                let mouth = mouth(talk, now, socket, stream);
                self.connect(talk, now, mouth, Instant::from_ms(opened_ms));
            }
        }
    }

    /// The caller can be heard, and hears.
    pub(crate) fn connect(&self, talk: &mut Talk, now: Instant, mouth: Mouth, opened: Instant) {
        talk.mouth = Some(mouth);
        talk.opened = Some(opened);
        talk.heard = now;
        if let Some(keep) = &mut talk.keep {
            keep.recorder.open(opened);
        }
        let me = self.me.clone();
        talk.watch = Some(spawn("watch", async move {
            loop {
                Delay::from(QUIET_CHECK).await;
                let Some(shell) = me.upgrade() else {
                    return;
                };
                shell.guard(Self::watch);
            }
        }));
        self.step_at(talk, now, Input::Opened);
    }

    /// Looks after an open stream now and then.
    fn watch(&self) {
        let mut talk = self.talk.borrow_mut();
        let Some(talk) = talk.as_mut() else {
            return;
        };
        let now = talk.clock.read();
        self.tell_usage(talk, now);
        // A peer that vanished does not always close its socket. Who types may be silent for long.
        let by_carrier = matches!(talk.mouth, Some(Mouth::Carrier(_) | Mouth::Files(_)));
        if by_carrier && now.since(talk.heard) >= QUIET_MAX {
            tracing::warn!(call = %talk.opening.call, "nothing was heard on the stream for long: it counts as dropped");
            self.dropped(talk, now, "nothing was heard for long");
        }
    }

    /// The carrier said that it is over.
    pub(crate) fn stopped(&self, talk: &mut Talk, now: Instant) {
        tracing::info!(call = %talk.opening.call, "the stream was stopped");
        talk.detach(now, "stopped");
        self.step_at(talk, now, Input::Closed(Closing::Stopped));
    }

    /// The stream is gone, though nobody said so.
    pub(crate) fn dropped(&self, talk: &mut Talk, now: Instant, reason: &str) {
        talk.detach(now, reason);
        self.step_at(talk, now, Input::Closed(Closing::Dropped));
    }

    /// A socket was closed, or broke.
    pub(crate) fn hung_up(&self, socket: &WebSocket, code: u16) {
        close(socket, 1000, "");
        let is_ours = self.is_guest(socket) || attachment(socket).stream.is_some();
        if !is_ours || !self.wake() {
            return;
        }
        let mut talk = self.talk.borrow_mut();
        let Some(talk) = talk.as_mut() else {
            return;
        };
        if talk.mouth.as_ref().is_some_and(|mouth| mouth.is(socket)) {
            tracing::info!(call = %talk.opening.call, code, "the stream broke");
            let now = talk.clock.read();
            self.dropped(talk, now, "");
        }
    }
}

/// How the caller hears us beside, or through, a stream.
fn mouth(talk: &Talk, now: Instant, socket: WebSocket, stream: StreamSid) -> Mouth {
    if settings::plays_files(&talk.opening) {
        Mouth::Files(Box::new(play::Mouth::new(socket, now)))
    } else {
        Mouth::Carrier(carrier::Mouth::new(socket, stream))
    }
}

fn attach(socket: &WebSocket, attachment: &Attachment) {
    if let Err(error) = socket.serialize_attachment(attachment) {
        tracing::error!(%error, "nothing can be attached to the socket");
    }
}

fn attachment(socket: &WebSocket) -> Attachment {
    socket
        .deserialize_attachment()
        .ok()
        .flatten()
        .unwrap_or_default()
}
