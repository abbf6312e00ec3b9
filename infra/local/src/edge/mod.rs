//! The edge on one machine: `workerd`, the open-source runtime of Cloudflare Workers, with the very wasm that is
//! deployed and its Durable Objects in SQLite files.

mod config;

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::child::{Launch, Log, Process};
use crate::serve::bind_error;
use config::Wrangler;

/// How long `workerd` may take to listen.
const LISTEN_MAX: Duration = Duration::from_secs(30);
/// It waits for requests that are under way; calls are under way for minutes.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(500);
/// Below the range from which the kernel takes ports for outgoing connections, so that nothing takes the edge's port
/// between its death and its restart.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// Answers with the pages, or hands on to the Worker.
const PAGES_JS: &str = include_str!("pages.js");

/// What the edge runs with.
#[derive(Debug, Clone)]
pub struct EdgeOptions {
    /// The `workerd` program.
    pub workerd: PathBuf,
    /// `wrangler.toml`.
    pub wrangler: PathBuf,
    /// Where `worker-build` put `index.js` and `index_bg.wasm`.
    pub build: PathBuf,
    /// Where the generated configuration and the objects' SQLite files go.
    pub folder: PathBuf,
    /// Where the log file goes.
    pub logs: PathBuf,
    /// Variables and secrets; they replace those of `[vars]`. What is not here is not bound at all.
    pub variables: BTreeMap<String, String>,
    /// The port; 0 takes a free one, and keeps it over restarts.
    pub port: u16,
    /// Print the log to standard error too.
    pub verbose: bool,
}

/// A running edge. Dropping it kills the process.
#[derive(Debug)]
pub struct Edge {
    options: EdgeOptions,
    config: PathBuf,
    /// The folder with the pages, if they are built.
    pages: Option<PathBuf>,
    log: Log,
    port: u16,
    process: Mutex<Option<Arc<Process>>>,
}

impl Edge {
    /// Starts `workerd` and waits until it listens.
    ///
    /// # Errors
    /// Names what is missing, or quotes the last lines of the log.
    pub async fn start(options: EdgeOptions) -> io::Result<Self> {
        let wrong = |message: String| {
            io::Error::other(format!("{}: {message}", options.wrangler.display()))
        };
        let wrangler =
            std::fs::read_to_string(&options.wrangler).map_err(|error| wrong(error.to_string()))?;
        let wrangler = Wrangler::parse(&wrangler).map_err(wrong)?;
        let build = std::path::absolute(&options.build)?;
        if !build.join("index_bg.wasm").is_file() {
            let message = format!(
                "the edge is not built ({} has no index_bg.wasm): run `make build`",
                build.display()
            );
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        if !options.workerd.is_file() {
            let message = format!(
                "{} does not exist: run `make setup`",
                options.workerd.display()
            );
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        std::fs::create_dir_all(options.folder.join("state"))?;
        let config = std::path::absolute(options.folder.join("config.capnp"))?;
        // A copy, since `embed` reaches only below its own file; and a build under way does not disturb a restart.
        for module in ["index.js", "index_bg.wasm"] {
            std::fs::copy(build.join(module), options.folder.join(module))?;
        }
        std::fs::write(options.folder.join("pages.js"), PAGES_JS)?;
        let root = options.wrangler.parent().unwrap_or(Path::new("."));
        let pages = wrangler.pages.as_ref().map(|pages| root.join(pages));
        let pages = pages.filter(|pages| pages.is_dir());
        let variables = options.variables.keys().map(String::as_str);
        std::fs::write(&config, wrangler.to_capnp(variables, pages.is_some()))?;
        let log = Log::create(&options.logs, "edge", options.verbose)?;
        let mut edge = Self {
            options,
            config,
            pages,
            log,
            port: 0,
            process: Mutex::new(None),
        };
        if edge.options.port != 0 {
            // workerd's own message is a stack trace.
            let taken = std::net::TcpListener::bind(("127.0.0.1", edge.options.port));
            drop(taken.map_err(|error| bind_error(edge.options.port, &error))?);
        }
        let attempts = if edge.options.port == 0 { 5 } else { 1 };
        for attempt in 1..=attempts {
            edge.port = if edge.options.port == 0 {
                free_port()?
            } else {
                edge.options.port
            };
            match edge.launch().await {
                Err(error)
                    if attempt < attempts && error.to_string().contains("already in use") => {}
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        Ok(edge)
    }

    /// The port it listens on, the same for its whole life.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:<port>`, without a final slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The process id, while it runs.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.process().map(|process| process.id())
    }

    /// The last lines it printed, and the file with all of them.
    #[must_use]
    pub fn log_tail(&self) -> String {
        self.log.tail()
    }

    /// The log file.
    #[must_use]
    pub fn log_path(&self) -> &Path {
        self.log.path()
    }

    /// SIGKILL: no destructor runs, sockets break, unwritten state is lost. Waits until it is gone.
    pub async fn kill_hard(&self) {
        let process = self.take();
        if let Some(process) = process {
            process.kill().await;
        }
    }

    /// Starts again with the same state on the same port, after `kill_hard` or `stop`, or in place of what runs.
    ///
    /// # Errors
    /// As `start`.
    pub async fn restart(&self) -> io::Result<()> {
        self.kill_hard().await;
        self.launch().await
    }

    /// SIGTERM, and SIGKILL for what is left half a second later.
    pub async fn stop(&self) {
        let process = self.take();
        if let Some(process) = process {
            process.stop(SHUTDOWN_GRACE).await;
        }
    }

    async fn launch(&self) -> io::Result<()> {
        let (listening, mut listens) = mpsc::unbounded_channel();
        let folder = std::path::absolute(&self.options.folder)?;
        let pages = self.pages.as_ref().map(std::path::absolute).transpose()?;
        let pages = pages.map(|pages| format!("--directory-path=pages={}", pages.display()));
        let launch = Launch {
            program: &self.options.workerd,
            arguments: [
                "serve".to_owned(),
                self.config.to_string_lossy().into_owned(),
                format!("--socket-addr=http=127.0.0.1:{}", self.port),
                format!("--directory-path=state={}", folder.join("state").display()),
                // Standard output: what the Worker prints comes there too, but not in this form.
                "--control-fd=1".to_owned(),
            ]
            .into_iter()
            .chain(pages)
            .collect(),
            environment: self.options.variables.clone().into_iter().collect(),
            directory: &folder,
            log: &self.log,
            divert: Some(Box::new(move |line| {
                let event = line.starts_with("{\"event\":\"listen");
                if event {
                    let _ = listening.send(());
                }
                event
            })),
        };
        let process = Arc::new(Process::start(launch).await?);
        let problem = tokio::select! {
            Some(()) = listens.recv() => {
                *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
                return Ok(());
            }
            status = process.ended() => {
                // What it printed last may still be in the pipe.
                tokio::time::sleep(Duration::from_millis(50)).await;
                format!("the edge ended at its start ({status})")
            }
            () = tokio::time::sleep(LISTEN_MAX) => format!("the edge did not listen within {} s", LISTEN_MAX.as_secs()),
        };
        process.kill().await;
        Err(io::Error::other(format!("{problem}{}", self.log.tail())))
    }

    /// The process, while it runs.
    #[must_use]
    pub fn process(&self) -> Option<Arc<Process>> {
        self.process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn take(&self) -> Option<Arc<Process>> {
        self.process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// A port that nobody has, from those.
pub(crate) fn free_port() -> io::Result<u16> {
    for _ in 0..100 {
        let random =
            RandomState::new().build_hasher().finish() % u64::from(PORTS.end - PORTS.start);
        let port = PORTS.start + u16::try_from(random).unwrap_or_default();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::other("no free port between 20000 and 32000"))
}
