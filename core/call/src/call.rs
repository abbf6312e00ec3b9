//! The call: the one place where cues become moves and moves become outputs.

use std::collections::VecDeque;

use crate::config::Config;
use crate::history::{History, Line};
use crate::input::{Answerer, Input};
use crate::job::Jobs;
use crate::listen::Listen;
use crate::order::Asked;
use crate::output::Output;
use crate::provider::{RequestId, ToolCall};
use crate::record::{EndReason, Next, Note, Record, Timing};
use crate::speak::Speak;
use crate::think::Think;
use crate::time::Instant;
use crate::timer::{Timer, Timers};
use crate::turn::{Cue, Turn, decide};

/// Waits that may end within one input before the engine lets the shell breathe: a bound, never reached in a sound
/// call.
const DUE_MAX: usize = 16;

/// One phone call. Told what happened, it answers what to do.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that have nothing to do with each other"
)]
pub struct Call {
    pub(crate) config: Config,
    pub(crate) turn: Turn,
    pub(crate) listen: Listen,
    pub(crate) think: Think,
    pub(crate) speak: Speak,
    pub(crate) timers: Timers,
    pub(crate) history: History,
    pub(crate) next_id: u64,
    /// Keys pressed and not yet taken as words.
    pub(crate) keys: String,
    pub(crate) keys_began: Instant,
    /// The caller's words, from hearing them to putting them into the history.
    pub(crate) words: Option<Words>,
    /// How long the caller has been waiting for the current reply.
    pub(crate) wait: Option<Wait>,
    /// A reply is being prepared for words that may not be the last.
    pub(crate) drafting: bool,
    /// Drafts of this turn.
    pub(crate) drafts: u32,
    /// What is said is no more than that the answer takes a moment.
    pub(crate) filling: bool,
    pub(crate) departure: Option<Departure>,
    /// The last words, if the departure was wanted from outside.
    pub(crate) parting: String,
    /// Work for the model.
    pub(crate) jobs: Jobs,
    /// Whether something has come of work that the model was not told yet.
    pub(crate) news: bool,
    /// What waits for the floor.
    pub(crate) asked: VecDeque<Asked>,
    /// A typed turn, from its coming to putting it into the history.
    pub(crate) typed: Option<Words>,
    /// The machine that answered.
    pub(crate) answerer: Option<Answerer>,
    /// How often a screener asked who is calling.
    pub(crate) screenings: u32,
    /// The consent line is being said.
    pub(crate) consenting: bool,
    /// When the caller had last heard a whole reply.
    pub(crate) concluded: Instant,
    /// The caller asked for a moment.
    pub(crate) holding: bool,
    /// Turns in a row of which nothing was understood because the caller's voice was weak.
    pub(crate) unheard: u32,
    /// Half minutes in a row of a voice that never paused.
    pub(crate) breathless: u32,
    /// Whose sound is waited for.
    pub(crate) awaited: Option<RequestId>,
    /// Whether something of the current reply is in the journal.
    pub(crate) saying: bool,
    /// What the journal says is to be done once it was heard.
    pub(crate) promised: Option<Next>,
    /// How much of it the journal says was heard, in characters.
    pub(crate) heard_chars: usize,
    pub(crate) idle_prompts: u32,
    /// Turns in a row that ended in an apology.
    pub(crate) failures: u32,
    /// To be persisted when everything else of this input is done.
    pub(crate) records: Vec<Record>,
}

/// What the caller said.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
    /// When the text was there.
    pub(crate) read: Instant,
}

/// How long the caller has been waiting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    /// Since when.
    pub(crate) since: Instant,
    pub(crate) decided: Instant,
    pub(crate) read: Instant,
    pub(crate) words: Option<Instant>,
}

/// How the bot leaves, once its last words were heard.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Departure {
    HangUp(EndReason),
    Transfer(String),
}

impl Call {
    /// Opens a call, before its first stream: prepares the greeting.
    #[must_use]
    pub fn begin(config: Config, now: Instant) -> (Self, Vec<Output>) {
        let mut call = Self::new(config.clone(), now);
        let mut out = Vec::new();
        call.records.push(Record::Begun {
            config: Box::new(config),
        });
        call.timers
            .set(Timer::Reconnect, now + call.config.budgets.reconnect);
        call.prepare_greeting(now, &mut out);
        call.flush(&mut out);
        (call, out)
    }

    pub(crate) fn new(config: Config, now: Instant) -> Self {
        let delivery = config.delivery;
        Self {
            config,
            turn: Turn::Ringing,
            listen: Listen::default(),
            think: Think::default(),
            speak: Speak::resumed(now, delivery, String::new()),
            timers: Timers::default(),
            history: History::default(),
            // After a crash no id may come again. Fewer than a thousand requests begin in a millisecond.
            next_id: now.as_ms() * 1_000,
            keys: String::new(),
            keys_began: now,
            words: None,
            wait: None,
            drafting: false,
            drafts: 0,
            filling: false,
            departure: None,
            parting: String::new(),
            jobs: Jobs::default(),
            news: false,
            asked: VecDeque::new(),
            typed: None,
            answerer: None,
            screenings: 0,
            consenting: false,
            concluded: Instant::ZERO,
            holding: false,
            unheard: 0,
            breathless: 0,
            awaited: None,
            saying: false,
            promised: None,
            heard_chars: 0,
            idle_prompts: 0,
            failures: 0,
            records: Vec::new(),
        }
    }

    /// Takes in what happened and answers what to do. Total: no input is wrong, none panics.
    #[must_use]
    pub fn handle(&mut self, now: Instant, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        if self.turn == Turn::Ended {
            return out;
        }
        if let Some(cue) = self.perceive(now, input, &mut out) {
            self.follow(now, cue, &mut out);
        }
        for _ in 0..DUE_MAX {
            let Some(timer) = self.timers.due(now) else {
                break;
            };
            if let Some(cue) = self.due(now, timer, &mut out) {
                self.follow(now, cue, &mut out);
            }
        }
        self.listen.echo.follow(now, &out);
        self.flush(&mut out);
        out
    }

    /// When [`Input::Tick`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Whether the call is over: nothing will come out of it any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.turn == Turn::Ended
    }

    /// Whose turn it is.
    #[must_use]
    pub fn turn(&self) -> Turn {
        self.turn
    }

    /// What was said so far, as it was heard.
    #[must_use]
    pub fn history(&self) -> &[Line] {
        self.history.lines()
    }

    fn follow(&mut self, now: Instant, cue: Cue, out: &mut Vec<Output>) {
        let decision = decide(self.turn, cue);
        for step in decision.moves {
            self.carry_out(now, *step, out);
        }
        if decision.next != self.turn || cue == Cue::Key {
            self.turn = decision.next;
            self.enter(now);
        }
        // While a voice could be an interruption, it must be told from a cough.
        self.listen
            .alert(matches!(self.turn, Turn::Replying | Turn::Transcribing));
    }

    /// Moves what is to be persisted behind everything else.
    pub(crate) fn flush(&mut self, out: &mut Vec<Output>) {
        for record in self.records.drain(..) {
            self.history.note(&record);
            out.push(Output::Persist(record));
        }
    }

    pub(crate) fn new_id(&mut self) -> RequestId {
        self.next_id += 1;
        RequestId(self.next_id)
    }

    pub(crate) fn note(&mut self, at: Instant, note: Note) {
        self.records.push(Record::Note { note, at });
    }

    /// Whether there is a reply that the caller interrupted, or that must wait for a stream.
    pub(crate) fn holds_reply(&self) -> bool {
        let is_prepared = self.think.is_busy() || self.jobs.is_awaited();
        !self.drafting && (self.speak.is_held() || (!self.speak.is_open() && is_prepared))
    }

    pub(crate) fn timing(&self) -> Option<Timing> {
        let wait = self.wait?;
        let sound = self.speak.began()?;
        let ms = |at: Instant| u32::try_from(at.since(wait.since).as_millis()).unwrap_or(u32::MAX);
        Some(Timing {
            decided_ms: ms(wait.decided),
            text_ms: ms(wait.read),
            words_ms: ms(wait.words.unwrap_or(sound)),
            sound_ms: ms(sound),
        })
    }

    /// What the model wants done makes for a departure.
    pub(crate) fn departure_of(tool: &ToolCall) -> Option<Departure> {
        match tool {
            ToolCall::EndCall => Some(Departure::HangUp(EndReason::BotLeft)),
            ToolCall::Transfer { to } => Some(Departure::Transfer(to.clone())),
            ToolCall::SendKeys { .. } | ToolCall::Custom { .. } => None,
        }
    }
}
