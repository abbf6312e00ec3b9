//! Lambda on one machine: the Runtime API that the binaries speak, and function URLs that speak HTTP to the world.
//!
//! The binaries are the ones that are deployed. Every function URL has a port of its own, so that its paths, and the
//! URLs that Twilio signs, look as they do at AWS.

mod event;
mod instance;
mod pool;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures_util::future::try_join_all;
use tokio::net::TcpListener;

use crate::child::Log;
use crate::serve::Server;
use crate::template::FunctionSpec;

pub use pool::InvokeError;
use pool::Pool;

/// What Lambda allows for an invocation's event and for its answer, in bytes.
pub const PAYLOAD_BYTES_MAX: usize = 6 * 1024 * 1024;

/// How the functions are run.
#[derive(Debug, Clone)]
pub struct EmulatorOptions {
    /// Where the binaries are: `target/debug`, `.aws-sam/build` or `target/lambda`.
    pub binaries: PathBuf,
    /// Variables for every function beside those of the template: endpoints of the local stores, credentials.
    pub environment: BTreeMap<String, String>,
    /// Where each function's log file goes.
    pub logs: PathBuf,
    /// Print the logs to standard error too.
    pub verbose: bool,
    /// Instances per function: what this machine can bear. Requests wait for them; more requests at once than the
    /// function may serve are a 429.
    pub instances_max: usize,
}

/// The running functions.
#[derive(Debug)]
pub struct Emulator {
    functions: BTreeMap<String, Running>,
}

#[derive(Debug)]
struct Running {
    pool: Arc<Pool>,
    url: Option<Server>,
}

/// A function and the port its URL listens on, if it has one.
#[derive(Debug)]
pub struct Deployment {
    /// The function.
    pub spec: FunctionSpec,
    /// Its function URL. Bound before the functions' environments are resolved, since those contain the URLs.
    pub listener: Option<TcpListener>,
}

impl Emulator {
    /// Brings the functions up. No instance runs until the first request.
    ///
    /// # Errors
    /// When a binary is missing or a log file cannot be made.
    pub fn start(deployments: Vec<Deployment>, options: &EmulatorOptions) -> io::Result<Self> {
        let mut functions = BTreeMap::new();
        for Deployment { spec, listener } in deployments {
            let program = find_binary(&options.binaries, &spec)?;
            let log = Log::create(&options.logs, &spec.binary, options.verbose)?;
            let name = spec.binary.clone();
            let pool = Pool::new(spec, program, options, log);
            let url = listener.map(|listener| {
                let port = listener.local_addr().map_or(0, |address| address.port());
                let router = Router::new().fallback(serve_url);
                let router = router
                    .layer(DefaultBodyLimit::disable())
                    .with_state(Endpoint {
                        pool: Arc::clone(&pool),
                        port,
                    });
                Server::start(listener, router)
            });
            functions.insert(name, Running { pool, url });
        }
        Ok(Self { functions })
    }

    /// The URL of a function, by the name of its binary, without a final slash.
    #[must_use]
    pub fn url(&self, name: &str) -> Option<String> {
        Some(self.functions.get(name)?.url.as_ref()?.url())
    }

    /// All function URLs by the names of the binaries.
    pub fn urls(&self) -> impl Iterator<Item = (&str, String)> {
        self.functions
            .iter()
            .filter_map(|(name, running)| Some((name.as_str(), running.url.as_ref()?.url())))
    }

    /// Invokes a function with an event, past its URL.
    ///
    /// # Errors
    /// As Lambda would report them.
    pub async fn invoke(&self, name: &str, event: Bytes) -> Result<Bytes, InvokeError> {
        let running = self.functions.get(name).ok_or(InvokeError::Init)?;
        running.pool.invoke(event, &event::trace_id()).await
    }

    /// An outage of one function, or of all of them without a name: connections to the URL end at once, and the
    /// instances are killed.
    pub async fn down(&self, name: Option<&str>) {
        for (_, running) in self.chosen(name) {
            if let Some(url) = &running.url {
                url.close();
            }
            running.pool.kill_all().await;
        }
    }

    /// The end of an outage. The first requests are cold starts.
    pub fn up(&self, name: Option<&str>) {
        for (_, running) in self.chosen(name) {
            if let Some(url) = &running.url {
                url.open();
            }
        }
    }

    /// Starts an instance of every function, so that the first request is served at once.
    ///
    /// # Errors
    /// Quotes the log of a function that does not start, for instance because a variable is missing.
    pub async fn warm(&self) -> io::Result<()> {
        let starts = self.functions.values().map(|running| running.pool.warm());
        try_join_all(starts).await.map(drop)
    }

    /// How many instances of a function run.
    #[must_use]
    pub fn instances(&self, name: &str) -> usize {
        self.functions
            .get(name)
            .map_or(0, |running| running.pool.instances())
    }

    /// Stops every instance: SIGTERM, then SIGKILL.
    pub async fn stop(&self) {
        for running in self.functions.values() {
            if let Some(url) = &running.url {
                url.close();
            }
            running.pool.stop_all().await;
        }
    }

    fn chosen(&self, name: Option<&str>) -> impl Iterator<Item = (&String, &Running)> {
        self.functions
            .iter()
            .filter(move |(own, _)| name.is_none_or(|name| name == own.as_str()))
    }
}

/// `cargo build`, `cargo lambda build` and `sam build` put a binary in three different places.
fn find_binary(directory: &Path, spec: &FunctionSpec) -> io::Result<PathBuf> {
    let places = [
        directory.join(&spec.binary),
        directory.join(&spec.binary).join("bootstrap"),
        directory.join(&spec.logical_id).join("bootstrap"),
    ];
    places
        .iter()
        .find(|place| place.is_file())
        .cloned()
        .ok_or_else(|| {
            let message = format!(
                "the binary of function {} is not in {}: run `make build`",
                spec.binary,
                directory.display()
            );
            io::Error::new(io::ErrorKind::NotFound, message)
        })
}

#[derive(Debug, Clone)]
struct Endpoint {
    pool: Arc<Pool>,
    port: u16,
}

/// What stands between the world and a function: the function URL.
async fn serve_url(
    State(endpoint): State<Endpoint>,
    ConnectInfo(peer): ConnectInfo<std::net::SocketAddr>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let too_large = || {
        (
            StatusCode::PAYLOAD_TOO_LARGE,
            "{\"message\":\"Request Entity Too Large\"}",
        )
            .into_response()
    };
    let Ok(body) = axum::body::to_bytes(body, PAYLOAD_BYTES_MAX).await else {
        return too_large();
    };
    let trace = event::trace_id();
    let event = event::from_http(
        &parts,
        &body,
        &event::Origin {
            peer,
            port: endpoint.port,
            trace: &trace,
        },
    );
    if event.len() > PAYLOAD_BYTES_MAX {
        return too_large();
    }
    match endpoint.pool.invoke(event.into(), &trace).await {
        Ok(answer) => event::to_http(&answer).unwrap_or_else(bad_gateway),
        Err(InvokeError::Throttled) => {
            let body = "{\"Reason\":\"ConcurrentInvocationLimitExceeded\",\"Type\":\"User\",\"message\":\"Rate Exceeded.\"}";
            (
                StatusCode::TOO_MANY_REQUESTS,
                [("x-amzn-errortype", "TooManyRequestsException")],
                body,
            )
                .into_response()
        }
        Err(_) => bad_gateway(),
    }
}

/// The caller of a function URL learns nothing of what went wrong; the log does.
fn bad_gateway() -> Response {
    (StatusCode::BAD_GATEWAY, "Internal Server Error").into_response()
}
