//! Places among the calls at the same time: one item for a tenant and one for each of its bots, in which each that sits there
//! stands in a set, and beside it since when. Taking a place is one conditional write, so there are never more than allowed.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use contract::{BotId, TenantId};

use super::item::{Item, number, text};
use super::update::refused;
use super::{Dynamo, TRIES, failed, is_conflict, pause, tenant_key};
use crate::store::{Seat, Sitter, Stored};

/// The item of a tenant's places.
const OF_TENANT: &str = "SEATS";
/// The set of those who sit there.
const TAKEN: &str = "taken";

/// The item of a bot's places.
fn of_bot(bot: &BotId) -> String {
    format!("{OF_TENANT}#{bot}")
}

/// The attribute that tells since when somebody sits there.
fn since(who: &str) -> String {
    format!("since|{who}")
}

/// Those who sit there, in the order in which they came.
fn sitters(item: &Item) -> Vec<Sitter> {
    let whole = |who: String| Sitter {
        since_ms: item.number(&since(&who)).unwrap_or_default(),
        who,
    };
    let mut sitters: Vec<Sitter> = item.texts(TAKEN).into_iter().map(whole).collect();
    sitters.sort();
    sitters
}

impl Dynamo {
    /// Takes a place of the bot's and one of the tenant's, as far as they are counted; or none, and who sits there.
    pub(super) async fn take_place(&self, seat: &Seat) -> Stored<Result<(), Vec<Sitter>>> {
        let row = of_bot(&seat.bot);
        if seat.bot_max > 0 {
            let taken = self.sit_in(seat, &row, seat.bot_max).await?;
            if taken.is_err() {
                return Ok(taken);
            }
        }
        if seat.tenant_max > 0 {
            let taken = self.sit_in(seat, OF_TENANT, seat.tenant_max).await?;
            if taken.is_err() {
                if seat.bot_max > 0 {
                    self.free_in(&seat.tenant, &row, &seat.who, None).await?;
                }
                return Ok(taken);
            }
        }
        Ok(Ok(()))
    }

    /// Gives a place free; with a time, only if it was not asked for later.
    pub(super) async fn free_place(
        &self,
        tenant: &TenantId,
        bot: &BotId,
        who: &str,
        until_ms: Option<u64>,
    ) -> Stored<()> {
        let row = of_bot(bot);
        futures_util::future::try_join(
            self.free_in(tenant, &row, who, until_ms),
            self.free_in(tenant, OF_TENANT, who, until_ms),
        )
        .await
        .map(drop)
    }

    async fn sit_in(&self, seat: &Seat, row: &str, places: u32) -> Stored<Result<(), Vec<Sitter>>> {
        let request = self
            .seats(&seat.tenant, row, &seat.who)
            .update_expression("ADD #taken :one SET #since = :now")
            .condition_expression(
                "attribute_not_exists(#taken) OR size(#taken) < :places OR contains(#taken, :who)",
            )
            .expression_attribute_values(":who", text(&seat.who))
            .expression_attribute_values(":places", number(places))
            .expression_attribute_values(":now", number(seat.now_ms));
        let known = Box::pin(self.done("sit", request)).await?;
        Ok(known.map_err(|known| sitters(&known)))
    }

    async fn free_in(
        &self,
        tenant: &TenantId,
        row: &str,
        who: &str,
        until_ms: Option<u64>,
    ) -> Stored<()> {
        let mut request = self
            .seats(tenant, row, who)
            .update_expression("DELETE #taken :one REMOVE #since");
        if let Some(until_ms) = until_ms {
            request = request
                .condition_expression("attribute_not_exists(#since) OR #since <= :until")
                .expression_attribute_values(":until", number(until_ms));
        }
        Box::pin(self.done("rise", request)).await.map(drop)
    }

    /// An update of what somebody has to do with one item of places.
    fn seats(&self, tenant: &TenantId, row: &str, who: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.calls)
            .key("pk", text(tenant_key(tenant)))
            .key("sk", text(row))
            .expression_attribute_names("#taken", TAKEN)
            .expression_attribute_names("#since", since(who))
            .expression_attribute_values(":one", AttributeValue::Ss(vec![who.to_owned()]))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// Sends it. `Err(item)` if its condition does not hold of the item.
    async fn done(
        &self,
        operation: &'static str,
        request: UpdateItemFluentBuilder,
    ) -> Stored<Result<(), Item>> {
        for attempt in 0.. {
            match request.clone().send().await {
                Ok(_) => return Ok(Ok(())),
                Err(error) => match error.as_service_error().and_then(refused) {
                    Some(known) => return Ok(Err(known)),
                    None if attempt < TRIES && is_conflict(&error) => pause(attempt).await,
                    None => return Err(failed(operation, &error)),
                },
            }
        }
        Ok(Ok(()))
    }
}
