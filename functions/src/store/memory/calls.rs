use async_trait::async_trait;
use contract::{Batch, Bot, CallId, PriceTable, TenantId};
use twilio::PhoneNumber;

use super::{Memory, State};
use crate::clock::Month;
use crate::store::count::{Counted, What, Whose, counted, line_of, together};
use crate::store::{
    CallEntry, Calls, Detail, Filter, Meter, News, Note, Opened, Page, Progress, Stored, Unanswered,
};

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
        entry.seat = entry.seat.take().or_else(|| opened.seat.clone());
        if entry.metadata.is_empty() {
            entry.metadata.clone_from(&opened.metadata);
        }
        if let Some(note) = opened.note() {
            kept.news.entry(note.key).or_insert(note.news);
        }
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

    async fn unanswered(&self, call: &CallId, why: Unanswered, now_ms: u64) -> Stored<()> {
        let mut state = self.state("unanswered")?;
        let entry = &mut state.kept(*call, now_ms).entry;
        if entry.records == 0 {
            entry.unanswered.get_or_insert(why);
        }
        Ok(())
    }

    async fn put_through(&self, call: &CallId, to: &PhoneNumber, now_ms: u64) -> Stored<()> {
        let mut state = self.state("put_through")?;
        let entry = &mut state.kept(*call, now_ms).entry;
        entry.put_through_to.get_or_insert_with(|| to.clone());
        Ok(())
    }

    async fn count_line(
        &self,
        entry: &CallEntry,
        prices: &PriceTable,
        now_ms: u64,
    ) -> Stored<bool> {
        let mut state = self.state("count_line")?;
        let ended = &state.kept(entry.call, now_ms).receipt;
        let (Some(counted), Some(tenant), Some(bot)) = (
            line_of(entry, ended.as_ref(), prices, now_ms),
            &entry.tenant,
            &entry.bot,
        ) else {
            return Ok(false);
        };
        let whose = Whose {
            call: &entry.call,
            tenant,
            bot,
        };
        Ok(state.count(&whose, counted, now_ms))
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
            entry.inferred = progress.inferred;
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
        let last = batch.records.iter().map(|numbered| numbered.number).max();
        if last > Some(kept.entry.records) {
            kept.entry.turns = batch.turns;
        }
        for numbered in &batch.records {
            kept.records
                .entry(numbered.number)
                .or_insert_with(|| numbered.clone());
            kept.entry.records = kept.entry.records.max(numbered.number);
            kept.entry.filed |= matches!(numbered.record, contract::Record::Filed);
        }
        let through = kept.entry.records;
        let pricing = kept.bot.as_ref().map(|bot| bot.price).unwrap_or_default();
        let whose = Whose {
            call: &batch.call,
            tenant: &batch.tenant,
            bot: &batch.bot,
        };
        let leg = kept.entry.leg();
        for counted in counted(&batch.records, &pricing, prices, &leg) {
            state.count(&whose, counted, now_ms);
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
        calls.retain(|entry| entry.tenant.as_ref() == Some(tenant) && filter.passes(entry));
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
            news: in_order(kept.news.values()),
            records: kept.records.values().cloned().collect(),
            receipt: together([&kept.receipt, &kept.summary, &kept.line].map(Clone::clone)),
        }))
    }

    async fn annotate(&self, tenant: &TenantId, call: &CallId, note: &str) -> Stored<bool> {
        let mut state = self.state("annotate")?;
        let kept = state.calls.get_mut(call);
        let Some(kept) = kept.filter(|kept| kept.entry.tenant.as_ref() == Some(tenant)) else {
            return Ok(false);
        };
        note.clone_into(&mut kept.entry.note);
        Ok(true)
    }
}

fn in_order<'a>(news: impl Iterator<Item = &'a News>) -> Vec<News> {
    let mut news: Vec<News> = news.cloned().collect();
    news.sort_by_key(|news| news.at_ms);
    news
}

impl State {
    fn count(&mut self, whose: &Whose<'_>, counted: Counted, now_ms: u64) -> bool {
        let kept = self.kept(*whose.call, now_ms);
        let counts = Meter::counts(&counted.receipt, counted.calls());
        let at_ms = counted.at_ms;
        let cost = counted.receipt.cost.total_micro_dollars;
        let place = match counted.what {
            What::End(_) => &mut kept.receipt,
            What::Summary => &mut kept.summary,
            What::Line => &mut kept.line,
        };
        if place.is_some() {
            return false;
        }
        *place = Some(counted.receipt);
        match counted.what {
            What::End(ended) => kept.entry.ended = Some(ended),
            What::Summary => kept.entry.summary_micro_dollars = cost,
            What::Line => kept.entry.line_micro_dollars = Some(cost),
        }
        let key = (whose.tenant.clone(), Month::of(at_ms), whose.bot.clone());
        let meter = self.meters.entry(key).or_default();
        for (name, amount) in counts {
            *meter.entry(name).or_default() += amount;
        }
        true
    }
}
