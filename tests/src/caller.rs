//! The caller, who follows a script.

use std::collections::VecDeque;

use call::{Answerer, Order};

use crate::voice::Tag;

/// When something is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Start {
    /// So many milliseconds after the call was opened.
    At(u64),
    /// So many milliseconds after the caller did the last thing.
    After(u64),
    /// Once the bot has spoken, and then been silent for so many milliseconds.
    AfterBot(u64),
    /// Once the bot has been speaking for so many milliseconds.
    IntoBot(u64),
}

/// What is done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Act {
    /// Words and pauses.
    Say(Vec<Part>),
    /// A cough.
    Cough,
    /// Keys, one every 300 ms.
    Press(String),
    /// A typed turn.
    Type(String),
    /// Nothing the caller does: somebody outside wants something.
    Order(Order),
    /// Nothing the caller does: the carrier says who answered.
    Answered(Answerer),
    /// The end.
    HangUp,
    /// Nothing the caller does: the stream breaks, and another comes after so many milliseconds.
    Drop(u64),
    /// The same without another stream.
    Vanish,
    /// The engine dies, and goes on from its journal after so many milliseconds.
    Crash {
        /// How long it is gone.
        away_ms: u64,
        /// Whether the carrier's stream outlives it.
        stream_lives: bool,
    },
}

/// A part of an utterance.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Part {
    /// Words said without a pause.
    Words(String),
    /// Silence, in milliseconds.
    Pause(u64),
}

/// One thing in the script.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scene {
    /// When.
    pub start: Start,
    /// What.
    pub act: Act,
}

impl Scene {
    /// Words, with pauses written as `<600>`: `"A table <600> for two."`.
    ///
    /// # Panics
    ///
    /// A pause is no number of milliseconds.
    #[must_use]
    pub fn say(start: Start, text: &str) -> Self {
        let mut parts = Vec::new();
        for piece in text.split('<') {
            let words = match piece.split_once('>') {
                Some((pause, words)) => {
                    parts.push(Part::Pause(pause.parse().expect("a pause in milliseconds")));
                    words
                }
                None => piece,
            };
            if !words.trim().is_empty() {
                parts.push(Part::Words(words.trim().to_owned()));
            }
        }
        Self {
            start,
            act: Act::Say(parts),
        }
    }

    /// Anything else.
    #[must_use]
    pub fn new(start: Start, act: Act) -> Self {
        Self { start, act }
    }
}

/// What the caller does in 20 ms.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Doing {
    /// Nothing.
    Silence,
    /// Speaks; whether this is the end of the utterance.
    Voice(Tag, bool),
    /// Coughs.
    Cough(usize),
    /// Presses a key.
    Key(char),
    /// Something that is no sound.
    Act(Act),
}

/// The caller's side of a call.
#[derive(Debug)]
pub struct Caller {
    script: VecDeque<Scene>,
    /// What was said, by the number of the phrase: the words and their length in frames.
    pub phrases: Vec<(String, u16)>,
    doing: VecDeque<Doing>,
    armed_at: u64,
    bot_since: Option<u64>,
    bot_spoke: bool,
    bot_until: u64,
}

/// Nobody waits longer than this for a bot.
const PATIENCE_MS: u64 = 15_000;

impl Caller {
    /// A caller with a script.
    #[must_use]
    pub fn new(script: Vec<Scene>) -> Self {
        Self {
            script: script.into(),
            phrases: Vec::new(),
            doing: VecDeque::new(),
            armed_at: 0,
            bot_since: None,
            bot_spoke: false,
            bot_until: 0,
        }
    }

    /// Whether the script is over.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.script.is_empty() && self.doing.is_empty()
    }

    /// What the caller does from now on for 20 ms.
    pub fn step(&mut self, now: u64, bot: bool) -> Doing {
        if bot {
            self.bot_since.get_or_insert(now);
            self.bot_spoke = true;
            self.bot_until = now;
        } else {
            self.bot_since = None;
        }
        if self.doing.is_empty() && self.may_start(now, bot) {
            self.start();
        }
        let doing = self.doing.pop_front();
        if doing.is_some() && self.doing.is_empty() {
            self.armed_at = now;
            self.bot_spoke = false;
        }
        doing.unwrap_or(Doing::Silence)
    }

    fn may_start(&self, now: u64, bot: bool) -> bool {
        let Some(scene) = self.script.front() else {
            return false;
        };
        let waited = now - self.armed_at;
        match scene.start {
            Start::At(at) => now >= at,
            Start::After(ms) => waited >= ms,
            Start::AfterBot(ms) => {
                (!bot && self.bot_spoke && now - self.bot_until >= ms) || waited >= PATIENCE_MS
            }
            Start::IntoBot(ms) => {
                self.bot_since
                    .is_some_and(|since| now - since.max(self.armed_at) >= ms)
                    || waited >= PATIENCE_MS
            }
        }
    }

    fn start(&mut self) {
        let Some(scene) = self.script.pop_front() else {
            return;
        };
        match scene.act {
            Act::Say(parts) => self.say(&parts),
            Act::Cough => self.doing.extend((0..13).map(Doing::Cough)),
            Act::Press(keys) => {
                for key in keys.chars() {
                    self.doing.push_back(Doing::Key(key));
                    self.doing.extend(vec![Doing::Silence; 14]);
                }
            }
            Act::Type(_)
            | Act::Order(_)
            | Act::Answered(_)
            | Act::HangUp
            | Act::Drop(_)
            | Act::Vanish
            | Act::Crash { .. } => {
                self.doing.push_back(Doing::Act(scene.act));
            }
        }
    }

    fn say(&mut self, parts: &[Part]) {
        let words = |part: &Part| matches!(part, Part::Words(_));
        let last = parts.iter().rposition(words);
        for (n, part) in parts.iter().enumerate() {
            match part {
                Part::Pause(ms) => {
                    let frames = usize::try_from(ms / 20).expect("a short pause");
                    self.doing.extend(vec![Doing::Silence; frames]);
                }
                Part::Words(words) => {
                    let phrase = u16::try_from(self.phrases.len()).expect("few phrases");
                    let length = u16::try_from((words.len() * 55).max(300) / 20).expect("short");
                    self.phrases.push((words.clone(), length));
                    self.doing.extend((0..length).map(|frame| {
                        let ends = Some(n) == last && frame + 1 == length;
                        Doing::Voice(Tag { phrase, frame }, ends)
                    }));
                }
            }
        }
    }
}
