//! Work for the model: asked for once, told to the model when its result is there.
//!
//! Work belongs to the reply that it was begun for. If the caller ends that reply, the work goes on by itself, and what
//! comes of it is told as soon as nobody speaks.

use std::collections::VecDeque;
use std::time::Duration;

use crate::call::Call;
use crate::history::Line;
use crate::output::Output;
use crate::provider::{Failure, Reply, Request, RequestId, Stage, ToolCall};
use crate::record::{Note, Record};
use crate::time::Instant;
use crate::timer::Timer;
use crate::turn::{Cue, Turn};

/// How often in one reply the model may have work done and think again.
const ROUNDS_MAX: u32 = 4;
/// The longest result that is told to the model, in characters.
const RESULT_CHARS_MAX: usize = 8_000;
/// For work that the configuration does not know.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Silence after which the phrase of a tool is said, and after which the caller hears again that it takes a moment.
const FILL_AFTER: Duration = Duration::from_millis(800);
const FILL_AGAIN: Duration = Duration::from_secs(8);

/// What the model is told of work whose result nobody knows.
pub(crate) const UNKNOWN: &str = "Unknown: it was cut off. It may have been done.";
const UNDER_WAY: &str = "Not known yet: it is under way.";

/// Work that the model wants done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: String,
}

/// Work under way.
#[derive(Debug)]
struct Job {
    request: RequestId,
    id: String,
    /// Whether the current reply waits for it.
    attached: bool,
    filler: String,
    fills: u32,
}

/// The work of one call, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    running: Option<Job>,
    waiting: VecDeque<Wanted>,
    /// Of the current reply.
    rounds: u32,
}

impl Jobs {
    /// Whether this is the request under way.
    pub(crate) fn owns(&self, id: RequestId) -> bool {
        self.running.as_ref().is_some_and(|job| job.request == id)
    }

    /// Whether the current reply waits for work.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.waiting.is_empty() || self.running.as_ref().is_some_and(|job| job.attached)
    }

    /// Whether the model may have still more work done in this reply.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.rounds >= ROUNDS_MAX
    }

    /// The reply is over. What has not begun is forgotten, what has goes on.
    pub(crate) fn detach(&mut self) {
        self.waiting.clear();
        self.rounds = 0;
        if let Some(job) = &mut self.running {
            job.attached = false;
        }
    }

    /// What is said while it takes a moment, if it has words of its own.
    pub(crate) fn filler(&self) -> Option<&str> {
        let job = self.running.as_ref().filter(|job| job.attached)?;
        Some(job.filler.as_str()).filter(|filler| !filler.is_empty())
    }
}

impl Call {
    /// Begins what the model wants done.
    pub(crate) fn work(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.jobs.rounds += 1;
        self.jobs.waiting.extend(self.think.take_work());
        self.next_job(now, out);
    }

    fn next_job(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.jobs.running.is_some() {
            // What an earlier reply began goes first, and the caller waits for both.
            if !self.jobs.waiting.is_empty() {
                self.fill_later(now);
            }
            return;
        }
        let Some(wanted) = self.jobs.waiting.pop_front() else {
            return;
        };
        let request = self.new_id();
        let id = self.name_call(wanted.id, request);
        let config = self
            .config
            .tools
            .iter()
            .find(|tool| tool.name == wanted.name);
        let timeout = config.map_or(TIMEOUT, |tool| tool.timeout);
        let filler = config.map(|tool| tool.filler.clone()).unwrap_or_default();
        self.timers.set(Timer::Job, now + timeout);
        self.records.push(Record::Tool(ToolCall::Custom {
            id: id.clone(),
            name: wanted.name.clone(),
            arguments: wanted.arguments.clone(),
        }));
        out.push(Output::Ask(
            request,
            Request::Do {
                name: wanted.name,
                arguments: wanted.arguments,
            },
        ));
        self.jobs.running = Some(Job {
            request,
            id,
            attached: true,
            filler,
            fills: 0,
        });
        self.fill_later(now);
    }

    /// The provider's name for a call, if it is one: some give all calls the same.
    fn name_call(&self, id: String, request: RequestId) -> String {
        let is_taken = |line: &Line| matches!(line, Line::Call { id: of, .. } if *of == id);
        if id.is_empty() || self.lines().iter().any(is_taken) {
            format!("call_{}", request.0)
        } else {
            id
        }
    }

    /// Has the caller told that it takes a moment, once nothing is heard for some time.
    fn fill_later(&mut self, now: Instant) {
        let slow_after = self.config.budgets.slow_after;
        let silent_from = now.max(self.speak.playout_end());
        match &self.jobs.running {
            Some(job) if job.fills == 0 => {
                let is_mute = job.filler.is_empty();
                let wait = if is_mute { slow_after } else { FILL_AFTER };
                // One piece of work after the other must not put it off.
                self.timers.hasten(Timer::Fill, silent_from + wait);
            }
            Some(_) | None => self.timers.set(Timer::Fill, silent_from + FILL_AGAIN),
        }
    }

    /// Has the caller told if the model takes long too: that counts from when something was heard last.
    fn fill_after_work(&mut self, now: Instant, was_told: bool) {
        let silent_from = self.speak.playout_end().max(self.listen.voice_ended());
        let slow_at = silent_from + self.config.budgets.slow_after;
        let soonest = if was_told { now + FILL_AFTER } else { now };
        self.timers.set(Timer::Fill, slow_at.max(soonest));
    }

    /// It has been silent for some time.
    pub(crate) fn fill_due(&mut self, now: Instant) -> Option<Cue> {
        if !self.is_unfinished() {
            return None;
        }
        let heard_until = self.speak.playout_end();
        if now < heard_until + FILL_AFTER {
            self.timers
                .set(Timer::Fill, heard_until + self.config.budgets.slow_after);
            return None;
        }
        let is_silent = self.turn == Turn::Replying && self.speak.is_complete();
        if is_silent && let Some(job) = &mut self.jobs.running {
            job.fills += 1;
        }
        self.fill_later(now);
        is_silent.then_some(Cue::Slow)
    }

    /// What came of the work.
    pub(crate) fn worked(
        &mut self,
        now: Instant,
        reply: Reply,
        out: &mut Vec<Output>,
    ) -> Option<Cue> {
        match reply {
            Reply::Result(text) => {
                let text = crate::sentence::shorten(&text, RESULT_CHARS_MAX).to_owned();
                self.job_over(now, text, true, out)
            }
            Reply::Failed(failure) => self.job_failed(now, failure, out),
            Reply::Done(_) => self.job_failed(now, Failure::Broken, out),
            Reply::Transcript { .. }
            | Reply::Words(_)
            | Reply::Tool(_)
            | Reply::Audio(_)
            | Reply::Hint { .. } => None,
        }
    }

    /// It took too long.
    pub(crate) fn job_late(&mut self, now: Instant, out: &mut Vec<Output>) -> Option<Cue> {
        let request = self.jobs.running.as_ref()?.request;
        out.push(Output::Cancel(request));
        self.job_failed(now, Failure::Late, out)
    }

    fn job_failed(&mut self, now: Instant, failure: Failure, out: &mut Vec<Output>) -> Option<Cue> {
        self.note(now, Note::GaveUp(Stage::Do, failure));
        let text = match failure {
            Failure::Refused => "Failed: it was refused. It was not done.",
            Failure::Busy => "Failed: there are too many requests. It was not done.",
            Failure::Broken => "Failed: it broke. It may have been done.",
            Failure::Late => "Failed: it took too long. It may have been done.",
        };
        self.job_over(now, text.to_owned(), false, out)
    }

    fn job_over(
        &mut self,
        now: Instant,
        text: String,
        done: bool,
        out: &mut Vec<Output>,
    ) -> Option<Cue> {
        let job = self.jobs.running.take()?;
        self.timers.cancel(Timer::Job);
        if job.attached {
            self.fill_after_work(now, job.fills > 0);
        } else {
            self.timers.cancel(Timer::Fill);
        }
        self.records.push(Record::Result {
            id: job.id,
            text,
            done,
            at: now,
        });
        self.news |= !job.attached;
        self.next_job(now, out);
        match (self.jobs.is_awaited(), job.attached) {
            (true, _) => None,
            (false, true) => Some(Cue::Worked),
            (false, false) => Some(Cue::News),
        }
    }

    /// The call is over: nobody waits for the work any more.
    pub(crate) fn abandon_work(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.jobs.detach();
        if let Some(job) = self.jobs.running.take() {
            out.push(Output::Cancel(job.request));
            self.records.push(Record::Result {
                id: job.id,
                text: UNKNOWN.to_owned(),
                done: false,
                at: now,
            });
        }
    }

    /// Lets the model go on, now that it has its results.
    pub(crate) fn think_on(&mut self, now: Instant, out: &mut Vec<Output>) {
        let mut lines = self.lines();
        let said = self.speak.all_text();
        if !said.is_empty() {
            // It was said before the work began, whose calls and results the history ends with.
            let is_work = |line: &Line| matches!(line, Line::Call { .. } | Line::Result { .. });
            let at = lines
                .iter()
                .rposition(|line| !is_work(line))
                .map_or(0, |at| at + 1);
            lines.insert(at, Line::Bot(said));
        }
        self.ask_model(now, lines, out);
    }
}

/// Gives every call that has no result yet one that says so: models insist on it.
pub(crate) fn complete(lines: Vec<Line>) -> Vec<Line> {
    let mut complete: Vec<Line> = Vec::with_capacity(lines.len());
    for line in lines {
        let is_result = matches!(line, Line::Result { .. });
        if !is_result && let Some(result) = complete.last().and_then(under_way) {
            complete.push(result);
        }
        complete.push(line);
    }
    let result = complete.last().and_then(under_way);
    complete.extend(result);
    complete
}

fn under_way(line: &Line) -> Option<Line> {
    match line {
        Line::Call { id, .. } => Some(Line::Result {
            id: id.clone(),
            text: UNDER_WAY.to_owned(),
        }),
        Line::Caller(_) | Line::Bot(_) | Line::Result { .. } => None,
    }
}
