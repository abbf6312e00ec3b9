//! Which records count for money, and what they count.

use contract::{Numbered, PriceTable, Pricing, Record, Usage};

use super::{Charge, Ended, Receipt};

/// Something that is counted once.
pub(super) struct Counted {
    /// How the call ended; none: it is its summary that is counted.
    pub(super) ended: Option<Ended>,
    /// What is counted.
    pub(super) receipt: Receipt,
    /// When, in milliseconds since the Unix epoch: the month in which it is counted.
    pub(super) at_ms: u64,
}

impl Counted {
    /// How many calls it adds to a month.
    pub(super) fn calls(&self) -> u64 {
        u64::from(self.ended.is_some())
    }
}

/// What of these records counts: a call's end and its summary, whichever are among them.
pub(super) fn counted(
    records: &[Numbered],
    pricing: &Pricing,
    prices: &PriceTable,
) -> Vec<Counted> {
    let first = |find: &dyn Fn(&Numbered) -> Option<Counted>| records.iter().find_map(find);
    let end = first(&|numbered| end_of(numbered, pricing, prices));
    let summary = first(&|numbered| summary_of(numbered, prices));
    end.into_iter().chain(summary).collect()
}

fn end_of(numbered: &Numbered, pricing: &Pricing, prices: &PriceTable) -> Option<Counted> {
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
        cost: prices.cost(usage),
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
        ended: Some(ended),
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
        ended: None,
        receipt: Receipt {
            cost: prices.cost(&usage),
            usage,
            price: Charge::default(),
        },
        at_ms: numbered.at_ms,
    })
}

/// A call's receipt with that of its summary.
pub(super) fn together(call: Option<Receipt>, summary: Option<Receipt>) -> Option<Receipt> {
    match (call, summary) {
        (Some(mut call), Some(summary)) => {
            call.add(&summary);
            Some(call)
        }
        (call, summary) => call.or(summary),
    }
}
