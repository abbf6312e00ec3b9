//! Providers' work, by request: what is asked goes out at once, what comes back becomes inputs. Cancelling is dropping.
//!
//! Two roads lead out, requests (`fetch`) and sockets (`socket`); who takes which is the stage's business, and no provider
//! is known here by its name. Each request of the engine's is a race between those whom the bot names for it.

mod fetch;
mod phrase;
mod shelf;
mod socket;
mod wait;
mod work;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::{Rc, Weak};
use std::time::Duration;

use call::{Failure, Feed, Input, Instant, Reply, Request, RequestId, Stage};
use contract::Amount;
use providers::{Ask, Breakers, Listener, Race, Runner, Speaker, Thinker, Told, Who};

use crate::clock::epoch_ms;
use crate::line::Shell;
use crate::lineup::{Lineup, Post};
use crate::report::failure_name;
use crate::store::Remark;
use crate::tool::Tools;

pub(crate) use fetch::{head, post};
use phrase::Phrases;
use socket::Socket;
use work::{Asked, Hearing, Running, Work, listened};

thread_local! {
    /// What this isolate knows of providers, across its calls.
    static BREAKERS: RefCell<Breakers> = RefCell::default();
}

/// Which socket: a stage's runner has at most one.
type Line = (Stage, Runner);

/// The requests under way.
pub(crate) struct Works {
    line: Weak<Shell>,
    lineup: Rc<Lineup>,
    under_way: BTreeMap<RequestId, Work>,
    sockets: BTreeMap<Line, Socket>,
    pub(crate) tools: Tools,
    /// Counts sockets, so that what a replaced one still says is not taken for the new one's.
    serial: u64,
    inputs: VecDeque<Input>,
    remarks: Vec<Remark>,
    phrases: Phrases,
}

impl Works {
    /// None under way yet.
    pub(crate) fn new(line: Weak<Shell>, lineup: Rc<Lineup>) -> Self {
        Self {
            line,
            lineup,
            under_way: BTreeMap::new(),
            sockets: BTreeMap::new(),
            tools: Tools::default(),
            serial: 0,
            inputs: VecDeque::new(),
            remarks: Vec::new(),
            phrases: Phrases::default(),
        }
    }

    /// Starts a request.
    pub(crate) fn ask(&mut self, now: Instant, id: RequestId, request: Request) {
        let asked = match request {
            Request::Listen => Asked::Listen(Hearing::default()),
            Request::Think { history } => Asked::Think(history),
            Request::Speak { text } => {
                if self.recall(id, &text) {
                    return;
                }
                Asked::Speak(text)
            }
            Request::Do { name, arguments } => {
                return self.tools.run(&self.line, id, name, arguments);
            }
        };
        self.begin(now, id, asked, usize::MAX);
    }

    /// Begins a request's race, between so many at most.
    fn begin(&mut self, now: Instant, id: RequestId, asked: Asked, runners_max: usize) {
        let stage = asked.stage();
        let mut posts = self.lineup.posts(stage);
        posts.truncate(runners_max);
        let now_ms = epoch_ms();
        let entries = BREAKERS.with_borrow(|breakers| {
            let entry = |post: &Post| providers::Entry {
                budget: post.budget,
                rests: breakers.rests(&post.who, now_ms),
            };
            posts.iter().map(entry).collect()
        });
        let (race, first) = Race::begin(stage, entries, now);
        let work = Work::new(posts, race, asked);
        self.under_way.insert(id, work);
        self.start(now, id, first);
    }

    /// Gives a request more.
    pub(crate) fn feed(&mut self, now: Instant, id: RequestId, feed: &Feed) {
        let Some(work) = self.under_way.get_mut(&id) else {
            return;
        };
        let Asked::Listen(hearing) = &mut work.asked else {
            return;
        };
        match feed {
            Feed::Audio(clip) => hearing.heard.push(clip.clone()),
            Feed::Flush(flush) => {
                hearing.flush = Some(*flush);
                work.race.flushed(now);
            }
        }
        for runner in work.race.running().to_vec() {
            self.hand(now, id, runner, feed);
        }
        self.arm(now, id);
    }

    /// Stops a request.
    pub(crate) fn cancel(&mut self, now: Instant, id: RequestId) {
        self.tools.cancel(id);
        self.phrases.forget(id);
        if let Some(work) = self.remove(id) {
            for runner in work.on_sockets() {
                self.tell(now, (work.stage(), runner), Told::Cancel(id));
            }
        }
    }

    /// Stops them all, and hangs up everywhere.
    pub(crate) fn cancel_all(&mut self) {
        self.phrases.end();
        for work in std::mem::take(&mut self.under_way).into_values() {
            self.remarks.extend(work.bill());
        }
        self.sockets.clear();
        self.tools = Tools::default();
    }

    /// What came back, as the engine is to be told.
    pub(crate) fn take_inputs(&mut self) -> VecDeque<Input> {
        self.inputs.extend(self.tools.take_input());
        std::mem::take(&mut self.inputs)
    }

    /// Has something written down that is none of a provider's doing.
    pub(crate) fn remark(&mut self, remark: Remark) {
        self.remarks.push(remark);
    }

    /// What is worth keeping: what happened, and what was used.
    pub(crate) fn take_remarks(&mut self) -> Vec<Remark> {
        std::mem::take(&mut self.remarks)
    }

    /// Asks one of those who may be asked.
    fn start(&mut self, now: Instant, id: RequestId, runner: Runner) {
        let Some(work) = self.under_way.get_mut(&id) else {
            return;
        };
        let stage = work.stage();
        let mut amount = Amount {
            requests: 1,
            ..Amount::default()
        };
        let lineup = Rc::clone(&self.lineup);
        match &work.asked {
            Asked::Listen(hearing) => {
                let feeds = hearing.so_far();
                match lineup.listen.get(runner).map(|place| &place.doer) {
                    Some(Listener::Upload(upload)) => {
                        amount.requests = 0;
                        work.run(runner, Running::Dictating(upload.ask(), None));
                    }
                    Some(Listener::Socket(_)) => {
                        work.run(runner, Running::OnSocket);
                        self.tell(now, (stage, runner), Told::Ask(id, Ask::Listen));
                    }
                    None => (),
                }
                for feed in &feeds {
                    self.hand(now, id, runner, feed);
                }
            }
            Asked::Think(history) => {
                if let Some(Thinker::Fetch(think)) = lineup.think.get(runner).map(|p| &p.doer) {
                    let fetch = think.ask(history);
                    let task = fetch::run(&self.line, (id, runner, stage), fetch);
                    work.run(runner, Running::Fetching(task));
                }
            }
            Asked::Speak(text) => {
                amount.chars = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
                match lineup.speak.get(runner).map(|place| &place.doer) {
                    Some(Speaker::Fetch(speak)) => {
                        let fetch = speak.ask(text);
                        let task = fetch::run(&self.line, (id, runner, stage), fetch);
                        work.run(runner, Running::Fetching(task));
                    }
                    Some(Speaker::Socket(_)) => {
                        let text = text.clone();
                        work.run(runner, Running::OnSocket);
                        self.tell(now, (stage, runner), Told::Ask(id, Ask::Speak(&text)));
                    }
                    None => (),
                }
            }
        }
        self.used(id, runner, amount);
        self.arm(now, id);
    }

    /// Hands sound, or the wish for a transcript, to one who listens.
    fn hand(&mut self, now: Instant, id: RequestId, runner: Runner, feed: &Feed) {
        let Some(running) = self
            .under_way
            .get_mut(&id)
            .and_then(|work| work.runner(runner))
        else {
            return;
        };
        match (running, feed) {
            (Running::OnSocket, Feed::Audio(clip)) => {
                let amount = listened(clip.duration());
                self.used(id, runner, amount);
                self.tell(now, (Stage::Listen, runner), Told::Feed(id, clip));
            }
            (Running::OnSocket, Feed::Flush(flush)) => {
                self.tell(now, (Stage::Listen, runner), Told::Flush(id, *flush));
            }
            (Running::Dictating(dictation, _), Feed::Audio(clip)) => dictation.feed(clip),
            (Running::Dictating(dictation, latest), Feed::Flush(flush)) => {
                match dictation.flush(*flush) {
                    providers::Flushed::Answer(reply) => self.heard(now, id, runner, reply, None),
                    providers::Flushed::Fetch(fetch) => {
                        // An older transcript, of less, is not wanted any more.
                        let task = fetch::run(&self.line, (id, runner, Stage::Listen), fetch);
                        *latest = Some(task);
                        let heard = self.under_way.get(&id).map(Work::heard);
                        let mut amount = listened(heard.unwrap_or_default());
                        amount.requests = 1;
                        self.used(id, runner, amount);
                    }
                }
            }
            (Running::Fetching(_), _) => (),
        }
    }

    /// One of those who were asked said something; if it failed, how long it wishes to be left alone.
    pub(crate) fn heard(
        &mut self,
        now: Instant,
        id: RequestId,
        runner: Runner,
        reply: Reply,
        wish: Option<Duration>,
    ) {
        let Some(work) = self.under_way.get_mut(&id) else {
            return;
        };
        let stage = work.stage();
        if let Reply::Done(spent) = &reply {
            let amount = Amount {
                input_tokens: spent.input_tokens,
                cached_tokens: spent.cached_tokens,
                output_tokens: spent.output_tokens,
                ..Amount::default()
            };
            self.used(id, runner, amount);
            // A transcript's end is not the end of listening, which goes on until it is cancelled.
            if stage == Stage::Listen {
                return;
            }
        }
        let Some(work) = self.under_way.get_mut(&id) else {
            return;
        };
        if let Reply::Failed(failure) = &reply {
            let who = work.who(runner).cloned();
            work.stop(runner);
            if let Some(who) = who {
                self.failed(&who, *failure, wish);
            }
        }
        let Some(work) = self.under_way.get_mut(&id) else {
            return;
        };
        let verdict = work.race.heard(runner, reply, now);
        let mut late = Vec::new();
        if let Some(winner) = verdict.won {
            late.extend(
                verdict
                    .late
                    .iter()
                    .filter_map(|late| work.who(*late).cloned()),
            );
            if let Some(who) = work.who(winner).cloned() {
                BREAKERS.with_borrow_mut(|breakers| breakers.answered(&who));
                if std::mem::take(&mut work.hedged) {
                    let others: Vec<&str> = late.iter().map(|who| who.provider.as_str()).collect();
                    let detail = work::outcome(&who, &others);
                    self.remarks.push(Remark::event("hedged", detail));
                }
            }
        }
        let mut to_cancel = Vec::new();
        for loser in &verdict.cancel {
            if matches!(work.stop(*loser), Some(Running::OnSocket)) {
                to_cancel.push(*loser);
            }
        }
        if work.race.is_over() && work.stop_sockets() {
            self.remove(id);
        }
        for loser in to_cancel {
            self.tell(now, (stage, loser), Told::Cancel(id));
        }
        for who in late {
            self.failed(&who, Failure::Late, None);
        }
        if let Some(next) = verdict.start {
            self.start(now, id, next);
        }
        if let Some(reply) = verdict.pass {
            self.pass(now, id, runner, reply);
        }
    }

    /// A response was read to its end. (What comes after the last reply is read too, so that the connection can be used
    /// again.)
    pub(crate) fn finished(&mut self, id: RequestId, runner: Runner) {
        let Some(work) = self.under_way.get_mut(&id) else {
            return;
        };
        if matches!(work.runner(runner), Some(Running::Fetching(_))) {
            work.stop(runner);
        }
        if work.race.is_over() && work.is_idle() {
            self.remove(id);
        }
    }

    /// One failed: it may be left alone from now on.
    fn failed(&mut self, who: &Who, failure: Failure, wish: Option<Duration>) {
        let name = work::name(who);
        let detail = format!("{name}: {}", failure_name(failure));
        self.remarks.push(Remark::event("provider_failed", detail));
        let pause =
            BREAKERS.with_borrow_mut(|breakers| breakers.failed(who, failure, wish, epoch_ms()));
        if let Some(pause) = pause {
            let detail = format!("{name}: for {} s", pause.as_secs());
            self.remarks.push(Remark::event("provider_rested", detail));
        }
    }

    fn used(&mut self, id: RequestId, runner: Runner, amount: Amount) {
        if let Some(work) = self.under_way.get_mut(&id) {
            work.used(runner, amount);
        }
    }

    /// A request is over: what it used is written down.
    fn remove(&mut self, id: RequestId) -> Option<Work> {
        let work = self.under_way.remove(&id)?;
        self.remarks.extend(work.bill());
        Some(work)
    }
}
