use std::time::Duration;

use local::twilio::What;
use reqwest::StatusCode;
use serde_json::Value;
use twilio::rest::{
    CallChange, CallUpdate, CreateCall, FetchCall, HttpRequest, Instructions, ListNumbers,
    NumberPage, RestError, UpdateCall, UpdateNumber, basic_auth,
};
use twilio::webhook::CallStatus;

use crate::twilio::world::{ACCOUNT, BOT, World, soon, token, whats};

async fn send(world: &World, request: HttpRequest) -> (u16, Vec<u8>) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let method = request.method.as_str().parse().unwrap();
    let url = format!("{}{}", world.carrier.url(), request.target);
    let mut builder = client.request(method, url).body(request.body);
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    let response = builder
        .header("authorization", basic_auth(ACCOUNT, &token()))
        .send();
    let response = response.await.unwrap();
    (
        response.status().as_u16(),
        response.bytes().await.unwrap().to_vec(),
    )
}

/// Posts a form to a resource of the account.
pub(crate) async fn post(
    world: &World,
    resource: &str,
    form: &[(&str, &str)],
) -> (StatusCode, Value) {
    let url = format!(
        "{}/2010-04-01/Accounts/{ACCOUNT}/{resource}",
        world.carrier.url()
    );
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(url).form(form);
    let request = request.header("authorization", basic_auth(ACCOUNT, &token()));
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn raw(world: &World, method: &str, path: &str, authorization: &str) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}{path}", world.carrier.url());
    let request = client.request(method.parse().unwrap(), url);
    let response = request
        .header("authorization", authorization)
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn our_own_requests_are_understood_and_their_answers_read() {
    let mut world = World::new().await;
    let account = ACCOUNT.parse().unwrap();
    world.twiml("/voice", &world.stream_document("/media/one", "/after"));
    let create = CreateCall::new(
        twilio::Party::parse("+15005550009"),
        BOT.parse().unwrap(),
        Instructions::Url(world.url("/voice")),
    );
    let (status, body) = send(&world, create.request(&account).unwrap()).await;
    assert_eq!(status, 201);
    let resource = CreateCall::outcome(status, &body).unwrap();
    let call = world.carrier.call(resource.sid).unwrap();
    let mut socket = world.socket().await;
    socket.start().await;

    let fetch = FetchCall { call: call.sid() };
    let (status, body) = send(&world, fetch.request(&account)).await;
    let fetched = FetchCall::outcome(status, &body).unwrap();
    assert_eq!(fetched.status, CallStatus::InProgress);
    assert!(fetched.start_time.is_some());

    // New instructions take the call out of its stream.
    let update = UpdateCall {
        call: call.sid(),
        change: CallChange::Instructions(Instructions::Twiml(
            "<Response><Pause length=\"60\"/></Response>".to_owned(),
        )),
    };
    let (status, body) = send(&world, update.request(&account).unwrap()).await;
    assert!(matches!(
        update.outcome(status, &body),
        Ok(CallUpdate::Done(_))
    ));
    while socket.next().await.is_some() {}

    let hang_up = UpdateCall {
        call: call.sid(),
        change: CallChange::HangUp,
    };
    let (status, body) = send(&world, hang_up.request(&account).unwrap()).await;
    assert!(matches!(
        hang_up.outcome(status, &body),
        Ok(CallUpdate::Done(_))
    ));
    soon(call.settled()).await;
    assert_eq!(call.status(), CallStatus::Completed);
    assert!(
        world.asked("/after").is_empty(),
        "an update is no end of the stream"
    );
    let (status, body) = send(&world, hang_up.request(&account).unwrap()).await;
    assert_eq!(status, 400);
    assert_eq!(hang_up.outcome(status, &body), Ok(CallUpdate::AlreadyEnded));
}

#[tokio::test]
async fn an_update_may_speak_and_then_go_on_elsewhere() {
    let world = World::new().await;
    world.twiml("/voice", "<Pause length=\"60\"/>");
    world.twiml("/other", "<Say>Moved</Say>");
    let call = world.dial();
    let answered =
        call.find(|event| (event.what == What::Became(CallStatus::InProgress)).then_some(()));
    soon(answered).await;
    let url = world.url("/other");
    let resource = format!("Calls/{}.json", call.sid());
    let (status, _) = post(&world, &resource, &[("Url", &url)]).await;
    assert_eq!(status, StatusCode::OK);
    soon(call.settled()).await;
    assert!(whats(&call).contains(&What::Said {
        text: "Moved".to_owned()
    }));
    assert!(world.asked("/other")[0].signed);
}

#[tokio::test]
async fn errors_have_twilios_shape_and_codes() {
    let world = World::new().await;
    let good = basic_auth(ACCOUNT, &token());
    let unknown = format!(
        "/2010-04-01/Accounts/{ACCOUNT}/Calls/CA{}.json",
        "1".repeat(32)
    );
    let (status, body) = raw(&world, "GET", &unknown, &good).await;
    assert_eq!((status, &body["code"]), (404, &20404.into()));
    assert_eq!(body["status"], 404);
    assert_eq!(
        body["more_info"],
        "https://www.twilio.com/docs/errors/20404"
    );
    let (status, body) = raw(&world, "GET", &unknown, "Basic bm90OmdvdA==").await;
    assert_eq!((status, &body["code"]), (401, &20003.into()));
    let foreign = unknown.replace("AC0", "AC1");
    assert_eq!(raw(&world, "GET", &foreign, &good).await.0, 404);

    let url = world.url("/voice");
    let long = format!("<Response><Say>{}</Say></Response>", "x".repeat(4000));
    let cases: [(&[(&str, &str)], i32); 6] = [
        (&[("From", BOT), ("Url", &url)], 21201),
        (&[("To", "nobody"), ("From", BOT), ("Url", &url)], 21211),
        (
            &[
                ("To", "+15005550009"),
                ("From", "+15005550008"),
                ("Url", &url),
            ],
            21210,
        ),
        (&[("To", "+15005550009"), ("From", BOT)], 21205),
        (
            &[("To", "+15005550009"), ("From", BOT), ("Url", "voice")],
            21205,
        ),
        (
            &[("To", "+15005550009"), ("From", BOT), ("Twiml", &long)],
            32018,
        ),
    ];
    for (form, code) in cases {
        let (status, body) = post(&world, "Calls.json", form).await;
        assert_eq!(
            (status, &body["code"]),
            (StatusCode::BAD_REQUEST, &code.into())
        );
    }
    assert!(world.carrier.calls().is_empty());

    world
        .carrier
        .refuse_next(RestError::new(429, 20429, "Too Many Requests"));
    assert_eq!(raw(&world, "GET", &unknown, &good).await.0, 429);
    assert_eq!(raw(&world, "GET", &unknown, &good).await.0, 404);
}

#[tokio::test]
async fn a_call_that_does_not_talk_cannot_be_redirected() {
    let world = World::new().await;
    world.carrier.behave(|behaviour| behaviour.ring_ms = 60_000);
    let call = world.dial();
    let resource = format!("Calls/{}.json", call.sid());
    let url = world.url("/other");
    let (status, body) = post(&world, &resource, &[("Url", &url)]).await;
    assert_eq!(
        (status, &body["code"]),
        (StatusCode::BAD_REQUEST, &21220.into())
    );
    let (status, body) = post(&world, &resource, &[("Status", "canceled")]).await;
    assert_eq!(
        (status, &body["status"]),
        (StatusCode::OK, &"canceled".into())
    );
    soon(call.settled()).await;
    assert_eq!(call.status(), CallStatus::Canceled);

    world.carrier.behave(|behaviour| behaviour.ring_ms = 0);
    world.twiml("/voice", "<Pause length=\"60\"/>");
    let call = world.dial();
    let resource = format!("Calls/{}.json", call.sid());
    let answered =
        call.find(|event| (event.what == What::Became(CallStatus::InProgress)).then_some(()));
    soon(answered).await;
    let relative = "<Response><Redirect>/relative</Redirect></Response>";
    let (status, body) = post(&world, &resource, &[("Twiml", relative)]).await;
    assert_eq!(
        (status, &body["code"]),
        (StatusCode::BAD_REQUEST, &15004.into())
    );
    let (status, _) = post(&world, &resource, &[("Status", "canceled")]).await;
    assert_eq!(
        (status, call.status()),
        (StatusCode::OK, CallStatus::InProgress)
    );
    call.hang_up();
    soon(call.settled()).await;

    let good = basic_auth(ACCOUNT, &token());
    let path = format!("/2010-04-01/Accounts/{ACCOUNT}/{resource}");
    assert_eq!(raw(&world, "DELETE", &path, &good).await.0, 204);
    assert_eq!(raw(&world, "GET", &path, &good).await.0, 404);
}

#[tokio::test]
async fn numbers_are_listed_and_pointed_elsewhere() {
    let world = World::new().await;
    let account = ACCOUNT.parse().unwrap();
    let list = ListNumbers {
        phone_number: Some(BOT.parse().unwrap()),
    };
    let (status, body) = send(&world, list.request(&account)).await;
    let page: NumberPage = ListNumbers::outcome(status, &body).unwrap();
    assert_eq!(
        (
            page.incoming_phone_numbers.len(),
            page.next_page_uri.is_some()
        ),
        (1, false)
    );
    let update = UpdateNumber {
        number: page.incoming_phone_numbers[0].sid,
        voice_url: world.url("/new"),
        voice_fallback_url: None,
        status_callback: None,
    };
    let (status, body) = send(&world, update.request(&account)).await;
    let number = UpdateNumber::outcome(status, &body).unwrap();
    assert_eq!(number.voice_url, Some(world.url("/new")));
    world.twiml("/new", "<Reject/>");
    soon(world.dial().settled()).await;
    assert_eq!(world.asked("/new").len(), 1);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let world = World::new().await;
    world.twiml("/voice", "<Reject/>");
    for _ in 0..3 {
        soon(world.dial().settled()).await;
    }
    let good = basic_auth(ACCOUNT, &token());
    let path = format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json?PageSize=2&To=%2B15005550006");
    let (status, first) = raw(&world, "GET", &path, &good).await;
    assert_eq!((status, first["calls"].as_array().unwrap().len()), (200, 2));
    let next = first["next_page_uri"].as_str().unwrap();
    let (_, second) = raw(&world, "GET", next, &good).await;
    assert_eq!(second["calls"].as_array().unwrap().len(), 1);
    assert_eq!(second["next_page_uri"], Value::Null);
    let newest = world.carrier.calls().pop().unwrap();
    assert_eq!(first["calls"][0]["sid"], newest.sid().as_str());
}

#[tokio::test]
async fn an_update_stops_the_sound_of_a_file_and_the_next_document_runs() {
    let world = World::new().await;
    // A minute: there is plenty left to be stopped, however late the update comes.
    let sound = audio::wav::telephone(vec![0x20; 480_000]);
    world.reply("/long.wav", 200, "audio/wav", sound);
    let long = world.url("/long.wav");
    world.twiml("/voice", &format!("<Play>{long}</Play>"));
    let call = world.dial();
    let heard = async {
        while !call.heard_from(0).contains(&0x20) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon(heard).await;
    let resource = format!("Calls/{}.json", call.sid());
    let silence = "<Response><Pause/></Response>";
    let (status, _) = post(&world, &resource, &[("Twiml", silence)]).await;
    assert_eq!(status, StatusCode::OK);
    soon(call.settled()).await;
    let discarded = whats(&call).into_iter().find_map(|what| match what {
        What::Clear { discarded_ms } => Some(discarded_ms),
        _ => None,
    });
    assert!(discarded.is_some_and(|ms| ms > 1_000), "{discarded:?}");
    let sound = call.sound().1;
    let frames = sound.chunks(160).filter(|frame| frame.contains(&0x20));
    let heard = frames.count();
    assert!((1..2_950).contains(&heard), "{heard} of 3000 frames");
}
