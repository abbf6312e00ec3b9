//! The simulated world: time, and who does what in it.

use std::collections::BTreeMap;
use std::time::Duration;

use audio::Clip;
use call::{Call, Closing, Delivery, Input, Instant, Line, Output, Record, Reply, RequestId, Turn};

use crate::caller::Caller;
use crate::carrier::{Carrier, Span};
use crate::files::Files;
use crate::heard::Heard;
use crate::log::{Entry, What, shown};
use crate::owed::Owed;
use crate::providers::Providers;
use crate::random::Random;
use crate::rules::{Before, Broken, Rules};
use crate::story::Story;
use crate::weather;

/// A call must come to its end so soon after the caller has nothing more to say.
const END_AFTER_MS: u64 = 240_000;

#[derive(Debug)]
pub(crate) enum Event {
    Step,
    Deliver {
        stream: u64,
        input: Input,
        speech_ends: bool,
    },
    Marks,
    FileKnown(u64),
    FilePlayed(u64),
    FileStopped(u64),
    Reply(RequestId, Reply),
    Tick(u64),
    Open,
    Opened,
    Closed,
    Resume,
}

/// How a story went.
#[derive(Debug)]
pub struct Ending {
    /// Everything that happened.
    pub log: Vec<Entry>,
    /// The journal.
    pub journal: Vec<Record>,
    /// The history, at the end.
    pub history: Vec<Line>,
    /// What was played to the caller.
    pub heard: Vec<Span>,
    /// The texts that were spoken, by their number.
    pub spoken: Vec<(RequestId, String)>,
    /// The rule that did not hold.
    pub broken: Option<Broken>,
    /// When it was over, in milliseconds.
    pub at: u64,
}

impl Ending {
    /// The log, to be read.
    #[must_use]
    pub fn shown(&self) -> String {
        shown(&self.log)
    }
}

/// The world of one story.
#[derive(Debug)]
pub struct World {
    pub(crate) now: u64,
    pub(crate) events: BTreeMap<(u64, u64), Event>,
    pub(crate) number: u64,
    pub(crate) call: Option<Call>,
    pub(crate) caller: Caller,
    pub(crate) carrier: Carrier,
    /// What it plays, if it plays files.
    pub(crate) files: Option<Files>,
    pub(crate) providers: Providers,
    pub(crate) journal: Vec<Record>,
    pub(crate) rules: Rules,
    pub(crate) heard: Heard,
    pub(crate) owed: Owed,
    pub(crate) log: Vec<Entry>,
    pub(crate) line: weather::Line,
    pub(crate) random: Random,
    pub(crate) filler: String,
    pub(crate) ticks: u64,
    pub(crate) inbound_until: u64,
    pub(crate) jumped_ms: i64,
    pub(crate) gone: bool,
    pub(crate) silent_ms: u64,
    pub(crate) silence: Clip,
    pub(crate) done_at: Option<u64>,
}

/// Tells a story to its end.
#[must_use]
pub fn tell(story: Story) -> Ending {
    let mut world = World::new(&story);
    let (call, outputs) = Call::begin(story.config, Instant::ZERO);
    world.call = Some(call);
    world.take(None, outputs);
    world.at(story.open_after_ms, Event::Open);
    world.run();
    Ending {
        history: world
            .call
            .as_ref()
            .map(|call| call.history().to_vec())
            .unwrap_or_default(),
        log: world.log,
        journal: world.journal,
        heard: world.carrier.heard,
        spoken: world.providers.spoken,
        broken: world.rules.broken().cloned(),
        at: world.now,
    }
}

impl World {
    fn new(story: &Story) -> Self {
        Self {
            now: 0,
            events: BTreeMap::new(),
            number: 0,
            call: None,
            caller: Caller::new(story.script.clone()),
            carrier: Carrier::default(),
            files: (story.config.delivery == Delivery::Files).then(Files::default),
            providers: Providers::new(
                story.seed,
                story.weather.clone(),
                story.speeds,
                story.answers.clone(),
                story.improvised.clone(),
            ),
            journal: Vec::new(),
            rules: Rules::of(story.config.delivery),
            heard: Heard::new(story.weather.line, story.config.delivery),
            owed: Owed::new(&story.config, story.weather.line),
            log: Vec::new(),
            line: story.weather.line,
            random: Random::new(story.seed).branch(4),
            filler: story.config.filler.clone(),
            ticks: 0,
            inbound_until: 0,
            jumped_ms: 0,
            gone: false,
            silent_ms: 0,
            silence: Clip::silence(Duration::from_millis(20)),
            done_at: None,
        }
    }

    fn run(&mut self) {
        while self.rules.broken().is_none() {
            let Some(((at, _), event)) = self.events.pop_first() else {
                self.rules.breaks("nothing will ever happen again");
                break;
            };
            self.now = at;
            self.happen(event);
            if self.call.as_ref().is_some_and(Call::is_over) {
                self.finish();
                break;
            }
            if self.owed.is_late(self.now, &self.carrier) {
                self.rules
                    .breaks("the caller waits for long and hears nothing");
            }
            if self.caller.is_done() {
                let since = *self.done_at.get_or_insert(at);
                if at > since + END_AFTER_MS {
                    self.rules.breaks("the call does not come to an end");
                }
            }
        }
    }

    fn finish(&mut self) {
        self.rules.end(self.now);
        for input in [Input::Tick, Input::Opened, Input::Closed(Closing::Stopped)] {
            self.give(input);
        }
        self.carrier.close(self.now);
    }

    pub(crate) fn at(&mut self, at: u64, event: Event) {
        self.number += 1;
        self.events.insert((at, self.number), event);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Step => self.step(),
            Event::Deliver {
                stream,
                input,
                speech_ends,
            } => {
                if stream != self.carrier.stream || !self.carrier.connected {
                    return;
                }
                let is_key = matches!(input, Input::Key(_));
                self.give(input);
                if let Some(call) = &self.call {
                    if speech_ends {
                        self.providers.misheard = false;
                        self.owed.speech_ended(self.now, call.turn());
                    } else if is_key {
                        self.owed.keyed(self.now, call.turn());
                    }
                }
            }
            Event::Marks => {
                for mark in self.carrier.advance(self.now) {
                    self.echo(mark);
                }
            }
            Event::FileKnown(number) => self.file_known(number),
            Event::FilePlayed(number) => self.file_played(number),
            Event::FileStopped(number) => self.file_stopped(number),
            Event::Reply(id, reply) => {
                if matches!(reply, Reply::Audio(_)) {
                    self.owed.made(self.now);
                }
                self.give(Input::Reply(id, reply));
            }
            Event::Tick(number) if number == self.ticks => self.give(Input::Tick),
            Event::Tick(_) => (),
            Event::Open if self.gone || self.carrier.connected => self.opened(),
            Event::Open => {
                self.carrier.open(self.now);
                self.reset_files();
                self.inbound_until = self.now;
                self.world("a stream");
                if self.carrier.stream == 1 {
                    self.at(self.now, Event::Step);
                }
                self.opened();
            }
            Event::Opened => self.opened(),
            Event::Closed if self.carrier.connected => (),
            Event::Closed => self.give(Input::Closed(Closing::Dropped)),
            Event::Resume => self.resume(),
        }
    }

    fn opened(&mut self) {
        if self.call.is_some() && self.carrier.connected {
            let last = self.journal.iter().rev().find(|record| {
                matches!(
                    record,
                    Record::Caller { .. }
                        | Record::Saying { .. }
                        | Record::Replied { .. }
                        | Record::Tool(_)
                )
            });
            let owes = matches!(last, Some(Record::Caller { .. }));
            self.owed.opened(self.now, owes);
            self.give(Input::Opened);
        }
    }

    fn resume(&mut self) {
        self.world("the engine goes on from its journal");
        let (call, outputs) =
            Call::resume(self.journal.iter().cloned(), Instant::from_ms(self.now));
        self.call = Some(call);
        self.take(None, outputs);
        if self.carrier.connected {
            self.at(self.now, Event::Opened);
        } else if !self
            .events
            .values()
            .any(|event| matches!(event, Event::Open))
        {
            self.at(self.now + 50, Event::Open);
        }
    }

    pub(crate) fn world(&mut self, what: &str) {
        self.log.push(Entry {
            at: self.now,
            what: What::World(what.to_owned()),
        });
    }

    /// Tells the engine.
    pub(crate) fn give(&mut self, input: Input) {
        let Some(call) = &mut self.call else { return };
        let is_void = self.rules.input(self.now, &input);
        let before = Before {
            turn: call.turn(),
            deadline: call.deadline(),
            is_void,
        };
        self.log.push(Entry {
            at: self.now,
            what: What::Input(input.clone()),
        });
        let outputs = call.handle(Instant::from_ms(self.now), input);
        self.take(Some(before), outputs);
    }

    fn take(&mut self, before: Option<Before>, outputs: Vec<Output>) {
        let Some(call) = &self.call else { return };
        self.rules.outputs(self.now, before, call, &outputs);
        let (turn, deadline) = (call.turn(), call.deadline());
        for output in outputs {
            self.perform(&output);
            self.log.push(Entry {
                at: self.now,
                what: What::Output(output),
            });
        }
        self.watch_floor(turn);
        self.watch_files(turn);
        self.hand_over();
        if self.providers.misheard || turn == Turn::Voicemail {
            self.owed.forgive();
        }
        if let Some(at) = deadline {
            self.ticks += 1;
            let late = self.random.between(0, self.line.tick_late_ms_max);
            self.at(at.as_ms().max(self.now) + late, Event::Tick(self.ticks));
        }
    }

    pub(crate) fn echo(&mut self, mark: call::Mark) {
        if self.files.is_some() {
            // Within a file marks come by the clock.
            self.give(Input::Played(mark));
        } else if !self.random.chance(self.line.lost_marks) {
            self.inbound(0, Input::Played(mark), false);
        }
    }

    /// All that comes from the carrier comes in order.
    pub(crate) fn inbound(&mut self, after: u64, input: Input, speech_ends: bool) {
        let at = self
            .inbound_until
            .max(self.now + after + self.line.latency_ms);
        self.inbound_until = at;
        let stream = self.carrier.stream;
        self.at(
            at,
            Event::Deliver {
                stream,
                input,
                speech_ends,
            },
        );
    }
}
