//! One call in simulated time: the engine, its providers, the line and the caller.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::Duration;

use audio::frame::FRAME_SAMPLES;
use audio::{Clip, mulaw};
use call::{
    Call, Config, EndOfTurn, Ending, Feed, Input, Instant, Mark, Note, Output, Record, Reply,
    Request, RequestId, Spent, Turn,
};

use crate::caller::Caller;
use crate::corpus::Script;
use crate::oracle::{Ear, Oracle};
use crate::sound::{MS, Noise, Voices, gain};

/// How long providers take, in milliseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Delays {
    /// From the end of a word to its transcript.
    pub listen_ms: u64,
    /// To the first word of a reply.
    pub think_ms: u64,
    /// Between its words.
    pub word_ms: u64,
    /// To the first sound of a sentence.
    pub speak_ms: u64,
}

impl Default for Delays {
    fn default() -> Self {
        Self {
            listen_ms: 250,
            think_ms: 350,
            word_ms: 12,
            speak_ms: 100,
        }
    }
}

/// A way to tell the end of a turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Policy {
    /// Its name in the table.
    pub name: &'static str,
    /// What the engine is told.
    pub end: EndOfTurn,
    /// Whether replies are prepared ahead.
    pub speculate: bool,
    /// Whether speech-to-text tells words as they are said, or only when it is asked.
    pub streaming: bool,
}

/// The voice of the bot.
const BOT: &str = "awb";
/// The echo comes so much later, and so much softer.
const ECHO_MS: u64 = 200;
const ECHO_DB: f64 = -20.0;
/// No call lasts longer.
const END_MS: u64 = 600_000;

/// What was seen of a call from outside.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// When it was decided that a turn is over.
    pub decided: Vec<u64>,
    /// The bot's sound as the caller heard it, from and to.
    pub sounds: Vec<(u64, u64)>,
    /// When sound was taken back.
    pub cleared: Vec<u64>,
    /// Replies that were cut off.
    pub yielded: Vec<u64>,
    /// Requests to the model, and replies to drafts that were thrown away.
    pub thoughts: u64,
    /// Drafts thrown away.
    pub dropped: u64,
}

#[derive(Debug)]
enum Event {
    Reply(RequestId, Reply),
}

pub(crate) struct Room<'a> {
    now: u64,
    call: Call,
    script: &'a Script,
    policy: Policy,
    delays: Delays,
    voices: &'a mut Voices,
    events: BTreeMap<(u64, u64), Event>,
    number: u64,
    caller: Caller<'a>,
    oracle: Oracle,
    listens: BTreeMap<RequestId, Ear>,
    noise: Noise,
    /// What was played to the caller, from the start of the call.
    played: Vec<i16>,
    busy_until: u64,
    marks: VecDeque<(u64, Mark)>,
    seen: Seen,
}

impl<'a> Room<'a> {
    pub(crate) fn new(
        script: &'a Script,
        policy: Policy,
        delays: Delays,
        voices: &'a mut Voices,
        seed: u64,
    ) -> Self {
        let config = Config {
            greeting: script.beats[0].bot.clone(),
            end: policy.end,
            speculate: policy.speculate,
            duration_max: None,
            ..Config::default()
        };
        let (call, outputs) = Call::begin(config, Instant::ZERO);
        let mut room = Self {
            now: 0,
            call,
            script,
            policy,
            delays,
            voices,
            events: BTreeMap::new(),
            number: 0,
            caller: Caller::new(script),
            oracle: Oracle::new(seed),
            listens: BTreeMap::new(),
            noise: Noise::new(seed),
            played: Vec::new(),
            busy_until: 0,
            marks: VecDeque::new(),
            seen: Seen::default(),
        };
        room.perform(outputs).expect("the greeting is spoken");
        room
    }

    /// Lets the call happen, and answers what was seen of it, and what the caller really did.
    pub(crate) fn run(mut self) -> io::Result<(Seen, Caller<'a>)> {
        self.now = 500;
        self.give(Input::Opened)?;
        let mut frame_at = 520;
        while !self.caller.is_done() && self.now < END_MS {
            let event_at = self.events.first_key_value().map(|((at, _), _)| *at);
            let mark_at = self.marks.front().map(|(at, _)| *at);
            let tick_at = self.call.deadline().map(Instant::as_ms);
            let next = [event_at, mark_at, tick_at, Some(frame_at)];
            self.now = next
                .into_iter()
                .flatten()
                .min()
                .unwrap_or(frame_at)
                .max(self.now);
            if mark_at.is_some_and(|at| at <= self.now) {
                let (_, mark) = self.marks.pop_front().expect("it was there");
                self.give(Input::Played(mark))?;
            } else if event_at.is_some_and(|at| at <= self.now) {
                let (_, Event::Reply(id, reply)) = self.events.pop_first().expect("it was there");
                self.give(Input::Reply(id, reply))?;
            } else if tick_at.is_some_and(|at| at <= self.now) {
                self.give(Input::Tick)?;
            } else {
                self.frame(frame_at)?;
                frame_at += 20;
            }
        }
        Ok((self.seen, self.caller))
    }

    fn frame(&mut self, at: u64) -> io::Result<()> {
        let from = at - 20;
        let is_idle = self.call.turn() == Turn::Waiting && self.busy_until <= from;
        self.caller
            .step(from, is_idle, self.seen.sounds.last().copied(), self.voices)?;
        let echo_gain = if self.script.echo { gain(ECHO_DB) } else { 0.0 };
        let level = -f64::from(self.script.level_db) + 20.0;
        let noise_gain = self
            .script
            .noise_db
            .map_or(gain(-45.0), |db| gain(level - f64::from(db)));
        let mut bytes = Vec::with_capacity(FRAME_SAMPLES);
        for n in 0..FRAME_SAMPLES {
            let index = from as usize * MS + n;
            let echoed = index
                .checked_sub(ECHO_MS as usize * MS)
                .and_then(|index| self.played.get(index));
            let sum = self.caller.sample(index)
                + f64::from(echoed.copied().unwrap_or(0)) * echo_gain
                + self.noise.sample() * noise_gain;
            bytes.push(mulaw::encode(sum.clamp(-32_000.0, 32_000.0) as i16));
        }
        let at = Duration::from_millis(from - 500);
        let audio = Clip::from(bytes);
        self.give(Input::Frame { at, audio })?;
        self.tell()
    }

    fn give(&mut self, input: Input) -> io::Result<()> {
        let before = self.call.turn();
        let outputs = self.call.handle(Instant::from_ms(self.now), input);
        let after = self.call.turn();
        if matches!(before, Turn::Hearing | Turn::Pausing)
            && matches!(after, Turn::Transcribing | Turn::Replying)
        {
            self.seen.decided.push(self.now);
        }
        self.perform(outputs)
    }

    /// Speech-to-text tells the words that it has understood meanwhile.
    fn tell(&mut self) -> io::Result<()> {
        if !self.policy.streaming {
            return Ok(());
        }
        let known = self.now.saturating_sub(self.delays.listen_ms);
        let mut hints = Vec::new();
        for (id, ear) in &mut self.listens {
            let mut words = ear.words(self.caller.words());
            words.retain(|word| word.to <= known);
            if words.len() > ear.told {
                ear.told = words.len();
                hints.push((*id, self.oracle.text(&words)));
            }
        }
        for (id, text) in hints {
            let ending = Ending::Going;
            self.give(Input::Reply(id, Reply::Hint { ending, text }))?;
        }
        Ok(())
    }

    fn perform(&mut self, outputs: Vec<Output>) -> io::Result<()> {
        for output in outputs {
            match output {
                Output::Play(clip) => self.play(&clip),
                Output::Mark(mark) => {
                    self.marks.push_back((self.busy_until.max(self.now), mark));
                }
                Output::Clear => self.clear(),
                Output::Ask(id, request) => self.ask(id, request)?,
                Output::Feed(id, Feed::Audio(clip)) => {
                    let now = self.now;
                    let ms = clip.duration().as_millis() as u64;
                    self.listens
                        .entry(id)
                        .or_insert_with(|| Ear::new(now.saturating_sub(ms)))
                        .until = now;
                }
                Output::Feed(id, Feed::Flush(flush)) => self.flush(id, flush),
                Output::Cancel(id) => {
                    self.listens.remove(&id);
                    self.events.retain(|_, Event::Reply(of, _)| *of != id);
                }
                Output::Persist(record) => self.note(&record),
                Output::HangUp(_) | Output::Transfer { .. } | Output::SendKeys(_) => {}
            }
        }
        Ok(())
    }

    fn note(&mut self, record: &Record) {
        let is_yielded = matches!(
            record,
            Record::Replied {
                interrupted: true,
                began: Some(_),
                ..
            }
        );
        if is_yielded {
            self.seen.yielded.push(self.now);
        }
        if matches!(
            record,
            Record::Note {
                note: Note::DraftDropped,
                ..
            }
        ) {
            self.seen.dropped += 1;
        }
    }

    fn play(&mut self, clip: &Clip) {
        let from = self.busy_until.max(self.now);
        self.played.resize(from as usize * MS, 0);
        self.played
            .extend(clip.bytes().iter().map(|byte| mulaw::decode(*byte)));
        self.busy_until = from + (clip.len() / MS) as u64;
        match self.seen.sounds.last_mut() {
            Some((_, to)) if *to >= from => *to = self.busy_until,
            _ => self.seen.sounds.push((from, self.busy_until)),
        }
    }

    fn clear(&mut self) {
        self.seen.cleared.push(self.now);
        self.played.truncate(self.now as usize * MS);
        self.busy_until = self.busy_until.min(self.now);
        if let Some((_, to)) = self.seen.sounds.last_mut() {
            *to = (*to).min(self.now);
        }
        for (at, _) in &mut self.marks {
            *at = (*at).min(self.now);
        }
    }

    fn ask(&mut self, id: RequestId, request: Request) -> io::Result<()> {
        let mut at = self.now;
        match request {
            Request::Listen | Request::Do { .. } => (),
            Request::Think { .. } => {
                self.seen.thoughts += 1;
                at += self.delays.think_ms;
                let line = self.caller.next_line().to_owned();
                for word in line.split_inclusive(' ') {
                    self.later(at, id, Reply::Words(word.to_owned()));
                    at += self.delays.word_ms;
                }
                self.later(at, id, Reply::Done(Spent::default()));
            }
            Request::Speak { text } => {
                let sound = mulaw::encode_all(&self.voices.say(BOT, &text)?);
                at += self.delays.speak_ms;
                for piece in sound.chunks(200 * MS) {
                    self.later(at, id, Reply::Audio(Clip::from(piece.to_vec())));
                    at += 40;
                }
                self.later(at, id, Reply::Done(Spent::default()));
            }
        }
        Ok(())
    }

    fn later(&mut self, at: u64, id: RequestId, reply: Reply) {
        self.number += 1;
        self.events
            .insert((at, self.number), Event::Reply(id, reply));
    }

    fn flush(&mut self, id: RequestId, flush: u32) {
        let Some(ear) = self.listens.get(&id) else {
            return;
        };
        let words = ear.words(self.caller.words());
        let last = words.last().map_or(0, |word| word.to);
        let text = self.oracle.text(&words);
        let at = if self.policy.streaming {
            (last + self.delays.listen_ms).max(self.now + 50)
        } else {
            self.now + self.delays.listen_ms
        };
        self.later(at, id, Reply::Transcript { flush, text });
    }
}
