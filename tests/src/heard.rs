//! What the caller really heard, against what the engine says was heard.

use std::collections::BTreeMap;

use call::{Delivery, Record, RequestId};

use crate::carrier::{Carrier, Span};
use crate::files::STOPPED_MS_MAX;
use crate::providers::CHAR_MS;
use crate::weather::Line;

/// Sound between two marks, in milliseconds.
const MARK_MS: u64 = 300;
/// A word that was cut in two does not count as heard.
const WORD_CHARS: u64 = 14;

/// The sound of the current reply.
#[derive(Debug)]
pub struct Heard {
    /// Requests of the current reply, in the order in which they were played.
    current: Vec<u32>,
    /// How far each was queued.
    queued: BTreeMap<u32, u32>,
    /// How late the engine learns of a mark.
    lag_ms: u64,
    marks_get_lost: bool,
    /// The engine died during this reply.
    crashed: bool,
}

impl Heard {
    /// On such a line.
    #[must_use]
    pub fn new(line: Line, delivery: Delivery) -> Self {
        let stopped_ms = match delivery {
            Delivery::Stream => 0,
            Delivery::Files => STOPPED_MS_MAX,
        };
        Self {
            current: Vec::new(),
            queued: BTreeMap::new(),
            lag_ms: line.latency_ms + 2 * line.stall_ms_max + stopped_ms,
            marks_get_lost: line.lost_marks > 0,
            crashed: false,
        }
    }

    /// The engine died.
    pub fn crash(&mut self) {
        self.crashed = true;
    }

    /// Sound is queued; `heard_ms` of that request was really heard before.
    ///
    /// # Errors
    ///
    /// Something is left out, or repeated that was heard long ago.
    pub fn play(&mut self, span: Span, heard_ms: u32) -> Result<(), String> {
        if !self.current.contains(&span.request) {
            self.current.push(span.request);
        }
        let queued = self.queued.insert(span.request, span.to_ms).unwrap_or(0);
        if span.from_ms == queued {
            return Ok(());
        }
        let back = u64::from(heard_ms.saturating_sub(span.from_ms));
        if span.from_ms > heard_ms {
            return Err(format!(
                "the caller heard {heard_ms} ms, and it goes on with {span:?}"
            ));
        }
        if back > MARK_MS + self.lag_ms && !self.marks_get_lost {
            return Err(format!(
                "the caller heard {heard_ms} ms, and hears again {span:?}"
            ));
        }
        Ok(())
    }

    /// A record is written.
    ///
    /// # Errors
    ///
    /// It says more than was heard, or less.
    pub fn record(
        &mut self,
        now: u64,
        record: &Record,
        carrier: &Carrier,
        spoken: &[(RequestId, String)],
    ) -> Result<(), String> {
        let Record::Replied { text, .. } = record else {
            return Ok(());
        };
        let current = std::mem::take(&mut self.current);
        let crashed = std::mem::take(&mut self.crashed);
        let heard = |request: &u32| {
            let chars = carrier.heard_ms(now, *request) / CHAR_MS;
            let text = spoken[*request as usize].1.as_str();
            let end = text.char_indices().nth(chars as usize);
            text.split_at(end.map_or(text.len(), |(at, _)| at))
        };
        let mut parts: Vec<&str> = Vec::new();
        for (n, request) in current.iter().enumerate() {
            let (part, rest) = heard(request);
            // Of what broke off, only whole words count, unless it was the last.
            let is_whole = n + 1 == current.len() || rest.is_empty() || rest.starts_with(' ');
            let whole = if is_whole {
                part
            } else {
                part.rsplit_once(' ').map_or("", |(words, _)| words)
            };
            parts.push(whole.trim_end());
        }
        parts.retain(|part| !part.is_empty());
        let truth = parts.join(" ");
        let (said, really) = (text.chars().count() as u64, truth.chars().count() as u64);
        if crashed {
            // What was heard between the last record and the crash was said again: by how much is not known here.
            return if said <= really + 1 {
                Ok(())
            } else {
                Err(format!(
                    "the record says {text:?} was heard, but it was {truth:?}"
                ))
            };
        }
        let missing = really.saturating_sub(said);
        let missing_max = (MARK_MS + self.lag_ms) / u64::from(CHAR_MS) + WORD_CHARS;
        if truth.starts_with(text) && (missing <= missing_max || self.marks_get_lost) {
            Ok(())
        } else {
            Err(format!(
                "the record says {text:?} was heard, but it was {truth:?}"
            ))
        }
    }
}
