//! Secrets that change while a function runs, and what the bucket signs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use contract::UploadWish;
use functions::config::BadSetting;
use functions::secrets::{Keyring, Secrets, Vault};
use functions::store::Files as _;
use functions::store::files::Bucket;
use serde_json::json;

use crate::support::*;

struct Turning {
    key: Mutex<&'static str>,
    fetched: AtomicUsize,
}

#[async_trait]
impl Vault for Turning {
    async fn fetch(&self) -> Result<Secrets, BadSetting> {
        self.fetched.fetch_add(1, Ordering::SeqCst);
        let key = *self.key.lock().unwrap();
        Secrets::parse(
            &json!({
                "twilio_account_sid": account(),
                "twilio_auth_token": TOKEN,
                "edge_secret": EDGE_SECRET,
                "operator_key": key,
                "jwt_key": JWT_KEY,
            })
            .to_string(),
        )
    }
}

static TIME_MS: AtomicU64 = AtomicU64::new(0);

#[tokio::test]
async fn a_changed_secret_is_fetched_once_a_minute_at_most() {
    let vault = Arc::new(Turning {
        key: Mutex::new("the-first-operator-key"),
        fetched: AtomicUsize::new(0),
    });
    let keyring = Keyring::open(vault.clone(), || TIME_MS.load(Ordering::SeqCst))
        .await
        .unwrap();
    *vault.key.lock().unwrap() = "the-second-operator-key";
    assert!(keyring.newer().await.is_none());
    TIME_MS.store(60_000, Ordering::SeqCst);
    assert!(
        keyring
            .newer()
            .await
            .unwrap()
            .is_operator("the-second-operator-key")
    );
    assert!(keyring.secrets().is_operator("the-second-operator-key"));
    assert!(keyring.newer().await.is_none());
    assert_eq!(vault.fetched.load(Ordering::SeqCst), 2);
    // A vault that fails leaves what there is.
    *vault.key.lock().unwrap() = "short";
    TIME_MS.store(120_000, Ordering::SeqCst);
    assert!(keyring.newer().await.is_none());
    assert!(keyring.secrets().is_operator("the-second-operator-key"));
}

fn bucket(path_style: bool) -> Bucket {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("none", "none", None, None, "test"))
        .force_path_style(path_style)
        .build();
    Bucket::new(aws_sdk_s3::Client::from_conf(config), "audio-bucket")
}

fn query(url: &str) -> BTreeMap<String, String> {
    let query = twilio::Form::parse(url.split_once('?').unwrap().1.as_bytes());
    query.pairs().iter().cloned().collect()
}

#[tokio::test]
async fn an_upload_is_signed_for_its_type_and_length() {
    let wish = UploadWish {
        name: "tape".to_owned(),
        content_type: "application/octet-stream".to_owned(),
        bytes: 44,
    };
    let upload = bucket(false)
        .upload("recordings/2026/11/x/tape", &wish)
        .await
        .unwrap();
    assert!(
        upload.url.starts_with(
            "https://audio-bucket.s3.us-east-1.amazonaws.com/recordings/2026/11/x/tape?"
        ),
        "{}",
        upload.url
    );
    let query = query(&upload.url);
    assert_eq!(
        query["X-Amz-SignedHeaders"],
        "content-length;content-type;host"
    );
    assert_eq!(query["X-Amz-Expires"], "900");
    assert_eq!(upload.headers["content-type"], "application/octet-stream");
    assert_eq!(upload.headers["content-length"], "44");
}

#[tokio::test]
async fn a_download_is_signed_for_five_minutes() {
    let url = bucket(true)
        .download("recordings/2026/11/x/recording.wav")
        .await
        .unwrap();
    assert!(
        url.starts_with("https://s3.us-east-1.amazonaws.com/audio-bucket/recordings/"),
        "{url}"
    );
    assert_eq!(query(&url)["X-Amz-Expires"], "300");
}
