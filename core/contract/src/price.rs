//! What usage costs: integer micro-dollars, from a dated table.

use serde::{Deserialize, Serialize};

use crate::Usage;

/// Prices in force, each with its date and source. Comes from configuration (`PRICES`), else [`PriceTable::list`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PriceTable {
    /// One row per dimension.
    pub rows: Vec<Price>,
}

/// One price.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Price {
    /// What is counted.
    pub dimension: Dimension,
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
}

/// What a call cost.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Cost {
    /// The lines of the receipt; they add up to the total.
    pub items: Vec<CostItem>,
    /// In micro-dollars.
    pub total_micro_dollars: u64,
}

/// One line of a receipt.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CostItem {
    /// What was counted.
    pub dimension: Dimension,
    /// How many units.
    pub quantity: u64,
    /// What they cost, rounded half up.
    pub micro_dollars: u64,
}

impl PriceTable {
    /// List prices of the default set-up, in US dollars.
    #[must_use]
    pub fn list() -> Self {
        let row = |dimension, micro_dollars_per_million, as_of: &str, source: &str| Price {
            dimension,
            micro_dollars_per_million,
            as_of: as_of.to_owned(),
            source: source.to_owned(),
        };
        Self {
            rows: vec![
                // $0.0085 inbound local and $0.0044 media stream.
                row(
                    Dimension::CarrierMinute,
                    12_900_000_000,
                    "2026-10-03",
                    "twilio.com/en-us/voice/pricing/us",
                ),
                // 50 messages a second at 20:1 and $0.15 per million, and 128 MB at $12.50 per million GB-s.
                row(
                    Dimension::EdgeSecond,
                    1_975_000,
                    "2026-11-01",
                    "developers.cloudflare.com/durable-objects",
                ),
                // $0.0045 per minute.
                row(
                    Dimension::ListenSecond,
                    75_000_000,
                    "2026-10-01",
                    "openai.com/api/pricing, gpt-transcribe",
                ),
                row(
                    Dimension::ThinkInputToken,
                    100_000,
                    "2026-10-01",
                    "openai.com/api/pricing, gpt-6-luna",
                ),
                row(
                    Dimension::ThinkCachedToken,
                    10_000,
                    "2026-10-01",
                    "openai.com/api/pricing, gpt-6-luna",
                ),
                row(
                    Dimension::ThinkOutputToken,
                    500_000,
                    "2026-10-01",
                    "openai.com/api/pricing, gpt-6-luna",
                ),
                // $15 per million characters.
                row(
                    Dimension::SpeakChar,
                    15_000_000,
                    "2026-10-01",
                    "openai.com/api/pricing, tts-1",
                ),
            ],
        }
    }

    /// What this usage costs. A dimension without a price costs nothing and is left out.
    #[must_use]
    pub fn cost(&self, usage: Usage) -> Cost {
        let items: Vec<CostItem> = self
            .rows
            .iter()
            .filter_map(|price| {
                let quantity = price.dimension.quantity(usage);
                (quantity > 0).then(|| CostItem {
                    dimension: price.dimension,
                    quantity,
                    micro_dollars: micro_dollars(quantity, price.micro_dollars_per_million),
                })
            })
            .collect();
        let total_micro_dollars = items.iter().map(|item| item.micro_dollars).sum();
        Cost {
            items,
            total_micro_dollars,
        }
    }
}

impl Dimension {
    fn quantity(self, usage: Usage) -> u64 {
        match self {
            Self::CarrierMinute => usage.line_ms.div_ceil(60_000),
            Self::EdgeSecond => usage.line_ms.div_ceil(1_000),
            Self::ListenSecond => usage.listen_ms.div_ceil(1_000),
            Self::ThinkInputToken => usage.think_input_tokens,
            Self::ThinkCachedToken => usage.think_cached_tokens,
            Self::ThinkOutputToken => usage.think_output_tokens,
            Self::SpeakChar => usage.speak_chars,
        }
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
    fn a_call_of_61_seconds_pays_the_carrier_for_two_minutes() {
        let cost = PriceTable::list().cost(Usage {
            line_ms: 61_000,
            ..Usage::default()
        });
        assert_eq!(cost.items.first().unwrap().micro_dollars, 25_800);
    }

    #[test]
    fn the_lines_of_a_receipt_add_up_to_its_total() {
        let usage = Usage {
            line_ms: 95_000,
            listen_ms: 31_250,
            think_input_tokens: 4_211,
            think_output_tokens: 177,
            speak_chars: 913,
            ..Usage::default()
        };
        let cost = PriceTable::list().cost(usage);
        let sum: u64 = cost.items.iter().map(|item| item.micro_dollars).sum();
        assert_eq!(sum, cost.total_micro_dollars);
        assert_eq!(cost.items.len(), 6);
    }
}
