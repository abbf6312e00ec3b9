//! A call until it is answered, and who may keep it from that.

use std::time::Duration;

use ::twilio::rest::CreateCall;
use ::twilio::webhook::{AmdEvent, CallStatus};

use super::event::{Webhook, What};
use super::leg::{Interrupt, Leg};
use super::options::{Callee, Reaction};
use super::plan::{Plan, Source};
use super::sound;

/// How long it rings if the request does not say, in seconds.
const RING_S: u32 = 60;

impl Leg {
    /// The whole call.
    pub(super) async fn run(mut self) {
        let status = match self.dial().await {
            Ok(source) => self.converse(source).await,
            Err(Interrupt::End(status)) => status,
            // Only a call in progress can be given something else to do.
            Err(Interrupt::Update(_)) => CallStatus::Failed,
        };
        self.end(status);
    }

    async fn dial(&mut self) -> Result<Source, Interrupt> {
        if let Plan::Inbound { url, .. } = &self.plan {
            let url = url.clone().unwrap_or_default();
            self.became(CallStatus::Ringing);
            let ring_ms = self.shared.behaviour().ring_ms;
            self.wait(Duration::from_millis(ring_ms)).await?;
            return Ok(Source::ask(Webhook::Voice, url));
        }
        self.call_out().await
    }

    async fn call_out(&mut self) -> Result<Source, Interrupt> {
        let callee = self.shared.callee(self.record.to.number());
        let timeout_s = self.created(|create| create.timeout_s).flatten();
        let timeout = Duration::from_secs(timeout_s.unwrap_or(RING_S).into());
        self.became(CallStatus::Initiated);
        if callee.reaction == Reaction::Unreachable {
            return Err(Interrupt::End(CallStatus::Failed));
        }
        self.became(CallStatus::Ringing);
        if let Err(status) = self.ring(callee.reaction, timeout).await? {
            return Err(Interrupt::End(status));
        }
        self.pick_up();
        self.press_keys().await?;
        self.detect(&callee).await?;
        let instructions = self.created(|create| create.instructions.clone());
        let instructions = instructions.ok_or(Interrupt::End(CallStatus::Failed))?;
        Ok(Source::from_instructions(instructions, Webhook::Voice))
    }

    fn created<T>(&self, read: impl FnOnce(&CreateCall) -> T) -> Option<T> {
        match &self.plan {
            Plan::Outbound(create) => Some(read(create)),
            Plan::Inbound { .. } => None,
        }
    }

    /// Lets it ring, as long as they let it; or how it ended instead of with an answer.
    pub(super) async fn ring(
        &mut self,
        reaction: Reaction,
        timeout: Duration,
    ) -> Result<Result<(), CallStatus>, Interrupt> {
        let (after, outcome) = match reaction {
            Reaction::Answers { after_ms } => (Duration::from_millis(after_ms), Ok(())),
            Reaction::Busy { after_ms } => (Duration::from_millis(after_ms), Err(CallStatus::Busy)),
            Reaction::NoAnswer => (Duration::MAX, Err(CallStatus::NoAnswer)),
            Reaction::Unreachable => (Duration::ZERO, Err(CallStatus::Failed)),
        };
        self.wait(after.min(timeout)).await?;
        Ok(if after > timeout {
            Err(CallStatus::NoAnswer)
        } else {
            outcome
        })
    }

    async fn press_keys(&mut self) -> Result<(), Interrupt> {
        let Some(keys) = self.created(|create| create.send_digits.clone()).flatten() else {
            return Ok(());
        };
        let tones = sound::keys(&keys);
        self.happened(What::Played { what: keys });
        self.play(tones).await
    }

    /// Finds out who answered: now, if there is nowhere to tell it later.
    async fn detect(&mut self, callee: &Callee) -> Result<(), Interrupt> {
        let keys = self.created(|create| create.send_digits.is_some());
        let detection = self.created(|create| create.machine_detection.clone());
        let Some(detection) = detection.flatten().filter(|_| keys == Some(false)) else {
            return Ok(());
        };
        let answered_by = callee.answered_by;
        let wait = Duration::from_millis(callee.detection_ms);
        let Some(url) = detection.callback else {
            self.wait(wait).await?;
            self.record
                .change(|resource| resource.answered_by = Some(answered_by));
            return Ok(());
        };
        let form = AmdEvent {
            call: self.record.sid,
            account: self.shared.account,
            answered_by,
            detection_ms: Some(callee.detection_ms),
        };
        self.courier
            .post_after(wait, Webhook::MachineDetection, &url, form.to_form());
        let record = std::sync::Arc::clone(&self.record);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            record.change(|resource| resource.answered_by = Some(answered_by));
        });
        Ok(())
    }

    pub(super) async fn wait(&mut self, time: Duration) -> Result<(), Interrupt> {
        self.during(tokio::time::sleep(time)).await
    }
}
