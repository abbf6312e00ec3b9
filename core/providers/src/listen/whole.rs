//! An answer that comes whole: one JSON document that holds a transcript.

use call::{Reply, Spent};
use serde_json::Value;

use crate::error;
use crate::exchange::{Complaint, Decode, Step};
use crate::heard::stock;
use crate::{End, Head};

/// A transcript is no longer than this.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Reads the transcript out of a document; none if there is no transcript in it.
pub(super) type Read = fn(&Value) -> Option<String>;

/// Understands the response.
pub(super) struct Whole {
    flush: u32,
    evidence: stock::Evidence,
    read: Read,
    body: Vec<u8>,
}

impl Whole {
    /// The answer to a flush.
    pub(super) fn new(flush: u32, evidence: stock::Evidence, read: Read) -> Self {
        Self {
            flush,
            evidence,
            read,
            body: Vec::new(),
        }
    }
}

impl Decode for Whole {
    fn head(&mut self, _: &Head) -> Result<(), Complaint> {
        Ok(())
    }

    fn push(&mut self, bytes: &[u8], _: &mut Vec<Reply>) -> Result<Step, Complaint> {
        if self.body.len() + bytes.len() > BODY_BYTES_MAX {
            return Err(Complaint::broken("a body without end"));
        }
        self.body.extend_from_slice(bytes);
        Ok(Step::More)
    }

    fn finish(&mut self, end: End, replies: &mut Vec<Reply>) -> Result<Spent, Complaint> {
        if end == End::Cut {
            return Err(Complaint::broken("a response cut short"));
        }
        let value = serde_json::from_slice::<Value>(&self.body).unwrap_or_default();
        let text =
            (self.read)(&value).ok_or_else(|| error::instead(&self.body, "no transcript"))?;
        replies.push(Reply::Transcript {
            flush: self.flush,
            text: stock::heard(&text, &self.evidence).to_owned(),
        });
        Ok(Spent::default())
    }
}
