//! A stream that brings rubbish: the call goes on, and what the caller says is still understood.

use std::time::Duration;

use contract::WorkStage;
use e2e::{World, happens};
use local::twilio::{Call, What};
use serde_json::{Value, json};
use twilio::StreamSid;

async fn stream_of(call: &Call) -> StreamSid {
    happens(call, "a stream", |event| match event.what {
        What::StreamStarted { stream, .. } => Some(stream),
        _ => None,
    })
    .await
}

/// A media message; the simulated Twilio's own are numbered on beside it.
fn media(stream: StreamSid, timestamp: &Value, payload: &str) -> String {
    json!({
        "event": "media",
        "sequenceNumber": "4",
        "streamSid": stream,
        "media": { "track": "inbound", "chunk": "3", "timestamp": timestamp, "payload": payload },
    })
    .to_string()
}

/// So many bytes of silence, in base64: 0xff is all ones.
fn silence(bytes: usize) -> String {
    let mut text = "////".repeat(bytes / 3);
    text.push_str(match bytes % 3 {
        0 => "",
        1 => "/w==",
        _ => "//8=",
    });
    text
}

/// What the edge says it passed over, at the end of the call.
async fn passed_over(world: &World, call: &Call) -> String {
    world
        .logged(&[call.sid().as_str(), "the call is over"])
        .await;
    let log = world.edge_log();
    let line = log
        .lines()
        .find(|line| line.contains("the call is over"))
        .expect("it is there");
    let line: Value = serde_json::from_str(line).expect("JSON");
    line["passed_over"].as_str().expect("a text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_make_no_sense_are_counted_and_passed_over() {
    let world = World::start().await;
    let process = world.platform.edge.process_id();
    let call = world.dial();
    let stream = stream_of(&call).await;
    world.ask(&call, "for four people", "which day").await;
    for text in [
        "",
        "{",
        "null",
        "[]",
        "{\"event\":7}",
        "{\"event\":\"media\"}",
        "{\"event\":\"media\",\"media\":{\"payload\":\"?\"}}",
        "{\"event\":\"weather\",\"weather\":\"rain\"}",
        "{\"event\":\"mark\",\"sequenceNumber\":\"4\",\"mark\":{\"name\":\"nobody's\"}}",
        "{\"event\":\"dtmf\",\"sequenceNumber\":\"4\",\"dtmf\":{\"digit\":\"?\"}}",
        "\u{0}\u{ffff}\u{1f600}",
    ] {
        call.send_text(text);
    }
    let deep = "[".repeat(20_000);
    call.send_text(deep);
    call.send_text("x".repeat(100_000));
    call.send_text(media(stream, &json!("-5"), &silence(160)));
    call.send_text(media(stream, &json!({ "ms": 5 }), &silence(160)));
    call.send_text(media(stream, &json!("20"), "not base64"));
    for bytes in [Vec::new(), vec![0; 160], vec![0xff; 100_000]] {
        call.send_binary(bytes);
    }
    // A second start changes nothing.
    let start = json!({
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": stream,
        "start": {
            "streamSid": stream,
            "accountSid": world.account(),
            "callSid": call.sid(),
            "tracks": ["inbound"],
            "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
            "customParameters": {},
        },
    });
    call.send_text(start.to_string());
    world.ask(&call, "tomorrow", "what time").await;
    call.hang_up();
    let shown = world.told(&call).await;
    assert_eq!((shown.streams, shown.status.as_str()), (1, "completed"));
    assert_eq!(world.platform.edge.process_id(), process);
    let passed_over = passed_over(&world, &call).await;
    assert_eq!(
        passed_over,
        "binary 3, broken 13, unknown 2, long 1, stray 1"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_sizes_lost_frames_and_time_stamps_that_jump_do_not_end_the_hearing() {
    let world = World::start().await;
    let process = world.platform.edge.process_id();
    let call = world.dial();
    let stream = stream_of(&call).await;
    world.ask(&call, "for four people", "which day").await;

    for bytes in [0, 1, 7, 1_000, 8_000] {
        call.send_text(media(stream, &json!("40"), &silence(bytes)));
    }
    world.ask(&call, "tomorrow", "what time").await;

    let far = u64::from(u32::MAX) * 1_000;
    for timestamp in [
        json!("0"),
        json!("3600000"),
        json!(far.to_string()),
        json!(u64::MAX.to_string()),
        json!("10"),
    ] {
        call.send_text(media(stream, &timestamp, &silence(160)));
    }
    world.ask(&call, "at half past seven", "your name").await;

    call.lose_frames(50);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    call.omit_silence(true);
    world.ask(&call, "my name is smith", "Is that right").await;
    call.omit_silence(false);
    world.ask(&call, "yes that is right", "is booked").await;

    call.hang_up();
    let shown = world.told(&call).await;
    assert_eq!((shown.streams, shown.status.as_str()), (1, "completed"));
    assert_eq!(world.platform.edge.process_id(), process);
    assert!(passed_over(&world, &call).await.contains("soundless 1"));
    // An hour that never was is in neither the recording nor the bill.
    let usage = shown.usage.as_ref().expect("a receipt");
    assert!(
        usage.line_ms < 180_000 && usage.total(WorkStage::Listen).listen_ms < 60_000,
        "{usage:?}"
    );
    let wav = world.api.recording(&shown).await.expect("a recording");
    assert!(wav.len() < 180 * 16_000, "{} bytes of recording", wav.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_cut_and_the_caller_still_heard() {
    let world = World::start().await;
    let process = world.platform.edge.process_id();
    let call = world.dial();
    let stream = stream_of(&call).await;
    world.ask(&call, "for four people", "which day").await;
    let other = world.dial();
    for number in 0..2_000_u32 {
        call.send_text(media(
            stream,
            &json!((number * 20).to_string()),
            &silence(160),
        ));
    }
    world.ask(&call, "tomorrow", "what time").await;
    // A call beside it notices nothing.
    world.ask(&other, "for two people", "which day").await;
    for call in [&call, &other] {
        call.hang_up();
        assert_eq!(world.told(call).await.status, "completed");
    }
    assert_eq!(world.platform.edge.process_id(), process);
    let log = world.edge_log();
    let line = log
        .lines()
        .find(|line| line.contains("is over") && line.contains(call.sid().as_str()));
    assert!(
        line.is_some_and(|line| line.contains("flood 1")),
        "{line:?}"
    );
}
