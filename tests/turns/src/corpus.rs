//! The corpus: who says what, and where the pauses are. Drawn from a seed; the lengths of the pauses are drawn from the
//! published distribution.

use tests::random::Random;

use crate::fill::fill;
use crate::lines::{
    AFTER_SPEECHES, BABBLE, BACKCHANNELS, Exchange, FILLERS, FITTED, HELD_OUT, INTERRUPTIONS,
    SPEECHES,
};
use crate::sound::Racket;

/// Turns of a call that are answers to a question.
const ANSWERS: usize = 8;

/// Share of turns, in permille, that hold a pause longer than so many milliseconds: turns of real people to real
/// agents, livekit/eot-bench, row "silence-only VAD". Between two lines the logarithm of the share is drawn straight.
/// The last line is ours: an end for the longest twentieth.
pub const PAUSES: [(u64, u64); 5] = [
    (300, 556),
    (600, 217),
    (1_000, 100),
    (1_600, 50),
    (3_000, 5),
];

/// Which half of the sentences.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Half {
    /// Numbers are fitted on it.
    Fitted,
    /// And reported on this one.
    HeldOut,
}

/// What the place is like where a caller pauses.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// In mid-phrase: nobody stops there.
    Phrase,
    /// After a filler.
    Filler,
    /// Before a conjunction: the words so far could be all.
    Clause,
    /// After a sentence: nothing in the words tells that there will be another.
    Sentence,
    /// Between groups of digits, or letters.
    Dictation,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Phrase,
        Self::Filler,
        Self::Clause,
        Self::Sentence,
        Self::Dictation,
    ];

    fn of(mark: char) -> Option<Self> {
        Some(match mark {
            '~' => Self::Phrase,
            '+' => Self::Clause,
            '/' => Self::Sentence,
            '#' => Self::Dictation,
            _ => return None,
        })
    }
}

/// Words said without a pause that matters, and the pause after them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// The words.
    pub text: String,
    /// In milliseconds, and where; none after the last words.
    pub pause: Option<(u64, Place)>,
}

/// What the caller says when the bot is done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// Whether its pauses were drawn from the distribution: only then it counts.
    pub drawn: bool,
    /// From the end of the bot's sound to the first of the caller's.
    pub reaction_ms: u64,
    /// What is said.
    pub parts: Vec<Part>,
}

/// What is heard while the bot speaks.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// The caller listens, and says so.
    Backchannel,
    /// A cough.
    Cough,
    /// Somebody else in the caller's room.
    Background,
    /// Something falls, rustles, drives past.
    Noise(Racket),
    /// The caller wants the floor.
    Interruption,
}

impl Kind {
    /// What it is called in tables: one name for all rackets.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Backchannel => "backchannel",
            Self::Cough => "cough",
            Self::Background => "background voice",
            Self::Noise(_) => "noise",
            Self::Interruption => "interruption",
        }
    }
}

/// Something that is heard while the bot speaks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Intrusion {
    /// What.
    pub kind: Kind,
    /// Its words.
    pub text: String,
    /// So many decibels softer than the caller.
    pub below_db: u64,
    /// After so much of the bot's sound.
    pub after_ms: u64,
}

/// One exchange.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Beat {
    /// What the bot says.
    pub bot: String,
    /// What happens meanwhile.
    pub intrusion: Option<Intrusion>,
    /// What the caller says then.
    pub answer: Option<Answer>,
}

/// One caller.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Script {
    /// Which sentences.
    pub half: Half,
    /// A voice of flite.
    pub voice: &'static str,
    /// Noise, so many decibels below the voice.
    pub noise_db: Option<u32>,
    /// Whether the bot's own voice comes back, 20 dB softer and 200 ms later.
    pub echo: bool,
    /// How loud the caller is, in decibels below full scale.
    pub level_db: u32,
    /// What happens.
    pub beats: Vec<Beat>,
}

/// All calls of both halves, so many turns each.
#[must_use]
pub fn corpus(seed: u64, turns: usize) -> Vec<Script> {
    let mut scripts = half(seed, turns, Half::Fitted, FITTED);
    scripts.extend(half(seed.wrapping_add(1), turns, Half::HeldOut, HELD_OUT));
    scripts
}

struct Draft {
    call: usize,
    bot: String,
    text: String,
    key: u64,
}

fn half(seed: u64, turns: usize, half: Half, exchanges: &[Exchange]) -> Vec<Script> {
    let mut random = Random::new(seed);
    let calls = turns.div_ceil(ANSWERS);
    let mut drafts = Vec::new();
    for call in 0..calls {
        // Some callers pause longer than others.
        let bias = random.between(0, 600);
        for n in 0..ANSWERS {
            let (question, answers) = if n == 0 {
                exchanges[0]
            } else {
                *random.pick(&exchanges[1..])
            };
            let text = fill(random.pick::<&str>(answers), &mut random);
            let can_pause = text.contains(|c| Place::of(c).is_some());
            drafts.push(Draft {
                call,
                bot: question.to_owned(),
                key: u64::from(can_pause) * (1_000 + bias + random.between(0, 1_000)),
                text,
            });
        }
    }
    // The n-th longest pause of the distribution goes to the n-th of the turns, as they were drawn.
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|n| std::cmp::Reverse(drafts[*n].key));
    let mut longest = vec![0; drafts.len()];
    for (rank, n) in order.iter().enumerate() {
        longest[*n] = pause((rank as u64 * 2 + 1) * 500 / drafts.len() as u64);
    }
    let mut scripts: Vec<Script> = (0..calls).map(|n| caller(half, n, &mut random)).collect();
    for (draft, longest_ms) in drafts.into_iter().zip(longest) {
        let script = &mut scripts[draft.call];
        if matches!(script.beats.len(), 2 | 6) {
            script.beats.push(speech(&mut random));
        }
        script.beats.push(Beat {
            bot: draft.bot,
            intrusion: None,
            answer: Some(Answer {
                drawn: true,
                reaction_ms: random.between(200, 900),
                parts: parts(&draft.text, longest_ms, &mut random),
            }),
        });
    }
    // Drawn apart, so that the turns stay what they are, however many sounds there are.
    let mut random = random.branch(1);
    for script in &mut scripts {
        for at in [5, 10] {
            let beat = more_speech(&mut random);
            script.beats.insert(at, beat);
        }
    }
    scripts
}

fn caller(half: Half, n: usize, random: &mut Random) -> Script {
    Script {
        half,
        voice: ["rms", "awb", "slt", "kal16"][n % 4],
        noise_db: [None, Some(30), None, Some(20), Some(10)][n % 5],
        echo: n % 2 == 1,
        level_db: 17 + u32::try_from(random.between(0, 8)).unwrap_or(0),
        beats: Vec::new(),
    }
}

fn speech(random: &mut Random) -> Beat {
    let kind = match random.between(0, 19) {
        0..=7 => Kind::Backchannel,
        8..=10 => Kind::Cough,
        11..=13 => Kind::Background,
        _ => Kind::Interruption,
    };
    let text = match kind {
        Kind::Backchannel => *random.pick::<&str>(BACKCHANNELS),
        Kind::Interruption => *random.pick::<&str>(INTERRUPTIONS),
        Kind::Background => "and then she told me that the whole house was full of people",
        Kind::Cough | Kind::Noise(_) => "",
    };
    let below_db = if kind == Kind::Background { 20 } else { 0 };
    spoken_into(kind, text, below_db, random)
}

/// More of what is rare in a first draw.
fn more_speech(random: &mut Random) -> Beat {
    let kind = match random.between(0, 19) {
        0..=4 => Kind::Cough,
        5..=8 => Kind::Background,
        9..=13 => Kind::Noise(*random.pick(&Racket::ALL)),
        _ => Kind::Interruption,
    };
    let (text, below_db) = match kind {
        Kind::Background => (*random.pick::<&str>(BABBLE), random.between(16, 24)),
        Kind::Interruption => (*random.pick::<&str>(INTERRUPTIONS), 0),
        Kind::Cough | Kind::Noise(_) | Kind::Backchannel => ("", random.between(0, 6)),
    };
    spoken_into(kind, text, below_db, random)
}

fn spoken_into(kind: Kind, text: &str, below_db: u64, random: &mut Random) -> Beat {
    let is_turn = kind == Kind::Interruption;
    Beat {
        bot: (*random.pick::<&str>(SPEECHES)).to_owned(),
        intrusion: Some(Intrusion {
            kind,
            text: text.to_owned(),
            below_db,
            after_ms: random.between(900, 4_000),
        }),
        answer: (!is_turn).then(|| Answer {
            drawn: false,
            reaction_ms: random.between(200, 900),
            parts: vec![Part {
                text: (*random.pick::<&str>(AFTER_SPEECHES)).to_owned(),
                pause: None,
            }],
        }),
    }
}

/// The longest pause of a turn, in milliseconds, that so many of a thousand turns exceed. 0: none worth the name.
fn pause(permille: u64) -> u64 {
    if permille >= PAUSES[0].1 {
        return 0;
    }
    for pair in PAUSES.windows(2) {
        let ((from_ms, from), (to_ms, to)) = (pair[0], pair[1]);
        if permille >= to {
            let of = (from as f64 / permille as f64).ln() / (from as f64 / to as f64).ln();
            return from_ms + (of * (to_ms - from_ms) as f64) as u64;
        }
    }
    PAUSES[PAUSES.len() - 1].0
}

/// Cuts a sentence at the places where the caller pauses; the other marks are breath at most.
fn parts(text: &str, longest_ms: u64, random: &mut Random) -> Vec<Part> {
    let mut pieces: Vec<(String, Option<Place>)> = Vec::new();
    let mut piece = String::new();
    for char in text.chars() {
        if let Some(place) = Place::of(char) {
            pieces.push((piece.trim().to_owned(), Some(place)));
            piece = String::new();
        } else {
            piece.push(char);
        }
    }
    pieces.push((piece.trim().to_owned(), None));
    let places: Vec<usize> = (0..pieces.len() - 1).collect();
    let mut pauses = vec![0; pieces.len()];
    if longest_ms > 0 && !places.is_empty() {
        pauses[*random.pick(&places)] = longest_ms;
        let second = *random.pick(&places);
        if pauses[second] == 0 && random.chance(40) {
            pauses[second] = random.between(100, longest_ms * 7 / 10 + 100);
        }
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut said = String::new();
    for ((words, place), pause_ms) in pieces.into_iter().zip(pauses) {
        said.push_str(&words);
        match place {
            None => parts.push(Part {
                text: std::mem::take(&mut said),
                pause: None,
            }),
            Some(mut place) if pause_ms > 0 => {
                if place == Place::Phrase && random.chance(50) {
                    place = Place::Filler;
                    said.push_str(", ");
                    said.push_str(random.pick::<&str>(FILLERS));
                }
                parts.push(Part {
                    text: std::mem::take(&mut said),
                    pause: Some((pause_ms, place)),
                });
            }
            Some(Place::Sentence | Place::Dictation) => said.push_str(", "),
            Some(_) => said.push(' '),
        }
    }
    parts
}
