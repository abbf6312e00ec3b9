//! Providers' work, by request: what is asked goes out at once, what comes back becomes inputs. Cancelling is dropping.
//!
//! Two roads lead out, requests (`fetch`) and sockets (`socket`); who takes which is the stage's business, and no provider
//! is known here by its name. Each request of the engine's is a race between those whom the bot names for it.

mod fetch;
mod heard;
mod meter;
mod phrase;
mod shelf;
mod socket;
mod turns;
mod wait;
mod work;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::{Rc, Weak};

use call::{Failure, Feed, Input, Instant, Request, RequestId, Stage};
use contract::Amount;
use providers::{Ask, Breakers, CallBreakers, Listener, Race, Runner, Speaker, Thinker, Told};

use crate::clock::epoch_ms;
use crate::line::Shell;
use crate::lineup::{Lineup, Post};
use crate::store::Remark;
use crate::tool::Tools;

pub(crate) use fetch::{head, post};
use phrase::Phrases;
use socket::Socket;
pub(crate) use work::tokens;
use work::{Asked, Hearing, Running, Work, listened};

thread_local! {
    /// What this isolate knows of providers, across its calls: nothing that a bot can be to blame for.
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
    breakers: CallBreakers,
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
            breakers: CallBreakers::default(),
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
        let entries = BREAKERS.with_borrow(|all| {
            let entry = |post: &Post| providers::Entry {
                budget: post.budget,
                rests: self.breakers.rests(all, &post.who, now_ms),
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
            if let Some(who) = work.stalled(now) {
                self.failed(who, Failure::Late, None, true);
            }
            for runner in work.on_sockets() {
                let line = (work.stage(), runner);
                self.tell(now, line, Told::Cancel(id));
                // Not only when it is closed: a crash before that would lose it all.
                self.meter(now, line);
            }
        }
    }

    /// Stops them all, and hangs up everywhere.
    pub(crate) fn cancel_all(&mut self, now: Instant) {
        self.phrases.end();
        for work in std::mem::take(&mut self.under_way).into_values() {
            self.remarks.extend(work.bill());
        }
        let lines: Vec<Line> = self.sockets.keys().copied().collect();
        for line in lines {
            self.meter(now, line);
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
                    work.asks(runner, &fetch.request);
                    let task = fetch::run(&self.line, (id, runner, stage), fetch);
                    work.run(runner, Running::Fetching(task));
                }
            }
            Asked::Speak(text) => match lineup.speak.get(runner).map(|place| &place.doer) {
                Some(Speaker::Fetch(speak)) => {
                    amount.chars = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
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
            },
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
                let line = (Stage::Listen, runner);
                // What is held back until then is counted when the socket opens.
                let leaves = self.sockets.get(&line).is_some_and(Socket::is_open);
                if leaves && !self.is_billed_by_time(line) {
                    self.used(id, runner, listened(clip.duration()));
                }
                self.tell(now, line, Told::Feed(id, clip));
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
                        let amount = Amount {
                            requests: 1,
                            ..listened(dictation.duration())
                        };
                        self.used(id, runner, amount);
                    }
                }
            }
            (Running::Fetching(_), _) => (),
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
