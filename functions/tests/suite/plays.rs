//! Bots whose replies the carrier plays by URL.

use axum::http::StatusCode;
use contract::{
    Bot, Do, Farewell, OpeningReply, OpeningState, PLAY_BYTES_MAX, Play, PlaySound, Played,
    ReplyMode,
};
use functions::carrier::DialError;
use functions::store::Bots as _;
use serde_json::{Value, json};
use twilio::rest::{CallChange, Instructions, RestError, UpdateCall};
use twilio::twiml::{self, Verb};
use twilio::webhook::{CallStatus, VoiceRequest};

use crate::support::*;

const RESUME: &str = "https://voice.example.com/voice/resume";
const KEYS: &str = "https://voice.example.com/voice/keys";
const PLAYED: &str = "https://voice.example.com/voice/played?play=7";

/// A deployment whose bot is heard from URLs, and call 1 to it.
async fn house_with_call() -> House {
    let house = house().await;
    let bot = Bot {
        reply: ReplyMode::Url,
        ..mesa()
    };
    house.memory.put_bot(&bot).await.unwrap();
    let answer = post_signed(&house.voice, INCOMING, &inbound(1).to_form()).await;
    starts_listening(&answer.verbs());
    house
}

fn goes_on(verbs: &[Verb]) {
    let listens = Verb::Gather {
        action: KEYS.to_owned(),
        timeout_s: Some(3),
    };
    let asks = Verb::Redirect {
        url: RESUME.to_owned(),
    };
    let [silences @ .., last] = verbs else {
        panic!("nothing");
    };
    assert_eq!((silences.len(), last), (5, &asks));
    assert!(silences.iter().all(|verb| *verb == listens), "{verbs:?}");
}

fn starts_listening(verbs: &[Verb]) {
    let [Verb::Start { stream }, rest @ ..] = verbs else {
        panic!("no stream is started: {verbs:?}");
    };
    let prefix = format!("wss://edge.example.com/media/{}/", call_sid(1));
    assert!(stream.url.starts_with(&prefix), "{}", stream.url);
    assert_eq!(
        stream.status_callback.as_deref(),
        Some(
            "https://status.example.com/twilio/stream?resume=https%3A%2F%2Fvoice.example.com%2Fvoice%2Fresume"
        )
    );
    goes_on(rest);
}

fn asking(call: u64, sound: &[u8]) -> Value {
    let play = Play {
        number: 7,
        sound: PlaySound(sound.to_vec()),
    };
    json!({ "call": call_sid(call), "play": play })
}

async fn ask_to_play(house: &House, body: &Value) -> Answer {
    let request = sealed_to(VOICE, "/voice/plays", body, EDGE_SECRET, NOW_MS / 1_000);
    send(&house.voice, request).await
}

async fn in_progress(house: &House, url: &str) -> Answer {
    let asked = VoiceRequest {
        status: CallStatus::InProgress,
        ..inbound(1)
    };
    post_signed(&house.voice, url, &asked.to_form()).await
}

/// The documents that calls were given.
fn documents(house: &House) -> Vec<Vec<Verb>> {
    let updates = house.carrier.updates.lock().unwrap();
    let documents = updates.iter().map(|update| {
        let CallChange::Instructions(Instructions::Twiml(xml)) = &update.change else {
            panic!("no document: {update:?}");
        };
        twiml::Response::parse(xml).unwrap().0
    });
    documents.collect()
}

/// The place in the bucket of what is played, and where Twilio asks what comes next.
fn played(verbs: &[Verb]) -> String {
    match verbs {
        [
            Verb::Play(twiml::Play::Url(url)),
            Verb::Redirect { url: next },
        ] => {
            assert_eq!(next, PLAYED);
            url.strip_prefix("memory:get/").unwrap().to_owned()
        }
        other => panic!("not one file: {other:?}"),
    }
}

#[tokio::test]
async fn a_reply_is_stored_as_a_file_and_the_call_is_told_to_play_it() {
    let house = house_with_call().await;
    let opening = house.edge.openings.lock().unwrap()[0].clone();
    assert_eq!(opening.plays_url, "https://voice.example.com/voice/plays");
    let answer = ask_to_play(&house, &asking(1, &[0x20; 8_000])).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let documents = documents(&house);
    let place = played(&documents[0]);
    assert!(place.starts_with("replies/"), "{place}");
    let (spec, samples) = audio::wav::read(&house.memory.file(&place).unwrap()).unwrap();
    assert_eq!(
        (spec.channels, spec.rate_hz, samples.len()),
        (1, 8_000, 8_000)
    );
}

#[tokio::test]
async fn what_sounds_the_same_is_stored_once() {
    let house = house_with_call().await;
    for sound in [[1; 80], [2; 80], [1; 80]] {
        ask_to_play(&house, &asking(1, &sound)).await;
    }
    let documents = documents(&house);
    assert_eq!(played(&documents[0]), played(&documents[2]));
    assert_ne!(played(&documents[0]), played(&documents[1]));
    assert_eq!(house.memory.puts(), 2);
}

#[tokio::test]
async fn an_interruption_is_a_document_without_sound() {
    let house = house_with_call().await;
    let body = json!({ "call": call_sid(1), "play": null });
    assert_eq!(ask_to_play(&house, &body).await.status, StatusCode::OK);
    goes_on(&documents(&house)[0]);
    assert_eq!(house.memory.puts(), 0);
}

#[tokio::test]
async fn what_cannot_be_played_is_refused_and_changes_no_call() {
    let house = house_with_call().await;
    let web = json!({ "call": format!("WB{}", "0".repeat(32)), "play": null });
    for (body, status, code) in [
        (asking(2, &[1]), StatusCode::NOT_FOUND, "call_unknown"),
        (web, StatusCode::NOT_FOUND, "call_unknown"),
        (asking(1, &[]), StatusCode::BAD_REQUEST, "size_invalid"),
        (
            asking(1, &vec![1; PLAY_BYTES_MAX + 1]),
            StatusCode::BAD_REQUEST,
            "size_invalid",
        ),
        (
            json!({ "call": call_sid(1), "play": { "number": 7, "sound": "?" } }),
            StatusCode::BAD_REQUEST,
            "body_malformed",
        ),
    ] {
        let answer = ask_to_play(&house, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
    }
    let forged = sealed_to(
        VOICE,
        "/voice/plays",
        &asking(1, &[1]),
        "another secret of thirty-two bytes",
        NOW_MS / 1_000,
    );
    assert_eq!(
        send(&house.voice, forged).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(house.carrier.updates.lock().unwrap().as_slice(), []);
    assert_eq!(house.memory.puts(), 0);
}

#[tokio::test]
async fn a_bot_that_speaks_through_its_stream_plays_no_files() {
    let house = house().await;
    post_signed(&house.voice, INCOMING, &inbound(1).to_form()).await;
    let opening = house.edge.openings.lock().unwrap()[0].clone();
    assert_eq!(opening.plays_url, "");
    let answer = ask_to_play(&house, &asking(1, &[1])).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::CONFLICT, "reply_streamed")
    );
    assert_eq!(house.carrier.updates.lock().unwrap().as_slice(), []);
}

#[tokio::test]
async fn a_call_that_is_not_in_progress_yet_is_asked_again_and_one_that_is_over_is_not_there() {
    let house = house_with_call().await;
    let refuse = |failure: Option<DialError>| *house.carrier.failure.lock().unwrap() = failure;
    let race = RestError::new(400, 21220, "Call is not in-progress. Cannot redirect.");
    refuse(Some(DialError::Refused(race)));
    let answer = ask_to_play(&house, &asking(1, &[1])).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::CONFLICT, "call_ended")
    );
    assert_eq!(house.carrier.updates.lock().unwrap().len(), 3);

    refuse(Some(DialError::Unknown("no answer".to_owned())));
    let answer = ask_to_play(&house, &asking(1, &[1])).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::BAD_GATEWAY, "play_failed")
    );
    // Whether it was played is not known here; the edge, which asks again, knows by then whether it was heard to its end.
    assert_eq!(house.carrier.updates.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_file_that_ended_is_followed_by_what_is_ready() {
    let house = house_with_call().await;
    *house.edge.next.lock().unwrap() = Some(Play {
        number: 7,
        sound: PlaySound(vec![3; 160]),
    });
    let verbs = in_progress(&house, PLAYED).await.verbs();
    assert!(house.memory.file(&played(&verbs)).is_some());
    let told = house.edge.played.lock().unwrap().clone();
    assert_eq!(told, [(call_id(1), Played { number: 7 })]);

    goes_on(&in_progress(&house, PLAYED).await.verbs());
    *house.edge.reply.lock().unwrap() = None;
    goes_on(&in_progress(&house, PLAYED).await.verbs());
}

#[tokio::test]
async fn the_end_of_a_file_is_believed_of_twilio_only() {
    let house = house_with_call().await;
    let form = inbound(1).to_form();
    let wrong = send(&house.voice, webhook(PLAYED, &form, None)).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    // The number is signed too.
    let signed = signature(PLAYED, &form);
    let other = "https://voice.example.com/voice/played?play=8";
    let wrong = send(&house.voice, webhook(other, &form, Some(&signed))).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    let none = "https://voice.example.com/voice/played";
    let answer = post_signed(&house.voice, none, &form).await;
    assert_eq!(answer.json()["error"]["field"], "play");
    assert!(house.edge.played.lock().unwrap().is_empty());
}

#[tokio::test]
async fn keys_pressed_in_the_silence_are_told_to_the_edge() {
    let house = house_with_call().await;
    let press = |keys: &str| {
        let mut form = inbound(1).to_form();
        form.push("Digits", keys);
        form
    };
    let answer = post_signed(&house.voice, KEYS, &press("12*")).await;
    goes_on(&answer.verbs());
    post_signed(&house.voice, KEYS, &press("12*")).await;
    let orders = house.edge.orders.lock().unwrap().clone();
    let pressed = Do::Pressed {
        keys: "12*".to_owned(),
    };
    assert_eq!((orders[0].0, &orders[0].1.order), (call_id(1), &pressed));
    // The same keys once more are pressed once more.
    assert_ne!(orders[0].1.id, orders[1].1.id);

    let nothing = post_signed(&house.voice, KEYS, &press("")).await;
    assert_eq!(nothing.json()["error"]["field"], "Digits");
    let form = press("12*");
    let unsigned = send(&house.voice, webhook(KEYS, &form, None)).await;
    assert_eq!(unsigned.status, StatusCode::FORBIDDEN);
    assert_eq!(house.edge.orders.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_call_that_asks_how_it_goes_on_gets_a_stream_only_if_it_has_none() {
    let house = house_with_call().await;
    let says = |state, farewell, streaming| {
        *house.edge.reply.lock().unwrap() = Some(OpeningReply {
            state,
            farewell,
            streaming,
        });
    };
    says(OpeningState::Ready, None, true);
    goes_on(&in_progress(&house, RESUME).await.verbs());
    says(OpeningState::Ready, None, false);
    starts_listening(&in_progress(&house, RESUME).await.verbs());

    let keys = Farewell::SendKeys {
        keys: "1w2".to_owned(),
    };
    says(OpeningState::Ready, Some(keys), false);
    let verbs = in_progress(&house, RESUME).await.verbs();
    let [Verb::Play(twiml::Play::Digits(keys)), rest @ ..] = verbs.as_slice() else {
        panic!("no keys: {verbs:?}");
    };
    assert_eq!(keys, "1w2");
    starts_listening(rest);

    says(
        OpeningState::Ended,
        Some(Farewell::HangUp { say: None }),
        false,
    );
    assert_eq!(in_progress(&house, RESUME).await.verbs(), [Verb::Hangup]);
}

#[tokio::test]
async fn a_call_whose_one_way_stream_ended_is_sent_where_that_is_answered() {
    let house = house_with_call().await;
    let told = "https://status.example.com/twilio/stream?resume=https%3A%2F%2Fvoice.example.com%2Fvoice%2Fresume";
    let plain = "https://status.example.com/twilio/stream";
    let news = |event: &str| {
        let mut form = twilio::Form::new();
        form.push("AccountSid", account());
        form.push("CallSid", call_sid(1));
        form.push("StreamSid", format!("MZ{}", "0".repeat(32)));
        form.push("StreamEvent", event);
        form
    };
    for (url, event) in [
        (told, "stream-started"),
        (plain, "stream-stopped"),
        (told, "stream-stopped"),
        (told, "stream-error"),
    ] {
        let answer = post_signed(&house.status, url, &news(event)).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    }
    let resumed = UpdateCall {
        call: call_sid(1),
        change: CallChange::Instructions(Instructions::Url(RESUME.to_owned())),
    };
    let updates = house.carrier.updates.lock().unwrap().clone();
    assert_eq!(updates, [resumed.clone(), resumed]);

    // The caller has hung up, and the stream ended with the call.
    let over = RestError::new(400, 21220, "Call is not in-progress. Cannot redirect.");
    *house.carrier.failure.lock().unwrap() = Some(DialError::Refused(over));
    let answer = post_signed(&house.status, told, &news("stream-stopped")).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
}
