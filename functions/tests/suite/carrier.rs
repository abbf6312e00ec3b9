//! Twilio by HTTP: what was surely refused, what may have been dialled.

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::any;
use functions::carrier::{Carrier as _, DialError, HttpCarrier};
use functions::config::BaseUrl;
use functions::secrets::Vault as _;
use twilio::rest::{CallResource, CreateCall, Instructions, RestError, basic_auth};
use twilio::signature::AuthToken;
use twilio::webhook::CallStatus;
use twilio::{Form, Party};

use crate::support::*;

async fn carrier(router: Router) -> HttpCarrier {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await });
    HttpCarrier::new(reqwest::Client::new(), BaseUrl::parse(&url).unwrap())
}

async fn dial(carrier: &HttpCarrier) -> Result<CallResource, DialError> {
    let url = Instructions::Url("https://voice.example.com/voice/incoming".to_owned());
    let create = CreateCall::new(Party::parse("+15005550001"), number(OUR_NUMBER), url);
    carrier.dial(&Safe.fetch().await.unwrap(), &create).await
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
    let carrier = HttpCarrier::new(reqwest::Client::new(), url);
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
