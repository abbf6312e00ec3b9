//! Providers' work, by request: what is asked goes out at once, what comes back becomes inputs. Cancelling is dropping.

use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::time::Duration;

use call::{Failure, Feed, Input, Reply, Request, RequestId, Stage};
use futures_util::StreamExt as _;
use providers::openai::Listening;
use providers::{End, Exchange, Fetch, Flushed, Head};
use worker::{Error, Response, Result};

use crate::line::Shell;
use crate::settings::Providers;
use crate::web::{AbortOnDrop, Sent, Task, bytes, send, spawn, timeout};

/// No request lasts longer. The engine gives up far earlier; this is for responses that nobody waits for any more.
const LONGEST: Duration = Duration::from_mins(1);

/// The requests under way.
pub(crate) struct Works {
    line: Weak<Shell>,
    providers: Rc<Providers>,
    under_way: BTreeMap<RequestId, Work>,
}

/// One request of the engine's.
enum Work {
    /// What was fed so far, and the latest transcript that is on its way.
    Listening(Box<Listening>, Option<Task>),
    /// A response on its way.
    Fetching { _task: Task },
}

impl Work {
    fn fetching(task: Task) -> Self {
        Self::Fetching { _task: task }
    }
}

impl Works {
    /// None under way yet.
    pub(crate) fn new(line: Weak<Shell>, providers: Rc<Providers>) -> Self {
        Self {
            line,
            providers,
            under_way: BTreeMap::new(),
        }
    }

    /// Starts a request.
    pub(crate) fn ask(&mut self, id: RequestId, request: Request) {
        let stage = request.stage();
        let work = match request {
            Request::Listen => Work::Listening(Box::new(self.providers.listen.ask()), None),
            Request::Think { history } => Work::fetching(run(
                &self.line,
                id,
                stage,
                self.providers.think.ask(&history),
            )),
            Request::Speak { text } => {
                Work::fetching(run(&self.line, id, stage, self.providers.speak.ask(&text)))
            }
            Request::Do { .. } => Work::fetching(refuse(&self.line, id, stage)),
        };
        self.under_way.insert(id, work);
    }

    /// Gives a request more. What can be answered at once comes back.
    pub(crate) fn feed(&mut self, id: RequestId, feed: Feed) -> Option<Input> {
        let Some(Work::Listening(listening, _)) = self.under_way.get_mut(&id) else {
            return None;
        };
        let flush = match feed {
            Feed::Audio(clip) => {
                listening.feed(&clip);
                return None;
            }
            Feed::Flush(flush) => flush,
        };
        match listening.flush(flush) {
            Flushed::Answer(reply) => Some(Input::Reply(id, reply)),
            Flushed::Fetch(fetch) => {
                let fetching = run(&self.line, id, Stage::Listen, fetch);
                if let Some(Work::Listening(_, latest)) = self.under_way.get_mut(&id) {
                    // An older transcript, of less, is not wanted any more.
                    *latest = Some(fetching);
                }
                None
            }
        }
    }

    /// Stops a request.
    pub(crate) fn cancel(&mut self, id: RequestId) {
        self.under_way.remove(&id);
    }

    /// Stops them all.
    pub(crate) fn cancel_all(&mut self) {
        self.under_way.clear();
    }
}

/// Answers that nobody does this here.
fn refuse(line: &Weak<Shell>, id: RequestId, stage: Stage) -> Task {
    let line = Weak::clone(line);
    spawn("refusal", async move {
        report(&line, id, stage, &mut vec![Reply::Failed(Failure::Refused)]);
        if let Some(line) = line.upgrade() {
            line.finished(id);
        }
    })
}

/// Sends a request, now, and has its replies handed in as they come.
fn run(line: &Weak<Shell>, id: RequestId, stage: Stage, fetch: Fetch) -> Task {
    let Fetch {
        request,
        mut exchange,
    } = fetch;
    let post = move || {
        let headers = request
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        send(request.method, &request.url, headers, &bytes(&request.body))
    };
    let sent = post();
    let line = Weak::clone(line);
    spawn("provider", async move {
        let work = follow(&line, id, stage, (sent, post), &mut exchange);
        if timeout(LONGEST, work).await.is_err() && !exchange.is_over() {
            report(&line, id, stage, &mut vec![Reply::Failed(Failure::Late)]);
        }
        if let Some(complaint) = exchange.complaint() {
            let call = line.upgrade().map(|line| line.name()).unwrap_or_default();
            tracing::warn!(call, ?stage, failure = ?complaint.failure, status = complaint.status, code = complaint.code, "a provider failed");
            tracing::debug!(
                call,
                ?stage,
                message = complaint.message,
                "what the provider said"
            );
        }
        if stage != Stage::Listen
            && let Some(line) = line.upgrade()
        {
            line.finished(id);
        }
    })
}

/// Follows a response to its end.
async fn follow(
    line: &Weak<Shell>,
    id: RequestId,
    stage: Stage,
    (sent, again): (Result<Sent>, impl FnOnce() -> Result<Sent>),
    exchange: &mut Exchange,
) -> Result<()> {
    let mut replies = Vec::new();
    let mut answered = answer(sent).await;
    if answered.is_err() {
        // The connection was one of before that the provider had closed meanwhile, as some do after each error. That is
        // no failure of this request, and must not use up its one repetition.
        answered = answer(again()).await;
    }
    let (mut response, guard) = match answered {
        Ok(answered) => answered,
        Err(error) => {
            exchange.finish(End::Cut, &mut replies);
            report(line, id, stage, &mut replies);
            tracing::debug!(?stage, %error, "the request did not get through");
            return Ok(());
        }
    };
    let head = Head {
        status: response.status_code(),
        content_type: response.headers().get("content-type")?.unwrap_or_default(),
        retry_after: response.headers().get("retry-after")?.unwrap_or_default(),
    };
    exchange.head(&head, &mut replies);
    report(line, id, stage, &mut replies);
    let mut end = End::Complete;
    match response.stream() {
        // What comes after the last reply is read too, so that the connection can be used again.
        Ok(mut body) => {
            while let Some(chunk) = body.next().await {
                let Ok(chunk) = chunk else {
                    end = End::Cut;
                    break;
                };
                exchange.push(&chunk, &mut replies);
                report(line, id, stage, &mut replies);
            }
        }
        // Some answers have none.
        Err(Error::BodyUsed | Error::RustError(_)) => (),
        Err(_) => end = End::Cut,
    }
    exchange.finish(end, &mut replies);
    report(line, id, stage, &mut replies);
    drop(guard);
    Ok(())
}

/// Waits for the head of a response.
async fn answer(sent: Result<Sent>) -> Result<(Response, AbortOnDrop)> {
    sent?.response().await
}

/// Hands in what came: every reply is an input of its own.
fn report(line: &Weak<Shell>, id: RequestId, stage: Stage, replies: &mut Vec<Reply>) {
    let Some(line) = line.upgrade() else {
        return;
    };
    for reply in replies.drain(..) {
        // A transcript's end is not the end of listening, which goes on until it is cancelled.
        if stage == Stage::Listen && matches!(reply, Reply::Done(_)) {
            continue;
        }
        line.step(Input::Reply(id, reply));
    }
}
