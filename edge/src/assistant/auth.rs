//! Who it is: the functions know tokens, and answer with what the conversation begins with.

use std::time::Duration;

use contract::{CallId, ErrorBody, SessionReply, SessionRequest};
use serde::{Deserialize, Serialize};
use worker::{Delay, Request, Response, WebSocket, WebSocketPair};

use super::mouth::{Mouth, tell};
use super::wire::{Auth, Input, Kind, Output, Told};
use crate::carrier::close;
use crate::clock::{epoch_ms, epoch_s};
use crate::door::{ADDRESS, Answer, header};
use crate::functions;
use crate::line::Shell;
use crate::open;
use crate::refusal::Refusal;
use crate::settings;
use crate::store::{Fact, Remark};
use crate::web::{detach, spawn};

/// The tag of a socket of the caller's own.
pub(super) const TAG: &str = "assistant";
/// Who has not shown a token by then is not let in.
const AUTH_MS_MAX: u64 = 5_000;
/// Sockets that wait for a token, in one object.
const SOCKETS_MAX: usize = 8;

/// No token, or no good one.
pub(super) const UNAUTHENTICATED: u16 = 4401;
const FOREIGN: u16 = 4403;
const UNKNOWN: u16 = 4404;
const OVER: u16 = 4410;
/// RFC 6455's registry: try again later.
const LATER: u16 = 1013;

/// What the runtime keeps with a socket, also while this object is not in memory.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Guest {
    pub(super) call: CallId,
    pub(super) kind: Kind,
    /// Whether it wants to go on with a conversation.
    again: bool,
    address: String,
    /// When it was let in, in milliseconds since the Unix epoch.
    since_ms: u64,
    /// What was agreed once a token was shown.
    pub(super) inside: Option<Inside>,
}

/// What was agreed with a socket whose token is good.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Inside {
    /// In seconds since the Unix epoch; 0: never.
    pub(super) expires_s: u64,
    input: Input,
    output: Output,
}

/// Why a token does not let in: close code, stable code, and what to do.
struct Refused(u16, String, String);

impl Refused {
    fn new(close: u16, code: &str, message: impl Into<String>) -> Self {
        Self(close, code.to_owned(), message.into())
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Said(_, body) => Self(LATER, body.error.code, body.error.message),
            Refusal::Broke(error) => {
                tracing::error!(%error, "a conversation cannot begin");
                Self::new(LATER, "internal", "something broke on our side: try again")
            }
        }
    }
}

pub(super) fn guest(socket: &WebSocket) -> Option<Guest> {
    socket.deserialize_attachment().ok().flatten()
}

pub(super) fn keep(socket: &WebSocket, guest: &Guest) {
    if let Err(error) = socket.serialize_attachment(guest) {
        tracing::error!(%error, "nothing can be attached to the socket");
    }
}

/// Says why, and closes.
pub(super) fn refuse(socket: &WebSocket, code: u16, error: &str, message: &str) {
    tracing::info!(code, error, "a socket is closed");
    let told = Told::Error {
        code: error,
        message,
    };
    tell(socket, &told);
    close(socket, code, error);
}

impl Shell {
    /// Lets a socket in that must show a token before anything else.
    pub(crate) fn await_auth(
        &self,
        request: &Request,
        call: &str,
        kind: &str,
        way: &str,
    ) -> Answer {
        let (Ok(call), Some(kind)) = (call.parse(), Kind::of(kind)) else {
            return Err(Refusal::call_unknown());
        };
        if self.state.get_websockets_with_tag(TAG).len() >= SOCKETS_MAX {
            let message = "too many sockets for one conversation: close another first";
            return Err(Refusal::new(429, "too_many_sockets", message));
        }
        let pair = WebSocketPair::new()?;
        self.state.accept_websocket_with_tags(&pair.server, &[TAG]);
        let guest = Guest {
            call,
            kind,
            again: way == "again",
            address: header(request, ADDRESS),
            since_ms: epoch_ms(),
            inside: None,
        };
        keep(&pair.server, &guest);
        self.hurry(pair.server, AUTH_MS_MAX);
        Ok(Response::from_websocket(pair.client)?)
    }

    /// Whether the functions are being asked about a token that was shown on this socket.
    pub(super) fn is_looked_at(&self, socket: &WebSocket) -> bool {
        self.looked_at.borrow().contains(socket)
    }

    /// A token was shown: for the first time, or a fresh one. The functions are asked about one at a time, however many come.
    pub(super) fn show_token(&self, socket: &WebSocket, mut guest: Guest, auth: Auth) {
        if self.is_looked_at(socket) {
            return;
        }
        if auth.call.is_some_and(|call| call != guest.call) {
            let message = "name the conversation in the URL too: ?call=WB…";
            return refuse(socket, UNKNOWN, "call_elsewhere", message);
        }
        if !auth.input.is_known() {
            let message = "input must be pcm16 at a usual rate, or mulaw at 8000 Hz";
            return refuse(socket, UNAUTHENTICATED, "input_unknown", message);
        }
        self.looked_at.borrow_mut().push(socket.clone());
        let (me, socket) = (self.me.clone(), socket.clone());
        detach("session", async move {
            let Some(shell) = me.upgrade() else {
                return;
            };
            let session = shell.ask_for_session(&guest, &auth).await;
            shell
                .looked_at
                .borrow_mut()
                .retain(|other| *other != socket);
            let entered = match session {
                Ok(session) => shell.begin_or_go_on(&socket, &mut guest, &auth, session),
                Err(refused) => Err(refused),
            };
            if let Err(Refused(code, error, message)) = entered {
                refuse(&socket, code, &error, &message);
            }
        });
    }

    async fn ask_for_session(&self, guest: &Guest, auth: &Auth) -> Result<SessionReply, Refused> {
        let api = settings::api_url(&self.env).map_err(Refusal::from)?;
        let request = SessionRequest {
            call: guest.call,
            token: auth.token.clone(),
            bot: auth.bot.clone(),
            address: guest.address.clone(),
        };
        let asked = functions::post(&self.env, &format!("{api}/sessions"), &request).await;
        let (status, text) = asked.map_err(Refusal::from)?;
        let said = |what: u16| match serde_json::from_str::<ErrorBody>(&text) {
            Ok(body) => Refused(what, body.error.code, body.error.message),
            Err(_) => Refused::new(what, "session_refused", "the token does not let in"),
        };
        match status {
            200..300 => serde_json::from_str(&text)
                .map_err(|error| Refusal::from(worker::Error::from(error)).into()),
            429 | 500.. => Err(said(LATER)),
            404 => Err(said(UNKNOWN)),
            _ => Err(said(UNAUTHENTICATED)),
        }
    }

    /// The token is good.
    fn begin_or_go_on(
        &self,
        socket: &WebSocket,
        guest: &mut Guest,
        auth: &Auth,
        session: SessionReply,
    ) -> Result<(), Refused> {
        let SessionReply {
            opening,
            subject,
            expires_s,
        } = session;
        if opening.call != guest.call {
            let message = "the functions have opened another conversation";
            return Err(Refused::new(LATER, "internal", message));
        }
        if expires_s != 0 && expires_s <= epoch_s() {
            return Err(expired());
        }
        let resumed = self.wake();
        if resumed {
            self.may_go_on(&subject)?;
            let mut talk = self.talk.borrow_mut();
            if let Some(talk) = talk.as_mut() {
                self.renew(talk, opening)?;
            }
        } else if guest.again {
            let message = "no such conversation: begin another, without ?call=";
            return Err(Refused::new(UNKNOWN, "call_unknown", message));
        } else {
            open::check(&opening)?;
            self.begin(opening).map_err(Refusal::from)?;
            self.store.set(Fact::Subject, &subject);
            tracing::info!(call = self.name(), "a conversation is opened");
        }
        let renewed = guest.inside.is_some();
        let inside = guest.inside.get_or_insert(Inside {
            expires_s,
            input: auth.input.settled(),
            output: auth.output,
        });
        inside.expires_s = expires_s;
        keep(socket, guest);
        if renewed {
            tell(socket, &Told::Renewed { expires_s });
            self.watch_expiry(socket, expires_s);
        } else {
            self.seat(socket, guest, resumed);
        }
        Ok(())
    }

    fn may_go_on(&self, subject: &str) -> Result<(), Refused> {
        if self.store.fact::<String>(Fact::Subject).as_deref() != Some(subject) {
            let message = "the conversation is somebody else's: begin another, without ?call=";
            return Err(Refused::new(FOREIGN, "subject_differs", message));
        }
        if self.is_over() {
            let message = "the conversation is over: begin another, without ?call=";
            return Err(Refused::new(OVER, "call_ended", message));
        }
        Ok(())
    }

    /// Says that the bot hears.
    fn greet(&self, socket: &WebSocket, guest: &Guest, resumed: bool) {
        let (Ok(opening), Some(inside)) = (self.opening(), &guest.inside) else {
            return;
        };
        let ready = Told::Ready {
            call: guest.call,
            bot: &opening.bot.id,
            resumed,
            expires_s: inside.expires_s,
            input: inside.input,
            output: inside.output,
        };
        tell(socket, &ready);
    }

    /// The socket is the caller's from now on.
    fn seat(&self, socket: &WebSocket, guest: &Guest, resumed: bool) {
        let Some(inside) = &guest.inside else {
            return;
        };
        self.guard(Self::unseat);
        if self.is_over() {
            // Whoever sat there was hearing the goodbye.
            close(socket, OVER, "the conversation is over");
            return;
        }
        self.greet(socket, guest, resumed);
        self.guard(|shell| {
            let mut talk = shell.talk.borrow_mut();
            let Some(talk) = talk.as_mut() else {
                return;
            };
            let now = talk.clock.read();
            let remark = Remark::stream_opened(guest.address.clone(), String::new());
            talk.works.remark(remark);
            let mouth = Mouth::new(socket.clone(), guest.kind, inside.input, inside.output);
            shell.connect(talk, now, crate::mouth::Mouth::Guest(Box::new(mouth)), now);
            if socket.as_ref().ready_state() != web_sys::WebSocket::OPEN {
                // Its end was told while the token was looked at, when it was nobody's yet.
                shell.dropped(talk, now, "the socket was closed before it had a seat");
            }
        });
        self.watch_expiry(socket, inside.expires_s);
    }

    /// Another socket takes the place of the one that the caller has.
    fn unseat(&self) {
        let mut talk = self.talk.borrow_mut();
        if let Some(talk) = talk.as_mut().filter(|talk| talk.mouth.is_some()) {
            tracing::info!(call = %talk.opening.call, "another socket takes the first one's place");
            let now = talk.clock.read();
            self.dropped(talk, now, "another socket took its place");
        }
    }

    /// Takes up sockets that outlived the object's memory.
    pub(crate) fn reattach_guests(&self) {
        for socket in self.state.get_websockets_with_tag(TAG) {
            if socket.as_ref().ready_state() != web_sys::WebSocket::OPEN {
                continue;
            }
            let Some(guest) = guest(&socket) else {
                continue;
            };
            if guest.inside.is_none() {
                let waited_ms = epoch_ms().saturating_sub(guest.since_ms);
                self.hurry(socket, AUTH_MS_MAX.saturating_sub(waited_ms));
            } else if self
                .talk
                .borrow()
                .as_ref()
                .is_some_and(|talk| talk.mouth.is_none())
            {
                self.seat(&socket, &guest, true);
            }
        }
    }

    /// Closes a socket on which no token is shown.
    fn hurry(&self, socket: WebSocket, after_ms: u64) {
        let me = self.me.clone();
        detach("auth", async move {
            Delay::from(Duration::from_millis(after_ms)).await;
            let waits = guest(&socket).is_some_and(|guest| guest.inside.is_none());
            let is_looked_at = me
                .upgrade()
                .is_some_and(|shell| shell.is_looked_at(&socket));
            if waits && !is_looked_at {
                let message = "show a token within 5 s: {\"type\":\"auth\",\"token\":…}";
                refuse(&socket, UNAUTHENTICATED, "auth_missing", message);
            }
        });
    }

    /// Ends the socket when its token does not hold any more.
    fn watch_expiry(&self, socket: &WebSocket, expires_s: u64) {
        if expires_s == 0 {
            self.with(|talk| talk.expiry = None);
            return;
        }
        let left_s = expires_s.saturating_sub(epoch_s());
        let (me, socket) = (self.me.clone(), socket.clone());
        let task = spawn("expiry", async move {
            Delay::from(Duration::from_secs(left_s)).await;
            if let Some(shell) = me.upgrade() {
                shell.guard(|shell| shell.expire(&socket));
            }
        });
        self.with(|talk| talk.expiry = Some(task));
    }

    /// The token does not hold any more: another socket may go on with a fresh one.
    pub(super) fn expire(&self, socket: &WebSocket) {
        let Refused(code, error, message) = expired();
        refuse(socket, code, &error, &message);
        let mut talk = self.talk.borrow_mut();
        if let Some(talk) = talk.as_mut()
            && talk.mouth.as_ref().is_some_and(|mouth| mouth.is(socket))
        {
            let now = talk.clock.read();
            self.dropped(talk, now, "the token has expired");
        }
    }
}

fn expired() -> Refused {
    Refused::new(
        UNAUTHENTICATED,
        "token_expired",
        "the token has expired: go on with a fresh one",
    )
}
