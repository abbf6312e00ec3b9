//! One call, from the telephone's side of it: what a caller can do, and what came of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::twilio::rest::{CallResource, Instructions};
use ::twilio::webhook::CallStatus;
use ::twilio::{CallSid, Party};
use tokio::sync::mpsc::UnboundedSender;

use super::event::{Event, Events, What};
use super::record::Record;

/// What the task of a call is told to do.
#[derive(Debug)]
pub(super) enum Order {
    Speak(Vec<u8>),
    StopSpeaking,
    Key(char),
    HangUp,
    DropSocket,
    LoseFrames(u32),
    OmitSilence(bool),
    SendText(String),
    SendBinary(Vec<u8>),
    /// From the REST API.
    Update(Instructions),
    Complete,
    Cancel,
}

/// A call. Clones are the same call; dropping them all does not end it.
#[derive(Clone)]
pub struct Call {
    pub(super) record: Arc<Record>,
    pub(super) orders: UnboundedSender<Order>,
}

impl Call {
    /// Its name.
    #[must_use]
    pub fn sid(&self) -> CallSid {
        self.record.sid
    }

    /// Who calls.
    #[must_use]
    pub fn from(&self) -> &Party {
        &self.record.from
    }

    /// Who is called.
    #[must_use]
    pub fn to(&self) -> &Party {
        &self.record.to
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> CallStatus {
        self.record.resource().status
    }

    /// As the REST API shows it.
    #[must_use]
    pub fn resource(&self) -> CallResource {
        self.record.resource()
    }

    /// Queues what the person on the telephone says: μ-law, 8000 bytes a second. It goes out from the next frame on, behind what was
    /// queued before, each utterance beginning with a frame of its own. Before the call is answered it waits.
    pub fn speak(&self, sound: impl Into<Vec<u8>>) {
        let sound = sound.into();
        if !sound.is_empty() {
            self.record.utterance_queued();
            self.order(Order::Speak(sound));
        }
    }

    /// Whether anything that was queued has not gone out yet.
    #[must_use]
    pub fn is_speaking(&self) -> bool {
        self.record.is_speaking()
    }

    /// Falls silent with the next frame, in mid-word.
    pub fn stop_speaking(&self) {
        self.order(Order::StopSpeaking);
    }

    /// Presses a key: `0`–`9`, `*`, `#`, `A`–`D`.
    pub fn key(&self, digit: char) {
        self.order(Order::Key(digit));
    }

    /// The person on the telephone hangs up.
    pub fn hang_up(&self) {
        self.order(Order::HangUp);
    }

    /// Fault: cuts the connection of the two-way stream, without `stop` and without a closing handshake. The call goes on as Twilio
    /// goes on, with the `action` of the `<Connect>`.
    pub fn drop_socket(&self) {
        self.order(Order::DropSocket);
    }

    /// Fault: the next frames are never sent, though time goes on.
    pub fn lose_frames(&self, frames: u32) {
        self.order(Order::LoseFrames(frames));
    }

    /// From now on frames of silence are sent, or not.
    pub fn omit_silence(&self, omit: bool) {
        self.order(Order::OmitSilence(omit));
    }

    /// Fault: sends any text to the server at the end of the two-way stream.
    pub fn send_text(&self, text: impl Into<String>) {
        self.order(Order::SendText(text.into()));
    }

    /// Fault: sends any bytes to the server at the end of the two-way stream.
    pub fn send_binary(&self, bytes: impl Into<Vec<u8>>) {
        self.order(Order::SendBinary(bytes.into()));
    }

    /// All that happens on this call, from its beginning.
    #[must_use]
    pub fn events(&self) -> Events {
        Events::new(Arc::clone(&self.record))
    }

    /// Waits for an event, past or to come, for which `wanted` has an answer. None if the call is over without one.
    pub async fn find<T>(&self, wanted: impl FnMut(&Event) -> Option<T>) -> Option<T> {
        self.events().find(wanted).await
    }

    /// All that happened so far.
    #[must_use]
    pub fn log(&self) -> Vec<Event> {
        self.record.log()
    }

    /// Waits for the end of the call: how it ended, and how long it was since it was answered.
    pub async fn ended(&self) -> (CallStatus, Duration) {
        let ending = |event: &Event| match &event.what {
            What::Ended { status, duration } => Some((*status, *duration)),
            _ => None,
        };
        let found = self.find(ending).await;
        found.unwrap_or((CallStatus::Failed, Duration::ZERO))
    }

    /// Waits until the call is over and all callbacks are delivered.
    pub async fn settled(&self) {
        self.find(|_| None::<()>).await;
    }

    /// How long after dialling the call was answered, which is where its recording begins.
    #[must_use]
    pub fn answered_at(&self) -> Option<Duration> {
        self.record.answered_at()
    }

    /// What was said so far, in μ-law: the caller, and the bot as it was heard. Both from the answer on.
    #[must_use]
    pub fn sound(&self) -> (Vec<u8>, Vec<u8>) {
        self.record.sound()
    }

    /// What the caller has heard from that sample on: for whoever listens while the call goes on.
    #[must_use]
    pub fn heard_from(&self, sample: usize) -> Vec<u8> {
        self.record.heard_from(sample)
    }

    /// The same as a WAV file of 16-bit samples: the caller left, the bot right.
    #[must_use]
    pub fn recording(&self) -> Vec<u8> {
        let (caller, bot) = self.record.sound();
        audio::wav::stereo(audio::wav::Sound::Pcm16, &caller, &bot)
    }

    /// False if the call is over.
    pub(super) fn order(&self, order: Order) -> bool {
        self.orders.send(order).is_ok()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Call({}, {})", self.sid(), self.status())
    }
}
