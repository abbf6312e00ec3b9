//! The object that holds one call. Whatever happens comes in through [`Shell::step_at`], and nothing else reaches the call.
//!
//! Everything here is synchronous: between an input and its outputs nothing is waited for, so no two inputs ever
//! interleave. Work that takes time runs in tasks that come back as inputs.

#![allow(
    missing_docs,
    reason = "what the macro exports to JavaScript cannot be documented"
)]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::time::Duration;

use call::{Input, Instant, Output};
use contract::Farewell;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{
    Delay, DurableObject, Env, Request, Response, Result, State, WebSocket, durable_object,
};

use crate::log;
use crate::provider::Works;
use crate::store::{Entry, Fact, Logged, Sound, Store};
use crate::talk::Talk;
use crate::web::{env_opt, spawn};

/// So often recording and tape are written out: seldom enough for the store, often enough to lose little in a crash and
/// to hold little in memory.
const KEEP_EVERY: Duration = Duration::from_secs(4);
/// So often the object wakes to see that its call still goes on, whatever became of the process in between.
pub(crate) const ALIVE_MS: u64 = 60_000;

/// The Durable Object of one call, named by its `CallId`.
#[durable_object(alarm)]
pub struct Line {
    // A panic is caught at the boundary of the event, and what it left half done is healed by reading the journal.
    shell: AssertUnwindSafe<Rc<Shell>>,
}

impl DurableObject for Line {
    fn new(state: State, env: Env) -> Self {
        // After a restart the alarm may be the first to come, and no request before it.
        log::install(env_opt(&env, "LOG_LEVEL").as_deref());
        let shell = Rc::new_cyclic(|me| Shell {
            me: Weak::clone(me),
            store: Store::new(&state),
            state,
            env,
            talk: RefCell::new(None),
            delivering: Cell::new(false),
            looked_at: RefCell::default(),
        });
        Self {
            shell: AssertUnwindSafe(shell),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        self.shell.answer(request).await
    }

    async fn alarm(&self) -> Result<Response> {
        self.shell.alarm().await;
        Response::empty()
    }
}

// Exported by hand: the crate's own way makes a promise and a task of every message, which cost more than the message.
#[wasm_bindgen]
impl Line {
    /// A message on a socket.
    #[wasm_bindgen(js_name = webSocketMessage)]
    pub fn websocket_message(&self, socket: web_sys::WebSocket, message: &JsValue) {
        self.shell
            .guard(|shell| shell.hear(&socket.into(), message));
    }

    /// A socket was closed.
    #[wasm_bindgen(js_name = webSocketClose)]
    pub fn websocket_close(&self, socket: web_sys::WebSocket, code: u16) {
        self.shell
            .guard(|shell| shell.hung_up(&socket.into(), code));
    }

    /// A socket broke.
    #[wasm_bindgen(js_name = webSocketError)]
    pub fn websocket_error(&self, socket: web_sys::WebSocket) {
        tracing::info!(call = self.shell.name(), "the stream's socket broke");
        self.shell
            .guard(|shell| shell.hung_up(&socket.into(), 1006));
    }
}

/// All that the object is, shared with its tasks.
pub(crate) struct Shell {
    pub(crate) me: Weak<Self>,
    pub(crate) state: State,
    pub(crate) env: Env,
    pub(crate) store: Store,
    /// The call, while it is in memory. At any event it may not be: the journal has it.
    pub(crate) talk: RefCell<Option<Talk>>,
    /// Whether what is left of the call is on its way.
    pub(crate) delivering: Cell<bool>,
    /// Sockets whose token is being looked at.
    pub(crate) looked_at: RefCell<Vec<WebSocket>>,
}

impl Shell {
    /// The call's name, for the log.
    pub(crate) fn name(&self) -> String {
        self.state.id().name().unwrap_or_default()
    }

    /// Does what may turn out to have a bug. If it panics, what it left half done is forgotten, and the call goes on from
    /// its journal. (In a build whose panics do not unwind, the whole instance goes the same way.)
    pub(crate) fn guard(&self, work: impl FnOnce(&Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            tracing::error!(
                call = self.name(),
                "a panic: the call goes on from its journal"
            );
            self.talk.borrow_mut().take();
        }
    }

    /// The only road into the call: something happened.
    pub(crate) fn step(&self, input: Input) {
        self.guard(|shell| {
            let mut talk = shell.talk.borrow_mut();
            if let Some(talk) = talk.as_mut() {
                let now = talk.clock.read();
                shell.step_at(talk, now, input);
            }
        });
    }

    /// As [`Shell::step`], by one who knows the call and the time already.
    pub(crate) fn step_at(&self, talk: &mut Talk, now: Instant, input: Input) {
        if talk.is_over() {
            return;
        }
        let mut inputs = VecDeque::from([input]);
        let mut records = Vec::new();
        while let Some(input) = inputs.pop_front() {
            if let Some(keep) = &mut talk.keep {
                keep.tape.push(now, &input);
                if let Input::Frame { at, audio } = &input {
                    keep.recorder.caller(now, *at, audio);
                }
            }
            talk.overhear(&input);
            let outputs = talk.call.handle(now, input);
            records.extend(self.carry_out(talk, now, outputs, &mut inputs));
        }
        self.settle(talk, now, records);
        talk.show_state();
    }

    /// Carries out what the call decided, in order, but for what is to be written, which is handed back: the platform
    /// holds back whatever is sent after a write until that is safe. What is answered at once goes into `echoes`.
    pub(crate) fn carry_out(
        &self,
        talk: &mut Talk,
        now: Instant,
        outputs: Vec<Output>,
        echoes: &mut VecDeque<Input>,
    ) -> Vec<call::Record> {
        let mut records = Vec::new();
        for output in outputs {
            match output {
                Output::Play(clip) => {
                    if let Some(mouth) = &mut talk.mouth {
                        mouth.play(now, &clip);
                        talk.sounding = true;
                        if let Some(keep) = talk.keep.as_mut().filter(|_| mouth.plays_at_once()) {
                            keep.recorder.play(now, &clip);
                        }
                    }
                }
                Output::Mark(mark) => {
                    if let Some(mouth) = &mut talk.mouth {
                        mouth.mark(now, mark);
                    }
                }
                Output::Clear => {
                    talk.sounding = false;
                    if let Some(mouth) = &mut talk.mouth {
                        mouth.clear(now);
                    }
                    if let Some(keep) = &mut talk.keep {
                        keep.recorder.clear(now);
                    }
                }
                Output::Ask(id, request) => talk.works.ask(now, id, request),
                Output::Feed(id, feed) => talk.works.feed(now, id, &feed),
                Output::Cancel(id) => talk.works.cancel(now, id),
                Output::Persist(record) => records.push(record),
                Output::HangUp(say) => self.part(talk, now, &Farewell::HangUp { say }),
                // There is no far end behind a socket of the caller's own: the keys are in the log, and the talk goes on.
                Output::SendKeys(_) if talk.opening.call.is_web() => {
                    echoes.push_back(Input::Opened);
                }
                Output::SendKeys(keys) => self.part(talk, now, &Farewell::SendKeys { keys }),
                Output::Transfer { to, say } => {
                    let farewell = match to.parse() {
                        Ok(to) => Farewell::Transfer { to, say },
                        // The bot's numbers were checked when it was saved; a model can name no others.
                        Err(_) => Farewell::HangUp { say },
                    };
                    self.part(talk, now, &farewell);
                }
            }
        }
        echoes.extend(talk.works.take_inputs());
        records
    }

    /// Leaves the rest to the carrier: it will ask the functions what to do, and they us.
    fn part(&self, talk: &mut Talk, now: Instant, farewell: &Farewell) {
        // Nobody but a carrier can do more than hang up, and that comes with the call's last record.
        if !talk.opening.call.is_web() {
            self.store.set(Fact::Farewell, farewell);
            talk.detach(now, "the bot has left the stream");
        }
    }

    /// After the outputs: writes, reports, and sets the timer.
    pub(crate) fn settle(&self, talk: &mut Talk, now: Instant, records: Vec<call::Record>) {
        let over = talk.is_over();
        if over {
            // The last record sums up what was used, and after it nothing more is.
            talk.works.cancel_all(now);
        }
        self.hand_over(talk);
        self.write(talk, now, records);
        if let Some(keep) = &mut talk.keep {
            let tracks = if over {
                Some(keep.recorder.finish(now))
            } else if talk.mouth.is_some() {
                keep.recorder.take(now, KEEP_EVERY)
            } else {
                None
            };
            if let Some((caller, bot)) = tracks {
                let tape = keep.tape.take();
                self.store.keep(Sound { caller, bot, tape });
            }
        }
        if over {
            self.end(talk, now);
        } else {
            self.arm(talk, now);
        }
        self.report_soon(talk);
    }

    /// Writes down what happened.
    fn write(&self, talk: &mut Talk, now: Instant, records: Vec<call::Record>) {
        // What providers did comes first: the call's last record sums it up.
        let remarks = talk.works.take_remarks().into_iter().map(Logged::Shell);
        let logged: Vec<Logged> = remarks
            .chain(records.into_iter().map(Logged::Call))
            .collect();
        if logged.is_empty() {
            return;
        }
        let at_ms = talk.clock.epoch_ms_of(now);
        let entries: Vec<Entry> = logged
            .into_iter()
            .map(|logged| Entry { at_ms, logged })
            .collect();
        self.store.append(&entries);
        for entry in &entries {
            talk.tell(&entry.logged, at_ms, now);
        }
    }

    /// Sees that the deadline is not missed. A timer that goes off too early is cheaper than one that is set anew for
    /// every frame, so it is only replaced when it would be too late.
    pub(crate) fn arm(&self, talk: &mut Talk, now: Instant) {
        let Some(due) = talk.due() else {
            return;
        };
        if talk.timer.as_ref().is_some_and(|(set, _)| *set <= due) {
            return;
        }
        let me = Weak::clone(&self.me);
        // The platform counts in whole milliseconds, and so do we: what is due now is still later than this event.
        let wait = due.since(now).max(Duration::from_millis(1));
        let timer = spawn("timer", async move {
            Delay::from(wait).await;
            if let Some(shell) = me.upgrade() {
                shell.guard(Self::tick);
            }
        });
        talk.timer = Some((due, timer));
    }

    fn tick(&self) {
        let mut talk = self.talk.borrow_mut();
        let Some(talk) = talk.as_mut() else {
            return;
        };
        talk.timer = None;
        let now = talk.clock.read();
        let played = talk.mouth.as_mut().map(|mouth| mouth.played_by(now));
        for mark in played.unwrap_or_default() {
            self.step_at(talk, now, Input::Played(mark));
        }
        // A file that is over makes room for the next.
        self.hand_over(talk);
        if talk.call.deadline().is_some_and(|due| due <= now) {
            self.step_at(talk, now, Input::Tick);
        } else if !talk.is_over() {
            self.arm(talk, now);
        }
    }

    /// Something came from a provider, or one has kept silent for too long.
    pub(crate) fn provided(&self, deed: impl FnOnce(&mut Works, Instant)) {
        self.guard(|shell| {
            let mut talk = shell.talk.borrow_mut();
            let Some(talk) = talk.as_mut() else {
                return;
            };
            let now = talk.clock.read();
            deed(&mut talk.works, now);
            for input in talk.works.take_inputs() {
                shell.step_at(talk, now, input);
            }
            shell.write(talk, now, Vec::new());
            shell.report_soon(talk);
        });
    }
}
