//! One instance of a function: a process and the Runtime API that it, and no other, asks for work.
//!
//! Source: "Using the Lambda runtime API", AWS Lambda developer guide.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path as UrlPath, State};
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc, oneshot};

use super::event::request_id;
use crate::child::{Launch, Log, Process};
use crate::serve::{self, Server};
use crate::template::{ACCOUNT, REGION};

/// Why an instance has no answer.
#[derive(Debug)]
pub(super) enum InstanceEnd {
    /// The function reported an error; it can take the next request.
    Error(String),
    /// The process is gone.
    Exited(String),
}

#[derive(Debug)]
pub(super) struct Instance {
    process: Process,
    work: mpsc::Sender<Work>,
    _runtime_api: Server,
}

#[derive(Debug)]
struct Work {
    id: String,
    trace: String,
    deadline_ms: u128,
    arn: String,
    event: Bytes,
    answer: Answer,
}

type Answer = oneshot::Sender<Result<Bytes, String>>;

/// What the handlers of the Runtime API share.
#[derive(Debug)]
struct Api {
    work: AsyncMutex<mpsc::Receiver<Work>>,
    current: Mutex<Option<(String, Answer)>>,
    /// Notified by the first question for work.
    ready: Notify,
    init_error: Mutex<Option<String>>,
}

impl Instance {
    /// Starts the process and waits until it asks for work.
    pub(super) async fn start(
        program: &Path,
        mut environment: BTreeMap<String, String>,
        log: &Log,
    ) -> Result<Self, String> {
        let (work, receiver) = mpsc::channel(1);
        let api = Arc::new(Api {
            work: AsyncMutex::new(receiver),
            current: Mutex::default(),
            ready: Notify::new(),
            init_error: Mutex::default(),
        });
        let listener = serve::bind(0).await.map_err(|error| error.to_string())?;
        let runtime_api = Server::start(listener, router(Arc::clone(&api)));
        environment.insert(
            "AWS_LAMBDA_RUNTIME_API".to_owned(),
            runtime_api.address().to_string(),
        );
        let launch = Launch {
            program,
            arguments: Vec::new(),
            environment: environment.into_iter().collect(),
            // The task root of a real function is its own folder; there is nothing in it but the binary.
            directory: program.parent().unwrap_or(Path::new("/")),
            log,
            divert: None,
        };
        let process = Process::start(launch)
            .await
            .map_err(|error| error.to_string())?;
        tokio::select! {
            () = api.ready.notified() => {}
            status = process.ended() => return Err(format!("its process ended ({status})")),
        }
        let failed = api
            .init_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match failed {
            Some(message) => Err(message),
            None => Ok(Self {
                process,
                work,
                _runtime_api: runtime_api,
            }),
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        self.process.exit_status().is_none()
    }

    /// One request. Only one at a time: the pool sees to that.
    pub(super) async fn invoke(
        &self,
        event: Bytes,
        trace: &str,
        timeout: Duration,
    ) -> Result<Bytes, InstanceEnd> {
        let (answer, answered) = oneshot::channel();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let work = Work {
            id: request_id(),
            trace: trace.to_owned(),
            deadline_ms: (now + timeout).as_millis(),
            arn: format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:local"),
            event,
            answer,
        };
        let exchange = async {
            // Without a receiver the process is gone, and the other branch says so.
            if self.work.send(work).await.is_err() {
                return std::future::pending().await;
            }
            match answered.await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(message)) => Err(InstanceEnd::Error(message)),
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            answer = exchange => answer,
            status = self.process.ended() => Err(InstanceEnd::Exited(status)),
        }
    }

    pub(super) async fn kill(&self) {
        self.process.kill().await;
    }

    pub(super) async fn stop(&self, grace: Duration) {
        self.process.stop(grace).await;
    }
}

fn router(api: Arc<Api>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route(
            "/2018-06-01/runtime/invocation/{id}/response",
            post(response),
        )
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .layer(DefaultBodyLimit::disable())
        .with_state(api)
}

/// Waits for work for as long as it takes.
async fn next(State(api): State<Arc<Api>>) -> Result<Response<Body>, StatusCode> {
    api.ready.notify_one();
    let work = api.work.lock().await.recv().await.ok_or(StatusCode::GONE)?;
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &work.id)
        .header("lambda-runtime-deadline-ms", work.deadline_ms.to_string())
        .header("lambda-runtime-invoked-function-arn", &work.arn)
        .header("lambda-runtime-trace-id", &work.trace)
        .body(Body::from(work.event));
    *api.current.lock().unwrap_or_else(PoisonError::into_inner) = Some((work.id, work.answer));
    response.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn response(
    State(api): State<Arc<Api>>,
    UrlPath(id): UrlPath<String>,
    body: Bytes,
) -> StatusCode {
    api.answer(&id, Ok(body))
}

async fn error(
    State(api): State<Arc<Api>>,
    UrlPath(id): UrlPath<String>,
    body: Bytes,
) -> StatusCode {
    api.answer(&id, Err(String::from_utf8_lossy(&body).into_owned()))
}

async fn init_error(State(api): State<Arc<Api>>, body: Bytes) -> StatusCode {
    *api.init_error
        .lock()
        .unwrap_or_else(PoisonError::into_inner) =
        Some(String::from_utf8_lossy(&body).into_owned());
    api.ready.notify_one();
    StatusCode::ACCEPTED
}

impl Api {
    fn answer(&self, id: &str, result: Result<Bytes, String>) -> StatusCode {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match current.take_if(|(expected, _)| expected == id) {
            Some((_, answer)) => {
                // The caller may have gone; the function's work is done all the same.
                drop(answer.send(result));
                StatusCode::ACCEPTED
            }
            None => StatusCode::BAD_REQUEST,
        }
    }
}
