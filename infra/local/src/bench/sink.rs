//! Stands where the functions are: accepts every record, wants no upload.

use axum::extract::Json;
use axum::routing::post;
use axum::{Router, http::StatusCode};
use contract::{Accepted, Batch};

use crate::serve::{Server, bind};

/// Starts it on a free port.
///
/// # Errors
///
/// No port is to be had.
pub(super) async fn start() -> std::io::Result<Server> {
    let records = post(async |Json(batch): Json<Batch>| {
        let through = batch.records.last().map_or(0, |record| record.number);
        Json(Accepted {
            through,
            wrap: false,
        })
    });
    let uploads = post(async || StatusCode::NOT_FOUND);
    let router = Router::new()
        .route("/records", records)
        .route("/uploads", uploads);
    Ok(Server::start(bind(0).await?, router))
}
