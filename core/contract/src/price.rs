//! What usage costs: integer micro-dollars, from a dated table.

mod list;

use serde::{Deserialize, Serialize};

use crate::{Amount, Usage, WorkStage};

/// Prices in force, each with its date and source. Comes from configuration (`PRICES`), else [`PriceTable::list`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PriceTable {
    /// One row for each dimension, provider and model; the most specific one counts.
    pub rows: Vec<Price>,
}

/// One price.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Price {
    /// What is counted.
    pub dimension: Dimension,
    /// Whose price it is, as bots name providers; empty: any provider's that has none of its own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// Of which model; empty: any that has none of its own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// Micro-dollars per million units: one integer that holds every price in the field exactly.
    pub micro_dollars_per_million: u64,
    /// ISO 8601 date on which it was read.
    pub as_of: String,
    /// Where it was read.
    pub source: String,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Dimension {
    /// Carrier, per started minute: line and media stream together.
    CarrierMinute,
    /// The edge object, per second of line.
    EdgeSecond,
    /// Speech-to-text, per second of audio.
    ListenSecond,
    /// Language model input, per token.
    ThinkInputToken,
    /// Language model input from the provider's cache, per token.
    ThinkCachedToken,
    /// Language model output, per token.
    ThinkOutputToken,
    /// Text-to-speech, per character.
    SpeakChar,
    /// Text-to-speech that was there already, per character.
    SpeakCachedChar,
}

/// What a call cost.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Cost {
    /// The lines of the receipt; they add up to the total.
    pub items: Vec<CostItem>,
    /// In micro-dollars.
    pub total_micro_dollars: u64,
}

/// One line of a receipt.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CostItem {
    /// What was counted.
    pub dimension: Dimension,
    /// Who did it; empty for line and carrier.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// With which model.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// How many units.
    pub quantity: u64,
    /// What they cost, rounded half up.
    pub micro_dollars: u64,
}

impl PriceTable {
    /// What this usage costs. What has no price costs nothing, and stands in the receipt all the same.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Cost {
        let mut items = Vec::new();
        let mut count = |dimension: Dimension, provider: &str, model: &str, quantity: u64| {
            if quantity > 0 {
                items.push(CostItem {
                    dimension,
                    provider: provider.to_owned(),
                    model: model.to_owned(),
                    quantity,
                    micro_dollars: micro_dollars(quantity, self.price(dimension, provider, model)),
                });
            }
        };
        count(
            Dimension::CarrierMinute,
            "",
            "",
            usage.carrier_ms.div_ceil(60_000),
        );
        count(Dimension::EdgeSecond, "", "", usage.line_ms.div_ceil(1_000));
        for work in &usage.work {
            for (dimension, quantity) in quantities(work.stage, &work.amount) {
                count(dimension, &work.provider, &work.model, quantity);
            }
        }
        let total_micro_dollars = items.iter().map(|item| item.micro_dollars).sum();
        Cost {
            items,
            total_micro_dollars,
        }
    }

    /// Micro-dollars per million units.
    fn price(&self, dimension: Dimension, provider: &str, model: &str) -> u64 {
        let fits = |own: &str, wanted: &str| own.is_empty() || own == wanted;
        self.rows
            .iter()
            .filter(|row| {
                row.dimension == dimension
                    && fits(&row.provider, provider)
                    && fits(&row.model, model)
            })
            .max_by_key(|row| (!row.provider.is_empty(), !row.model.is_empty()))
            .map_or(0, |row| row.micro_dollars_per_million)
    }
}

fn quantities(stage: WorkStage, amount: &Amount) -> Vec<(Dimension, u64)> {
    match stage {
        WorkStage::Listen => vec![(Dimension::ListenSecond, amount.listen_ms.div_ceil(1_000))],
        WorkStage::Think => vec![
            (Dimension::ThinkInputToken, amount.input_tokens),
            (Dimension::ThinkCachedToken, amount.cached_tokens),
            (Dimension::ThinkOutputToken, amount.output_tokens),
        ],
        WorkStage::Speak => vec![
            (Dimension::SpeakChar, amount.chars),
            (Dimension::SpeakCachedChar, amount.cached_chars),
        ],
    }
}

fn micro_dollars(quantity: u64, per_million: u64) -> u64 {
    let exact = u128::from(quantity) * u128::from(per_million);
    u64::try_from((exact + 500_000) / 1_000_000).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_of_61_seconds_pays_the_carrier_for_two_minutes_and_a_web_call_for_none() {
        let mut usage = Usage {
            line_ms: 61_000,
            carrier_ms: 61_000,
            ..Usage::default()
        };
        let cost = PriceTable::list().cost(&usage);
        assert_eq!(cost.items.first().unwrap().micro_dollars, 25_800);
        usage.carrier_ms = 0;
        let cost = PriceTable::list().cost(&usage);
        assert_eq!(cost.items.first().unwrap().dimension, Dimension::EdgeSecond);
    }

    #[test]
    fn the_most_specific_price_counts_and_the_lines_add_up_to_the_total() {
        let row = |provider: &str, model: &str, micro_dollars_per_million| Price {
            dimension: Dimension::SpeakChar,
            provider: provider.to_owned(),
            model: model.to_owned(),
            micro_dollars_per_million,
            as_of: "2026-10-01".to_owned(),
            source: "a test".to_owned(),
        };
        let table = PriceTable {
            rows: vec![
                row("", "", 1_000_000),
                row("elevenlabs", "", 2_000_000),
                row("elevenlabs", "flash", 3_000_000),
            ],
        };
        let mut usage = Usage::default();
        for (provider, model) in [
            ("openai", "x"),
            ("elevenlabs", "multi"),
            ("elevenlabs", "flash"),
        ] {
            let amount = Amount {
                chars: 10,
                cached_chars: 5,
                ..Amount::default()
            };
            usage.did(WorkStage::Speak, provider, model, amount);
        }
        let cost = table.cost(&usage);
        let lines: Vec<u64> = cost.items.iter().map(|item| item.micro_dollars).collect();
        assert_eq!(lines, [10, 0, 20, 0, 30, 0]);
        assert_eq!(cost.total_micro_dollars, 60);
    }
}
