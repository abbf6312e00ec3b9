//! Providers by their own protocols on the whole road, and what becomes of one that says nothing for longer than it usually
//! takes: the next is asked too, the first useful answer is heard, and what each of them did is in the call's usage.

use contract::{Bot, Fallback, Record, Speaker, WorkStage};
use e2e::{Guest, Office, World, said, story, until};
use local::demo::Shown;
use local::speech::{Fault, Kind, Stage};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use crate::assistant;

const WORDS: &str = "for four people|no thank you goodbye";
const UNDERSTOOD: [&str; 2] = ["for four people", "no thank you goodbye"];

/// Where nothing said is kept: every voice is asked each time.
async fn world(bot: Bot) -> World {
    World::with(|options| {
        options.bot = bot;
        let variables = &mut options.platform.edge_variables;
        variables.insert("SPEECH_CACHE".to_owned(), "off".to_owned());
    })
    .await
}

fn fallback(provider: &str, model: &str) -> Vec<Fallback> {
    vec![Fallback {
        provider: provider.to_owned(),
        model: model.to_owned(),
        voice: "stand-in".to_owned(),
        ..Fallback::default()
    }]
}

/// Who did anything for a stage.
fn workers(shown: &Shown, stage: WorkStage) -> Vec<&str> {
    let usage = shown.usage.as_ref().expect("what was used");
    let work = usage.work.iter().filter(|work| work.stage == stage);
    work.map(|work| work.provider.as_str()).collect()
}

fn events(shown: &Shown) -> Vec<String> {
    let events = shown.events.iter();
    events
        .map(|event| format!("{}: {}", event.name, event.detail))
        .collect()
}

/// A conversation in which the `after`th request of a stage says nothing at all, ever.
async fn overtakes(bot: Bot, stage: Stage, after: u32, kind: Kind) -> Shown {
    let world = world(bot).await;
    world.speech.desk().arm(Fault {
        after,
        ..Fault::next(stage, kind, 1)
    });
    let call = world.dial();
    world.play(&call, WORDS).await;
    let shown = world.told(&call).await;
    assert!(
        world.speech.desk().faults().is_empty(),
        "the fault has struck"
    );
    assert_eq!(
        said(&shown, Speaker::Caller),
        UNDERSTOOD,
        "{:#?}{}",
        events(&shown),
        story(&call)
    );
    let replies = said(&shown, Speaker::Bot).join(" ");
    assert!(replies.contains("For which day?"), "{replies}");
    assert!(!replies.contains("Sorry"), "{replies}");
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_says_nothing_is_overtaken_by_the_next() {
    let mut bot = e2e::bot();
    bot.think.fallbacks = fallback("anthropic", "stand-in");
    let shown = overtakes(bot, Stage::Think, 0, Kind::Stall).await;
    let told = events(&shown);
    assert!(
        told.iter()
            .any(|event| event.starts_with("hedged: ") && event.contains("anthropic")),
        "{told:#?}"
    );
    assert!(workers(&shown, WorkStage::Think).contains(&"anthropic"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_that_says_nothing_is_overtaken_by_the_next() {
    let mut bot = e2e::bot();
    bot.speak.fallbacks = fallback("elevenlabs", "eleven_flash_v2_5");
    // The first request is the greeting.
    let shown = overtakes(bot, Stage::Speak, 1, Kind::Stall).await;
    let told = events(&shown);
    assert!(
        told.iter()
            .any(|event| event.starts_with("hedged: ") && event.contains("elevenlabs")),
        "{told:#?}"
    );
    assert!(workers(&shown, WorkStage::Speak).contains(&"elevenlabs"));
}

/// A voice fails in the middle of a sentence.
async fn breaks_off(kind: Kind) {
    let mut bot = e2e::bot();
    bot.speak.fallbacks = fallback("elevenlabs", "eleven_flash_v2_5");
    let shown = overtakes(bot, Stage::Speak, 1, kind).await;
    let told = events(&shown);
    let rests = |event: &String| event.starts_with("provider_rested: ");
    assert!(told.iter().any(rests), "{told:#?}");
    assert!(workers(&shown, WorkStage::Speak).contains(&"elevenlabs"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_that_is_cut_is_followed_by_the_next_in_mid_sentence() {
    breaks_off(Kind::Cut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_that_stalls_is_followed_by_the_next_in_mid_sentence() {
    breaks_off(Kind::Freeze).await;
}

/// Whoever listens over a socket, and fails when its words are wanted.
async fn loses_no_word(kind: Kind) -> Vec<String> {
    let mut bot = e2e::bot();
    "deepgram-nova".clone_into(&mut bot.listen.provider);
    bot.listen.fallbacks = fallback("openai", "");
    let shown = overtakes(bot, Stage::Listen, 0, kind).await;
    assert!(workers(&shown, WorkStage::Listen).contains(&"openai"));
    events(&shown)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_is_lost_when_a_socket_refuses_its_key_and_it_is_left_alone_for_a_while() {
    let refused = Kind::Status {
        status: 401,
        retry_after_s: None,
    };
    let told = loses_no_word(refused).await;
    for name in ["provider_failed: ", "provider_rested: "] {
        assert!(
            told.iter().any(|event| event.starts_with(name)),
            "{told:#?}"
        );
    }
}

/// Who thought in a guest's conversation, once it is over.
async fn thinkers(office: &Office, mut guest: Guest, ready: &Value) -> Vec<String> {
    let call = ready["call"].as_str().expect("an id").to_owned();
    guest.say(&json!({ "type": "hang_up" })).await;
    guest.hears("ended", |_| true).await;
    let used = || {
        let desk = office.desk();
        let batches = desk.batches.iter();
        let own = batches.filter(|batch| batch.call.to_string() == call);
        own.flat_map(|batch| &batch.records)
            .find_map(|told| match &told.record {
                Record::Ended { usage, .. } => Some(usage.clone()),
                _ => None,
            })
    };
    until("the end", || used().is_some()).await;
    let work = used().expect("an end").work;
    let work = work
        .into_iter()
        .filter(|work| work.stage == WorkStage::Think);
    work.map(|work| work.provider).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_call_is_refused_for_has_its_provider_left_alone_in_no_other() {
    let mut bot = assistant::bot();
    bot.think.fallbacks = fallback("anthropic", "stand-in");
    let office = Office::with_token(bot).await;
    let world = assistant::world(&office).await;
    let greeted = || async {
        let (mut guest, ready) = Guest::enter(&world, "/ws/assistant", "good").await;
        guest.hears("reply", assistant::heard("this is Mesa")).await;
        (guest, ready)
    };
    let (mut refused, first) = greeted().await;
    let (mut other, second) = greeted().await;
    let refusal = Kind::Status {
        status: 422,
        retry_after_s: None,
    };
    let desk = world.speech.desk();
    desk.arm(Fault::next(Stage::Think, refusal, 1));
    refused.types("for four people").await;
    refused
        .hears("event", |told| told["name"] == "provider_rested")
        .await;
    other.types("for four people").await;
    for guest in [&mut other, &mut refused] {
        guest.hears("reply", assistant::heard("which day")).await;
    }
    refused.types("tomorrow").await;
    refused.hears("reply", assistant::heard("what time")).await;
    assert_eq!(thinkers(&office, other, &second).await, ["openai"]);
    // In its own call it is left alone from then on.
    let own = thinkers(&office, refused, &first).await;
    assert_eq!(own, ["openai", "anthropic"]);
}

/// A server that refuses every request in words that never end.
async fn endless_refusal() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            // An answer to what was not asked yet is none: the request's head ends in an empty line.
            let mut line = String::new();
            while stream
                .read_line(&mut line)
                .await
                .is_ok_and(|bytes| bytes > 2)
            {
                line.clear();
            }
            let head = "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{";
            let _ = stream.write_all(head.as_bytes()).await;
            kept.push(stream);
        }
    });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_is_refused_is_known_to_be_though_the_refusal_never_ends() {
    let refuses = endless_refusal().await;
    let mut bot = e2e::bot();
    "deepgram-nova".clone_into(&mut bot.listen.provider);
    bot.listen.fallbacks = fallback("openai", "");
    let world = World::with(|options| {
        options.bot = bot;
        let environment = &mut options.environment;
        environment.insert("DEEPGRAM_BASE_URL".to_owned(), refuses);
        environment.insert("DEEPGRAM_API_KEY".to_owned(), "not-a-real-key".to_owned());
    })
    .await;
    let call = world.dial();
    world.play(&call, WORDS).await;
    let shown = world.told(&call).await;
    let told = events(&shown);
    assert_eq!(said(&shown, Speaker::Caller), UNDERSTOOD, "{told:#?}");
    let is_refused = |event: &String| {
        event.starts_with("provider_failed: listen deepgram-nova") && event.ends_with("refused")
    };
    assert!(told.iter().any(is_refused), "{told:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_is_lost_when_a_socket_falls_silent() {
    loses_no_word(Kind::Stall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_is_lost_when_a_socket_is_cut() {
    loses_no_word(Kind::Cut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_is_lost_when_a_socket_talks_nonsense() {
    loses_no_word(Kind::Garbage).await;
}

/// A conversation with others than those whose protocol is `OpenAI`'s.
async fn converses(listen: &str, think: &str, speak: (&str, &str)) -> Shown {
    let mut bot = e2e::bot();
    listen.clone_into(&mut bot.listen.provider);
    think.clone_into(&mut bot.think.provider);
    "stand-in".clone_into(&mut bot.think.model);
    speak.0.clone_into(&mut bot.speak.provider);
    speak.1.clone_into(&mut bot.speak.model);
    "EN-US".clone_into(&mut bot.voice.id);
    let world = world(bot).await;
    let call = world.dial();
    world.play(&call, WORDS).await;
    let shown = world.told(&call).await;
    let told = events(&shown);
    assert_eq!(said(&shown, Speaker::Caller), UNDERSTOOD, "{told:#?}");
    assert_eq!(workers(&shown, WorkStage::Listen), [listen], "{told:#?}");
    assert_eq!(workers(&shown, WorkStage::Think), [think], "{told:#?}");
    assert_eq!(workers(&shown, WorkStage::Speak), [speak.0], "{told:#?}");
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn nova_and_a_deepgram_socket_hold_a_conversation() {
    let voice = ("deepgram-socket", "aura-2-thalia-en");
    converses("deepgram-nova", "openai", voice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flux_anthropic_and_an_elevenlabs_socket_hold_a_conversation() {
    let voice = ("elevenlabs-socket", "eleven_flash_v2_5");
    converses("deepgram-flux", "anthropic", voice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn assemblyai_ollama_and_melotts_hold_a_conversation() {
    let shown = converses("assemblyai", "ollama", ("http", "")).await;
    // Paid is the time that the socket was open, from the first words to the end, and not what was said there.
    let usage = shown.usage.expect("a receipt");
    let open_ms = usage.total(WorkStage::Listen).listen_ms;
    assert!(
        (usage.line_ms / 3..=usage.line_ms).contains(&open_ms),
        "{usage:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn scribe_workers_ai_and_a_cartesia_socket_hold_a_conversation() {
    converses("elevenlabs", "workers-ai", ("cartesia-socket", "sonic-3")).await;
}
