//! A stage of a call as one value, whoever does its work: the shell knows roads, and never a provider's name.

use std::fmt;
use std::time::Duration;

use audio::Clip;
use call::{Line, Reply};

use crate::exchange::Fetch;
use crate::socket::Link;

/// Speech-to-text.
#[derive(Debug)]
pub enum Listener {
    /// What was heard is sent with every flush, as a request of its own.
    Upload(Box<dyn Upload>),
    /// What is heard is sent at once, over a socket that may serve the whole call.
    Socket(Box<dyn Dialled>),
}

/// A language model.
#[derive(Debug)]
pub enum Thinker {
    /// Each reply is a request of its own.
    Fetch(Box<dyn Think>),
}

/// Text-to-speech.
#[derive(Debug)]
pub enum Speaker {
    /// Each piece of speech is a request of its own.
    Fetch(Box<dyn Speak>),
    /// All of them go over a socket that may serve the whole call.
    Socket(Box<dyn Dialled>),
}

/// Speech-to-text by uploads.
pub trait Upload: fmt::Debug {
    /// Begins to listen.
    fn ask(&self) -> Box<dyn Dictation>;
}

/// One utterance while it is heard.
pub trait Dictation: fmt::Debug {
    /// Takes in sound that follows what was fed before.
    fn feed(&mut self, clip: &Clip);
    /// How much sound a flush would send now, which is what a provider bills. Of what is too long for it, the beginning is
    /// forgotten.
    fn duration(&self) -> Duration;
    /// Asks for a transcript of everything fed so far, to carry this number. More sound may follow.
    fn flush(&self, flush: u32) -> Flushed;
}

/// How a flush is answered.
#[derive(Debug)]
pub enum Flushed {
    /// At once: there is nothing to write down.
    Answer(Reply),
    /// By a [`Reply::Transcript`] of this exchange. Its [`Reply::Done`] ends the exchange, not the listening.
    Fetch(Fetch),
}

/// A language model that is asked by requests.
pub trait Think: fmt::Debug {
    /// Asks for the next reply: [`Reply::Words`] and [`Reply::Tool`], then [`Reply::Done`].
    fn ask(&self, history: &[Line]) -> Fetch;
}

/// Text-to-speech that is asked by requests.
pub trait Speak: fmt::Debug {
    /// Asks for speech: [`Reply::Audio`], then [`Reply::Done`].
    fn ask(&self, text: &str) -> Fetch;
}

/// Whoever is spoken to over a socket.
pub trait Dialled: fmt::Debug {
    /// Opens a socket.
    fn dial(&self) -> Link;
    /// Whether the provider bills how long the socket is open, whatever is sent.
    fn is_billed_by_time(&self) -> bool {
        false
    }
}
