//! What must hold in every story.

use std::collections::{BTreeMap, BTreeSet};

use call::{
    Delivery, EndReason, History, Input, Instant, Line, Mark, Output, Record, Reply, Request,
    RequestId, Stage, ToolCall, Turn,
};

/// A rule that did not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Broken {
    /// When, in milliseconds.
    pub at: u64,
    /// Which, and how.
    pub rule: String,
}

/// Outputs of one input: at most a whole lead of sound with its marks, one request of each kind begun or cancelled, and
/// the records of a turn.
const OUTPUTS_MAX: usize = 20;
/// Distance of marks, in milliseconds of sound.
const MARK_MS_MAX: u128 = 300;

/// The engine as it was before an input.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    /// Whose turn it was.
    pub turn: Turn,
    /// When it wanted to be woken.
    pub deadline: Option<Instant>,
    /// Whether the input is about a request that is over, or a mark that was cleared.
    pub is_void: bool,
}

/// The memory of the rules.
#[derive(Debug, Default)]
pub struct Rules {
    open: BTreeMap<RequestId, Stage>,
    used: BTreeSet<RequestId>,
    last_mark: Option<Mark>,
    unmarked_ms: u128,
    /// When the last sound of it has been played, at the latest.
    unmarked_until: u128,
    generation: u64,
    partings: u32,
    ended: Option<EndReason>,
    folded: History,
    /// Work that was begun and of which nothing is written down yet.
    work: BTreeSet<String>,
    worked: BTreeSet<String>,
    /// Whether the engine died at least once.
    pub crashed: bool,
    /// Whether there was a stream.
    pub opened: bool,
    broken: Option<Broken>,
    /// A whole sentence may be handed over at once.
    by_files: bool,
    now: u64,
}

impl Rules {
    /// For a carrier that takes sound like this.
    #[must_use]
    pub fn of(delivery: Delivery) -> Self {
        Self {
            by_files: delivery == Delivery::Files,
            ..Self::default()
        }
    }

    /// The rule that broke first.
    #[must_use]
    pub fn broken(&self) -> Option<&Broken> {
        self.broken.as_ref()
    }

    /// A rule does not hold.
    pub fn breaks(&mut self, rule: impl Into<String>) {
        self.broken.get_or_insert(Broken {
            at: self.now,
            rule: rule.into(),
        });
    }

    fn must(&mut self, holds: bool, rule: impl FnOnce() -> String) {
        if !holds {
            self.breaks(rule());
        }
    }

    /// An input comes.
    pub fn input(&mut self, now: u64, input: &Input) -> bool {
        self.now = now;
        match input {
            Input::Opened => self.opened = true,
            Input::Reply(id, reply) => {
                let is_void = !self.open.contains_key(id);
                if matches!(reply, Reply::Done(_) | Reply::Failed(_) | Reply::Result(_)) {
                    self.open.remove(id);
                }
                return is_void;
            }
            Input::Played(mark) => return mark.generation != self.generation,
            Input::Frame { .. }
            | Input::Key(_)
            | Input::Tick
            | Input::Closed(_)
            | Input::Order(_)
            | Input::Text(_)
            | Input::Answered(_)
            | Input::Delayed(_) => (),
        }
        false
    }

    /// The engine died, and with it all work for it.
    pub fn crash(&mut self) {
        self.crashed = true;
        self.open.clear();
        self.unmarked_ms = 0;
    }

    /// The engine answered.
    pub fn outputs(
        &mut self,
        now: u64,
        before: Option<Before>,
        call: &call::Call,
        outputs: &[Output],
    ) {
        self.now = now;
        let is_sound = |output: &&Output| matches!(output, Output::Play(_) | Output::Mark(_));
        let sounds = outputs.iter().filter(is_sound).count();
        let of_a_file = if self.by_files { sounds } else { 0 };
        self.must(outputs.len() - of_a_file <= OUTPUTS_MAX, || {
            format!("{} outputs for one input", outputs.len())
        });
        let persists = outputs
            .iter()
            .skip_while(|output| !matches!(output, Output::Persist(_)));
        self.must(
            persists
                .clone()
                .all(|output| matches!(output, Output::Persist(_))),
            || "something follows a Persist".to_owned(),
        );
        if let Some(before) = before {
            self.void(now, before, call, outputs);
        }
        for output in outputs {
            self.output(output);
        }
        if call.is_over() {
            self.must(call.deadline().is_none(), || {
                "a call that is over waits".to_owned()
            });
        } else {
            let deadline = call.deadline();
            self.must(
                deadline.is_some_and(|at| at > Instant::from_ms(now)),
                || format!("the deadline is {deadline:?}"),
            );
        }
        if self.folded.lines() != call.history() {
            let rule = format!(
                "the journal says {:?}, the history {:?}",
                self.folded.lines(),
                call.history()
            );
            self.breaks(rule);
        }
    }

    fn void(&mut self, now: u64, before: Before, call: &call::Call, outputs: &[Output]) {
        let is_due = before.deadline.is_none_or(|at| at <= Instant::from_ms(now));
        let moved = !outputs.is_empty() || call.turn() != before.turn;
        self.must(!(before.is_void && moved && !is_due), || {
            "something came of a cancelled request or a dropped mark".to_owned()
        });
        self.must(before.turn != Turn::Ended || outputs.is_empty(), || {
            "something came after the end".to_owned()
        });
    }

    fn output(&mut self, output: &Output) {
        if self.partings > 0 {
            self.must(matches!(output, Output::Persist(_)), || {
                format!("{output:?} after the parting")
            });
        }
        match output {
            Output::Ask(id, request) => {
                let is_new = self.used.insert(*id);
                self.must(is_new, || format!("{id:?} is used twice"));
                self.open.insert(*id, request.stage());
                match request {
                    Request::Listen | Request::Speak { .. } | Request::Do { .. } => (),
                    Request::Think { history } => {
                        self.must(is_in_pairs(history), || {
                            format!("a call without its result: {history:?}")
                        });
                    }
                }
            }
            Output::Feed(id, _) => {
                self.must(self.open.get(id) == Some(&Stage::Listen), || {
                    format!("{id:?} is fed, but not open")
                });
            }
            Output::Cancel(id) => {
                let was = self.open.remove(id);
                self.must(was.is_some(), || {
                    format!("{id:?} is cancelled, but not open")
                });
            }
            Output::Play(clip) => {
                // What was played long ago, and cut short by a failure, is a tail that no mark follows: it is over.
                let now = u128::from(self.now);
                if self.unmarked_until <= now {
                    self.unmarked_ms = 0;
                }
                self.unmarked_ms += clip.duration().as_millis();
                self.unmarked_until = self.unmarked_until.max(now) + clip.duration().as_millis();
                let unmarked_ms = self.unmarked_ms;
                self.must(unmarked_ms <= MARK_MS_MAX, || {
                    format!("{unmarked_ms} ms of sound without a mark")
                });
                self.must(self.opened, || "sound without a stream".to_owned());
            }
            Output::Mark(mark) => {
                self.unmarked_ms = 0;
                self.generation = mark.generation;
                let last = self.last_mark.replace(*mark);
                self.must(last.is_none_or(|last| last < *mark), || {
                    format!("{mark} after {}", last.unwrap_or_default())
                });
            }
            Output::Clear => {
                self.unmarked_ms = 0;
                self.generation = u64::MAX;
            }
            Output::HangUp(_) | Output::Transfer { .. } => self.partings += 1,
            Output::SendKeys(_) => (),
            Output::Persist(record) => self.persist(record),
        }
    }

    fn persist(&mut self, record: &Record) {
        self.must(self.ended.is_none(), || format!("{record:?} after the end"));
        self.folded.note(record);
        match record {
            Record::Ended { reason, .. } => self.ended = Some(*reason),
            Record::Tool(ToolCall::Custom { id, .. }) => {
                let is_new = self.worked.insert(id.clone()) && self.work.insert(id.clone());
                self.must(is_new, || format!("{id} is done twice"));
            }
            Record::Result { id, .. } => {
                let was = self.work.remove(id);
                self.must(was, || format!("{id} has a result, but was not begun"));
            }
            Record::Begun { .. }
            | Record::Connected { .. }
            | Record::Caller { .. }
            | Record::Saying { .. }
            | Record::Heard { .. }
            | Record::Replied { .. }
            | Record::Tool(_)
            | Record::Answered { .. }
            | Record::Ordered { .. }
            | Record::Note { .. }
            | Record::Used(_)
            | Record::Next(_) => (),
        }
    }

    /// The call is over.
    pub fn end(&mut self, now: u64) {
        self.now = now;
        let Some(reason) = self.ended else {
            self.breaks("the call is over without a record of it");
            return;
        };
        // Without a stream there is nobody to hang up on.
        let left = matches!(reason, EndReason::CallerLeft | EndReason::Lost);
        let partings = self.partings;
        let well = match partings {
            0 => left || reason == EndReason::TooLong,
            1 => !left,
            _ => false,
        };
        self.must(well, || format!("{partings} partings at {reason:?}"));
        let work = self.work.clone();
        self.must(work.is_empty(), || {
            format!("nothing is written of what came of {work:?}")
        });
        let open = self.open.clone();
        self.must(open.is_empty(), || {
            format!("still open at the end: {open:?}")
        });
    }
}

/// Whether every call is followed by its result, and nothing else is: models insist on it.
fn is_in_pairs(history: &[Line]) -> bool {
    let next = history.iter().skip(1).map(Some).chain([None]);
    let is_answered = history.iter().zip(next).all(|(line, next)| match line {
        Line::Call { id, .. } => matches!(next, Some(Line::Result { id: of, .. }) if of == id),
        Line::Caller(_) | Line::Bot(_) | Line::Result { .. } => true,
    });
    let count = |is_meant: fn(&Line) -> bool| history.iter().filter(|line| is_meant(line)).count();
    let calls = count(|line| matches!(line, Line::Call { .. }));
    is_answered && calls == count(|line| matches!(line, Line::Result { .. }))
}
