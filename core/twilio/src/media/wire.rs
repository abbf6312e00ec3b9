//! The shapes of the JSON, field by field, borrowed from the text wherever it holds no escapes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A string, borrowed when it can be. `Option<Cow<str>>` would always own: serde borrows only at a field's outermost type.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl<'a> Text<'a> {
    pub(super) const fn of(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

/// A whole number. Twilio writes all of them as strings but for those of `mediaFormat`; either is read, strings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(pub(super) u64);

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Count;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a whole number, or one in a string")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Count, E> {
                Ok(Count(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Count, E> {
                // Twilio writes no plus sign; `u64::from_str` alone would allow one.
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                let number = text.parse().ok().filter(|_| digits);
                number
                    .map(Count)
                    .ok_or_else(|| E::custom("not a whole number"))
            }
        }
        from.deserialize_any(Visitor)
    }
}

/// Any message from Twilio. One struct for all events, since the event's name may come after its body.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) protocol: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sequence_number: Option<Count>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<StartBody<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) media: Option<MediaBody<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) dtmf: Option<DtmfBody<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) mark: Option<MarkBody<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) stop: Option<StopBody<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) stream_sid: Option<Text<'a>>,
}

/// Only the event's name, for messages whose body is not of our shape.
#[derive(Debug, Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) event: Text<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StartBody<'a> {
    #[serde(borrow)]
    pub(super) account_sid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) stream_sid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) call_sid: Option<Text<'a>>,
    pub(super) tracks: Option<Vec<super::Track>>,
    #[serde(borrow)]
    pub(super) media_format: Option<FormatBody<'a>>,
    #[serde(default)]
    pub(super) custom_parameters: Option<Cow<'a, BTreeMap<String, String>>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FormatBody<'a> {
    #[serde(borrow)]
    pub(super) encoding: Text<'a>,
    /// Here, and only here, numbers are written as numbers.
    #[serde(deserialize_with = "whole")]
    pub(super) sample_rate: u64,
    #[serde(deserialize_with = "whole")]
    pub(super) channels: u64,
}

fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    Count::deserialize(from).map(|count| count.0)
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MediaBody<'a> {
    pub(super) track: Option<super::Track>,
    pub(super) chunk: Option<Count>,
    pub(super) timestamp: Option<Count>,
    #[serde(borrow)]
    pub(super) payload: Option<Text<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DtmfBody<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) track: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) digit: Option<Text<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StrictMark<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MarkBody<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StopBody<'a> {
    #[serde(borrow)]
    pub(super) account_sid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) call_sid: Option<Text<'a>>,
}

/// A message to Twilio, which takes neither more nor fewer fields than these (error 31951).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Command<'a> {
    #[serde(borrow)]
    pub(super) event: Text<'a>,
    #[serde(borrow)]
    pub(super) stream_sid: Text<'a>,
    #[serde(borrow)]
    pub(super) media: Option<StrictMedia<'a>>,
    #[serde(borrow)]
    pub(super) mark: Option<StrictMark<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StrictMedia<'a> {
    #[serde(borrow)]
    pub(super) payload: Text<'a>,
}
