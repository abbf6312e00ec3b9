//! What is told in a simulation: the bot, the caller's script, the weather.

use std::time::Duration;

use call::{Config, Delivery, EndOfTurn, ToolCall};

use crate::caller::{Act, Scene, Start};
use crate::providers::{Answer, Speeds};
use crate::random::Random;
use crate::weather::Weather;

/// Everything that a simulated call depends on.
#[derive(Clone, Debug)]
pub struct Story {
    /// Draws what is left open below.
    pub seed: u64,
    /// The bot.
    pub config: Config,
    /// The caller.
    pub script: Vec<Scene>,
    /// What the language model says to which words.
    pub answers: Vec<(String, Answer)>,
    /// What it says to any other.
    pub improvised: Vec<Answer>,
    /// What goes wrong.
    pub weather: Weather,
    /// How fast providers are.
    pub speeds: Speeds,
    /// From the call to its first stream, in milliseconds.
    pub open_after_ms: u64,
}

impl Story {
    /// A quiet day, everything at the usual speed, with a caller who does not say anything yet.
    #[must_use]
    pub fn quiet(config: Config) -> Self {
        Self {
            seed: 0,
            config,
            script: Vec::new(),
            answers: Vec::new(),
            improvised: vec![Answer::says("Very well.")],
            weather: Weather::fair(0),
            speeds: Speeds::EVEN,
            open_after_ms: 300,
        }
    }

    /// The same, and whatever else a bot may have: see [`crate::extras`].
    #[must_use]
    pub fn with_everything(seed: u64) -> Self {
        let mut story = Self::of(seed);
        crate::extras::add(&mut story, &mut Random::new(seed).branch(5));
        story
    }

    /// The same, heard from files.
    #[must_use]
    pub fn by_files(seed: u64) -> Self {
        let mut story = Self::with_everything(seed);
        story.config.delivery = Delivery::Files;
        story
    }

    /// Then the caller does this.
    #[must_use]
    pub fn scene(mut self, scene: Scene) -> Self {
        self.script.push(scene);
        self
    }

    /// Then the caller says this.
    #[must_use]
    pub fn say(self, start: Start, text: &str) -> Self {
        self.scene(Scene::say(start, text))
    }

    /// Then this happens.
    #[must_use]
    pub fn act(self, start: Start, act: Act) -> Self {
        self.scene(Scene::new(start, act))
    }

    /// To this, the model answers that.
    #[must_use]
    pub fn answer(mut self, said: &str, answer: Answer) -> Self {
        self.answers.push((said.to_owned(), answer));
        self
    }

    /// Whatever the seed says.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut random = Random::new(seed).branch(3);
        let config = config(&mut random);
        let length = random.between(0, 6);
        let script = script(&mut random, length);
        let fast = random.between(0, 3);
        let speeds = Speeds {
            listen_ms: (50, 100 + 200 * fast),
            speak_ms: (50, 100 + 200 * fast),
            clip_ms: if random.chance(30) {
                (1, 60)
            } else {
                (20, 700)
            },
            do_ms: (50, 300),
            pace_percent: (2, 20 + 35 * fast),
        };
        Self {
            seed,
            config,
            script,
            answers: Vec::new(),
            improvised: improvised(&mut random),
            weather: Weather::of(seed),
            speeds,
            open_after_ms: random.between(10, 2_500),
        }
    }
}

fn config(random: &mut Random) -> Config {
    let text = |random: &mut Random, text: &str, percent| {
        if random.chance(percent) {
            text.to_owned()
        } else {
            String::new()
        }
    };
    let mut config = Config {
        greeting: text(
            random,
            "Hello, this is the Golden Fork. How may I help you?",
            80,
        ),
        speculate: random.chance(70),
        reply_chars_max: usize::try_from(*random.pick(&[300, 300, 80, 40])).expect("small"),
        idle_after: Duration::from_millis(random.between(2_000, 8_000)),
        idle_prompts_max: u32::try_from(random.between(0, 2)).expect("small"),
        ..Config::default()
    };
    if random.chance(50) {
        let silence_ms = *random.pick(&[300, 500, 700, 1_000, 2_000, 4_000]);
        config.end = EndOfTurn::Silence(Duration::from_millis(silence_ms));
    }
    if random.chance(15) {
        config.duration_max = Some(Duration::from_millis(random.between(500, 60_000)));
    }
    if random.chance(50) {
        config.fallback = Some("+12025550143".to_owned());
    }
    config
}

const SAYINGS: [&str; 12] = [
    "Yes.",
    "I would like a table, please.",
    "I would like <400> a table <700> for four people.",
    "Um, <900> tomorrow at seven.",
    "My number is <300> five five five <500> one two three four.",
    "No, wait, not tomorrow.",
    "Can you tell me when you are open on Sundays and whether there is a garden?",
    "Thank you. <1500> One more thing.",
    "Goodbye.",
    "And",
    "I want to talk to a person.",
    "Press one for me.",
];

fn script(random: &mut Random, length: u64) -> Vec<Scene> {
    let mut script = Vec::new();
    for _ in 0..length {
        let start = match random.between(0, 9) {
            0..=4 => Start::AfterBot(random.between(0, 2_500)),
            5..=7 => Start::IntoBot(random.between(0, 3_000)),
            _ => Start::After(random.between(0, 6_000)),
        };
        let scene = match random.between(0, 19) {
            11 | 12 => Scene::say(start, "Mm-hm."),
            13 => Scene::new(start, Act::Cough),
            14 | 15 => {
                let keys = *random.pick(&["1", "42#", "#", "0123456789", "*9"]);
                Scene::new(start, Act::Press(keys.to_owned()))
            }
            16 => Scene::new(start, Act::Drop(random.between(50, 5_000))),
            17 | 18 => Scene::new(
                start,
                Act::Crash {
                    away_ms: random.between(20, 4_000),
                    stream_lives: random.chance(50),
                },
            ),
            _ => Scene::say(start, random.pick::<&str>(&SAYINGS)),
        };
        script.push(scene);
    }
    match random.between(0, 9) {
        0..=3 => script.push(Scene::new(
            Start::AfterBot(random.between(0, 3_000)),
            Act::HangUp,
        )),
        4 => script.push(Scene::new(
            Start::IntoBot(random.between(0, 3_000)),
            Act::HangUp,
        )),
        5 => script.push(Scene::new(
            Start::After(random.between(0, 3_000)),
            Act::Vanish,
        )),
        _ => (),
    }
    script
}

fn improvised(random: &mut Random) -> Vec<Answer> {
    let first_ms = random.between(50, 1_200);
    let word_ms = random.between(1, 120);
    let mut answers: Vec<Answer> = [
        "Sure.",
        "For how many people, and at what time would that be?",
        "Let me see. Tomorrow at seven is free. Shall I book that for you? It would be by the window.",
        "Of course. We are open every day from eleven in the morning until late in the evening, and on Sundays from noon. \
         There is a garden behind the house. Dogs are welcome. In summer there is music on Saturdays. You can reserve a \
         table at any time. Groups should call a day before. Is there anything else that I can do for you today?",
        "Yes. No. Perhaps. Well. Why not. Fine. Good. Right.",
        "a reply without any punctuation that goes on and on until the model has nothing more to say about it",
    ]
    .iter()
    .map(|text| Answer::says(text).paced(first_ms, word_ms))
    .collect();
    let to = "+12025550199".to_owned();
    let keys = "1w2".to_owned();
    let tools = [
        Answer::says("Goodbye then.").then(ToolCall::EndCall),
        Answer::says("").then(ToolCall::EndCall),
        Answer::says("I connect you.").then(ToolCall::Transfer { to: to.clone() }),
        Answer::says("").then(ToolCall::Transfer { to }),
        Answer::says("I press it.").then(ToolCall::SendKeys { keys: keys.clone() }),
        Answer::says("").then(ToolCall::SendKeys { keys }),
    ];
    if random.chance(50) {
        answers.push(random.pick(&tools).clone().paced(first_ms, word_ms));
    }
    answers
}
