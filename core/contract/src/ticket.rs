//! The ticket in the stream's path: proof that a verified webhook of this very call announced this very stream.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use thiserror::Error;
use twilio::AccountSid;

use crate::{BotId, CallId, Secret};

/// Longest validity, in seconds: Twilio connects within a moment of reading the TwiML.
const VALID_S_MAX: u64 = 60;

/// What a ticket says. Its text form is safe in a URL path: `{expiry}.{nonce}.{account}.{bot}.{hmac}`. The call,
/// which stands in the path before it, is under its HMAC-SHA256 too. So the edge can refuse a bad ticket without
/// waking the object that holds the call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ticket {
    /// The call.
    pub call: CallId,
    /// The account that owns it.
    pub account: AccountSid,
    /// Who answers.
    pub bot: BotId,
    /// Seconds since the Unix epoch; at most 60 s ahead.
    pub expires_s: u64,
    /// Makes each ticket of a call a different one.
    pub nonce: u64,
}

/// Why a ticket is refused.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum TicketError {
    /// It is not a ticket.
    #[error("the stream's path does not end in a ticket: take the URL from the TwiML as it is")]
    Malformed,
    /// The signature does not fit: it was forged, or is for another call, account or bot.
    #[error("the ticket is not for this call: fetch new TwiML")]
    Forged,
    /// It is too old, or claims a validity no ticket has.
    #[error("the ticket has expired: fetch new TwiML")]
    Expired,
}

impl TicketError {
    /// The stable code of the error answer.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "ticket_malformed",
            Self::Forged => "ticket_forged",
            Self::Expired => "ticket_expired",
        }
    }
}

impl Ticket {
    /// Writes the ticket's text.
    #[must_use]
    pub fn seal(&self, secret: &Secret) -> String {
        let claims = format!(
            "{}.{:x}.{}.{}",
            self.expires_s, self.nonce, self.account, self.bot
        );
        let tag = mac(secret, &self.call, &claims).finalize().into_bytes();
        format!("{claims}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// Reads a ticket that came for `call`.
    ///
    /// # Errors
    ///
    /// Any [`TicketError`].
    pub fn open(
        text: &str,
        secret: &Secret,
        call: &CallId,
        now_s: u64,
    ) -> Result<Self, TicketError> {
        let (claims, tag) = text.rsplit_once('.').ok_or(TicketError::Malformed)?;
        let tag = URL_SAFE_NO_PAD
            .decode(tag)
            .map_err(|_| TicketError::Malformed)?;
        let ticket = Self::read(claims, call).ok_or(TicketError::Malformed)?;
        mac(secret, call, claims)
            .verify_slice(&tag)
            .map_err(|_| TicketError::Forged)?;
        fresh(ticket.expires_s, now_s)?;
        Ok(ticket)
    }

    fn read(claims: &str, call: &CallId) -> Option<Self> {
        let mut fields = claims.split('.');
        let ticket = Self {
            call: *call,
            expires_s: fields.next()?.parse().ok()?,
            nonce: u64::from_str_radix(fields.next()?, 16).ok()?,
            account: fields.next()?.parse().ok()?,
            bot: BotId::new(fields.next()?)?,
        };
        fields.next().is_none().then_some(ticket)
    }
}

fn mac(secret: &Secret, call: &CallId, claims: &str) -> Hmac<Sha256> {
    let mut mac = secret.mac();
    mac.update(format!("ticket\n{call}\n{claims}").as_bytes());
    mac
}

fn fresh(expires_s: u64, now_s: u64) -> Result<(), TicketError> {
    // The two clocks may differ a little: a ticket may seem to be issued up to five seconds in the future.
    let valid = now_s <= expires_s && expires_s <= now_s.saturating_add(VALID_S_MAX + 5);
    if valid {
        Ok(())
    } else {
        Err(TicketError::Expired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ticket() -> Ticket {
        Ticket {
            call: format!("CA{}", "1".repeat(32)).parse().unwrap(),
            account: format!("AC{}", "0".repeat(32)).parse().unwrap(),
            bot: BotId::new("mesa").unwrap(),
            expires_s: 1_060,
            nonce: 7,
        }
    }

    fn open(text: &str, now_s: u64) -> Result<Ticket, TicketError> {
        Ticket::open(text, &Secret::new("a secret"), &ticket().call, now_s)
    }

    #[test]
    fn a_ticket_opens_for_its_own_call_and_no_other() {
        let text = ticket().seal(&Secret::new("a secret"));
        assert_eq!(open(&text, 1_000), Ok(ticket()));
        let other = format!("CA{}", "2".repeat(32)).parse().unwrap();
        let refused = Ticket::open(&text, &Secret::new("a secret"), &other, 1_000);
        assert_eq!(refused, Err(TicketError::Forged));
    }

    #[test]
    fn a_ticket_whose_claims_were_changed_is_forged() {
        let text = ticket().seal(&Secret::new("a secret"));
        assert_eq!(
            open(&text.replace("mesa", "misa"), 1_000),
            Err(TicketError::Forged)
        );
        assert_eq!(
            open(&text.replace("1060", "1061"), 1_000),
            Err(TicketError::Forged)
        );
        assert_eq!(
            open(&text.replace("AC0", "AC1"), 1_000),
            Err(TicketError::Forged)
        );
    }

    #[test]
    fn a_ticket_is_good_for_a_minute() {
        let text = ticket().seal(&Secret::new("a secret"));
        assert!(open(&text, 1_060).is_ok());
        assert_eq!(open(&text, 1_061), Err(TicketError::Expired));
        let eternal = Ticket {
            expires_s: 9_999,
            ..ticket()
        }
        .seal(&Secret::new("a secret"));
        assert_eq!(open(&eternal, 1_000), Err(TicketError::Expired));
    }

    #[test]
    fn another_secret_makes_another_ticket() {
        let text = ticket().seal(&Secret::new("another secret"));
        assert_eq!(open(&text, 1_000), Err(TicketError::Forged));
    }

    proptest! {
        #[test]
        fn no_text_opens_or_panics(text in ".{0,120}") {
            prop_assert!(open(&text, 1_000).is_err());
        }
    }
}
