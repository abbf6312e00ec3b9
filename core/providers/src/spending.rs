//! What a request to a language model takes, also if it never comes to the end at which a provider tells.
//!
//! Usage stands in the last chunk with most providers, and is not sent to who leaves before: a reply that was interrupted or
//! cut to its length, a draft that was dropped, a race that was lost. What was made until then is paid all the same.

use call::{Failure, Reply, Spent, ToolCall};

use crate::exchange::Complaint;
use crate::http::HttpRequest;

/// Characters of a token: what providers tell people to reckon with. A request's braces and names are counted like words.
const TOKEN_CHARS: u64 = 4;

/// What a request takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spending {
    /// The length of the request's body.
    asked: u64,
    /// Characters of what came back.
    written: u64,
    told: Spent,
    end: End,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum End {
    /// None was heard of.
    #[default]
    Open,
    /// The provider said that this was all.
    Whole,
    /// The request was not taken up: nobody is paid for it.
    Refused,
}

impl Spending {
    /// A request is sent.
    #[must_use]
    pub fn begin(request: &HttpRequest) -> Self {
        Self {
            asked: count(request.body.len()),
            ..Self::default()
        }
    }

    /// This much was told so far.
    pub fn told(&mut self, spent: Spent) {
        self.told = spent;
    }

    /// Something came back; if that is a failure, with the reason if one was told.
    pub fn heard(&mut self, reply: &Reply, complaint: Option<&Complaint>) {
        match reply {
            Reply::Words(words) => self.written += count(words.chars().count()),
            Reply::Tool(ToolCall::Custom {
                name, arguments, ..
            }) => self.written += count(name.chars().count() + arguments.chars().count()),
            Reply::Done(spent) => {
                self.told = *spent;
                self.end = End::Whole;
            }
            Reply::Failed(failure) => {
                let is_refused = matches!(failure, Failure::Refused | Failure::Busy);
                let is_taken_up = complaint.is_none_or(|it| (200..300).contains(&it.status));
                if self.written == 0 && (is_refused || !is_taken_up) {
                    self.end = End::Refused;
                }
            }
            Reply::Tool(_)
            | Reply::Transcript { .. }
            | Reply::Audio(_)
            | Reply::Result(_)
            | Reply::Hint { .. } => (),
        }
    }

    /// What it took, as far as is known: what was told, and an estimate of what was not.
    #[must_use]
    pub fn total(&self) -> Spent {
        // No request is made of no tokens.
        let is_told = self.told.input_tokens + self.told.cached_tokens > 0;
        if self.end == End::Refused || (is_told && self.end == End::Whole) {
            return self.told;
        }
        let (input_tokens, cached_tokens) = if is_told {
            (self.told.input_tokens, self.told.cached_tokens)
        } else {
            (self.asked.div_ceil(TOKEN_CHARS), 0)
        };
        let written = self.written.div_ceil(TOKEN_CHARS);
        Spent {
            input_tokens,
            cached_tokens,
            // What is told before the end is only the beginning.
            output_tokens: self.told.output_tokens.max(written),
        }
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::think::tests::{history, settings};
    use crate::think::{Anthropic, Ollama};
    use crate::{End as Ending, Exchange, Head, Think};

    fn said(text: &str) -> Reply {
        Reply::Words(text.to_owned())
    }

    fn spent(input_tokens: u64, cached_tokens: u64, output_tokens: u64) -> Spent {
        Spent {
            input_tokens,
            cached_tokens,
            output_tokens,
        }
    }

    /// A request with a body of so many bytes.
    fn asked(bytes: usize) -> Spending {
        let mut request = Ollama(settings("https://x.test")).ask(&history()).request;
        request.body = vec![b'x'; bytes];
        Spending::begin(&request)
    }

    #[test]
    fn whoever_is_not_heard_out_is_paid_by_estimate() {
        let mut spending = asked(401);
        assert_eq!(
            spending.total(),
            spent(101, 0, 0),
            "a draft that is dropped"
        );
        spending.heard(&said(&"Well, ".repeat(50)), None);
        spending.heard(&said(&"é".repeat(100)), None);
        assert_eq!(spending.total(), spent(101, 0, 100));
        let cut = Complaint {
            status: 200,
            ..Complaint::broken("a response cut short")
        };
        spending.heard(&Reply::Failed(Failure::Broken), Some(&cut));
        assert_eq!(spending.total(), spent(101, 0, 100));
    }

    #[test]
    fn what_the_provider_tells_at_the_end_counts_as_it_is() {
        let mut spending = asked(4_000);
        spending.heard(&said("Yes, of course."), None);
        spending.heard(&Reply::Done(spent(7, 3, 0)), None);
        assert_eq!(spending.total(), spent(7, 3, 0));
        let mut silent = asked(4_000);
        silent.heard(&said("Yes."), None);
        silent.heard(&Reply::Done(Spent::default()), None);
        assert_eq!(silent.total(), spent(1_000, 0, 1), "it never tells");
    }

    #[test]
    fn a_request_that_was_not_taken_up_costs_nothing() {
        let failed = |failure, status| {
            let mut spending = asked(400);
            let complaint = Complaint {
                status,
                ..Complaint::ours(failure, "no")
            };
            spending.heard(&Reply::Failed(failure), Some(&complaint));
            spending.total()
        };
        for (failure, status) in [
            (Failure::Refused, 401),
            (Failure::Busy, 429),
            (Failure::Busy, 200),
            (Failure::Broken, 500),
            (Failure::Broken, 0),
        ] {
            assert_eq!(failed(failure, status), Spent::default(), "{status}");
        }
        assert_eq!(failed(Failure::Broken, 200), spent(100, 0, 0));
    }

    /// Tells of a response that begins like this.
    fn begun(exchange: &mut Exchange, body: &str) -> Vec<Reply> {
        let mut replies = Vec::new();
        let head = Head {
            status: 200,
            content_type: "text/event-stream".to_owned(),
            ..Head::default()
        };
        exchange.head(&head, &mut replies);
        exchange.push(body.as_bytes(), &mut replies);
        replies
    }

    #[test]
    fn input_that_is_told_at_the_beginning_is_not_estimated() {
        let fetch = Anthropic(settings("https://x.test")).ask(&history());
        let (mut exchange, mut spending) = (fetch.exchange, Spending::begin(&fetch.request));
        let start = r#"{"type":"message_start","message":{"usage":{"input_tokens":25,"cache_read_input_tokens":5,"output_tokens":1}}}"#;
        let words = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"We are open on Monday."}}"#;
        let replies = begun(
            &mut exchange,
            &format!("data: {start}\n\ndata: {words}\n\n"),
        );
        spending.told(exchange.spent());
        for reply in &replies {
            spending.heard(reply, None);
        }
        assert_eq!(spending.total(), spent(25, 5, 6));
        let mut replies = Vec::new();
        exchange.finish(Ending::Cut, &mut replies);
        spending.heard(&replies[0], exchange.complaint());
        assert_eq!(spending.total(), spent(25, 5, 6));
    }
}
