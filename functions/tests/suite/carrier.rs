//! Twilio by HTTP: what was surely refused, what may have been dialled.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::any;
use functions::carrier::{Carrier as _, DialError, HttpCarrier};
use functions::config::BaseUrl;
use functions::secrets::Keyring;
use twilio::rest::{CallResource, CreateCall, Instructions, RestError, basic_auth};
use twilio::signature::AuthToken;
use twilio::webhook::CallStatus;
use twilio::{Form, Party};

use crate::support::*;

async fn carrier(router: Router) -> HttpCarrier {
    let keyring = Keyring::open(Arc::new(Safe), clock).await.unwrap();
    carrier_with(router, Arc::new(keyring)).await
}

async fn carrier_with(router: Router, keyring: Arc<Keyring>) -> HttpCarrier {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await });
    HttpCarrier::new(
        reqwest::Client::new(),
        BaseUrl::parse(&url).unwrap(),
        keyring,
    )
}

async fn dial(carrier: &HttpCarrier) -> Result<CallResource, DialError> {
    let url = Instructions::Url("https://voice.example.com/voice/incoming".to_owned());
    let create = CreateCall::new(Party::parse("+15005550001"), number(OUR_NUMBER), url);
    carrier.dial(&create).await
}

async fn answering(status: StatusCode, body: impl Into<String>) -> Result<CallResource, DialError> {
    let body = body.into();
    dial(&carrier(Router::new().fallback(any(async move || (status, body)))).await).await
}

#[tokio::test]
async fn a_call_is_created_with_the_accounts_credentials() {
    async fn create(uri: Uri, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
        assert_eq!(
            uri.path(),
            format!("/2010-04-01/Accounts/{}/Calls.json", account())
        );
        assert_eq!(
            headers["authorization"],
            basic_auth(account().as_str(), &AuthToken::new(TOKEN).unwrap())
        );
        assert_eq!(Form::parse(&body).get("To"), Some("+15005550001"));
        let call = CallResource::new(account(), call_sid(1), CallStatus::Queued);
        (StatusCode::CREATED, serde_json::to_string(&call).unwrap())
    }
    let call = dial(&carrier(Router::new().fallback(any(create))).await)
        .await
        .unwrap();
    assert_eq!((call.sid, call.status), (call_sid(1), CallStatus::Queued));
}

#[tokio::test]
async fn a_refusal_is_certain_and_a_gateways_error_is_not() {
    let refused = RestError::new(400, 21211, "Invalid 'To' Phone Number");
    assert_eq!(
        answering(StatusCode::BAD_REQUEST, refused.to_body()).await,
        Err(DialError::Refused(refused))
    );
    let busy = answering(StatusCode::TOO_MANY_REQUESTS, "").await;
    assert!(matches!(busy, Err(DialError::Refused(error)) if error.retry));
    for (status, body) in [
        (StatusCode::BAD_GATEWAY, "<html>"),
        (StatusCode::CREATED, "{"),
        (StatusCode::OK, ""),
    ] {
        assert!(
            matches!(answering(status, body).await, Err(DialError::Unknown(_))),
            "{status}"
        );
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_dialled_and_with_a_broken_one_nobody_knows() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let keyring = Keyring::open(Arc::new(Safe), clock).await.unwrap();
    let carrier = HttpCarrier::new(reqwest::Client::new(), url, Arc::new(keyring));
    let hang_up = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        socket.readable().await.unwrap();
        drop(socket);
    });
    assert!(matches!(dial(&carrier).await, Err(DialError::Unknown(_))));
    hang_up.await.unwrap();
    assert!(matches!(
        dial(&carrier).await,
        Err(DialError::Unreachable(_))
    ));
}

const NEXT_TOKEN: &str = "11111111111111111111111111111111";

/// Twilio, once it knows one token only; it counts what it is asked.
fn knowing(token: &'static str, asked: Arc<AtomicU32>) -> Router {
    let create = async move |headers: HeaderMap| {
        asked.fetch_add(1, Ordering::SeqCst);
        let known = basic_auth(account().as_str(), &AuthToken::new(token).unwrap());
        if headers["authorization"] != known {
            let refused = RestError::new(401, 20003, "Authenticate");
            return (StatusCode::UNAUTHORIZED, refused.to_body());
        }
        let call = CallResource::new(account(), call_sid(1), CallStatus::Queued);
        (StatusCode::CREATED, serde_json::to_string(&call).unwrap())
    };
    Router::new().fallback(any(create))
}

#[tokio::test]
async fn once_the_token_is_changed_the_next_one_dials() {
    let vault = Arc::new(Changing {
        then: vec![("twilio_auth_token_next", NEXT_TOKEN.to_owned())],
        reads: AtomicU32::new(1),
    });
    let keyring = changed(vault.clone()).await;
    let asked = Arc::new(AtomicU32::new(0));
    let carrier = carrier_with(knowing(NEXT_TOKEN, asked.clone()), keyring).await;
    assert_eq!(dial(&carrier).await.unwrap().sid, call_sid(1));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    // It was at hand.
    assert_eq!(vault.reads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_token_that_is_not_at_hand_is_read_and_then_used() {
    let vault = Arc::new(Changing {
        then: vec![("twilio_auth_token", NEXT_TOKEN.to_owned())],
        ..Changing::default()
    });
    let keyring = changed(vault.clone()).await;
    let asked = Arc::new(AtomicU32::new(0));
    let carrier = carrier_with(knowing(NEXT_TOKEN, asked.clone()), keyring).await;
    for requests in [2, 3] {
        assert_eq!(dial(&carrier).await.unwrap().sid, call_sid(1));
        assert_eq!(asked.load(Ordering::SeqCst), requests);
    }
    assert_eq!(vault.reads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn credentials_that_nobody_knows_are_refused_after_one_look() {
    let vault = Arc::new(Changing::default());
    let keyring = changed(vault.clone()).await;
    let asked = Arc::new(AtomicU32::new(0));
    let carrier = carrier_with(knowing(NEXT_TOKEN, asked.clone()), keyring).await;
    let refused = dial(&carrier).await;
    assert!(
        matches!(
            refused,
            Err(DialError::Refused(RestError { status: 401, .. }))
        ),
        "{refused:?}"
    );
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(vault.reads.load(Ordering::SeqCst), 2);
}
