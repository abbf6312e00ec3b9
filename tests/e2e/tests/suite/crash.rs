//! The edge dies in the middle of a call, as no deployment ever should: nothing that was heard is lost, nothing is said
//! twice, and the caller stays on the line.

use std::time::Duration;

use contract::{Speaker, WorkStage};
use e2e::{LIMIT, World, happens, occurrences, said, story};
use local::demo::Shown;
use local::speech::{Fault, Kind, Stage};
use local::twilio::{Call, Closer, Webhook, What};

const GREETING: &str = "Thank you for calling Mesa. How can I help you?";
pub(super) const FIRST_OF_MENU: &str = "With pleasure.";
pub(super) const LAST_OF_MENU: &str = "apple pie. Would you like to book a table?";

const HOURS: &str = "what are your opening hours";

/// What is asked of a stage from now on takes longer than anybody waits.
fn slow(world: &World, stage: Stage) {
    let slow = Kind::Slow { ms: 20_000 };
    world.speech.desk().arm(Fault::next(stage, slow, 4));
}

/// Goes as far as the middle of the menu, which takes a while to read out. Answers where in the sound of the call the
/// menu began, in samples.
pub(super) async fn up_to_the_menu(world: &World, call: &Call) -> usize {
    world.say(call, "what's on the menu").await;
    let asked = happens(call, "the end of the question", |event| {
        matches!(event.what, What::CallerVoiceEnded { .. }).then_some(event.at)
    });
    let asked = asked.await;
    // What was not understood is not answered with the menu, but with an apology that is as long.
    world
        .shown(call, "the question as it was understood", |shown| {
            said(shown, Speaker::Caller) == ["what's on the menu"]
        })
        .await;
    // What is said for three seconds without a pause is no filler, and there is more to come.
    let mut answered = None;
    let deadline = tokio::time::Instant::now() + LIMIT;
    let answered = loop {
        let started = call
            .log()
            .into_iter()
            .filter(|event| event.at > asked)
            .fold(None, |started, event| match event.what {
                What::BotAudioStarted => Some(event.at),
                What::BotSilent => None,
                _ => started,
            });
        if started.is_some() && started == answered {
            break started.unwrap_or_default();
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "no menu: {}",
            story(call)
        );
        answered = started;
        tokio::time::sleep(Duration::from_secs(3)).await;
    };
    let picked_up = call.answered_at().expect("it was answered");
    usize::try_from(answered.saturating_sub(picked_up).as_millis()).expect("short") * 8
}

/// Stretches of what was heard early in the greeting and early in the menu, long enough to be nothing else.
fn stretches(call: &Call, menu: usize) -> [Vec<u8>; 2] {
    let heard = call.heard_from(0);
    let loud = |from: usize| {
        heard[from..]
            .iter()
            .position(|byte| !matches!(byte, 0xff | 0x7f))
            .expect("sound")
            + from
    };
    [loud(0), loud(menu)].map(|from| heard[from + 2_400..from + 4_000].to_vec())
}

/// The streams of a call so far.
pub(super) fn streams(call: &Call) -> usize {
    call.log()
        .iter()
        .filter(|event| matches!(event.what, What::StreamStarted { .. }))
        .count()
}

pub(super) async fn another_stream(call: &Call) {
    stream_number(call, 2).await;
}

async fn stream_number(call: &Call, number: usize) {
    let mut count = 0;
    happens(call, "another stream", |event| {
        count += usize::from(matches!(event.what, What::StreamStarted { .. }));
        (count == number).then_some(())
    })
    .await;
}

/// After the break: the rest of the menu, another turn, and the end.
pub(super) async fn goes_on_to_the_end(world: &World, call: &Call, menu: usize) -> Shown {
    let [greeting, menu] = stretches(call, menu);
    another_stream(call).await;
    world
        .shown(call, "the rest of the menu", |shown| {
            said(shown, Speaker::Bot).concat().contains(LAST_OF_MENU)
        })
        .await;
    world.play(call, "for four people").await;
    let shown = world.told(call).await;
    let heard = call.heard_from(0);
    assert_eq!(
        occurrences(&heard, &greeting),
        1,
        "the greeting was heard more than once"
    );
    assert_eq!(
        occurrences(&heard, &menu),
        1,
        "the menu was begun more than once"
    );
    told_once(&shown, call);
    shown
}

/// What was said is in the API once each, with a receipt for all of it.
fn told_once(shown: &Shown, call: &Call) {
    let bot = said(shown, Speaker::Bot);
    let count = |part: &str| {
        bot.iter()
            .map(|text| text.matches(part).count())
            .sum::<usize>()
    };
    assert_eq!(
        said(shown, Speaker::Caller),
        ["what's on the menu", "for four people"],
        "{}",
        story(call)
    );
    assert_eq!(bot.first(), Some(&GREETING), "{bot:#?}");
    for part in [GREETING, FIRST_OF_MENU, LAST_OF_MENU] {
        assert_eq!(count(part), 1, "{part:?} in {bot:#?}");
    }
    assert!(
        bot.last()
            .is_some_and(|last| last.contains("For which day")),
        "{bot:#?}"
    );
    let mut numbers: Vec<u64> = shown.turns.iter().map(|turn| turn.number).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), shown.turns.len());
    let usage = shown.usage.as_ref().expect("a receipt");
    assert!(
        usage.line_ms > 0
            && usage.total(WorkStage::Speak).chars > 150
            && usage.total(WorkStage::Think).requests >= 2,
        "{usage:?}"
    );
    assert_eq!(shown.streams, 2);
    assert_eq!(shown.status, "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_outlives_the_process_that_dies_in_mid_reply() {
    dies_in_mid_reply(World::start().await, Webhook::Action).await;
}

/// Kills the edge while the bot speaks; that the stream is gone shows when Twilio asks for the call's next document.
pub(super) async fn dies_in_mid_reply(world: World, asks: Webhook) {
    let call = world.dial();
    let menu = up_to_the_menu(&world, &call).await;
    let before = world.platform.edge.process_id();
    world.platform.edge.kill_hard().await;
    // Whoever is asked waits for the edge for some seconds, and a busy machine needs them all.
    let asked = happens(&call, "the question what to do next", |event| {
        matches!(event.what, What::WebhookSent { webhook, .. } if webhook == asks).then_some(())
    });
    tokio::join!(asked, world.restart_edge());
    assert_ne!(world.platform.edge.process_id(), before);
    goes_on_to_the_end(&world, &call, menu).await;
    world
        .logged(&[call.sid().as_str(), "the call goes on from its journal"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_outlives_its_socket() {
    loses_its_socket_in_mid_reply(World::start().await).await;
}

/// Breaks the socket while the bot speaks.
pub(super) async fn loses_its_socket_in_mid_reply(world: World) {
    let call = world.dial();
    let menu = up_to_the_menu(&world, &call).await;
    call.drop_socket();
    let shown = goes_on_to_the_end(&world, &call, menu).await;
    assert!(
        shown.events.iter().any(|event| event.name == "dropped"),
        "{:#?}",
        shown.events
    );
    let closers: Vec<Closer> = call
        .log()
        .iter()
        .filter_map(|event| match event.what {
            What::StreamClosed { by, .. } => Some(by),
            _ => None,
        })
        .collect();
    assert_eq!(closers, [Closer::Fault, Closer::Twilio]);
    assert_eq!(streams(&call), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_whose_first_words_were_not_answered_yet_is_answered_after_the_crash() {
    let world = World::start().await;
    let call = world.dial();
    // The answer is slow, so that the crash comes after the words were understood and before anything was said.
    slow(&world, Stage::Think);
    world.say(&call, HOURS).await;
    world
        .shown(&call, "the words", |shown| {
            !said(shown, Speaker::Caller).is_empty()
        })
        .await;
    world.platform.edge.kill_hard().await;
    world.speech.desk().clear();
    world.restart_edge().await;
    another_stream(&call).await;
    world
        .shown(&call, "an answer", |shown| {
            said(shown, Speaker::Bot)
                .concat()
                .contains("every day but Monday")
        })
        .await;
    call.hang_up();
    let shown = world.told(&call).await;
    assert_eq!(said(&shown, Speaker::Caller), [HOURS]);
    let greetings = said(&shown, Speaker::Bot)
        .iter()
        .filter(|text| text.contains("Thank you for calling"))
        .count();
    assert_eq!(greetings, 1, "{:#?}", shown.turns);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_dies_before_its_greeting_is_greeted_once_it_is_back() {
    let world = World::start().await;
    // The voice is slow, so that nothing can be heard before the crash.
    slow(&world, Stage::Speak);
    let call = world.dial();
    happens(&call, "a stream", |event| {
        matches!(event.what, What::StreamStarted { .. }).then_some(())
    })
    .await;
    world
        .logged(&[call.sid().as_str(), "a stream is open"])
        .await;
    world.platform.edge.kill_hard().await;
    world.speech.desk().clear();
    world.restart_edge().await;
    world.play(&call, HOURS).await;
    let shown = world.told(&call).await;
    assert_eq!(said(&shown, Speaker::Caller), [HOURS]);
    let bot = said(&shown, Speaker::Bot);
    assert!(
        bot.len() >= 2 && bot[0] == GREETING && bot[1].contains("every day but Monday"),
        "{bot:#?}"
    );
}

/// A call of which nothing is delivered when the edge dies.
async fn dies_undelivered(world: &World) -> Call {
    let call = world.dial();
    world.platform.functions.down(Some("status")).await;
    world.play(&call, HOURS).await;
    world
        .logged(&[call.sid().as_str(), "the call is over"])
        .await;
    world.platform.edge.kill_hard().await;
    world.platform.functions.up(Some("status"));
    call
}

/// Nobody asks anything of the object any more: its alarm wakes it. That is soon, unless it died so fast that its own end was
/// not written down: then it wakes a minute after it was opened, and gives the caller half another to come back.
async fn delivered(world: &World, call: &Call) -> Shown {
    let is_delivered = |shown: &Shown| shown.recording.is_some() && shown.usage.is_some();
    let limit = Duration::from_mins(1) + Duration::from_secs(30) + LIMIT;
    let shown = world
        .shown_within(limit, call, "records and recording", is_delivered)
        .await;
    assert_eq!(said(&shown, Speaker::Caller), [HOURS]);
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_delivered_when_the_process_died_is_delivered_by_the_next_once() {
    let world = World::start().await;
    let call = dies_undelivered(&world).await;
    world.restart_edge().await;
    let shown = delivered(&world, &call).await;
    let bot = said(&shown, Speaker::Bot);
    assert!(bot.len() == 2 && bot[0] == GREETING, "{bot:#?}");
    world
        .logged(&[call.sid().as_str(), "all of the call is delivered"])
        .await;
    let files = shown.json["files"].as_array().expect("files");
    assert_eq!(files.len(), 2, "{files:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_delivered_though_the_next_deployment_lacks_a_provider() {
    let world = World::start().await;
    let call = dies_undelivered(&world).await;
    let config = world.folder().join("edge/config.capnp");
    let bound = std::fs::read_to_string(&config).expect("a configuration");
    let lost = r#"(name = "LISTEN_BASE_URL", fromEnvironment = "LISTEN_BASE_URL")"#;
    assert!(bound.contains(lost));
    let unbound = bound.replace(lost, r#"(name = "LOST", text = "")"#);
    std::fs::write(&config, unbound).expect("a configuration");
    world.restart_edge().await;
    delivered(&world, &call).await;
}

/// Writes a line into the journal of the only call, as a version of tomorrow may. The edge must not be running.
fn write_what_nobody_can_read(world: &World) {
    const WRITE: &str = r#"
import pathlib, sqlite3, sys
for path in pathlib.Path(sys.argv[1]).rglob("*.sqlite"):
    store = sqlite3.connect(path)
    has = "SELECT 1 FROM sqlite_master WHERE name = 'journal'"
    if store.execute(has).fetchone():
        line = "INSERT INTO journal (at_ms, record) SELECT MAX(at_ms), ? FROM journal"
        store.execute(line, ['{"Foreseen":{"at":1}}'])
        store.commit()
        print("written")
    store.close()
"#;
    let state = world.folder().join("edge/state");
    let ran = std::process::Command::new("python3")
        .args(["-c", WRITE])
        .arg(state)
        .output();
    let ran = ran.expect("python3 runs");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert_eq!(
        said.trim(),
        "written",
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_a_later_version_wrote_does_not_hide_what_follows_it() {
    let world = World::start().await;
    let call = world.dial();
    world.ask(&call, "for four people", "which day").await;
    world.platform.edge.kill_hard().await;
    write_what_nobody_can_read(&world);
    world.restart_edge().await;
    stream_number(&call, 2).await;
    world.ask(&call, "tomorrow", "what time").await;
    world.platform.edge.kill_hard().await;
    world.restart_edge().await;
    stream_number(&call, 3).await;
    world.ask(&call, "at half past seven", "your name").await;
    call.hang_up();
    let shown = world.told(&call).await;
    assert_eq!(
        said(&shown, Speaker::Caller),
        ["for four people", "tomorrow", "at half past seven"],
        "{}",
        story(&call)
    );
    let usage = shown.usage.as_ref().expect("the last record");
    assert!(usage.line_ms > 0, "{usage:?}");
    assert_eq!((shown.streams, shown.status.as_str()), (3, "completed"));
    world
        .logged(&["a line of the journal cannot be read"])
        .await;
}
