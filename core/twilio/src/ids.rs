//! Identifiers and telephone parties, parsed at the door so that the rest of the code need not doubt them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A string that is not the identifier it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind}: expected {prefix} and 32 hexadecimal digits, got {length} bytes")]
pub struct BadSid {
    /// What was expected, in words.
    pub kind: &'static str,
    /// The two letters such an identifier begins with.
    pub prefix: &'static str,
    /// Length of what came instead, in bytes. The text itself is left out: it came from outside and may be anything.
    pub length: usize,
}

const SID_LENGTH: usize = 34;

fn sid_bytes(
    text: &str,
    prefix: &'static str,
    kind: &'static str,
) -> Result<[u8; SID_LENGTH], BadSid> {
    let bad = BadSid {
        kind,
        prefix,
        length: text.len(),
    };
    let digits = text.strip_prefix(prefix).ok_or_else(|| bad.clone())?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(bad);
    }
    <[u8; SID_LENGTH]>::try_from(text.as_bytes()).map_err(|_| bad)
}

macro_rules! sid {
    ($name:ident, $prefix:literal, $kind:literal, $doc:literal) => {
        #[doc = $doc]
        ///
        /// Two letters and 32 hexadecimal digits, kept as they came. Copied freely: it lives on the stack.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; SID_LENGTH]);

        impl $name {
            /// The identifier as Twilio writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                // Always ASCII: the only constructor saw to it.
                std::str::from_utf8(&self.0).unwrap_or_default()
            }
        }

        impl FromStr for $name {
            type Err = BadSid;

            fn from_str(text: &str) -> Result<Self, BadSid> {
                sid_bytes(text, $prefix, $kind).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_str(ParseVisitor::<Self>(std::marker::PhantomData))
            }
        }
    };
}

/// Parses out of a string without owning it first.
struct ParseVisitor<T>(std::marker::PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> de::Visitor<'_> for ParseVisitor<T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

sid!(
    AccountSid,
    "AC",
    "account SID",
    "A Twilio account or sub-account."
);
sid!(CallSid, "CA", "call SID", "One leg of a call.");
sid!(
    StreamSid,
    "MZ",
    "stream SID",
    "One media stream of a call. A call that resumes its stream gets a new one."
);
sid!(
    NumberSid,
    "PN",
    "phone number SID",
    "A telephone number that the account owns."
);

/// A telephone number in E.164: `+`, a digit 1–9, and up to fourteen more digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(Box<str>);

/// A string that is no E.164 number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a phone number in E.164: expected + and 2 to 15 digits, the first not 0, as in +15005550006"
)]
pub struct BadPhoneNumber;

impl PhoneNumber {
    /// The number with its `+`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PhoneNumber {
    type Err = BadPhoneNumber;

    fn from_str(text: &str) -> Result<Self, BadPhoneNumber> {
        let digits = text.strip_prefix('+').ok_or(BadPhoneNumber)?;
        let well_formed = (2..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if well_formed {
            Ok(Self(text.into()))
        } else {
            Err(BadPhoneNumber)
        }
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl AsRef<str> for PhoneNumber {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(ParseVisitor::<Self>(std::marker::PhantomData))
    }
}

/// Whoever a webhook names in `From` or `To`. Display data, never proof of who called: numbers are in E.164 only "if
/// possible", and a caller may withhold or forge them (`TwiML` for Programmable Voice, request parameters).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// A telephone number.
    Number(PhoneNumber),
    /// A SIP address, with its `sip:` or `sips:`.
    Sip(String),
    /// A Twilio client, without its `client:`.
    Client(String),
    /// The caller asked not to be named. Shown as `anonymous`.
    Withheld,
    /// Anything else, as it came, less control characters and all after 256 characters.
    Other(String),
}

const PARTY_CHARS_MAX: usize = 256;

/// What carriers put in place of a withheld number, and how the same words read when typed on a telephone's keys.
const WITHHELD: [&str; 11] = [
    "anonymous",
    "restricted",
    "blocked",
    "unknown",
    "unavailable",
    "private",
    "+266696687",
    "+7378742833",
    "+2562533",
    "+8656696",
    "+86282452253",
];

impl Party {
    /// Reads what a webhook says; total, since there is no caller to complain to.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        // Trimmed last, so that what is left reads back as itself.
        let plain: String = text.chars().filter(|c| !c.is_control()).collect();
        let cut: String = plain.trim().chars().take(PARTY_CHARS_MAX).collect();
        let text = cut.trim_end().to_owned();
        if text.is_empty() || WITHHELD.iter().any(|word| text.eq_ignore_ascii_case(word)) {
            return Self::Withheld;
        }
        if let Ok(number) = text.parse() {
            return Self::Number(number);
        }
        if has_scheme(&text, "sip:") || has_scheme(&text, "sips:") {
            return Self::Sip(text);
        }
        match text.strip_prefix("client:") {
            Some(name) => Self::Client(name.to_owned()),
            None => Self::Other(text),
        }
    }

    /// The telephone number, if that is what it is.
    #[must_use]
    pub fn number(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Number(number) => Some(number),
            Self::Sip(_) | Self::Client(_) | Self::Withheld | Self::Other(_) => None,
        }
    }
}

fn has_scheme(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(scheme))
}

impl From<PhoneNumber> for Party {
    fn from(number: PhoneNumber) -> Self {
        Self::Number(number)
    }
}

impl fmt::Display for Party {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(out),
            Self::Sip(text) | Self::Other(text) => out.write_str(text),
            Self::Client(name) => write!(out, "client:{name}"),
            Self::Withheld => out.write_str("anonymous"),
        }
    }
}

impl Serialize for Party {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Party {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self::parse(&text))
    }
}
