//! What goes wrong, and when.

use std::ops::Range;

use call::{Failure, Stage};

use crate::random::Random;

/// What becomes of one request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It is answered.
    Fine,
    /// It is answered so many milliseconds later.
    Late(u64),
    /// It is never answered.
    Lost,
    /// It fails.
    Failed(Failure),
    /// It fails half-way.
    Cut,
    /// Its answers stop half-way.
    Stuck,
    /// The last answer comes twice.
    Doubled,
    /// There is nothing in the answer.
    Empty,
    /// It does not notice that it was cancelled.
    Stubborn,
    /// So many times slower than usual.
    Slow(u64),
}

/// How a provider is today.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mood {
    /// Well.
    Fine,
    /// So many of a hundred requests have some other fate.
    Flaky(u64),
    /// All requests have this fate.
    Always(Fate),
}

/// What goes wrong with the providers, and with the line.
#[derive(Clone, Debug)]
pub struct Weather {
    /// Speech-to-text, language model, text-to-speech, tools.
    pub moods: [Mood; 4],
    /// The fates of certain requests of a stage, by their number from 0.
    pub fates: Vec<(Stage, Range<u32>, Fate)>,
    /// The line.
    pub line: Line,
    asked: [u32; 4],
    random: Random,
}

/// How good the line is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Line {
    /// From the carrier to us, in milliseconds.
    pub latency_ms: u64,
    /// How often frames get stuck and come in a bunch, in a thousand frames.
    pub stalls: u64,
    /// How long they are stuck at most.
    pub stall_ms_max: u64,
    /// Frames that come twice, in a thousand.
    pub doubled: u64,
    /// Frames that are lost, in a thousand.
    pub lost: u64,
    /// Jumps of the carrier's clock, in a hundred thousand frames.
    pub jumps: u64,
    /// Whether nothing is sent in silence, after so many milliseconds of it.
    pub skips_silence_after_ms: Option<u64>,
    /// Marks that never come back, in a hundred.
    pub lost_marks: u64,
    /// Whether the caller's voice is weak.
    pub faint: bool,
    /// How late our timer is at most, in milliseconds.
    pub tick_late_ms_max: u64,
}

impl Weather {
    /// Nothing goes wrong.
    #[must_use]
    pub fn fair(seed: u64) -> Self {
        Self {
            moods: [Mood::Fine; 4],
            fates: Vec::new(),
            line: Line::default(),
            asked: [0; 4],
            random: Random::new(seed).branch(1),
        }
    }

    /// Anything may go wrong.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut weather = Self::fair(seed);
        let random = &mut weather.random;
        for mood in weather.moods.iter_mut().take(3) {
            *mood = any_mood(random);
        }
        let line = &mut weather.line;
        line.latency_ms = random.between(0, 80);
        line.tick_late_ms_max = random.between(0, 10);
        if random.chance(30) {
            line.stalls = random.between(1, 10);
            line.stall_ms_max = random.between(40, 600);
        }
        if random.chance(20) {
            line.doubled = random.between(1, 30);
        }
        if random.chance(20) {
            line.lost = random.between(1, 20);
        }
        if random.chance(15) {
            line.jumps = random.between(10, 100);
        }
        if random.chance(30) {
            line.skips_silence_after_ms = Some(random.between(0, 600));
        }
        if random.chance(10) {
            line.lost_marks = *random.pick(&[5, 50, 100]);
        }
        weather
    }

    /// What becomes of the next request.
    pub fn fate(&mut self, stage: Stage) -> Fate {
        let at = match stage {
            Stage::Listen => 0,
            Stage::Think => 1,
            Stage::Speak => 2,
            Stage::Do => 3,
        };
        let number = self.asked[at];
        self.asked[at] += 1;
        let named = self
            .fates
            .iter()
            .find(|(of, range, _)| *of == stage && range.contains(&number));
        if let Some((_, _, fate)) = named {
            return *fate;
        }
        match self.moods[at] {
            Mood::Always(fate) => fate,
            Mood::Flaky(percent) if self.random.chance(percent) => any_fate(&mut self.random),
            Mood::Fine | Mood::Flaky(_) => Fate::Fine,
        }
    }
}

/// Any.
pub(crate) fn any_mood(random: &mut Random) -> Mood {
    match random.between(0, 9) {
        0..=3 => Mood::Fine,
        4..=7 => Mood::Flaky(random.between(5, 50)),
        8 => Mood::Flaky(100),
        _ => Mood::Always(any_fate(random)),
    }
}

fn any_fate(random: &mut Random) -> Fate {
    let failures = [
        Failure::Refused,
        Failure::Busy,
        Failure::Broken,
        Failure::Late,
    ];
    match random.between(0, 9) {
        0 => Fate::Late(random.between(100, 1_500)),
        1 => Fate::Late(random.between(1_000, 6_000)),
        2 => Fate::Lost,
        3 | 4 => Fate::Failed(*random.pick(&failures)),
        5 => Fate::Cut,
        6 => Fate::Stuck,
        7 => Fate::Doubled,
        8 if random.chance(50) => Fate::Empty,
        8 => Fate::Stubborn,
        _ => Fate::Slow(random.between(2, 6)),
    }
}
