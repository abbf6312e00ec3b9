//! The store in memory: the twin that handlers are tested on. It may also be told to fail.

mod setup;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use contract::{Batch, Bot, CallId, Numbered, PriceTable, Record, TenantId, Upload, UploadWish};

use super::{
    Begun, CallEntry, Calls, Detail, Dial, DialId, DialState, Dials, Ended, Files, Filter, Meter,
    News, Note, Opened, Page, Progress, Receipt, StoreError, Stored,
};
use crate::clock::Month;

/// Everything that is kept.
#[derive(Default)]
pub struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    broken: bool,
    setup: setup::Setup,
    calls: BTreeMap<CallId, Kept>,
    resumes: BTreeMap<(CallId, u64), u32>,
    meters: BTreeMap<(TenantId, Month), Meter>,
    dials: BTreeMap<DialId, Dial>,
}

struct Kept {
    entry: CallEntry,
    bot: Option<Bot>,
    news: BTreeMap<String, News>,
    records: BTreeMap<u64, Numbered>,
    receipt: Option<Receipt>,
}

impl Memory {
    /// From now on every operation fails, or none.
    pub fn breaks(&self, broken: bool) {
        self.held().broken = broken;
    }

    fn held(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self, operation: &'static str) -> Stored<MutexGuard<'_, State>> {
        let state = self.held();
        if state.broken {
            Err(StoreError::new(operation, "told to fail"))
        } else {
            Ok(state)
        }
    }
}

impl State {
    fn kept(&mut self, call: CallId, now_ms: u64) -> &mut Kept {
        self.calls.entry(call).or_insert_with(|| Kept {
            entry: CallEntry::new(call, now_ms),
            bot: None,
            news: BTreeMap::new(),
            records: BTreeMap::new(),
            receipt: None,
        })
    }
}

/// The bot as it is kept: unchanged if it says nothing new, else with the next version.
pub(super) fn next_version(known: Option<&Bot>, bot: &Bot) -> Bot {
    match known {
        None => Bot {
            version: 1,
            ..bot.clone()
        },
        Some(known) => {
            let same = Bot {
                version: known.version,
                ..bot.clone()
            };
            if same == *known {
                same
            } else {
                Bot {
                    version: known.version.saturating_add(1),
                    ..same
                }
            }
        }
    }
}

#[async_trait]
impl Calls for Memory {
    async fn open(&self, opened: &Opened) -> Stored<Bot> {
        let mut state = self.state("open")?;
        let kept = state.kept(opened.call, opened.now_ms);
        let entry = &mut kept.entry;
        entry.account.get_or_insert(opened.account);
        entry
            .tenant
            .get_or_insert_with(|| opened.bot.tenant.clone());
        entry.bot.get_or_insert_with(|| opened.bot.id.clone());
        entry.bot_version.get_or_insert(opened.bot.version);
        entry.direction.get_or_insert(opened.direction);
        entry.from.get_or_insert_with(|| opened.from.clone());
        entry.to.get_or_insert_with(|| opened.to.clone());
        entry.status.get_or_insert(opened.status);
        Ok(kept.bot.get_or_insert_with(|| opened.bot.clone()).clone())
    }

    async fn call(&self, call: &CallId) -> Stored<Option<(CallEntry, Option<Bot>)>> {
        Ok(self
            .state("call")?
            .calls
            .get(call)
            .map(|kept| (kept.entry.clone(), kept.bot.clone())))
    }

    async fn resumed(&self, call: &CallId, minute: u64) -> Stored<u32> {
        let mut state = self.state("resumed")?;
        let count = state.resumes.entry((*call, minute)).or_default();
        *count += 1;
        Ok(*count)
    }

    async fn progressed(&self, progress: &Progress) -> Stored<()> {
        self.noted(&progress.note()).await?;
        let mut state = self.state("progressed")?;
        let entry = &mut state.kept(progress.call, progress.now_ms).entry;
        entry.account.get_or_insert(progress.account);
        if let Some(direction) = progress.dialled_by() {
            entry.direction.get_or_insert(direction);
        }
        entry.from = entry.from.take().or_else(|| progress.from.clone());
        entry.to = entry.to.take().or_else(|| progress.to.clone());
        if progress.is_news(entry.status, entry.sequence) {
            entry.status = Some(progress.status);
            entry.sequence = progress.number();
            entry.carrier_duration_s = progress.duration_s.or(entry.carrier_duration_s);
            entry.sip_response_code = progress.sip_response_code.or(entry.sip_response_code);
        }
        Ok(())
    }

    async fn noted(&self, note: &Note) -> Stored<()> {
        let mut state = self.state("noted")?;
        let kept = state.kept(note.call, note.now_ms);
        kept.news
            .entry(note.key.clone())
            .or_insert_with(|| note.news.clone());
        kept.entry.answered_by = kept.entry.answered_by.or(note.answered_by);
        Ok(())
    }

    async fn recorded(&self, batch: &Batch, prices: &PriceTable, now_ms: u64) -> Stored<u64> {
        let mut state = self.state("recorded")?;
        let kept = state.kept(batch.call, now_ms);
        kept.entry.account.get_or_insert(batch.account);
        kept.entry
            .tenant
            .get_or_insert_with(|| batch.tenant.clone());
        kept.entry.bot.get_or_insert_with(|| batch.bot.clone());
        kept.entry.bot_version.get_or_insert(batch.bot_version);
        let mut counted = None;
        for numbered in &batch.records {
            kept.records
                .entry(numbered.number)
                .or_insert_with(|| numbered.clone());
            kept.entry.records = kept.entry.records.max(numbered.number);
            if let Some((ended, receipt)) = receipt_of(numbered, prices)
                && kept.receipt.is_none()
            {
                kept.entry.ended = Some(ended);
                counted = Some((Month::of(ended.at_ms), receipt.clone()));
                kept.receipt = Some(receipt);
            }
        }
        let through = kept.entry.records;
        if let Some((month, receipt)) = counted {
            let meter = state
                .meters
                .entry((batch.tenant.clone(), month))
                .or_default();
            meter.calls += 1;
            meter.line_ms += receipt.usage.line_ms;
            meter.micro_dollars += receipt.cost.total_micro_dollars;
        }
        Ok(through)
    }

    async fn list(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        limit: usize,
        after: Option<&str>,
    ) -> Stored<Page> {
        let state = self.state("list")?;
        let mut calls: Vec<CallEntry> = state
            .calls
            .values()
            .map(|kept| kept.entry.clone())
            .collect();
        calls.retain(|entry| entry.tenant.as_ref() == Some(tenant));
        calls.retain(|entry| match filter {
            Filter::All => true,
            Filter::Bot(bot) => entry.bot.as_ref() == Some(bot),
            Filter::Status(status) => entry.status == Some(*status),
        });
        calls.sort_by_key(|entry| std::cmp::Reverse(entry.sort_key()));
        calls.retain(|entry| after.is_none_or(|after| entry.sort_key().as_str() < after));
        let more = calls.len() > limit;
        calls.truncate(limit);
        let next = calls.last().filter(|_| more).map(CallEntry::sort_key);
        Ok(Page { calls, next })
    }

    async fn detail(&self, tenant: &TenantId, call: &CallId) -> Stored<Option<Detail>> {
        let state = self.state("detail")?;
        let kept = state.calls.get(call);
        let kept = kept.filter(|kept| kept.entry.tenant.as_ref() == Some(tenant));
        Ok(kept.map(|kept| Detail {
            entry: kept.entry.clone(),
            news: kept.news.values().cloned().collect(),
            records: kept.records.values().cloned().collect(),
            receipt: kept.receipt.clone(),
        }))
    }

    async fn meter(&self, tenant: &TenantId, month: Month) -> Stored<Meter> {
        Ok(self
            .state("meter")?
            .meters
            .get(&(tenant.clone(), month))
            .copied()
            .unwrap_or_default())
    }
}

/// How a call ended and what it cost, if this is the record that tells.
pub(super) fn receipt_of(numbered: &Numbered, prices: &PriceTable) -> Option<(Ended, Receipt)> {
    let Record::Ended {
        reason,
        duration_ms,
        usage,
    } = &numbered.record
    else {
        return None;
    };
    let cost = prices.cost(usage);
    let ended = Ended {
        reason: *reason,
        duration_ms: *duration_ms,
        at_ms: numbered.at_ms,
        cost_micro_dollars: cost.total_micro_dollars,
    };
    Some((
        ended,
        Receipt {
            usage: usage.clone(),
            cost,
        },
    ))
}

#[async_trait]
impl Dials for Memory {
    async fn begin(&self, dial: &Dial, now_ms: u64) -> Stored<Begun> {
        let mut state = self.state("begin")?;
        let known = state.dials.get(&dial.id).filter(|known| {
            known.state != DialState::Free && now_ms < known.began_ms + super::DIAL_TTL_S * 1_000
        });
        if let Some(known) = known {
            return Ok(Begun::Known(Box::new(known.clone())));
        }
        state.dials.insert(dial.id.clone(), dial.clone());
        Ok(Begun::New)
    }

    async fn settle(&self, id: &DialId, settled: &DialState) -> Stored<()> {
        if let Some(dial) = self.state("settle")?.dials.get_mut(id) {
            dial.state = settled.clone();
        }
        Ok(())
    }

    async fn dial(&self, id: &DialId) -> Stored<Option<Dial>> {
        Ok(self.state("dial")?.dials.get(id).cloned())
    }

    async fn joined(&self, id: &DialId, call: &CallId) -> Stored<()> {
        if let Some(dial) = self.state("joined")?.dials.get_mut(id) {
            dial.call.get_or_insert(*call);
        }
        Ok(())
    }
}

#[async_trait]
impl Files for Memory {
    async fn upload(&self, key: &str, wish: &UploadWish) -> Stored<Upload> {
        drop(self.state("upload")?);
        let headers = [
            ("content-type", wish.content_type.clone()),
            ("content-length", wish.bytes.to_string()),
        ];
        Ok(Upload {
            name: wish.name.clone(),
            key: key.to_owned(),
            url: format!("memory:put/{key}"),
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        })
    }

    async fn download(&self, key: &str) -> Stored<String> {
        drop(self.state("download")?);
        Ok(format!("memory:get/{key}"))
    }
}
