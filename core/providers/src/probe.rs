//! The shortest sensible request of each stage: to see whether a provider answers, and how soon.
//!
//! A few words cost a fraction of a cent, and nothing of a call is in them. What is measured is what a caller waits for:
//! from asking to the first [useful](is_useful) reply.

use audio::{Clip, FRAME_SAMPLES, mulaw};
use call::{Instant, Line, Reply, RequestId};

use crate::Fetch;
use crate::socket::{Ask, Link, Told};
use crate::stage::{Flushed, Listener, Speaker, Thinker};

/// What the language model is asked.
const QUESTION: &str = "Say yes.";
/// What is spoken.
const TEXT: &str = "Yes.";
/// A second of sound to be listened to.
const FRAMES: usize = 50;
/// The request that a socket is asked.
pub const REQUEST: RequestId = RequestId(1);

/// What to do to see whether a provider answers.
#[derive(Debug)]
pub enum Probe {
    /// Send this.
    Fetch(Fetch),
    /// Open this. It was already told to [ask](Told::Ask) for [`REQUEST`], and all that belongs to it: whatever is to
    /// be sent waits for the handshake.
    Link(Box<Link>),
}

/// Asks a language model for a word.
#[must_use]
pub fn thinker(thinker: &Thinker) -> Probe {
    let Thinker::Fetch(think) = thinker;
    Probe::Fetch(think.ask(&[Line::Caller(QUESTION.to_owned())]))
}

/// Has a voice say a word.
#[must_use]
pub fn speaker(speaker: &Speaker) -> Probe {
    match speaker {
        Speaker::Fetch(speak) => Probe::Fetch(speak.ask(TEXT)),
        Speaker::Socket(dialled) => linked(dialled.dial(), &[Told::Ask(REQUEST, Ask::Speak(TEXT))]),
    }
}

/// Has a second of sound written down. It is no speech, so an empty transcript is right. None: they would not ask
/// anybody about it.
#[must_use]
pub fn listener(listener: &Listener) -> Option<Probe> {
    let sound = sound();
    match listener {
        Listener::Upload(upload) => {
            let mut dictation = upload.ask();
            dictation.feed(&sound);
            match dictation.flush(1) {
                Flushed::Fetch(fetch) => Some(Probe::Fetch(fetch)),
                Flushed::Answer(_) => None,
            }
        }
        Listener::Socket(dialled) => {
            let told = [
                Told::Ask(REQUEST, Ask::Listen),
                Told::Feed(REQUEST, &sound),
                Told::Flush(REQUEST, 1),
            ];
            Some(linked(dialled.dial(), &told))
        }
    }
}

/// Whether a reply is what was waited for, so that the clock can be stopped.
#[must_use]
pub fn is_useful(reply: &Reply) -> bool {
    matches!(
        reply,
        Reply::Words(_) | Reply::Tool(_) | Reply::Audio(_) | Reply::Transcript { .. }
    )
}

fn linked(mut link: Link, told: &[Told<'_>]) -> Probe {
    for told in told {
        // Nothing can come of it before the handshake, and all that is to be sent is kept until then.
        link.conversation.tell(Instant::ZERO, *told);
    }
    Probe::Link(Box::new(link))
}

/// Pulses, 125 a second, as loud as speech: what is silent is not sent to everybody.
fn sound() -> Clip {
    let samples = (0..FRAMES * FRAME_SAMPLES).map(|n| match n % 64 {
        0..8 => 6_000,
        8..16 => -6_000,
        _ => 0,
    });
    Clip::from(samples.map(mulaw::encode).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::Deeds;
    use crate::speak::{self, ElevenLabsSocket, Http};
    use crate::think::{Anthropic, tests};
    use crate::{listen, openai};

    fn opened(probe: Probe) -> Deeds {
        let Probe::Link(mut link) = probe else {
            panic!("it is spoken to over a socket");
        };
        link.conversation.tell(Instant::ZERO, Told::Opened)
    }

    #[test]
    fn every_road_carries_a_probe() {
        let voice = speak::tests::settings("http://x.test/say");
        let ears = listen::Settings {
            endpoint: voice.endpoint.clone(),
            model: String::new(),
            language: "en".to_owned(),
            options: crate::Options::new(),
        };
        let upload = openai::Listen {
            endpoint: voice.endpoint.clone(),
            model: "m".to_owned(),
            language: "en".to_owned(),
            options: crate::Options::new(),
        };
        let thinker = thinker(&Thinker::Fetch(Box::new(Anthropic(tests::settings(
            "http://x.test",
        )))));
        let fetches = [
            Some(thinker),
            Some(speaker(&Speaker::Fetch(Box::new(Http(voice.clone()))))),
            listener(&Listener::Upload(Box::new(upload))),
        ];
        for probe in fetches {
            let Some(Probe::Fetch(fetch)) = probe else {
                panic!("it is asked by a request");
            };
            assert!(!fetch.request.body.is_empty());
        }
        let speaks = speaker(&Speaker::Socket(Box::new(ElevenLabsSocket(voice))));
        assert_eq!(opened(speaks).send.len(), 3);
        let listens = listener(&Listener::Socket(Box::new(listen::Nova(ears)))).unwrap();
        let deeds = opened(listens);
        let sound: usize = deeds.send.iter().map(crate::Message::len).sum();
        assert!(sound > FRAMES * FRAME_SAMPLES, "all sound, and the flush");
        assert!(deeds.replies.is_empty());
    }

    #[test]
    fn the_clock_stops_at_what_a_caller_waits_for() {
        assert!(is_useful(&Reply::Words("Yes".to_owned())));
        assert!(is_useful(&Reply::Transcript {
            flush: 1,
            text: String::new()
        }));
        assert!(!is_useful(&Reply::Done(call::Spent::default())));
        assert!(!is_useful(&Reply::Failed(call::Failure::Busy)));
    }
}
