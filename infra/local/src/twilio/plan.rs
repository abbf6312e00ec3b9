//! What a call is to do, and the news of it.

use ::twilio::Form;
use ::twilio::rest::{CallEvent, CreateCall, Instructions};
use ::twilio::webhook::{CallStatus, CallStatusEvent, Direction, VoiceRequest};

use super::date;
use super::event::{Webhook, What};
use super::leg::Leg;
use super::record::Record;

/// Where the instructions of a call come from.
#[derive(Debug)]
pub(super) enum Plan {
    /// Someone calls a number of the account.
    Inbound {
        /// None of a number that nobody configured.
        url: Option<String>,
        fallback: Option<String>,
        status_callback: Option<String>,
    },
    /// The REST API calls someone.
    Outbound(Box<CreateCall>),
}

/// Where the next document comes from.
#[derive(Debug)]
pub(super) enum Source {
    Url {
        webhook: Webhook,
        url: String,
        /// Parameters beside the usual ones.
        extra: Form,
    },
    Twiml(String),
}

impl Source {
    pub(super) fn ask(webhook: Webhook, url: impl Into<String>) -> Self {
        Self::Url {
            webhook,
            url: url.into(),
            extra: Form::new(),
        }
    }

    pub(super) fn from_instructions(instructions: Instructions, webhook: Webhook) -> Self {
        match instructions {
            Instructions::Url(url) => Self::ask(webhook, url),
            Instructions::Twiml(xml) => Self::Twiml(xml),
        }
    }
}

impl Plan {
    pub(super) fn fallback(&self) -> Option<&str> {
        match self {
            Self::Inbound { fallback, .. } => fallback.as_deref(),
            Self::Outbound(create) => create.fallback_url.as_deref(),
        }
    }

    pub(super) fn is_inbound(&self) -> bool {
        matches!(self, Self::Inbound { .. })
    }

    pub(super) fn time_limit_s(&self) -> Option<u32> {
        match self {
            Self::Inbound { .. } => None,
            Self::Outbound(create) => create.time_limit_s,
        }
    }

    /// How a call ends when the person on the telephone hangs up.
    pub(super) fn hung_up(&self, answered: bool) -> CallStatus {
        match self {
            _ if answered => CallStatus::Completed,
            Self::Inbound { .. } => CallStatus::NoAnswer,
            Self::Outbound(_) => CallStatus::Busy,
        }
    }

    /// Where the news of this status goes, and whether it is numbered.
    fn callback(&self, status: CallStatus) -> Option<(&str, bool)> {
        match self {
            Self::Inbound {
                status_callback, ..
            } => {
                let url = status_callback.as_deref().filter(|_| status.is_final());
                url.map(|url| (url, false))
            }
            Self::Outbound(create) => {
                let event = match status {
                    CallStatus::Queued => return None,
                    CallStatus::Initiated => CallEvent::Initiated,
                    CallStatus::Ringing => CallEvent::Ringing,
                    CallStatus::InProgress => CallEvent::Answered,
                    _ => CallEvent::Completed,
                };
                let events = &create.status_events;
                let wanted = if events.is_empty() {
                    event == CallEvent::Completed
                } else {
                    events.contains(&event)
                };
                let url = create.status_callback.as_deref().filter(|_| wanted);
                url.map(|url| (url, true))
            }
        }
    }
}

impl Leg {
    /// The call gets further. Callbacks are numbered by the status they tell of, whether or not others were asked for.
    pub(super) fn became(&mut self, status: CallStatus) {
        self.record.change(|resource| {
            resource.status = status;
            if status == CallStatus::InProgress {
                resource.start_time = Some(date::rfc_2822(date::now_s()));
            }
        });
        self.happened(What::Became(status));
        self.tell(status);
    }

    /// The call is over.
    pub(super) fn end(mut self, status: CallStatus) {
        self.close_all_streams();
        let duration = self.record.duration();
        let seconds = duration.as_secs();
        self.record.change(|resource| {
            resource.status = status;
            resource.end_time = Some(date::rfc_2822(date::now_s()));
            resource.duration_s = Some(seconds);
        });
        self.happened(What::Ended { status, duration });
        self.tell(status);
        self.courier.finish();
        self.record.done();
    }

    fn tell(&mut self, status: CallStatus) {
        let Some((url, numbered)) = self.plan.callback(status) else {
            return;
        };
        let url = url.to_owned();
        let form = self.status_form(status, numbered);
        self.courier.post(Webhook::Status, &url, form);
    }

    fn status_form(&self, status: CallStatus, numbered: bool) -> Form {
        let resource = self.record.resource();
        let mut event = CallStatusEvent::new(self.shared.account, self.record.sid, status);
        event.from = Some(self.record.from.clone());
        event.to = Some(self.record.to.clone());
        event.direction = resource.direction;
        event.answered_by = resource.answered_by;
        if numbered {
            event.sequence_number = Some(status.rank().saturating_sub(1).into());
            event.timestamp = Some(date::rfc_2822(date::now_s()));
        }
        if status.is_final() {
            let seconds = u32::try_from(resource.duration_s.unwrap_or(0)).unwrap_or(u32::MAX);
            event.call_duration_s = Some(seconds);
            if status == CallStatus::Completed {
                event.billed_min = Some(seconds.div_ceil(60).max(1));
            }
            event.sip_response_code = numbered.then_some(match status {
                CallStatus::Busy => 486,
                CallStatus::NoAnswer | CallStatus::Canceled => 487,
                CallStatus::Failed => 404,
                _ => 200,
            });
        }
        let mut form = event.to_form();
        push_places(&mut form, &self.record, &["Called", "To"]);
        form
    }

    /// The parameters of every request for instructions.
    pub(super) fn voice_form(&self) -> Form {
        let resource = self.record.resource();
        let inbound = self.plan.is_inbound();
        let request = VoiceRequest {
            call: self.record.sid,
            account: self.shared.account,
            from: self.record.from.clone(),
            to: self.record.to.clone(),
            status: resource.status,
            direction: resource.direction.unwrap_or(Direction::Inbound),
            forwarded_from: None,
            caller_name: None,
            parent_call: None,
            answered_by: resource.answered_by,
            stir_verstat: inbound.then(|| "TN-Validation-Passed-A".to_owned()),
            dial_status: None,
        };
        let mut form = request.to_form();
        if inbound {
            let token = r#"{"parentCallInfoToken":"simulated","identityHeaderTokens":[]}"#;
            form.push("CallToken", token);
        }
        push_places(&mut form, &self.record, &["Called", "Caller", "From", "To"]);
        form
    }
}

/// Where a number is from: always sent, and nearly always empty.
fn push_places(form: &mut Form, record: &Record, parties: &[&str]) {
    for party in parties {
        let number = match *party {
            "Called" | "To" => record.to.number(),
            _ => record.from.number(),
        };
        let american = number.is_some_and(|number| number.as_str().starts_with("+1"));
        form.push(format!("{party}City"), "");
        form.push(format!("{party}Country"), if american { "US" } else { "" });
        form.push(format!("{party}State"), "");
        form.push(format!("{party}Zip"), "");
    }
}
