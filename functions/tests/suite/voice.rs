use axum::http::StatusCode;
use contract::{Direction, Farewell, OpeningReply, OpeningState, Secret, Ticket};
use functions::store::{Bots as _, Calls as _};
use functions::voice::RESUMES_PER_MINUTE_MAX;
use twilio::signature::{AuthToken, handshake_signatures};
use twilio::twiml::{Play, Verb};
use twilio::webhook::CallStatus;
use twilio::{Form, Party};

use crate::support::*;

const RESUME: &str = "https://voice.example.com/voice/resume";

async fn incoming(house: &House, call: u64) -> Answer {
    post_signed(&house.voice, INCOMING, &inbound(call).to_form()).await
}

async fn resume(house: &House, call: u64) -> Answer {
    let asked = twilio::webhook::VoiceRequest {
        status: CallStatus::InProgress,
        ..inbound(call)
    };
    post_signed(&house.voice, RESUME, &asked.to_form()).await
}

/// The stream's URL of a document that is nothing but `<Connect>`.
fn stream_url(answer: &Answer) -> String {
    match answer.verbs().as_slice() {
        [Verb::Connect { action, stream }] => {
            assert_eq!(action.as_deref(), Some(RESUME));
            assert_eq!(
                stream.status_callback.as_deref(),
                Some("https://status.example.com/twilio/stream")
            );
            stream.url.clone()
        }
        other => panic!("not one Connect: {other:?}"),
    }
}

fn ticket(url: &str, call: u64) -> Ticket {
    let prefix = format!("wss://edge.example.com/media/{}/", call_sid(call));
    let text = url.strip_prefix(&prefix).unwrap_or_else(|| panic!("{url}"));
    Ticket::open(
        text,
        &Secret::new(EDGE_SECRET),
        &call_id(call),
        NOW_MS / 1_000,
    )
    .unwrap()
}

#[tokio::test]
async fn a_caller_is_sent_to_the_edge_which_knows_all_about_the_call() {
    let house = house().await;
    let url = stream_url(&incoming(&house, 1).await);
    let ticket = ticket(&url, 1);
    assert_eq!(
        (ticket.account, ticket.bot, ticket.expires_s),
        (account(), mesa().id, NOW_MS / 1_000 + 60)
    );
    let openings = house.edge.openings.lock().unwrap();
    let opening = &openings[0];
    assert_eq!(opening.bot, mesa());
    assert_eq!(opening.direction, Direction::Inbound);
    assert_eq!(opening.from, Party::parse("+15005550001"));
    assert_eq!(
        opening.handshakes,
        handshake_signatures(&AuthToken::new(TOKEN).unwrap(), &url)
    );
    assert_eq!(opening.records_url, "https://status.example.com/records");
    assert_eq!(opening.uploads_url, "https://status.example.com/uploads");
}

#[tokio::test]
async fn a_webhook_without_a_valid_signature_changes_nothing_and_opens_nothing() {
    let house = house().await;
    let form = inbound(1).to_form();
    let good = signature(INCOMING, &form);
    let other_form = inbound(2).to_form();
    for (url, form, given, code) in [
        (INCOMING, &form, None, "signature_missing"),
        (INCOMING, &form, Some(""), "signature_missing"),
        (
            INCOMING,
            &form,
            Some("AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            "signature_forged",
        ),
        (
            INCOMING,
            &other_form,
            Some(good.as_str()),
            "signature_forged",
        ),
        (
            "https://voice.example.com/voice/incoming?dial=1",
            &form,
            Some(good.as_str()),
            "signature_forged",
        ),
        (RESUME, &form, Some(good.as_str()), "signature_forged"),
    ] {
        let answer = send(&house.voice, webhook(url, form, given)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::FORBIDDEN, code),
            "{url}"
        );
    }
    assert!(house.edge.openings.lock().unwrap().is_empty());
    assert_eq!(house.memory.call(&call_id(1)).await.unwrap(), None);
}

#[tokio::test]
async fn a_webhook_behind_a_proxy_is_verified_at_its_public_url() {
    let house = house().await;
    let form = inbound(1).to_form();
    let mut request = webhook("/voice/incoming", &form, Some(&signature(INCOMING, &form)));
    request
        .headers_mut()
        .insert("host", "voice.example.com".parse().unwrap());
    request
        .headers_mut()
        .insert("x-forwarded-proto", "https".parse().unwrap());
    stream_url(&send(&house.voice, request).await);
}

#[tokio::test]
async fn a_signed_form_that_is_no_webhook_is_refused_by_field() {
    let house = house().await;
    let form: Form = [("CallSid", "CA1"), ("AccountSid", account().as_str())]
        .into_iter()
        .collect();
    let answer = post_signed(&house.voice, INCOMING, &form).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.json()["error"]["field"], "CallSid");
}

#[tokio::test]
async fn a_webhook_that_comes_twice_gets_the_same_call_and_a_new_ticket() {
    let house = house().await;
    let (first, second) = tokio::join!(incoming(&house, 1), incoming(&house, 1));
    let (first, second) = (
        ticket(&stream_url(&first), 1),
        ticket(&stream_url(&second), 1),
    );
    assert_ne!(first.nonce, second.nonce);
    let page = house
        .memory
        .list(&tenant(), &functions::store::Filter::default(), 10, None)
        .await
        .unwrap();
    assert_eq!(page.calls.len(), 1);
}

#[tokio::test]
async fn a_call_keeps_the_bot_it_began_with() {
    let house = house().await;
    incoming(&house, 1).await;
    let newer = contract::Bot {
        greeting: "Ahoy.".to_owned(),
        ..mesa()
    };
    assert_eq!(house.memory.put_bot(&newer).await.unwrap().version, 2);
    resume(&house, 1).await;
    incoming(&house, 2).await;
    let openings = house.edge.openings.lock().unwrap();
    let greetings: Vec<_> = openings
        .iter()
        .map(|opening| opening.bot.greeting.as_str())
        .collect();
    assert_eq!(
        greetings,
        [
            "Mesa Verde, good evening.",
            "Mesa Verde, good evening.",
            "Ahoy."
        ]
    );
}

#[tokio::test]
async fn a_number_without_a_bot_is_told_so_politely() {
    let house = house().await;
    let asked = twilio::webhook::VoiceRequest {
        to: Party::parse("+15005550007"),
        ..inbound(1)
    };
    let answer = post_signed(&house.voice, INCOMING, &asked.to_form()).await;
    assert!(
        matches!(answer.verbs().as_slice(), [Verb::Say { .. }, Verb::Hangup]),
        "{}",
        answer.body
    );
    assert!(house.edge.openings.lock().unwrap().is_empty());
}

#[tokio::test]
async fn when_the_edge_is_down_the_caller_hears_the_apology_and_is_connected_with_a_person() {
    let house = house().await;
    *house.edge.reply.lock().unwrap() = None;
    match incoming(&house, 1).await.verbs().as_slice() {
        [Verb::Say { text, .. }, Verb::Dial { number, .. }] => {
            assert_eq!(text, "Something is wrong here.");
            assert_eq!(number.as_str(), "+15005550009");
        }
        other => panic!("{other:?}"),
    }
    house
        .memory
        .put_bot(&contract::Bot {
            fallback_number: None,
            ..mesa()
        })
        .await
        .unwrap();
    assert!(matches!(
        incoming(&house, 2).await.verbs().as_slice(),
        [Verb::Say { .. }, Verb::Hangup]
    ));
}

#[tokio::test]
async fn when_the_store_is_down_the_caller_hears_words_too() {
    let house = house().await;
    incoming(&house, 1).await;
    house.memory.breaks(true);
    for answer in [incoming(&house, 2).await, resume(&house, 1).await] {
        assert!(
            matches!(answer.verbs().as_slice(), [Verb::Say { .. }, Verb::Hangup]),
            "{}",
            answer.body
        );
    }
    let nothing = send(
        &house.voice,
        webhook(
            "https://voice.example.com/voice/fallback",
            &Form::new(),
            None,
        ),
    )
    .await;
    assert!(matches!(
        nothing.verbs().as_slice(),
        [Verb::Say { .. }, Verb::Hangup]
    ));
}

#[tokio::test]
async fn a_stream_that_dropped_is_opened_again_with_a_new_ticket() {
    let house = house().await;
    let first = ticket(&stream_url(&incoming(&house, 1).await), 1);
    let second = ticket(&stream_url(&resume(&house, 1).await), 1);
    assert_ne!(first.nonce, second.nonce);
    let openings = house.edge.openings.lock().unwrap();
    assert_ne!(openings[0].handshakes, openings[1].handshakes);
}

#[tokio::test]
async fn what_only_twiml_can_do_is_done_when_the_edge_says_so() {
    let house = house().await;
    incoming(&house, 1).await;
    let says = |state, farewell| {
        *house.edge.reply.lock().unwrap() = Some(OpeningReply {
            state,
            farewell,
            streaming: false,
        });
    };

    says(
        OpeningState::Ended,
        Some(Farewell::HangUp {
            say: Some("Bye.".to_owned()),
        }),
    );
    let verbs = resume(&house, 1).await.verbs();
    assert!(
        matches!(verbs.as_slice(), [Verb::Say { text, .. }, Verb::Hangup] if text == "Bye."),
        "{verbs:?}"
    );

    says(
        OpeningState::Ended,
        Some(Farewell::Transfer {
            to: number("+15005550008"),
            say: None,
        }),
    );
    let verbs = resume(&house, 1).await.verbs();
    assert!(
        matches!(verbs.as_slice(), [Verb::Dial { number, .. }] if number.as_str() == "+15005550008"),
        "{verbs:?}"
    );

    says(
        OpeningState::Ready,
        Some(Farewell::SendKeys {
            keys: "1w2#".to_owned(),
        }),
    );
    let verbs = resume(&house, 1).await.verbs();
    assert!(
        matches!(verbs.as_slice(), [Verb::Play(Play::Digits(keys)), Verb::Connect { .. }] if keys == "1w2#"),
        "{verbs:?}"
    );

    says(OpeningState::Ended, None);
    assert_eq!(resume(&house, 1).await.verbs(), [Verb::Hangup]);
}

#[tokio::test]
async fn a_call_that_is_over_is_not_opened_again() {
    let house = house().await;
    incoming(&house, 1).await;
    let asked = twilio::webhook::VoiceRequest {
        status: CallStatus::Completed,
        ..inbound(1)
    };
    assert_eq!(
        post_signed(&house.voice, RESUME, &asked.to_form())
            .await
            .verbs(),
        [Verb::Hangup]
    );
    assert_eq!(house.edge.openings.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_call_that_resumes_in_a_loop_ends_with_the_fallback() {
    let house = house().await;
    incoming(&house, 1).await;
    for _ in 0..RESUMES_PER_MINUTE_MAX {
        stream_url(&resume(&house, 1).await);
    }
    assert!(matches!(
        resume(&house, 1).await.verbs().as_slice(),
        [Verb::Say { .. }, Verb::Dial { .. }]
    ));
    incoming(&house, 2).await;
    stream_url(&resume(&house, 2).await);
}

#[tokio::test]
async fn a_call_nobody_knows_is_not_resumed() {
    let house = house().await;
    assert!(matches!(
        resume(&house, 9).await.verbs().as_slice(),
        [Verb::Say { .. }, Verb::Hangup]
    ));
    assert!(house.edge.openings.lock().unwrap().is_empty());
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let house = house().await;
    assert_eq!(
        post_signed(
            &house.voice,
            "https://voice.example.com/voice",
            &Form::new()
        )
        .await
        .code(),
        "not_found"
    );
    let request = axum::http::Request::get(INCOMING)
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(
        send(&house.voice, request).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}
