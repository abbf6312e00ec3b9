//! The edge: a Worker that lets calls and streams in, and a Durable Object, [`line::Line`], that holds one call.
//!
//! | route | who asks | what for |
//! |---|---|---|
//! | `PUT /calls/{CallId}` | functions, sealed | open a call, or announce its next stream |
//! | `GET /media/{CallId}/{ticket}` | Twilio, signed | the media stream's WebSocket |
//! | `POST /fallback` | Twilio, when the functions fail | TwiML that says sorry |
//! | `GET /health` | anyone | whether this deployment is configured |
//!
//! Whatever is refused is refused here, before any object is woken, as far as it can be told here.

mod carrier;
mod clock;
mod deliver;
mod door;
mod line;
mod lineup;
mod log;
mod provider;
mod recorder;
mod report;
mod settings;
mod store;
mod stream;
mod talk;
mod upload;
mod web;

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
