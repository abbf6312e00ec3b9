//! What calls cost us and what tenants pay for them, counted once and to the micro-dollar.

use std::collections::BTreeMap;

use contract::{BotId, Cost, CostItem, Dimension, Pricing, Usage};
use serde::{Deserialize, Serialize};

/// What a tenant pays for.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Paid {
    /// An answered call.
    Call,
    /// A started minute of one, beyond those that its bot includes.
    Minute,
}

/// What a tenant pays for a call.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Charge {
    /// The lines; they add up to the total.
    pub items: Vec<ChargeItem>,
    /// In micro-dollars.
    pub total_micro_dollars: u64,
}

/// One line of what a tenant pays.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ChargeItem {
    /// For what.
    pub paid: Paid,
    /// How many.
    pub quantity: u64,
    /// For each, in micro-dollars.
    pub unit_micro_dollars: u64,
    /// `quantity` times `unit_micro_dollars`.
    pub micro_dollars: u64,
}

impl ChargeItem {
    fn new(paid: Paid, quantity: u64, unit_micro_dollars: u64) -> Self {
        Self {
            paid,
            quantity,
            unit_micro_dollars,
            micro_dollars: quantity.saturating_mul(unit_micro_dollars),
        }
    }
}

impl Charge {
    /// The price of an answered call that long, as [`Pricing::of`] tells it, in lines.
    #[must_use]
    pub fn of(pricing: &Pricing, duration_ms: u64) -> Self {
        let minutes = duration_ms
            .div_ceil(60_000)
            .saturating_sub(pricing.included_minutes.into());
        let lines = [
            ChargeItem::new(Paid::Call, 1, pricing.per_call_micro_dollars),
            ChargeItem::new(Paid::Minute, minutes, pricing.per_minute_micro_dollars),
        ];
        Self {
            items: lines
                .into_iter()
                .filter(|line| line.micro_dollars > 0)
                .collect(),
            total_micro_dollars: pricing.of(duration_ms),
        }
    }
}

/// What a call used, cost and is paid for, as counted when it ended: a later price changes no receipt.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Receipt {
    /// What it used.
    pub usage: Usage,
    /// What that cost.
    pub cost: Cost,
    /// What the tenant pays; nothing if nobody answered.
    #[serde(default)]
    pub price: Charge,
}

impl Receipt {
    /// What is left of the price, in micro-dollars.
    #[must_use]
    pub fn margin_micro_dollars(&self) -> i64 {
        margin(
            self.price.total_micro_dollars,
            self.cost.total_micro_dollars,
        )
    }

    /// Adds what came after the call's end. The lines of the same kind become one, and still add up to the total.
    pub fn add(&mut self, later: &Self) {
        self.usage.add(&later.usage);
        for item in &later.cost.items {
            let same = self.cost.items.iter_mut().find(|known| {
                (known.dimension, &known.provider, &known.model)
                    == (item.dimension, &item.provider, &item.model)
            });
            match same {
                Some(known) => {
                    known.quantity += item.quantity;
                    known.micro_dollars += item.micro_dollars;
                }
                None => self.cost.items.push(item.clone()),
            }
        }
        self.cost.total_micro_dollars += later.cost.total_micro_dollars;
    }
}

fn margin(price: u64, cost: u64) -> i64 {
    let signed = |amount| i64::try_from(amount).unwrap_or(i64::MAX);
    signed(price) - signed(cost)
}

/// Running totals by name: what every store can add to, one name at a time, in any order.
pub type Counts = BTreeMap<String, u64>;

/// What the calls of one bot that ended in a month used, cost and are paid for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Meter {
    /// How many ended.
    pub calls: u64,
    /// Time with a stream or socket open, in milliseconds.
    pub line_ms: u64,
    /// Time through the carrier, in milliseconds: with a stream, and of callers who were put through also without.
    pub carrier_ms: u64,
    /// What it cost.
    pub cost: Cost,
    /// What the tenant pays.
    pub price: Charge,
}

impl Meter {
    /// What a receipt adds to a meter: `calls` is 1 for a call's end, and 0 for what came after it.
    #[must_use]
    pub fn counts(receipt: &Receipt, calls: u64) -> Counts {
        let mut counts = Counts::new();
        let mut add = |name: String, amount: u64| {
            if amount > 0 {
                *counts.entry(name).or_default() += amount;
            }
        };
        add("calls".to_owned(), calls);
        add("line_ms".to_owned(), receipt.usage.line_ms);
        add("carrier_ms".to_owned(), receipt.usage.carrier_ms);
        for item in &receipt.cost.items {
            let what = format!("{}|{}|{}", word(&item.dimension), item.provider, item.model);
            add(format!("quantity|{what}"), item.quantity);
            add(format!("cost|{what}"), item.micro_dollars);
        }
        for item in &receipt.price.items {
            let what = format!("{}|{}", word(&item.paid), item.unit_micro_dollars);
            add(format!("paid|{what}"), item.quantity);
        }
        counts
    }

    /// Reads totals.
    #[must_use]
    pub fn of(counts: &Counts) -> Self {
        let count = |name: &str| counts.get(name).copied().unwrap_or_default();
        let mut meter = Self {
            calls: count("calls"),
            line_ms: count("line_ms"),
            carrier_ms: count("carrier_ms"),
            ..Self::default()
        };
        for (name, amount) in counts {
            if let Some(what) = name.strip_prefix("quantity|") {
                meter
                    .cost
                    .items
                    .extend(cost_item(what, *amount, count(&format!("cost|{what}"))));
            } else if let Some(what) = name.strip_prefix("paid|") {
                meter.price.items.extend(charge_item(what, *amount));
            }
        }
        meter.total();
        meter
    }

    /// Adds another bot's.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.line_ms += other.line_ms;
        self.carrier_ms += other.carrier_ms;
        let mut receipt = Receipt {
            cost: std::mem::take(&mut self.cost),
            ..Receipt::default()
        };
        receipt.add(&Receipt {
            cost: other.cost.clone(),
            ..Receipt::default()
        });
        self.cost = receipt.cost;
        for item in &other.price.items {
            let same = self.price.items.iter_mut().find(|known| {
                (known.paid, known.unit_micro_dollars) == (item.paid, item.unit_micro_dollars)
            });
            match same {
                Some(known) => {
                    known.quantity += item.quantity;
                    known.micro_dollars += item.micro_dollars;
                }
                None => self.price.items.push(item.clone()),
            }
        }
        self.total();
    }

    /// What is left of the price, in micro-dollars.
    #[must_use]
    pub fn margin_micro_dollars(&self) -> i64 {
        margin(
            self.price.total_micro_dollars,
            self.cost.total_micro_dollars,
        )
    }

    fn total(&mut self) {
        let cost = self.cost.items.iter().map(|item| item.micro_dollars);
        self.cost.total_micro_dollars = cost.sum();
        let price = self.price.items.iter().map(|item| item.micro_dollars);
        self.price.total_micro_dollars = price.sum();
    }
}

fn cost_item(what: &str, quantity: u64, micro_dollars: u64) -> Option<CostItem> {
    let mut parts = what.splitn(3, '|');
    let dimension: Dimension = unword(parts.next()?)?;
    Some(CostItem {
        dimension,
        provider: parts.next()?.to_owned(),
        model: parts.next()?.to_owned(),
        quantity,
        micro_dollars,
    })
}

fn charge_item(what: &str, quantity: u64) -> Option<ChargeItem> {
    let (paid, unit) = what.split_once('|')?;
    Some(ChargeItem::new(unword(paid)?, quantity, unit.parse().ok()?))
}

fn word<T: Serialize>(value: &T) -> String {
    let word = serde_json::to_value(value).ok();
    let word = word.as_ref().and_then(|word| word.as_str());
    word.unwrap_or_default().to_owned()
}

fn unword<T: serde::de::DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(word.into()).ok()
}

/// What calls of one UTC day cost, running ones included.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Spent {
    /// Of all bots, in micro-dollars.
    pub total: u64,
    /// Of each.
    pub bots: BTreeMap<BotId, u64>,
}

/// A place among the calls that a tenant and a bot may have at the same time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seat {
    /// Whose call.
    pub tenant: contract::TenantId,
    /// Of which bot.
    pub bot: BotId,
    /// Who sits there: a call's id, or the id of the order to dial it.
    pub who: String,
    /// How many the tenant may have; 0: any number.
    pub tenant_max: u32,
    /// How many the bot may have; 0: any number.
    pub bot_max: u32,
    /// Now, in milliseconds since the Unix epoch.
    pub now_ms: u64,
}

/// Somebody who has a place.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Sitter {
    /// When it was taken, or last asked for under the same name, in milliseconds since the Unix epoch.
    pub since_ms: u64,
    /// Under which name.
    pub who: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{Amount, Leg, PriceTable, WorkStage};
    use proptest::prelude::*;

    fn receipts() -> impl Strategy<Value = Receipt> {
        let work = (0..3_u8, "[a-c|]{0,2}", "[m-n|]{0,2}", 0..2_000_000_u64);
        let pricing = (0..3_u64, 0..3_u64, 0..3_u32);
        let calls = (
            0..4_000_000_u64,
            proptest::collection::vec(work, 0..6),
            pricing,
        );
        calls.prop_map(|(line_ms, works, (call, minute, included_minutes))| {
            let mut usage = Usage {
                line_ms,
                carrier_ms: line_ms / 2,
                ..Usage::default()
            };
            for (stage, provider, model, count) in works {
                let amount = Amount {
                    requests: 1,
                    listen_ms: count,
                    input_tokens: count,
                    chars: count / 7,
                    ..Amount::default()
                };
                let stages = [WorkStage::Listen, WorkStage::Think, WorkStage::Speak];
                let provider = provider.replace('|', "");
                usage.did(stages[usize::from(stage)], &provider, &model, amount);
            }
            let pricing = Pricing {
                per_call_micro_dollars: call * 50_001,
                per_minute_micro_dollars: minute * 20_003,
                included_minutes,
            };
            Receipt {
                cost: PriceTable::list().cost(&usage, &Leg::default()),
                price: Charge::of(&pricing, line_ms),
                usage,
            }
        })
    }

    proptest! {
        #[test]
        fn a_month_is_the_sum_of_its_receipts_and_its_lines_the_sum_of_the_month(
            receipts in proptest::collection::vec(receipts(), 0..12)
        ) {
            let mut counts = Counts::new();
            for receipt in &receipts {
                let lines: u64 = receipt.price.items.iter().map(|item| item.micro_dollars).sum();
                prop_assert_eq!(lines, receipt.price.total_micro_dollars);
                for (name, amount) in Meter::counts(receipt, 1) {
                    *counts.entry(name).or_default() += amount;
                }
            }
            let meter = Meter::of(&counts);
            let cost: u64 = receipts.iter().map(|receipt| receipt.cost.total_micro_dollars).sum();
            let price: u64 = receipts.iter().map(|receipt| receipt.price.total_micro_dollars).sum();
            prop_assert_eq!(meter.cost.total_micro_dollars, cost);
            prop_assert_eq!(meter.price.total_micro_dollars, price);
            prop_assert_eq!(meter.calls, receipts.len() as u64);
            for item in &meter.price.items {
                prop_assert_eq!(item.micro_dollars, item.quantity * item.unit_micro_dollars);
            }
            let mut twice = meter.clone();
            twice.add(&meter);
            prop_assert_eq!(twice.price.total_micro_dollars, 2 * price);
            prop_assert_eq!(twice.cost.total_micro_dollars, 2 * cost);
        }
    }

    #[test]
    fn a_summary_joins_the_lines_of_its_call() {
        let mut usage = Usage::default();
        let thought = Amount {
            input_tokens: 15,
            ..Amount::default()
        };
        usage.did(WorkStage::Think, "openai", "luna", thought);
        let receipt = Receipt {
            cost: PriceTable::list().cost(&usage, &Leg::default()),
            usage,
            price: Charge::default(),
        };
        let mut both = receipt.clone();
        both.add(&receipt);
        let lines: Vec<_> = both.cost.items.iter().map(|item| item.quantity).collect();
        assert_eq!(lines, [30]);
        assert_eq!(
            both.cost.total_micro_dollars,
            2 * receipt.cost.total_micro_dollars
        );
        assert_eq!(both.usage.total(WorkStage::Think).input_tokens, 30);
    }
}
