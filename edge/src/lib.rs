//! The edge: a Worker that lets calls, streams and sockets in; a Durable Object, [`line::Line`], that holds one call; and
//! another, [`errand::Errand`], that is the functions' alarm clock.
//!
//! | route | who asks | what for |
//! |---|---|---|
//! | `PUT /calls/{CallId}` | functions, sealed | open a call, or announce its next stream |
//! | `POST /calls/{CallId}/orders` | functions, sealed | interrupt, say, transfer, hang up, press keys, wrap up |
//! | `POST /calls/{CallId}/played` | functions, sealed | the carrier has played a file: what comes next |
//! | `GET /calls/{CallId}/events?pass=…` | whoever bears a [`contract::Pass`] | a call as it runs, as server-sent events |
//! | `PUT /errands/{id}` | functions, sealed | to be called back later, until it is done |
//! | `GET /media/{CallId}/{ticket}` | Twilio, signed | the media stream's WebSocket |
//! | `GET /ws/assistant` | whoever shows a token | a conversation in JSON: sound, text, state |
//! | `GET /ws` | whoever shows a token | the same with sound in binary frames |
//! | `POST /fallback` | Twilio, when the functions fail | TwiML that says sorry |
//! | `GET /config.json` | the pages | where the API is |
//! | `GET /health` | anyone | whether this deployment is configured |
//! | `POST /health` | functions, sealed | the same, whether both hold the same secret, and the default models |
//!
//! Whatever is refused is refused here, before any object is woken, as far as it can be told here. A socket that has not
//! shown a token yet is held by an object in which there is no call: nothing is written, and no provider asked.
//!
//! | variable | what for |
//! |---|---|
//! | `EDGE_SECRET` | seals what goes between functions and edge |
//! | `API_URL` | the function `calls`, which knows tokens: `POST {API_URL}/sessions` |
//! | `CORS_ORIGINS` | pages of other hosts that may use sockets and events |
//! | `LOCATION_HINT`, `LOG_LEVEL` | where calls live; how much is logged |
//!
//! and those of the providers: see `wrangler.toml`.

mod allowance;
mod assistant;
mod carrier;
mod clock;
mod cors;
mod deliver;
mod door;
mod errand;
mod functions;
mod line;
mod lineup;
mod live;
mod log;
mod mouth;
mod open;
mod order;
mod outbox;
mod play;
mod provider;
mod recorder;
mod refusal;
mod report;
mod settings;
mod store;
mod stream;
mod summary;
mod talk;
mod tool;
mod upload;
mod wake;
mod web;

pub use errand::Errand;
pub use line::Line;

use contract::ErrorBody;
use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> Result<Response> {
    log::install(web::env_opt(&env, "LOG_LEVEL").as_deref());
    match door::enter(request, &env).await {
        Ok(response) => Ok(response),
        Err(error) => {
            tracing::error!(%error, "a request failed");
            web::refuse(
                500,
                &ErrorBody::new("internal", "something broke on our side: try again"),
            )
        }
    }
}
