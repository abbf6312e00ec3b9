//! A call as the outside sees it: in the API and in webhooks.

use contract::{Cost, Event, Numbered, Record, Source, Timing, Turn, Usage};
use serde::Serialize;

use crate::store::{CallEntry, Charge, Detail, Files, News, Stored};

/// A call, in one row of a list.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Row {
    #[serde(flatten)]
    head: Head,
    /// How often the caller had a turn.
    turns: u32,
}

impl From<CallEntry> for Row {
    fn from(entry: CallEntry) -> Self {
        Self {
            turns: entry.turns,
            head: Head::from(entry),
        }
    }
}

/// What is told of a call wherever it is told of.
#[derive(Serialize, utoipa::ToSchema)]
struct Head {
    #[serde(flatten)]
    entry: CallEntry,
    /// Whether nothing more is to come.
    complete: bool,
    /// What it cost, in micro-dollars, once it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_micro_dollars: Option<u64>,
    /// What the tenant pays for it, in micro-dollars, once it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_micro_dollars: Option<u64>,
}

impl From<CallEntry> for Head {
    fn from(entry: CallEntry) -> Self {
        Self {
            complete: entry.is_complete(),
            cost_micro_dollars: entry
                .ended
                .map(|_| entry.cost_micro_dollars())
                .or(entry.line_micro_dollars),
            price_micro_dollars: entry.ended.map(|ended| ended.price_micro_dollars),
            entry,
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
    /// What it cost: lines that add up to the total.
    cost: Option<Cost>,
    /// What the tenant pays: lines that add up to the total.
    price: Option<Charge>,
    /// What is left of the price, in micro-dollars.
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
    pub async fn of(detail: Detail, files: &dyn Files) -> Stored<Self> {
        let recording = link(&detail, files, "recording").await?;
        let tape = link(&detail, files, "tape").await?;
        let mut shown = Self {
            latency: Latency::of(timings(&detail)),
            summary: detail.summary().map(str::to_owned),
            head: Head::from(detail.entry),
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
            shown.margin_micro_dollars = Some(receipt.margin_micro_dollars());
            shown.usage = Some(receipt.usage);
            shown.cost = Some(receipt.cost);
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
