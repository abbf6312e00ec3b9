//! Conversations through a socket of the caller's own: a page, an app, a program. Same engine, same bots, same object as for
//! a telephone call.
//!
//! `GET /ws/assistant` speaks JSON, `GET /ws` the same with sound in binary frames. Every text frame is an object with a
//! `type`:
//!
//! | client → edge | members | |
//! |---|---|---|
//! | `auth` | `token`, `bot`?, `call`?, `input`?, `output`? | first, within 5 s; again later with a fresh token |
//! | `audio` | `audio_data` | base64; on `/ws` a binary frame instead |
//! | `text` | `text` | a typed turn, at most 2000 characters |
//! | `played` | `ms` | how much of our sound was played so far |
//! | `interrupt` | | the bot stops speaking |
//! | `hang_up` | | the conversation is over |
//!
//! | edge → client | members | |
//! |---|---|---|
//! | `ready` | `call`, `bot`, `resumed`, `expires_s`, `input`, `output` | the bot hears; positions count from 0 |
//! | `renewed` | `expires_s` | a fresh token on an open socket was good; all else goes on |
//! | `transcript` | `text`, `final` | what the caller said, or seems to be saying |
//! | `reply` | `text`, `heard`, `interrupted`? | `heard: false`: what the bot begins to say; `true`: what of the whole reply was heard, which may be nothing |
//! | `audio` | `audio_data` | base64; on `/ws` a binary frame instead |
//! | `clear` | | forget all sound that is queued, at once |
//! | `state` | `state` | `listening`, `thinking`, `speaking` |
//! | `event` | `name`, `detail`? | as in the call's log |
//! | `error` | `code`, `message` | |
//! | `ended` | `reason` | nothing more comes |
//!
//! Sound is PCM, 16 bit, little-endian, mono, 16 kHz, unless `auth` says otherwise: `input`
//! `{"encoding":"pcm16","rate_hz":48000}` (any of 8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000) or
//! `{"encoding":"mulaw"}` (8000 Hz); `output` `pcm16` (16 000 Hz), `mulaw` (8000 Hz) or `none`.
//!
//! **Heard, not sent.** The edge sends little ahead and remembers where in the sound its marks lie. `played` says how many
//! milliseconds of all the sound since `ready` were played; on `clear`, whatever was received counts as dealt with. So
//! positions only grow, and one that was under way when the edge said `clear` can do no harm. For a client that never
//! says `played`, sound counts as heard when it must have been.
//!
//! **Not too much.** Of `text`, `interrupt` and `auth`, ten may come at once and five a second; the rest is not heard, which
//! an `error` with the code `flood` says once. Nor is sound heard that is two seconds ahead of what can have been said.
//!
//! **Going on.** A socket that breaks does not end the conversation: for half a minute, another one with `?call=WB…` in its
//! URL and a token of the same subject goes on with it, without a second greeting. Close codes: 4401 no or no good token,
//! 4403 somebody else's conversation, 4404 no such conversation, 4410 it is over, 1013 try again later.

mod auth;
mod guest;
mod mouth;
mod playout;
mod sound;
mod wire;

pub(crate) use mouth::Mouth;
pub(crate) use wire::Kind;

use contract::CallId;
use wasm_bindgen::JsCast as _;
use worker::{Env, Headers, Request, RequestInit};

use crate::cors;
use crate::door::{ADDRESS, Answer, header, must_upgrade, object};
use crate::live::query;
use crate::refusal::Refusal;
use crate::settings;

/// A socket asks to be let in: it is, but nothing is heard before it shows a token.
pub(crate) async fn enter(request: Request, env: &Env, kind: Kind) -> Answer {
    must_upgrade(&request)?;
    cors::allowed(&request, env)?;
    settings::secret(env)?;
    settings::api_url(env)?;
    let (call, way) = match query(&request.url()?, "call") {
        None => (new_call()?, "new"),
        Some(text) => {
            let call: Option<CallId> = text.parse().ok();
            let call = call.filter(CallId::is_web);
            (call.ok_or_else(Refusal::call_unknown)?, "again")
        }
    };
    let headers = Headers::new();
    headers.set("upgrade", "websocket")?;
    headers.set(ADDRESS, &header(&request, ADDRESS))?;
    let mut init = RequestInit::new();
    init.with_headers(headers);
    let url = format!("https://line/ws/{call}/{}/{way}", kind.name());
    let inner = Request::new_with_init(&url, &init)?;
    Ok(object(env, &call)?.fetch_with_request(inner).await?)
}

/// A name that nobody can guess.
fn new_call() -> Result<CallId, Refusal> {
    let scope: web_sys::WorkerGlobalScope = js_sys::global().unchecked_into();
    let mut random = [0; 16];
    let filled = scope
        .crypto()
        .and_then(|crypto| crypto.get_random_values_with_u8_array(&mut random));
    filled.map_err(|_| Refusal::new(500, "internal", "there is no chance: try again"))?;
    Ok(CallId::web(u128::from_le_bytes(random)))
}
