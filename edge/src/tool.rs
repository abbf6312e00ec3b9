//! Tools that are servers of the operator's: the model's wish goes there by `POST`, signed as webhooks are, and what comes
//! back goes to the model.
//!
//! Body: `{"call", "tool", "arguments"}`. Any 2xx with at most 16 kB of text is the result. It is asked once; a redirect is
//! not followed, since the arguments are the caller's words and the signature is for this server.

use std::collections::BTreeMap;
use std::rc::Weak;
use std::time::Duration;

use call::{Failure, Input, Reply, RequestId};
use contract::{CallId, Opening, Tool, WebhookTool};
use futures_util::StreamExt as _;
use serde_json::{Map, Value, json};
use worker::{Error, Response, Result};

use crate::clock::epoch_s;
use crate::line::Shell;
use crate::web::{Late, Task, bytes, send, spawn, within};

/// The longest result.
const RESULT_BYTES_MAX: usize = 16 * 1024;

/// Those at work.
#[derive(Default)]
pub(crate) struct Tools {
    at_work: BTreeMap<RequestId, Task>,
    /// What the latest answered, until it is taken.
    answered: Option<Input>,
}

impl Tools {
    /// Has a tool called.
    pub(crate) fn run(
        &mut self,
        line: &Weak<Shell>,
        id: RequestId,
        name: String,
        arguments: String,
    ) {
        self.at_work.insert(id, run(line, id, name, arguments));
    }

    /// Nobody waits for it any more.
    pub(crate) fn cancel(&mut self, id: RequestId) {
        self.at_work.remove(&id);
    }

    fn answer(&mut self, id: RequestId, reply: Reply) {
        let is_awaited = self.at_work.remove(&id).is_some();
        self.answered = is_awaited.then_some(Input::Reply(id, reply));
    }

    /// What one has answered, for the engine.
    pub(crate) fn take_input(&mut self) -> Option<Input> {
        self.answered.take()
    }
}

/// Has a tool called. It is written down before it is called: after a crash nobody knows whether it was.
fn run(line: &Weak<Shell>, id: RequestId, name: String, arguments: String) -> Task {
    let line = Weak::clone(line);
    spawn("tool", async move {
        let Some(shell) = line.upgrade() else {
            return;
        };
        let reply = match shell.opening() {
            Ok(opening) => call(&opening, id, &name, &arguments).await,
            Err(_) => Err(Failure::Broken),
        };
        if let Err(failure) = &reply {
            tracing::warn!(call = shell.name(), tool = name, ?failure, "a tool failed");
        }
        let reply = reply.map_or_else(Reply::Failed, Reply::Result);
        shell.provided(|works, _| works.tools.answer(id, reply));
    })
}

async fn call(
    opening: &Opening,
    id: RequestId,
    name: &str,
    arguments: &str,
) -> std::result::Result<String, Failure> {
    let tool = find(opening, name).ok_or(Failure::Refused)?;
    let body = body(opening.call, name, arguments).ok_or(Failure::Refused)?;
    let mut headers = vec![("content-type", "application/json".to_owned())];
    if let Some(secret) = &opening.hook_secret {
        // One for each wish, so that the server can tell it from another of the same words.
        let message = format!("{}-{}", opening.call, id.0);
        headers.extend(secret.headers(&message, epoch_s(), &body));
    }
    let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
    let sent = send("POST", &tool.url, headers, &bytes(&body)).map_err(|_| Failure::Refused)?;
    let answer = within(Duration::from_millis(tool.timeout_ms.into()), async {
        let (response, guard) = sent.response().await?;
        let answer = read(response).await?;
        drop(guard);
        Ok::<_, Error>(answer)
    });
    match answer.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(Failure::Broken),
        Err(Late { .. }) => Err(Failure::Late),
    }
}

fn find<'a>(opening: &'a Opening, name: &str) -> Option<&'a WebhookTool> {
    opening.bot.tools.iter().find_map(|tool| match tool {
        Tool::Webhook(webhook) => (webhook.name == name).then_some(webhook),
        Tool::EndCall | Tool::Transfer { .. } | Tool::SendKeys => None,
    })
}

/// What the server is told; none if the model wrote no object.
fn body(call: CallId, name: &str, arguments: &str) -> Option<Vec<u8>> {
    let arguments: Map<String, Value> = if arguments.trim().is_empty() {
        Map::new()
    } else {
        serde_json::from_str(arguments).ok()?
    };
    let body = json!({ "call": call, "tool": name, "arguments": arguments });
    serde_json::to_vec(&body).ok()
}

async fn read(mut response: Response) -> Result<std::result::Result<String, Failure>> {
    match response.status_code() {
        200..300 => (),
        429 => return Ok(Err(Failure::Busy)),
        // A redirect of which nothing may be told counts as 0.
        0 | 300..500 => return Ok(Err(Failure::Refused)),
        _ => return Ok(Err(Failure::Broken)),
    }
    let mut text = Vec::new();
    if let Ok(mut chunks) = response.stream() {
        while let Some(chunk) = chunks.next().await {
            text.extend(chunk?);
            if text.len() > RESULT_BYTES_MAX {
                return Ok(Err(Failure::Broken));
            }
        }
    }
    Ok(String::from_utf8(text).map_err(|_| Failure::Broken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_told_of_the_call_the_tool_and_the_arguments() {
        let call = CallId::web(7);
        let told = |arguments: &str| {
            let body = body(call, "look_up", arguments)?;
            serde_json::from_slice::<Value>(&body).ok()
        };
        let with = |arguments: Value| {
            Some(json!({ "call": call, "tool": "look_up", "arguments": arguments }))
        };
        assert_eq!(
            told(r#"{"day":"Friday"}"#),
            with(json!({ "day": "Friday" }))
        );
        assert_eq!(told(" "), with(json!({})));
        assert_eq!(told("[1]"), None);
        assert_eq!(told("{"), None);
    }
}
