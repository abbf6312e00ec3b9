//! The store in memory: the twin that handlers are tested on. It may also be told to fail.

mod calls;
mod money;
mod outbox;
mod setup;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use contract::{Bot, BotId, CallId, Numbered, TenantId, Upload, UploadWish};

use super::{
    Begun, CallEntry, Counts, Delivery, Dial, DialId, DialState, Dials, Files, News, Receipt,
    Spent, StoreError, Stored,
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
    meters: BTreeMap<(TenantId, Month, BotId), Counts>,
    days: BTreeMap<(TenantId, u64), Spent>,
    seats: BTreeMap<(TenantId, Option<BotId>), BTreeMap<String, u64>>,
    outbox: BTreeMap<String, Delivery>,
    dials: BTreeMap<DialId, Dial>,
    files: BTreeMap<String, Vec<u8>>,
    puts: u32,
}

struct Kept {
    entry: CallEntry,
    bot: Option<Bot>,
    news: BTreeMap<String, News>,
    records: BTreeMap<u64, Numbered>,
    receipt: Option<Receipt>,
    summary: Option<Receipt>,
    line: Option<Receipt>,
}

impl Memory {
    /// From now on every operation fails, or none.
    pub fn breaks(&self, broken: bool) {
        self.held().broken = broken;
    }

    /// A file that was put into the bucket.
    #[must_use]
    pub fn file(&self, key: &str) -> Option<Vec<u8>> {
        self.held().files.get(key).cloned()
    }

    /// How often a file was put into the bucket.
    #[must_use]
    pub fn puts(&self) -> u32 {
        self.held().puts
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
            summary: None,
            line: None,
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
impl Dials for Memory {
    async fn begin(&self, dial: &Dial, now_ms: u64) -> Stored<Begun> {
        let mut state = self.state("begin")?;
        let known = state.dials.get(&dial.id);
        let known = known.filter(|known| known.holds(now_ms));
        if let Some(known) = known {
            return Ok(Begun::Known(Box::new(known.clone())));
        }
        state.dials.insert(dial.id.clone(), dial.clone());
        Ok(Begun::New)
    }

    async fn settle(&self, dial: &Dial, settled: &DialState) -> Stored<()> {
        let mut state = self.state("settle")?;
        let known = state.dials.get_mut(&dial.id);
        if let Some(known) = known.filter(|known| known.began_ms == dial.began_ms) {
            known.state = settled.clone();
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

    async fn put(&self, key: &str, _content_type: &str, bytes: Vec<u8>) -> Stored<()> {
        let mut state = self.state("put")?;
        state.puts += 1;
        state.files.insert(key.to_owned(), bytes);
        Ok(())
    }

    async fn download(&self, key: &str) -> Stored<String> {
        drop(self.state("download")?);
        Ok(format!("memory:get/{key}"))
    }
}
