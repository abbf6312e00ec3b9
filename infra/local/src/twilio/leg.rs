//! The task of one call: orders, the line's clock and the sockets of its streams, all in one place and in real time.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::twilio::StreamSid;
use ::twilio::media::{Outbound, Refusal};
use ::twilio::rest::Instructions;
use ::twilio::webhook::{CallStatus, StreamChange, StreamEvent};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::call::Order;
use super::carrier::Shared;
use super::client::Fault;
use super::courier::Courier;
use super::date;
use super::event::{Closer, Webhook, What};
use super::line::{Line, Passed};
use super::plan::Plan;
use super::playout::ms;
use super::record::Record;
use super::sid::Mint;
use super::stream::{Heard, Stream};

/// The longest call, in seconds, unless its time limit says less.
const CALL_S_MAX: u32 = 14_400;

pub(super) struct Leg {
    pub(super) shared: Arc<Shared>,
    pub(super) record: Arc<Record>,
    pub(super) plan: Plan,
    pub(super) courier: Courier,
    pub(super) mint: Mint,
    pub(super) line: Line,
    pub(super) streams: Vec<Stream>,
    orders: UnboundedReceiver<Order>,
    ends_at: Option<Instant>,
    /// Whether what waits to be heard is the bot's: it came over the stream or from a URL, and is neither words nor tones of
    /// Twilio's own.
    bot_sounds: bool,
    /// What the caller has pressed while a `<Gather>` listens.
    pub(super) gathered: Option<String>,
    keeps_sound: bool,
}

/// Why the verb that runs must stop.
#[derive(Debug)]
pub(super) enum Interrupt {
    /// The REST API has something else for the call to do.
    Update(Instructions),
    /// The call is over.
    End(CallStatus),
}

impl Leg {
    pub(super) fn new(
        shared: Arc<Shared>,
        record: Arc<Record>,
        plan: Plan,
        orders: UnboundedReceiver<Order>,
    ) -> Self {
        let mint = Mint::new(shared.mint.draw(), false);
        let letters = Mint::new(mint.draw(), false);
        let courier = Courier::new(Arc::clone(&shared), Arc::clone(&record), letters);
        let behaviour = shared.behaviour();
        Self {
            shared,
            record,
            plan,
            courier,
            mint,
            line: Line::new(behaviour.omit_silence),
            streams: Vec::new(),
            orders,
            ends_at: None,
            bot_sounds: false,
            gathered: None,
            keeps_sound: behaviour.record,
        }
    }

    pub(super) fn happened(&self, what: What) {
        self.record.happened(what);
    }

    pub(super) fn error(&self, fault: Fault) {
        let Fault { code, text } = fault;
        self.happened(What::Error { code, text });
    }

    pub(super) fn is_answered(&self) -> bool {
        self.line.due().is_some()
    }

    /// Picks up, unless that was done: the line's clock begins.
    pub(super) fn pick_up(&mut self) {
        if self.is_answered() {
            return;
        }
        self.record.answered();
        self.line.begin(Instant::now());
        let limit = self.plan.time_limit_s().unwrap_or(CALL_S_MAX);
        let limit = Duration::from_secs(limit.min(CALL_S_MAX).into());
        self.ends_at = Some(Instant::now() + limit);
        self.became(CallStatus::InProgress);
    }

    /// Does something that takes time, while the call goes on.
    pub(super) async fn during<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, Interrupt> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                turned = self.turn() => turned?,
            }
        }
    }

    /// One thing happens: an order, a frame of time, a message from a stream.
    pub(super) async fn turn(&mut self) -> Result<(), Interrupt> {
        let due = self.line.due();
        let streams = &mut self.streams;
        tokio::select! {
            // Time before messages: a flood must not stop the clock.
            biased;
            Some(order) = self.orders.recv() => self.obey(order),
            () = until(due) => self.tick(),
            (index, heard) = poll_fn(|context| look(streams, context)) => {
                self.hear(index, heard);
                Ok(())
            }
        }
    }

    fn obey(&mut self, order: Order) -> Result<(), Interrupt> {
        match order {
            Order::Speak(bytes) => self.line.speak(bytes),
            Order::StopSpeaking => {
                let (dropped, cut) = self.line.fall_silent();
                (0..dropped).for_each(|_| self.record.utterance_done());
                if let Some(utterance) = cut {
                    self.happened(What::CallerVoiceEnded { utterance });
                }
            }
            Order::Key(digit) => {
                self.happened(What::KeyPressed(digit));
                self.with_two_way(|stream| stream.key(digit));
                if let Some(gathered) = &mut self.gathered {
                    gathered.push(digit);
                }
            }
            Order::SendText(text) => self.with_two_way(|stream| stream.raw(Message::text(text))),
            Order::SendBinary(bytes) => {
                self.with_two_way(|stream| stream.raw(Message::binary(bytes)));
            }
            Order::LoseFrames(frames) => self.line.lose(frames),
            Order::OmitSilence(omit) => self.line.omit_silence = omit,
            Order::DropSocket => {
                if !self.streams.is_empty() {
                    self.stream_ended(0, Closer::Fault, None);
                }
            }
            Order::Update(instructions) => return Err(Interrupt::Update(instructions)),
            Order::HangUp => return Err(Interrupt::End(self.plan.hung_up(self.is_answered()))),
            Order::Complete if self.is_answered() => {
                return Err(Interrupt::End(CallStatus::Completed));
            }
            Order::Cancel if self.is_answered() => {}
            Order::Complete | Order::Cancel => return Err(Interrupt::End(CallStatus::Canceled)),
        }
        Ok(())
    }

    fn with_two_way(&mut self, act: impl FnOnce(&mut Stream)) {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.two_way) {
            act(stream);
        }
    }

    fn tick(&mut self) -> Result<(), Interrupt> {
        let now = Instant::now();
        while let Some(passed) = self.line.advance(now) {
            self.pass(passed);
        }
        if self.ends_at.is_some_and(|end| end <= now) {
            let text = "the call reached its time limit".to_owned();
            self.happened(What::Warning { code: 32015, text });
            return Err(Interrupt::End(CallStatus::Completed));
        }
        Ok(())
    }

    fn pass(&mut self, passed: Passed) {
        if self.keeps_sound {
            self.record.keep(&passed.caller, &passed.heard);
        }
        if let Some(utterance) = passed.began {
            self.happened(What::CallerVoiceStarted { utterance });
        }
        if passed.send {
            for stream in &mut self.streams {
                if !stream.media(passed.number, &passed.caller) && stream.warns_first(31930) {
                    let text = "Stream: buffer overflow: the server reads too slowly".to_owned();
                    self.record.happened(What::Warning { code: 31930, text });
                }
            }
        }
        if let Some(utterance) = passed.ended {
            self.record.utterance_done();
            self.happened(What::CallerVoiceEnded { utterance });
        }
        if passed.played.ended && std::mem::take(&mut self.bot_sounds) {
            self.happened(What::BotSilent);
        }
        for name in passed.played.marks {
            self.echo(name, true);
        }
    }

    fn echo(&mut self, name: String, heard: bool) {
        self.happened(What::MarkEchoed {
            name: name.clone(),
            heard,
        });
        self.with_two_way(|stream| stream.mark(name));
    }

    fn hear(&mut self, index: usize, heard: Heard) {
        let Some(stream) = self.streams.get_mut(index) else {
            return;
        };
        match heard {
            Heard::Closed => self.stream_ended(index, Closer::Server, None),
            Heard::Broken(fault) => self.stream_ended(index, Closer::Broken, Some(fault)),
            Heard::Binary => self.refuse(index, Refusal::Binary),
            // Nothing can be said to a one-way stream.
            Heard::Text(_) if !stream.two_way => self.refuse(index, Refusal::Event),
            Heard::Text(text) => match Outbound::decode(&text, &stream.sid) {
                Ok(Outbound::Media { payload }) => self.queue(index, payload.into_owned()),
                Ok(Outbound::Mark { name }) => {
                    if let Some(name) = self.line.playout.mark(name.into_owned()) {
                        self.echo(name, true);
                    }
                }
                Ok(Outbound::Clear) => {
                    let (samples, marks) = self.line.playout.clear();
                    let discarded_ms = ms(samples);
                    self.happened(What::Clear { discarded_ms });
                    if std::mem::take(&mut self.bot_sounds) {
                        self.happened(What::BotSilent);
                    }
                    for name in marks {
                        self.echo(name, false);
                    }
                }
                Err(refusal) => self.refuse(index, refusal),
            },
        }
    }

    /// What is queued next is the bot's.
    pub(super) fn bot_begins(&mut self) {
        if !std::mem::replace(&mut self.bot_sounds, true) {
            self.happened(What::BotAudioStarted);
        }
    }

    fn queue(&mut self, index: usize, sound: Vec<u8>) {
        if sound.is_empty() {
            return;
        }
        self.bot_begins();
        let length = sound.len();
        let lost = self.line.playout.sound(sound);
        self.happened(What::BotAudioQueued {
            ms: ms(length),
            waiting_ms: ms(self.line.playout.waiting()),
        });
        if lost > 0 {
            let text = "Stream: media discarded: more than ten minutes are waiting".to_owned();
            self.warn_once(index, 31931, text);
        }
    }

    fn refuse(&mut self, index: usize, refusal: Refusal) {
        let code = refusal.code();
        self.warn_once(index, code, format!("Stream: {refusal}"));
    }

    fn warn_once(&mut self, index: usize, code: u32, text: String) {
        let stream = self.streams.get_mut(index);
        if stream.is_some_and(|stream| stream.warns_first(code)) {
            self.happened(What::Warning { code, text });
        }
    }

    pub(super) fn has_stream(&self, sid: StreamSid) -> bool {
        self.streams.iter().any(|stream| stream.sid == sid)
    }

    /// A stream is over: its socket, its sound, and the news of it.
    pub(super) fn stream_ended(&mut self, index: usize, by: Closer, fault: Option<Fault>) {
        let stream = self.streams.remove(index);
        let (sid, wanted) = (stream.sid, stream.wanted.clone());
        if stream.two_way {
            self.line.playout.clear();
            if std::mem::take(&mut self.bot_sounds) {
                self.happened(What::BotSilent);
            }
        }
        match by {
            Closer::Twilio => stream.stop(),
            Closer::Server => stream.leave(),
            Closer::Broken | Closer::Fault => drop(stream),
        }
        self.happened(What::StreamClosed { stream: sid, by });
        let change = match fault {
            Some(fault) => {
                let error = fault.text.clone();
                self.error(fault);
                StreamChange::Failed { error }
            }
            None => StreamChange::Stopped,
        };
        self.stream_news(sid, &wanted, change);
    }

    /// Tells the stream's status callback, if it has one.
    pub(super) fn stream_news(
        &mut self,
        sid: StreamSid,
        wanted: &::twilio::twiml::Stream,
        change: StreamChange,
    ) {
        let Some(url) = &wanted.status_callback else {
            return;
        };
        let event = StreamEvent {
            account: self.shared.account,
            call: self.record.sid,
            stream: sid,
            name: Some(wanted.name.clone().unwrap_or_else(|| sid.to_string())),
            change,
            timestamp: Some(date::iso_8601(date::now_s())),
        };
        let form = event.to_form();
        self.courier.post(Webhook::StreamStatus, url, form);
    }

    /// Ends what a verb may have begun. One-way streams stay: they belong to the call.
    pub(super) fn interrupt(&mut self) {
        let (samples, _) = self.line.playout.clear();
        let is_file = !self.streams.iter().any(|stream| stream.two_way);
        if is_file && std::mem::take(&mut self.bot_sounds) {
            let discarded_ms = ms(samples);
            self.happened(What::Clear { discarded_ms });
            self.happened(What::BotSilent);
        }
        while let Some(index) = self.streams.iter().position(|stream| stream.two_way) {
            self.stream_ended(index, Closer::Twilio, None);
        }
    }

    pub(super) fn close_all_streams(&mut self) {
        while !self.streams.is_empty() {
            self.stream_ended(0, Closer::Twilio, None);
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn look(streams: &mut [Stream], context: &mut Context<'_>) -> Poll<(usize, Heard)> {
    for (index, stream) in streams.iter_mut().enumerate() {
        if let Poll::Ready(heard) = stream.poll(context) {
            return Poll::Ready((index, heard));
        }
    }
    Poll::Pending
}
