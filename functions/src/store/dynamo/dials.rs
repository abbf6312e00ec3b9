use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use contract::CallId;

use super::item::{Item, json, number, text};
use super::{Dynamo, Update, failed};
use crate::store::{Begun, DIAL_TTL_S, Dial, DialId, DialState, Dials, StoreError, Stored};

fn key(id: &DialId) -> String {
    // Whose it is, is in the id's making: two tenants' orders never share one.
    format!("DIAL#{id}")
}

fn write(dial: &Dial) -> Stored<Item> {
    Ok(Item::at(key(&dial.id), "ORDER")
        .with("fingerprint", text(&dial.fingerprint))
        .with("bot", json(&dial.bot)?)
        .with("to", text(dial.to.as_str()))
        .with("from", text(dial.from.as_str()))
        .with("metadata", json(&dial.metadata)?)
        .with("began_ms", number(dial.began_ms))
        .with("settled", json(&dial.state)?)
        .with("ttl", number(dial.began_ms / 1_000 + DIAL_TTL_S)))
}

fn read(id: &DialId, item: &Item) -> Stored<Dial> {
    let missing = |name: &str| {
        StoreError::new(
            "read",
            format!("the attribute {name} of an order is missing"),
        )
    };
    Ok(Dial {
        id: id.clone(),
        fingerprint: item.text("fingerprint").unwrap_or_default().to_owned(),
        bot: item.json("bot")?.ok_or_else(|| missing("bot"))?,
        to: item.word("to")?.ok_or_else(|| missing("to"))?,
        from: item.word("from")?.ok_or_else(|| missing("from"))?,
        metadata: item.json("metadata")?.unwrap_or_default(),
        began_ms: item.number("began_ms").unwrap_or_default(),
        state: item.json("settled")?.ok_or_else(|| missing("settled"))?,
        call: item.word("call")?,
    })
}

#[async_trait]
impl Dials for Dynamo {
    async fn begin(&self, dial: &Dial, now_ms: u64) -> Stored<Begun> {
        // Expired items may stay for days, so expiry is part of the condition.
        let request = self
            .client
            .put_item()
            .table_name(&self.calls)
            .set_item(Some(write(dial)?.into_map()))
            .condition_expression("attribute_not_exists(pk) OR #settled = :free OR #ttl <= :now")
            .expression_attribute_names("#settled", "settled")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":free", json(&DialState::Free)?)
            .expression_attribute_values(":now", number(now_ms / 1_000))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(_) => Ok(Begun::New),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(known)) => {
                    let known = known.item().cloned().map(Item::from).unwrap_or_default();
                    Ok(Begun::Known(Box::new(read(&dial.id, &known)?)))
                }
                _ => Err(failed("begin", &error)),
            },
        }
    }

    async fn settle(&self, dial: &Dial, state: &DialState) -> Stored<()> {
        // A write may come late, and once more: an order that was given again by then would be let go while it is obeyed.
        let update = Update::of(key(&dial.id), "ORDER")
            .set("settled", json(state)?)
            .naming("began_ms")
            .giving("began_ms", number(dial.began_ms))
            .only_if("#began_ms = :began_ms");
        self.update(&update).await.map(drop)
    }

    async fn dial(&self, id: &DialId) -> Stored<Option<Dial>> {
        let item = self.get(&self.calls, &key(id), "ORDER").await?;
        item.map(|item| read(id, &item)).transpose()
    }

    async fn joined(&self, id: &DialId, call: &CallId) -> Stored<()> {
        // Only where there is an order: the id comes from a URL, and may name one that has expired.
        let update = Update::of(key(id), "ORDER")
            .once("call", text(call.as_str()))
            .only_if("attribute_exists(pk)");
        self.update(&update).await.map(drop)
    }
}
