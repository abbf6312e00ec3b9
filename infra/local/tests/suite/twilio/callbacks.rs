use local::twilio::{Call, Callee, Delivery, Order, Reaction};
use reqwest::StatusCode;
use twilio::webhook::{AmdEvent, AnsweredBy, CallStatus, CallStatusEvent};

use crate::twilio::rest::post;
use crate::twilio::world::{World, soon};

const EVENTS: [(&str, &str); 4] = [
    ("StatusCallbackEvent", "initiated"),
    ("StatusCallbackEvent", "ringing"),
    ("StatusCallbackEvent", "answered"),
    ("StatusCallbackEvent", "completed"),
];

async fn called(world: &World, extra: &[(&str, &str)]) -> Call {
    let (url, status) = (world.url("/voice"), world.url("/status"));
    let mut form = vec![
        ("To", "+15005550009"),
        ("From", crate::twilio::world::BOT),
        ("Url", &url),
        ("StatusCallback", &status),
    ];
    form.extend(extra);
    let (code, body) = post(world, "Calls.json", &form).await;
    assert_eq!(code, StatusCode::CREATED, "{body}");
    let call = soon(world.carrier.outbound()).await.unwrap();
    assert_eq!(body["sid"], call.sid().as_str());
    call
}

/// How long it was from the answer to the end, in whole seconds: on a machine that stands still for a moment, longer than planned.
async fn lasted(call: &Call) -> Option<u32> {
    u32::try_from(call.ended().await.1.as_secs()).ok()
}

fn told(world: &World) -> Vec<CallStatusEvent> {
    let asked = world.asked("/status");
    assert!(asked.iter().all(|asked| asked.signed));
    let read = asked
        .iter()
        .map(|asked| CallStatusEvent::from_form(&asked.form));
    read.map(Result::unwrap).collect()
}

#[tokio::test]
async fn an_outbound_call_tells_of_every_step_in_order() {
    let world = World::new().await;
    world.twiml("/voice", "<Say>Hello</Say>");
    let call = called(&world, &EVENTS).await;
    soon(call.settled()).await;
    let told = told(&world);
    let steps: Vec<_> = told
        .iter()
        .map(|event| (event.sequence_number, event.status))
        .collect();
    let expected = [
        (Some(0), CallStatus::Initiated),
        (Some(1), CallStatus::Ringing),
        (Some(2), CallStatus::InProgress),
        (Some(3), CallStatus::Completed),
    ];
    assert_eq!(steps, expected);
    assert!(
        told.iter()
            .all(|event| event.timestamp.as_deref().unwrap().ends_with(" +0000"))
    );
    assert_eq!(told[3].call_duration_s, lasted(&call).await);
    assert_eq!(told[3].billed_min, Some(1));
    let asked = world.asked("/voice");
    assert_eq!(asked[0].form.get("CallStatus"), Some("in-progress"));
    assert_eq!(asked[0].form.get("Direction"), Some("outbound-api"));
}

#[tokio::test]
async fn only_the_end_is_told_unless_more_is_asked_for() {
    let world = World::new().await;
    let callee = |reaction| Callee {
        reaction,
        ..Callee::default()
    };
    for (reaction, status) in [
        (Reaction::Busy { after_ms: 10 }, CallStatus::Busy),
        (Reaction::NoAnswer, CallStatus::NoAnswer),
        (Reaction::Unreachable, CallStatus::Failed),
    ] {
        world
            .carrier
            .behave(|behaviour| behaviour.callee = callee(reaction));
        let call = called(&world, &[("Timeout", "1")]).await;
        soon(call.settled()).await;
        assert_eq!(told(&world).pop().unwrap().status, status);
    }
    assert_eq!(told(&world).len(), 3);
    assert!(world.asked("/voice").is_empty());
}

#[tokio::test]
async fn callbacks_can_be_doubled_shuffled_and_late() {
    let world = World::new().await;
    world.twiml("/voice", "<Say>Hi</Say>");
    world.carrier.behave(|behaviour| {
        behaviour.delivery = Delivery {
            order: Order::Reversed,
            delay_ms_max: 5,
            duplicate_percent: 100,
        };
    });
    let call = called(&world, &EVENTS).await;
    soon(call.settled()).await;
    let numbers: Vec<_> = told(&world)
        .iter()
        .map(|event| event.sequence_number.unwrap())
        .collect();
    assert_eq!(numbers, [3, 3, 2, 2, 1, 1, 0, 0]);
    let asked = world.asked("/status");
    assert_eq!(asked[0].idempotency, asked[1].idempotency);
    assert_ne!(asked[1].idempotency, asked[2].idempotency);

    world.carrier.behave(|behaviour| {
        behaviour.delivery = Delivery {
            order: Order::Shuffled,
            delay_ms_max: 300,
            duplicate_percent: 0,
        };
    });
    let call = called(&world, &EVENTS).await;
    soon(call.settled()).await;
    let mut numbers: Vec<_> = told(&world)
        .iter()
        .skip(8)
        .map(|event| event.sequence_number.unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_callback_that_fails_is_lost() {
    let world = World::new().await;
    world.twiml("/voice", "<Say>Hi</Say>");
    world.reply("/status", 500, "text/plain", "");
    let call = called(&world, &[]).await;
    soon(call.settled()).await;
    assert_eq!(told(&world).len(), 1);
    assert_eq!(crate::twilio::world::codes(&call), [11200]);
}

#[tokio::test]
async fn machine_detection_blocks_the_call_or_reports_beside_it() {
    let world = World::new().await;
    world.twiml("/voice", "<Say>Hi, this may take a little</Say>");
    world.carrier.behave(|behaviour| {
        behaviour.callee.answered_by = AnsweredBy::MachineStart;
        behaviour.callee.detection_ms = 50;
    });
    let call = called(&world, &[("MachineDetection", "Enable")]).await;
    soon(call.settled()).await;
    let asked = world.asked("/voice").pop().unwrap();
    assert_eq!(asked.form.get("AnsweredBy"), Some("machine_start"));
    assert_eq!(
        told(&world).pop().unwrap().answered_by,
        Some(AnsweredBy::MachineStart)
    );

    let amd = world.url("/amd");
    let extra = [
        ("MachineDetection", "Enable"),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", amd.as_str()),
    ];
    let call = called(&world, &extra).await;
    soon(call.settled()).await;
    assert_eq!(
        world.asked("/voice").pop().unwrap().form.get("AnsweredBy"),
        None
    );
    let asked = world.asked("/amd");
    assert_eq!(asked.len(), 1);
    assert!(asked[0].signed);
    let verdict = AmdEvent::from_form(&asked[0].form).unwrap();
    assert_eq!(verdict.answered_by, AnsweredBy::MachineStart);
    assert_eq!(verdict.call, call.sid());
}

#[tokio::test]
async fn a_number_tells_of_the_end_of_an_inbound_call_once() {
    let world = World::new().await;
    world.number(|number| number.status_callback = Some(world.url("/status")));
    world.twiml("/voice", "<Say>Hi</Say>");
    let call = world.dial();
    soon(call.settled()).await;
    let told = told(&world);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].status, CallStatus::Completed);
    assert_eq!(told[0].sequence_number, None);
    assert_eq!(told[0].call_duration_s, lasted(&call).await);
}

#[tokio::test]
async fn a_call_ends_at_its_time_limit() {
    let world = World::new().await;
    world.twiml("/voice", "<Pause length=\"60\"/>");
    let call = called(&world, &[("TimeLimit", "1"), ("SendDigits", "1w2")]).await;
    soon(call.settled()).await;
    assert_eq!(call.status(), CallStatus::Completed);
    assert_eq!(crate::twilio::world::codes(&call), [32015]);
    let lasted = lasted(&call).await;
    assert_eq!(told(&world)[0].call_duration_s, lasted);
    assert!(lasted >= Some(1), "{lasted:?}");
}
