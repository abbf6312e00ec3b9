//! What the carrier itself says when no bot can.

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use contract::Bot;
use twilio::PhoneNumber;
use twilio::twiml::{self, Verb};

use crate::country::Allowed;

/// Longest text given to the carrier's voice, in characters.
const SAY_CHARS_MAX: usize = 1_000;

const SORRY: &str =
    "We are sorry, your call cannot be completed at the moment. Please try again in a few minutes.";
const NOT_IN_SERVICE: &str = "We are sorry, the number you have called is not in service. Goodbye.";

const CLOSED: &str = "We are closed at the moment. Please call again during our business hours.";
const BUSY: &str = "All lines are busy at the moment. Please try again in a few minutes.";

/// Says that nobody answers at this hour, then connects the caller with somebody, or hangs up.
pub(super) fn closed(bot: &Bot, person: Option<Allowed>) -> Vec<Verb> {
    let closed = bot.hours.as_ref().map(|hours| hours.closed.say.clone());
    let own = closed.filter(|words| !words.trim().is_empty());
    let words = match own {
        Some(words) => said(bot, Some(words)).collect(),
        None => vec![plain(CLOSED)],
    };
    words.into_iter().chain([then(person)]).collect()
}

/// Says that there is no room for the call, then connects the caller with somebody, or hangs up.
pub(super) fn busy(person: Option<Allowed>) -> Vec<Verb> {
    vec![plain(BUSY), then(person)]
}

/// Says the bot's apology, then connects the caller with somebody, or hangs up.
pub(super) fn sorry(bot: Option<&Bot>, person: Option<Allowed>) -> Vec<Verb> {
    match bot {
        Some(bot) => {
            let words = said(bot, Some(bot.apology.clone()));
            words.chain([then(person)]).collect()
        }
        None => vec![plain(SORRY), Verb::Hangup],
    }
}

fn then(person: Option<Allowed>) -> Verb {
    person.map_or(Verb::Hangup, dial)
}

/// Nobody answers this number.
pub(super) fn not_in_service() -> Vec<Verb> {
    vec![plain(NOT_IN_SERVICE), Verb::Hangup]
}

/// Ends the call.
pub(super) fn hang_up() -> Response {
    twiml(vec![Verb::Hangup])
}

/// Words in the bot's language, if there are any.
pub(super) fn said(bot: &Bot, words: Option<String>) -> impl Iterator<Item = Verb> {
    let words = words.filter(|words| !words.trim().is_empty());
    let language = bot.language.clone();
    words.into_iter().map(move |words| Verb::Say {
        text: words.chars().take(SAY_CHARS_MAX).collect(),
        voice: None,
        language: Some(language.clone()),
    })
}

/// Connects the caller with somebody.
pub(super) fn dial(to: Allowed) -> Verb {
    Verb::Dial {
        number: to.into(),
        caller_id: None,
        action: None,
        timeout_s: None,
        time_limit_s: None,
    }
}

/// Whom it connects the caller with, and for how long at most.
pub(super) fn dialled(verb: &mut Verb) -> Option<(&PhoneNumber, &mut Option<u32>)> {
    if let Verb::Dial {
        number,
        time_limit_s,
        ..
    } = verb
    {
        Some((number, time_limit_s))
    } else {
        None
    }
}

fn plain(words: &str) -> Verb {
    Verb::Say {
        text: words.to_owned(),
        voice: None,
        language: Some("en-US".to_owned()),
    }
}

/// The document. One that Twilio would refuse is left empty: then Twilio hangs up, and the log says why.
pub(super) fn twiml(verbs: Vec<Verb>) -> Response {
    let xml = twiml::Response(verbs).to_xml().unwrap_or_else(|error| {
        tracing::error!(code = "fallback", %error, "the answer cannot be written");
        "<Response><Hangup/></Response>".to_owned()
    });
    ([(header::CONTENT_TYPE, "text/xml")], xml).into_response()
}
