//! The local stores through the real AWS SDK: what the functions rely on, held for whichever endpoint stands in.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValue, TransactWriteItem, Update};
use aws_sdk_s3::presigning::PresigningConfig;
use local::dynamo::{Dynamo, Store};
use local::secrets::Secrets;
use local::storage::{ACCESS_KEY, SECRET_KEY, Storage};
use local::template::{Scope, TableSpec, Template};

const TEMPLATE: &str = r"
Resources:
  Calls:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: calls
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
      AttributeDefinitions:
        - {AttributeName: pk, AttributeType: S}
        - {AttributeName: sk, AttributeType: S}
        - {AttributeName: g1pk, AttributeType: S}
        - {AttributeName: g1sk, AttributeType: S}
      GlobalSecondaryIndexes:
        - IndexName: gs1
          KeySchema: [{AttributeName: g1pk, KeyType: HASH}, {AttributeName: g1sk, KeyType: RANGE}]
          Projection: {ProjectionType: ALL}
          OnDemandThroughput: {MaxReadRequestUnits: 100, MaxWriteRequestUnits: 100}
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
";

fn tables() -> Vec<TableSpec> {
    Template::parse(TEMPLATE)
        .unwrap()
        .tables(&Scope::default())
        .unwrap()
}

fn dynamo_client(url: &str) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
        .credentials_provider(aws_sdk_dynamodb::config::Credentials::new(
            ACCESS_KEY, SECRET_KEY, None, None, "local",
        ))
        .http_client(http())
        .endpoint_url(url)
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

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

/// Without TLS: everything is on this machine.
fn http() -> aws_sdk_s3::config::SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conditional_put_happens_once_and_tells_what_was_there() {
    let dynamo = Dynamo::start(Store::Memory, &tables(), 0).await.unwrap();
    let client = dynamo_client(&dynamo.url());
    let put = |note: &str| {
        let put = client
            .put_item()
            .table_name("calls")
            .item("pk", text("CALL#1"))
            .item("sk", text("META"));
        put.item("note", text(note))
            .condition_expression("attribute_not_exists(pk)")
    };
    put("first").send().await.unwrap();
    let again = put("second").return_values_on_condition_check_failure(
        aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld,
    );
    let refused = again.send().await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("ConditionalCheckFailedException"));
    let read = client
        .get_item()
        .table_name("calls")
        .key("pk", text("CALL#1"))
        .key("sk", text("META"));
    let item = read
        .consistent_read(true)
        .send()
        .await
        .unwrap()
        .item
        .unwrap();
    assert_eq!(item["note"], text("first"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_forty_parallel_transactions_with_one_key_one_counts() {
    let dynamo = Dynamo::start(Store::Memory, &tables(), 0).await.unwrap();
    let client = dynamo_client(&dynamo.url());
    let attempts = (0..40).map(|_| {
        let usage = Put::builder()
            .table_name("calls")
            .item("pk", text("CALL#1"))
            .item("sk", text("USE#llm"));
        let usage = usage
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .unwrap();
        let month = Update::builder()
            .table_name("calls")
            .key("pk", text("TEN#t"))
            .key("sk", text("MONTH#2026-11"));
        let month = month
            .update_expression("ADD cost :c")
            .expression_attribute_values(":c", number(7))
            .build()
            .unwrap();
        let transaction = client.transact_write_items();
        let transaction =
            transaction.transact_items(TransactWriteItem::builder().put(usage).build());
        transaction
            .transact_items(TransactWriteItem::builder().update(month).build())
            .send()
    });
    let outcomes = futures_util::future::join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let month = client
        .get_item()
        .table_name("calls")
        .key("pk", text("TEN#t"))
        .key("sk", text("MONTH#2026-11"));
    assert_eq!(month.send().await.unwrap().item.unwrap()["cost"], number(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_of_an_index_is_ordered_and_paged() {
    let dynamo = Dynamo::start(Store::Memory, &tables(), 0).await.unwrap();
    let client = dynamo_client(&dynamo.url());
    for call in 1..=5 {
        let put = client
            .put_item()
            .table_name("calls")
            .item("pk", text(&format!("CALL#{call}")))
            .item("sk", text("META"));
        put.item("g1pk", text("TEN#t"))
            .item("g1sk", text(&format!("2026-11-0{call}")))
            .send()
            .await
            .unwrap();
    }
    let query = client
        .query()
        .table_name("calls")
        .index_name("gs1")
        .key_condition_expression("g1pk = :t");
    let query = query
        .expression_attribute_values(":t", text("TEN#t"))
        .scan_index_forward(false)
        .limit(2);
    let first = query.clone().send().await.unwrap();
    let days = |items: &[std::collections::HashMap<String, AttributeValue>]| {
        items
            .iter()
            .map(|item| item["g1sk"].as_s().unwrap().clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(days(first.items()), ["2026-11-05", "2026-11-04"]);
    let second = query
        .set_exclusive_start_key(first.last_evaluated_key)
        .send()
        .await
        .unwrap();
    assert_eq!(days(second.items()), ["2026-11-03", "2026-11-02"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_items_go_with_the_sweep() {
    let dynamo = Dynamo::start(Store::Memory, &tables(), 0).await.unwrap();
    let client = dynamo_client(&dynamo.url());
    let put = client
        .put_item()
        .table_name("calls")
        .item("pk", text("A"))
        .item("sk", text("B"))
        .item("ttl", number(1_000_000_000));
    // Far older than five years is ignored by DynamoDB, so this is a time of four years ago.
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    put.item("ttl", number(i64::try_from(now).unwrap() - 126_000_000))
        .send()
        .await
        .unwrap();
    assert_eq!(dynamo.sweep().unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_survive_a_restart_and_yield_to_a_new_template() {
    let folder = tempfile::tempdir().unwrap();
    let count = async |tables: &[TableSpec]| {
        let dynamo = Dynamo::start(Store::Folder(folder.path()), tables, 0)
            .await
            .unwrap();
        let client = dynamo_client(&dynamo.url());
        let update = client
            .update_item()
            .table_name("calls")
            .key("pk", text("A"))
            .key("sk", text("B"));
        let update = update
            .update_expression("ADD n :one")
            .expression_attribute_values(":one", number(1));
        update
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .unwrap()
            .attributes
            .unwrap()["n"]
            .clone()
    };
    assert_eq!(count(&tables()).await, number(1));
    assert_eq!(count(&tables()).await, number(2));
    let mut changed = tables();
    changed[0]
        .create
        .as_object_mut()
        .unwrap()
        .remove("GlobalSecondaryIndexes");
    changed[0].create["AttributeDefinitions"]
        .as_array_mut()
        .unwrap()
        .truncate(2);
    assert_eq!(count(&changed).await, number(1));
    assert!(folder.path().join("dynamo.db.old").exists());
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
    assert_eq!(
        web.get(&url).send().await.unwrap().text().await.unwrap(),
        "RIFF"
    );
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

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_found_by_its_arn_and_by_its_name() {
    let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:callbox/dev-AbCdEf";
    let secrets = Secrets::start(
        [(arn.to_owned(), "{\"key\":\"value\"}".to_owned())].into(),
        0,
    )
    .await
    .unwrap();
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(aws_sdk_secretsmanager::config::BehaviorVersion::latest())
        .region(aws_sdk_secretsmanager::config::Region::new("us-east-1"))
        .credentials_provider(aws_sdk_secretsmanager::config::Credentials::new(
            ACCESS_KEY, SECRET_KEY, None, None, "local",
        ))
        .http_client(http())
        .endpoint_url(secrets.url())
        .build();
    let client = aws_sdk_secretsmanager::Client::from_conf(config);
    for id in [arn, "callbox/dev"] {
        let found = client
            .get_secret_value()
            .secret_id(id)
            .send()
            .await
            .unwrap();
        assert_eq!(
            (found.secret_string(), found.name()),
            (Some("{\"key\":\"value\"}"), Some("callbox/dev"))
        );
    }
    let missing = client
        .get_secret_value()
        .secret_id("elsewhere")
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        missing.into_service_error().code(),
        Some("ResourceNotFoundException")
    );
}
