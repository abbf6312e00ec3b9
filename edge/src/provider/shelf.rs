//! Where speech is kept: in this isolate's memory, for all its calls, and in the bucket, by the functions' leave.
//!
//! The platform's own cache is not used: it does nothing on the addresses that a Worker has without a domain of its own,
//! belongs to one data centre, and is not there on one machine.

use std::cell::RefCell;
use std::rc::Weak;
use std::time::Duration;

use audio::Clip;
use contract::{
    SPEECH_BYTES_MAX, SPEECH_KEYS_MAX, SpeechKey, SpeechReply, SpeechRequest, SpeechWish,
};
use futures_util::{StreamExt as _, stream};
use providers::phrase::{self, PhraseId, Shelf};
use wasm_bindgen::JsValue;
use worker::Result;

use super::phrase::Home;
use crate::functions::{self, succeeded};
use crate::line::Shell;
use crate::web::{Task, bytes, detach, send, spawn, timeout};

/// An eighth of what an isolate has.
const MEMORY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Phrases fetched at once: the platform allows six connections that wait for their answers.
const FETCHES_MAX: usize = 4;
/// How long the bucket may take for one of them.
const BUCKET_MAX: Duration = Duration::from_secs(5);

thread_local! {
    static SHELF: RefCell<Shelf> = const { RefCell::new(Shelf::new(MEMORY_BYTES_MAX)) };
}

pub(super) fn find(id: &PhraseId) -> Option<Clip> {
    SHELF.with_borrow_mut(|shelf| shelf.find(id))
}

pub(super) fn has(id: &PhraseId) -> bool {
    SHELF.with_borrow(|shelf| shelf.has(id))
}

pub(super) fn keep(id: PhraseId, sound: Clip) {
    SHELF.with_borrow_mut(|shelf| shelf.keep(id, sound));
}

/// Asks the bucket for phrases; each is told as it comes, and in the end that this was all.
pub(super) fn search(line: Weak<Shell>, home: Home, wanted: Vec<(PhraseId, String)>) -> Task {
    spawn("phrases", async move {
        if let Err(error) = look(&line, &home, &wanted).await {
            tracing::debug!(%error, "no kept speech is to be had");
        }
        if let Some(line) = line.upgrade() {
            line.provided(super::Works::searched);
        }
    })
}

async fn look(line: &Weak<Shell>, home: &Home, wanted: &[(PhraseId, String)]) -> Result<()> {
    let Some(shell) = line.upgrade() else {
        return Ok(());
    };
    let request = SpeechRequest {
        call: home.call,
        find: wanted
            .iter()
            .take(SPEECH_KEYS_MAX)
            .map(|(id, _)| SpeechKey::of(id))
            .collect(),
        keep: Vec::new(),
    };
    let reply: SpeechReply = functions::ask(&shell.env, &home.url, &request).await?;
    drop(shell);
    let places = wanted.iter().zip(reply.found);
    stream::iter(places)
        .for_each_concurrent(FETCHES_MAX, |((id, text), url)| async move {
            let sound = fetch(&url).await.ok().flatten();
            let sound = sound.and_then(|kept| phrase::unpack(id, &kept));
            let sound = sound.filter(|sound| phrase::is_plausible(text, sound));
            if let (Some(sound), Some(line)) = (sound, line.upgrade()) {
                let id = *id;
                line.provided(move |works, _| works.found(id, sound));
            }
        })
        .await;
    Ok(())
}

/// What lies there, if anything does.
async fn fetch(url: &str) -> Result<Option<Vec<u8>>> {
    let sent = send("GET", url, [], &JsValue::NULL)?;
    timeout(BUCKET_MAX, async {
        let (mut response, guard) = sent.response().await?;
        let body = response.bytes().await?;
        drop(guard);
        let is_there = response.status_code() == 200;
        let fits = u64::try_from(body.len()).is_ok_and(|length| length <= SPEECH_BYTES_MAX);
        Ok((is_there && fits).then_some(body))
    })
    .await
}

/// Puts a phrase into the bucket, beside everything else. If that fails, it is made anew some day.
pub(super) fn store(line: Weak<Shell>, home: Home, id: PhraseId, sound: &Clip) {
    let kept = phrase::pack(&id, sound);
    detach("phrase", async move {
        if let Err(error) = put(&line, &home, &id, &kept).await {
            tracing::warn!(%error, "a phrase cannot be kept");
        }
    });
}

async fn put(line: &Weak<Shell>, home: &Home, id: &PhraseId, kept: &[u8]) -> Result<()> {
    let Some(shell) = line.upgrade() else {
        return Ok(());
    };
    let wish = SpeechWish {
        key: SpeechKey::of(id),
        bytes: u64::try_from(kept.len()).unwrap_or(u64::MAX),
    };
    let request = SpeechRequest {
        call: home.call,
        find: Vec::new(),
        keep: vec![wish],
    };
    let reply: SpeechReply = functions::ask(&shell.env, &home.url, &request).await?;
    drop(shell);
    for upload in reply.kept {
        let headers = upload
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let sent = send("PUT", &upload.url, headers, &bytes(kept))?;
        timeout(BUCKET_MAX, async {
            let (mut response, guard) = sent.response().await?;
            response.bytes().await?;
            drop(guard);
            succeeded(&response, "a phrase")
        })
        .await?;
    }
    Ok(())
}
