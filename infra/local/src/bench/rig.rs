//! An edge on a core of its own, with all that it talks to.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use contract::{Bot, BotId, EndOfTurn, Idle, Secret, Turns};
use twilio::signature::AuthToken;

use super::phone::{Broken, Line};
use super::{Options, sink};
use crate::edge::{Edge, EdgeOptions};
use crate::serve::Server;
use crate::speech::instant;

const SECRET: &str = "a secret of the bench, nobody else's, 32 bytes";
/// What stands in the edge's place where the platform itself is measured.
const FLOOR: &str = include_str!("floor.js");
/// A wasm module with nothing in it: the magic number and the version.
const EMPTY_WASM: [u8; 8] = *b"\0asm\x01\0\0\0";

/// What runs, and what its bot does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// Length of each reply, in milliseconds.
    pub(super) speech_ms: usize,
    /// What the bot begins with.
    pub(super) greeting: &'static str,
    /// Whether calls are recorded and taped.
    pub(super) record: bool,
    /// Instead of the edge, an object that does nothing.
    pub(super) floor: bool,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            speech_ms: 1_500,
            greeting: "",
            record: false,
            floor: false,
        }
    }
}

/// An edge with providers that answer at once.
pub(super) struct Rig {
    /// The edge.
    pub(super) edge: Edge,
    /// What the telephones need.
    pub(super) line: Arc<Line>,
    _servers: [Server; 2],
    _folder: tempfile::TempDir,
}

impl Rig {
    pub(super) async fn start(options: &Options, setting: Setting) -> Result<Self, Broken> {
        let (providers, providers_url) = instant::start(setting.speech_ms).await?;
        let sink = sink::start().await?;
        let folder = tempfile::tempdir()?;
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
        let build = if setting.floor {
            floor(folder.path())?
        } else {
            options.root.join("edge/build")
        };
        let edge = Edge::start(EdgeOptions {
            workerd: options
                .root
                .join("infra/tools/node_modules/@cloudflare/workerd-linux-64/bin/workerd"),
            wrangler: options.root.join("wrangler.toml"),
            build,
            folder: folder.path().to_owned(),
            logs: folder.path().to_owned(),
            variables: variables
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            port: 0,
            verbose: false,
        })
        .await?;
        pin(edge.process_id(), 0).await?;
        let line = Line {
            edge: edge.url(),
            sink: sink.url(),
            secret: Secret::new(SECRET),
            bot: bot(setting),
            account: format!("AC{}", "0".repeat(32)).parse()?,
            token: AuthToken::new("a token of the bench")?,
            http: reqwest::Client::new(),
        };
        Ok(Self {
            edge,
            line: Arc::new(line),
            _servers: [providers, sink],
            _folder: folder,
        })
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
async fn pin(process: Option<u32>, core: u32) -> io::Result<()> {
    let Some(process) = process else {
        return Ok(());
    };
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
