//! The whole platform, with the functions and the edge that `make build` made.

use std::path::Path;

use local::platform::{Options, Platform, Ports, providers};
use reqwest::{Client, StatusCode};

fn options(folder: &Path) -> Options {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut options = Options::of_test(&root, folder, "http://127.0.0.1:9");
    options.edge_variables = providers(|_| None, "http://127.0.0.1:9/v1");
    options
}

async fn calls(platform: &Platform, client: &Client) -> reqwest::Result<StatusCode> {
    let url = format!("{}/calls", platform.functions.url("calls").unwrap());
    let request = client
        .get(url)
        .bearer_auth(&platform.credentials.operator_key);
    Ok(request.send().await?.status())
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_reach_their_secret_and_tables_and_refuse_what_is_unsigned() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::start(options(folder.path())).await.unwrap();
    let client = Client::new();
    assert_eq!(calls(&platform, &client).await.unwrap(), StatusCode::OK);
    let url = format!(
        "{}/voice/incoming",
        platform.functions.url("voice").unwrap()
    );
    let unsigned = client
        .post(url)
        .form(&[("CallSid", "CA0")])
        .send()
        .await
        .unwrap();
    assert_eq!(unsigned.status(), StatusCode::FORBIDDEN);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_go_away_and_come_back_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::start(options(folder.path())).await.unwrap();
    let client = Client::new();
    platform.functions.down(Some("calls")).await;
    assert!(calls(&platform, &client).await.is_err());
    platform.functions.up(Some("calls"));
    assert_eq!(calls(&platform, &client).await.unwrap(), StatusCode::OK);

    let health = format!("{}/health", platform.edge.url());
    platform.edge.kill_hard().await;
    assert!(client.get(&health).send().await.is_err());
    assert_eq!(calls(&platform, &client).await.unwrap(), StatusCode::OK);
    platform.edge.restart().await.unwrap();
    assert_eq!(
        client.get(&health).send().await.unwrap().status(),
        StatusCode::OK
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_setting_is_named_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut weak = options(folder.path());
    weak.edge_variables
        .insert("EDGE_SECRET".to_owned(), "short".to_owned());
    let error = Platform::start(weak).await.unwrap_err().to_string();
    assert!(error.contains("EDGE_SECRET is too short"), "{error}");

    let mut weak = options(folder.path());
    weak.credentials.operator_key = "short".to_owned();
    let error = Platform::start(weak).await.unwrap_err().to_string();
    assert!(
        error.contains("operator_key of 16 bytes or more"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_platforms_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = Platform::start(options(folder.path())).await.unwrap();
    let second = Platform::start(options(folder.path())).await.unwrap_err();
    assert!(second.to_string().contains("is in use"), "{second}");
    drop(first);
    assert_eq!(options(folder.path()).ports, Ports::Free);
}
