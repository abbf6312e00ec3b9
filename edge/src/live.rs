//! `GET /calls/{CallId}/events`: a call as it runs, as server-sent events, for whoever bears a pass.
//!
//! | event | id | data |
//! |---|---|---|
//! | `connected`, `turn`, `event`, `ended`, `summary`, `stored`, `filed` | the record's number | [`Numbered`]: turns as they were heard |
//! | `saying` | | `{"text"}`: what the bot begins to say; to one who comes in the middle of it, all that it has begun |
//! | `unheard` | | `{}`: of what the bot has begun to say, nothing was heard |
//! | `partial` | | `{"text"}`: what the caller seems to be saying |
//! | `state` | | `{"state"}`: `listening`, `thinking` or `speaking` |
//! | `ping` | | `{}`, every 15 s |
//! | `end` | | `{}`: nothing more comes; do not connect again |
//!
//! Who connects gets everything so far, or with `Last-Event-ID` what came after it. Nobody who watches keeps a call awake
//! that is not watched, and nobody who does not read what is sent is waited for.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;

use contract::{Numbered, Pass, Record};
use futures_util::stream;
use serde::Serialize;
use serde_json::json;
use worker::{Delay, Env, Error, Request, Response, Url};

use crate::clock::epoch_s;
use crate::cors;
use crate::door::{Answer, call_of, header, object};
use crate::line::Shell;
use crate::refusal::Refusal;
use crate::report::Reports;
use crate::settings;
use crate::web::{Task, spawn};

/// So often something is sent, so that nobody on the way thinks the connection dead.
const PING_EVERY: Duration = Duration::from_secs(15);
/// Whoever has so much to read is not reading.
const UNREAD_BYTES_MAX: usize = 1024 * 1024;
/// More need not watch one call.
const WATCHERS_MAX: usize = 16;

/// Whose turn it seems to be.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// The caller may speak.
    #[default]
    Listening,
    /// The caller has spoken, and waits.
    Thinking,
    /// The bot is heard.
    Speaking,
}

/// Something to be seen of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sight<'a> {
    /// A record.
    Record(&'a Numbered),
    /// The bot begins to say this.
    Saying(&'a str),
    /// Of what the bot has begun to say, nothing was heard: it was never said.
    Unheard,
    /// The caller seems to be saying this.
    Partial(&'a str),
    /// Whose turn it seems to be.
    State(State),
}

impl Sight<'_> {
    fn to_sse(self) -> Vec<u8> {
        match self {
            Self::Record(record) => {
                let data = serde_json::to_string(record).unwrap_or_default();
                let name = kind(&record.record);
                format!("id: {}\nevent: {name}\ndata: {data}\n\n", record.number).into_bytes()
            }
            Self::Saying(text) => event("saying", &json!({ "text": text })),
            Self::Unheard => event("unheard", &json!({})),
            Self::Partial(text) => event("partial", &json!({ "text": text })),
            Self::State(state) => event("state", &json!({ "state": state })),
        }
    }
}

const fn kind(record: &Record) -> &'static str {
    match record {
        Record::Connected { .. } => "connected",
        Record::Turn(_) => "turn",
        Record::Event(_) => "event",
        Record::Ended { .. } => "ended",
        Record::Summary { .. } => "summary",
        Record::Filed => "filed",
        Record::Stored { .. } => "stored",
    }
}

/// JSON has no line breaks outside of texts, and there they are escaped: one line of data is enough.
fn event(name: &str, data: &serde_json::Value) -> Vec<u8> {
    format!("event: {name}\ndata: {data}\n\n").into_bytes()
}

/// What one watcher has not read yet.
#[derive(Debug, Default)]
struct Feed {
    unread: VecDeque<Vec<u8>>,
    bytes: usize,
    is_over: bool,
    waker: Option<Waker>,
}

impl Feed {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        if self.bytes > UNREAD_BYTES_MAX {
            // It comes again with the number of the last record it has read.
            self.is_over = true;
        } else {
            self.unread.push_back(bytes.to_vec());
        }
        self.wake();
    }

    fn end(&mut self) {
        self.push(&event("end", &json!({})));
        self.is_over = true;
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// Those who watch a call.
#[derive(Default)]
pub(crate) struct Live {
    /// Whoever goes away takes the feed along.
    watchers: Vec<Weak<RefCell<Feed>>>,
    ping: Option<Task>,
}

impl Live {
    /// Whether anybody watches.
    pub(crate) fn is_watched(&self) -> bool {
        !self.watchers.is_empty()
    }

    /// Whether one more may watch.
    fn has_room(&mut self) -> bool {
        self.watchers.retain(|watcher| watcher.strong_count() > 0);
        self.watchers.len() < WATCHERS_MAX
    }

    /// Shows something.
    pub(crate) fn show(&mut self, sight: Sight<'_>) {
        if self.is_watched() {
            self.push(&sight.to_sse());
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.watchers.retain(|watcher| {
            let Some(feed) = watcher.upgrade() else {
                return false;
            };
            let mut feed = feed.borrow_mut();
            feed.push(bytes);
            !feed.is_over
        });
    }

    /// Nothing more comes.
    pub(crate) fn end(&mut self) {
        for watcher in self.watchers.drain(..) {
            if let Some(feed) = watcher.upgrade() {
                feed.borrow_mut().end();
            }
        }
        self.ping = None;
    }
}

/// Checks at the Worker who wants to watch.
pub(crate) async fn watch(request: Request, env: &Env, call: &str) -> Answer {
    let origin = cors::redirected(&request, env)?;
    let secret = settings::secret(env)?;
    let call = call_of(call)?;
    let url = request.url()?;
    let pass = query(&url, "pass").unwrap_or_default();
    if let Err(bad) = Pass::open(&pass, &secret, &call, epoch_s()) {
        return Err(Refusal::new(403, "pass_invalid", bad.to_string()));
    }
    let response = object(env, &call)?.fetch_with_request(request).await?;
    cors::mark(response, origin.as_deref())
}

/// Tells a browser that it may ask.
pub(crate) fn preflight(request: &Request, env: &Env) -> Answer {
    let origin = cors::redirected(request, env)?;
    let mut response = cors::mark(Response::empty()?.with_status(204), origin.as_deref())?;
    let headers = response.headers_mut();
    headers.set("access-control-allow-methods", "GET")?;
    headers.set(
        "access-control-allow-headers",
        "last-event-id, cache-control",
    )?;
    headers.set("access-control-max-age", "86400")?;
    Ok(response)
}

pub(crate) fn query(url: &Url, name: &str) -> Option<String> {
    let found = url.query_pairs().find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned())
}

impl Shell {
    /// Shows the call to one more.
    pub(crate) fn show(&self, request: &Request) -> Answer {
        if !self.wake() {
            return Err(Refusal::call_unknown());
        }
        // A browser that comes again says so itself; others may ask for it in the URL.
        let last = header(request, "last-event-id").parse::<u64>().ok();
        let asked = || query(&request.url().ok()?, "after")?.parse().ok();
        let after = last.or_else(asked).unwrap_or(0);
        let feed = Rc::new(RefCell::new(Feed::default()));
        self.fill(&feed, after)?;
        let body = stream::poll_fn(move |context| {
            let mut feed = feed.borrow_mut();
            match feed.unread.pop_front() {
                Some(chunk) => {
                    feed.bytes = feed.bytes.saturating_sub(chunk.len());
                    Poll::Ready(Some(Ok::<_, Error>(chunk)))
                }
                None if feed.is_over => Poll::Ready(None),
                None => {
                    feed.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        });
        let mut response = Response::from_stream(body)?;
        let headers = response.headers_mut();
        headers.set("content-type", "text/event-stream; charset=utf-8")?;
        headers.set("cache-control", "no-store")?;
        Ok(response)
    }

    /// Everything so far, and from now on what comes.
    fn fill(&self, feed: &Rc<RefCell<Feed>>, after: u64) -> Result<(), Refusal> {
        let mut talk = self.talk.borrow_mut();
        let Some(talk) = talk.as_mut() else {
            return Err(Refusal::call_unknown());
        };
        if !talk.live.has_room() {
            let message = "too many watch this call: close another stream first";
            return Err(Refusal::new(429, "too_many_watchers", message));
        }
        let mut reports = Reports::of(&talk.opening);
        let told = self.retell(&mut reports);
        let mut first = feed.borrow_mut();
        for record in told.iter().filter(|record| record.number > after) {
            // However long the call was: this is read before anything else comes.
            first.unread.push_back(Sight::Record(record).to_sse());
        }
        if talk.is_over() {
            first.end();
            return Ok(());
        }
        if let Some(saying) = reports.saying() {
            first.push(&Sight::Saying(saying).to_sse());
        }
        first.push(&Sight::State(talk.state).to_sse());
        talk.live.watchers.push(Rc::downgrade(feed));
        if talk.live.ping.is_none() {
            let me = Weak::clone(&self.me);
            talk.live.ping = Some(spawn("ping", async move {
                loop {
                    Delay::from(PING_EVERY).await;
                    let Some(shell) = me.upgrade() else {
                        return;
                    };
                    let mut is_watched = false;
                    shell.with(|talk| {
                        talk.live.push(&event("ping", &json!({})));
                        is_watched = talk.live.is_watched();
                    });
                    if !is_watched {
                        break;
                    }
                }
                if let Some(shell) = me.upgrade() {
                    shell.with(|talk| talk.live.ping = None);
                }
            }));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{Event, Source};

    fn texts(feed: &RefCell<Feed>) -> Vec<String> {
        let unread = std::mem::take(&mut feed.borrow_mut().unread);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        unread.into_iter().map(text).collect()
    }

    #[test]
    fn a_record_bears_its_number_and_its_kind_and_fits_on_one_line() {
        let record = Numbered {
            number: 7,
            at_ms: 5,
            record: Record::Event(Event {
                name: "barge_in".to_owned(),
                detail: "a\nb".to_owned(),
                at_ms: 1,
                source: Source::default(),
            }),
        };
        let text = String::from_utf8(Sight::Record(&record).to_sse()).unwrap();
        assert!(text.starts_with("id: 7\nevent: event\ndata: {"), "{text}");
        assert_eq!(text.lines().count(), 4, "{text}");
    }

    #[test]
    fn who_does_not_read_is_let_go_and_who_went_away_is_forgotten() {
        let (reads, sleeps) = (Rc::default(), Rc::default());
        let mut live = Live {
            watchers: vec![Rc::downgrade(&reads), Rc::downgrade(&sleeps), Weak::new()],
            ping: None,
        };
        let words = "x".repeat(1_000);
        for _ in 0..2_000 {
            live.show(Sight::Partial(&words));
            let mut feed: std::cell::RefMut<'_, Feed> = reads.borrow_mut();
            feed.unread.clear();
            feed.bytes = 0;
        }
        assert_eq!(live.watchers.len(), 1);
        let slept: &RefCell<Feed> = &sleeps;
        assert!(slept.borrow().is_over && slept.borrow().bytes <= UNREAD_BYTES_MAX + 2_000);
        live.end();
        assert_eq!(texts(&reads), ["event: end\ndata: {}\n\n"]);
        assert!(!live.is_watched());
    }
}
