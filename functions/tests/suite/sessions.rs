//! Conversations through the edge's own sockets: who may have one, and with whom.

use axum::http::StatusCode;
use contract::{Bot, BotId, CallId, Limits};
use functions::account::{Claims, Scope, TokenKey};
use functions::calls::Settings;
use functions::store::{Bots as _, Calls as _, Filter};
use serde_json::{Value, json};

use crate::accounts::{all_scopes, key_for};
use crate::lost_answers::narrow_house;
use crate::store::{batch, ended, priced, turn, usage};
use crate::support::*;

async fn session_as(house: &House, call: u128, token: &str, bot: Option<&str>) -> Answer {
    let body = asked(call, token, bot);
    let request = sealed("/sessions", &body, EDGE_SECRET, NOW_MS / 1_000);
    send(&house.calls, request).await
}

fn asked(call: u128, token: &str, bot: Option<&str>) -> Value {
    json!({ "call": CallId::web(call), "token": token, "bot": bot, "address": "192.0.2.1" })
}

/// A deployment with two bots, and another tenant with one.
async fn house_of_two() -> House {
    let house = house().await;
    ask(&house.calls, "PUT", "/bots/dusk", Some(json!({}))).await;
    acme(&house).await;
    house
}

/// A token as nobody but this deployment can make it.
fn token(scopes: &[Scope], bot: Option<&str>, tenant: &str) -> String {
    let claims = Claims {
        sub: "operator".to_owned(),
        tenant: contract::TenantId::new(tenant).unwrap(),
        scopes: scopes.iter().copied().collect(),
        bot: bot.and_then(BotId::new),
        exp: NOW_MS / 1_000 + 60,
        iat: NOW_MS / 1_000,
        jti: "1".to_owned(),
    };
    TokenKey::new(JWT_KEY).unwrap().seal(&claims)
}

async fn calls(house: &House) -> usize {
    let (whose, all) = (tenant(), Filter::default());
    let listed = house.memory.list(&whose, &all, 100, None).await;
    listed.unwrap().calls.len()
}

#[tokio::test]
async fn a_conversation_by_socket_is_a_call_like_others() {
    let house = house().await;
    let opened = session_as(&house, 7, OPERATOR_KEY, Some("mesa")).await;
    assert_eq!(opened.status, StatusCode::OK, "{}", opened.body);
    let reply = opened.json();
    assert_eq!(reply["opening"]["records_url"], format!("{STATUS}/records"));
    assert_eq!(
        (&reply["subject"], &reply["expires_s"]),
        (&json!("operator:default"), &json!(0))
    );
    let path = format!("/calls/{}", CallId::web(7));
    let shown = ask(&house.calls, "GET", &path, None).await.json();
    assert_eq!(shown["status"], "in-progress");
    assert_eq!(shown["carrier"][0]["name"], "opened");
    assert_eq!(shown["carrier"][0]["source"]["ip"], "192.0.2.1");
}

#[tokio::test]
async fn keys_and_tokens_that_may_talk_open_a_conversation_and_say_until_when() {
    let house = house_of_two().await;
    let key = key_for(&house, "default", &["talk"]).await;
    let opened = session_as(&house, 1, &key, Some("mesa")).await;
    assert_eq!(opened.json()["expires_s"], 0, "{}", opened.body);
    assert_eq!(opened.json()["subject"], format!("key:{}", &key[4..20]));
    let made = json!({ "bot": "mesa", "minutes": 5 });
    let made = ask_as(&house.calls, Some(&key), "POST", "/tokens", Some(made)).await;
    let made = made.json()["token"].as_str().unwrap().to_owned();
    // A token of one bot need not say with which.
    let opened = session_as(&house, 2, &made, None).await.json();
    assert_eq!(opened["opening"]["bot"]["id"], "mesa");
    assert_eq!(opened["expires_s"], NOW_MS / 1_000 + 300);
}

#[tokio::test]
async fn who_may_not_talk_opens_nothing() {
    let house = house_of_two().await;
    let others: Vec<&str> = all_scopes()
        .into_iter()
        .filter(|scope| *scope != "talk")
        .collect();
    let key = key_for(&house, "default", &others).await;
    let ours = key_for(&house, "default", &["talk"]).await;
    let theirs = key_for(&house, "acme", &["talk"]).await;
    let silent = token(&[Scope::CallsRead], None, "default");
    for (token, bot, status, code) in [
        ("nobody", Some("mesa"), 401, "key_wrong"),
        ("a.b.c", Some("mesa"), 401, "key_wrong"),
        (&key, Some("mesa"), 403, "scope_missing"),
        (&silent, Some("mesa"), 403, "scope_missing"),
        (&ours, None, 400, "bot_missing"),
        (&ours, Some("dawn"), 400, "bot_unknown"),
        // Another tenant's bot is as good as none.
        (&ours, Some("anvil"), 400, "bot_unknown"),
        (&theirs, Some("mesa"), 400, "bot_unknown"),
    ] {
        let answer = session_as(&house, 1, token, bot).await;
        let got = (answer.status.as_u16(), answer.code());
        assert_eq!(got, (status, code.to_owned()), "{bot:?}");
    }
    let unsealed = sealed(
        "/sessions",
        &asked(1, OPERATOR_KEY, Some("mesa")),
        "another secret of thirty-two bytes",
        NOW_MS / 1_000,
    );
    assert_eq!(send(&house.calls, unsealed).await.status, 403);
    assert_eq!(calls(&house).await, 0);
}

#[tokio::test]
async fn a_token_of_one_bot_talks_with_it_and_dials_for_it_and_for_no_other() {
    let house = house_of_two().await;
    let both = [Scope::Talk, Scope::CallsWrite, Scope::CallsRead];
    let of_mesa = token(&both, Some("mesa"), "default");
    let foreign = session_as(&house, 1, &of_mesa, Some("dusk")).await;
    let got = (foreign.status.as_u16(), foreign.code());
    assert_eq!(got, (403, "bot_other".to_owned()));
    let dial = async |bot: &str| {
        let order = json!({ "to": "+12125551234", "from": OUR_NUMBER, "bot": bot });
        ask_as(&house.calls, Some(&of_mesa), "POST", "/calls", Some(order)).await
    };
    let foreign = dial("dusk").await;
    let got = (foreign.status.as_u16(), foreign.code());
    assert_eq!(got, (403, "bot_other".to_owned()));
    assert!(house.carrier.asked.lock().unwrap().is_empty());
    assert_eq!(calls(&house).await, 0);
    assert_eq!(dial("mesa").await.status, StatusCode::CREATED);
    let own = session_as(&house, 1, &of_mesa, Some("mesa")).await;
    assert_eq!(own.status, StatusCode::OK);
    // Nor does it see or steer the calls of another.
    session_as(&house, 2, OPERATOR_KEY, Some("dusk")).await;
    let path = format!("/calls/{}", CallId::web(2));
    let seen = ask_as(&house.calls, Some(&of_mesa), "GET", &path, None).await;
    assert_eq!(seen.status, StatusCode::NOT_FOUND);
    let order = Some(json!({ "do": "interrupt" }));
    let orders = format!("{path}/orders");
    let steered = ask_as(&house.calls, Some(&of_mesa), "POST", &orders, order).await;
    assert_eq!(steered.status, StatusCode::NOT_FOUND);
    assert!(house.edge.orders.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_conversation_too_many_is_refused_and_leaves_nothing_behind() {
    let house = house().await;
    let limits = Limits {
        concurrent_calls_max: 1,
        ..Limits::default()
    };
    let bot = Bot { limits, ..mesa() };
    house.memory.put_bot(&bot).await.unwrap();
    let talk = async |call| session_as(&house, call, OPERATOR_KEY, Some("mesa")).await;
    assert_eq!(talk(1).await.status, StatusCode::OK);
    assert_eq!(talk(2).await.code(), "limit_reached");
    assert_eq!(calls(&house).await, 1);
    let over = contract::Batch {
        call: CallId::web(1),
        ..batch(1, vec![ended(1, NOW_MS)])
    };
    post_sealed(&house.status, "/records", &json!(over)).await;
    assert_eq!(talk(3).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_webhook_that_cannot_be_sent_now_keeps_nobody_from_talking() {
    let house = house().await;
    let hook = json!({ "webhook_url": "https://example.com/hooks" });
    ask(&house.calls, "PATCH", "/tenants/default", Some(hook)).await;
    *house.edge.reply.lock().unwrap() = None;
    let opened = session_as(&house, 1, OPERATOR_KEY, Some("mesa")).await;
    assert_eq!(opened.status, StatusCode::OK, "{}", opened.body);
    assert_eq!(errands(&house), [""; 0]);
    // The first that is heard of it makes up for that.
    *house.edge.reply.lock().unwrap() = Some(ready());
    let connected = contract::Numbered {
        number: 1,
        at_ms: NOW_MS,
        record: contract::Record::Connected { stream: 1 },
    };
    let connected = contract::Batch {
        call: CallId::web(1),
        ..batch(1, vec![connected])
    };
    post_sealed(&house.status, "/records", &json!(connected)).await;
    let errands = house.edge.errands.lock().unwrap();
    assert_eq!(errands[0].id, format!("tell-1-{}-started", CallId::web(1)));
}

#[tokio::test]
async fn conversations_count_among_the_requests_of_whoever_opens_them() {
    let house = house_with(Settings {
        requests_per_minute: 12,
        ..Settings::default()
    })
    .await;
    let key = key_for(&house, "default", &["talk", "bots:read"]).await;
    for call in 1..=6 {
        let opened = session_as(&house, call, &key, Some("mesa")).await;
        assert_eq!(opened.status, StatusCode::OK, "{}", opened.body);
    }
    // Also those that open nothing, and those that the API takes itself.
    for call in 7..=9 {
        let unknown = session_as(&house, call, &key, Some("nobody")).await;
        assert_eq!(unknown.code(), "bot_unknown");
    }
    let made = json!({ "bot": "mesa" });
    let made = ask_as(&house.calls, Some(&key), "POST", "/tokens", Some(made)).await;
    let made = made.json()["token"].as_str().unwrap().to_owned();
    for call in 10..=11 {
        let opened = session_as(&house, call, &made, None).await;
        assert_eq!(opened.status, StatusCode::OK, "{}", opened.body);
    }
    for token in [&key, &made] {
        let refused = session_as(&house, 12, token, Some("mesa")).await;
        let got = (refused.status.as_u16(), refused.code());
        assert_eq!(got, (429, "rate_limited".to_owned()));
        assert_eq!(refused.headers["retry-after"], "60");
    }
    let listed = ask_as(&house.calls, Some(&key), "GET", "/bots", None).await;
    assert_eq!(listed.status, StatusCode::TOO_MANY_REQUESTS);
    // Another key is another's, and what is refused opens nothing.
    let another = key_for(&house, "default", &["talk"]).await;
    let opened = session_as(&house, 13, &another, Some("mesa")).await;
    assert_eq!(opened.status, StatusCode::OK, "{}", opened.body);
    assert_eq!(calls(&house).await, 9);
}

fn errands(house: &House) -> Vec<String> {
    let errands = house.edge.errands.lock().unwrap();
    errands.iter().map(|errand| errand.id.clone()).collect()
}

/// A bot with room for one, and a server that is told.
async fn house_for_one() -> House {
    let house = narrow_house().await;
    let opened = session_as(&house, 1, OPERATOR_KEY, Some("mesa")).await;
    assert_eq!(opened.status, StatusCode::OK, "{}", opened.body);
    house
}

async fn looked_after(house: &House, attempt: u32) -> Value {
    let id = format!("settle-{}", CallId::web(1));
    let body = json!({ "id": id, "attempt": attempt });
    post_sealed(&house.status, "/errands", &body).await.json()
}

async fn shown(house: &House, call: u128) -> Value {
    let path = format!("/calls/{}", CallId::web(call));
    ask(&house.calls, "GET", &path, None).await.json()
}

#[tokio::test]
async fn a_conversation_that_never_begins_is_ended_and_gives_its_place_back() {
    let house = house_for_one().await;
    let due_ms = {
        let errands = house.edge.errands.lock().unwrap();
        let settle = errands
            .iter()
            .find(|errand| errand.id.starts_with("settle"));
        settle.unwrap().due_ms
    };
    assert_eq!(due_ms, NOW_MS + 60_000);
    // What is told of it may just have failed.
    let again = json!({ "state": "again", "after_s": 60 });
    assert_eq!(looked_after(&house, 1).await, again);
    assert_eq!(shown(&house, 1).await["status"], "in-progress");
    assert_eq!(looked_after(&house, 2).await["state"], "done");
    let call = shown(&house, 1).await;
    let end = (&call["status"], &call["unanswered"], &call["complete"]);
    assert_eq!(
        end,
        (&json!("completed"), &json!("failed"), &json!(true)),
        "{call}"
    );
    let told = format!("tell-1-{}-ended", CallId::web(1));
    assert!(errands(&house).contains(&told));
    let next = session_as(&house, 2, OPERATOR_KEY, Some("mesa")).await;
    assert_eq!(next.status, StatusCode::OK, "{}", next.body);
}

#[tokio::test]
async fn a_conversation_that_lives_goes_on_however_late_it_is_looked_after() {
    let house = house_for_one().await;
    let told = contract::Batch {
        call: CallId::web(1),
        ..batch(1, vec![turn(1)])
    };
    post_sealed(&house.status, "/records", &json!(told)).await;
    assert_eq!(looked_after(&house, 9).await["state"], "done");
    assert_eq!(shown(&house, 1).await["status"], "in-progress");
    let another = session_as(&house, 2, OPERATOR_KEY, Some("mesa")).await;
    assert_eq!(another.code(), "limit_reached");
}

#[tokio::test]
async fn whoever_was_let_in_goes_on_when_the_days_money_is_spent() {
    let limits = Limits {
        spend_per_day_max: priced(&usage()).total_micro_dollars,
        ..Limits::default()
    };
    let house = house_of(Bot { limits, ..mesa() }).await;
    let talk = async |call| session_as(&house, call, OPERATOR_KEY, Some("mesa")).await;
    assert_eq!(talk(1).await.status, StatusCode::OK);
    let told = |record| contract::Batch {
        call: CallId::web(1),
        usage: usage(),
        ..batch(1, vec![record])
    };
    post_sealed(&house.status, "/records", &json!(told(turn(1)))).await;
    // A fresh token, or another socket.
    let again = talk(1).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.body);
    assert_eq!(talk(2).await.status, StatusCode::PAYMENT_REQUIRED);
    let over = told(ended(2, NOW_MS));
    post_sealed(&house.status, "/records", &json!(over)).await;
    assert_eq!(talk(1).await.status, StatusCode::PAYMENT_REQUIRED);
}

#[tokio::test]
async fn a_conversation_is_one_tenants_whoever_lets_people_in() {
    let house = house_of_two().await;
    let ours = token(&[Scope::Talk], None, "default");
    let theirs = token(&[Scope::Talk], None, "acme");
    let opened = session_as(&house, 1, &ours, Some("mesa")).await.json();
    assert_eq!(opened["subject"], "operator:default");
    let foreign = session_as(&house, 1, &theirs, Some("anvil")).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{}", foreign.body);
    let own = session_as(&house, 2, &theirs, Some("anvil")).await.json();
    assert_eq!(own["subject"], "operator:acme");
}
