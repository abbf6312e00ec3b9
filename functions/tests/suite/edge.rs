//! The edge by HTTP: sealed, impatient, and tried once more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::routing::{any, get, put};
use contract::{Direction, Do, Errand, Opening, Order, Played, SEAL_HEADER, Seal, Secret};
use functions::clock::wall_ms;
use functions::config::BaseUrl;
use functions::edge::{Edge as _, EdgeError, HttpEdge};
use functions::secrets::Keyring;

use crate::support::*;

async fn safe() -> Arc<Keyring> {
    Arc::new(Keyring::open(Arc::new(Safe), clock).await.unwrap())
}

async fn serve(router: Router) -> HttpEdge {
    serve_to(router, safe().await).await
}

async fn serve_to(router: Router, keyring: Arc<Keyring>) -> HttpEdge {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await });
    HttpEdge::new(
        reqwest::Client::new(),
        BaseUrl::parse(&url).unwrap(),
        wall_ms,
        keyring,
    )
}

fn opening() -> Opening {
    Opening {
        call: call_sid(1).into(),
        account: account(),
        from: inbound(1).from,
        to: inbound(1).to,
        direction: Direction::Inbound,
        bot: mesa(),
        handshakes: vec![],
        records_url: String::new(),
        uploads_url: String::new(),
        speech_url: String::new(),
        plays_url: String::new(),
        hook_secret: None,
    }
}

async fn open(edge: &HttpEdge) -> Result<contract::OpeningReply, EdgeError> {
    edge.open(&opening(), &Secret::new(EDGE_SECRET)).await
}

#[tokio::test]
async fn an_opening_arrives_sealed() {
    async fn take(headers: HeaderMap, body: Bytes) -> Result<&'static str, StatusCode> {
        let seal = headers
            .get(SEAL_HEADER)
            .and_then(|value| value.to_str().ok());
        let path = format!("/calls/{}", call_sid(1));
        Seal::check(
            seal,
            &Secret::new(EDGE_SECRET),
            wall_ms() / 1_000,
            "PUT",
            &path,
            &body,
        )
        .map_err(|_| StatusCode::FORBIDDEN)?;
        assert_eq!(serde_json::from_slice::<Opening>(&body).unwrap(), opening());
        Ok(r#"{"state":"ready"}"#)
    }
    let edge = serve(Router::new().route("/calls/{sid}", put(take))).await;
    assert_eq!(open(&edge).await.unwrap(), ready());
    let wrong = edge
        .open(&opening(), &Secret::new("another"))
        .await
        .unwrap_err();
    assert!(
        matches!(wrong, EdgeError::Refused { status: 403, .. }),
        "{wrong}"
    );
}

#[tokio::test]
async fn a_failing_edge_is_asked_again_and_a_refusing_one_is_not() {
    async fn count(State(times): State<Arc<AtomicUsize>>) -> Result<&'static str, StatusCode> {
        match times.fetch_add(1, Ordering::SeqCst) {
            0 => Err(StatusCode::INTERNAL_SERVER_ERROR),
            1 => Ok(r#"{"state":"ready"}"#),
            _ => Err(StatusCode::UNAUTHORIZED),
        }
    }
    let times = Arc::new(AtomicUsize::new(0));
    let edge = serve(Router::new().fallback(any(count)).with_state(times.clone())).await;
    assert_eq!(open(&edge).await.unwrap(), ready());
    assert_eq!(times.load(Ordering::SeqCst), 2);
    assert!(open(&edge).await.is_err());
    assert_eq!(times.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn an_edge_that_says_nothing_is_given_up_within_five_seconds() {
    async fn hang() {
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
    let edge = serve(Router::new().fallback(any(hang))).await;
    let began = Instant::now();
    assert!(matches!(open(&edge).await, Err(EdgeError::Silent(_))));
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn an_edge_that_is_not_configured_is_asked_once() {
    async fn count(State(times): State<Arc<AtomicUsize>>) -> (StatusCode, String) {
        times.fetch_add(1, Ordering::SeqCst);
        let body = contract::ErrorBody::at("EDGE_SECRET", "misconfigured", "is not set");
        (StatusCode::SERVICE_UNAVAILABLE, body.to_json())
    }
    let times = Arc::new(AtomicUsize::new(0));
    let edge = serve(Router::new().fallback(any(count)).with_state(times.clone())).await;
    assert!(open(&edge).await.is_err());
    assert_eq!(times.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_edge_that_is_back_two_seconds_later_opens_the_call() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let reserved = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = reserved.local_addr().unwrap();
    drop(reserved);
    let url = BaseUrl::parse(&format!("http://{address}")).unwrap();
    let edge = HttpEdge::new(reqwest::Client::new(), url, wall_ms, safe().await);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let ready = || async { r#"{"state":"ready"}"# };
        axum::serve(listener, Router::new().fallback(any(ready))).await
    });
    assert_eq!(open(&edge).await.unwrap(), ready());
}

const NEW_SECRET: &str = "another one, of thirty-two bytes and more";

/// An edge that knows the new secret only.
async fn renewed(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<&'static str, StatusCode> {
    let seal = headers
        .get(SEAL_HEADER)
        .and_then(|value| value.to_str().ok());
    let (secret, now_s) = (Secret::new(NEW_SECRET), wall_ms() / 1_000);
    Seal::check(seal, &secret, now_s, method.as_str(), uri.path(), &body)
        .map_err(|_| StatusCode::FORBIDDEN)?;
    let orders = uri.path().ends_with("/orders");
    Ok(if orders { r#"{"fresh":true}"# } else { "{}" })
}

#[tokio::test]
async fn a_secret_that_the_edge_knows_no_longer_is_read_anew() {
    let order = Order {
        id: "1".to_owned(),
        order: Do::Interrupt,
    };
    let errand = Errand {
        id: "tell".to_owned(),
        url: STATUS.to_owned(),
        due_ms: 0,
    };
    let call = call_id(1);
    for what in 0..4 {
        let vault = Arc::new(Changing {
            then: vec![("edge_secret", NEW_SECRET.to_owned())],
            ..Changing::default()
        });
        let keyring = changed(vault.clone()).await;
        let edge = serve_to(Router::new().fallback(any(renewed)), keyring).await;
        for _ in 0..2 {
            match what {
                0 => assert!(edge.order(&call, &order).await.unwrap().fresh),
                1 => edge.remind(&errand).await.unwrap(),
                2 => drop(edge.health().await.unwrap()),
                _ => drop(edge.played(&call, Played { number: 1 }).await.unwrap()),
            }
        }
        assert_eq!(vault.reads.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test]
async fn an_edge_that_is_well_but_holds_another_secret_is_not_well_for_us() {
    let health = get(async || "{}").post(renewed);
    let edge = serve(Router::new().route("/health", health)).await;
    let refused = edge.health().await.unwrap_err();
    assert!(refused.is_seal_refused(), "{refused}");
}

#[tokio::test]
async fn many_who_are_refused_at_once_read_the_secret_once() {
    let vault = Arc::new(Changing {
        then: vec![("edge_secret", NEW_SECRET.to_owned())],
        reads: AtomicU32::new(0),
    });
    let keyring = changed(vault.clone()).await;
    let edge = Arc::new(serve_to(Router::new().fallback(any(renewed)), keyring).await);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let edge = edge.clone();
        tasks.spawn(async move {
            let order = Order {
                id: number.to_string(),
                order: Do::Interrupt,
            };
            edge.order(&call_id(1), &order).await.is_ok()
        });
    }
    while let Some(done) = tasks.join_next().await {
        assert!(done.unwrap());
    }
    assert_eq!(vault.reads.load(Ordering::SeqCst), 2);
}
