use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::operation::head_object::builders::HeadObjectFluentBuilder;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::Object;
use local::storage::{ACCESS_KEY, SECRET_KEY, Storage};
use tempfile::TempDir;

use super::http;

fn s3_client(url: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .credentials_provider(aws_sdk_s3::config::Credentials::new(
            ACCESS_KEY, SECRET_KEY, None, None, "local",
        ))
        .http_client(http())
        .endpoint_url(url)
        .build();
    Client::from_conf(config)
}

/// A store with one bucket, and those who use it.
struct World {
    _folder: TempDir,
    storage: Storage,
    client: Client,
    web: reqwest::Client,
}

const BUCKET: &str = "media";
const KEY: &str = "recordings/CA1.wav";
const MINUTE: Duration = Duration::from_mins(1);

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let buckets = [BUCKET.to_owned()];
        let storage = Storage::start(folder.path(), &buckets, 0).await.unwrap();
        Self {
            client: s3_client(&storage.url()),
            _folder: folder,
            storage,
            web: reqwest::Client::new(),
        }
    }

    fn put(&self) -> PutObjectFluentBuilder {
        self.client.put_object().bucket(BUCKET).key(KEY)
    }

    fn get(&self) -> GetObjectFluentBuilder {
        self.client.get_object().bucket(BUCKET).key(KEY)
    }

    fn head(&self) -> HeadObjectFluentBuilder {
        self.client.head_object().bucket(BUCKET).key(KEY)
    }

    /// What an anonymous reader is answered.
    async fn reads(&self, url: &str) -> reqwest::Response {
        self.web.get(url).send().await.unwrap()
    }

    /// What an anonymous writer is answered.
    async fn writes(&self, url: &str, content_type: &str) -> u16 {
        let request = self.web.put(url).header("content-type", content_type);
        request.body("RIFF").send().await.unwrap().status().as_u16()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_a_file_that_can_be_played() {
    let world = World::new().await;
    let put = world.put().content_type("audio/wav");
    put.body(vec![1, 2, 3].into()).send().await.unwrap();
    let file = std::fs::read(world.storage.path(BUCKET, KEY)).unwrap();
    assert_eq!(file, [1, 2, 3]);
    let again = world.put().if_none_match("*");
    let refused = again.body(vec![4].into()).send().await.unwrap_err();
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 412);
    let head = world.head().send().await.unwrap();
    assert_eq!(
        (head.content_length, head.content_type.as_deref()),
        (Some(3), Some("audio/wav"))
    );
    let part = world.get().range("bytes=1-1").send().await.unwrap();
    assert_eq!(part.body.collect().await.unwrap().to_vec(), [2]);
    let list = world.client.list_objects_v2().bucket(BUCKET);
    let list = list.prefix("recordings/").send().await.unwrap();
    let keys: Vec<_> = list.contents().iter().filter_map(Object::key).collect();
    assert_eq!(keys, [KEY]);
}

#[tokio::test(flavor = "multi_thread")]
async fn presigned_urls_to_write_open_one_key_and_one_content_type() {
    let world = World::new().await;
    let minute = PresigningConfig::expires_in(MINUTE).unwrap();
    let put = world.put().content_type("audio/wav").presigned(minute);
    let put = put.await.unwrap();
    let url = put.uri();
    assert_eq!(world.writes(url, "audio/wav").await, 200);
    let status = world.writes(url, "text/html").await;
    assert_eq!(status, 403, "another content type");
    let status = world.writes(&url.replace("CA1", "CA2"), "audio/wav").await;
    assert_eq!(status, 403, "another key");
}

#[tokio::test(flavor = "multi_thread")]
async fn presigned_urls_to_read_open_one_object_for_as_long_as_they_say() {
    let world = World::new().await;
    let put = world.put().body(b"RIFF".to_vec().into());
    put.send().await.unwrap();
    let minute = PresigningConfig::expires_in(MINUTE).unwrap();
    let get = world.get().presigned(minute).await.unwrap();
    let url = get.uri();
    let answer = world.reads(url).await;
    let allowed = answer.headers().get("access-control-allow-origin").cloned();
    assert_eq!(allowed.unwrap(), "*", "pages read it too");
    assert_eq!(answer.text().await.unwrap(), "RIFF");
    let tampered = url.replace("X-Amz-Expires=60", "X-Amz-Expires=600");
    assert_eq!(world.reads(&tampered).await.status(), 403, "tampered");
    let bare = url.split('?').next().unwrap();
    assert_eq!(world.reads(bare).await.status(), 403, "anonymous");
    let past = SystemTime::now() - Duration::from_secs(90);
    let past = PresigningConfig::builder()
        .start_time(past)
        .expires_in(MINUTE);
    let expired = world.get().presigned(past.build().unwrap()).await.unwrap();
    assert_eq!(world.reads(expired.uri()).await.status(), 403, "expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_taken_away_comes_back_with_its_objects() {
    let world = World::new().await;
    world.put().body(vec![1].into()).send().await.unwrap();
    world.storage.server().close();
    assert!(world.head().send().await.is_err());
    world.storage.server().open();
    assert!(world.head().send().await.is_ok());
}
