use std::str::FromStr;

use super::{
    CallResource, HttpRequest, INLINE_TWIML_CHARS_MAX, RequestError, RestError, account_path,
    outcome,
};
use crate::form::Form;
use crate::ids::{AccountSid, Party, PhoneNumber};

/// What a call shall do once it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instructions {
    /// Ask there: an absolute URL, to which Twilio posts a [`VoiceRequest`](crate::webhook::VoiceRequest).
    Url(String),
    /// This `TwiML`, of at most [`INLINE_TWIML_CHARS_MAX`] characters, with absolute URLs only (error 15004).
    Twiml(String),
}

impl Instructions {
    pub(super) fn push(&self, form: &mut Form) -> Result<(), RequestError> {
        match self {
            Self::Url(url) => form.push("Url", url),
            Self::Twiml(xml) => {
                let chars = xml.chars().count();
                if chars > INLINE_TWIML_CHARS_MAX {
                    return Err(RequestError::TwimlTooLong { chars });
                }
                form.push("Twiml", xml);
            }
        }
        Ok(())
    }

    /// What a simulated Twilio reads. With both, the URL counts (warning 32019).
    pub(super) fn from_form(form: &Form) -> Result<Option<Self>, RestError> {
        match (form.get("Url"), form.get("Twiml")) {
            (Some(url), _) if absolute(url) => Ok(Some(Self::Url(url.to_owned()))),
            (Some(_), _) => Err(RestError::new(400, 21205, "Url is not a valid URL")),
            (None, Some(xml)) if xml.chars().count() > INLINE_TWIML_CHARS_MAX => Err(
                RestError::new(400, 32018, "Twiml is longer than 4000 characters"),
            ),
            (None, Some(xml)) => Ok(Some(Self::Twiml(xml.to_owned()))),
            (None, None) => Ok(None),
        }
    }
}

pub(super) fn absolute(url: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| url.starts_with(scheme) && url.len() > scheme.len())
}

/// What a status callback can be asked for. The words differ from those of [`CallStatus`](crate::webhook::CallStatus).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallEvent {
    /// Being dialled.
    Initiated,
    /// Ringing.
    Ringing,
    /// Answered; the callback says `in-progress`.
    Answered,
    /// Over, in whatever way.
    Completed,
}

impl CallEvent {
    /// All there are.
    pub const ALL: [Self; 4] = [
        Self::Initiated,
        Self::Ringing,
        Self::Answered,
        Self::Completed,
    ];

    /// The word of the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::Answered => "answered",
            Self::Completed => "completed",
        }
    }
}

/// Whether a person or a machine answered. Billed by the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineDetection {
    /// Wait for the end of a machine's message, rather than decide as soon as possible.
    pub until_message_ends: bool,
    /// Where to post the verdict while the call goes on. Without it the call says nothing until there is one.
    pub callback: Option<String>,
}

/// Calls someone (Call resource, create).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateCall {
    /// Whom.
    pub to: Party,
    /// Who seems to call: a number of the account, or one it has verified.
    pub from: PhoneNumber,
    /// What to do once answered.
    pub instructions: Instructions,
    /// Where to ask if the instructions fail.
    pub fallback_url: Option<String>,
    /// Where to post what becomes of the call. Its host name must not contain `_`.
    pub status_callback: Option<String>,
    /// What to post there; `completed` alone if empty.
    pub status_events: Vec<CallEvent>,
    /// How long it rings, in seconds, up to 600; 60 if not said.
    pub timeout_s: Option<u32>,
    /// How long the call may be, in seconds.
    pub time_limit_s: Option<u32>,
    /// Keys to press once answered: up to 32 of `0`–`9`, `A`–`D`, `*`, `#`, `w` (half a second) and `W` (a second). Switches
    /// machine detection off.
    pub send_digits: Option<String>,
    /// Whether to find out who answered.
    pub machine_detection: Option<MachineDetection>,
}

impl CreateCall {
    /// A call with nothing more said than must be.
    #[must_use]
    pub const fn new(to: Party, from: PhoneNumber, instructions: Instructions) -> Self {
        Self {
            to,
            from,
            instructions,
            fallback_url: None,
            status_callback: None,
            status_events: Vec::new(),
            timeout_s: None,
            time_limit_s: None,
            send_digits: None,
            machine_detection: None,
        }
    }

    /// The request. There is no idempotency key: after a lost answer the telephone may be ringing, so do not send it again.
    ///
    /// # Errors
    /// What Twilio would refuse.
    pub fn request(&self, account: &AccountSid) -> Result<HttpRequest, RequestError> {
        match self.to {
            Party::Number(_) | Party::Sip(_) | Party::Client(_) => {}
            Party::Withheld | Party::Other(_) => return Err(RequestError::NotCallable),
        }
        if let Some(timeout_s) = self
            .timeout_s
            .filter(|timeout_s| *timeout_s > TIMEOUT_S_MAX)
        {
            return Err(RequestError::RingsTooLong { timeout_s });
        }
        let mut form = Form::new();
        form.push("To", &self.to);
        form.push("From", &self.from);
        self.instructions.push(&mut form)?;
        form.push_some("FallbackUrl", self.fallback_url.as_ref());
        form.push_some("StatusCallback", self.status_callback.as_ref());
        for event in &self.status_events {
            form.push("StatusCallbackEvent", event.as_str());
        }
        form.push_some("Timeout", self.timeout_s);
        form.push_some("TimeLimit", self.time_limit_s);
        form.push_some("SendDigits", self.send_digits.as_ref());
        if let Some(detection) = &self.machine_detection {
            let mode = if detection.until_message_ends {
                DETECT_MESSAGE_END
            } else {
                "Enable"
            };
            form.push("MachineDetection", mode);
            if let Some(callback) = &detection.callback {
                form.push("AsyncAmd", "true");
                form.push("AsyncAmdStatusCallback", callback);
            }
        }
        Ok(HttpRequest::post(
            account_path(account, "Calls.json"),
            &form,
        ))
    }

    /// What the answer means: 201 and the call, which may still wait to be dialled.
    ///
    /// # Errors
    /// Any other answer.
    pub fn outcome(status: u16, body: &[u8]) -> Result<CallResource, RestError> {
        outcome(status, body)
    }

    /// Reads the body of the request, for a simulated Twilio.
    ///
    /// # Errors
    /// As Twilio answers: 21201 and 21211 for `To`, 21213 and 21212 for `From`, 21205 and 32018 for what to do, 21609 for the
    /// callback.
    pub fn from_form(form: &Form) -> Result<Self, RestError> {
        let bad = |code, message: &str| RestError::new(400, code, message);
        let to = Party::parse(
            form.get("To")
                .ok_or_else(|| bad(21201, "No 'To' number is specified"))?,
        );
        if matches!(to, Party::Withheld | Party::Other(_)) {
            return Err(bad(21211, "Invalid 'To' Phone Number"));
        }
        let from = form
            .get("From")
            .ok_or_else(|| bad(21213, "'From' phone number is required"))?;
        let from = from
            .parse()
            .map_err(|_| bad(21212, "Invalid 'From' Phone Number"))?;
        let instructions = Instructions::from_form(form)?
            .ok_or_else(|| bad(21205, "Url parameter is required"))?;
        let status_callback = form.get("StatusCallback").map(str::to_owned);
        if status_callback.as_deref().is_some_and(|url| !absolute(url)) {
            return Err(bad(21609, "Invalid 'StatusCallback' URL"));
        }
        let events = form.get_all("StatusCallbackEvent");
        let machine_detection = form.get("MachineDetection").map(|mode| MachineDetection {
            until_message_ends: mode == DETECT_MESSAGE_END,
            callback: form.get("AsyncAmdStatusCallback").map(str::to_owned),
        });
        Ok(Self {
            to,
            from,
            instructions,
            fallback_url: form.get("FallbackUrl").map(str::to_owned),
            status_callback,
            // Unknown words, such as several in one value, are passed over: that is how events get lost.
            status_events: events
                .filter_map(|word| {
                    CallEvent::ALL
                        .into_iter()
                        .find(|event| event.as_str() == word)
                })
                .collect(),
            timeout_s: seconds(form, "Timeout")?.map(|timeout_s: u32| timeout_s.min(TIMEOUT_S_MAX)),
            time_limit_s: seconds(form, "TimeLimit")?,
            send_digits: form.get("SendDigits").map(str::to_owned),
            machine_detection,
        })
    }
}

const TIMEOUT_S_MAX: u32 = 600;
const DETECT_MESSAGE_END: &str = "DetectMessageEnd";

fn seconds<T: FromStr>(form: &Form, name: &str) -> Result<Option<T>, RestError> {
    let invalid = |_| RestError {
        status: 400,
        code: None,
        message: format!("{name} is not a whole number"),
        retry: false,
    };
    form.get(name)
        .map(|value| value.parse().map_err(invalid))
        .transpose()
}
