//! Errands: the edge is the functions' alarm clock.

use std::time::Duration;

use contract::Errand;
use e2e::{Answer, LIMIT, Office, World, now_ms, until};
use local::demo;
use reqwest::Method;
use serde_json::json;

async fn put(world: &World, id: &str, errand: &Errand) -> Answer {
    let url = format!("{}/errands/{id}", world.platform.edge.url());
    let body = serde_json::to_vec(errand).expect("JSON");
    world.sealed(Method::PUT, &url, &body).await
}

fn errand(office: &Office, id: &str, due_ms: u64) -> Errand {
    Errand {
        id: id.to_owned(),
        url: office.url("/errands/ring"),
        due_ms,
    }
}

/// The attempts of an errand.
fn attempts(office: &Office, id: &str) -> Vec<u32> {
    let desk = office.desk();
    let calls = desk.errands.iter().filter(|(call, _)| call.id == id);
    calls.map(|(call, _)| call.attempt).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_errand_rings_until_it_is_done_and_not_again() {
    let office = Office::open(demo::bot()).await;
    let world = World::start().await;
    office.desk().errand_answers.extend([
        (500, json!({})),
        (200, json!({ "state": "again", "after_s": 1 })),
    ]);
    let errand = errand(&office, "call-ended_1", 0);
    assert_eq!(put(&world, "call-ended_1", &errand).await.status, 204);
    // The same again changes nothing.
    assert_eq!(put(&world, "call-ended_1", &errand).await.status, 204);
    until("the errand to be done", || {
        attempts(&office, "call-ended_1").len() >= 3
    })
    .await;
    assert_eq!(attempts(&office, "call-ended_1"), [1, 2, 3]);
    assert_eq!(office.desk().unsealed, 0);
    // All of it is forgotten, as soon as the edge has read that it is done: the id is free again.
    let deadline = tokio::time::Instant::now() + LIMIT;
    while attempts(&office, "call-ended_1").len() < 4 {
        assert!(
            tokio::time::Instant::now() < deadline,
            "it does not begin anew"
        );
        assert_eq!(put(&world, "call-ended_1", &errand).await.status, 204);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(attempts(&office, "call-ended_1")[..4], [1, 2, 3, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_errand_that_is_wanted_anew_while_it_is_done_is_done_again() {
    let office = Office::open(demo::bot()).await;
    let world = World::start().await;
    let errand = errand(&office, "call-ended_2", 0);
    office.desk().looks = true;
    assert_eq!(put(&world, "call-ended_2", &errand).await.status, 204);
    until("the errand to ring", || {
        !attempts(&office, "call-ended_2").is_empty()
    })
    .await;
    assert_eq!(put(&world, "call-ended_2", &errand).await.status, 204);
    office.desk().looks = false;
    until("the errand to ring again", || {
        attempts(&office, "call-ended_2").len() == 2
    })
    .await;
    assert_eq!(attempts(&office, "call-ended_2"), [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_errand_outlives_the_edge() {
    let office = Office::open(demo::bot()).await;
    let world = World::start().await;
    let due_ms = now_ms() + 5_000;
    let later = errand(&office, "later", due_ms);
    assert_eq!(put(&world, "later", &later).await.status, 204);
    // However long this takes: it may be due by the time the edge is back, and rings then.
    world.restart_edge().await;
    until("the errand", || !attempts(&office, "later").is_empty()).await;
    let rang_ms = office.desk().errands[0].1;
    assert!(rang_ms >= due_ms, "not before its time: {rang_ms} {due_ms}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_functions_leaves_errands() {
    let office = Office::open(demo::bot()).await;
    let world = World::start().await;
    let good = errand(&office, "good", 0);
    let url = format!("{}/errands/good", world.platform.edge.url());
    let body = serde_json::to_vec(&good).expect("JSON");
    let plain = world.send(Method::PUT, &url, &[], body).await;
    assert_eq!(plain.refusal(), (401, "seal_missing"));
    let other = put(&world, "other", &good).await;
    assert_eq!(other.refusal(), (422, "id_differs"));
    let path = Errand {
        url: "/errands".to_owned(),
        ..good.clone()
    };
    assert_eq!(
        put(&world, "good", &path).await.refusal(),
        (422, "out_of_range")
    );
    let far = Errand {
        due_ms: u64::MAX,
        ..good
    };
    assert_eq!(
        put(&world, "good", &far).await.refusal(),
        (422, "out_of_range")
    );
    assert!(office.desk().errands.is_empty());
}
