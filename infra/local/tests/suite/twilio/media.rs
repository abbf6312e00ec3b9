use std::time::Duration;

use axum::extract::ws::Message;
use local::twilio::{Closer, What};
use twilio::media::{Format, Inbound, Outbound, Track};
use twilio::webhook::CallStatus;

use crate::twilio::world::{ACCOUNT, World, codes, connected, soon, whats};

#[tokio::test]
async fn a_stream_begins_with_connected_and_start_under_a_good_signature() {
    let mut world = World::new().await;
    let url = world.ws("/media/abc");
    let parameter = r#"<Parameter name="t" value="one-time"/>"#;
    world.twiml(
        "/voice",
        &format!(r#"<Connect><Stream url="{url}">{parameter}</Stream></Connect>"#),
    );
    let call = world.dial();
    let mut socket = world.socket().await;
    assert!(socket.signed, "{}", socket.signature);
    let start = socket.start().await;
    assert_eq!((start.sequence, start.call), (1, call.sid()));
    assert_eq!(start.account.as_str(), ACCOUNT);
    assert_eq!(start.tracks, [Track::Inbound]);
    assert_eq!(start.format, Format::mulaw());
    assert_eq!(start.parameters["t"], "one-time");

    // Frames of silence, each where the one before it ended.
    for number in 1..=5 {
        let expected = Inbound::Media {
            sequence: number + 1,
            chunk: number,
            timestamp_ms: (number - 1) * 20,
            track: Track::Inbound,
            payload: vec![0xFF; 160],
        };
        assert_eq!(socket.next().await, Some(expected));
    }
    call.hang_up();
    let stop = socket.find(|message| match message {
        Inbound::Stop { call, .. } => Some(*call),
        _ => None,
    });
    assert_eq!(stop.await, Some(call.sid()));
    assert_eq!(socket.next().await, None);
    soon(call.settled()).await;
    assert_eq!(call.status(), CallStatus::Completed);
    let closed = whats(&call).into_iter().find_map(|what| match what {
        What::StreamClosed { by, .. } => Some(by),
        _ => None,
    });
    assert_eq!(closed, Some(Closer::Twilio));
}

#[tokio::test]
async fn what_the_caller_says_arrives_whole_and_in_time_order() {
    let mut world = World::new().await;
    let (call, mut socket) = connected(&mut world).await;
    let speech: Vec<u8> = (0..4000_u32).map(|n| (n % 200) as u8).collect();
    call.speak(speech.clone());
    assert!(call.is_speaking());
    call.key('5');
    let mut heard = Vec::new();
    let mut keys = Vec::new();
    let mut last = None;
    while heard.len() < 4000 {
        match socket.next().await.unwrap() {
            Inbound::Media {
                timestamp_ms,
                payload,
                ..
            } => {
                assert!(last.is_none_or(|last| timestamp_ms == last + 20));
                last = Some(timestamp_ms);
                if payload.iter().any(|byte| *byte != 0xFF) {
                    heard.extend(payload);
                }
            }
            Inbound::Dtmf { digit, .. } => keys.push(digit),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((heard, keys), (speech, vec!['5']));
    assert!(!call.is_speaking());
    let voice: Vec<_> = call
        .log()
        .into_iter()
        .filter(|event| {
            matches!(
                event.what,
                What::CallerVoiceStarted { .. } | What::CallerVoiceEnded { .. }
            )
        })
        .collect();
    assert_eq!(voice.len(), 2);
    assert!(voice[1].at >= voice[0].at);
    call.hang_up();
    soon(call.settled()).await;
    assert!(
        call.sound()
            .0
            .windows(160)
            .any(|part| part == &speech_part()[..])
    );
}

fn speech_part() -> Vec<u8> {
    (0..160).collect()
}

#[tokio::test]
async fn frames_may_be_lost_or_left_out_but_time_goes_on() {
    let mut world = World::new().await;
    world
        .carrier
        .behave(|behaviour| behaviour.omit_silence = true);
    let (call, mut socket) = connected(&mut world).await;
    // Twenty seconds: they are lost in the middle of it, wherever that is.
    call.speak(vec![1; 160 * 1_000]);
    let mut stamps = Vec::new();
    loop {
        let Some(Inbound::Media {
            timestamp_ms,
            chunk,
            ..
        }) = socket.next().await
        else {
            panic!("no media")
        };
        assert_eq!(chunk, stamps.len() as u64 + 1);
        stamps.push(timestamp_ms);
        if stamps.len() == 3 {
            call.lose_frames(2);
        }
        let gaps = stamps.windows(2).map(|pair| pair[1] - pair[0]);
        let gaps: Vec<_> = gaps.filter(|gap| *gap != 20).collect();
        if !gaps.is_empty() {
            assert_eq!(gaps, [60]);
            break;
        }
    }
    call.stop_speaking();
    let silent = call.find(|event| {
        let is_over = matches!(event.what, What::CallerVoiceEnded { .. });
        is_over.then_some(())
    });
    soon(silent).await;
    // Whenever the next word comes, its stamp tells how long the silence was.
    tokio::time::sleep(Duration::from_millis(100)).await;
    call.speak(vec![2; 160]);
    let next = socket.find(|message| match message {
        Inbound::Media {
            timestamp_ms,
            payload,
            ..
        } => {
            let is_next = payload[0] == 2;
            if !is_next {
                stamps.push(*timestamp_ms);
            }
            is_next.then_some(*timestamp_ms)
        }
        _ => None,
    });
    let next = next.await.expect("media");
    let last = *stamps.last().unwrap();
    assert!(next >= last + 100, "{next} {last}");
    call.hang_up();
}

#[tokio::test]
async fn marks_come_back_at_once_after_their_sound_or_with_clear() {
    let mut world = World::new().await;
    let (call, mut socket) = connected(&mut world).await;
    socket.send(Outbound::mark("at once")).await;
    assert_eq!(socket.mark().await.as_deref(), Some("at once"));

    socket.send(Outbound::media(&[1; 1600])).await;
    socket.send(Outbound::mark("heard")).await;
    assert_eq!(socket.mark().await.as_deref(), Some("heard"));

    socket.send(Outbound::media(&vec![2; 80_000])).await;
    socket.send(Outbound::mark("first")).await;
    socket.send(Outbound::mark("second")).await;
    socket.send(Outbound::Clear).await;
    assert_eq!(socket.mark().await.as_deref(), Some("first"));
    assert_eq!(socket.mark().await.as_deref(), Some("second"));
    socket.send(Outbound::media(&[3; 160])).await;
    socket.send(Outbound::mark("after")).await;
    assert_eq!(socket.mark().await.as_deref(), Some("after"));
    call.hang_up();
    soon(call.settled()).await;

    let echoes: Vec<_> = whats(&call)
        .into_iter()
        .filter_map(|what| match what {
            What::MarkEchoed { name, heard } => Some((name, heard)),
            _ => None,
        })
        .collect();
    let expected = [
        ("at once", true),
        ("heard", true),
        ("first", false),
        ("second", false),
        ("after", true),
    ];
    assert_eq!(
        echoes,
        expected.map(|(name, heard)| (name.to_owned(), heard))
    );
    let heard = call.sound().1;
    let count = |value: u8| {
        heard
            .iter()
            .map(|byte| u64::from(*byte == value))
            .sum::<u64>()
    };
    assert_eq!((count(1), count(3)), (1600, 160));
    let discarded = whats(&call).into_iter().find_map(|what| match what {
        What::Clear { discarded_ms } => Some(discarded_ms),
        _ => None,
    });
    // What was heard and what was thrown away is what was sent.
    assert_eq!(count(2) / 8 + discarded.unwrap(), 10_000);
}

#[tokio::test]
async fn sound_plays_in_real_time_however_fast_it_comes() {
    let mut world = World::new().await;
    let (call, mut socket) = connected(&mut world).await;
    socket.send(Outbound::media(&[1; 4000])).await;
    socket.send(Outbound::media(&[2; 4000])).await;
    socket.send(Outbound::mark("end")).await;
    // The caller's own frames are the clock.
    let (mut last, mut marked) = (0, None);
    while let Some(message) = socket.next().await {
        match message {
            Inbound::Media { timestamp_ms, .. } => last = timestamp_ms,
            Inbound::Mark { .. } => {
                marked = Some(last);
                call.hang_up();
            }
            Inbound::Stop { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    soon(call.settled()).await;
    let heard = call.sound().1;
    let begin = heard.iter().position(|byte| *byte == 1).unwrap();
    assert_eq!(&heard[begin..begin + 4000], &[1; 4000]);
    assert_eq!(&heard[begin + 4000..begin + 8000], &[2; 4000]);
    // The mark came with the frame in which the sound ended: as far from the last one as in what was heard.
    let after = heard.len() - (begin + 8000);
    assert_eq!((last - marked.unwrap()) * 8, after as u64);
    let events = whats(&call);
    let at = |wanted: &What| events.iter().position(|what| what == wanted);
    let queued = What::BotAudioQueued {
        ms: 500,
        waiting_ms: 500,
    };
    assert!(at(&What::BotAudioStarted) < at(&queued));
    assert!(at(&queued) < at(&What::BotSilent));
}

#[tokio::test]
async fn what_twilio_would_not_take_is_warned_of_once_and_passed_over() {
    let mut world = World::new().await;
    let (call, mut socket) = connected(&mut world).await;
    for _ in 0..2 {
        socket.send_raw(Message::binary(vec![1, 2, 3])).await;
        socket.send_raw(Message::text("not JSON")).await;
        socket.send_raw(Message::text(r#"{"event":"stop"}"#)).await;
    }
    socket.send(Outbound::mark("still here")).await;
    assert_eq!(socket.mark().await.as_deref(), Some("still here"));
    assert_eq!(codes(&call), [31950, 31951]);
    // More than ten minutes.
    for _ in 0..11 {
        socket.send(Outbound::media(&vec![1; 480_000])).await;
    }
    socket.send(Outbound::Clear).await;
    socket.send(Outbound::mark("cleared")).await;
    assert_eq!(socket.mark().await.as_deref(), Some("cleared"));
    assert_eq!(codes(&call), [31950, 31951, 31931]);
    call.hang_up();
}

#[tokio::test]
async fn anything_can_be_sent_to_the_server() {
    let mut world = World::new().await;
    let (call, mut socket) = connected(&mut world).await;
    call.send_text("nonsense");
    call.send_binary(vec![0; 7]);
    let mut strange = Vec::new();
    while strange.len() < 2 {
        let text = socket.text().await.unwrap();
        if !text.starts_with('{') {
            strange.push(text);
        }
    }
    assert_eq!(strange, ["nonsense", "7 bytes"]);
    call.hang_up();
}
