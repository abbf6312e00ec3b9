//! What usage costs: integer micro-dollars, from a dated table.

mod list;

use serde::{Deserialize, Serialize};

use crate::{Amount, Direction, Usage, WorkStage};

/// Prices in force, each with its date and source: [`PriceTable::list`], and before it what the configuration has (`PRICES`).
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
    /// Whose price it is, as bots name providers, and for the carrier `inbound` or `outbound`; empty: any that has none of
    /// its own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// Of which model, and for the carrier the ISO 3166-1 code of the country that was called; empty: any that has none of
    /// its own.
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
    /// Carrier, per started minute of line without a stream: once a caller was put through to somebody, the caller's, and the
    /// one that was dialled.
    LineMinute,
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
    /// Who did it: for the carrier `inbound` or `outbound`, and nobody for the edge.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// With which model: for the carrier the ISO 3166-1 code of the country that was called, if it is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// How many units.
    pub quantity: u64,
    /// What they cost, rounded half up.
    pub micro_dollars: u64,
}

/// A connection through the carrier, by what its price depends on.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Leg {
    /// Who dialled; none: nobody told.
    pub direction: Option<Direction>,
    /// ISO 3166-1 code of the country of the number that was called; empty: it is not known, or in none.
    pub country: String,
}

impl Leg {
    /// As prices name it.
    fn provider(&self) -> &'static str {
        match self.direction {
            Some(Direction::Inbound) => "inbound",
            Some(Direction::Outbound) => "outbound",
            None => "",
        }
    }
}

impl Cost {
    fn of(items: Vec<CostItem>) -> Self {
        Self {
            total_micro_dollars: items.iter().map(|item| item.micro_dollars).sum(),
            items,
        }
    }
}

impl PriceTable {
    /// This table with somebody's own rows, which count before it: a row gives way to an own one of the same dimension and
    /// provider, for its model or for any.
    #[must_use]
    pub fn with(mut self, own: Self) -> Self {
        let gives_way = |row: &Price| {
            own.rows.iter().any(|own| {
                own.dimension == row.dimension
                    && own.provider == row.provider
                    && (own.model.is_empty() || own.model == row.model)
            })
        };
        self.rows.retain(|row| !gives_way(row));
        self.rows.extend(own.rows);
        self
    }

    /// What this usage costs, on this leg. What has no price costs nothing, and stands in the receipt all the same.
    #[must_use]
    pub fn cost(&self, usage: &Usage, leg: &Leg) -> Cost {
        let mut items = Vec::new();
        let mut count = |dimension: Dimension, provider: &str, model: &str, quantity: u64| {
            items.extend(self.item(dimension, provider, model, quantity));
        };
        count(
            Dimension::CarrierMinute,
            leg.provider(),
            &leg.country,
            started_minutes(usage.carrier_ms),
        );
        count(Dimension::EdgeSecond, "", "", usage.line_ms.div_ceil(1_000));
        for work in &usage.work {
            for (dimension, quantity) in quantities(work.stage, &work.amount) {
                count(dimension, &work.provider, &work.model, quantity);
            }
        }
        Cost::of(items)
    }

    /// What the carrier takes, beyond a stream of `streamed_ms`, for a call of `whole_ms` whose caller was put through: the
    /// rest of the caller's minutes, and as long a leg to who was dialled. Nobody tells how long that rang; so it is never
    /// less than what it costs.
    #[must_use]
    pub fn put_through(
        &self,
        streamed_ms: u64,
        whole_ms: u64,
        caller: &Leg,
        dialled: &Leg,
    ) -> Cost {
        let rest = started_minutes(whole_ms).saturating_sub(started_minutes(streamed_ms));
        let beside = started_minutes(whole_ms.saturating_sub(streamed_ms));
        let items = [(caller, rest), (dialled, beside)].map(|(leg, minutes)| {
            self.item(Dimension::LineMinute, leg.provider(), &leg.country, minutes)
        });
        Cost::of(items.into_iter().flatten().collect())
    }

    /// A line of a receipt, unless there is nothing to count.
    fn item(
        &self,
        dimension: Dimension,
        provider: &str,
        model: &str,
        quantity: u64,
    ) -> Option<CostItem> {
        (quantity > 0).then(|| CostItem {
            dimension,
            provider: provider.to_owned(),
            model: model.to_owned(),
            quantity,
            micro_dollars: micro_dollars(quantity, self.price(dimension, provider, model)),
        })
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

/// The carrier bills each minute that was begun, of each leg for itself.
fn started_minutes(ms: u64) -> u64 {
    ms.div_ceil(60_000)
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

    fn leg(direction: Direction, country: &str) -> Leg {
        Leg {
            direction: Some(direction),
            country: country.to_owned(),
        }
    }

    #[test]
    fn a_call_of_61_seconds_pays_the_carrier_for_two_minutes_and_a_web_call_for_none() {
        let mut usage = Usage {
            line_ms: 61_000,
            carrier_ms: 61_000,
            ..Usage::default()
        };
        let inbound = leg(Direction::Inbound, "US");
        let cost = PriceTable::list().cost(&usage, &inbound);
        assert_eq!(cost.items.first().unwrap().micro_dollars, 25_800);
        usage.carrier_ms = 0;
        let cost = PriceTable::list().cost(&usage, &inbound);
        assert_eq!(cost.items.first().unwrap().dimension, Dimension::EdgeSecond);
    }

    #[test]
    fn a_minute_that_we_dial_has_the_price_of_its_direction_and_country() {
        let mut table = PriceTable::list();
        let spain = Price {
            dimension: Dimension::CarrierMinute,
            provider: "outbound".to_owned(),
            model: "ES".to_owned(),
            micro_dollars_per_million: 50_000_000_000,
            as_of: "2026-10-01".to_owned(),
            source: "a test".to_owned(),
        };
        table.rows.push(spain);
        let usage = Usage {
            carrier_ms: 1,
            ..Usage::default()
        };
        for (leg, micro_dollars) in [
            (leg(Direction::Inbound, "US"), 12_900),
            (leg(Direction::Inbound, "ES"), 12_900),
            (leg(Direction::Outbound, "US"), 18_400),
            (leg(Direction::Outbound, "ES"), 50_000),
            (Leg::default(), 12_900),
        ] {
            let item = table.cost(&usage, &leg).items.remove(0);
            assert_eq!(item.micro_dollars, micro_dollars, "{leg:?}");
            assert_eq!(
                (item.provider.as_str(), item.model),
                (leg.provider(), leg.country)
            );
        }
    }

    #[test]
    fn who_is_put_through_pays_no_minute_twice_and_for_both_legs() {
        let (caller, dialled) = (
            leg(Direction::Inbound, "US"),
            leg(Direction::Outbound, "US"),
        );
        let minutes = |streamed_ms, whole_ms| {
            let cost = PriceTable::list().put_through(streamed_ms, whole_ms, &caller, &dialled);
            let lines = cost.items.iter();
            let lines: Vec<_> = lines
                .map(|item| (item.provider.clone(), item.quantity, item.micro_dollars))
                .collect();
            assert_eq!(
                cost.total_micro_dollars,
                lines.iter().map(|line| line.2).sum::<u64>()
            );
            lines
        };
        let line =
            |provider: &str, quantity, each| (provider.to_owned(), quantity, quantity * each);
        // An hour of which 61 seconds had a stream: two of its sixty minutes are paid already.
        assert_eq!(
            minutes(61_000, 3_600_000),
            [line("inbound", 58, 8_500), line("outbound", 59, 14_000)]
        );
        assert_eq!(minutes(10_000, 50_000), [line("outbound", 1, 14_000)]);
        assert_eq!(
            minutes(0, 30_000),
            [line("inbound", 1, 8_500), line("outbound", 1, 14_000)]
        );
        assert_eq!(minutes(61_000, 60_000), []);
    }

    /// What a character costs that somebody speaks.
    fn row(provider: &str, model: &str, micro_dollars_per_million: u64) -> Price {
        Price {
            dimension: Dimension::SpeakChar,
            provider: provider.to_owned(),
            model: model.to_owned(),
            micro_dollars_per_million,
            as_of: "2026-10-01".to_owned(),
            source: "a test".to_owned(),
        }
    }

    #[test]
    fn own_rows_count_before_the_list_and_leave_the_rest_of_it() {
        let list = PriceTable {
            rows: vec![
                row("openai", "", 1),
                row("openai", "tts-1", 2),
                row("elevenlabs", "", 3),
                row("elevenlabs", "flash", 4),
            ],
        };
        let own = PriceTable {
            rows: vec![row("openai", "", 10), row("elevenlabs", "flash", 40)],
        };
        let table = list.with(own);
        for (provider, model, price) in [
            ("openai", "tts-1", 10),
            ("openai", "another", 10),
            ("elevenlabs", "multi", 3),
            ("elevenlabs", "flash", 40),
        ] {
            let found = table.price(Dimension::SpeakChar, provider, model);
            assert_eq!(found, price, "{provider} {model}");
        }
    }

    #[test]
    fn the_most_specific_price_counts_and_the_lines_add_up_to_the_total() {
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
        let cost = table.cost(&usage, &Leg::default());
        let lines: Vec<u64> = cost.items.iter().map(|item| item.micro_dollars).collect();
        assert_eq!(lines, [10, 0, 20, 0, 30, 0]);
        assert_eq!(cost.total_micro_dollars, 60);
    }
}
