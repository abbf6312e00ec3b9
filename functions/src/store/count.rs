//! What counts for money, and how much it counts.

use contract::{
    BotId, CallId, Direction, Leg, Numbered, PriceTable, Pricing, Record, TenantId, Usage,
};

use super::{CallEntry, Charge, Ended, Receipt};
use crate::country;

/// Whose call something is counted on.
pub(super) struct Whose<'a> {
    pub(super) call: &'a CallId,
    pub(super) tenant: &'a TenantId,
    pub(super) bot: &'a BotId,
}

/// What of a call is counted, each once.
pub(super) enum What {
    /// How it ended, and what it used until then.
    End(Ended),
    /// Its summary.
    Summary,
    /// The carrier's minutes after its caller was put through to somebody.
    Line,
}

/// Something that is counted once.
pub(super) struct Counted {
    /// What.
    pub(super) what: What,
    /// What is counted.
    pub(super) receipt: Receipt,
    /// When, in milliseconds since the Unix epoch: the month in which it is counted.
    pub(super) at_ms: u64,
}

impl Counted {
    /// How many calls it adds to a month.
    pub(super) fn calls(&self) -> u64 {
        u64::from(matches!(self.what, What::End(_)))
    }
}

/// What of these records counts: a call's end and its summary, whichever are among them.
pub(super) fn counted(
    records: &[Numbered],
    pricing: &Pricing,
    prices: &PriceTable,
    leg: &Leg,
) -> Vec<Counted> {
    let first = |find: &dyn Fn(&Numbered) -> Option<Counted>| records.iter().find_map(find);
    let end = first(&|numbered| end_of(numbered, pricing, prices, leg));
    let summary = first(&|numbered| summary_of(numbered, prices));
    end.into_iter().chain(summary).collect()
}

fn end_of(
    numbered: &Numbered,
    pricing: &Pricing,
    prices: &PriceTable,
    leg: &Leg,
) -> Option<Counted> {
    let Record::Ended {
        reason,
        duration_ms,
        usage,
    } = &numbered.record
    else {
        return None;
    };
    // A call that nobody answered never had a stream.
    let answered = *duration_ms > 0 || usage.line_ms > 0;
    let receipt = Receipt {
        usage: usage.clone(),
        cost: prices.cost(usage, leg),
        price: if answered {
            Charge::of(pricing, *duration_ms)
        } else {
            Charge::default()
        },
    };
    let ended = Ended {
        reason: *reason,
        duration_ms: *duration_ms,
        at_ms: numbered.at_ms,
        cost_micro_dollars: receipt.cost.total_micro_dollars,
        price_micro_dollars: receipt.price.total_micro_dollars,
    };
    Some(Counted {
        what: What::End(ended),
        receipt,
        at_ms: numbered.at_ms,
    })
}

fn summary_of(numbered: &Numbered, prices: &PriceTable) -> Option<Counted> {
    let Record::Summary { usage, .. } = &numbered.record else {
        return None;
    };
    // No line is open any more: what it takes is a provider's work.
    let usage = Usage {
        line_ms: 0,
        carrier_ms: 0,
        work: usage.work.clone(),
    };
    Some(Counted {
        what: What::Summary,
        receipt: Receipt {
            cost: prices.cost(&usage, &Leg::default()),
            usage,
            price: Charge::default(),
        },
        at_ms: numbered.at_ms,
    })
}

/// The minutes of a caller who was put through to somebody, unless they were counted before: as soon as bot and carrier have
/// both told their ends. `ended` is the receipt of the first.
pub(super) fn line_of(
    entry: &CallEntry,
    ended: Option<&Receipt>,
    prices: &PriceTable,
    now_ms: u64,
) -> Option<Counted> {
    let (true, Some(duration_s)) = (entry.has_line_to_count(), entry.carrier_duration_s) else {
        return None;
    };
    let whole_ms = u64::from(duration_s) * 1_000;
    let streamed_ms = ended.map_or(0, |receipt| receipt.usage.carrier_ms);
    let to = entry.put_through_to.as_ref();
    let dialled = Leg {
        direction: Some(Direction::Outbound),
        country: to.and_then(country::of).unwrap_or_default(),
    };
    Some(Counted {
        what: What::Line,
        receipt: Receipt {
            usage: Usage {
                carrier_ms: whole_ms.saturating_sub(streamed_ms),
                ..Usage::default()
            },
            cost: prices.put_through(streamed_ms, whole_ms, &entry.leg(), &dialled),
            price: Charge::default(),
        },
        at_ms: now_ms,
    })
}

/// A call's receipt with what was counted after its end.
pub(super) fn together(parts: impl IntoIterator<Item = Option<Receipt>>) -> Option<Receipt> {
    let parts = parts.into_iter().flatten();
    parts.reduce(|mut whole, later| {
        whole.add(&later);
        whole
    })
}
