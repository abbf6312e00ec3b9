//! What survives the object: its SQLite database.
//!
//! | table | one row per |
//! |---|---|
//! | `fact` | thing that there is one of, by name |
//! | `journal` | [`Logged`], as JSON: readable after any later deployment |
//! | `ticket` | ticket that was used |
//! | `sound` | some seconds of recording and tape; gone once they are in the bucket |
//!
//! Nothing here fails the caller: a write that does not work is logged, and the call goes on.

use std::cell::Cell;

use call::Record;
use contract::Source;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use worker::{Result, SqlCursor, SqlStorage, SqlStorageValue, State, Storage};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS journal (number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, record TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS ticket (nonce TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS sound (number INTEGER PRIMARY KEY, caller BLOB NOT NULL, bot BLOB NOT NULL, tape BLOB NOT NULL);
";

/// Things there is one of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fact {
    /// The [`contract::Opening`], with all handshakes that are still good.
    Opening,
    /// When the call was opened, in milliseconds since the Unix epoch.
    OpenedMs,
    /// The [`contract::Farewell`] that the carrier was not told of yet, or that ended the call.
    Farewell,
    /// The highest number of a report that the functions have stored.
    Acknowledged,
    /// What was told after the call's last record, as [`crate::deliver::Epilogue`]s.
    Epilogue,
    /// The ids of the latest orders.
    Orders,
    /// Who talks through a socket of their own: the subject of the token that was shown.
    Subject,
    /// A summary was asked for.
    SumAsked,
    /// When the call ended, in milliseconds since the Unix epoch.
    OverMs,
    /// How often delivery after the call has failed.
    Tries,
    /// There is nothing left to deliver.
    Delivered,
}

impl Fact {
    const fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::OpenedMs => "opened_ms",
            Self::Farewell => "farewell",
            Self::Acknowledged => "acknowledged",
            Self::Epilogue => "epilogue",
            Self::Orders => "orders",
            Self::Subject => "subject",
            Self::SumAsked => "sum_asked",
            Self::OverMs => "over_ms",
            Self::Tries => "tries",
            Self::Delivered => "delivered",
        }
    }
}

/// One line of the journal, with the time of day at which it was written.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Milliseconds since the Unix epoch.
    pub(crate) at_ms: u64,
    /// What happened.
    pub(crate) logged: Logged,
}

/// What happened, by whom it is told.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Logged {
    /// By the call.
    Call(Record),
    /// By the shell.
    Shell(Remark),
    /// By a version of this program that came after this one, and was taken back: nobody here can read it.
    #[serde(skip)]
    Unreadable,
}

impl Logged {
    /// Reads a line of the journal.
    pub(crate) fn read(line: &str) -> Self {
        serde_json::from_str(line).unwrap_or_else(|error| {
            tracing::error!(%error, "a line of the journal cannot be read");
            Self::Unreadable
        })
    }

    /// The call's own record, if it is one.
    pub(crate) fn record(&self) -> Option<&Record> {
        match self {
            Self::Call(record) => Some(record),
            Self::Shell(_) | Self::Unreadable => None,
        }
    }
}

/// What the call knows nothing of.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Remark {
    /// Something worth knowing.
    Happened {
        /// Its stable name.
        name: String,
        /// More about it; nothing private.
        detail: String,
        /// Whence it came.
        #[serde(default, skip_serializing_if = "Source::is_unknown")]
        source: Source,
    },
    /// A provider did this much.
    Did(contract::Work),
}

impl Remark {
    /// Something worth knowing.
    pub(crate) fn event(name: &str, detail: String) -> Self {
        Self::Happened {
            name: name.to_owned(),
            detail,
            source: Source::default(),
        }
    }

    /// A stream or socket is open.
    pub(crate) fn stream_opened(ip: String, sid: String) -> Self {
        Self::Happened {
            name: "stream_opened".to_owned(),
            detail: String::new(),
            source: Source { ip, sid },
        }
    }
}

/// Some seconds of recording and tape.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Sound {
    /// What the caller said, in μ-law.
    pub(crate) caller: Vec<u8>,
    /// What the caller heard, as long as the other.
    pub(crate) bot: Vec<u8>,
    /// A stretch of [`call::Tape`].
    pub(crate) tape: Vec<u8>,
}

/// How much of it there is, in bytes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
pub(crate) struct SoundSize {
    /// Chunks.
    pub(crate) chunks: u32,
    /// Of one track.
    pub(crate) track: u64,
    /// Of the tape.
    pub(crate) tape: u64,
}

/// The database.
pub(crate) struct Store {
    sql: SqlStorage,
    storage: Storage,
    /// Whether the tables are known to be there.
    made: Cell<bool>,
}

impl Store {
    /// The database of an object. Nothing is read or written yet.
    pub(crate) fn new(state: &State) -> Self {
        let storage = state.storage();
        Self {
            sql: storage.sql(),
            storage,
            made: Cell::new(false),
        }
    }

    /// Makes the tables, if this is a new object.
    pub(crate) fn prepare(&self) {
        self.write(SCHEMA, Vec::new());
    }

    /// Reads, unless there is no call here: without its tables the runtime would log an error for each attempt.
    fn read(&self, query: &str, values: Vec<SqlStorageValue>) -> Option<SqlCursor> {
        if !self.made.get() {
            let made = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'fact'";
            let cursor = self.sql.exec(made, None).ok()?;
            self.made.set(cursor.raw().next().is_some());
        }
        if !self.made.get() {
            return None;
        }
        let cursor = self.sql.exec(query, values);
        cursor
            .inspect_err(|error| tracing::error!(%error, "the store cannot be read"))
            .ok()
    }

    /// Reads a fact; none if it is not known, or there is no call here.
    pub(crate) fn fact<T: DeserializeOwned>(&self, fact: Fact) -> Option<T> {
        #[derive(Deserialize)]
        struct Row {
            value: String,
        }
        let query = "SELECT value FROM fact WHERE name = ?";
        let cursor = self.read(query, vec![fact.name().into()])?;
        let row = cursor.next::<Row>().next()?.ok()?;
        serde_json::from_str(&row.value)
            .inspect_err(
                |error| tracing::error!(fact = fact.name(), %error, "a stored fact cannot be read"),
            )
            .ok()
    }

    /// Writes a fact.
    pub(crate) fn set<T: Serialize>(&self, fact: Fact, value: &T) {
        let text = serde_json::to_string(value).unwrap_or_default();
        self.write(
            "INSERT OR REPLACE INTO fact VALUES (?, ?)",
            vec![fact.name().into(), text.into()],
        );
    }

    /// Forgets a fact.
    pub(crate) fn clear(&self, fact: Fact) {
        self.write("DELETE FROM fact WHERE name = ?", vec![fact.name().into()]);
    }

    /// Adds to the journal.
    pub(crate) fn append(&self, entries: &[Entry]) {
        for entry in entries {
            let text = serde_json::to_string(&entry.logged).unwrap_or_default();
            let values = vec![integer(entry.at_ms), text.into()];
            self.write("INSERT INTO journal (at_ms, record) VALUES (?, ?)", values);
        }
    }

    /// Reads the journal: of what cannot be read, that there is something.
    pub(crate) fn journal(&self) -> Vec<Entry> {
        #[derive(Deserialize)]
        struct Row {
            at_ms: u64,
            record: String,
        }
        let query = "SELECT at_ms, record FROM journal ORDER BY number";
        let Some(cursor) = self.read(query, Vec::new()) else {
            return Vec::new();
        };
        let rows = cursor.next::<Row>().map_while(|row: Result<Row>| {
            row.inspect_err(|error| tracing::error!(%error, "the journal cannot be read on"))
                .ok()
        });
        rows.map(|row| Entry {
            at_ms: row.at_ms,
            logged: Logged::read(&row.record),
        })
        .collect()
    }

    /// Notes that a ticket was used; false if it was before.
    pub(crate) fn use_ticket(&self, nonce: u64) -> bool {
        let query = "INSERT OR IGNORE INTO ticket VALUES (?) RETURNING nonce";
        match self.sql.exec(query, vec![format!("{nonce:x}").into()]) {
            Ok(cursor) => cursor.raw().next().is_some(),
            Err(error) => {
                tracing::error!(%error, "a ticket cannot be noted");
                false
            }
        }
    }

    /// Adds some seconds of sound.
    pub(crate) fn keep(&self, sound: Sound) {
        let values = vec![sound.caller.into(), sound.bot.into(), sound.tape.into()];
        self.write(
            "INSERT INTO sound (caller, bot, tape) VALUES (?, ?, ?)",
            values,
        );
    }

    /// How much sound there is.
    pub(crate) fn sound_size(&self) -> SoundSize {
        let query = "SELECT COUNT(*) AS chunks, COALESCE(SUM(LENGTH(caller)), 0) AS track, \
                     COALESCE(SUM(LENGTH(tape)), 0) AS tape FROM sound";
        let cursor = self.read(query, Vec::new());
        let size = cursor.and_then(|cursor| cursor.next::<SoundSize>().next());
        size.and_then(Result::ok).unwrap_or_default()
    }

    /// The `at`th chunk of sound, from 0: both tracks.
    pub(crate) fn tracks(&self, at: u32) -> Option<(Vec<u8>, Vec<u8>)> {
        let query = "SELECT caller, bot FROM sound ORDER BY number LIMIT 1 OFFSET ?";
        let mut columns = self.blobs(query, at)?.into_iter();
        Some((columns.next()?, columns.next()?))
    }

    /// The `at`th chunk of the tape, from 0.
    pub(crate) fn tape(&self, at: u32) -> Option<Vec<u8>> {
        self.blobs(
            "SELECT tape FROM sound ORDER BY number LIMIT 1 OFFSET ?",
            at,
        )?
        .pop()
    }

    /// How long the recording is, in samples.
    pub(crate) fn recorded(&self) -> u64 {
        self.sound_size().track
    }

    /// Drops the sound: it is in the bucket.
    pub(crate) fn drop_sound(&self) {
        self.write("DELETE FROM sound", Vec::new());
    }

    /// Forgets everything.
    pub(crate) async fn forget(&self) -> Result<()> {
        self.storage.delete_alarm().await?;
        self.made.set(false);
        self.storage.delete_all().await
    }

    /// Asks to be woken after so many milliseconds, whatever becomes of this object until then. Replaces what was asked
    /// before.
    pub(crate) async fn wake_after(&self, ms: u64) {
        let wait = i64::try_from(ms).unwrap_or(i64::MAX);
        if let Err(error) = self.storage.set_alarm(wait).await {
            tracing::error!(%error, "the alarm cannot be set");
        }
    }

    fn blobs(&self, query: &str, at: u32) -> Option<Vec<Vec<u8>>> {
        let cursor = self.read(query, vec![integer(at.into())])?;
        let columns = cursor.raw().next()?.ok()?;
        let blob = |column| match column {
            SqlStorageValue::Blob(bytes) => Some(bytes),
            SqlStorageValue::Null
            | SqlStorageValue::Boolean(_)
            | SqlStorageValue::Integer(_)
            | SqlStorageValue::Float(_)
            | SqlStorageValue::String(_) => None,
        };
        columns.into_iter().map(blob).collect()
    }

    fn write(&self, statement: &str, values: Vec<SqlStorageValue>) {
        if let Err(error) = self.sql.exec(statement, values) {
            tracing::error!(%error, "the store cannot be written");
        }
    }
}

/// Whole numbers up to 2^53 survive the way through JavaScript; all of ours do.
fn integer(value: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}
