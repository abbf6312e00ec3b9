use super::{
    CallResource, HttpRequest, Instructions, RequestError, RestError, account_path, outcome,
};
use crate::form::Form;
use crate::ids::{AccountSid, CallSid};

/// What to do with a call that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallChange {
    /// Leave what it does now, a media stream included, and do this.
    Instructions(Instructions),
    /// End it, whether it rings or talks.
    HangUp,
    /// Call it off, unless it has been answered.
    Cancel,
}

/// Changes a call (Call resource, update).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateCall {
    /// Which.
    pub call: CallSid,
    /// How.
    pub change: CallChange,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallUpdate {
    /// Twilio took it.
    Done(Box<CallResource>),
    /// There was nothing left to end. That is what was wanted.
    AlreadyEnded,
}

impl UpdateCall {
    /// The request.
    ///
    /// # Errors
    /// What Twilio would refuse.
    pub fn request(&self, account: &AccountSid) -> Result<HttpRequest, RequestError> {
        let mut form = Form::new();
        match &self.change {
            CallChange::Instructions(instructions) => instructions.push(&mut form)?,
            CallChange::HangUp => form.push("Status", "completed"),
            CallChange::Cancel => form.push("Status", "canceled"),
        }
        Ok(HttpRequest::post(
            account_path(account, &format!("Calls/{}.json", self.call)),
            &form,
        ))
    }

    /// What the answer means. To end a call that is not in progress (21220) or not known any more (20404) is no failure.
    ///
    /// # Errors
    /// Any other answer. A new instruction may be refused with 21220 for a moment after the call was answered; see
    /// [`RestError::is_not_in_progress`].
    pub fn outcome(&self, status: u16, body: &[u8]) -> Result<CallUpdate, RestError> {
        match outcome(status, body) {
            Ok(call) => Ok(CallUpdate::Done(Box::new(call))),
            Err(error) => match (&self.change, error.code) {
                (CallChange::HangUp | CallChange::Cancel, Some(21220 | 20404)) => {
                    Ok(CallUpdate::AlreadyEnded)
                }
                _ => Err(error),
            },
        }
    }

    /// Reads the body of the request, for a simulated Twilio.
    ///
    /// # Errors
    /// As Twilio answers: 21205 and 32018 for the instructions. A form without any is refused too.
    pub fn from_form(call: CallSid, form: &Form) -> Result<Self, RestError> {
        let change = match form.get("Status") {
            Some("completed") => CallChange::HangUp,
            Some("canceled") => CallChange::Cancel,
            Some(_) => return Err(refused("Status must be completed or canceled")),
            None => match Instructions::from_form(form)? {
                Some(instructions) => CallChange::Instructions(instructions),
                None => return Err(refused("one of Url, Twiml and Status is required")),
            },
        };
        Ok(Self { call, change })
    }
}

fn refused(message: &str) -> RestError {
    RestError {
        status: 400,
        code: None,
        message: message.to_owned(),
        retry: false,
    }
}

/// Asks how a call stands (Call resource, fetch).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchCall {
    /// Which.
    pub call: CallSid,
}

impl FetchCall {
    /// The request.
    #[must_use]
    pub fn request(&self, account: &AccountSid) -> HttpRequest {
        HttpRequest::get(account_path(account, &format!("Calls/{}.json", self.call)))
    }

    /// What the answer means.
    ///
    /// # Errors
    /// Any answer but 200.
    pub fn outcome(status: u16, body: &[u8]) -> Result<CallResource, RestError> {
        outcome(status, body)
    }
}
