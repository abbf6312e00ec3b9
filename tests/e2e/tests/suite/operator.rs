//! `callbox bot`, `call`, `calls` and `doctor` against the real platform.

use std::collections::BTreeMap;

use e2e::{Program, World};
use local::demo;
use local::twilio::{Callee, Reaction};
use serde_json::Value;

/// A bot with a number of its own.
pub(super) const BOT: &str = r#"
id = "desk"
numbers = ["+15005550010"]
name = "Front desk"
greeting = "Hello, this is the front desk."
instructions = """
You sit at the front desk.
Answer in one sentence.
"""

[turns.end]
by = "silence"
silence_ms = 900
"#;

/// The operator of this platform.
pub(super) fn operator(world: &World) -> Program {
    let url = |part: &str| world.urls().get(part).cloned().unwrap_or_default();
    let credentials = &world.platform.credentials;
    Program::new()
        .with("CALLBOX_API_URL", url("calls"))
        .with("CALLBOX_API_KEY", credentials.operator_key.as_str())
        .with("CALLBOX_EDGE_URL", url("edge"))
        .with("TWILIO_ACCOUNT_SID", credentials.account_sid.as_str())
        .with("TWILIO_AUTH_TOKEN", credentials.auth_token.as_str())
        .with("TWILIO_API_URL", url("twilio"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_what_its_file_says_and_applied_again_it_stays_so() {
    let world = World::start().await;
    let program = operator(&world);
    program.write("desk.toml", BOT);
    let apply = async |more: &[&str]| {
        let arguments: Vec<_> = ["bot", "apply", "desk.toml"]
            .iter()
            .chain(more)
            .copied()
            .collect();
        program.run(&arguments).await
    };
    let dry = apply(&["--dry-run"]).await;
    assert_eq!(dry.code, 0, "{}", dry.err);
    assert!(dry.out.contains("desk: new (desk.toml)"), "{}", dry.out);
    assert!(
        dry.out.contains("+ turns.end.silence_ms = 900"),
        "{}",
        dry.out
    );
    assert!(!dry.out.contains('\u{1b}'), "colours are for terminals");
    let unasked = apply(&["--json"]).await;
    assert_eq!(
        (unasked.code, unasked.error()),
        (2, "not_confirmed".to_owned())
    );

    let first = apply(&["--yes", "--json"]).await;
    assert_eq!(
        (first.code, &first.json()[0]["applied"]),
        (0, &Value::Bool(true)),
        "{}",
        first.err
    );
    let again = apply(&["--yes", "--json"]).await;
    assert_eq!(
        (again.code, &again.json()[0]["applied"]),
        (0, &Value::Bool(false)),
        "{}",
        again.err
    );
    assert_eq!(
        again.json()[0]["bots"][0]["changes"],
        Value::Array(Vec::new())
    );

    program.write(
        "desk.toml",
        &BOT.replace("one sentence", "two sentences")
            .replace("900", "700"),
    );
    let changed = apply(&["--yes"]).await;
    assert!(
        changed.out.contains("    - Answer in one sentence."),
        "{}",
        changed.out
    );
    assert!(
        changed.out.contains("    + Answer in two sentences."),
        "{}",
        changed.out
    );
    assert!(
        changed.out.contains("  - turns.end.silence_ms = 900"),
        "{}",
        changed.out
    );
    assert!(changed.out.contains("desk, version 2"), "{}", changed.out);
    let numbers = world
        .api
        .send(reqwest::Method::GET, "/numbers/+15005550010", None)
        .await;
    assert_eq!(numbers.expect("a number")["bot"], "desk");
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_files_are_all_told_and_nothing_is_changed() {
    let world = World::start().await;
    let program = operator(&world);
    program.write("good.toml", BOT);
    program.write(
        "bad.toml",
        "id = 'bad'\nreply_chars_max = 5\ngreting = 'Hello.'\n",
    );
    let ran = program
        .run(&["bot", "apply", "good.toml", "bad.toml", "--yes", "--json"])
        .await;
    assert_eq!((ran.code, ran.error()), (1, "bot_invalid".to_owned()));
    let details = ran.json()[0]["error"]["details"].clone();
    let told: BTreeMap<_, _> = details
        .as_array()
        .expect("a list")
        .iter()
        .map(|mistake| (mistake["field"].to_string(), mistake["file"].to_string()))
        .collect();
    let bad = || "\"bad.toml\"".to_owned();
    let expected = [
        ("\"greting\"".to_owned(), bad()),
        ("\"reply_chars_max\"".to_owned(), bad()),
    ];
    assert_eq!(told, expected.into());
    assert!(
        ran.err
            .contains("bad.toml: reply_chars_max: 20 to 4000 characters"),
        "{}",
        ran.err
    );
    let desk = world
        .api
        .send(reqwest::Method::GET, "/bots/desk", None)
        .await;
    assert!(desk.expect_err("no bot").to_string().contains("404"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_placed_followed_and_found_again() {
    let world = World::start().await;
    let program = operator(&world);
    let somebody = demo::caller();
    let mut running = program.start(&["call", somebody.as_str(), "--bot", "mesa", "--watch"]);
    let placed = running.event("placed").await;
    let id = placed["call"].as_str().expect("an id").to_owned();
    let call = world.carrier.outbound().await.expect("a call");
    assert_eq!(call.sid().as_str(), id);
    let turn = running.event("turn").await;
    assert_eq!(turn["turn"]["speaker"], "bot");
    assert!(
        turn["turn"]["text"]
            .as_str()
            .expect("words")
            .contains("Thank you for calling Mesa"),
        "{turn}"
    );
    call.hang_up();
    let ended = running.event("ended").await;
    assert_eq!(ended["status"], "completed");
    assert_eq!(running.ended().await, 0);

    let listed = program.run(&["calls", "--bot", "mesa", "--json"]).await;
    assert_eq!(listed.json()[0]["calls"][0]["call"], id.as_str());
    let table = program.run(&["calls"]).await;
    assert!(
        table.out.contains(&id) && table.out.contains("completed"),
        "{}",
        table.out
    );
    let shown = program.run(&["calls", "show", &id]).await;
    assert!(
        shown.out.contains("Thank you for calling Mesa") && shown.out.contains("total"),
        "{}",
        shown.out
    );
    let nothing = program
        .run(&["calls", "show", &format!("CA{:032}", 7), "--json"])
        .await;
    assert_eq!((nothing.code, nothing.error()), (1, "not_found".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answering_is_a_failure_and_so_is_a_wrong_key() {
    let world = World::start().await;
    let program = operator(&world);
    let busy = Callee {
        reaction: Reaction::Busy { after_ms: 50 },
        ..Callee::default()
    };
    world.carrier.set_callee(demo::caller(), busy);
    let call = ["call", demo::caller().as_str(), "--bot", "mesa", "--json"].map(str::to_owned);
    let call: Vec<_> = call.iter().map(String::as_str).collect();
    let ran = program.run(&call).await;
    assert_eq!(
        (ran.code, ran.error()),
        (1, "call_busy".to_owned()),
        "{}",
        ran.err
    );
    let unknown = program
        .run(&["call", "+15005550001", "--bot", "nobody", "--json"])
        .await;
    assert_eq!(unknown.error(), "bot_unknown");
    assert_eq!(program.run(&["call", "5550001"]).await.code, 2);

    let program = program.with("CALLBOX_API_KEY", "a-wrong-key");
    let wrong = program.run(&["calls", "--json"]).await;
    assert_eq!(wrong.code, 1);
    assert!(
        wrong.err.contains("CALLBOX_API_KEY") && !wrong.err.contains("a-wrong-key"),
        "{}",
        wrong.err
    );
    let program = program.with("CALLBOX_API_URL", "http://127.0.0.1:9");
    assert_eq!(
        program.run(&["calls", "--json"]).await.error(),
        "api_unreachable"
    );
}

/// The outcome of each check.
async fn outcomes(program: &Program) -> BTreeMap<String, String> {
    let ran = program.run(&["doctor", "--json"]).await;
    let report = ran.json().remove(0);
    let ok = report["ok"].as_bool().expect("a verdict");
    assert_eq!(ran.code, i32::from(!ok), "{}", ran.err);
    let word = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
    let checks = report["checks"].as_array().expect("checks").clone();
    for check in checks.iter().filter(|check| check["outcome"] == "failed") {
        assert!(check["next"].is_string(), "{check} says no next step");
    }
    checks
        .iter()
        .map(|check| (word(check, "check"), word(check, "outcome")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_a_healthy_platform_healthy_and_what_is_broken_broken() {
    let world = World::start().await;
    let program = operator(&world);
    let well = outcomes(&program).await;
    for check in [
        "credentials",
        "clock",
        "number",
        "webhook",
        "signature",
        "api",
        "edge",
    ] {
        assert_eq!(
            well.get(check).map(String::as_str),
            Some("ok"),
            "{check}: {well:?}"
        );
    }

    // The number leads to a function that is not `voice`.
    let status = format!("{}/twilio/call", world.url("calls", ""));
    world
        .carrier
        .edit_number(&demo::number(), |number| number.voice_url = Some(status));
    let lost = outcomes(&program).await;
    assert_eq!(
        (lost["webhook"].as_str(), lost["signature"].as_str()),
        ("failed", "skipped")
    );
    world.carrier.edit_number(&demo::number(), |number| {
        number.trunk_sid = Some("TK00".to_owned());
    });
    assert_eq!(outcomes(&program).await["number"], "failed");

    // Twilio's token, and another one at the deployment.
    let voice = world.url("voice", "");
    let program = program
        .with("CALLBOX_VOICE_URL", voice)
        .with("TWILIO_AUTH_TOKEN", "11111111111111111111111111111111");
    let forged = outcomes(&program).await;
    assert_eq!(
        (forged["credentials"].as_str(), forged["webhook"].as_str()),
        ("failed", "ok")
    );
    assert_eq!(forged["signature"], "failed");

    let program = program
        .with("CALLBOX_EDGE_URL", "http://127.0.0.1:9")
        .with("CALLBOX_API_URL", "http://127.0.0.1:9");
    let dead = outcomes(&program).await;
    assert_eq!(
        (dead["edge"].as_str(), dead["api"].as_str()),
        ("failed", "failed")
    );
    let empty = Program::new();
    let nothing = outcomes(&empty).await;
    assert_eq!(
        (nothing["credentials"].as_str(), nothing["api"].as_str()),
        ("failed", "failed")
    );
    assert_eq!(nothing["webhook"], "skipped");
}

#[tokio::test(flavor = "multi_thread")]
async fn configured_providers_are_asked_over_requests_and_sockets() {
    let world = World::start().await;
    let speech = world.speech.url();
    let host = speech.trim_end_matches("/v1").to_owned();
    let program = Program::new();
    let nobody = program.run(&["providers", "test", "--json"]).await;
    assert_eq!((nobody.code, nobody.error()), (2, "no_keys".to_owned()));

    let program = program
        .with("OPENAI_BASE_URL", speech)
        .with("DEEPGRAM_BASE_URL", format!("{host}/deepgram"))
        .with("DEEPGRAM_API_KEY", "no-key");
    let ran = program
        .run(&["providers", "test", "--provider", "openai", "--json"])
        .await;
    assert_eq!(ran.code, 0, "{}", ran.out);
    let asked = ran.json()[0]["providers"]
        .as_array()
        .expect("results")
        .clone();
    let stages: Vec<_> = asked.iter().map(|one| one["stage"].clone()).collect();
    assert_eq!(stages, ["listen", "think", "speak"]);
    assert!(
        asked
            .iter()
            .all(|one| one["first_ms"].is_u64() && one["total_ms"].is_u64()),
        "{asked:?}"
    );
    let socket = program
        .run(&[
            "providers",
            "test",
            "--provider",
            "deepgram-socket",
            "--model",
            "aura-2-thalia-en",
            "--json",
        ])
        .await;
    assert_eq!(socket.code, 0, "{}", socket.out);

    let program = program.with("OPENAI_BASE_URL", "http://127.0.0.1:9/v1");
    let dead = program
        .run(&[
            "providers",
            "test",
            "--stage",
            "think",
            "--provider",
            "openai",
        ])
        .await;
    assert_eq!(dead.code, 1);
    assert!(
        dead.out.contains("no connection") && !dead.out.contains("no-key"),
        "{}",
        dead.out
    );
    let unknown = program
        .run(&["providers", "test", "--provider", "nobody", "--json"])
        .await;
    assert_eq!(
        (unknown.code, unknown.error()),
        (2, "provider_unknown".to_owned())
    );
}
