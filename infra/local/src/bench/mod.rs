//! How fast and how dense the edge is: the real wasm in real `workerd`, on one core, against load from the other. And how
//! fast the API is: the functions' programs, one process for each request at a time as at AWS.
//!
//! Printed as a table and as JSON. Nothing here fails because a machine is slow.

mod api;
mod phone;
mod scenes;
mod sink;
mod table;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use contract::{Bot, BotId, EndOfTurn, Idle, Secret, Turns};
use twilio::signature::AuthToken;

use crate::edge::{Edge, EdgeOptions};
use crate::speech::instant;
pub use phone::{Broken, Line, Phone};
pub use table::{Figure, Report};

/// What to measure, and how long.
#[derive(Clone, Debug)]
pub struct Options {
    /// Root of the checkout.
    pub root: PathBuf,
    /// One scene instead of all: `size`, `one`, `many`, `density`, `silent`, `greeting`, `interruption` or `api`.
    pub only: Option<String>,
    /// Calls at once in the latency scene.
    pub calls: u32,
    /// Length of the scenes with many calls.
    pub length: Duration,
    /// The speech of the caller, trimmed to its last sound.
    pub speech: audio::Clip,
    /// A cough.
    pub cough: audio::Clip,
}

/// Runs all scenes.
///
/// # Errors
///
/// What could not be started, or which call broke.
pub async fn run(options: &Options, mut progress: impl FnMut(&str)) -> Result<Report, Broken> {
    let mut report = Report::default();
    let wanted = |scene: &str| options.only.as_deref().is_none_or(|only| only == scene);
    if wanted("size") {
        report.push(Figure::bytes(
            "wasm, gzip",
            gzip_size(options)?,
            Some(1_000_000),
        ));
    }
    if wanted("one") {
        progress("one call");
        let bench = Bench::start(options, 1_500, "", false).await?;
        let one = scenes::latency(&bench.line, options, 1, Duration::from_secs(40)).await?;
        report.extend(one.figures("1 call", 20));
    }
    if wanted("many") {
        progress("calls at once");
        let bench = Bench::start(options, 1_500, "", false).await?;
        let many = scenes::latency(&bench.line, options, options.calls, options.length).await?;
        report.extend(many.figures(&format!("{} calls", options.calls), 50));
    }
    if wanted("density") || wanted("silent") {
        progress("density");
        let silent = Options {
            speech: audio::Clip::default(),
            ..options.clone()
        };
        for (record, options, name) in [
            (false, &silent, "25 silent calls"),
            (false, options, "25 calls"),
            (true, options, "25 calls, recorded and taped"),
        ] {
            if !wanted("density") && !options.speech.is_empty() {
                continue;
            }
            let bench = Bench::start(options, 1_500, "", record).await?;
            report.extend(scenes::density(&bench, options, 25, name).await?);
        }
    }
    if wanted("greeting") {
        progress("greeting");
        let bench = Bench::start(options, 1_500, "Hello.", true).await?;
        report.push(scenes::greeting(&bench.line).await?);
    }
    if wanted("interruption") {
        progress("interruption");
        let bench = Bench::start(options, 12_000, "", true).await?;
        report.extend(scenes::barge_in(&bench.line, options).await?);
    }
    if wanted("api") {
        progress("the API");
        let desk = api::Desk::start(&options.root).await?;
        report.extend(desk.load().await?);
        report.extend(desk.orders().await?);
    }
    Ok(report)
}

/// An edge with providers that answer at once.
pub struct Bench {
    /// The edge.
    pub edge: Edge,
    /// What the telephones need.
    pub line: Arc<Line>,
    _servers: [crate::serve::Server; 2],
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn start(
        options: &Options,
        speech_ms: usize,
        greeting: &str,
        record: bool,
    ) -> Result<Self, Broken> {
        const SECRET: &str = "a secret of the bench, nobody else's, 32 bytes";
        let (providers, providers_url) = instant::start(speech_ms).await?;
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
        let edge = Edge::start(EdgeOptions {
            workerd: options
                .root
                .join("infra/tools/node_modules/@cloudflare/workerd-linux-64/bin/workerd"),
            wrangler: options.root.join("wrangler.toml"),
            build: options.root.join("edge/build"),
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
            bot: bot(greeting, record),
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

fn bot(greeting: &str, record: bool) -> Bot {
    Bot {
        id: BotId::new("bench").unwrap_or_else(|| Bot::default().id),
        greeting: greeting.to_owned(),
        turns: Turns {
            barge_in: true,
            end: EndOfTurn::Silence { silence_ms: 500 },
            speculate: true,
        },
        idle: Idle {
            after_ms: 60_000,
            ..Idle::default()
        },
        record,
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

fn gzip_size(options: &Options) -> io::Result<u64> {
    let wasm = options.root.join("edge/build/index_bg.wasm");
    let packed = std::process::Command::new("gzip")
        .arg("-9c")
        .arg(&wasm)
        .output()?;
    Ok(packed.stdout.len() as u64)
}
