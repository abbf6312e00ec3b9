//! A language model's response, whoever it is of: how it is framed, and when it is over.

use call::{Reply, Spent};
use serde_json::Value;

use crate::exchange::{Complaint, Decode, Step};
use crate::lines::Lines;
use crate::sse::{Event, Events};
use crate::writing::Writing;
use crate::{End, Head, Tool, error};

/// The longest response of a server that does not stream.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// What one provider's values mean.
pub(crate) trait Dialect: Send {
    /// How a stream is framed.
    const FRAMING: Framing;
    /// What a response should be, for the log.
    const EXPECTED: &'static str;

    /// Takes in one value of the stream.
    fn read(
        &mut self,
        value: &Value,
        writing: &mut Writing,
        replies: &mut Vec<Reply>,
    ) -> Result<(), Complaint>;

    /// Takes in a response that was not streamed; false: it is none.
    fn whole(
        &mut self,
        value: &Value,
        writing: &mut Writing,
        replies: &mut Vec<Reply>,
    ) -> Result<bool, Complaint>;
}

/// How a stream is framed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    /// Server-sent events.
    Events,
    /// A JSON value a line.
    Lines,
}

/// Understands the response.
pub(crate) struct Thinking<D> {
    dialect: D,
    shape: Shape,
    writing: Writing,
}

/// What the body turned out to be.
enum Shape {
    /// Nothing but spaces so far.
    Unknown,
    /// A stream of events, as asked for.
    Events(Events),
    /// A stream of lines, as asked for.
    Lines(Lines),
    /// One JSON value, from servers that ignore `stream`. Also errors come like this, with status 200.
    Json(Vec<u8>),
}

impl<D: Dialect> Thinking<D> {
    pub(crate) fn new(dialect: D, tools: Vec<Tool>) -> Self {
        Self {
            dialect,
            shape: Shape::Unknown,
            writing: Writing::new(tools),
        }
    }

    /// Takes in an event; `Over` with the last one.
    fn read(&mut self, event: &Event, replies: &mut Vec<Reply>) -> Result<Step, Complaint> {
        if event.data.trim() == "[DONE]" {
            self.writing.end(replies);
            return Ok(Step::Over(self.writing.spent));
        }
        match serde_json::from_str::<Value>(&event.data) {
            Ok(value) => {
                if let Some(complaint) = error::within(&value) {
                    return Err(complaint);
                }
                self.dialect.read(&value, &mut self.writing, replies)?;
            }
            Err(_) if event.name == "error" => {
                return Err(error::instead(event.data.as_bytes(), "an error"));
            }
            // Remarks between the chunks.
            Err(_) => (),
        }
        Ok(if self.writing.is_over() {
            Step::Over(self.writing.spent)
        } else {
            Step::More
        })
    }
}

impl<D: Dialect> Decode for Thinking<D> {
    fn head(&mut self, head: &Head) -> Result<(), Complaint> {
        // Of stream and JSON the first byte tells more reliably. But pages come from wrong addresses.
        match head.media_type().as_str() {
            "text/html" => {
                let code = format!("text/html instead of {}", D::EXPECTED);
                Err(Complaint::broken(&code))
            }
            _ => Ok(()),
        }
    }

    fn push(&mut self, bytes: &[u8], replies: &mut Vec<Reply>) -> Result<Step, Complaint> {
        if matches!(self.shape, Shape::Unknown) {
            let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
            self.shape = match (first, D::FRAMING) {
                (None, _) => return Ok(Step::More),
                (Some(_), Framing::Lines) => Shape::Lines(Lines::default()),
                // No line of an event stream begins like this.
                (Some(b'{' | b'['), Framing::Events) => Shape::Json(Vec::new()),
                (Some(_), Framing::Events) => Shape::Events(Events::default()),
            };
        }
        let mut events = Vec::new();
        let outcome = match &mut self.shape {
            Shape::Unknown => Ok(()),
            Shape::Json(body) if body.len() + bytes.len() > BODY_BYTES_MAX => {
                return Err(Complaint::broken("a body without end"));
            }
            Shape::Json(body) => {
                body.extend_from_slice(bytes);
                Ok(())
            }
            Shape::Lines(stream) => {
                let mut lines = Vec::new();
                let outcome = stream.push(bytes, &mut lines);
                events.extend(lines.into_iter().map(nameless));
                outcome
            }
            Shape::Events(stream) => stream.push(bytes, &mut events),
        };
        for event in &events {
            if let step @ Step::Over(_) = self.read(event, replies)? {
                return Ok(step);
            }
        }
        outcome.map_err(|_| Complaint::broken("an event without end"))?;
        Ok(Step::More)
    }

    fn finish(&mut self, end: End, replies: &mut Vec<Reply>) -> Result<Spent, Complaint> {
        let last = match &mut self.shape {
            Shape::Unknown => return Err(Complaint::broken("an empty response")),
            Shape::Json(body) => {
                let body = std::mem::take(body);
                let value = serde_json::from_slice::<Value>(&body).ok();
                if let Some(complaint) = value.as_ref().and_then(error::within) {
                    return Err(complaint);
                }
                let is_whole = match &value {
                    Some(value) => self.dialect.whole(value, &mut self.writing, replies)?,
                    None => false,
                };
                if is_whole {
                    self.writing.end(replies);
                } else if end == End::Complete {
                    return Err(error::instead(&body, &format!("no {}", D::EXPECTED)));
                }
                None
            }
            // Half an event or line is no JSON and passes for nothing.
            Shape::Lines(stream) => stream.finish().map(nameless),
            Shape::Events(stream) => stream.finish(),
        };
        if let Some(event) = last {
            self.read(&event, replies)?;
        }
        if !self.writing.is_finished() {
            return Err(Complaint::broken("a response cut short"));
        }
        if !self.writing.is_over() {
            self.writing.end(replies);
        }
        Ok(self.writing.spent)
    }

    fn spent(&self) -> Spent {
        self.writing.spent
    }
}

fn nameless(data: String) -> Event {
    Event {
        name: String::new(),
        data,
    }
}
