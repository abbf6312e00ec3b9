//! The instances of one function: started on demand, reused when idle, each serving one request at a time.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use futures_util::future::join_all;
use tokio::sync::oneshot;

use super::instance::{Instance, InstanceEnd};
use super::{EmulatorOptions, PAYLOAD_BYTES_MAX};
use crate::child::Log;
use crate::template::{ACCOUNT, FunctionSpec, REGION};

/// How many instances may be starting at once, and how long a request waits for a busy one before it asks for a new one.
/// A burst would else start a hundred processes where a few, each done in a millisecond, serve it sooner.
const STARTING_MAX: usize = 2;
const PATIENCE: Duration = Duration::from_millis(50);
/// Requests at once that an AWS account allows a function which reserves nothing.
const ACCOUNT_CONCURRENCY: usize = 1000;
/// How long an instance may take from its start to its first question for work; Lambda's own limit.
const INIT_MAX: Duration = Duration::from_secs(10);
/// What Lambda leaves an instance between SIGTERM and SIGKILL.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// As many requests are under way as there may be.
    #[error("too many requests at once")]
    Throttled,
    /// No instance came up.
    #[error("the function did not start")]
    Init,
    /// The function answered with an error, or its process ended.
    #[error("the function failed")]
    Failed,
    /// It took longer than its `Timeout`.
    #[error("the function timed out")]
    TimedOut,
}

#[derive(Debug)]
pub(super) struct Pool {
    spec: FunctionSpec,
    program: PathBuf,
    environment: BTreeMap<String, String>,
    concurrency_max: usize,
    instances_max: usize,
    log: Log,
    state: Mutex<PoolState>,
}

#[derive(Debug, Default)]
struct PoolState {
    idle: Vec<Arc<Instance>>,
    all: Vec<Arc<Instance>>,
    starting: usize,
    waiting: VecDeque<Waiter>,
    in_flight: usize,
}

#[derive(Debug)]
struct Waiter {
    since: Instant,
    turn: oneshot::Sender<Result<Arc<Instance>, InvokeError>>,
}

impl Pool {
    pub(super) fn new(
        spec: FunctionSpec,
        program: PathBuf,
        options: &EmulatorOptions,
        log: Log,
    ) -> Arc<Self> {
        let environment = environment(&spec, options);
        let concurrency_max = spec.concurrency_max.unwrap_or(ACCOUNT_CONCURRENCY);
        let instances_max = options.instances_max.min(concurrency_max);
        Arc::new(Self {
            spec,
            program,
            environment,
            concurrency_max,
            instances_max,
            log,
            state: Mutex::default(),
        })
    }

    pub(super) fn instances(&self) -> usize {
        self.state().all.len()
    }

    /// Runs to its end even when nobody waits for it any more, as at AWS.
    pub(super) async fn invoke(
        self: &Arc<Self>,
        event: Bytes,
        trace: &str,
    ) -> Result<Bytes, InvokeError> {
        let in_flight = InFlight::admit(self)?;
        let (pool, trace) = (Arc::clone(self), trace.to_owned());
        let invocation = tokio::spawn(async move {
            let _in_flight = in_flight;
            pool.run(event, &trace).await
        });
        invocation.await.unwrap_or(Err(InvokeError::Failed))
    }

    async fn run(self: &Arc<Self>, event: Bytes, trace: &str) -> Result<Bytes, InvokeError> {
        let instance = self.checkout().await?;
        let answer = tokio::time::timeout(
            self.spec.timeout,
            instance.invoke(event, trace, self.spec.timeout),
        )
        .await;
        match answer {
            Ok(Ok(answer)) => {
                self.release(instance);
                if answer.len() > PAYLOAD_BYTES_MAX {
                    self.log.line(&format!(
                        "callbox: the answer of {} bytes is larger than Lambda allows",
                        answer.len()
                    ));
                    return Err(InvokeError::Failed);
                }
                Ok(answer)
            }
            Ok(Err(InstanceEnd::Error(message))) => {
                self.log
                    .line(&format!("callbox: function error: {message}"));
                self.release(instance);
                Err(InvokeError::Failed)
            }
            Ok(Err(InstanceEnd::Exited(status))) => {
                self.log.line(&format!(
                    "callbox: the process ended during a request ({status})"
                ));
                self.forget(&instance);
                Err(InvokeError::Failed)
            }
            Err(_) => {
                self.log.line(&format!(
                    "callbox: timed out after {} s",
                    self.spec.timeout.as_secs()
                ));
                self.forget(&instance);
                instance.kill().await;
                Err(InvokeError::TimedOut)
            }
        }
    }

    /// Starts an instance ahead of the first request, to learn now what would fail then.
    pub(super) async fn warm(self: &Arc<Self>) -> io::Result<()> {
        let instance = self.checkout().await.map_err(|error| {
            io::Error::other(format!(
                "function {}: {error}{}",
                self.spec.binary,
                self.log.tail()
            ))
        })?;
        self.release(instance);
        Ok(())
    }

    pub(super) async fn kill_all(&self) {
        let instances = self.take_all();
        join_all(instances.iter().map(|instance| instance.kill())).await;
    }

    pub(super) async fn stop_all(&self) {
        let instances = self.take_all();
        join_all(
            instances
                .iter()
                .map(|instance| instance.stop(SHUTDOWN_GRACE)),
        )
        .await;
    }

    /// An idle instance, or the first to become free: an old one after its request or a new one after its start.
    async fn checkout(self: &Arc<Self>) -> Result<Arc<Instance>, InvokeError> {
        let mut turn = {
            let mut state = self.state();
            while let Some(instance) = state.idle.pop() {
                if instance.is_alive() {
                    return Ok(instance);
                }
                state.all.retain(|other| !Arc::ptr_eq(other, &instance));
            }
            let (sender, turn) = oneshot::channel();
            state.waiting.push_back(Waiter {
                since: Instant::now(),
                turn: sender,
            });
            turn
        };
        self.start_as_needed();
        if let Ok(turn) = tokio::time::timeout(PATIENCE, &mut turn).await {
            return turn.unwrap_or(Err(InvokeError::Init));
        }
        self.start_as_needed();
        turn.await.unwrap_or(Err(InvokeError::Init))
    }

    fn start_as_needed(self: &Arc<Self>) {
        let mut state = self.state();
        let room = self
            .instances_max
            .saturating_sub(state.all.len() + state.starting);
        let alone = state.all.is_empty() && state.starting == 0;
        let impatient = state
            .waiting
            .iter()
            .filter(|waiter| waiter.since.elapsed() >= PATIENCE)
            .count();
        let wanted = impatient.max(usize::from(alone && !state.waiting.is_empty()));
        let wanted = wanted
            .min(STARTING_MAX)
            .saturating_sub(state.starting)
            .min(room);
        state.starting += wanted;
        drop(state);
        for _ in 0..wanted {
            let pool = Arc::clone(self);
            tokio::spawn(async move { pool.start_one().await });
        }
    }

    async fn start_one(self: Arc<Self>) {
        let started = Instance::start(&self.program, self.environment.clone(), &self.log);
        let started = match tokio::time::timeout(INIT_MAX, started).await {
            Ok(started) => started,
            Err(_) => Err(format!(
                "no question for work within {} s of its start",
                INIT_MAX.as_secs()
            )),
        };
        self.state().starting -= 1;
        match started {
            Ok(instance) => {
                let instance = Arc::new(instance);
                self.state().all.push(Arc::clone(&instance));
                self.release(instance);
                self.start_as_needed();
            }
            Err(message) => {
                self.log.line(&format!(
                    "callbox: {} did not start: {message}",
                    self.spec.binary
                ));
                // One start, one waiter: the others have starts of their own.
                let waiter = self.state().waiting.pop_front();
                if let Some(waiter) = waiter {
                    drop(waiter.turn.send(Err(InvokeError::Init)));
                }
                self.start_as_needed();
            }
        }
    }

    /// Gives an instance to who waits longest, or puts it by.
    fn release(&self, instance: Arc<Instance>) {
        let mut state = self.state();
        // A killed one is no longer in `all` and must not come back.
        if !instance.is_alive() || !state.all.iter().any(|other| Arc::ptr_eq(other, &instance)) {
            state.all.retain(|other| !Arc::ptr_eq(other, &instance));
            return;
        }
        let mut instance = instance;
        while let Some(waiter) = state.waiting.pop_front() {
            // It comes back from a waiter that went away.
            let Err(Ok(unwanted)) = waiter.turn.send(Ok(instance)) else {
                return;
            };
            instance = unwanted;
        }
        state.idle.push(instance);
    }

    fn forget(self: &Arc<Self>, instance: &Arc<Instance>) {
        self.state()
            .all
            .retain(|other| !Arc::ptr_eq(other, instance));
        self.start_as_needed();
    }

    fn take_all(&self) -> Vec<Arc<Instance>> {
        let mut state = self.state();
        state.idle.clear();
        std::mem::take(&mut state.all)
    }

    fn state(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a request for as long as it runs, also when its caller goes away.
struct InFlight(Arc<Pool>);

impl InFlight {
    fn admit(pool: &Arc<Pool>) -> Result<Self, InvokeError> {
        let mut state = pool.state();
        if state.in_flight >= pool.concurrency_max {
            return Err(InvokeError::Throttled);
        }
        state.in_flight += 1;
        Ok(Self(Arc::clone(pool)))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
    }
}

/// What Lambda sets, what the template sets, and where the local stand-ins are. Nothing of the shell's environment: what
/// works here by accident would fail there.
fn environment(spec: &FunctionSpec, options: &EmulatorOptions) -> BTreeMap<String, String> {
    let memory = spec.memory_mb.to_string();
    let group = format!("/aws/lambda/{}", spec.binary);
    let lambda = [
        ("AWS_LAMBDA_FUNCTION_NAME", spec.binary.as_str()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory.as_str()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", group.as_str()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local"),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_ACCOUNT_ID", ACCOUNT),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("_HANDLER", "bootstrap"),
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"),
    ];
    let lambda = lambda.map(|(name, value)| (name.to_owned(), value.to_owned()));
    lambda
        .into_iter()
        .chain(options.environment.clone())
        .chain(spec.environment.clone())
        .collect()
}
