//! Where a tenant may have somebody called: held to when a bot is written, and once more before each call is handed over.

use axum::http::StatusCode;
use contract::{
    Bot, Closed, Day, Farewell, Hours, Limits, OpeningReply, OpeningState, Opens, TenantId, Tool,
};
use functions::store::Calls as _;
use serde_json::{Value, json};
use twilio::twiml::Verb;
use twilio::webhook::{CallStatus, VoiceRequest};

use crate::accounts::key_for;
use crate::store::{batch, turn};
use crate::support::*;

/// In the United States and Spain, which the deployment allows, and in Jamaica, which it does not.
const US: &str = "+12125551234";
const SPAIN: &str = "+34910000000";
const JAMAICA: &str = "+18765551234";

const RESUME: &str = "https://voice.example.com/voice/resume";

/// From now on the tenant may dial Spain alone.
async fn narrow(house: &House) {
    let spain = json!({ "limits": { "outbound_countries": ["ES"] } });
    let changed = ask(&house.calls, "PATCH", "/tenants/default", Some(spain)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
}

#[tokio::test]
async fn a_bot_that_puts_callers_through_to_where_its_tenant_may_not_dial_is_not_kept() {
    let house = house().await;
    let key = key_for(&house, "default", &["bots:read", "bots:write"]).await;
    let tool = |number: &str| json!({ "kind": "transfer", "number": number, "when": "asked" });
    let fallback = |number: &str| json!({ "fallback_number": number });
    let tools = |number: &str| json!({ "tools": [{ "kind": "end_call" }, tool(number)] });
    let write = async |method: &str, path: &str, mut body: Value| {
        if method == "POST" {
            body["id"] = json!("dawn");
        }
        ask_as(&house.calls, Some(&key), method, path, Some(body)).await
    };
    for (method, path) in [
        ("POST", "/bots"),
        ("PUT", "/bots/dusk"),
        ("PATCH", "/bots/mesa"),
    ] {
        for (field, of) in [
            ("fallback_number", &fallback as &dyn Fn(&str) -> Value),
            ("tools.1.number", &tools),
        ] {
            // A satellite's number is in no country.
            for number in [JAMAICA, "+8835100123456"] {
                let refused = write(method, path, of(number)).await;
                let error = &refused.json()["error"];
                assert_eq!(refused.status, 400, "{method} {field}: {}", refused.body);
                let got = (&error["code"], &error["field"]);
                assert_eq!(got, (&json!("country_not_allowed"), &json!(field)));
            }
        }
    }
    let kept = ask(&house.calls, "GET", "/bots", None).await;
    assert!(!kept.body.contains("876"), "{}", kept.body);
    for (method, path, body, status) in [
        ("POST", "/bots", fallback(US), 201),
        ("PUT", "/bots/dusk", tools(SPAIN), 200),
        ("PATCH", "/bots/mesa", fallback(SPAIN), 200),
        // Its own list narrows it further, whichever of both changes.
        (
            "PATCH",
            "/bots/mesa",
            json!({ "limits": { "outbound_countries": ["US"] } }),
            400,
        ),
    ] {
        let written = write(method, path, body).await;
        assert_eq!(written.status.as_u16(), status, "{}", written.body);
    }
    // The tenant's list is in place of the deployment's.
    narrow(&house).await;
    assert_eq!(write("PUT", "/bots/dusk", tools(US)).await.status, 400);
    assert_eq!(write("PUT", "/bots/dusk", tools(SPAIN)).await.status, 200);
}

/// A deployment whose tenant may not dial any more where its bot has callers put through to: the fallback number of `mesa`
/// is in the United States.
async fn narrowed(bot: Bot) -> House {
    let house = house_of(bot).await;
    narrow(&house).await;
    house
}

async fn told(house: &House, call: u64) -> Vec<String> {
    let path = format!("/calls/{}", call_sid(call));
    let shown = ask(&house.calls, "GET", &path, None).await.json();
    let news = shown["carrier"].as_array().unwrap();
    let refused = news
        .iter()
        .filter(|told| told["name"] == "transfer-refused");
    refused
        .map(|told| told["detail"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_caller_is_not_put_through_to_where_the_tenant_may_not_dial_any_more() {
    let monday = Opens {
        days: vec![Day::Monday],
        from: "09:00".to_owned(),
        to: "17:00".to_owned(),
    };
    // It is Saturday.
    let closed = Bot {
        hours: Some(Hours {
            time_zone: "UTC".to_owned(),
            open: vec![monday],
            closed: Closed {
                transfer: true,
                ..Closed::default()
            },
        }),
        ..mesa()
    };
    let full = Bot {
        limits: Limits {
            concurrent_calls_max: 1,
            ..Limits::default()
        },
        ..mesa()
    };
    for (bot, call, broken) in [(closed, 1, false), (full, 2, false), (mesa(), 1, true)] {
        let house = house_of(bot.clone()).await;
        let rings_last = async |house: &House| {
            if call == 2 {
                rings(house, 1).await;
            }
            if broken {
                *house.edge.reply.lock().unwrap() = None;
            }
            rings(house, call).await
        };
        // Allowed, the caller is put through; and then not any more.
        let before = rings_last(&house).await;
        assert!(
            matches!(before[..], [Verb::Say { .. }, Verb::Dial { .. }]),
            "{before:?}"
        );
        let house = narrowed(bot).await;
        let verbs = rings_last(&house).await;
        assert!(
            matches!(verbs[..], [Verb::Say { .. }, Verb::Hangup]),
            "{verbs:?}"
        );
        let why = told(&house, call).await;
        assert_eq!(
            why,
            ["this number is in US, which is not among the countries allowed"]
        );
    }
}

#[tokio::test]
async fn a_transfer_of_a_call_in_progress_is_held_to_the_countries_of_now() {
    let tools = vec![Tool::Transfer {
        number: number(US),
        when: String::new(),
    }];
    let house = house_of(Bot { tools, ..mesa() }).await;
    rings(&house, 1).await;
    let hands_over = async |to: &str| {
        *house.edge.reply.lock().unwrap() = Some(OpeningReply {
            state: OpeningState::Ended,
            farewell: Some(Farewell::Transfer {
                to: number(to),
                say: None,
            }),
            streaming: false,
        });
        let asked = VoiceRequest {
            status: CallStatus::InProgress,
            ..inbound(1)
        };
        let answer = post_signed(&house.voice, RESUME, &asked.to_form()).await;
        answer.verbs()
    };
    assert!(matches!(hands_over(US).await[..], [Verb::Dial { .. }]));
    assert!(told(&house, 1).await.is_empty());
    narrow(&house).await;
    let verbs = hands_over(US).await;
    match verbs.as_slice() {
        [Verb::Say { text, .. }, Verb::Hangup] => assert_eq!(*text, mesa().apology),
        other => panic!("{other:?}"),
    }
    assert_eq!(told(&house, 1).await.len(), 1);
    assert!(matches!(hands_over(SPAIN).await[..], [Verb::Dial { .. }]));
}

#[tokio::test]
async fn who_loops_is_put_through_only_where_the_tenant_may_dial() {
    let house = narrowed(mesa()).await;
    rings(&house, 1).await;
    let asked = VoiceRequest {
        status: CallStatus::InProgress,
        ..inbound(1)
    };
    let mut last = Vec::new();
    for _ in 0..=functions::voice::RESUMES_PER_MINUTE_MAX {
        let answer = post_signed(&house.voice, RESUME, &asked.to_form()).await;
        last = answer.verbs();
    }
    assert!(
        matches!(last[..], [Verb::Say { .. }, Verb::Hangup]),
        "{last:?}"
    );
}

#[tokio::test]
async fn an_order_to_hand_over_is_held_to_them_where_no_bot_is_kept_with_the_call() {
    let house = house().await;
    let records = json!(batch(9, vec![turn(1)]));
    post_sealed(&house.status, "/records", &records).await;
    let (entry, bot) = house.memory.call(&call_id(9)).await.unwrap().unwrap();
    assert_eq!((entry.tenant, bot), (Some(TenantId::default()), None));
    let orders = format!("/calls/{}/orders", call_sid(9));
    let transfer = async |to: &str| {
        let order = json!({ "do": "transfer", "to": to });
        ask(&house.calls, "POST", &orders, Some(order)).await
    };
    let refused = transfer(JAMAICA).await;
    let got = (refused.status.as_u16(), refused.code());
    assert_eq!(got, (400, "country_not_allowed".to_owned()));
    assert!(house.edge.orders.lock().unwrap().is_empty());
    assert_eq!(transfer(SPAIN).await.status, StatusCode::OK);
}
