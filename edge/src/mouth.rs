//! Where the caller hears us: through the carrier's stream, from files that it plays, or through a socket of the caller's own.

use audio::Clip;
use call::{Instant, Mark};
use worker::WebSocket;

use crate::live::Sight;
use crate::{assistant, carrier, play};

/// Where the caller hears us.
#[derive(Debug)]
pub(crate) enum Mouth {
    /// Twilio's media stream, which sends marks back.
    Carrier(carrier::Mouth),
    /// Files that Twilio plays beside a stream that only listens.
    Files(Box<play::Mouth>),
    /// A socket of a page or a program, which plays for itself.
    Guest(Box<assistant::Mouth>),
}

impl Mouth {
    /// Whether this is its socket.
    pub(crate) fn is(&self, socket: &WebSocket) -> bool {
        match self {
            Self::Carrier(mouth) => mouth.is(socket),
            Self::Files(mouth) => mouth.is(socket),
            Self::Guest(mouth) => mouth.is(socket),
        }
    }

    /// Queues sound.
    pub(crate) fn play(&mut self, now: Instant, clip: &Clip) {
        match self {
            Self::Carrier(mouth) => mouth.play(clip),
            Self::Files(mouth) => mouth.play(now, clip),
            Self::Guest(mouth) => mouth.play(now, clip),
        }
    }

    /// Whether sound is heard as soon as all before it was.
    pub(crate) fn plays_at_once(&self) -> bool {
        !matches!(self, Self::Files(_))
    }

    /// Queues a mark behind all sound.
    pub(crate) fn mark(&mut self, now: Instant, mark: Mark) {
        match self {
            Self::Carrier(mouth) => mouth.mark(mark),
            Self::Files(mouth) => mouth.mark(mark),
            Self::Guest(mouth) => mouth.mark(now, mark),
        }
    }

    /// Has everything forgotten that is queued.
    pub(crate) fn clear(&mut self, now: Instant) {
        match self {
            Self::Carrier(mouth) => mouth.clear(),
            Self::Files(mouth) => mouth.clear(now),
            Self::Guest(mouth) => mouth.clear(now),
        }
    }

    /// Shows what is to be seen of the call. A carrier has no eyes.
    pub(crate) fn show(&mut self, sight: Sight<'_>) {
        match self {
            Self::Carrier(_) | Self::Files(_) => (),
            Self::Guest(mouth) => mouth.show(sight),
        }
    }

    /// When the next mark counts as played without having been reported; none if marks come back.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self {
            Self::Carrier(_) => None,
            Self::Files(mouth) => mouth.due(),
            Self::Guest(mouth) => mouth.due(),
        }
    }

    /// The marks that count as played by now.
    pub(crate) fn played_by(&mut self, now: Instant) -> Vec<Mark> {
        match self {
            Self::Carrier(_) => Vec::new(),
            Self::Files(mouth) => mouth.played_by(now),
            Self::Guest(mouth) => mouth.played_by(now),
        }
    }

    /// Lets go of the caller.
    pub(crate) fn close(&self, reason: &str) {
        match self {
            Self::Carrier(mouth) => mouth.close(reason),
            Self::Files(mouth) => mouth.close(reason),
            Self::Guest(mouth) => mouth.close(reason),
        }
    }
}
