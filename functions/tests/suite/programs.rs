//! The programs with a bad environment: one clear line, and an exit code.

use std::process::{Command, Output};

fn start(program: &str, environment: &[(&str, &str)]) -> Output {
    Command::new(program)
        .env_clear()
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "none")
        .env("AWS_SECRET_ACCESS_KEY", "none")
        // Nobody answers here.
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

const WHOLE: [(&str, &str); 7] = [
    ("CALLS_TABLE", "calls"),
    ("CONFIG_TABLE", "config"),
    ("AUDIO_BUCKET", "audio"),
    ("EDGE_URL", "https://edge.example.com"),
    ("STATUS_URL", "https://status.example.com"),
    ("VOICE_URL", "https://voice.example.com"),
    (
        "SECRET_ARN",
        "arn:aws:secretsmanager:us-east-1:000000000000:secret:callbox",
    ),
];

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

#[test]
fn each_missing_variable_is_named_in_one_line() {
    for (program, needed) in [
        (
            env!("CARGO_BIN_EXE_voice"),
            &[
                "CALLS_TABLE",
                "CONFIG_TABLE",
                "SECRET_ARN",
                "AUDIO_BUCKET",
                "EDGE_URL",
                "STATUS_URL",
            ][..],
        ),
        (
            env!("CARGO_BIN_EXE_calls"),
            &[
                "CALLS_TABLE",
                "CONFIG_TABLE",
                "SECRET_ARN",
                "AUDIO_BUCKET",
                "EDGE_URL",
                "STATUS_URL",
                "VOICE_URL",
            ],
        ),
        (
            env!("CARGO_BIN_EXE_status"),
            &[
                "CALLS_TABLE",
                "CONFIG_TABLE",
                "SECRET_ARN",
                "AUDIO_BUCKET",
                "EDGE_URL",
            ],
        ),
    ] {
        for missing in needed {
            let environment: Vec<_> = WHOLE
                .into_iter()
                .filter(|(name, _)| name != missing)
                .collect();
            let output = start(program, &environment);
            assert_eq!(output.status.code(), Some(1), "{program} without {missing}");
            let words = words(&output);
            assert!(
                words.contains(&format!("{missing} is missing")) && words.lines().count() == 1,
                "{words}"
            );
        }
    }
}

#[test]
fn a_variable_that_cannot_be_is_named_with_what_it_should_be() {
    let with = |name: &'static str, value: &'static str| {
        WHOLE
            .into_iter()
            .filter(|(known, _)| *known != name)
            .chain([(name, value)])
            .collect::<Vec<_>>()
    };
    for (program, name, value) in [
        (
            env!("CARGO_BIN_EXE_voice"),
            "EDGE_URL",
            "http://edge.example.com",
        ),
        (
            env!("CARGO_BIN_EXE_voice"),
            "STATUS_URL",
            "status.example.com",
        ),
        (env!("CARGO_BIN_EXE_voice"), "TWILIO_API_URL", "api"),
        (env!("CARGO_BIN_EXE_calls"), "TWILIO_API_URL", "api"),
        (env!("CARGO_BIN_EXE_calls"), "OUTBOUND_COUNTRIES", "US,es"),
        (env!("CARGO_BIN_EXE_status"), "PRICES", "{"),
    ] {
        let output = start(program, &with(name, value));
        let words = words(&output);
        assert!(
            output.status.code() == Some(1) && words.contains(name) && words.lines().count() == 1,
            "{words}"
        );
    }
}

#[test]
fn a_secret_that_cannot_be_read_stops_the_program() {
    let output = start(env!("CARGO_BIN_EXE_status"), &WHOLE);
    let words = words(&output);
    assert!(
        output.status.code() == Some(1)
            && words.contains("SECRET_ARN names a secret that cannot be read"),
        "{words}"
    );
}
