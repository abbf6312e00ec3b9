use local::twilio::{Callee, CarrierOptions, Reaction, Webhook, What};
use twilio::webhook::{CallStatus, VoiceRequest};

use crate::twilio::world::{ACCOUNT, BOT, CALLER, World, codes, soon, token, whats};

#[tokio::test]
async fn an_inbound_call_asks_with_all_the_usual_parameters_and_a_good_signature() {
    let world = World::new().await;
    world.number(|number| number.voice_url = world.url("/voice?tenant=a%20b"));
    world.twiml("/voice", "<Say>Hello</Say>");
    let call = world.dial();
    soon(call.settled()).await;
    let asked = world.asked("/voice");
    assert_eq!(asked.len(), 1);
    assert!(asked[0].signed);
    assert_eq!(asked[0].idempotency.len(), 32);
    let request = VoiceRequest::from_form(&asked[0].form).unwrap();
    assert_eq!(request.call, call.sid());
    assert_eq!(request.status, CallStatus::Ringing);
    assert_eq!(request.from.to_string(), CALLER);
    assert_eq!(request.to.to_string(), BOT);
    for name in [
        "CallToken",
        "FromCity",
        "CalledZip",
        "ToCountry",
        "StirVerstat",
    ] {
        assert!(asked[0].form.get(name).is_some(), "{name}");
    }
    let (status, duration) = call.ended().await;
    assert_eq!(status, CallStatus::Completed);
    assert!(
        duration.as_millis() >= 300,
        "five characters at 60 ms: {duration:?}"
    );
    assert!(whats(&call).contains(&What::Said {
        text: "Hello".to_owned()
    }));
}

#[tokio::test]
async fn the_fallback_url_is_asked_when_the_other_fails() {
    let world = World::new().await;
    let cases = [
        ("status", 500, "text/xml", "<Response/>", 11200),
        ("xml", 200, "text/xml", "<Response>", 12100),
        (
            "schema",
            200,
            "text/xml",
            "<Response><Sing/></Response>",
            12200,
        ),
        ("kind", 200, "application/json", "{}", 12300),
    ];
    for (name, status, kind, body, code) in cases {
        let path = format!("/{name}");
        world.reply(&path, status, kind, body);
        world.twiml("/fallback", "<Say>A</Say>");
        world.number(|number| {
            number.voice_url = world.url(&path);
            number.fallback_url = Some(world.url("/fallback"));
        });
        let call = world.dial();
        soon(call.settled()).await;
        let asked = world.asked("/fallback").pop().unwrap();
        assert!(asked.signed);
        assert_eq!(asked.form.get("ErrorCode"), Some(code.to_string().as_str()));
        assert_eq!(asked.form.get("ErrorUrl"), Some(world.url(&path).as_str()));
        assert_eq!(codes(&call), [code], "{name}");
        assert!(whats(&call).contains(&What::Said {
            text: "A".to_owned()
        }));
    }
}

#[tokio::test]
async fn without_a_fallback_the_caller_hears_an_apology_and_the_call_ends() {
    let mut options = CarrierOptions::new(ACCOUNT.parse().unwrap(), token());
    options.webhook_timeout_ms = 300;
    let world = World::with(options).await;
    world.reply("/voice", 403, "application/json", "{}");
    let call = world.dial();
    let apology = call.find(|event| match &event.what {
        What::Said { text } => Some(text.clone()),
        _ => None,
    });
    assert!(soon(apology).await.unwrap().contains("application error"));
    call.hang_up();
    assert_eq!(soon(call.ended()).await.0, CallStatus::Completed);
    assert_eq!(codes(&call), [11200]);

    // Nobody there: one more try, then the same.
    world.server.close();
    let call = world.dial();
    let answered = call.find(|event| match &event.what {
        What::WebhookAnswered {
            webhook: Webhook::Voice,
            status,
            ..
        } => Some(*status),
        _ => None,
    });
    assert_eq!(soon(answered).await, Some(None));
    call.hang_up();
    soon(call.settled()).await;
    assert!(
        matches!(codes(&call)[..], [11200 | 11205]),
        "{:?}",
        codes(&call)
    );
}

#[tokio::test]
async fn verbs_run_in_order_and_documents_lead_to_documents() {
    let world = World::new().await;
    let tone = audio::wav::mono(audio::wav::Sound::Pcm16, 16_000, &[4000; 3200]);
    world.reply("/tone.wav", 200, "audio/wav", tone);
    world.reply("/not.wav", 200, "text/html", "<p>");
    let redirect = r#"<Play>tone.wav</Play><Play>not.wav</Play><Play digits="1w"/><Pause/><Redirect>/next</Redirect><Say>never</Say>"#;
    world.twiml("/voice", redirect);
    world.twiml("/next", "<Say>B</Say><Hangup/><Say>never</Say>");
    let call = world.dial();
    soon(call.settled()).await;
    let said: Vec<_> = whats(&call)
        .into_iter()
        .filter_map(|what| match what {
            What::Said { text } => Some(text),
            What::Played { what } => Some(what.rsplit('/').next().unwrap().to_owned()),
            _ => None,
        })
        .collect();
    assert_eq!(said, ["tone.wav", "not.wav", "1w", "B"]);
    assert_eq!(codes(&call), [12300]);
    assert!(world.asked("/tone.wav")[0].signed);
    let heard = call.sound().1;
    let loud = heard.iter().filter(|byte| **byte != 0xFF).count();
    assert!(loud > 1600 + 700, "200 ms of tone and a key: {loud}");
}

#[tokio::test]
async fn a_call_can_be_declined_before_it_is_answered() {
    let world = World::new().await;
    world.twiml("/voice", r#"<Reject reason="busy"/>"#);
    let call = world.dial();
    assert_eq!(soon(call.ended()).await.0, CallStatus::Busy);
    assert_eq!(call.answered_at(), None);
    assert!(!whats(&call).contains(&What::Became(CallStatus::InProgress)));
}

#[tokio::test]
async fn a_dialled_number_answers_and_the_action_hears_of_it() {
    let world = World::new().await;
    let document = r#"<Dial action="/dialled"><Number>+15005550009</Number></Dial>"#;
    world.twiml("/voice", document);
    world.twiml("/dialled", "<Hangup/>");
    let to: twilio::PhoneNumber = "+15005550009".parse().unwrap();
    for (reaction, expected) in [
        (Reaction::Answers { after_ms: 10 }, "completed"),
        (Reaction::Busy { after_ms: 0 }, "busy"),
        (Reaction::Unreachable, "failed"),
    ] {
        let callee = Callee {
            reaction,
            talk_ms: 20,
            ..Callee::default()
        };
        world.carrier.set_callee(to.clone(), callee);
        let call = world.dial();
        soon(call.settled()).await;
        assert!(whats(&call).contains(&What::Dialled { to: to.clone() }));
        let told = world.asked("/dialled").pop().unwrap();
        assert_eq!(told.form.get("DialCallStatus"), Some(expected));
    }
}

#[tokio::test]
async fn the_voice_webhook_may_come_twice() {
    let world = World::new().await;
    world
        .carrier
        .behave(|behaviour| behaviour.voice_webhook_twice = true);
    world.twiml("/voice", "<Say>first</Say>");
    world.twiml("/voice", "<Say>second</Say>");
    let call = world.dial();
    soon(call.settled()).await;
    let asked = world.asked("/voice");
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].form.get("CallSid"), asked[1].form.get("CallSid"));
    assert!(whats(&call).contains(&What::Said {
        text: "second".to_owned()
    }));
}

#[tokio::test]
async fn a_caller_who_gives_up_while_it_rings_was_never_answered() {
    let world = World::new().await;
    world.carrier.behave(|behaviour| behaviour.ring_ms = 60_000);
    world.number(|number| number.status_callback = Some(world.url("/status")));
    let call = world.dial();
    call.hang_up();
    soon(call.settled()).await;
    assert_eq!(call.status(), CallStatus::NoAnswer);
    let told = world.asked("/status");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].form.get("CallStatus"), Some("no-answer"));
    assert!(world.asked("/voice").is_empty());
}

#[tokio::test]
async fn one_seed_gives_the_same_names() {
    let (one, two) = (World::new().await, World::new().await);
    for world in [&one, &two] {
        world.twiml("/voice", "<Reject/>");
    }
    assert_eq!(one.dial().sid(), two.dial().sid());
    assert_ne!(one.dial().sid(), one.dial().sid());
}

#[tokio::test]
async fn keys_are_gathered_until_none_follows_and_without_any_the_next_verb_runs() {
    let world = World::new().await;
    let gather = r#"<Gather input="dtmf" action="/keys" timeout="1"/>"#;
    world.twiml("/voice", &format!("{gather}{gather}<Say>nobody</Say>"));
    world.twiml("/keys", "<Hangup/>");
    let silent = world.dial();
    soon(silent.settled()).await;
    assert!(whats(&silent).contains(&What::Said {
        text: "nobody".to_owned()
    }));
    assert!(world.asked("/keys").is_empty());

    for (pressed, expected) in [("12*", "12*"), ("7#", "7")] {
        let call = world.dial();
        let answered =
            call.find(|event| (event.what == What::Became(CallStatus::InProgress)).then_some(()));
        soon(answered).await;
        pressed.chars().for_each(|key| call.key(key));
        soon(call.settled()).await;
        let asked = world.asked("/keys").pop().unwrap();
        assert!(asked.signed);
        assert_eq!(asked.form.get("Digits"), Some(expected));
    }
}
