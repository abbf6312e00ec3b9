//! Secrets Manager on one machine, as far as the functions ask it: `GetSecretValue`.
//!
//! Source: AWS Secrets Manager API reference, `GetSecretValue` (AWS JSON 1.1).

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::serve::{self, Server};

/// The running stand-in.
#[derive(Debug)]
pub struct Secrets {
    server: Server,
}

impl Secrets {
    /// Serves secrets, texts by their ARN, on `port` (0: a free one).
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(secrets: BTreeMap<String, String>, port: u16) -> io::Result<Self> {
        let router = Router::new().fallback(answer).with_state(Arc::new(secrets));
        Ok(Self {
            server: Server::start(serve::bind(port).await?, router),
        })
    }

    /// The endpoint: `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }
}

type ByArn = Arc<BTreeMap<String, String>>;

async fn answer(
    State(secrets): State<ByArn>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let operation = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    if operation != "secretsmanager.GetSecretValue" {
        return error(
            "UnknownOperationException",
            &format!("only GetSecretValue exists here, not '{operation}'"),
        );
    }
    let id = request
        .get("SecretId")
        .and_then(Value::as_str)
        .unwrap_or_default();
    // AWS accepts the ARN, the ARN without its random ending, and the name.
    let found = secrets.iter().find(|(arn, _)| {
        *arn == id
            || arn
                .rsplit_once('-')
                .is_some_and(|(start, _)| start == id || start.ends_with(&format!(":secret:{id}")))
    });
    let Some((arn, secret)) = found else {
        return error(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        );
    };
    let name = arn.rsplit_once(":secret:").map_or("", |(_, name)| name);
    let body = json!({
        "ARN": arn,
        "Name": name.rsplit_once('-').map_or(name, |(name, _)| name),
        "SecretString": secret,
        "VersionId": "00000000-0000-4000-8000-000000000000",
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": 0,
    });
    (
        StatusCode::OK,
        [("content-type", "application/x-amz-json-1.1")],
        body.to_string(),
    )
}

fn error(kind: &str, message: &str) -> (StatusCode, [(&'static str, &'static str); 1], String) {
    let body = json!({"__type": kind, "message": message}).to_string();
    (
        StatusCode::BAD_REQUEST,
        [("content-type", "application/x-amz-json-1.1")],
        body,
    )
}
