//! Twilio's callbacks: of a call's progress, of answering machine detection, of media streams.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use contract::{Answerer, Do, Order, Source};
use tracing::Instrument as _;
use twilio::webhook::{
    AmdEvent, AnsweredBy, CallStatus, CallStatusEvent, StreamChange, StreamEvent,
};
use twilio::{CallSid, rest};

use super::Status;
use crate::Refusal;
use crate::carrier::DialError;
use crate::door::{Webhook, twilio_request};
use crate::edge::EdgeError;
use crate::hook::unreachable;
use crate::store::{DialId, News, Note, Progress};
use crate::voice::misread;

/// Longest words of Twilio's that are kept, in characters.
const DETAIL_CHARS_MAX: usize = 300;

pub(super) async fn call(
    State(status): State<Arc<Status>>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let webhook = twilio_request(&status.keyring, request).await?;
    let now_ms = (status.clock)();
    if webhook.form.get("CallStatus").is_none() && webhook.form.get("AnsweredBy").is_some() {
        let verdict = AmdEvent::from_form(&webhook.form).map_err(|error| misread(&error))?;
        let source = Source {
            ip: webhook.ip,
            sid: verdict.call.to_string(),
        };
        let note = machine(&verdict, source, now_ms);
        status.store.calls.noted(&note).await?;
        status.tell_who_answered(&verdict).await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    let event = CallStatusEvent::from_form(&webhook.form).map_err(|error| misread(&error))?;
    let dial = webhook.query.get("dial").and_then(DialId::parse);
    let span = tracing::info_span!("call_status", call_sid = %event.call);
    status
        .progressed(event, dial, &webhook)
        .instrument(span)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Status {
    async fn progressed(
        &self,
        event: CallStatusEvent,
        dial: Option<DialId>,
        webhook: &Webhook,
    ) -> Result<(), Refusal> {
        tracing::info!(status = %event.status, sequence = event.sequence_number, "told");
        let now_ms = (self.clock)();
        if let Some(dial) = dial {
            self.dialled(&dial, &event, now_ms).await?;
        }
        let progress = Progress {
            sequence: event.sequence_number,
            from: event.from,
            to: event.to,
            direction: event.direction,
            duration_s: event.call_duration_s,
            sip_response_code: event.sip_response_code,
            answered_by: event.answered_by,
            timestamp: event.timestamp,
            source: Source {
                ip: webhook.ip.clone(),
                sid: event.call.to_string(),
            },
            ..Progress::new(event.call.into(), event.account, event.status, now_ms)
        };
        self.follow(&progress, &webhook.origin).await
    }

    /// A call that we placed. If the answer to that was lost, or is still on its way, nobody has told yet whose it is: the
    /// order does.
    async fn dialled(
        &self,
        id: &DialId,
        event: &CallStatusEvent,
        now_ms: u64,
    ) -> Result<(), Refusal> {
        let call = event.call.into();
        self.store.dials.joined(id, &call).await?;
        let known = self.store.calls.call(&call).await?;
        if known.is_some_and(|(entry, _)| entry.tenant.is_some()) {
            return Ok(());
        }
        let Some(dial) = self.store.dials.dial(id).await? else {
            return Ok(());
        };
        // As nothing more than ordered: what the callback tells counts then as what is new.
        let opened = dial.opened(call, event.account, CallStatus::Queued, now_ms);
        self.store.calls.open(&opened).await?;
        Ok(())
    }

    /// The bot of a call that we placed has a policy for machines, which the edge carries out.
    async fn tell_who_answered(&self, verdict: &AmdEvent) -> Result<(), Refusal> {
        let by = match verdict.answered_by {
            AnsweredBy::Human => Answerer::Human,
            AnsweredBy::MachineStart => Answerer::Machine,
            AnsweredBy::MachineEndBeep
            | AnsweredBy::MachineEndSilence
            | AnsweredBy::MachineEndOther => Answerer::MachineRecords,
            AnsweredBy::Fax => Answerer::Fax,
            AnsweredBy::Unknown => Answerer::Unknown,
        };
        let order = Order {
            id: format!("answered-{}", verdict.answered_by),
            order: Do::Answered { by },
        };
        match self.edge.order(&verdict.call.into(), &order).await {
            // Who refuses is over, or was never answered by a bot.
            Ok(_)
            | Err(EdgeError::Refused {
                status: 404 | 409, ..
            }) => Ok(()),
            Err(error) => Err(unreachable(&error)),
        }
    }
}

fn machine(verdict: &AmdEvent, source: Source, now_ms: u64) -> Note {
    let detail = verdict
        .detection_ms
        .map(|ms| format!("after {ms} ms"))
        .unwrap_or_default();
    let news = News {
        name: format!("answered-by-{}", verdict.answered_by),
        detail,
        timestamp: None,
        at_ms: now_ms,
        duration_s: None,
        source,
    };
    Note {
        call: verdict.call.into(),
        key: "amd".to_owned(),
        news,
        answered_by: Some(verdict.answered_by),
        now_ms,
    }
}

pub(super) async fn stream(
    State(status): State<Arc<Status>>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let webhook = twilio_request(&status.keyring, request).await?;
    let event = StreamEvent::from_form(&webhook.form).map_err(|error| misread(&error))?;
    let span =
        tracing::info_span!("stream_status", call_sid = %event.call, stream_sid = %event.stream);
    let told = async {
        if let Some(url) = webhook.query.get("resume")
            && event.change != StreamChange::Started
        {
            status.resume(event.call, url).await;
        }
        status.streamed(event, &webhook).await
    };
    told.instrument(span).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Status {
    /// A one-way stream has ended, of which the call itself takes no notice: it is sent where that is answered. Twilio signed
    /// the URL with its callback.
    async fn resume(&self, call: CallSid, url: &str) {
        let update = rest::UpdateCall {
            call,
            change: rest::CallChange::Instructions(rest::Instructions::Url(url.to_owned())),
        };
        match self.carrier.update(&update).await {
            Ok(_) => (),
            // It ended with its stream.
            Err(DialError::Refused(error)) if error.is_not_in_progress() || error.status == 404 => {
            }
            Err(error) => {
                // The call asks by itself, a little later.
                tracing::error!(code = "resume_failed", %error, "the call does not know that its stream has ended");
            }
        }
    }

    async fn streamed(&self, event: StreamEvent, webhook: &Webhook) -> Result<(), Refusal> {
        let (name, detail) = match event.change {
            StreamChange::Started => ("stream-started", String::new()),
            StreamChange::Stopped => ("stream-stopped", String::new()),
            StreamChange::Failed { error } => (
                "stream-error",
                error.chars().take(DETAIL_CHARS_MAX).collect(),
            ),
        };
        if name == "stream-error" {
            tracing::error!(
                code = "stream_failed",
                detail,
                "Twilio could not open or keep the stream"
            );
        }
        let now_ms = (self.clock)();
        let source = Source {
            ip: webhook.ip.clone(),
            sid: event.stream.to_string(),
        };
        if name == "stream-started" {
            // Nothing else tells that an inbound call was answered.
            let answered = CallStatus::InProgress;
            let progress = Progress {
                source: source.clone(),
                ..Progress::new(event.call.into(), event.account, answered, now_ms)
            };
            self.follow(&progress, &webhook.origin).await?;
        }
        let note = Note {
            call: event.call.into(),
            key: format!("{}-{}", event.stream, name),
            news: News {
                name: name.to_owned(),
                detail,
                timestamp: event.timestamp,
                at_ms: now_ms,
                duration_s: None,
                source,
            },
            answered_by: None,
            now_ms,
        };
        Ok(self.store.calls.noted(&note).await?)
    }
}
