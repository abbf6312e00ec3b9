//! A call as an item: its keys, and its attributes.

use aws_sdk_dynamodb::types::AttributeValue;
use contract::{BotId, CallId, Direction, TenantId};
use twilio::Party;
use twilio::webhook::CallStatus;

use super::Update;
use super::item::{Item, number, text};
use crate::store::{CALL_TTL_S, CallEntry, StoreError, Stored, sort_key};

pub(super) fn call_key(call: &CallId) -> String {
    format!("CALL#{call}")
}

pub(super) fn expiry(now_ms: u64) -> AttributeValue {
    number(now_ms / 1_000 + CALL_TTL_S)
}

pub(super) fn status_key(tenant: &TenantId, status: CallStatus) -> AttributeValue {
    text(format!("TEN#{tenant}#ST#{status}"))
}

pub(super) fn bot_key(tenant: &TenantId, bot: &BotId) -> AttributeValue {
    text(format!("TEN#{tenant}#BOT#{bot}"))
}

/// What every first word of a call sets: whichever comes first decides when it began, and so its place in all indexes. It
/// stands in them once somebody has said whose it is: the carrier's callbacks do not.
pub(super) fn heard_of(call: &CallId, now_ms: u64) -> Update {
    let place = sort_key(now_ms, call);
    Update::of(call_key(call), "META")
        .once("call", text(call.as_str()))
        .once("began_ms", number(now_ms))
        .once("ttl", expiry(now_ms))
        .once("g1sk", text(&place))
        .once("g2sk", text(&place))
        .once("g3sk", text(place))
}

pub(super) fn answered_by_bot(
    update: Update,
    tenant: &TenantId,
    bot: &BotId,
    version: u32,
) -> Update {
    update
        .once("bot", text(bot.as_str()))
        .once("bot_version", number(version))
        .once("g2pk", bot_key(tenant, bot))
}

/// Whose call it is, by its item.
pub(super) fn tenant_of(item: &Item) -> Option<TenantId> {
    item.text("tenant").and_then(TenantId::new)
}

pub(super) fn word<T: serde::Serialize>(value: &T) -> AttributeValue {
    let word = serde_json::to_value(value)
        .ok()
        .and_then(|word| word.as_str().map(str::to_owned));
    text(word.unwrap_or_default())
}

pub(super) fn read(item: &Item) -> Stored<CallEntry> {
    let call = item
        .word("call")?
        .ok_or_else(|| StoreError::new("read", "a call without its id"))?;
    let direction: Option<Direction> = match item.text("direction") {
        Some("inbound") => Some(Direction::Inbound),
        Some("outbound") => Some(Direction::Outbound),
        _ => None,
    };
    Ok(CallEntry {
        account: item.word("account")?,
        tenant: tenant_of(item),
        bot: item.text("bot").and_then(BotId::new),
        bot_version: item.number("bot_version"),
        direction,
        from: item.text("from").map(Party::parse),
        to: item.text("to").map(Party::parse),
        status: item.word("status")?,
        sequence: item.number("sequence").unwrap_or(-1),
        carrier_duration_s: item.number("carrier_duration_s"),
        sip_response_code: item.number("sip_response_code"),
        answered_by: item.word("answered_by")?,
        ended: item.json("ended")?,
        unanswered: item.word("unanswered")?,
        put_through_to: item.word("put_through_to")?,
        turns: item.number("turns").unwrap_or_default(),
        records: item.number("records").unwrap_or_default(),
        filed: item.flag("filed"),
        inferred: item.flag("inferred"),
        summary_micro_dollars: item.number("summary_micro_dollars").unwrap_or_default(),
        line_micro_dollars: item.number("line_micro_dollars"),
        spent_micro_dollars: item.number("spent_micro_dollars").unwrap_or_default(),
        metadata: item.json("metadata")?.unwrap_or_default(),
        note: item.text("note").unwrap_or_default().to_owned(),
        seat: item.text("seat").map(str::to_owned),
        ..CallEntry::new(call, item.number("began_ms").unwrap_or_default())
    })
}
