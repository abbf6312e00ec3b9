//! The log: one JSON line per event of note, which Workers Logs takes apart. No words spoken and no secrets, except what
//! is written at debug level.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use worker::{console_error, console_log, console_warn};

/// Writes events to the console. Spans are not used: an object is one call, and every line names it.
struct Console {
    level: Level,
    next_span: AtomicU64,
}

/// Installs the log, at `info` or whatever `LOG_LEVEL` says. Only the first call of an instance counts.
pub(crate) fn install(level: Option<&str>) {
    let level = level
        .and_then(|level| level.parse().ok())
        .unwrap_or(Level::INFO);
    // Fails when it was installed before, which is as well.
    drop(tracing::subscriber::set_global_default(Console {
        level,
        next_span: AtomicU64::new(1),
    }));
}

impl Subscriber for Console {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(Map::new());
        line.put(
            "level",
            event
                .metadata()
                .level()
                .as_str()
                .to_ascii_lowercase()
                .into(),
        );
        event.record(&mut line);
        let text = Value::Object(line.0).to_string();
        match *event.metadata().level() {
            Level::ERROR => console_error!("{text}"),
            Level::WARN => console_warn!("{text}"),
            Level::INFO | Level::DEBUG | Level::TRACE => console_log!("{text}"),
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.next_span.fetch_add(1, Ordering::Relaxed).max(1))
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The fields of one event.
struct Line(Map<String, Value>);

impl Line {
    fn put(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value.into());
    }
}
