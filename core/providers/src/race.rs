//! One request, and all who may be asked for it: the first useful answer wins.

use std::time::Duration;

use call::{Failure, Instant, Reply, Stage};

/// Which provider of a stage's list, from 0.
pub type Runner = usize;

/// One who may be asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// How long it may keep silent before the next one is asked too.
    pub budget: Duration,
    /// Whether it is to be left alone for now: then it comes last.
    pub rests: bool,
}

/// What follows from something.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Verdict {
    /// Hand this reply in.
    pub pass: Option<Reply>,
    /// Ask this one.
    pub start: Option<Runner>,
    /// Stop these: nothing of them is wanted any more.
    pub cancel: Vec<Runner>,
    /// Who won.
    pub won: Option<Runner>,
    /// Who kept silent while the winner answered, although it was asked before.
    pub late: Vec<Runner>,
}

/// One request's race.
///
/// Whatever its runners say, in whatever order: of the replies that are passed on at most one is `Done` or `Failed`, and
/// nothing follows it. While it is not won, every reply but a useful one or the last failure is swallowed; once it is won
/// only the winner is heard.
#[derive(Clone, Debug)]
pub struct Race {
    stage: Stage,
    entries: Vec<Entry>,
    /// Those not asked yet, in order.
    waiting: Vec<Runner>,
    running: Vec<Runner>,
    winner: Option<Runner>,
    /// Since when an answer is awaited of the one asked last.
    since: Option<Instant>,
    over: bool,
}

impl Race {
    /// Of a stage's list, whose first is asked now.
    #[must_use]
    pub fn begin(stage: Stage, entries: Vec<Entry>, now: Instant) -> (Self, Runner) {
        let rested = |wanted: bool| {
            let all = entries.iter().enumerate();
            all.filter(move |(_, entry)| entry.rests == wanted)
                .map(|(at, _)| at)
        };
        let mut waiting: Vec<Runner> = rested(false).chain(rested(true)).collect();
        let first = if waiting.is_empty() {
            0
        } else {
            waiting.remove(0)
        };
        let race = Self {
            stage,
            entries,
            waiting,
            running: vec![first],
            winner: None,
            // Whoever listens is only late with a transcript.
            since: (stage != Stage::Listen).then_some(now),
            over: false,
        };
        (race, first)
    }

    /// A transcript is wanted: a new race among those who listen.
    pub fn flushed(&mut self, now: Instant) {
        if !self.over {
            self.since = Some(now);
            self.winner = None;
        }
    }

    /// A runner waits for others of our requests: until it is its turn it is not late.
    pub fn queued(&mut self, runner: Runner) {
        if self.running.last() == Some(&runner) && self.winner.is_none() {
            self.since = None;
        }
    }

    /// It is the turn of a runner that waited: its time begins now.
    pub fn is_next(&mut self, runner: Runner, now: Instant) {
        if self.running.last() == Some(&runner) && self.winner.is_none() {
            self.since.get_or_insert(now);
        }
    }

    /// Who won and has not come to the end of its answer.
    #[must_use]
    pub fn begun(&self) -> Option<Runner> {
        self.winner.filter(|_| !self.over)
    }

    /// A runner said something.
    pub fn heard(&mut self, runner: Runner, reply: Reply, now: Instant) -> Verdict {
        if self.over || !self.running.contains(&runner) {
            return Verdict::default();
        }
        if let Reply::Failed(failure) = reply {
            return self.failed(runner, failure, now);
        }
        let is_first = self.running.first() == Some(&runner);
        let useful = match &reply {
            Reply::Words(words) => !words.trim().is_empty(),
            Reply::Audio(clip) => !clip.is_empty(),
            Reply::Tool(_) | Reply::Transcript { .. } | Reply::Done(_) | Reply::Result(_) => true,
            Reply::Hint { .. } | Reply::Failed(_) => false,
        };
        let mut verdict = Verdict::default();
        let heard = self.winner.is_none_or(|winner| winner == runner);
        if useful && self.winner.is_none() {
            self.winner = Some(runner);
            self.since = None;
            verdict.won = Some(runner);
            verdict.cancel = std::mem::replace(&mut self.running, vec![runner]);
            // They stand in the order in which they were asked, and only those who were before it had their time.
            let before = verdict.cancel.iter().take_while(|other| **other != runner);
            verdict.late = before.copied().collect();
            verdict.cancel.retain(|other| *other != runner);
        }
        if matches!(reply, Reply::Done(_) | Reply::Result(_)) && heard {
            self.over = true;
        }
        // What says nothing yet, such as an opinion, is heard of the one that was asked first.
        let passes = heard && (useful || self.winner == Some(runner) || is_first);
        verdict.pass = passes.then_some(reply);
        verdict
    }

    fn failed(&mut self, runner: Runner, failure: Failure, now: Instant) -> Verdict {
        self.running.retain(|other| *other != runner);
        // Whoever listens can be followed by another at any time: what was said is kept. Of a reply that was begun
        // nobody else knows the rest.
        let is_begun = self.winner == Some(runner) && self.stage != Stage::Listen;
        let mut verdict = Verdict::default();
        if !is_begun && self.winner.is_none_or(|winner| winner == runner) {
            self.winner = None;
            if !self.running.is_empty() {
                return verdict;
            }
            verdict.start = self.next(now);
            if verdict.start.is_some() {
                return verdict;
            }
        }
        if is_begun || self.running.is_empty() {
            self.over = true;
            verdict.pass = Some(Reply::Failed(failure));
        }
        verdict
    }

    fn next(&mut self, now: Instant) -> Option<Runner> {
        if self.waiting.is_empty() {
            return None;
        }
        let next = self.waiting.remove(0);
        self.running.push(next);
        // As long as no transcript is wanted, nobody who listens can be late.
        if self.stage != Stage::Listen || self.since.is_some() {
            self.since = Some(now);
        }
        Some(next)
    }

    /// When the next one must be asked, unless something is heard before.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        if self.over || self.waiting.is_empty() {
            return None;
        }
        let latest = self.running.last()?;
        let budget = self.entries.get(*latest)?.budget;
        Some(self.since? + budget)
    }

    /// The deadline may have come: whom to ask too.
    pub fn tick(&mut self, now: Instant) -> Option<Runner> {
        self.deadline().filter(|due| *due <= now)?;
        self.next(now)
    }

    /// Who is asked at present.
    #[must_use]
    pub fn running(&self) -> &[Runner] {
        &self.running
    }

    /// Whether `Done` or `Failed` was passed on.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }
}

#[cfg(test)]
mod tests;
