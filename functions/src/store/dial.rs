use std::fmt;

use contract::{Bot, CallId, Direction, TenantId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use twilio::webhook::CallStatus;
use twilio::{AccountSid, Party, PhoneNumber};

use super::Opened;

/// Names an order to dial: 32 hexadecimal digits. Travels in the URLs that Twilio calls back, so that a call whose answer was
/// lost is found again.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct DialId(String);

impl DialId {
    /// The order of a tenant's idempotency key: the same for the same key, and another for another tenant's.
    #[must_use]
    pub fn of_key(tenant: &TenantId, key: &str) -> Self {
        let digest = Sha256::digest(format!("{tenant}\n{key}"));
        Self::of_nonce(
            digest
                .iter()
                .take(16)
                .fold(0, |number, byte| (number << 8) | u128::from(*byte)),
        )
    }

    /// The order of a random number.
    #[must_use]
    pub fn of_nonce(nonce: u128) -> Self {
        Self(format!("{nonce:032x}"))
    }

    /// Reads an id; `None` unless it is 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 32
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        fits.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for DialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An order to dial.
#[derive(Clone, Debug, PartialEq)]
pub struct Dial {
    /// Its id.
    pub id: DialId,
    /// Fingerprint of the request, to tell a repeat from another request with the same key.
    pub fingerprint: String,
    /// Who speaks.
    pub bot: Bot,
    /// Whom to call.
    pub to: PhoneNumber,
    /// Who seems to call.
    pub from: PhoneNumber,
    /// What whoever gave it wants to find again.
    pub metadata: super::Metadata,
    /// When it was given, in milliseconds since the Unix epoch.
    pub began_ms: u64,
    /// What became of it.
    pub state: DialState,
    /// The call it turned out to be.
    pub call: Option<CallId>,
}

impl Dial {
    /// Whether the same order at this moment, in milliseconds since the Unix epoch, is a repeat of it.
    #[must_use]
    pub fn holds(&self, now_ms: u64) -> bool {
        self.state != DialState::Free && now_ms < self.began_ms + super::DIAL_TTL_S * 1_000
    }

    /// The call that it turned out to be, as whoever hears of it first opens it: the answer to our dialling, or a callback if
    /// that answer was lost.
    #[must_use]
    pub fn opened(
        &self,
        call: CallId,
        account: AccountSid,
        status: CallStatus,
        now_ms: u64,
    ) -> Opened {
        Opened {
            call,
            account,
            bot: self.bot.clone(),
            from: Party::Number(self.from.clone()),
            to: Party::Number(self.to.clone()),
            direction: Direction::Outbound,
            status,
            metadata: self.metadata.clone(),
            seat: Some(self.id.to_string()),
            source: None,
            now_ms,
        }
    }
}

/// What became of an order to dial.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DialState {
    /// Twilio has been asked.
    Pending,
    /// Nothing was dialled, and the same order may be given again.
    Free,
    /// The answer was lost: the telephone may be ringing.
    Unknown,
    /// Answered; a repeat gets the same answer.
    Answered {
        /// HTTP status.
        status: u16,
        /// JSON.
        body: String,
    },
}

/// What came of keeping an order.
#[derive(Clone, Debug, PartialEq)]
pub enum Begun {
    /// It is ours to obey.
    New,
    /// It was given before, and this became of it.
    Known(Box<Dial>),
}
