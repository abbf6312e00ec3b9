use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use local::storage::{ACCESS_KEY, SECRET_KEY, Storage};

use super::http;

fn s3_client(url: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .credentials_provider(aws_sdk_s3::config::Credentials::new(
            ACCESS_KEY, SECRET_KEY, None, None, "local",
        ))
        .http_client(http())
        .endpoint_url(url)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_a_file_that_can_be_played() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::start(folder.path(), &["media".to_owned()], 0)
        .await
        .unwrap();
    let client = s3_client(&storage.url());
    let put = client
        .put_object()
        .bucket("media")
        .key("recordings/CA1.wav")
        .content_type("audio/wav");
    put.body(vec![1, 2, 3].into()).send().await.unwrap();
    assert_eq!(
        std::fs::read(storage.path("media", "recordings/CA1.wav")).unwrap(),
        [1, 2, 3]
    );
    let again = client
        .put_object()
        .bucket("media")
        .key("recordings/CA1.wav")
        .if_none_match("*");
    let refused = again.body(vec![4].into()).send().await.unwrap_err();
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 412);
    let head = client
        .head_object()
        .bucket("media")
        .key("recordings/CA1.wav")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (head.content_length, head.content_type.as_deref()),
        (Some(3), Some("audio/wav"))
    );
    let part = client
        .get_object()
        .bucket("media")
        .key("recordings/CA1.wav")
        .range("bytes=1-1")
        .send()
        .await
        .unwrap();
    assert_eq!(part.body.collect().await.unwrap().to_vec(), [2]);
    let list = client
        .list_objects_v2()
        .bucket("media")
        .prefix("recordings/")
        .send()
        .await
        .unwrap();
    assert_eq!(
        list.contents()
            .iter()
            .filter_map(|object| object.key())
            .collect::<Vec<_>>(),
        ["recordings/CA1.wav"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn presigned_urls_to_write_open_one_key_and_one_content_type() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::start(folder.path(), &["media".to_owned()], 0)
        .await
        .unwrap();
    let client = s3_client(&storage.url());
    let web = reqwest::Client::new();
    let minute = PresigningConfig::expires_in(Duration::from_mins(1)).unwrap();
    let put = client
        .put_object()
        .bucket("media")
        .key("recordings/CA1.wav")
        .content_type("audio/wav");
    let put = put.presigned(minute.clone()).await.unwrap();
    let send = |uri: &str, kind: &str| {
        web.put(uri)
            .header("content-type", kind)
            .body("RIFF")
            .send()
    };
    assert_eq!(send(put.uri(), "audio/wav").await.unwrap().status(), 200);
    assert_eq!(
        send(put.uri(), "text/html").await.unwrap().status(),
        403,
        "another content type"
    );
    assert_eq!(
        send(&put.uri().replace("CA1", "CA2"), "audio/wav")
            .await
            .unwrap()
            .status(),
        403,
        "another key"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn presigned_urls_to_read_open_one_object_for_as_long_as_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::start(folder.path(), &["media".to_owned()], 0)
        .await
        .unwrap();
    let client = s3_client(&storage.url());
    let web = reqwest::Client::new();
    let minute = PresigningConfig::expires_in(Duration::from_mins(1)).unwrap();
    let put = client
        .put_object()
        .bucket("media")
        .key("recordings/CA1.wav");
    put.body(b"RIFF".to_vec().into()).send().await.unwrap();

    let get = client
        .get_object()
        .bucket("media")
        .key("recordings/CA1.wav");
    let url = get
        .clone()
        .presigned(minute)
        .await
        .unwrap()
        .uri()
        .to_owned();
    let answer = web.get(&url).send().await.unwrap();
    let allowed = answer.headers().get("access-control-allow-origin").cloned();
    assert_eq!(allowed.unwrap(), "*", "pages read it too");
    assert_eq!(answer.text().await.unwrap(), "RIFF");
    let tampered = url.replace("X-Amz-Expires=60", "X-Amz-Expires=600");
    assert_eq!(
        web.get(tampered).send().await.unwrap().status(),
        403,
        "tampered"
    );
    assert_eq!(
        web.get(url.split('?').next().unwrap())
            .send()
            .await
            .unwrap()
            .status(),
        403,
        "anonymous"
    );
    let past = std::time::SystemTime::now() - Duration::from_secs(90);
    let past = PresigningConfig::builder()
        .start_time(past)
        .expires_in(Duration::from_mins(1))
        .build()
        .unwrap();
    let expired = get.presigned(past).await.unwrap();
    assert_eq!(
        web.get(expired.uri()).send().await.unwrap().status(),
        403,
        "expired"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_taken_away_comes_back_with_its_objects() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::start(folder.path(), &["media".to_owned()], 0)
        .await
        .unwrap();
    let client = s3_client(&storage.url());
    client
        .put_object()
        .bucket("media")
        .key("a")
        .body(vec![1].into())
        .send()
        .await
        .unwrap();
    storage.server().close();
    assert!(
        client
            .head_object()
            .bucket("media")
            .key("a")
            .send()
            .await
            .is_err()
    );
    storage.server().open();
    assert!(
        client
            .head_object()
            .bucket("media")
            .key("a")
            .send()
            .await
            .is_ok()
    );
}
