//! What a bot may have besides: tools, orders from outside, typed turns, consent, machines.

use std::time::Duration;

use call::{Answerer, Config, Machine, Order, ToolConfig};

use crate::caller::{Act, Scene, Start};
use crate::providers::Answer;
use crate::random::Random;
use crate::story::Story;
use crate::weather::any_mood;

/// Adds some of it to a story.
pub(crate) fn add(story: &mut Story, random: &mut Random) {
    configure(&mut story.config, random);
    story.weather.moods[3] = any_mood(random);
    story.weather.line.faint = random.chance(10);
    story.speeds.do_ms = (50, *random.pick(&[300, 1_500, 9_000]));
    for _ in 0..random.between(0, 3) {
        let answer = match random.between(0, 3) {
            0 => Answer::says("Let me look that up.").wants("look_up", "{\"day\":7}"),
            1 => Answer::says("").wants("look_up", "{}"),
            2 => Answer::says("")
                .wants("look_up", "{}")
                .wants("book", "{\"for\":4}"),
            _ => Answer::says("I book it, then.").wants("unheard_of", "no JSON"),
        };
        story.improvised.push(answer.paced(200, 30));
    }
    for _ in 0..random.between(0, 4) {
        let at = usize::try_from(random.between(0, story.script.len() as u64)).expect("small");
        let scene = scene(random);
        story.script.insert(at, scene);
    }
}

fn configure(config: &mut Config, random: &mut Random) {
    if random.chance(25) {
        "This call may be recorded.".clone_into(&mut config.consent);
    }
    config.barge_in = !random.chance(20);
    config.outbound = random.chance(30);
    config.machine = match random.between(0, 2) {
        0 => Machine::Continue,
        1 => Machine::HangUp,
        _ => Machine::LeaveMessage {
            text: "This is the Golden Fork. Please call us back.".to_owned(),
        },
    };
    if !config.barge_in {
        config.unknown = config.machine.clone();
    }
    let filler = *random.pick(&["", "Let me see."]);
    config.tools = ["look_up", "book"]
        .iter()
        .map(|name| ToolConfig {
            name: (*name).to_owned(),
            timeout: Duration::from_millis(random.between(500, 8_000)),
            filler: filler.to_owned(),
        })
        .collect();
}

fn scene(random: &mut Random) -> Scene {
    let start = match random.between(0, 2) {
        0 => Start::AfterBot(random.between(0, 2_500)),
        1 => Start::IntoBot(random.between(0, 3_000)),
        _ => Start::After(random.between(0, 4_000)),
    };
    let text = || "A colleague will be with you soon.".to_owned();
    let act = match random.between(0, 21) {
        0..=2 => Act::Order(Order::Interrupt),
        3..=5 => Act::Order(Order::Say { text: text() }),
        6 => Act::Order(Order::Transfer {
            to: "+12025550199".to_owned(),
        }),
        7 => Act::Order(Order::HangUp { say: None }),
        8 => Act::Order(Order::HangUp { say: Some(text()) }),
        9 | 10 => Act::Order(Order::SendKeys {
            keys: "1w2".to_owned(),
        }),
        11 => Act::Order(Order::Wrap { say: None }),
        12..=14 => Act::Type("A table by the window, please.".to_owned()),
        15 => return Scene::say(start, "Please leave a message <600> after the tone."),
        16 => return Scene::say(start, "Please state your name."),
        17 | 18 => return Scene::say(start, "Hold on."),
        _ => Act::Answered(*random.pick(&[
            Answerer::Human,
            Answerer::Machine,
            Answerer::MachineReady,
            Answerer::Fax,
            Answerer::Unknown,
        ])),
    };
    Scene::new(start, act)
}
