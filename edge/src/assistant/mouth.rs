//! Speaks to a socket of the caller's own.

use audio::Clip;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use call::{Instant, Mark};
use worker::WebSocket;

use super::playout::Playout;
use super::sound::{Hearing, Speaking};
use super::wire::{Input, Kind, Output, Told};
use crate::carrier::close;
use crate::live::Sight;

/// A socket whose client has shown a token.
#[derive(Debug)]
pub(crate) struct Mouth {
    socket: WebSocket,
    kind: Kind,
    speaking: Speaking,
    playout: Playout,
    /// Its ear is here too: both know what was agreed.
    pub(super) hearing: Hearing,
    /// Whether the client was told that it wants too much.
    warned: bool,
}

impl Mouth {
    pub(super) fn new(socket: WebSocket, kind: Kind, input: Input, output: Output) -> Self {
        Self {
            socket,
            kind,
            speaking: Speaking::new(output),
            playout: Playout::default(),
            hearing: Hearing::new(input),
            warned: false,
        }
    }

    pub(crate) fn is(&self, socket: &WebSocket) -> bool {
        self.socket == *socket
    }

    pub(crate) fn play(&mut self, now: Instant, clip: &Clip) {
        self.playout.play(now, clip.len());
        let sound = self.speaking.encode(clip);
        if sound.is_empty() {
            return;
        }
        let sent = match self.kind {
            Kind::Binary => self.socket.send_with_bytes(sound),
            Kind::Json => {
                let audio_data = STANDARD.encode(sound);
                self.socket
                    .send_with_str(Told::Audio { audio_data }.to_json())
            }
        };
        note(sent);
    }

    pub(crate) fn mark(&mut self, now: Instant, mark: Mark) {
        self.playout.mark(now, mark);
    }

    pub(crate) fn clear(&mut self, now: Instant) {
        self.playout.clear(now);
        self.speaking.clear();
        self.say(&Told::Clear);
    }

    pub(crate) fn show(&mut self, sight: Sight<'_>) {
        if let Some(told) = Told::of(sight) {
            self.say(&told);
        }
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.playout.due()
    }

    pub(crate) fn played_by(&mut self, now: Instant) -> Vec<Mark> {
        self.playout.played_by(now)
    }

    /// The client says what was played.
    pub(super) fn reported(&mut self, ms: u64) -> Vec<Mark> {
        self.playout.reported(ms)
    }

    /// Says, once, that more is wanted than can be had: somebody who means no harm may mend it.
    pub(super) fn warn(&mut self) {
        if !std::mem::replace(&mut self.warned, true) {
            self.say(&Told::Error {
                code: "flood",
                message: "too much came at once, and some of it was not heard: send no more than 5 of text, interrupt and auth a second",
            });
        }
    }

    pub(crate) fn close(&self, reason: &str) {
        close(&self.socket, 1000, reason);
    }

    fn say(&self, told: &Told<'_>) {
        tell(&self.socket, told);
    }
}

/// Says something to a socket.
pub(super) fn tell(socket: &WebSocket, told: &Told<'_>) {
    note(socket.send_with_str(told.to_json()));
}

fn note(sent: worker::Result<()>) {
    if let Err(error) = sent {
        // The close event, which tells the call, is on its way.
        tracing::debug!(%error, "the socket takes no more");
    }
}
