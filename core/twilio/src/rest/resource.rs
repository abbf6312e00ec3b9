use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ids::{AccountSid, CallSid, Party};
use crate::webhook::{AnsweredBy, CallStatus, Direction};

/// A call as the API shows it (Call resource). It lags behind: for what happens now there are status callbacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallResource {
    /// The call.
    pub sid: CallSid,
    /// The account that owns it.
    pub account_sid: AccountSid,
    /// The leg that dialled this one.
    #[serde(default)]
    pub parent_call_sid: Option<CallSid>,
    /// Who was called.
    #[serde(default)]
    pub to: Option<Party>,
    /// Who called.
    #[serde(default)]
    pub from: Option<Party>,
    /// Where the call stands.
    pub status: CallStatus,
    /// Who began the call; none if Twilio says something new.
    #[serde(default, deserialize_with = "lenient")]
    pub direction: Option<Direction>,
    /// Who or what answered; none if Twilio says something new.
    #[serde(default, deserialize_with = "lenient")]
    pub answered_by: Option<AnsweredBy>,
    /// When it was created, in RFC 2822.
    #[serde(default)]
    pub date_created: Option<String>,
    /// When it was answered, in RFC 2822.
    #[serde(default)]
    pub start_time: Option<String>,
    /// When it ended, in RFC 2822.
    #[serde(default)]
    pub end_time: Option<String>,
    /// How long it was, in seconds.
    #[serde(
        rename = "duration",
        default,
        deserialize_with = "number",
        serialize_with = "text"
    )]
    pub duration_s: Option<u64>,
    /// How long it waited to be dialled, in milliseconds: a new account dials one call a second.
    #[serde(
        rename = "queue_time",
        default,
        deserialize_with = "number",
        serialize_with = "text"
    )]
    pub queue_ms: Option<u64>,
    /// What the connection cost, as a decimal below zero; known some time after the end.
    #[serde(default)]
    pub price: Option<String>,
    /// The currency, such as `USD`.
    #[serde(default)]
    pub price_unit: Option<String>,
}

impl CallResource {
    /// A call of which nothing more is known.
    #[must_use]
    pub const fn new(account: AccountSid, call: CallSid, status: CallStatus) -> Self {
        Self {
            sid: call,
            account_sid: account,
            parent_call_sid: None,
            to: None,
            from: None,
            status,
            direction: None,
            answered_by: None,
            date_created: None,
            start_time: None,
            end_time: None,
            duration_s: None,
            queue_ms: None,
            price: None,
            price_unit: None,
        }
    }

    /// What the connection cost, in millionths of the currency's unit, above zero. None if it is not known yet or cannot be
    /// told exactly.
    #[must_use]
    pub fn cost_micros(&self) -> Option<u64> {
        let price = self.price.as_deref()?;
        let (whole, fraction) = price
            .trim_start_matches('-')
            .split_once('.')
            .unwrap_or((price.trim_start_matches('-'), ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let exact = fraction.trim_end_matches('0');
        if whole.is_empty() || !digits(whole) || !digits(fraction) || exact.len() > 6 {
            return None;
        }
        let micros: u64 = format!("{exact:0<6}").parse().ok()?;
        whole
            .parse::<u64>()
            .ok()?
            .checked_mul(1_000_000)?
            .checked_add(micros)
    }
}

/// A word of a vocabulary that may grow: a new one must not cost us the rest.
fn lenient<'de, D: Deserializer<'de>, T: FromStr>(from: D) -> Result<Option<T>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.and_then(|word| word.parse().ok()))
}

/// Numbers are strings here, and may be null or empty.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Plain(u64),
        Text(String),
    }
    match Option::<Number>::deserialize(from)? {
        None => Ok(None),
        Some(Number::Plain(number)) => Ok(Some(number)),
        Some(Number::Text(text)) if text.is_empty() => Ok(None),
        Some(Number::Text(text)) => text
            .parse()
            .map(Some)
            .map_err(|_| de::Error::custom("not a whole number")),
    }
}

#[allow(
    clippy::ref_option,
    reason = "serde hands over a reference to the field"
)]
fn text<S: Serializer>(number: &Option<u64>, out: S) -> Result<S::Ok, S::Error> {
    number.map(|number| number.to_string()).serialize(out)
}
