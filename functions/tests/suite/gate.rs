//! How often a key may knock, whose pages may ask, and what strangers may read.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use functions::calls::Settings;
use serde_json::json;
use tower::ServiceExt as _;

use crate::accounts::key_for;
use crate::support::*;

#[tokio::test]
async fn a_key_places_so_many_calls_a_minute() {
    let house = house_with(Settings {
        calls_per_minute: 2,
        ..Settings::default()
    })
    .await;
    let key = key_for(&house, "default", &["calls:write"]).await;
    let place = async |key: &str| {
        let body = json!({ "to": "+15005550001", "bot": "mesa" });
        ask_as(&house.calls, Some(key), "POST", "/calls", Some(body)).await
    };
    assert_eq!(place(&key).await.status, 201);
    assert_eq!(place(&key).await.status, 201);
    let third = place(&key).await;
    assert_eq!(
        (third.status.as_u16(), third.code().as_str()),
        (429, "calls_limited")
    );
    assert_eq!(third.headers["retry-after"], "60");
    assert_eq!(house.carrier.asked.lock().unwrap().len(), 2);
    // Another key is another's.
    let another = key_for(&house, "default", &["calls:write"]).await;
    assert_eq!(place(&another).await.status, 201);
    // A tenant may have a limit of its own.
    let wider = json!({ "limits": { "calls_per_minute": 3 } });
    ask(&house.calls, "PATCH", "/tenants/default", Some(wider)).await;
    assert_eq!(place(&key).await.status, 201);
    assert_eq!(place(&key).await.status, 429);
}

#[tokio::test]
async fn a_key_makes_so_many_requests_a_minute_and_is_told_how_many_are_left() {
    let house = house_with(Settings {
        requests_per_minute: 25,
        ..Settings::default()
    })
    .await;
    let key = key_for(&house, "default", &["bots:read"]).await;
    for left in (0..25).rev() {
        let answer = ask_as(&house.calls, Some(&key), "GET", "/bots", None).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers["ratelimit-remaining"], left.to_string());
        assert_eq!(answer.headers["ratelimit-limit"], "25");
    }
    let refused = ask_as(&house.calls, Some(&key), "GET", "/bots", None).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (429, "rate_limited")
    );
    assert_eq!(refused.headers["retry-after"], "60");
    let quota = ["limit", "remaining", "reset"];
    let quota = quota.map(|name| refused.headers[&format!("ratelimit-{name}")].as_str());
    assert_eq!(quota, ["25", "0", "60"]);
}

#[tokio::test]
async fn the_operator_is_counted_over_all_tenants_and_held_to_no_tenants_limit() {
    let house = house_with(Settings {
        requests_per_minute: 40,
        calls_per_minute: 3,
        ..Settings::default()
    })
    .await;
    let strict = json!({ "requests_per_minute": 2, "calls_per_minute": 1 });
    for id in ["acme", "bravo"] {
        let tenant = json!({ "id": id, "limits": strict });
        ask(&house.calls, "POST", "/tenants", Some(tenant)).await;
    }
    let made = ask(&house.calls, "POST", "/tokens?tenant=acme", Some(json!({}))).await;
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let call = json!({ "to": "+15005550001", "bot": "dusk", "from": "+15005550007" });
    let mut placed = Vec::new();
    for tenant in ["acme", "bravo"] {
        let bots = format!("/bots/dusk?tenant={tenant}");
        let dusk = ask(&house.calls, "PUT", &bots, Some(json!({}))).await;
        assert_eq!(dusk.headers["ratelimit-limit"], "40");
        for _ in 0..2 {
            let calls = format!("/calls?tenant={tenant}");
            let call = Some(call.clone());
            let answer = ask(&house.calls, "POST", &calls, call).await;
            placed.push(answer.status.as_u16());
        }
    }
    assert_eq!(placed, [201, 201, 201, 429]);
    // A token is somebody's of the tenant: it counts by itself, and by the tenant's limits.
    for status in [200, 200, 429] {
        let answer = ask_as(&house.calls, Some(&token), "GET", "/bots", None).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    }
    let still = ask(&house.calls, "GET", "/bots?tenant=acme", None).await;
    assert_eq!(still.status, StatusCode::OK);
}

#[tokio::test]
async fn only_pages_of_known_origins_are_let_ask_and_need_no_key_for_that() {
    let origin = "https://console.example.com";
    let house = house_with(Settings {
        origins: vec![origin.to_owned()],
        ..Settings::default()
    })
    .await;
    let preflight = async |from: &str| -> BTreeMap<String, String> {
        let request = Request::builder()
            .method("OPTIONS")
            .uri("/bots/mesa")
            .header("origin", from)
            .header("access-control-request-method", "PUT")
            .header("access-control-request-headers", "authorization");
        let request = request.body(Body::empty()).unwrap();
        let response = house.calls.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        headers(&response)
    };
    let known = preflight(origin).await;
    assert_eq!(known["access-control-allow-origin"], origin);
    assert!(known["access-control-allow-methods"].contains("PUT"));
    assert!(!known.contains_key("access-control-allow-credentials"));
    for stranger in [
        "https://evil.example",
        "https://console.example.com.evil.example",
        "null",
    ] {
        assert!(
            !preflight(stranger)
                .await
                .contains_key("access-control-allow-origin")
        );
    }
}

#[tokio::test]
async fn the_description_can_be_read_without_a_key_and_asks_nobody_else() {
    let house = house().await;
    let document = ask_as(&house.calls, None, "GET", "/openapi.json", None).await;
    let document = document.json();
    assert_eq!(document["openapi"], "3.1.0");
    // Every type of the description has a name that means something, and every operation says what it takes and answers.
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(!schemas.keys().any(|name| name.starts_with("BTree")));
    assert!(schemas.contains_key("Scope"));
    // Only orders that are carried out are told of.
    let orders = schemas["Do"]["oneOf"].as_array().unwrap().iter();
    let orders: Vec<_> = orders
        .map(|order| order["properties"]["do"]["enum"][0].as_str().unwrap())
        .collect();
    assert_eq!(
        orders,
        ["interrupt", "say", "transfer", "hang_up", "send_keys"]
    );
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let ok = ["200", "201"].map(|status| &operation["responses"][status]["content"]);
            let typed = ok.iter().any(|content| {
                let schema = &content["application/json"]["schema"];
                schema["$ref"].is_string()
            });
            let empty = operation["responses"]["204"].is_object();
            assert!(typed || empty, "{method} {path}");
        }
    }
    for (path, method) in [
        ("/bots/{id}", "put"),
        ("/bots/{id}", "patch"),
        ("/tenants/{id}", "patch"),
    ] {
        let conflict = &document["paths"][path][method]["responses"]["409"];
        assert!(conflict["content"].is_object(), "{method} {path}");
    }
    let page = ask_as(&house.calls, None, "GET", "/docs/", None).await;
    assert_eq!(page.headers["content-type"], "text/html");
    assert!(page.headers["content-security-policy"].contains("default-src 'none'"));
    assert!(!page.body.contains("http"), "{}", page.body);
    let moved = ask_as(&house.calls, None, "GET", "/docs", None).await;
    assert_eq!(
        (moved.status.as_u16(), moved.headers["location"].as_str()),
        (308, "docs/")
    );
    let script = ask_as(
        &house.calls,
        None,
        "GET",
        "/docs/swagger-initializer.js",
        None,
    )
    .await;
    assert!(script.body.contains("/openapi.json"), "{}", script.body);
    assert_eq!(
        ask_as(&house.calls, None, "GET", "/docs/none", None)
            .await
            .status,
        404
    );
    let wrong = ask(&house.calls, "PUT", "/calls", None).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.code().as_str()),
        (405, "method_wrong")
    );
}
