//! Providers that fail: once, and the conversation goes on; for long, and the caller still hears something soon; turn
//! after turn, and a person or the carrier's voice takes over.

use std::time::Duration;

use contract::{Bot, Speaker};
use e2e::{World, happens, said, story};
use local::demo::{self, Shown};
use local::speech::{Fault, Kind, Stage};
use local::twilio::{Call, What};
use twilio::webhook::CallStatus;

/// Five seconds are promised, and the simulated world holds every call to them. The rest is for a machine that does much else at
/// the same time.
const SOMETHING_MAX: Duration = Duration::from_secs(8);
/// Whatever the machine does: without an apology, nothing would be heard for a minute.
const ANYTHING_MAX: Duration = Duration::from_secs(25);

const WORDS: &str = "for four people";
const ANSWER: &str = "For which day?";

fn status(status: u16) -> Kind {
    Kind::Status {
        status,
        retry_after_s: (status == 429).then_some(1.0),
    }
}

/// Every way in which a request can fail.
fn kinds() -> [(&'static str, Kind); 8] {
    [
        ("401", status(401)),
        ("429", status(429)),
        ("500", status(500)),
        ("stall", Kind::Stall),
        ("cut", Kind::Cut),
        ("freeze", Kind::Freeze),
        ("garbage", Kind::Garbage),
        ("empty", Kind::Empty),
    ]
}

fn forever(stage: Stage, kind: Kind) -> Fault {
    Fault {
        stage: Some(stage),
        kind,
        count: None,
        after: 0,
    }
}

/// A bot of few words: what counts here comes after the greeting. It does not ask whether anybody is still there, so that what is
/// heard is about the failure.
fn bot() -> Bot {
    let mut bot = demo::bot();
    "Hello.".clone_into(&mut bot.greeting);
    bot.idle.after_ms = 60_000;
    bot
}

/// Where no speech is kept: what was said before would do instead of a voice that fails.
async fn world() -> World {
    world_of(bot()).await
}

async fn world_of(bot: Bot) -> World {
    World::with(|options| {
        options.bot = bot;
        let variables = &mut options.platform.edge_variables;
        variables.insert("SPEECH_CACHE".to_owned(), "off".to_owned());
    })
    .await
}

/// Has the caller say something; answers how long it took until anything was heard, and leaves the bot to it.
async fn say(world: &World, call: &Call, words: &str) -> Duration {
    world.say(call, words).await;
    let ended = call
        .log()
        .into_iter()
        .rev()
        .find_map(|event| match event.what {
            What::CallerVoiceEnded { .. } => Some(event.at),
            _ => None,
        });
    let ended = ended.expect("something was said");
    let heard = happens(call, "anything to be heard", |event| {
        let is_sound = matches!(event.what, What::BotAudioStarted | What::Said { .. });
        (is_sound && event.at > ended).then_some(event.at)
    });
    let after = heard.await.saturating_sub(ended);
    assert!(after < ANYTHING_MAX, "{after:?}{}", story(call));
    after
}

/// A machine that stands still for a moment does so in one case or another, and not in most.
fn mostly_soon(stage: Stage, mut waits: Vec<Duration>) {
    waits.sort_unstable();
    let median = waits[waits.len() / 2];
    assert!(median < SOMETHING_MAX, "{stage:?}: {waits:?}");
}

/// How often the caller was answered.
fn answers(shown: &Shown) -> usize {
    said(shown, Speaker::Bot)
        .iter()
        .filter(|text| text.contains(ANSWER))
        .count()
}

/// A stage fails once in each way, in one conversation.
async fn fails_once(stage: Stage) {
    let world = world().await;
    let call = world.dial();
    let mut before = world
        .shown(&call, "the greeting", |shown| !shown.turns.is_empty())
        .await;
    // A voice that refuses is final, unless it refuses a draft that nobody waits for: see below.
    let kinds = kinds().into_iter();
    let kinds: Vec<_> = kinds
        .filter(|(name, _)| stage != Stage::Speak || *name != "401")
        .collect();
    let mut waits = Vec::new();
    for (name, kind) in kinds.clone() {
        let answered = answers(&before);
        world.speech.desk().arm(Fault::next(stage, kind.clone(), 1));
        let after = say(&world, &call, WORDS).await;
        println!(
            "measured: {stage:?} {name} once: heard after {} ms",
            after.as_millis()
        );
        waits.push(after);
        // Whatever fails once is asked again, and nobody notices; but a refusal is final, and half a reply is not unsaid.
        let is_final = kind == status(401);
        let is_half = stage == Stage::Think && matches!(kind, Kind::Cut | Kind::Freeze);
        // What nobody could write down is no turn of the caller's.
        let turns = before.turns.len()
            + if is_final && stage == Stage::Listen {
                1
            } else {
                2
            };
        let is_heard = |shown: &Shown| {
            shown.turns.len() >= turns && (is_final || is_half || answers(shown) > answered)
        };
        before = world
            .shown(
                &call,
                &format!("an answer after {stage:?} {name}"),
                is_heard,
            )
            .await;
        assert!(
            world.speech.desk().faults().is_empty(),
            "{stage:?} {name} did not strike"
        );
    }
    mostly_soon(stage, waits);
    world.ask(&call, "where are you", "Market Square").await;
    call.hang_up();
    let shown = world.told(&call).await;
    let understood = kinds.len() + usize::from(stage != Stage::Listen);
    assert_eq!(
        said(&shown, Speaker::Caller).len(),
        understood,
        "{:#?}",
        shown.turns
    );
    assert_eq!(shown.status, "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn speech_to_text_that_fails_once_costs_no_turn() {
    fails_once(Stage::Listen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_model_that_fails_once_costs_no_turn() {
    fails_once(Stage::Think).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_to_speech_that_fails_once_costs_no_turn() {
    fails_once(Stage::Speak).await;
}

/// A stage fails from the greeting on, in each way in a call of its own.
async fn fails_for_long(stage: Stage) {
    let world = world().await;
    let mut waits = Vec::new();
    for (name, kind) in kinds() {
        let call = world.dial();
        happens(&call, "the greeting", |event| {
            (event.what == What::BotSilent).then_some(())
        })
        .await;
        world.speech.desk().arm(forever(stage, kind));
        let after = say(&world, &call, WORDS).await;
        println!(
            "measured: {stage:?} {name} for long: heard after {} ms",
            after.as_millis()
        );
        waits.push(after);
        call.hang_up();
        world.speech.desk().clear();
    }
    mostly_soon(stage, waits);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_speech_to_text_the_caller_hears_something_within_five_seconds() {
    fails_for_long(Stage::Listen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_language_model_the_caller_hears_something_within_five_seconds() {
    fails_for_long(Stage::Think).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_text_to_speech_the_caller_hears_something_within_five_seconds() {
    fails_for_long(Stage::Speak).await;
}

/// Both turns fail. Without text-to-speech there is no second one: the carrier says sorry at once.
async fn fails_twice(world: &World, stage: Stage, kind: &Kind) -> Call {
    let call = world.dial();
    happens(&call, "the greeting", |event| {
        (event.what == What::BotSilent).then_some(())
    })
    .await;
    world.speech.desk().arm(forever(stage, kind.clone()));
    for _ in 1..=2 {
        say(world, &call, WORDS).await;
        if stage == Stage::Speak {
            break;
        }
    }
    call
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_cannot_go_on_hands_over_to_a_person() {
    let world = world_of(Bot {
        fallback_number: Some(demo::human()),
        ..bot()
    })
    .await;
    for stage in [Stage::Listen, Stage::Think, Stage::Speak] {
        let kind = if stage == Stage::Listen {
            Kind::Stall
        } else {
            status(500)
        };
        let call = fails_twice(&world, stage, &kind).await;
        let whom = happens(&call, "somebody to be rung", |event| match &event.what {
            What::Dialled { to } => Some(to.clone()),
            _ => None,
        });
        assert_eq!(whom.await, demo::human());
        world.speech.desk().clear();
        assert_eq!(call.ended().await.0, CallStatus::Completed);
        apologised(&world, &call, stage).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_cannot_go_on_and_knows_nobody_says_sorry_and_hangs_up() {
    let world = world().await;
    for stage in [Stage::Listen, Stage::Think, Stage::Speak] {
        let kind = if stage == Stage::Think {
            Kind::Stall
        } else {
            status(401)
        };
        let call = fails_twice(&world, stage, &kind).await;
        assert_eq!(call.ended().await.0, CallStatus::Completed);
        world.speech.desk().clear();
        let dialled = call
            .log()
            .iter()
            .any(|event| matches!(event.what, What::Dialled { .. }));
        assert!(!dialled, "{}", story(&call));
        apologised(&world, &call, stage).await;
    }
}

/// The last words were the apology: in the bot's voice, or without that in the carrier's.
async fn apologised(world: &World, call: &Call, stage: Stage) {
    let apology = bot().apology;
    let by_carrier = call
        .log()
        .iter()
        .any(|event| matches!(&event.what, What::Said { text } if *text == apology));
    let shown = world.told(call).await;
    let last = said(&shown, Speaker::Bot)
        .last()
        .copied()
        .unwrap_or_default();
    if stage == Stage::Speak {
        assert!(by_carrier, "{}", story(call));
    } else {
        assert_eq!(last, apology, "{:#?}", shown.turns);
    }
}
