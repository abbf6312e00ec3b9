//! What a client says, once it has shown a token; and before that, nothing but the token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use call::{Closing, Input, Order};
use wasm_bindgen::{JsCast as _, JsValue};
use worker::WebSocket;

use super::auth::{Guest, TAG, UNAUTHENTICATED, guest, refuse};
use super::wire::{Auth, Kind, Said};
use crate::carrier::Junk;
use crate::clock::epoch_s;
use crate::line::Shell;
use crate::mouth::Mouth;
use crate::talk::Talk;

/// The longest message before a token was shown.
const AUTH_BYTES_MAX: usize = 8 * 1024;
/// The longest after it: two seconds of sound at 48 kHz, in base64.
const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// The longest typed turn, in characters.
const TEXT_CHARS_MAX: usize = 2_000;

/// A message, as it came.
enum Message {
    Text(String),
    Sound(Vec<u8>),
}

impl Shell {
    /// Whether a socket is the caller's own, and not a carrier's.
    pub(crate) fn is_guest(&self, socket: &WebSocket) -> bool {
        // Asked for every frame: the stream in use is known without asking the runtime.
        if let Some(talk) = self.talk.borrow().as_ref()
            && let Some(mouth) = talk.mouth.as_ref().filter(|mouth| mouth.is(socket))
        {
            return matches!(mouth, Mouth::Guest(_));
        }
        self.state.get_tags(socket).iter().any(|tag| tag == TAG)
    }

    /// A message of a client's.
    pub(crate) fn hear_guest(&self, socket: &WebSocket, message: &JsValue) {
        let Some(guest) = guest(socket) else {
            return;
        };
        let Some(inside) = &guest.inside else {
            // What a client says while its token is looked at is lost: it was told to wait for `ready`.
            if !self.is_looked_at(socket) {
                self.hear_stranger(socket, guest, message);
            }
            return;
        };
        if inside.expires_s != 0 && inside.expires_s <= epoch_s() && !self.is_looked_at(socket) {
            // A fresh token may be what it says.
            return if let Some(Said::Auth(auth)) = said(message, AUTH_BYTES_MAX) {
                self.show_fresh(socket, guest, auth);
            } else {
                self.expire(socket);
            };
        }
        let Some(message) = take(message) else {
            return;
        };
        let said = match message {
            Message::Sound(sound) if guest.kind == Kind::Binary => {
                return self.hear_sound(socket, &sound);
            }
            Message::Sound(_) => return self.pass_over(Junk::Binary),
            Message::Text(text) => serde_json::from_str(&text),
        };
        match said {
            Ok(Said::Auth(auth)) if auth.token.len() > AUTH_BYTES_MAX => self.pass_over(Junk::Long),
            Ok(Said::Auth(auth)) => self.show_fresh(socket, guest, auth),
            Ok(Said::Audio { audio_data }) => match STANDARD.decode(audio_data) {
                Ok(sound) => self.hear_sound(socket, &sound),
                Err(_) => self.pass_over(Junk::Broken),
            },
            Ok(said) => self.on_socket(socket, |shell, talk| shell.obey_guest(talk, said)),
            Err(_) => self.pass_over(Junk::Broken),
        }
    }

    /// Before a token: it, and nothing else.
    fn hear_stranger(&self, socket: &WebSocket, guest: Guest, message: &JsValue) {
        if let Some(Said::Auth(auth)) = said(message, AUTH_BYTES_MAX) {
            self.show_token(socket, guest, auth);
        } else {
            let message = "show a token first: {\"type\":\"auth\",\"token\":…}";
            refuse(socket, UNAUTHENTICATED, "auth_missing", message);
        }
    }

    /// A fresh token. Each costs a question to the functions, though the last one was good.
    fn show_fresh(&self, socket: &WebSocket, guest: Guest, auth: Auth) {
        let mut may_ask = true;
        if self.wake() {
            self.with(|talk| may_ask = is_granted(talk));
        }
        if may_ask {
            self.show_token(socket, guest, auth);
        }
    }

    fn hear_sound(&self, socket: &WebSocket, sound: &[u8]) {
        self.on_socket(socket, |shell, talk| {
            let now = talk.clock.read();
            talk.heard = now;
            let since = now.since(talk.opened.unwrap_or(now));
            let Some(Mouth::Guest(mouth)) = &mut talk.mouth else {
                return;
            };
            let Ok(frames) = mouth.hearing.push(since, sound) else {
                note(talk, Junk::Flood);
                return;
            };
            for (at, audio) in frames {
                shell.step_at(talk, now, Input::Frame { at, audio });
            }
        });
    }

    fn obey_guest(&self, talk: &mut Talk, said: Said) {
        let now = talk.clock.read();
        talk.heard = now;
        match said {
            Said::Text { .. } | Said::Interrupt if !is_granted(talk) => (),
            Said::Text { text } if text.chars().count() > TEXT_CHARS_MAX => note(talk, Junk::Long),
            Said::Text { text } => self.step_at(talk, now, Input::Text(text)),
            Said::Interrupt => self.step_at(talk, now, Input::Order(Order::Interrupt)),
            Said::Played { ms } => {
                let marks = match &mut talk.mouth {
                    Some(Mouth::Guest(mouth)) => mouth.reported(ms),
                    Some(Mouth::Carrier(_) | Mouth::Files(_)) | None => Vec::new(),
                };
                for mark in marks {
                    self.step_at(talk, now, Input::Played(mark));
                }
            }
            Said::HangUp => self.step_at(talk, now, Input::Closed(Closing::Stopped)),
            Said::Auth(_) | Said::Audio { .. } => (),
        }
    }

    /// Does something with the call, if this is its socket now.
    fn on_socket(&self, socket: &WebSocket, work: impl FnOnce(&Self, &mut Talk)) {
        if !self.wake() {
            return;
        }
        let mut talk = self.talk.borrow_mut();
        let talk = talk
            .as_mut()
            .filter(|talk| talk.mouth.as_ref().is_some_and(|mouth| mouth.is(socket)));
        if let Some(talk) = talk {
            work(self, talk);
        }
    }

    fn pass_over(&self, junk: Junk) {
        self.with(|talk| note(talk, junk));
    }
}

/// Whether one more wish may be heard; if not, that is noted, and the client is told.
fn is_granted(talk: &mut Talk) -> bool {
    let now = talk.clock.read();
    let is_granted = talk.wishes.take(now);
    if !is_granted {
        note(talk, Junk::Flood);
        if let Some(Mouth::Guest(mouth)) = &mut talk.mouth {
            mouth.warn();
        }
    }
    is_granted
}

fn note(talk: &mut Talk, junk: Junk) {
    if talk.ear.pass_over(junk) {
        tracing::warn!(call = %talk.opening.call, ?junk, "a message is passed over; further ones of its kind are only counted");
    }
}

/// What a message is, if it is no longer than any may be.
fn take(message: &JsValue) -> Option<Message> {
    if let Some(text) = message.dyn_ref::<js_sys::JsString>() {
        let fits = usize::try_from(text.length()).is_ok_and(|length| length <= MESSAGE_BYTES_MAX);
        return fits.then(|| Message::Text(String::from(text)));
    }
    let sound = js_sys::Uint8Array::new(message);
    let fits = usize::try_from(sound.length()).is_ok_and(|length| length <= MESSAGE_BYTES_MAX);
    fits.then(|| Message::Sound(sound.to_vec()))
}

/// What is said in a short text message; none if it is anything else.
fn said(message: &JsValue, bytes_max: usize) -> Option<Said> {
    let text = message.dyn_ref::<js_sys::JsString>()?;
    let fits = usize::try_from(text.length()).is_ok_and(|length| length <= bytes_max);
    fits.then(|| serde_json::from_str(&String::from(text)).ok())
        .flatten()
}
