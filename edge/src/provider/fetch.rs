//! A request to a provider, and its response.

use std::rc::Weak;
use std::time::Duration;

use call::{Failure, Reply, RequestId, Spent, Stage};
use futures_util::StreamExt as _;
use providers::{End, Exchange, Fetch, Head, HttpRequest, Runner};
use worker::{Error, Response, Result};

use crate::line::Shell;
use crate::web::{AbortOnDrop, Sent, Task, bytes, send, spawn, within};

/// No request lasts longer. The engine gives up far earlier; this is for responses that nobody waits for any more.
const LONGEST: Duration = Duration::from_mins(1);

/// What a request is for: the engine's request, who was asked, and for which stage.
pub(super) type Asked = (RequestId, Runner, Stage);

/// Sends a request, now, and has its replies handed in as they come.
pub(super) fn run(line: &Weak<Shell>, asked: Asked, fetch: Fetch) -> Task {
    let Fetch {
        request,
        mut exchange,
    } = fetch;
    let sent = post(&request);
    let line = Weak::clone(line);
    spawn("provider", async move {
        let work = follow(&line, asked, (sent, || post(&request)), &mut exchange);
        if within(LONGEST, work).await.is_err() && !exchange.is_over() {
            hand_in(&line, asked, Reply::Failed(Failure::Late), &exchange);
        }
        if let Some(line) = line.upgrade() {
            let (id, runner, _) = asked;
            line.provided(move |works, _| works.finished(id, runner));
        }
    })
}

/// Follows a response to its end.
async fn follow(
    line: &Weak<Shell>,
    asked: Asked,
    (sent, again): (Result<Sent>, impl FnOnce() -> Result<Sent>),
    exchange: &mut Exchange,
) {
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
            report(line, asked, &mut replies, exchange);
            tracing::debug!(%error, "the request did not get through");
            return;
        }
    };
    exchange.head(&head(&response), &mut replies);
    report(line, asked, &mut replies, exchange);
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
                report(line, asked, &mut replies, exchange);
            }
        }
        // Some answers have none.
        Err(Error::BodyUsed | Error::RustError(_)) => (),
        Err(_) => end = End::Cut,
    }
    exchange.finish(end, &mut replies);
    report(line, asked, &mut replies, exchange);
    drop(guard);
}

/// What is to be known of a response before its body.
pub(crate) fn head(response: &Response) -> Head {
    let header = |name: &str| response.headers().get(name).ok().flatten();
    Head::new(response.status_code(), header)
}

/// Sends a request to a provider.
pub(crate) fn post(request: &HttpRequest) -> Result<Sent> {
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    send(request.method, &request.url, headers, &bytes(&request.body))
}

/// Waits for the head of a response.
async fn answer(sent: Result<Sent>) -> Result<(Response, AbortOnDrop)> {
    sent?.response().await
}

/// Hands in what came. (Once a failure is told, whoever told it may be stopped: what is to be logged is logged before.)
fn report(line: &Weak<Shell>, asked: Asked, replies: &mut Vec<Reply>, exchange: &Exchange) {
    let Some(shell) = line.upgrade() else {
        return;
    };
    let (id, runner, stage) = asked;
    let spent = exchange.spent();
    if replies.is_empty() && spent != Spent::default() {
        shell.provided(move |works, _| works.told(id, runner, spent));
    }
    if let Some(complaint) = exchange.complaint().filter(|_| !replies.is_empty()) {
        let call = shell.name();
        tracing::warn!(call, ?stage, failure = ?complaint.failure, status = complaint.status, code = complaint.code, "a provider failed");
        tracing::debug!(
            call,
            ?stage,
            message = complaint.message,
            "what the provider said"
        );
    }
    for reply in replies.drain(..) {
        hand_in(line, asked, reply, exchange);
    }
}

/// Every reply is an input of its own.
fn hand_in(line: &Weak<Shell>, (id, runner, _): Asked, reply: Reply, exchange: &Exchange) {
    if let Some(line) = line.upgrade() {
        line.provided(|works, now| {
            works.told(id, runner, exchange.spent());
            works.heard(now, id, runner, reply, exchange.complaint());
        });
    }
}
