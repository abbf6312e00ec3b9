//! One suite for the store in memory and the store on DynamoDB's protocol, so that the first can stand for the second.

mod about;
mod accounts;
mod bots;
mod calls;
mod dials;
mod money;
mod outbox;
mod records;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
pub(crate) use functions::store::Store;
use functions::store::dynamo::Dynamo;
use functions::store::memory::Memory;

pub(crate) fn memory() -> Store {
    Store::of(Arc::new(Memory::default()))
}

/// A database of its own, in this process, reached as in production: by HTTP, through the SDK.
pub(crate) async fn dynamo() -> Store {
    dynamo_and_client().await.0
}

/// The same, and a client to do with it what no version of ours does any more.
pub(crate) async fn dynamo_and_client() -> (Store, Client) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(dynoxide::server::serve_on(
        listener,
        dynoxide::Database::memory().unwrap(),
    ));
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(url)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("none", "none", None, None, "test"))
        .http_client(http)
        .build();
    let client = Client::from_conf(config);
    create(&client, "config", &[]).await;
    create(&client, "calls", &["1", "2", "3"]).await;
    let dynamo = Dynamo::new(client.clone(), "config", "calls");
    (Store::of(Arc::new(dynamo)), client)
}

fn keys(pk: &str, sk: &str) -> Vec<KeySchemaElement> {
    let key = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    vec![key(pk, KeyType::Hash), key(sk, KeyType::Range)]
}

async fn create(client: &Client, name: &str, indexes: &[&str]) {
    let mut attributes = vec!["pk".to_owned(), "sk".to_owned()];
    let mut request = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest);
    for index in indexes {
        let (pk, sk) = (format!("g{index}pk"), format!("g{index}sk"));
        let projection = Projection::builder()
            .projection_type(ProjectionType::All)
            .build();
        let made = GlobalSecondaryIndex::builder()
            .index_name(format!("gs{index}"))
            .set_key_schema(Some(keys(&pk, &sk)))
            .projection(projection);
        request = request.global_secondary_indexes(made.build().unwrap());
        attributes.extend([pk, sk]);
    }
    for name in attributes {
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S);
        request = request.attribute_definitions(attribute.build().unwrap());
    }
    request
        .set_key_schema(Some(keys("pk", "sk")))
        .send()
        .await
        .unwrap();
}

/// Each of these holds of both stores.
macro_rules! both {
    ($($name:ident)+) => {
        mod in_memory { $(#[tokio::test] async fn $name() { super::$name(crate::store::memory()).await; })+ }
        mod on_dynamo { $(#[tokio::test] async fn $name() { super::$name(crate::store::dynamo().await).await; })+ }
    };
}
pub(crate) use both;

pub(crate) use calls::opened;
pub(crate) use records::{batch, ended, priced, turn, usage};
