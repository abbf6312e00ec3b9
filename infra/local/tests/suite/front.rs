//! The front door, with the functions and the edge that `make build` made: what comes through a tunnel is told by its host.

use std::path::Path;

use local::platform::{Options, Platform, providers};
use reqwest::{Client, StatusCode};
use twilio::Form;
use twilio::signature::{AuthToken, request_signature};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tunnel_brings_reaches_its_part_under_the_signature_of_the_public_address() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut options = Options::of_test(&root, folder.path(), "http://127.0.0.1:9");
    options.edge_variables = providers(|_| None, "http://127.0.0.1:9/v1");
    options.public_url = Some("https://tunnel.example".to_owned());
    let token = AuthToken::new(options.credentials.auth_token.as_str()).unwrap();
    let platform = Platform::start(options).await.unwrap();
    let front = platform.urls().get("front").cloned().unwrap();
    let client = Client::new();

    let health = client.get(format!("{front}/health")).send().await.unwrap();
    assert_eq!(
        health.status(),
        StatusCode::OK,
        "the edge is behind the door"
    );

    let form: Form = [
        ("CallSid", format!("CA{}", "0".repeat(32)).as_str()),
        ("AccountSid", platform.credentials.account_sid.as_str()),
        ("From", "+15005550001"),
        ("To", "+15005550099"),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
    ]
    .into_iter()
    .collect();
    let ask = async |host: &str| {
        let url = format!("https://{host}/voice/incoming");
        let signature = request_signature(&token, &url, &form);
        let request = client
            .post(format!("{front}/voice/incoming"))
            .header("host", "tunnel.example")
            .header("x-twilio-signature", signature)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.encode());
        request.send().await.unwrap().status()
    };
    assert_eq!(ask("tunnel.example").await, StatusCode::OK);
    assert_eq!(ask("elsewhere.example").await, StatusCode::FORBIDDEN);
    platform.stop().await;
}
