//! Which conversation.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use twilio::CallSid;

/// Names a conversation: a telephone call by its carrier's `CA…`, one through a browser or an assistant socket by a `WB…`
/// of ours; each with 32 hexadecimal digits.
#[derive(Clone, Copy, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String))]
pub struct CallId([u8; 34]);

/// A text that names no conversation.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a call's id is CA or WB and 32 hexadecimal digits")]
pub struct BadCallId;

impl CallId {
    /// A conversation that no carrier knows, from a random number.
    #[must_use]
    pub fn web(random: u128) -> Self {
        let mut id = [0; 34];
        for (to, from) in id.iter_mut().zip(format!("WB{random:032x}").bytes()) {
            *to = from;
        }
        Self(id)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Always ASCII: both constructors saw to it.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The carrier's own name for it; none if no carrier knows of it.
    #[must_use]
    pub fn carrier(&self) -> Option<CallSid> {
        self.as_str().parse().ok()
    }

    /// Whether no carrier knows of it.
    #[must_use]
    pub fn is_web(&self) -> bool {
        self.0.starts_with(b"WB")
    }
}

impl FromStr for CallId {
    type Err = BadCallId;

    fn from_str(text: &str) -> Result<Self, BadCallId> {
        let digits = text
            .strip_prefix("CA")
            .or_else(|| text.strip_prefix("WB"))
            .ok_or(BadCallId)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(BadCallId);
        }
        text.as_bytes().try_into().map(Self).map_err(|_| BadCallId)
    }
}

impl From<CallSid> for CallId {
    fn from(sid: CallSid) -> Self {
        let mut id = [b'0'; 34];
        for (to, from) in id.iter_mut().zip(sid.as_str().bytes()) {
            *to = from;
        }
        Self(id)
    }
}

impl From<CallId> for String {
    fn from(id: CallId) -> Self {
        id.as_str().to_owned()
    }
}

impl TryFrom<String> for CallId {
    type Error = BadCallId;

    fn try_from(text: String) -> Result<Self, BadCallId> {
        text.parse()
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carriers_call_keeps_its_name_and_ours_has_none_there() {
        let sid: CallSid = format!("CA{}", "0123456789abcdef".repeat(2))
            .parse()
            .unwrap();
        let call = CallId::from(sid);
        assert_eq!((call.as_str(), call.carrier()), (sid.as_str(), Some(sid)));
        let web = CallId::web(0xbeef);
        assert_eq!(web.carrier(), None);
        assert_eq!(web.as_str().parse(), Ok(web));
        for wrong in [
            "",
            "CA",
            "XX00000000000000000000000000000000",
            "CA0000000000000000000000000000000g",
        ] {
            assert_eq!(wrong.parse::<CallId>(), Err(BadCallId), "{wrong}");
        }
    }
}
