use super::{
    API_VERSION, AnsweredBy, CallStatus, Direction, FieldError, filled, optional, owned, required,
};
use crate::form::Form;
use crate::ids::{AccountSid, CallSid, Party};

/// A call's status callback (Call resource, `StatusCallback`). They arrive in any order, sometimes twice and sometimes not at
/// all: order them by `sequence_number`, and move only [forward](CallStatus::advance).
///
/// A number's own callback, at the end of an inbound call, has neither `sequence_number` nor `timestamp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallStatusEvent {
    /// The call.
    pub call: CallSid,
    /// The account that owns it.
    pub account: AccountSid,
    /// Where the call stood when this was sent.
    pub status: CallStatus,
    /// Who called.
    pub from: Option<Party>,
    /// Who was called.
    pub to: Option<Party>,
    /// Who began the call.
    pub direction: Option<Direction>,
    /// The leg that dialled this one.
    pub parent_call: Option<CallSid>,
    /// Place among the events of the call, from 0.
    pub sequence_number: Option<u64>,
    /// When it happened, in RFC 2822, such as `Tue, 06 Oct 2026 10:00:00 +0000`.
    pub timestamp: Option<String>,
    /// How long the call was, in seconds. Final events only.
    pub call_duration_s: Option<u32>,
    /// What is billed, in minutes. Completed calls only.
    pub billed_min: Option<u32>,
    /// The last answer of the far end: 487 rang too long, 404 not reachable. Final events only.
    pub sip_response_code: Option<u16>,
    /// Who or what answered, with answering machine detection.
    pub answered_by: Option<AnsweredBy>,
}

impl CallStatusEvent {
    /// An event that says no more than it must.
    #[must_use]
    pub const fn new(account: AccountSid, call: CallSid, status: CallStatus) -> Self {
        Self {
            call,
            account,
            status,
            from: None,
            to: None,
            direction: None,
            parent_call: None,
            sequence_number: None,
            timestamp: None,
            call_duration_s: None,
            billed_min: None,
            sip_response_code: None,
            answered_by: None,
        }
    }

    /// Reads the callback.
    ///
    /// # Errors
    /// Names the parameter that is missing or invalid.
    pub fn from_form(form: &Form) -> Result<Self, FieldError> {
        Ok(Self {
            call: required(form, "CallSid")?,
            account: required(form, "AccountSid")?,
            status: required(form, "CallStatus")?,
            from: filled(form, "From").map(Party::parse),
            to: filled(form, "To").map(Party::parse),
            direction: optional(form, "Direction")?,
            parent_call: optional(form, "ParentCallSid")?,
            sequence_number: optional(form, "SequenceNumber")?,
            timestamp: owned(form, "Timestamp"),
            call_duration_s: optional(form, "CallDuration")?,
            billed_min: optional(form, "Duration")?,
            sip_response_code: optional(form, "SipResponseCode")?,
            answered_by: optional(form, "AnsweredBy")?,
        })
    }

    /// Writes the callback as Twilio would.
    #[must_use]
    pub fn to_form(&self) -> Form {
        let mut form = Form::new();
        form.push("AccountSid", self.account);
        form.push("ApiVersion", API_VERSION);
        form.push_some("CallDuration", self.call_duration_s);
        form.push("CallSid", self.call);
        form.push("CallStatus", self.status);
        if self.sequence_number.is_some() {
            form.push("CallbackSource", "call-progress-events");
        }
        form.push_some("Called", self.to.as_ref());
        form.push_some("Caller", self.from.as_ref());
        form.push_some("Direction", self.direction);
        form.push_some("Duration", self.billed_min);
        form.push_some("From", self.from.as_ref());
        form.push_some("ParentCallSid", self.parent_call);
        form.push_some("SequenceNumber", self.sequence_number);
        form.push_some("SipResponseCode", self.sip_response_code);
        form.push_some("Timestamp", self.timestamp.as_ref());
        form.push_some("To", self.to.as_ref());
        form.push_some("AnsweredBy", self.answered_by);
        form
    }
}
