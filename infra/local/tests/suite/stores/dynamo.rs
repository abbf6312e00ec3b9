use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValue, TransactWriteItem, Update};
use local::dynamo::{Dynamo, Store};
use local::storage::{ACCESS_KEY, SECRET_KEY};
use local::template::{Scope, TableSpec, Template};

use super::http;

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
