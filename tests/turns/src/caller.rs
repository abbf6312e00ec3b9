//! The caller, who follows the script and cannot be put off.

use std::io;

use crate::corpus::{Answer, Beat, Intrusion, Kind, Place, Script};
use crate::oracle::Word;
use crate::sound::{MS, Voices, cough, gain, racket};

/// A turn as it was really spoken, in milliseconds of the call.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// Whether it counts.
    pub drawn: bool,
    /// Its first sound.
    pub began: u64,
    /// Its last.
    pub ended: u64,
    /// Its pauses, and what was said before each.
    pub pauses: Vec<(u64, u64, Place, String)>,
    /// All words.
    pub text: String,
}

/// What was heard while the bot spoke.
#[derive(Clone, Debug)]
pub struct Intruded {
    /// What it was.
    pub kind: Kind,
    /// Its words.
    pub text: String,
    /// Its first sound.
    pub began: u64,
    /// Its last.
    pub ended: u64,
    /// When the bot began to speak.
    pub bot_began: u64,
}

pub(crate) struct Caller<'a> {
    script: &'a Script,
    beat: usize,
    /// Since when this beat lasts.
    since: u64,
    /// Everything said in this beat is over then.
    busy_until: u64,
    intruded: bool,
    answered: bool,
    sound: Vec<f32>,
    words: Vec<Word>,
    pub(crate) spoken: Vec<Spoken>,
    pub(crate) intrusions: Vec<Intruded>,
}

/// Said by the bot when the script is over.
const LAST: &str = "Thank you. Goodbye.";

impl<'a> Caller<'a> {
    pub(crate) fn new(script: &'a Script) -> Self {
        Self {
            script,
            beat: 0,
            since: 0,
            busy_until: 0,
            intruded: false,
            answered: false,
            sound: Vec::new(),
            words: Vec::new(),
            spoken: Vec::new(),
            intrusions: Vec::new(),
        }
    }

    fn current(&self) -> Option<&'a Beat> {
        self.script.beats.get(self.beat)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.beat > self.script.beats.len()
    }

    /// What the bot has to say to whatever it heard last.
    pub(crate) fn next_line(&self) -> &'a str {
        let is_underway = self.answered || self.intruded;
        let beat = self.beat + usize::from(is_underway);
        self.script.beats.get(beat).map_or(LAST, |beat| &beat.bot)
    }

    pub(crate) fn words(&self) -> &[Word] {
        &self.words
    }

    pub(crate) fn sample(&self, index: usize) -> f64 {
        self.sound
            .get(index)
            .map_or(0.0, |sample| f64::from(*sample))
    }

    /// What the caller does from now on. `is_idle`: the bot waits for the caller; `sound`: its last sound, from and to.
    pub(crate) fn step(
        &mut self,
        now: u64,
        is_idle: bool,
        sound: Option<(u64, u64)>,
        voices: &mut Voices,
    ) -> io::Result<()> {
        let heard = sound.filter(|(_, to)| *to > self.since);
        let beat = self.current();
        if (self.answered || (self.intruded && beat.is_some_and(|beat| beat.answer.is_none())))
            && now >= self.busy_until
        {
            self.beat += 1;
            self.since = now;
            self.intruded = false;
            self.answered = false;
            return Ok(());
        }
        let Some((from, to)) = heard else {
            return Ok(());
        };
        let Some(beat) = beat else {
            // The goodbye was heard.
            self.beat += usize::from(is_idle);
            return Ok(());
        };
        match (&beat.intrusion, &beat.answer) {
            (Some(intrusion), _)
                if !self.intruded && now >= from + intrusion.after_ms && now < to =>
            {
                self.intruded = true;
                self.intrude(now, from, intrusion, voices)?;
            }
            (_, Some(answer))
                if !self.answered
                    && is_idle
                    && now >= to + answer.reaction_ms
                    && now >= self.busy_until =>
            {
                self.intruded = false;
                self.answered = true;
                self.answer(now, answer, voices)?;
            }
            // It was too late to interrupt.
            (Some(_), None) if !self.intruded && is_idle && now > to + 300 => {
                self.intruded = true;
            }
            _ => (),
        }
        Ok(())
    }

    fn level(&self) -> f64 {
        gain(20.0 - f64::from(self.script.level_db))
    }

    fn answer(&mut self, now: u64, answer: &Answer, voices: &mut Voices) -> io::Result<()> {
        let level = self.level();
        let mut at = now;
        let mut pauses = Vec::new();
        let mut text = String::new();
        for part in &answer.parts {
            let end = self.say(at, &part.text, level, voices)?;
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&part.text);
            at = end;
            if let Some((ms, place)) = part.pause {
                pauses.push((end, end + ms, place, text.clone()));
                at += ms;
            }
        }
        self.busy_until = at;
        self.spoken.push(Spoken {
            drawn: answer.drawn,
            began: now,
            ended: at,
            pauses,
            text,
        });
        Ok(())
    }

    fn intrude(
        &mut self,
        now: u64,
        bot_began: u64,
        intrusion: &Intrusion,
        voices: &mut Voices,
    ) -> io::Result<()> {
        let level = self.level() * gain(-f64::from(intrusion.below_db as u32));
        let ended = match intrusion.kind {
            Kind::Backchannel | Kind::Interruption => {
                self.say(now, &intrusion.text, level, voices)?
            }
            Kind::Cough => self.mix(now, &cough(now), level),
            Kind::Noise(what) => self.mix(now, &racket(what, now), level),
            Kind::Background => {
                // Somebody else has another voice.
                let voice = if self.script.voice == "rms" {
                    "slt"
                } else {
                    "rms"
                };
                let sound = voices.say(voice, &intrusion.text)?;
                self.mix(now, &sound, level)
            }
        };
        self.busy_until = ended;
        self.intrusions.push(Intruded {
            kind: intrusion.kind,
            text: intrusion.text.clone(),
            began: now,
            ended,
            bot_began,
        });
        Ok(())
    }

    /// Says words, each of which takes as long as its letters have it. Answers when they are over.
    fn say(&mut self, at: u64, text: &str, level: f64, voices: &mut Voices) -> io::Result<u64> {
        let sound = voices.say(self.script.voice, text)?;
        let end = self.mix(at, &sound, level);
        let letters = text.chars().count() as u64;
        let mut from = 0;
        for word in text.split(' ') {
            let to = from + word.chars().count() as u64;
            let when = |chars: u64| at + (end - at) * chars / letters;
            self.words.push(Word {
                text: word.trim_matches(',').to_owned(),
                from: when(from),
                to: when(to),
            });
            from = to + 1;
        }
        Ok(end)
    }

    fn mix(&mut self, at: u64, samples: &[i16], level: f64) -> u64 {
        let from = at as usize * MS;
        let end = from + samples.len();
        if self.sound.len() < end {
            self.sound.resize(end, 0.0);
        }
        for (sum, sample) in self.sound[from..end].iter_mut().zip(samples) {
            *sum += (f64::from(*sample) * level) as f32;
        }
        (end / MS) as u64
    }
}
