//! A bot on a core of its own, with all that it talks to: the edge, or what is measured beside it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use contract::{Bot, BotId, EndOfTurn, Idle, Secret, Turns};
use twilio::signature::AuthToken;

use super::phone::{Broken, Line};
use super::{Options, sink};
use crate::child::{Launch, Log, Process};
use crate::edge::{Edge, EdgeOptions, free_port};
use crate::serve::Server;
use crate::speech::instant;

const SECRET: &str = "a secret of the bench, nobody else's, 32 bytes";
/// What stands in the edge's place where the platform itself is measured.
const FLOOR: &str = include_str!("floor.js");
/// A minimal bot in Python.
const PEER: &str = include_str!("peer.py");
/// How long it may take to listen.
const PEER_STARTS_MAX: Duration = Duration::from_secs(20);
/// A wasm module with nothing in it: the magic number and the version.
const EMPTY_WASM: [u8; 8] = *b"\0asm\x01\0\0\0";

/// Who answers the calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Answers {
    /// The edge.
    Edge,
    /// In its place in `workerd`, an object that does nothing.
    Nothing,
    /// A minimal bot of `FastAPI` and webrtcvad, in Python.
    Peer,
}

/// What runs, and what its bot does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// Length of each reply, in milliseconds.
    pub(super) speech_ms: usize,
    /// What the bot begins with.
    pub(super) greeting: &'static str,
    /// Whether calls are recorded and taped.
    pub(super) record: bool,
    /// Who answers.
    pub(super) answers: Answers,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            speech_ms: 1_500,
            greeting: "",
            record: false,
            answers: Answers::Edge,
        }
    }
}

/// A bot with providers that answer at once.
pub(super) struct Rig {
    /// What the telephones need.
    pub(super) line: Arc<Line>,
    /// What it costs.
    pub(super) process: Arc<Process>,
    _edge: Option<Edge>,
    _servers: [Server; 2],
    _folder: tempfile::TempDir,
}

impl Rig {
    pub(super) async fn start(options: &Options, setting: Setting) -> Result<Self, Broken> {
        let (providers, providers_url) = instant::start(setting.speech_ms).await?;
        let sink = sink::start().await?;
        let folder = tempfile::tempdir()?;
        let (edge, process, url) = if setting.answers == Answers::Peer {
            let (process, url) = peer(options, folder.path()).await?;
            (None, Arc::new(process), url)
        } else {
            let edge = edge(options, setting, folder.path(), providers_url).await?;
            let process = edge.process().ok_or("the edge ended at once")?;
            let url = edge.url();
            (Some(edge), process, url)
        };
        pin(process.id(), 0).await?;
        let line = Line {
            edge: url,
            sink: sink.url(),
            secret: Secret::new(SECRET),
            bot: bot(setting),
            account: format!("AC{}", "0".repeat(32)).parse()?,
            token: AuthToken::new("a token of the bench")?,
            http: reqwest::Client::new(),
        };
        Ok(Self {
            line: Arc::new(line),
            process,
            _edge: edge,
            _servers: [providers, sink],
            _folder: folder,
        })
    }
}

async fn edge(
    options: &Options,
    setting: Setting,
    folder: &Path,
    providers_url: String,
) -> io::Result<Edge> {
    let variables = [
        ("EDGE_SECRET", SECRET.to_owned()),
        ("OPENAI_BASE_URL", providers_url),
        ("OPENAI_API_KEY", "stand-in".to_owned()),
        ("LISTEN_MODEL", "stand-in".to_owned()),
        ("THINK_MODEL", "stand-in".to_owned()),
        ("SPEAK_MODEL", "stand-in".to_owned()),
        ("SPEAK_VOICE", "stand-in".to_owned()),
        ("LOG_LEVEL", "error".to_owned()),
    ];
    let build = if setting.answers == Answers::Nothing {
        floor(folder)?
    } else {
        options.root.join("edge/build")
    };
    Edge::start(EdgeOptions {
        workerd: options
            .root
            .join("infra/tools/node_modules/@cloudflare/workerd-linux-64/bin/workerd"),
        wrangler: options.root.join("wrangler.toml"),
        build,
        folder: folder.to_owned(),
        logs: folder.to_owned(),
        variables: variables
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
        port: 0,
        verbose: false,
    })
    .await
}

/// Starts the bot in Python, and waits until it listens.
async fn peer(options: &Options, folder: &Path) -> Result<(Process, String), Broken> {
    std::fs::write(folder.join("peer.py"), PEER)?;
    let log = Log::create(folder, "peer", false)?;
    let port = free_port()?;
    let arguments = [
        "peer:app",
        "--log-level",
        "error",
        "--port",
        &port.to_string(),
    ];
    let process = Process::start(Launch {
        program: &options.root.join(".tools/venv-bench/bin/uvicorn"),
        arguments: arguments.map(str::to_owned).to_vec(),
        environment: Vec::new(),
        directory: folder,
        log: &log,
        divert: None,
    })
    .await?;
    let listens = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_err()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = listens => Ok((process, format!("http://127.0.0.1:{port}"))),
        status = process.ended() => Err(format!("the peer ended at its start ({status}){}", log.tail()).into()),
        () = tokio::time::sleep(PEER_STARTS_MAX) => Err(format!("the peer did not listen{}", log.tail()).into()),
    }
}

fn floor(folder: &Path) -> io::Result<PathBuf> {
    let build = folder.join("floor");
    std::fs::create_dir(&build)?;
    std::fs::write(build.join("index.js"), FLOOR)?;
    std::fs::write(build.join("index_bg.wasm"), EMPTY_WASM)?;
    Ok(build)
}

fn bot(setting: Setting) -> Bot {
    Bot {
        id: BotId::new("bench").unwrap_or_else(|| Bot::default().id),
        greeting: setting.greeting.to_owned(),
        turns: Turns {
            barge_in: true,
            end: EndOfTurn::Silence { silence_ms: 500 },
            speculate: true,
        },
        idle: Idle {
            after_ms: 60_000,
            ..Idle::default()
        },
        record: setting.record,
        ..Bot::default()
    }
}

/// Keeps a process on one core, so that the load has the other.
async fn pin(process: u32, core: u32) -> io::Result<()> {
    let arguments = ["-a", "-c", "-p", &core.to_string(), &process.to_string()].map(str::to_owned);
    let done = tokio::process::Command::new("taskset")
        .args(arguments)
        .output()
        .await?;
    if done.status.success() {
        Ok(())
    } else {
        Err(io::Error::other(
            String::from_utf8_lossy(&done.stderr).into_owned(),
        ))
    }
}
