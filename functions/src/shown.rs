//! A call as the outside sees it: in the API and in webhooks.

use contract::{Cost, EndReason, Event, Numbered, Record, Source, Timing, Turn, Usage};
use serde::Serialize;

use crate::account::{Principal, Scope};
use crate::store::{CallEntry, Charge, Detail, Ended, Files, News, Stored};

/// Whether whoever looks sees what calls cost the operator, and what is left of their price. What tenants pay, all may see.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Costs {
    /// They do.
    Shown,
    /// They do not.
    Hidden,
}

impl Costs {
    /// An amount, for those who see it.
    pub fn of<T>(self, amount: T) -> Option<T> {
        (self == Self::Shown).then_some(amount)
    }
}

impl From<&Principal> for Costs {
    fn from(who: &Principal) -> Self {
        match who.tenant(Scope::CostsRead) {
            Ok(_) => Self::Shown,
            Err(_) => Self::Hidden,
        }
    }
}

/// A call, in one row of a list.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Row {
    #[serde(flatten)]
    head: Head,
    /// How often the caller had a turn.
    turns: u32,
}

impl Row {
    /// Shows a call in one row.
    #[must_use]
    pub fn of(entry: CallEntry, costs: Costs) -> Self {
        Self {
            turns: entry.turns,
            head: Head::of(entry, costs),
        }
    }
}

/// What is told of a call wherever it is told of.
#[derive(Serialize, utoipa::ToSchema)]
struct Head {
    #[serde(flatten)]
    entry: CallEntry,
    /// How it ended, as the edge tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<End>,
    /// Whether nothing more is to come.
    complete: bool,
    /// What it has cost so far, as counted in its tenant's day, in micro-dollars; with the scope `costs:read` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    spent_micro_dollars: Option<u64>,
    /// What it cost, in micro-dollars, once it is over; with the scope `costs:read` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_micro_dollars: Option<u64>,
    /// What the tenant pays for it, in micro-dollars, once it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_micro_dollars: Option<u64>,
}

impl Head {
    fn of(entry: CallEntry, costs: Costs) -> Self {
        let cost = entry.ended.map(|_| entry.cost_micro_dollars());
        let cost = cost.or(entry.line_micro_dollars);
        Self {
            ended: entry.ended.map(|ended| End::of(ended, costs)),
            complete: entry.is_complete(),
            spent_micro_dollars: costs.of(entry.spent_micro_dollars),
            cost_micro_dollars: costs.of(cost).flatten(),
            price_micro_dollars: entry.ended.map(|ended| ended.price_micro_dollars),
            entry,
        }
    }
}

/// How a call ended, as the edge tells.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Ended)]
struct End {
    /// Why.
    reason: EndReason,
    /// From the first stream's start, in milliseconds.
    duration_ms: u64,
    /// When, in milliseconds since the Unix epoch.
    at_ms: u64,
    /// What it cost, its summary not included, in micro-dollars; with the scope `costs:read` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_micro_dollars: Option<u64>,
    /// What the tenant pays for it, in micro-dollars.
    price_micro_dollars: u64,
}

impl End {
    fn of(ended: Ended, costs: Costs) -> Self {
        Self {
            reason: ended.reason,
            duration_ms: ended.duration_ms,
            at_ms: ended.at_ms,
            cost_micro_dollars: costs.of(ended.cost_micro_dollars),
            price_micro_dollars: ended.price_micro_dollars,
        }
    }
}

/// A call with all that is known of it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Whole {
    #[serde(flatten)]
    head: Head,
    /// Who said what, in order.
    turns: Vec<Told<Turn>>,
    /// What else happened at the edge, in order.
    events: Vec<Told<Happened>>,
    /// What the carrier told, in order.
    carrier: Vec<News>,
    /// How many streams or sockets it had.
    streams: usize,
    /// Files in the bucket.
    files: Vec<Record>,
    /// How long the caller waited for replies.
    latency: Option<Latency>,
    /// In a few sentences.
    summary: Option<String>,
    /// What it used.
    usage: Option<Usage>,
    /// What it cost: lines that add up to the total; with the scope `costs:read` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
    /// What the tenant pays: lines that add up to the total.
    price: Option<Charge>,
    /// What is left of the price, in micro-dollars; with the scope `costs:read` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    margin_micro_dollars: Option<i64>,
    /// Where the recording is.
    recording: Option<Link>,
    /// Where the tape is: `callbox replay` runs the call again with it.
    tape: Option<Link>,
}

/// Where a file of a call's is.
#[derive(Serialize, utoipa::ToSchema)]
struct Link {
    /// Its place in the bucket.
    key: String,
    /// A link that is good for some minutes.
    url: String,
}

/// Something of a call's, with its place and time.
#[derive(Serialize, utoipa::ToSchema)]
struct Told<T> {
    number: u64,
    at_ms: u64,
    #[serde(flatten)]
    what: T,
}

/// Something that happened at the edge.
#[derive(Serialize, utoipa::ToSchema)]
struct Happened {
    name: String,
    detail: String,
    /// Since the call was opened.
    call_ms: u64,
    /// Whence it came, if it came from outside.
    #[serde(skip_serializing_if = "Source::is_unknown")]
    source: Source,
}

/// How long the caller waited for the first sound of replies, in milliseconds after the end of speech.
#[derive(Debug, Eq, PartialEq, Serialize, utoipa::ToSchema)]
struct Latency {
    replies: usize,
    median_ms: u32,
    p90_ms: u32,
    max_ms: u32,
}

impl Latency {
    fn of(timings: impl Iterator<Item = Timing>) -> Option<Self> {
        let mut waits: Vec<u32> = timings.map(|timing| timing.sound_ms).collect();
        waits.sort_unstable();
        // Nearest rank.
        let rank = |percent: usize| waits.get((waits.len() * percent).div_ceil(100).max(1) - 1);
        Some(Self {
            replies: waits.len(),
            median_ms: *rank(50)?,
            p90_ms: *rank(90)?,
            max_ms: *rank(100)?,
        })
    }
}

impl Whole {
    /// Shows a call, with links to its files.
    ///
    /// # Errors
    /// If a link cannot be signed.
    pub async fn of(detail: Detail, files: &dyn Files, costs: Costs) -> Stored<Self> {
        let recording = link(&detail, files, "recording").await?;
        let tape = link(&detail, files, "tape").await?;
        let mut shown = Self {
            latency: Latency::of(timings(&detail)),
            summary: detail.summary().map(str::to_owned),
            head: Head::of(detail.entry, costs),
            turns: Vec::new(),
            events: Vec::new(),
            carrier: detail.news,
            streams: 0,
            files: Vec::new(),
            usage: None,
            cost: None,
            price: None,
            margin_micro_dollars: None,
            recording,
            tape,
        };
        if let Some(receipt) = detail.receipt {
            shown.margin_micro_dollars = costs.of(receipt.margin_micro_dollars());
            shown.usage = Some(receipt.usage);
            shown.cost = costs.of(receipt.cost);
            shown.price = Some(receipt.price);
        }
        for numbered in detail.records {
            shown.take(numbered);
        }
        Ok(shown)
    }

    fn take(&mut self, numbered: Numbered) {
        let Numbered {
            number,
            at_ms,
            record,
        } = numbered;
        match record {
            Record::Turn(what) => self.turns.push(Told {
                number,
                at_ms,
                what,
            }),
            Record::Event(Event {
                name,
                detail,
                at_ms: call_ms,
                source,
            }) => self.events.push(Told {
                number,
                at_ms,
                what: Happened {
                    name,
                    detail,
                    call_ms,
                    source,
                },
            }),
            Record::Connected { .. } => self.streams += 1,
            Record::Stored { .. } => self.files.push(record),
            Record::Ended { .. } | Record::Summary { .. } | Record::Filed => {}
        }
    }
}

fn timings(detail: &Detail) -> impl Iterator<Item = Timing> {
    detail
        .records
        .iter()
        .filter_map(|numbered| match &numbered.record {
            Record::Turn(turn) => turn.timing,
            Record::Connected { .. }
            | Record::Event(_)
            | Record::Ended { .. }
            | Record::Summary { .. }
            | Record::Stored { .. }
            | Record::Filed => None,
        })
}

/// Where recordings are, and nothing else: a key that points elsewhere is not signed.
const RECORDINGS: &str = "recordings/";

/// A link to a file of the call's, if there is one of this name, good for some minutes.
async fn link(detail: &Detail, files: &dyn Files, name: &str) -> Stored<Option<Link>> {
    let key = detail.file(name).filter(|key| key.starts_with(RECORDINGS));
    match key {
        Some(key) => {
            let url = files.download(key).await?;
            let key = key.to_owned();
            Ok(Some(Link { key, url }))
        }
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_is_told_by_nearest_rank() {
        let timing = |sound_ms| Timing {
            sound_ms,
            ..Timing::default()
        };
        assert_eq!(Latency::of(std::iter::empty()), None);
        let told = Latency::of((1..=10).rev().map(|tens| timing(tens * 100)));
        let expected = Latency {
            replies: 10,
            median_ms: 500,
            p90_ms: 900,
            max_ms: 1_000,
        };
        assert_eq!(told, Some(expected));
    }
}
