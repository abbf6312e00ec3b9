//! The forms Twilio posts about a call, and how to write them for a simulated Twilio.
//!
//! Check the [signature](crate::signature) over the whole [`Form`] before believing any of this. Parameters that are not known here
//! are passed over: Twilio adds some without notice (Webhooks security). All of these may arrive more than once.

mod status;
mod vocabulary;

pub use status::CallStatusEvent;
pub use vocabulary::{AnsweredBy, CallStatus, Direction, UnknownWord};

use std::fmt;
use std::str::FromStr;

use crate::form::Form;
use crate::ids::{AccountSid, CallSid, Party, StreamSid};

/// Why a form is not the request it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// A parameter that always comes did not.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// A parameter is not what it should be.
    #[error("the parameter {name} is not valid: {problem}")]
    Invalid {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

/// The value, unless missing or empty: Twilio sends many an empty parameter.
fn filled<'a>(form: &'a Form, name: &str) -> Option<&'a str> {
    form.get(name).filter(|value| !value.is_empty())
}

fn optional<T: FromStr<Err: fmt::Display>>(
    form: &Form,
    name: &'static str,
) -> Result<Option<T>, FieldError> {
    let invalid = |problem: T::Err| FieldError::Invalid {
        name,
        problem: problem.to_string(),
    };
    filled(form, name)
        .map(|value| value.parse().map_err(invalid))
        .transpose()
}

fn required<T: FromStr<Err: fmt::Display>>(
    form: &Form,
    name: &'static str,
) -> Result<T, FieldError> {
    optional(form, name)?.ok_or(FieldError::Missing(name))
}

/// Must be there, but may be empty: then whoever it is does not want to be named.
fn party(form: &Form, name: &'static str) -> Result<Party, FieldError> {
    form.get(name)
        .map(Party::parse)
        .ok_or(FieldError::Missing(name))
}

fn owned(form: &Form, name: &str) -> Option<String> {
    filled(form, name).map(str::to_owned)
}

/// Twilio asks what a call shall do: at its beginning, and whenever an `action` comes due (`TwiML` for Programmable Voice,
/// request parameters). To be answered with `TwiML` within 15 seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceRequest {
    /// The call.
    pub call: CallSid,
    /// The account that owns it.
    pub account: AccountSid,
    /// Who calls. Withheld, forged and ill-formed numbers occur.
    pub from: Party,
    /// Who is called.
    pub to: Party,
    /// `ringing` on the first request of an inbound call, `in-progress` on that of a call made by API.
    pub status: CallStatus,
    /// Who began the call.
    pub direction: Direction,
    /// Who sent the call on, if the carrier says so.
    pub forwarded_from: Option<Party>,
    /// The caller's name; only where paid lookup is switched on.
    pub caller_name: Option<String>,
    /// The leg that dialled this one.
    pub parent_call: Option<CallSid>,
    /// Who or what answered, with answering machine detection that blocks the call.
    pub answered_by: Option<AnsweredBy>,
    /// Whether the caller's number was vouched for, such as `TN-Validation-Passed-A`.
    pub stir_verstat: Option<String>,
    /// What became of a `<Dial>`, in the request to its `action`: `completed`, `answered`, `busy`, `no-answer`, `failed` or `canceled`.
    pub dial_status: Option<String>,
}

impl VoiceRequest {
    /// Reads the request.
    ///
    /// # Errors
    /// Names the parameter that is missing or invalid.
    pub fn from_form(form: &Form) -> Result<Self, FieldError> {
        Ok(Self {
            call: required(form, "CallSid")?,
            account: required(form, "AccountSid")?,
            from: party(form, "From")?,
            to: party(form, "To")?,
            status: required(form, "CallStatus")?,
            direction: required(form, "Direction")?,
            forwarded_from: filled(form, "ForwardedFrom").map(Party::parse),
            caller_name: owned(form, "CallerName"),
            parent_call: optional(form, "ParentCallSid")?,
            answered_by: optional(form, "AnsweredBy")?,
            stir_verstat: owned(form, "StirVerstat"),
            dial_status: owned(form, "DialCallStatus"),
        })
    }

    /// Writes the request as Twilio would.
    #[must_use]
    pub fn to_form(&self) -> Form {
        let mut form = Form::new();
        form.push("AccountSid", self.account);
        form.push("ApiVersion", API_VERSION);
        form.push("CallSid", self.call);
        form.push("CallStatus", self.status);
        form.push("Called", &self.to);
        form.push("Caller", &self.from);
        form.push("Direction", self.direction);
        form.push("From", &self.from);
        form.push("To", &self.to);
        form.push_some("ForwardedFrom", self.forwarded_from.as_ref());
        form.push_some("CallerName", self.caller_name.as_ref());
        form.push_some("ParentCallSid", self.parent_call);
        form.push_some("AnsweredBy", self.answered_by);
        form.push_some("StirVerstat", self.stir_verstat.as_ref());
        form.push_some("DialCallStatus", self.dial_status.as_ref());
        form
    }
}

const API_VERSION: &str = "2010-04-01";

/// What became of a media stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamChange {
    /// The WebSocket is open.
    Started,
    /// The stream is over.
    Stopped,
    /// The stream failed; often because its WebSocket could not be opened, which nothing else tells.
    Failed {
        /// Twilio's words for it.
        error: String,
    },
}

/// The status callback of a media stream (`<Stream>`, `statusCallback`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEvent {
    /// The account that owns the call.
    pub account: AccountSid,
    /// The call.
    pub call: CallSid,
    /// The stream.
    pub stream: StreamSid,
    /// The name `TwiML` gave it, or else its SID.
    pub name: Option<String>,
    /// What happened.
    pub change: StreamChange,
    /// When, in ISO 8601.
    pub timestamp: Option<String>,
}

impl StreamEvent {
    /// Reads the callback.
    ///
    /// # Errors
    /// Names the parameter that is missing or invalid.
    pub fn from_form(form: &Form) -> Result<Self, FieldError> {
        let change = match filled(form, "StreamEvent") {
            Some("stream-started") => StreamChange::Started,
            Some("stream-stopped") => StreamChange::Stopped,
            Some("stream-error") => StreamChange::Failed {
                error: owned(form, "StreamError").unwrap_or_default(),
            },
            Some(_) => {
                let problem = "expected stream-started, stream-stopped or stream-error".to_owned();
                return Err(FieldError::Invalid {
                    name: "StreamEvent",
                    problem,
                });
            }
            None => return Err(FieldError::Missing("StreamEvent")),
        };
        Ok(Self {
            account: required(form, "AccountSid")?,
            call: required(form, "CallSid")?,
            stream: required(form, "StreamSid")?,
            name: owned(form, "StreamName"),
            change,
            timestamp: owned(form, "Timestamp"),
        })
    }

    /// Writes the callback as Twilio would.
    #[must_use]
    pub fn to_form(&self) -> Form {
        let mut form = Form::new();
        form.push("AccountSid", self.account);
        form.push("CallSid", self.call);
        form.push("StreamSid", self.stream);
        form.push_some("StreamName", self.name.as_ref());
        match &self.change {
            StreamChange::Started => form.push("StreamEvent", "stream-started"),
            StreamChange::Stopped => form.push("StreamEvent", "stream-stopped"),
            StreamChange::Failed { error } => {
                form.push("StreamEvent", "stream-error");
                form.push("StreamError", error);
            }
        }
        form.push_some("Timestamp", self.timestamp.as_ref());
        form
    }
}

/// The verdict of answering machine detection that does not block the call (Call resource, `AsyncAmdStatusCallback`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmdEvent {
    /// The call.
    pub call: CallSid,
    /// The account that owns it.
    pub account: AccountSid,
    /// The verdict.
    pub answered_by: AnsweredBy,
    /// How long the detection took, in milliseconds.
    pub detection_ms: Option<u64>,
}

impl AmdEvent {
    /// Reads the callback.
    ///
    /// # Errors
    /// Names the parameter that is missing or invalid.
    pub fn from_form(form: &Form) -> Result<Self, FieldError> {
        Ok(Self {
            call: required(form, "CallSid")?,
            account: required(form, "AccountSid")?,
            answered_by: required(form, "AnsweredBy")?,
            detection_ms: optional(form, "MachineDetectionDuration")?,
        })
    }

    /// Writes the callback as Twilio would.
    #[must_use]
    pub fn to_form(&self) -> Form {
        let mut form = Form::new();
        form.push("CallSid", self.call);
        form.push("AccountSid", self.account);
        form.push("AnsweredBy", self.answered_by);
        form.push_some("MachineDetectionDuration", self.detection_ms);
        form
    }
}
