//! The pages in real Chromium: the tests of `web/tests`, against the whole platform with real calls in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::{Bot, BotId, Limits, Pricing};
use e2e::{World, root};
use local::demo;
use local::twilio::{Callee, Event, Number, Reaction, What};
use serde_json::{Value, json};
use tokio::process::Command;
use twilio::PhoneNumber;

/// Longest that any one file with tests takes, on however busy a machine.
const TEST_MAX: Duration = Duration::from_mins(10);

/// What is run by itself, when all else is done.
const ALONE: &str = "crash.test.mjs";

/// The files with tests; with `PAGES_TESTS=console` only those of that name.
fn tests() -> Vec<PathBuf> {
    let wanted = std::env::var("PAGES_TESTS").unwrap_or_default() + ".test.mjs";
    let folder = std::fs::read_dir(root().join("web/tests")).expect("the pages have tests");
    let files = folder.map(|file| file.expect("a file").path());
    let mut tests: Vec<PathBuf> = files
        .filter(|file| file.to_string_lossy().ends_with(&wanted))
        .collect();
    tests.sort();
    tests
}

/// Runs files with tests, two at once, as they wait most of the time. Whether all passed.
async fn pass(files: &[PathBuf], place: &Value) -> bool {
    let limit = format!("--test-timeout={}", TEST_MAX.as_millis());
    let mut node = Command::new("node");
    node.args(["--test", "--test-concurrency=2", "--test-reporter=spec"])
        .arg(limit)
        .args(files)
        .current_dir(root())
        .env("PAGES", place.to_string())
        .kill_on_drop(true);
    files.is_empty() || node.status().await.expect("node").success()
}

/// The restaurant's bot, for money, and kept from dialling abroad.
fn mesa() -> Bot {
    Bot {
        price: Pricing {
            per_call_micro_dollars: 50_000,
            per_minute_micro_dollars: 60_000,
            included_minutes: 1,
        },
        limits: Limits {
            outbound_countries: vec!["US".to_owned()],
            ..Limits::default()
        },
        filler: e2e::bot().filler,
        ..demo::bot()
    }
}

/// One that talks for long, and asks nobody whether they are still there.
fn desk() -> Bot {
    let mut bot = Bot {
        id: BotId::new("desk").expect("an id"),
        name: "Front desk".to_owned(),
        greeting: "Welcome. ".to_owned()
            + &"You have reached the front desk of the house. ".repeat(8),
        ..mesa()
    };
    bot.idle.after_ms = 120_000;
    bot
}

/// One in another language.
fn clinic() -> Bot {
    Bot {
        id: BotId::new("clinica-sol").expect("an id"),
        name: "Clínica Sol".to_owned(),
        language: "es-ES".to_owned(),
        greeting: "Clínica Sol, buenos días.".to_owned(),
        ..mesa()
    }
}

fn number(text: &str) -> PhoneNumber {
    text.parse().expect("a number")
}

/// Who does not just pick up.
fn callees(world: &World) {
    for (callee, reaction) in [
        ("+15005550021", Reaction::Busy { after_ms: 0 }),
        ("+15005550022", Reaction::Unreachable),
        ("+15005550023", Reaction::Answers { after_ms: 2_500 }),
    ] {
        let callee_of = Callee {
            reaction,
            ..Callee::default()
        };
        world.carrier.set_callee(number(callee), callee_of);
    }
}

/// What there is to see: bots, months of conversations, and a call in which the bot was interrupted. Answers that call's id.
async fn furnish(world: &World) -> String {
    for bot in [desk(), clinic()] {
        world.api.put_bot(&bot).await.expect("a bot");
    }
    let line = number("+15005550010");
    let given = world.api.put_number(&line, "desk").await;
    given.expect("a number");
    let at_carrier = world.carrier.add_number(Number {
        number: line,
        voice_url: world.url("voice", "/voice/incoming"),
        fallback_url: None,
        status_callback: Some(world.url("status", "/twilio/call")),
    });
    at_carrier.expect("a number");
    callees(world);
    // Nobody waits in a call for that.
    world.hears().await;
    world.history(&[mesa().id, mesa().id, clinic().id]).await;
    let (call, ()) = tokio::join!(talked(world), greeted(world));
    call
}

/// A call in which the bot was interrupted, over and told of; its id.
async fn talked(world: &World) -> String {
    let call = world.dial();
    let script = "what's on the menu|*wait can i book a table|for four people|on friday at seven";
    world.play(&call, script).await;
    world.told(&call).await;
    call.sid().to_string()
}

/// Has the front desk's greeting made, which is kept then. It is long, and a busy machine may need more time for it than the
/// edge gives a provider; such a call is over soon, and another is placed.
async fn greeted(world: &World) {
    let (to, from) = (demo::caller(), number("+15005550010"));
    loop {
        let placed = world.api.place("desk", &to, &from).await;
        placed.expect("a call");
        let call = world.carrier.outbound().await.expect("a call");
        let speaks = |event: &Event| (event.what == What::BotAudioStarted).then_some(());
        let is_greeted = call.find(speaks).await.is_some();
        call.hang_up();
        if is_greeted {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_do_in_chromium_what_they_promise() {
    let world = World::with(|options| options.bot = mesa()).await;
    let call = furnish(&world).await;
    let edge = &world.platform.edge;
    let first = edge.process_id().expect("it runs");
    let credentials = &world.platform.credentials;
    let place = json!({
        "url": edge.url(),
        "api": world.url("calls", ""),
        "key": credentials.operator_key,
        "token_key": credentials.jwt_key,
        "edge_pid": first,
        "call": call,
    });
    let (alone, together): (Vec<PathBuf>, Vec<PathBuf>) =
        tests().into_iter().partition(|file| file.ends_with(ALONE));
    let tests = async { pass(&together, &place).await & pass(&alone, &place).await };
    // One of them kills the edge, and expects it back.
    let watched = async {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let id = edge.process_id().unwrap_or_default();
            if !Path::new(&format!("/proc/{id}")).exists() {
                edge.restart().await.expect("the edge comes back");
            }
        }
    };
    let passed = tokio::select! {
        passed = tests => passed,
        () = watched => false,
    };
    assert!(passed, "{}", edge.log_tail());
}
