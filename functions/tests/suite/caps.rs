//! Caps on calls and money, opening hours, countries, and what a machine's answer leads to.

use axum::http::StatusCode;
use contract::{Answerer, Batch, Bot, Closed, Day, Do, Hours, Limits, Machine, Opens, Usage};
use functions::store::{Money as _, Seat};
use serde_json::{Value, json};
use twilio::twiml::Verb;
use twilio::webhook::{AmdEvent, AnsweredBy, CallStatus, CallStatusEvent};

use crate::store::{batch, ended, priced, turn, usage};
use crate::support::*;

fn capped(concurrent_calls_max: u32, spend_per_day_max: u64) -> Bot {
    Bot {
        fallback_number: None,
        limits: Limits {
            concurrent_calls_max,
            spend_per_day_max,
            outbound_countries: vec![],
        },
        ..mesa()
    }
}

async fn ends(house: &House, call: u64) {
    let event = CallStatusEvent {
        sequence_number: Some(3),
        ..CallStatusEvent::new(account(), call_sid(call), CallStatus::Completed)
    };
    post_signed(&house.status, CALLBACK, &event.to_form()).await;
}

#[tokio::test]
async fn a_caller_too_many_hears_that_lines_are_busy_until_one_hangs_up() {
    let house = house_of(capped(1, 0)).await;
    assert!(matches!(rings(&house, 1).await[..], [Verb::Connect { .. }]));
    // The same webhook again has its place already.
    assert!(matches!(rings(&house, 1).await[..], [Verb::Connect { .. }]));
    assert!(matches!(
        rings(&house, 2).await[..],
        [Verb::Say { .. }, Verb::Hangup]
    ));
    let order = json!({ "to": "+12125551234", "bot": "mesa" });
    let refused = ask(&house.calls, "POST", "/calls", Some(order.clone())).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::CONFLICT, "limit_reached")
    );
    assert!(house.carrier.asked.lock().unwrap().is_empty());
    ends(&house, 1).await;
    let placed = ask(&house.calls, "POST", "/calls", Some(order)).await;
    assert_eq!(placed.status, StatusCode::CREATED);
    assert!(matches!(
        rings(&house, 3).await[..],
        [Verb::Say { .. }, Verb::Hangup]
    ));
}

/// Somebody took the only place so long ago, and nothing more came of it.
async fn house_with_a_lost_place(who: &str, ms_ago: u64) -> House {
    let house = house_of(capped(1, 0)).await;
    let lost = Seat {
        tenant: tenant(),
        bot: mesa().id,
        who: who.to_owned(),
        tenant_max: 0,
        bot_max: 1,
        now_ms: NOW_MS - ms_ago,
    };
    assert_eq!(house.memory.sit(&lost).await, Ok(Ok(())));
    house
}

#[tokio::test]
async fn a_place_whose_function_died_before_it_kept_the_call_is_given_back_after_a_minute() {
    let call = call_sid(9).to_string();
    let dial = "0123456789abcdef0123456789abcdef";
    let minute = 60_000;
    for (who, ms_ago, comes) in [
        (call.as_str(), minute, false),
        (&call, minute + 1, true),
        // An order is kept before its place is taken: without one, nobody sits there.
        (dial, 0, true),
        ("WB00000000000000000000000000000009", minute + 1, true),
    ] {
        let house = house_with_a_lost_place(who, ms_ago).await;
        let verbs = rings(&house, 1).await;
        let came = matches!(verbs[..], [Verb::Connect { .. }]);
        assert_eq!(came, comes, "{who} {ms_ago} {verbs:?}");
        assert!(matches!(
            rings(&house, 2).await[..],
            [Verb::Say { .. }, Verb::Hangup]
        ));
    }
}

#[tokio::test]
async fn a_place_is_given_back_when_no_call_can_be_that_long() {
    let hour = 3_600_000;
    // An earlier version did not write down since when: its places stay, as long as their calls go on.
    let unknown = NOW_MS;
    for (ms_ago, comes) in [(24 * hour, false), (26 * hour, true), (unknown, false)] {
        let house = house_with_a_lost_place(call_sid(9).as_str(), ms_ago).await;
        // The edge told something of it once, and then never again.
        let told = json!(batch(9, vec![turn(1)]));
        assert_eq!(
            post_sealed(&house.status, "/records", &told).await.status,
            200
        );
        let came = matches!(rings(&house, 1).await[..], [Verb::Connect { .. }]);
        assert_eq!(came, comes, "{ms_ago}");
    }
}

#[tokio::test]
async fn a_call_at_its_cap_is_told_to_end_and_no_other_begins() {
    let cost = priced(&usage()).total_micro_dollars;
    let house = house_of(capped(0, cost)).await;
    rings(&house, 1).await;
    let tell = async |body: &Batch| {
        post_sealed(&house.status, "/records", &json!(body))
            .await
            .json()
    };
    let little = Batch {
        usage: Usage {
            line_ms: 1_000,
            ..Usage::default()
        },
        ..batch(1, vec![turn(1)])
    };
    assert_eq!(tell(&little).await["wrap"], false);
    let enough = Batch {
        usage: usage(),
        ..batch(1, vec![])
    };
    for _ in 0..3 {
        assert_eq!(tell(&enough).await["wrap"], true);
    }
    tell(&batch(1, vec![ended(2, NOW_MS)])).await;
    let spent = house.memory.spent(&tenant(), NOW_MS).await.unwrap();
    assert_eq!((spent.total, spent.bots[&mesa().id]), (cost, cost));
    assert!(matches!(
        rings(&house, 2).await[..],
        [Verb::Say { .. }, Verb::Hangup]
    ));
    let order = json!({ "to": "+12125551234", "bot": "mesa" });
    let refused = ask(&house.calls, "POST", "/calls", Some(order)).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::PAYMENT_REQUIRED, "limit_reached")
    );
}

#[tokio::test]
async fn money_that_is_spent_puts_nobody_through_and_a_place_that_is_taken_does() {
    let cost = priced(&usage()).total_micro_dollars;
    for (calls_max, spend_max, through) in [(1, 0, true), (0, cost, false)] {
        let bot = Bot {
            fallback_number: mesa().fallback_number,
            ..capped(calls_max, spend_max)
        };
        let house = house_of(bot).await;
        rings(&house, 1).await;
        let all = Batch {
            usage: usage(),
            ..batch(1, vec![turn(1)])
        };
        post_sealed(&house.status, "/records", &json!(all)).await;
        match (through, &rings(&house, 2).await[..]) {
            (true, [Verb::Say { .. }, Verb::Dial { .. }])
            | (false, [Verb::Say { .. }, Verb::Hangup]) => {}
            (_, verbs) => panic!("{verbs:?}"),
        }
    }
}

#[tokio::test]
async fn outside_its_hours_a_bot_says_so_and_puts_callers_through() {
    // It is Saturday noon.
    let hours = |day, transfer| Hours {
        time_zone: "UTC".to_owned(),
        open: vec![Opens {
            days: vec![day],
            from: "09:00".to_owned(),
            to: "17:00".to_owned(),
        }],
        closed: Closed {
            say: "Nobody is here.".to_owned(),
            transfer,
        },
    };
    for (day, transfer) in [
        (Day::Saturday, false),
        (Day::Monday, false),
        (Day::Monday, true),
    ] {
        let bot = Bot {
            hours: Some(hours(day, transfer)),
            ..mesa()
        };
        let verbs = rings(&house_of(bot).await, 1).await;
        match (day, transfer, verbs.as_slice()) {
            (Day::Saturday, ..) => assert!(matches!(verbs[..], [Verb::Connect { .. }])),
            (_, false, [Verb::Say { text, .. }, Verb::Hangup])
            | (_, true, [Verb::Say { text, .. }, Verb::Dial { .. }]) => {
                assert_eq!(text, "Nobody is here.");
            }
            _ => panic!("{verbs:?}"),
        }
    }
}

#[tokio::test]
async fn orders_to_dial_are_held_to_countries_times_and_metadata() {
    let house = house().await;
    let place = async |body: Value| ask(&house.calls, "POST", "/calls", Some(body)).await;
    let order = |member: &str, value: Value| {
        let mut order = json!({ "to": "+12125551234", "bot": "mesa" });
        order[member] = value;
        order
    };
    let many: serde_json::Map<_, _> = (0..17).map(|n| (n.to_string(), json!("x"))).collect();
    for (member, value, code) in [
        ("to", json!("+18765551234"), "country_not_allowed"),
        ("to", json!("+999123456"), "country_not_allowed"),
        ("time_limit_s", json!(5), "time_limit_invalid"),
        ("metadata", json!(many), "metadata_invalid"),
        ("metadata", json!({ "a": 1 }), "body_malformed"),
        (
            "machine",
            json!({ "do": "leave_message", "text": "" }),
            "text_invalid",
        ),
        (
            "unknown",
            json!({ "do": "leave_message", "text": "" }),
            "text_invalid",
        ),
        ("surprise", json!(1), "field_unknown"),
    ] {
        let answer = place(order(member, value)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::BAD_REQUEST, code),
            "{member}"
        );
    }
    assert!(house.carrier.asked.lock().unwrap().is_empty());
    let mut good = order("metadata", json!({ "order": "7" }));
    good["time_limit_s"] = json!(60);
    let call = place(good).await.json()["call"].clone();
    let shown = ask(
        &house.calls,
        "GET",
        &format!("/calls/{}", call.as_str().unwrap()),
        None,
    )
    .await;
    assert_eq!(shown.json()["metadata"], json!({ "order": "7" }));
    let asked = house.carrier.asked.lock().unwrap();
    assert_eq!(asked[0].time_limit_s, Some(120));
    assert_eq!(asked[0].machine_detection, None);
}

#[tokio::test]
async fn a_bot_dials_and_hands_over_only_where_its_tenant_and_itself_may() {
    let limits = |countries: Value| json!({ "limits": { "outbound_countries": countries } });
    let house = house_of(capped(0, 0)).await;
    rings(&house, 1).await;
    let change = async |path: &str, body: Value| ask(&house.calls, "PATCH", path, Some(body)).await;
    let wrong = change("/tenants/default", limits(json!(["Spain"]))).await;
    let field = wrong.json()["error"]["field"].clone();
    assert_eq!(field, "limits.outbound_countries");
    // The deployment allows US and ES.
    for (tenants, bots, us, es) in [
        (json!([]), json!([]), true, true),
        (json!(["ES"]), json!([]), false, true),
        (json!(["ES"]), json!(["US"]), false, false),
        (json!(["ES", "US"]), json!(["US"]), true, false),
        (json!(["FR"]), json!([]), false, false),
        // A tenant can change its bots: their lists open nothing that the operator has not.
        (json!([]), json!(["FR", "US"]), true, false),
    ] {
        change("/tenants/default", limits(tenants.clone())).await;
        change("/bots/mesa", limits(bots.clone())).await;
        let orders = format!("/calls/{}/orders", call_sid(1));
        for (to, may) in [("+12125551234", us), ("+34910000000", es)] {
            let dial = json!({ "to": to, "bot": "mesa" });
            let dialled = ask(&house.calls, "POST", "/calls", Some(dial)).await;
            assert_eq!(
                dialled.status == StatusCode::CREATED,
                may,
                "{tenants} {bots} {to}"
            );
            if !may {
                assert_eq!(dialled.code(), "country_not_allowed");
            }
        }
        // The call in progress keeps the bot that it began with, and its tenant's terms are those of now.
        let transfer = json!({ "do": "transfer", "to": "+34910000000" });
        let moved = ask(&house.calls, "POST", &orders, Some(transfer)).await;
        let french = json!({ "to": "+33123456789", "bot": "mesa" });
        let dialled = ask(&house.calls, "POST", "/calls", Some(french)).await;
        let may = tenants == json!(["FR"]);
        assert_eq!(
            dialled.status == StatusCode::CREATED,
            may,
            "{tenants} {bots}"
        );
        let tenants_let = tenants == json!([]) || tenants.to_string().contains("ES");
        assert_eq!(moved.status == StatusCode::OK, tenants_let, "{tenants}");
    }
}

#[tokio::test]
async fn who_answered_is_found_out_and_told_to_the_bot() {
    let machine = Machine::LeaveMessage {
        text: "Call us back.".to_owned(),
    };
    let house = house_of(Bot { machine, ..mesa() }).await;
    let order = json!({ "to": "+12125551234", "bot": "mesa" });
    ask(&house.calls, "POST", "/calls", Some(order)).await;
    let detection = house.carrier.asked.lock().unwrap()[0]
        .machine_detection
        .clone();
    let detection = detection.unwrap();
    assert!(detection.until_message_ends);
    assert_eq!(
        detection.callback.as_deref(),
        Some("https://status.example.com/twilio/call#rc=3&rp=all")
    );
    let verdict = AmdEvent {
        call: call_sid(1_001),
        account: account(),
        answered_by: AnsweredBy::MachineEndBeep,
        detection_ms: Some(2_000),
    };
    let told = post_signed(&house.status, CALLBACK, &verdict.to_form()).await;
    assert_eq!(told.status, StatusCode::NO_CONTENT);
    let by = Answerer::MachineRecords;
    let (call, order) = house.edge.orders.lock().unwrap()[0].clone();
    assert_eq!((call, order.order), (call_id(1_001), Do::Answered { by }));
    // Of another bot it matters only what to do if nobody can tell.
    let unknown = json!({ "to": "+12125551234", "bot": "mesa", "machine": { "do": "continue" }, "unknown": { "do": "hang_up" } });
    ask(&house.calls, "POST", "/calls", Some(unknown)).await;
    assert!(
        house.carrier.asked.lock().unwrap()[1]
            .machine_detection
            .is_some()
    );
    // A call that is over meanwhile is no failure.
    *house.edge.refuses.lock().unwrap() = Some(409);
    let late = post_signed(&house.status, CALLBACK, &verdict.to_form()).await;
    assert_eq!(late.status, StatusCode::NO_CONTENT);
}
