//! One request of the engine's, and all who were asked for it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use audio::Clip;
use call::{Budgets, Failure, Feed, Instant, Line, Reply, Spent, Stage};
use contract::{Amount, WorkStage};
use providers::{Complaint, Dictation, HttpRequest, Race, Runner, Spending, Who};

use crate::lineup::Post;
use crate::store::Remark;
use crate::web::Task;

/// One request of the engine's.
pub(super) struct Work {
    posts: Vec<Post>,
    pub(super) race: Race,
    pub(super) asked: Asked,
    runners: BTreeMap<Runner, Running>,
    used: BTreeMap<Runner, Amount>,
    /// Of language models, who do not always come to the point of telling what they took.
    spending: BTreeMap<Runner, Spending>,
    pub(super) timer: Option<(Instant, Task)>,
    /// Whether another was asked because one kept silent, and nobody has won since.
    pub(super) hedged: bool,
    /// When something came last of the one who has begun.
    pub(super) heard: Instant,
    /// Of whom anything at all came.
    delivered: BTreeSet<Runner>,
}

/// What was asked, for whoever is asked next.
pub(super) enum Asked {
    Listen(Hearing),
    Think(Vec<Line>),
    Speak(String),
}

/// An utterance so far.
#[derive(Default)]
pub(super) struct Hearing {
    pub(super) heard: Vec<Clip>,
    /// The latest flush.
    pub(super) flush: Option<u32>,
}

/// How one of them works.
pub(super) enum Running {
    /// What was fed so far, and the latest transcript that is on its way.
    Dictating(Box<dyn Dictation>, Option<Task>),
    /// A response on its way.
    Fetching(#[expect(dead_code, reason = "it is kept: dropping it stops it")] Task),
    /// One of a socket's requests.
    OnSocket,
}

impl Hearing {
    /// All of it again. Sound comes in stretches of a second.
    pub(super) fn so_far(&self) -> Vec<Feed> {
        const STRETCH: usize = 8_000;
        let bytes: Vec<u8> = self.heard.iter().flat_map(Clip::bytes).copied().collect();
        let sound = bytes
            .chunks(STRETCH)
            .map(|part| Feed::Audio(Clip::from(part)));
        sound.chain(self.flush.map(Feed::Flush)).collect()
    }
}

impl Asked {
    pub(super) fn stage(&self) -> Stage {
        match self {
            Self::Listen(_) => Stage::Listen,
            Self::Think(_) => Stage::Think,
            Self::Speak(_) => Stage::Speak,
        }
    }
}

impl Work {
    pub(super) fn new(posts: Vec<Post>, race: Race, asked: Asked) -> Self {
        Self {
            posts,
            race,
            asked,
            runners: BTreeMap::new(),
            used: BTreeMap::new(),
            spending: BTreeMap::new(),
            timer: None,
            hedged: false,
            heard: Instant::ZERO,
            delivered: BTreeSet::new(),
        }
    }

    pub(super) fn stage(&self) -> Stage {
        self.asked.stage()
    }

    pub(super) fn who(&self, runner: Runner) -> Option<&Who> {
        Some(&self.posts.get(runner)?.who)
    }

    /// Somebody did this much.
    pub(super) fn used(&mut self, runner: Runner, amount: Amount) {
        self.used.entry(runner).or_default().add(amount);
    }

    /// A language model is asked.
    pub(super) fn asks(&mut self, runner: Runner, request: &HttpRequest) {
        self.spending.insert(runner, Spending::begin(request));
    }

    /// Somebody told what it took so far.
    pub(super) fn told(&mut self, runner: Runner, spent: Spent) {
        if let Some(spending) = self.spending.get_mut(&runner) {
            spending.told(spent);
        }
    }

    /// Somebody said something, whether it is wanted or not; if it failed, with the reason if one was told.
    pub(super) fn says(&mut self, runner: Runner, reply: &Reply, complaint: Option<&Complaint>) {
        if let Some(spending) = self.spending.get_mut(&runner) {
            spending.heard(reply, complaint);
        } else if let Reply::Done(spent) = reply {
            self.used(runner, tokens(*spent));
        }
        match reply {
            Reply::Failed(failure) => {
                // Who is late may have taken it up.
                let is_taken_up = *failure == Failure::Late
                    || complaint.is_none_or(|it| (200..300).contains(&it.status));
                if !is_taken_up && !self.delivered.contains(&runner) {
                    self.take_back(runner);
                }
            }
            Reply::Words(_)
            | Reply::Tool(_)
            | Reply::Audio(_)
            | Reply::Transcript { .. }
            | Reply::Hint { .. }
            | Reply::Result(_)
            | Reply::Done(_) => {
                self.delivered.insert(runner);
            }
        }
    }

    /// All that was heard so far is sent to somebody now.
    pub(super) fn sound_leaves(&mut self, runner: Runner) {
        if let Asked::Listen(hearing) = &self.asked
            && matches!(self.runners.get(&runner), Some(Running::OnSocket))
        {
            let heard = hearing.heard.iter().map(Clip::duration).sum();
            self.used(runner, listened(heard));
        }
    }

    /// Nothing of what somebody was asked for was taken up: it is not paid.
    fn take_back(&mut self, runner: Runner) {
        if let Some(used) = self.used.get_mut(&runner) {
            *used = Amount {
                requests: used.requests,
                ..Amount::default()
            };
        }
    }

    /// Who has begun with a reply that nobody else could go on with, and has not come to its end.
    pub(super) fn begun(&self) -> Option<Runner> {
        let is_listening = self.stage() == Stage::Listen;
        self.race.begun().filter(|_| !is_listening)
    }

    /// Who has begun and then kept silent for longer than the engine waits for more.
    pub(super) fn stalled(&self, now: Instant) -> Option<&Who> {
        let budgets = Budgets::default();
        let patience = match self.stage() {
            Stage::Speak => budgets.speak,
            Stage::Listen | Stage::Think | Stage::Do => budgets.think,
        };
        let begun = self.begun()?;
        let is_stalled = now.since(self.heard) >= patience;
        self.who(begun).filter(|_| is_stalled)
    }

    /// What everybody did, winners and losers.
    pub(super) fn bill(&self) -> impl Iterator<Item = Remark> {
        self.used.iter().filter_map(|(runner, used)| {
            let mut amount = *used;
            if let Some(spending) = self.spending.get(runner) {
                amount.add(tokens(spending.total()));
            }
            let who = self.who(*runner)?;
            (amount != Amount::default()).then(|| did(who, amount))?
        })
    }

    pub(super) fn run(&mut self, runner: Runner, running: Running) {
        self.runners.insert(runner, running);
    }

    pub(super) fn runner(&mut self, runner: Runner) -> Option<&mut Running> {
        self.runners.get_mut(&runner)
    }

    pub(super) fn stop(&mut self, runner: Runner) -> Option<Running> {
        self.runners.remove(&runner)
    }

    /// Forgets those on sockets, who have nothing more to say. Whether that were all.
    pub(super) fn stop_sockets(&mut self) -> bool {
        self.runners
            .retain(|_, running| !matches!(running, Running::OnSocket));
        self.is_idle()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.runners.is_empty()
    }

    /// Those who are spoken to over a socket.
    pub(super) fn on_sockets(&self) -> Vec<Runner> {
        let all = self.runners.iter();
        all.filter(|(_, running)| matches!(running, Running::OnSocket))
            .map(|(runner, _)| *runner)
            .collect()
    }
}

/// A provider's name, for people: `think anthropic claude`.
pub(super) fn name(who: &Who) -> String {
    let stage = match who.stage {
        Stage::Listen => "listen",
        Stage::Think => "think",
        Stage::Speak => "speak",
        Stage::Do => "do",
    };
    let name = format!("{stage} {} {}", who.provider, who.model);
    name.trim_end().to_owned()
}

/// How a race ended in which somebody was asked because somebody else kept silent.
pub(super) fn outcome(winner: &Who, late: &[&str]) -> String {
    let name = name(winner);
    if late.is_empty() {
        format!("{name} answered after all")
    } else {
        format!("{name} answered for {}", late.join(", "))
    }
}

/// What a provider did, as it is written down.
pub(super) fn did(who: &Who, amount: Amount) -> Option<Remark> {
    let stage = match who.stage {
        Stage::Listen => WorkStage::Listen,
        Stage::Think => WorkStage::Think,
        Stage::Speak => WorkStage::Speak,
        Stage::Do => return None,
    };
    Some(Remark::Did(contract::Work {
        stage,
        provider: who.provider.clone(),
        model: who.model.clone(),
        amount,
    }))
}

/// So many tokens went in and came out.
pub(crate) fn tokens(spent: Spent) -> Amount {
    Amount {
        input_tokens: spent.input_tokens,
        cached_tokens: spent.cached_tokens,
        output_tokens: spent.output_tokens,
        ..Amount::default()
    }
}

/// So much was to be said.
pub(super) fn said(chars: u64) -> Amount {
    Amount {
        chars,
        ..Amount::default()
    }
}

/// So much sound was sent, or a socket was open for so long.
pub(super) fn listened(length: Duration) -> Amount {
    Amount {
        listen_ms: u64::try_from(length.as_millis()).unwrap_or(u64::MAX),
        ..Amount::default()
    }
}

#[cfg(test)]
mod tests;
