//! Who is not let in: whatever comes unsigned, wrongly signed, too late, twice or for somebody else changes nothing, asks
//! no provider, and leaves a line in the log.

use contract::{Batch, SEAL_HEADER, Seal, Secret, TenantId, UploadRequest, Usage};
use e2e::{World, made_up_call, now_s};
use local::demo;
use reqwest::Method;
use serde_json::{Value, json};
use twilio::{CallSid, Form};

fn voice_form(world: &World, call: CallSid) -> Form {
    let mut form = Form::new();
    form.push("CallSid", call);
    form.push("AccountSid", world.account());
    form.push("From", demo::caller());
    form.push("To", demo::number());
    form.push("CallStatus", "ringing");
    form.push("Direction", "inbound");
    form.push("ApiVersion", "2010-04-01");
    form
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_twilio_did_not_sign_opens_no_call() {
    let world = World::start().await;
    let call = made_up_call(1);
    let form = voice_form(&world, call);
    for (part, path) in [
        ("voice", "/voice/incoming"),
        ("voice", "/voice/resume"),
        ("status", "/twilio/call"),
        ("status", "/twilio/stream"),
    ] {
        let url = world.url(part, path);
        let other = world.signed(&format!("{url}?x=1"), &form);
        for (signature, code) in [
            (None, "signature_missing"),
            (Some(""), "signature_missing"),
            (Some("AAAAAAAAAAAAAAAAAAAAAAAAAAA="), "signature_forged"),
            (Some(other.as_str()), "signature_forged"),
        ] {
            let answer = world.webhook(&url, &form, signature).await;
            assert_eq!(
                answer.refusal(),
                (403, code),
                "{path} with {signature:?}: {}",
                answer.text
            );
            world.logs(part, &[code, "refused"]).await;
        }
    }
    assert!(
        world
            .api
            .call(&call)
            .await
            .expect("the API answers")
            .is_none()
    );
    assert!(
        !world.edge_log().contains(call.as_str()),
        "{}",
        world.edge_log()
    );
    assert_eq!(world.requests(), [0; 3]);

    // The same form with its signature is let in: nothing else was wrong with it.
    let url = world.url("voice", "/voice/incoming");
    let answer = world
        .webhook(&url, &form, Some(&world.signed(&url, &form)))
        .await;
    assert!(
        answer.status == 200 && answer.text.contains("<Stream"),
        "{answer:?}"
    );
    assert!(
        world
            .api
            .call(&call)
            .await
            .expect("the API answers")
            .is_some()
    );
    world.logged(&[call.as_str(), "a call is opened"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opening_that_is_not_sealed_for_its_call_opens_nothing() {
    let world = World::start().await;
    let (call, other) = (made_up_call(1), made_up_call(2));
    let secret = world.edge_secret();
    let ticket = world.ticket(call, 1).seal(&secret);
    let body = serde_json::to_vec(&world.opening(call, &[&ticket])).expect("JSON");
    let path = format!("/calls/{call}");
    let url = world.url("edge", &path);
    let weak = Secret::new("a secret that somebody made up for the test");
    let seal = |secret: &Secret, at_s, path: &str, body: &[u8]| {
        let seal = Seal::new(secret, at_s, "PUT", path, body);
        Some(seal.as_str().to_owned())
    };
    let now = now_s();
    for (seal, code) in [
        (None, "seal_missing"),
        (Some("t=1,v1=zz".to_owned()), "seal_missing"),
        (seal(&weak, now, &path, &body), "seal_forged"),
        (seal(&secret, now, "/calls/x", &body), "seal_forged"),
        (seal(&secret, now, &path, b"{}"), "seal_forged"),
        (seal(&secret, now - 120, &path, &body), "seal_stale"),
    ] {
        let headers: Vec<(&str, &str)> = seal
            .as_deref()
            .map(|seal| (SEAL_HEADER, seal))
            .into_iter()
            .collect();
        let answer = world.send(Method::PUT, &url, &headers, body.clone()).await;
        assert_eq!(answer.refusal(), (401, code), "{seal:?}: {}", answer.text);
        world
            .logged(&[call.as_str(), code, "an opening is refused"])
            .await;
    }
    for (url, body, refusal) in [
        (
            world.url("edge", &format!("/calls/{other}")),
            body.as_slice(),
            (422, "call_differs"),
        ),
        (url.clone(), &b"{\"call\":"[..], (400, "not_json")),
        (url.clone(), &b"{}"[..], (422, "not_an_opening")),
    ] {
        let answer = world.sealed(Method::PUT, &url, body).await;
        assert_eq!(answer.refusal(), refusal, "{}", answer.text);
    }
    let stream = world.stream_url(call, &ticket);
    let answer = world.knock(&stream, Some(&world.handshake(&stream))).await;
    assert_eq!(answer.refusal(), (403, "call_unknown"), "{}", answer.text);
    assert_eq!(world.requests(), [0; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_wants_its_key() {
    let world = World::start().await;
    let call = made_up_call(1);
    let order = json!({ "bot": "mesa", "to": demo::caller(), "from": demo::number() });
    for (method, path, body) in [
        (Method::GET, format!("/calls/{call}"), Value::Null),
        (Method::GET, "/calls".to_owned(), Value::Null),
        (Method::POST, "/calls".to_owned(), order),
        (
            Method::PUT,
            "/bots/thief".to_owned(),
            serde_json::to_value(demo::bot()).expect("JSON"),
        ),
        (
            Method::PUT,
            format!("/numbers/{}", demo::human()),
            json!({ "bot": "mesa" }),
        ),
    ] {
        let url = world.url("calls", &path);
        for (key, refusal) in [
            (None, (401, "key_missing")),
            (Some("Basic bG9jYWwtb3BlcmF0b3Ita2V5"), (401, "key_missing")),
            (Some("Bearer local-operator-kez"), (401, "key_wrong")),
        ] {
            let headers: Vec<(&str, &str)> =
                key.map(|key| ("authorization", key)).into_iter().collect();
            let answer = world
                .send(method.clone(), &url, &headers, body.to_string())
                .await;
            assert_eq!(
                answer.refusal(),
                refusal,
                "{method} {path} with {key:?}: {}",
                answer.text
            );
            world.logs("calls", &[refusal.1, "refused"]).await;
        }
    }
    assert!(world.carrier.calls().is_empty());
    assert!(
        world
            .api
            .send(Method::GET, "/bots/thief", None)
            .await
            .is_err()
    );
    assert_eq!(world.requests(), [0; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_and_uploads_want_their_seal() {
    let world = World::start().await;
    let call = made_up_call(1);
    let batch = Batch {
        call: call.into(),
        account: world.account(),
        tenant: TenantId::default(),
        bot: demo::bot().id,
        bot_version: 1,
        records: Vec::new(),
        turns: 0,
        usage: Usage::default(),
    };
    let uploads = UploadRequest {
        call: call.into(),
        files: Vec::new(),
    };
    for (path, body) in [
        ("/records", serde_json::to_vec(&batch).expect("JSON")),
        ("/uploads", serde_json::to_vec(&uploads).expect("JSON")),
    ] {
        let url = world.url("status", path);
        let forged = Seal::new(&Secret::new("made up"), now_s(), "POST", path, &body);
        let stale = Seal::new(&world.edge_secret(), now_s() - 120, "POST", path, &body);
        for (seal, refusal) in [
            (None, (401, "seal_missing")),
            (Some(forged.as_str()), (403, "seal_forged")),
            (Some(stale.as_str()), (403, "seal_stale")),
        ] {
            let headers: Vec<(&str, &str)> =
                seal.map(|seal| (SEAL_HEADER, seal)).into_iter().collect();
            let answer = world.send(Method::POST, &url, &headers, body.clone()).await;
            assert_eq!(
                answer.refusal(),
                refusal,
                "{path} with {seal:?}: {}",
                answer.text
            );
            world.logs("status", &[refusal.1, "refused"]).await;
        }
    }
    assert!(
        world
            .api
            .call(&call)
            .await
            .expect("the API answers")
            .is_none()
    );
    assert_eq!(world.requests(), [0; 3]);
}
