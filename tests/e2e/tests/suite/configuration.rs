//! A deployment that is not configured says so at once, in one line that names what is missing, and not at its first call.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use e2e::{World, happens, root};
use local::edge::{Edge, EdgeOptions};
use local::platform::Options;
use local::stack::{Stack, StackOptions};
use local::twilio::What;
use reqwest::Method;
use serde_json::Value;

/// The environment of a function, complete.
fn whole() -> BTreeMap<&'static str, String> {
    let url = |part: &str| format!("https://{part}.example.com");
    [
        ("CALLS_TABLE", "calls".to_owned()),
        ("CONFIG_TABLE", "config".to_owned()),
        ("AUDIO_BUCKET", "audio".to_owned()),
        ("EDGE_URL", url("edge")),
        ("STATUS_URL", url("status")),
        ("VOICE_URL", url("voice")),
        (
            "SECRET_ARN",
            "arn:aws:secretsmanager:us-east-1:000000000000:secret:callbox".to_owned(),
        ),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "none".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "none".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        // Nobody answers here.
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9".to_owned()),
    ]
    .into()
}

fn start(function: &str, environment: &BTreeMap<&str, String>) -> Output {
    let program = Options::of_checkout(&root(), "").functions.join(function);
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(environment)
        .output()
        .expect("the function is built")
}

/// Its only words.
fn complaint(function: &str, environment: &BTreeMap<&str, String>) -> String {
    let output = start(function, environment);
    let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(output.status.code(), Some(1), "{function}: {words}");
    assert_eq!(words.lines().count(), 1, "{function}: {words}");
    words
}

#[test]
fn a_function_without_a_variable_ends_with_one_line_that_names_it() {
    let common = ["CALLS_TABLE", "SECRET_ARN"];
    for (function, own) in [
        (
            "voice",
            &["CONFIG_TABLE", "AUDIO_BUCKET", "EDGE_URL", "STATUS_URL"][..],
        ),
        (
            "calls",
            &[
                "CONFIG_TABLE",
                "AUDIO_BUCKET",
                "EDGE_URL",
                "STATUS_URL",
                "VOICE_URL",
            ],
        ),
        ("status", &["AUDIO_BUCKET"]),
    ] {
        for name in common.iter().chain(own) {
            let mut environment = whole();
            environment.remove(name);
            let words = complaint(function, &environment);
            assert!(words.contains(name), "{function} without {name}: {words}");
        }
    }
}

#[test]
fn a_function_with_a_variable_that_cannot_be_ends_with_one_line_that_names_it() {
    for (function, name, value) in [
        ("voice", "EDGE_URL", "http://edge.example.com"),
        ("voice", "STATUS_URL", "status.example.com"),
        ("calls", "VOICE_URL", "https://voice.example.com/path"),
        ("calls", "TWILIO_API_URL", "api"),
        ("status", "PRICES", "{"),
        // The secret's own address is right, and nobody can read it.
        (
            "status",
            "SECRET_ARN",
            "arn:aws:secretsmanager:us-east-1:000000000000:secret:another",
        ),
    ] {
        let mut environment = whole();
        environment.insert(name, value.to_owned());
        let words = complaint(function, &environment);
        assert!(
            words.contains(name),
            "{function} with {name}={value}: {words}"
        );
    }
}

/// The edge of a deployment with these variables alone, in the place of a world's own.
async fn edge(world: &World, variables: &[(&str, &str)]) -> Edge {
    let options = Options::of_checkout(&root(), "");
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    world.platform.edge.stop().await;
    let edge = Edge::start(EdgeOptions {
        workerd: options.workerd,
        wrangler: root().join("wrangler.toml"),
        build: options.edge_build,
        folder: world.folder().join("misconfigured"),
        logs: world.folder().join("misconfigured"),
        variables: variables.collect(),
        port: world.platform.edge.port(),
        verbose: false,
    });
    edge.await.expect("it listens")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_is_not_configured_says_so_and_the_caller_hears_the_apology() {
    let world = World::start().await;
    let secret = world.platform.credentials.edge_secret.clone();
    for (variables, name) in [
        (&[][..], "EDGE_SECRET"),
        (&[("EDGE_SECRET", "too short")], "EDGE_SECRET"),
        (&[("EDGE_SECRET", secret.as_str())], "OPENAI_API_KEY"),
        (
            &[
                ("EDGE_SECRET", secret.as_str()),
                ("OPENAI_BASE_URL", "nowhere"),
            ],
            "OPENAI_BASE_URL",
        ),
    ] {
        let edge = edge(&world, variables).await;
        let answer = world
            .send(
                Method::GET,
                &format!("{}/health", edge.url()),
                &[],
                Vec::new(),
            )
            .await;
        assert_eq!(answer.refusal(), (503, "misconfigured"), "{}", answer.text);
        let field: Value = serde_json::from_str(&answer.text).expect("JSON");
        assert_eq!(field["error"]["field"], name, "{}", answer.text);

        let call = world.dial();
        let words = happens(&call, "the carrier's words", |event| match &event.what {
            What::Said { text } => Some(text.clone()),
            _ => None,
        });
        assert_eq!(words.await, local::demo::bot().apology);
        call.ended().await;
        let stream = call
            .log()
            .into_iter()
            .find(|event| matches!(event.what, What::StreamStarted { .. }));
        assert_eq!(stream, None);
        let log = std::fs::read_to_string(edge.log_path()).expect("a log");
        assert!(
            log.lines()
                .any(|line| line.contains(name) && line.contains("\"error\"")),
            "{log}"
        );
        edge.stop().await;
    }
    assert_eq!(world.requests(), [0; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_with_another_secret_is_well_for_anybody_and_not_for_the_api() {
    let world = World::start().await;
    let health = world.url("edge", "/health");
    let sealed = world.sealed(Method::POST, &health, b"").await;
    assert_eq!(sealed.status, 200, "{}", sealed.text);
    let said: Value = serde_json::from_str(&sealed.text).expect("JSON");
    for stage in ["listen", "think", "speak"] {
        let default = &said["defaults"][stage];
        assert_eq!(default["provider"], "openai", "{}", sealed.text);
        assert!(default["model"].is_string(), "{}", sealed.text);
    }
    let unsealed = world.send(Method::POST, &health, &[], Vec::new()).await;
    assert_eq!(unsealed.refusal(), (401, "seal_missing"));

    let speech = world.speech.url();
    let variables = [
        (
            "EDGE_SECRET",
            "another secret, of thirty-two bytes and more",
        ),
        ("OPENAI_BASE_URL", speech.as_str()),
    ];
    let edge = edge(&world, &variables).await;
    let anybody = world.send(Method::GET, &health, &[], Vec::new()).await;
    assert_eq!(anybody.status, 200, "{}", anybody.text);
    let bearer = format!("Bearer {}", world.platform.credentials.operator_key);
    let asked = world
        .send(
            Method::GET,
            &world.url("calls", "/health"),
            &[("authorization", &bearer)],
            Vec::new(),
        )
        .await;
    let said: Value = serde_json::from_str(&asked.text).expect("JSON");
    assert_eq!(
        (asked.status, &said["edge_code"]),
        (503, &Value::from("seal_forged")),
        "{}",
        asked.text
    );
    edge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_not_configured_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = StackOptions::of_test(&root(), folder.path());
    options
        .platform
        .edge_variables
        .insert("EDGE_SECRET".to_owned(), "too short".to_owned());
    let error = Stack::start(options)
        .await
        .err()
        .expect("it does not start")
        .to_string();
    assert!(error.contains("EDGE_SECRET is too short"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}
