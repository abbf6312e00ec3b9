//! What the telephones do, and what is measured meanwhile.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::phone::{Broken, Heard, Line, Phone};
use super::table::{Figure, percentile};
use super::{Options, Rig};

const SILENCE: Duration = Duration::from_millis(500);
/// Calls at once where density is measured.
const DENSE: u32 = 25;
/// How often the bot is interrupted.
const INTERRUPTIONS: u32 = 12;

/// From the end of the caller's speech to the first sound, less the silence that ends a turn; in microseconds.
#[derive(Debug, Default)]
pub(super) struct Latency {
    gaps_us: Vec<i64>,
    turns_missed: u32,
    /// Calls that broke: an edge that is too late hangs up.
    calls_lost: u32,
}

impl Latency {
    pub(super) fn figures(&self, name: &str, goal_ms: Option<u32>) -> Vec<Figure> {
        let at = |percent| {
            #[expect(clippy::cast_precision_loss, reason = "microseconds of a turn")]
            let ms = percentile(&self.gaps_us, percent) as f64 / 1000.0;
            ms
        };
        #[expect(clippy::cast_precision_loss, reason = "a count of turns")]
        let turns = self.gaps_us.len() as f64;
        vec![
            Figure::new(
                format!("{name}: end of speech to sound, less 500 ms, p50"),
                at(50),
                "ms",
                None,
            ),
            Figure::new(format!("{name}: p95"), at(95), "ms", goal_ms.map(f64::from)),
            Figure::new(format!("{name}: worst"), at(100), "ms", None),
            Figure::new(format!("{name}: turns measured"), turns, "", None),
            Figure::new(
                format!("{name}: turns without an answer"),
                f64::from(self.turns_missed),
                "",
                Some(0.0),
            ),
            Figure::new(
                format!("{name}: calls lost"),
                f64::from(self.calls_lost),
                "",
                Some(0.0),
            ),
        ]
    }
}

/// Calls that talk for `length`, spread so that their turns do not end at once.
pub(super) async fn latency(
    line: &Arc<Line>,
    speech: &audio::Clip,
    calls: u32,
    length: Duration,
) -> Result<Latency, Broken> {
    let mut tasks = JoinSet::new();
    let until = Instant::now() + length + Duration::from_secs(6);
    for number in 0..calls {
        let line = Arc::clone(line);
        let speech = speech.clone();
        // Six seconds is about one turn of both.
        let wait = Duration::from_millis(6_000 * u64::from(number) / u64::from(calls));
        tasks.spawn(async move {
            sleep(wait).await;
            talk(&line, unique(number), &speech, until).await
        });
    }
    let mut all = Latency::default();
    while let Some(done) = tasks.join_next().await {
        match done? {
            Ok(one) => {
                all.gaps_us.extend(one.gaps_us);
                all.turns_missed += one.turns_missed;
            }
            Err(_) => all.calls_lost += 1,
        }
    }
    Ok(all)
}

/// No call of one bench has the number of another.
fn unique(number: u32) -> u64 {
    let start = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let start = start.map_or(0, |start| start.as_millis());
    (u64::try_from(start).unwrap_or(0) << 16) + u64::from(number)
}

async fn talk(
    line: &Line,
    number: u64,
    speech: &audio::Clip,
    until: Instant,
) -> Result<Latency, Broken> {
    let mut phone = Phone::dial(line, number).await?;
    let mut found = Latency::default();
    phone
        .listen(
            Duration::from_millis(400),
            Duration::from_millis(400),
            |_, _| (),
        )
        .await?;
    while Instant::now() < until {
        let ended = phone.speak(speech, |_, _| ()).await?;
        let mut first = None;
        let patience = Instant::now() + Duration::from_secs(5);
        while first.is_none() && Instant::now() < patience {
            let quiet = [audio::mulaw::SILENCE; audio::FRAME_SAMPLES];
            phone
                .frame(&quiet, |heard, at| {
                    if heard == Heard::Sound {
                        first.get_or_insert(at);
                    }
                })
                .await?;
        }
        match first {
            Some(at) => found.gaps_us.push(micros(ended, at) - micros_of(SILENCE)),
            None => found.turns_missed += 1,
        }
        phone
            .listen(
                Duration::from_millis(600),
                Duration::from_secs(10),
                |_, _| (),
            )
            .await?;
    }
    phone.hang_up().await?;
    Ok(found)
}

fn micros(from: Instant, to: Instant) -> i64 {
    micros_of(to.saturating_duration_since(from)) - micros_of(from.saturating_duration_since(to))
}

fn micros_of(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// Processor time and memory of who answers.
pub(super) async fn density(
    rig: &Rig,
    speech: &audio::Clip,
    length: Duration,
    name: &str,
) -> Result<Vec<Figure>, Broken> {
    // A few calls bring what every later one shares: code compiled and compiled again as it gets hot, connections.
    latency(&rig.line, speech, 3, Duration::from_secs(20)).await?;
    let memory = rig.process.memory_bytes()?;
    let running = latency(&rig.line, speech, DENSE, length);
    // Calls begin over six seconds, and all of them last until `length` after that.
    let sampled = async {
        sleep(Duration::from_secs(8)).await;
        let (cpu, began) = (rig.process.cpu_time(), Instant::now());
        sleep(length.saturating_sub(Duration::from_secs(3))).await;
        (
            cpu,
            began.elapsed(),
            rig.process.cpu_time(),
            rig.process.memory_bytes(),
        )
    };
    let (found, (before, elapsed, after, loaded)) = tokio::join!(running, sampled);
    let found = found?;
    let minutes = elapsed.as_secs_f64() / 60.0 * f64::from(DENSE);
    let cpu = after?.saturating_sub(before?).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let per_call = (loaded?.saturating_sub(memory)) as f64 / 1e6 / f64::from(DENSE);
    Ok(vec![
        Figure::new(
            format!("{name}: CPU per call-minute"),
            cpu / minutes,
            "s",
            Some(0.10),
        ),
        Figure::new(
            format!("{name}: memory per call"),
            per_call,
            "MB",
            Some(0.25),
        ),
        Figure::new(
            format!("{name}: calls lost"),
            f64::from(found.calls_lost),
            "",
            Some(0.0),
        ),
    ])
}

/// From `start` to the first sound of the greeting.
pub(super) async fn greeting(line: &Line) -> Result<Figure, Broken> {
    let mut worst = Duration::ZERO;
    for number in 0..10 {
        let mut phone = Phone::dial(line, unique(number)).await?;
        let started = phone.started;
        let mut first = None;
        phone
            .pass(Duration::from_secs(1), |_, at| {
                first.get_or_insert(at);
            })
            .await?;
        let first = first.ok_or("no greeting within a second")?;
        worst = worst.max(first.saturating_duration_since(started));
        phone.hang_up().await?;
    }
    Ok(Figure::time(
        "start to greeting, worst of 10",
        worst,
        Some(300),
    ))
}

/// From the first voiced frame of an interruption to `clear`; and what a cough does.
pub(super) async fn barge_in(line: &Arc<Line>, options: &Options) -> Result<Vec<Figure>, Broken> {
    let mut tasks = JoinSet::new();
    for number in 0..INTERRUPTIONS {
        let line = Arc::clone(line);
        let (speech, cough) = (options.speech.clone(), options.cough.clone());
        tasks.spawn(async move {
            // No two of them speak in step.
            sleep(Duration::from_millis(370) * number).await;
            interrupt(&line, unique(number), &speech, &cough).await
        });
    }
    let (mut stops, mut coughs_obeyed) = (Vec::new(), 0.0);
    while let Some(done) = tasks.join_next().await {
        match done?? {
            Some(stop) => stops.push(stop),
            None => coughs_obeyed += 1.0,
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a turn")]
    let ms = |percent| percentile(&stops, percent) as f64 / 1000.0;
    let worst = format!("first voiced frame to clear, worst of {}", stops.len());
    let coughs = format!("coughs that stopped the bot, of {INTERRUPTIONS}");
    Ok(vec![
        Figure::new("first voiced frame to clear, p50", ms(50), "ms", None),
        Figure::new(worst, ms(100), "ms", Some(200.0)),
        Figure::new(coughs, coughs_obeyed, "", Some(0.0)),
    ])
}

/// Coughs into a reply and then interrupts it: how long until it was taken back, in microseconds; none if the cough did it.
async fn interrupt(
    line: &Line,
    number: u64,
    speech: &audio::Clip,
    cough: &audio::Clip,
) -> Result<Option<i64>, Broken> {
    let mut phone = Phone::dial(line, number).await?;
    let pause = Duration::from_millis(400);
    phone.listen(pause, pause, |_, _| ()).await?;
    phone.speak(speech, |_, _| ()).await?;
    // Into the reply.
    phone.pass(Duration::from_millis(2_500), |_, _| ()).await?;
    let mut cleared = None;
    let mut note = |heard, at| {
        if heard == Heard::Clear {
            cleared.get_or_insert(at);
        }
    };
    phone.speak(cough, &mut note).await?;
    phone.pass(Duration::from_millis(800), &mut note).await?;
    let mut stop = None;
    if cleared.is_none() {
        let began = Instant::now();
        let mut note = |heard, at| {
            if heard == Heard::Clear {
                cleared.get_or_insert(at);
            }
        };
        phone.speak(speech, &mut note).await?;
        let cleared = cleared.ok_or("an interruption did not stop the bot")?;
        stop = Some(micros(began, cleared));
    }
    phone.hang_up().await?;
    Ok(stop)
}
