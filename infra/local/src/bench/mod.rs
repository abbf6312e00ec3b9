//! How fast and how dense the edge is: the real wasm in real `workerd`, on one core, against load from the other. And how
//! fast the API is: the functions' programs, one process for each request at a time as at AWS.
//!
//! Printed as a table and as JSON. Nothing here fails because a machine is slow.

mod api;
mod phone;
mod rig;
mod scenes;
mod sink;
mod table;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

pub use phone::Broken;
use rig::{Answers, Rig, Setting};
pub use table::{Figure, Report, heading};

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Scene {
    /// How large the edge is.
    Size,
    /// How soon one call is answered.
    One,
    /// How soon many calls at once are answered.
    Many,
    /// Processor time and memory of silent calls, beside an object that does nothing and a minimal bot in Python.
    Silent,
    /// Processor time and memory of calls that talk; and of such that are recorded too.
    Talking,
    /// How soon the bot says hello.
    Greeting,
    /// How soon it stops when interrupted, and whether a cough stops it.
    Interruption,
    /// The API under load, and how soon an order is obeyed.
    Api,
}

impl Scene {
    /// What is going on, and about how long.
    fn title(self, options: &Options) -> String {
        let length = options.length.as_secs();
        match self {
            Self::Size => "the size of the edge".to_owned(),
            Self::One => "one call, 40 s".to_owned(),
            Self::Many => {
                let steps: Vec<_> = options.calls.iter().map(u32::to_string).collect();
                let seconds = u64::try_from(steps.len()).unwrap_or(1) * (length / 2 + 10);
                format!("{} calls at once, {seconds} s", steps.join(", "))
            }
            Self::Silent => format!("25 silent calls, {} s", length + 40),
            Self::Talking => format!("25 calls that talk, {} s", length + 40),
            Self::Greeting => "the greeting, 15 s".to_owned(),
            Self::Interruption => "interruptions and coughs, 20 s".to_owned(),
            Self::Api => "the API, 60 s".to_owned(),
        }
    }
}

/// What to measure, and how long.
#[derive(Clone, Debug)]
pub struct Options {
    /// Root of the checkout.
    pub root: PathBuf,
    /// What to measure; all, if empty.
    pub only: Vec<Scene>,
    /// Calls at once, in each run of the scene with many.
    pub calls: Vec<u32>,
    /// Length of the density scenes; those with many calls at once last half of it.
    pub length: Duration,
    /// The speech of the caller, trimmed to its last sound.
    pub speech: audio::Clip,
    /// A cough.
    pub cough: audio::Clip,
}

/// What happens while it is measured.
#[derive(Debug)]
pub enum Progress<'a> {
    /// A scene begins: its number, how many there are, and what it is.
    Begins(usize, usize, &'a str),
    /// A scene gave this.
    Measured(&'a [Figure]),
}

/// Runs the scenes that are wanted, one after the other.
///
/// # Errors
///
/// What could not be started, or which call broke.
pub async fn run(options: &Options, mut tell: impl FnMut(Progress<'_>)) -> Result<Report, Broken> {
    let wanted = |scene: &Scene| options.only.is_empty() || options.only.contains(scene);
    let scenes: Vec<Scene> = Scene::value_variants()
        .iter()
        .copied()
        .filter(wanted)
        .collect();
    let mut report = Report::default();
    for (number, scene) in scenes.iter().enumerate() {
        tell(Progress::Begins(
            number + 1,
            scenes.len(),
            &scene.title(options),
        ));
        let figures = measure(*scene, options).await?;
        tell(Progress::Measured(&figures));
        report.extend(figures);
    }
    Ok(report)
}

async fn measure(scene: Scene, options: &Options) -> Result<Vec<Figure>, Broken> {
    let usual = Setting::default();
    match scene {
        Scene::Size => Ok(vec![Figure::bytes(
            "wasm, gzip",
            gzip_size(options)?,
            Some(1_000_000),
        )]),
        Scene::One => {
            let rig = Rig::start(options, usual).await?;
            let length = Duration::from_secs(35);
            let one = scenes::latency(&rig.line, &options.speech, 1, length).await?;
            Ok(one.figures("1 call", Some(20)))
        }
        Scene::Many => many(options).await,
        Scene::Silent => {
            let answered = |answers| Setting { answers, ..usual };
            let sides = [
                ("25 silent calls", usual),
                ("25 silent calls, empty object", answered(Answers::Nothing)),
                ("25 silent calls, FastAPI", answered(Answers::Peer)),
            ];
            beside(options, &audio::Clip::default(), &sides).await
        }
        Scene::Talking => {
            let recorded = Setting {
                record: true,
                ..usual
            };
            let sides = [
                ("25 calls", usual),
                ("25 calls, recorded and taped", recorded),
            ];
            beside(options, &options.speech, &sides).await
        }
        Scene::Greeting => {
            let greeting = Setting {
                greeting: "Hello.",
                record: true,
                ..usual
            };
            let rig = Rig::start(options, greeting).await?;
            Ok(vec![scenes::greeting(&rig.line).await?])
        }
        Scene::Interruption => {
            let long = Setting {
                speech_ms: 12_000,
                record: true,
                ..usual
            };
            let rig = Rig::start(options, long).await?;
            scenes::barge_in(&rig.line, options).await
        }
        Scene::Api => {
            let desk = api::Desk::start(&options.root).await?;
            let mut figures = desk.load().await?;
            figures.extend(desk.orders().await?);
            Ok(figures)
        }
    }
}

async fn many(options: &Options) -> Result<Vec<Figure>, Broken> {
    let mut figures = Vec::new();
    for calls in &options.calls {
        // What one number left behind must not weigh on the next.
        let rig = Rig::start(options, Setting::default()).await?;
        let length = options.length / 2;
        let many = scenes::latency(&rig.line, &options.speech, *calls, length).await?;
        figures.extend(many.figures(&format!("{calls} calls"), Some(50)));
    }
    Ok(figures)
}

/// All at the same time on the same core: what the machine does to one of them, it does to the others.
async fn beside(
    options: &Options,
    speech: &audio::Clip,
    sides: &[(&str, Setting)],
) -> Result<Vec<Figure>, Broken> {
    let mut rigs = Vec::new();
    for (name, setting) in sides {
        rigs.push((*name, Rig::start(options, *setting).await?));
    }
    let measured = rigs
        .iter()
        .map(|(name, rig)| scenes::density(rig, speech, options.length, name));
    let figures = futures_util::future::try_join_all(measured).await?;
    Ok(figures.into_iter().flatten().collect())
}

fn gzip_size(options: &Options) -> io::Result<u64> {
    let wasm = options.root.join("edge/build/index_bg.wasm");
    let packed = std::process::Command::new("gzip")
        .arg("-9c")
        .arg(&wasm)
        .output()?;
    Ok(packed.stdout.len() as u64)
}
