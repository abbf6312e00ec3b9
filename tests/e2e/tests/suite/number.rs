//! `callbox start`, `status` and `stop` against the simulated Twilio: whatever happens, a number gets back what it had.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use e2e::Program;
use local::twilio::{Carrier, CarrierOptions, Number};
use serde_json::Value;
use twilio::PhoneNumber;
use twilio::rest::{Capabilities, NumberResource, NumberSettings, RestError};
use twilio::signature::AuthToken;

const ACCOUNT: &str = "AC00000000000000000000000000000000";
const TOKEN: &str = "00000000000000000000000000000000";
const NUMBER: &str = "+15005550006";

fn number(text: &str) -> PhoneNumber {
    text.parse().expect("a number")
}

/// An account with one number, that an application answers by GET, and a person with its credentials.
async fn world() -> (Carrier, Program) {
    let token = AuthToken::new(TOKEN).expect("a token");
    let options = CarrierOptions::new(ACCOUNT.parse().expect("a SID"), token);
    let carrier = Carrier::start(options).await.expect("it starts");
    add(&carrier, NUMBER);
    carrier.edit_number(&number(NUMBER), |number| {
        number.voice_application_sid = Some("AP11111111111111111111111111111111".to_owned());
        number.voice_method = Some("GET".to_owned());
    });
    let program = Program::new()
        .with("TWILIO_ACCOUNT_SID", ACCOUNT)
        .with("TWILIO_AUTH_TOKEN", TOKEN)
        .with("TWILIO_API_URL", carrier.url());
    (carrier, program)
}

fn add(carrier: &Carrier, name: &str) {
    let number = Number {
        number: number(name),
        voice_url: "https://former.example.com/voice".to_owned(),
        fallback_url: None,
        status_callback: Some("https://former.example.com/status".to_owned()),
    };
    carrier.add_number(number).expect("a number");
}

fn shown(carrier: &Carrier) -> NumberResource {
    carrier.number(&number(NUMBER)).expect("the number")
}

fn settings(carrier: &Carrier) -> NumberSettings {
    shown(carrier).settings()
}

fn voice_url(carrier: &Carrier) -> String {
    settings(carrier).voice_url.unwrap_or_default()
}

#[tokio::test]
async fn a_number_rings_here_until_ctrl_c_and_then_does_again_what_it_did() {
    let (carrier, program) = world().await;
    let former = settings(&carrier);
    let mut running = program.start(&["start"]);
    let started = running.event("started").await;
    assert_eq!(started["number"], NUMBER);
    let here = "https://stand-in-1.trycloudflare.com";
    let now = settings(&carrier);
    assert_eq!(now.voice_url, Some(format!("{here}/voice/incoming")));
    assert_eq!(now.voice_fallback_url, Some(format!("{here}/fallback")));
    assert_eq!(now.status_callback, Some(format!("{here}/twilio/call")));
    assert_eq!(
        (now.voice_method.as_deref(), now.voice_application_sid),
        (Some("POST"), None)
    );
    let mode = std::fs::metadata(program.memory())
        .expect("a memory")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    running.signal("INT");
    assert_eq!(running.event("restored").await["number"], NUMBER);
    assert_eq!(running.ended().await, 0);
    assert_eq!(settings(&carrier), former);
    assert!(!program.memory().exists());
    program.tunnel_gone().await;
}

#[tokio::test]
async fn after_a_kill_stop_gives_the_number_back_and_no_tunnel_stays() {
    let (carrier, program) = world().await;
    let former = settings(&carrier);
    let mut running = program.start(&["start"]);
    running.event("started").await;
    running.signal("KILL");
    assert_eq!(running.ended().await, -1);
    program.tunnel_gone().await;
    assert_ne!(settings(&carrier), former);
    let status = program.run(&["status", "--json"]).await;
    assert_eq!((status.code, status.error()), (1, "killed".to_owned()));

    let stopped = program.run(&["stop", "--json"]).await;
    assert_eq!(
        (stopped.code, &stopped.json()[0]["event"]),
        (0, &Value::from("restored"))
    );
    assert_eq!(settings(&carrier), former);
    let again = program.run(&["stop", "--json"]).await;
    assert_eq!(
        (again.code, &again.json()[0]["event"]),
        (0, &Value::from("not_running"))
    );
}

#[tokio::test]
async fn after_a_kill_the_next_start_never_takes_its_own_settings_for_the_former_ones() {
    let (carrier, program) = world().await;
    let former = settings(&carrier);
    let mut killed = program.start(&["start"]);
    killed.event("started").await;
    killed.signal("KILL");
    killed.ended().await;

    let mut next = program.start(&["start"]);
    next.event("restored").await;
    let started = next.event("started").await;
    assert_eq!(
        started["former"]["voice_url"],
        "https://former.example.com/voice"
    );
    next.signal("TERM");
    assert_eq!(next.ended().await, 0);
    assert_eq!(settings(&carrier), former);
}

#[tokio::test]
async fn only_one_runs_and_stop_ends_it_from_elsewhere() {
    let (carrier, program) = world().await;
    let former = settings(&carrier);
    let mut running = program.start(&["start"]);
    running.event("started").await;
    let second = program.run(&["start", "--json"]).await;
    assert_eq!(
        (second.code, second.error()),
        (1, "already_running".to_owned())
    );
    assert!(second.err.contains("callbox stop"), "{}", second.err);
    assert!(voice_url(&carrier).contains("stand-in-1"));

    let stopped = program.run(&["stop"]).await;
    assert_eq!(stopped.code, 0, "{}", stopped.err);
    assert_eq!(running.ended().await, 0);
    assert_eq!(settings(&carrier), former);
}

#[tokio::test]
async fn when_the_time_is_over_the_number_is_given_back() {
    let (carrier, program) = world().await;
    let former = settings(&carrier);
    let ran = program
        .run(&["start", "-d", "5s", "--json", "--url", &carrier.url()])
        .await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let events: Vec<_> = ran
        .json()
        .into_iter()
        .map(|event| event["event"].clone())
        .collect();
    assert_eq!(events, ["started", "webhook", "restored"]);
    // What answers at that URL is not Callbox, and that is said.
    assert_eq!(ran.json()[1]["well"], false);
    assert_eq!(settings(&carrier), former);
}

#[tokio::test]
async fn a_tunnel_that_closes_is_opened_again_and_the_number_follows() {
    let (carrier, program) = world().await;
    let former = settings(&carrier);
    let mut running = program.start(&["start"]);
    running.event("started").await;
    program.break_tunnel();
    running.event("tunnel_closed").await;
    let started = running.event("started").await;
    assert_eq!(
        started["voice_url"],
        "https://stand-in-2.trycloudflare.com/voice/incoming"
    );
    assert!(voice_url(&carrier).contains("stand-in-2"));
    // Whoever answers calls must be told the new name.
    let moved = running.event("moved").await;
    assert_eq!(
        moved["next"],
        "make dev PUBLIC=https://stand-in-2.trycloudflare.com"
    );
    running.signal("INT");
    assert_eq!(running.ended().await, 0);
    assert_eq!(settings(&carrier), former);
}

#[tokio::test]
async fn a_number_that_stays_at_the_tunnel_before_is_given_back_all_the_same() {
    let (carrier, program) = world().await;
    let former = settings(&carrier);
    let mut running = program.start(&["start"]);
    running.event("started").await;
    carrier.refuse_next(RestError::new(400, 21402, "VoiceUrl is not valid"));
    program.break_tunnel();
    running.event("tunnel_closed").await;
    running.event("restored").await;
    let failed = running.event("error").await;
    assert_eq!(failed["error"]["code"], "twilio_refused");
    assert_eq!(running.ended().await, 1);
    assert_eq!(settings(&carrier), former);
    assert!(!program.memory().exists());
}

#[tokio::test]
async fn a_kill_before_the_next_tunnel_is_known_to_twilio_loses_nothing() {
    let (carrier, program) = world().await;
    let former = settings(&carrier);
    let mut running = program.start(&["start"]);
    running.event("started").await;
    carrier.server().close();
    program.break_tunnel();
    running.event("tunnel_closed").await;
    program.remembers("stand-in-2").await;
    running.signal("KILL");
    assert_eq!(running.ended().await, -1);
    carrier.server().open();
    assert!(voice_url(&carrier).contains("stand-in-1"));
    let status = program.run(&["status", "--json"]).await;
    assert_eq!(status.json()[0]["points_here"], true, "{}", status.out);
    let stopped = program.run(&["stop", "--json"]).await;
    assert_eq!(
        (stopped.code, &stopped.json()[0]["event"]),
        (0, &Value::from("restored"))
    );
    assert_eq!(settings(&carrier), former);
}

#[tokio::test]
async fn what_somebody_else_has_changed_meanwhile_is_left_alone() {
    let (carrier, program) = world().await;
    let mut running = program.start(&["start"]);
    running.event("started").await;
    carrier.edit_number(&number(NUMBER), |number| {
        number.voice_url = Some("https://elsewhere.example.com".to_owned());
    });
    let status = program.run(&["status", "--json"]).await;
    assert_eq!(status.error(), "pointed_elsewhere");
    running.signal("INT");
    running.event("changed_elsewhere").await;
    assert_eq!(running.ended().await, 0);
    assert_eq!(voice_url(&carrier), "https://elsewhere.example.com");
}

#[tokio::test]
async fn while_twilio_is_away_nothing_is_forgotten() {
    let (carrier, program) = world().await;
    let former = settings(&carrier);
    let mut running = program.start(&["start"]);
    running.event("started").await;
    carrier.server().close();
    running.signal("INT");
    // As long as Twilio is asked to send calls elsewhere, they come here.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(program.has_tunnel());
    let failed = running.event("error").await;
    assert_eq!(failed["error"]["code"], "twilio_unreachable");
    assert!(
        failed["error"]["next"]
            .as_str()
            .expect("a step")
            .contains("callbox stop")
    );
    assert_eq!(running.ended().await, 1);
    program.tunnel_gone().await;
    assert!(program.memory().exists());

    carrier.server().open();
    assert_eq!(program.run(&["stop"]).await.code, 0);
    assert_eq!(settings(&carrier), former);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_before_anything_is_changed() {
    let (carrier, program) = world().await;
    let former = settings(&carrier);
    let not_owned = program
        .run(&["start", "--number", "+15005550001", "--json"])
        .await;
    assert_eq!(
        (not_owned.code, not_owned.error()),
        (1, "number_not_owned".to_owned())
    );
    carrier.edit_number(&number(NUMBER), |number| {
        number.capabilities = number.capabilities.map(|can| Capabilities {
            voice: false,
            ..can
        });
    });
    let mute = program.run(&["start", "--json"]).await;
    assert_eq!(mute.error(), "number_without_voice");
    add(&carrier, "+15005550010");
    let which = program.run(&["start", "--json"]).await;
    assert_eq!(
        (which.code, which.error()),
        (2, "number_missing".to_owned())
    );
    assert!(which.err.contains("--number +15005550010"), "{}", which.err);
    assert_eq!(settings(&carrier), former);
    assert!(!program.memory().exists());

    let program = program.with("TWILIO_AUTH_TOKEN", "11111111111111111111111111111111");
    let wrong = program.run(&["start", "--json"]).await;
    assert_eq!(
        (wrong.code, wrong.error()),
        (1, "twilio_credentials".to_owned())
    );
    assert!(!wrong.err.contains("1111111"), "{}", wrong.err);
    let program = program.with("TWILIO_AUTH_TOKEN", "");
    let missing = program.run(&["start", "--json"]).await;
    assert_eq!(
        (missing.code, missing.error()),
        (2, "setting_missing".to_owned())
    );
    assert!(missing.err.contains("TWILIO_AUTH_TOKEN"), "{}", missing.err);
    assert_eq!(program.run(&["start", "-d", "soon"]).await.code, 2);
}

#[tokio::test]
async fn a_change_that_twilio_refuses_leaves_the_number_as_it_was() {
    let (carrier, program) = world().await;
    let former = settings(&carrier);
    program.write("tunnel.wait", "");
    let mut running = program.start(&["start"]);
    // The number was looked at: the next request is the change.
    program.tunnel_begun().await;
    carrier.refuse_next(RestError::new(400, 21402, "VoiceUrl is not valid"));
    std::fs::remove_file(program.home().join("tunnel.wait")).expect("a file");
    let failed = running.event("error").await;
    assert_eq!(failed["error"]["code"], "twilio_refused");
    assert_eq!(running.ended().await, 1);
    assert_eq!(settings(&carrier), former);
    assert!(!program.memory().exists());
    program.tunnel_gone().await;
}

#[tokio::test]
async fn a_twilio_that_is_busy_for_a_moment_is_asked_again() {
    let (carrier, program) = world().await;
    carrier.refuse_next(RestError::new(429, 20429, "Too Many Requests"));
    carrier.refuse_next(RestError::new(503, 20503, "Service Unavailable"));
    let listed = program.run(&["numbers", "--carrier", "--json"]).await;
    assert_eq!(listed.code, 0, "{}", listed.err);
    assert_eq!(listed.json()[0]["numbers"][0]["number"], NUMBER);
}
