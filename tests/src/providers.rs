//! Speech-to-text, language model and text-to-speech.

use std::collections::{BTreeMap, BTreeSet};

use audio::Clip;
use call::{Failure, Line, Reply, Request, RequestId, Spent, Stage, ToolCall};

use crate::random::Random;
use crate::voice::{self, Tag};
use crate::weather::{Fate, Weather};

/// How long the bot speaks a character.
pub const CHAR_MS: u32 = 60;

/// What the language model says to something.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Answer {
    /// The words.
    pub text: String,
    /// What it wants done.
    pub tools: Vec<ToolCall>,
    /// To the first word, in milliseconds.
    pub first_ms: u64,
    /// Between words.
    pub word_ms: u64,
}

impl Answer {
    /// These words, at the usual speed.
    #[must_use]
    pub fn says(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            tools: Vec::new(),
            first_ms: 300,
            word_ms: 30,
        }
    }

    /// And then this.
    #[must_use]
    pub fn then(mut self, tool: ToolCall) -> Self {
        self.tools.push(tool);
        self
    }

    /// And then this work is wanted.
    #[must_use]
    pub fn wants(self, name: &str, arguments: &str) -> Self {
        self.then(ToolCall::Custom {
            id: String::new(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        })
    }

    /// At another speed.
    #[must_use]
    pub fn paced(self, first_ms: u64, word_ms: u64) -> Self {
        Self {
            first_ms,
            word_ms,
            ..self
        }
    }
}

/// How fast providers are in fair weather.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Speeds {
    /// From flush to transcript, in milliseconds.
    pub listen_ms: (u64, u64),
    /// To the first sound.
    pub speak_ms: (u64, u64),
    /// Length of a piece of sound.
    pub clip_ms: (u64, u64),
    /// How long work for the model takes.
    pub do_ms: (u64, u64),
    /// How long making a second of sound takes, in percent of a second.
    pub pace_percent: (u64, u64),
}

impl Speeds {
    /// Always the same.
    pub const EVEN: Self = Self {
        listen_ms: (150, 150),
        speak_ms: (200, 200),
        clip_ms: (200, 200),
        do_ms: (400, 400),
        pace_percent: (25, 25),
    };
}

#[derive(Debug)]
struct Work {
    fate: Fate,
    sound: Vec<u8>,
}

/// All providers of a call.
#[derive(Debug)]
pub struct Providers {
    weather: Weather,
    speeds: Speeds,
    answers: Vec<(String, Answer)>,
    improvised: Vec<Answer>,
    works: BTreeMap<RequestId, Work>,
    random: Random,
    seed: u64,
    /// Texts of the requests for speech, by the number that is in their sound.
    pub spoken: Vec<(RequestId, String)>,
    /// Whether there was a transcript without words.
    pub misheard: bool,
}

/// Answers, each after so many milliseconds.
pub type Answers = Vec<(u64, Reply)>;

impl Providers {
    /// Providers for one story.
    #[must_use]
    pub fn new(
        seed: u64,
        weather: Weather,
        speeds: Speeds,
        answers: Vec<(String, Answer)>,
        improvised: Vec<Answer>,
    ) -> Self {
        Self {
            weather,
            speeds,
            answers,
            improvised,
            works: BTreeMap::new(),
            random: Random::new(seed).branch(2),
            seed,
            spoken: Vec::new(),
            misheard: false,
        }
    }

    /// Begins a request.
    pub fn ask(&mut self, id: RequestId, request: &Request) -> Answers {
        let fate = self.weather.fate(request.stage());
        let answers = match request {
            Request::Listen => Answers::new(),
            Request::Think { history } => self.think(history),
            Request::Speak { text } => self.speak(id, text),
            Request::Do { name, .. } => {
                let (low, high) = self.speeds.do_ms;
                let after = self.random.between(low, high);
                vec![(after, Reply::Result(format!("{name}: done")))]
            }
        };
        self.works.insert(
            id,
            Work {
                fate,
                sound: Vec::new(),
            },
        );
        match (request.stage(), fate) {
            // It fails when it is asked for words, or half of the time at once.
            (Stage::Listen, Fate::Failed(failure)) if self.random.chance(50) => {
                vec![(30, Reply::Failed(failure))]
            }
            (Stage::Listen, _) => Answers::new(),
            (Stage::Think | Stage::Speak | Stage::Do, fate) => fated(fate, answers, Answers::pop),
        }
    }

    /// More sound for speech-to-text.
    pub fn feed(&mut self, id: RequestId, clip: &Clip) {
        if let Some(work) = self.works.get_mut(&id) {
            work.sound.extend_from_slice(clip.bytes());
        }
    }

    /// Speech-to-text must answer.
    pub fn flush(&mut self, id: RequestId, flush: u32, phrases: &[(String, u16)]) -> Answers {
        let Some(work) = self.works.get(&id) else {
            return Answers::new();
        };
        let fate = work.fate;
        let text = transcript(&work.sound, phrases);
        let (low, high) = self.speeds.listen_ms;
        let after = self.random.between(low, high);
        let answers = vec![(
            after,
            Reply::Transcript {
                flush,
                text: text.clone(),
            },
        )];
        // Of what falls into the gap between two streams there may be nothing left to understand.
        self.misheard |= fate == Fate::Empty || text.is_empty();
        if fate == Fate::Empty {
            return vec![(
                after,
                Reply::Transcript {
                    flush,
                    text: String::new(),
                },
            )];
        }
        fated(fate, answers, |_| None)
    }

    /// Whether a request that was cancelled goes on answering.
    #[must_use]
    pub fn is_stubborn(&self, id: RequestId) -> bool {
        self.works
            .get(&id)
            .is_some_and(|work| work.fate == Fate::Stubborn)
    }

    fn think(&self, history: &[Line]) -> Answers {
        let said = history.iter().rev().find_map(|line| match line {
            Line::Caller(text) | Line::Result { text, .. } => Some(text.as_str()),
            Line::Bot(_) | Line::Call { .. } => None,
        });
        let said = said.unwrap_or_default();
        let answer = self.answers.iter().find(|(to, _)| to == said).map_or_else(
            || self.improvise(said, history.len()),
            |(_, answer)| answer.clone(),
        );
        let mut at = answer.first_ms;
        let mut answers = Answers::new();
        for word in answer.text.split_inclusive(' ') {
            answers.push((at, Reply::Words(word.to_owned())));
            at += answer.word_ms;
        }
        answers.extend(answer.tools.into_iter().map(|tool| (at, Reply::Tool(tool))));
        let spent = Spent {
            input_tokens: 100,
            cached_tokens: 0,
            output_tokens: 10,
        };
        answers.push((at, Reply::Done(spent)));
        answers
    }

    /// The same to the same words, so that a draft and its final agree.
    fn improvise(&self, said: &str, lines: usize) -> Answer {
        // To the same result something else each time, or some would have work done for ever.
        let lines = if said.ends_with(": done") {
            lines as u64
        } else {
            0
        };
        let number = said.bytes().fold(self.seed, |hash, byte| {
            hash.rotate_left(5) ^ u64::from(byte)
        });
        Random::new(number ^ lines).pick(&self.improvised).clone()
    }

    fn speak(&mut self, id: RequestId, text: &str) -> Answers {
        let number = u32::try_from(self.spoken.len()).expect("few requests");
        self.spoken.push((id, text.to_owned()));
        let length = u32::try_from(text.chars().count()).expect("short") * CHAR_MS;
        let Speeds {
            speak_ms,
            clip_ms,
            pace_percent,
            ..
        } = self.speeds;
        let pace = self.random.between(pace_percent.0, pace_percent.1);
        let mut at = self.random.between(speak_ms.0, speak_ms.1);
        let mut answers = Answers::new();
        let mut from = 0;
        while from < length {
            let ms = u32::try_from(self.random.between(clip_ms.0, clip_ms.1)).expect("short");
            let to = length.min(from + ms.max(1));
            answers.push((at, Reply::Audio(voice::bot(number, from, to))));
            at += u64::from(to - from) * pace / 100;
            from = to;
        }
        answers.push((at, Reply::Done(Spent::default())));
        answers
    }
}

/// All words whose middle was heard, in the order in which they were said.
fn transcript(sound: &[u8], phrases: &[(String, u16)]) -> String {
    let mut frames: BTreeMap<u16, BTreeSet<u16>> = BTreeMap::new();
    voice::understood(sound, |Tag { phrase, frame }| {
        frames.entry(phrase).or_default().insert(frame);
    });
    let mut heard = Vec::new();
    for (phrase, frames) in frames {
        let Some((text, length)) = phrases.get(usize::from(phrase)) else {
            continue;
        };
        let mut at = 0;
        for word in text.split(' ') {
            let middle = (at + word.len() / 2) * usize::from(*length) / text.len();
            let middle = u16::try_from(middle).expect("short");
            // A lost frame or two do no harm.
            if frames
                .range(middle.saturating_sub(2)..=middle + 2)
                .next()
                .is_some()
            {
                heard.push(word);
            }
            at += word.len() + 1;
        }
    }
    heard.join(" ")
}

fn fated(
    fate: Fate,
    answers: Answers,
    last: impl Fn(&mut Answers) -> Option<(u64, Reply)>,
) -> Answers {
    let half = answers.len() / 2;
    let mut answers = answers;
    match fate {
        Fate::Fine | Fate::Stubborn => answers,
        Fate::Late(ms) => answers
            .into_iter()
            .map(|(at, reply)| (at + ms, reply))
            .collect(),
        Fate::Lost => Answers::new(),
        Fate::Failed(failure) => {
            let at = answers.first().map_or(0, |(at, _)| *at);
            vec![(at, Reply::Failed(failure))]
        }
        Fate::Cut => {
            let at = answers.get(half).map_or(0, |(at, _)| *at);
            answers.truncate(half);
            answers.push((at, Reply::Failed(Failure::Broken)));
            answers
        }
        Fate::Stuck => {
            answers.truncate(half);
            answers
        }
        Fate::Doubled => {
            answers.extend(answers.last().cloned().map(|(at, reply)| (at + 1, reply)));
            answers
        }
        Fate::Empty => last(&mut answers).into_iter().collect(),
        Fate::Slow(times) => answers
            .into_iter()
            .map(|(at, reply)| (at * times, reply))
            .collect(),
    }
}
