//! `callbox-local call`: the demo, from dialling to the receipt.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use contract::ReplyMode;
use local::caller::{self, Script, Step, Utterance, on_the_telephone};
use local::demo::{self, Shown};
use local::platform::Ports;
use local::speech::Voice;
use local::stack::{Stack, StackOptions};
use local::twilio::{Call, What};
use twilio::Party;

use super::Shared;
use super::look::Look;
use super::transcript::Transcript;
use super::verdict::{self, Expected};

/// After hanging up: callbacks, last records, upload of the recording.
const SETTLE_MAX: Duration = Duration::from_secs(20);
/// A call over the limit is none that will end.
const CALL_MAX: Duration = Duration::from_mins(5);

/// The options of `call`.
#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// What the caller says, one turn after the other, separated by bars; * at its beginning interrupts the bot, #5 is key 5.
    #[arg(long, value_name = "A|B|C")]
    pub(crate) say: Option<String>,
    /// A recording to play as the caller.
    #[arg(long, value_name = "FILE", conflicts_with = "say")]
    pub(crate) wav: Option<PathBuf>,
    /// Let the bot call instead of being called.
    #[arg(long)]
    pub(crate) outbound: bool,
    /// How the caller hears the bot: through the stream, or from URLs that the carrier plays.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) reply: Reply,
}

/// How the caller hears the bot.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Reply {
    #[default]
    Stream,
    Url,
}

impl From<Reply> for ReplyMode {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Stream => Self::Stream,
            Reply::Url => Self::Url,
        }
    }
}

/// Places a call.
///
/// # Errors
/// When the platform does not come up, or the call could not be looked at.
pub(crate) async fn run(shared: &Shared, arguments: CallArgs, look: Look) -> io::Result<ExitCode> {
    let began = Instant::now();
    let progress = |text: &str| {
        if !shared.json {
            eprintln!("{}", look.faint(text));
        }
    };
    progress("starting the platform …");
    let mut options = StackOptions {
        platform: shared.options("", "")?,
        ..StackOptions::of_checkout(&shared.root)
    };
    options.platform.edge_variables.clear();
    options.bot.reply = arguments.reply.into();
    // `dev` may be up: a call needs neither its ports nor its data.
    options.platform.ports = Ports::Free;
    if shared.data.is_none() {
        options.platform.data.push("call");
    }
    let data = options.platform.data.clone();
    let stack = Stack::start(options).await?;
    let (expected, steps) = script(&stack, &arguments).await?;
    if !stack.stand_ins.is_empty() {
        progress(&format!(
            "stand-ins for providers: {}",
            stack.stand_ins.join(", ")
        ));
    }
    let call = dial(&stack, arguments.outbound).await?;
    progress(&format!(
        "dialling after {:.1} s: {}\n",
        began.elapsed().as_secs_f64(),
        call.sid()
    ));

    let mut transcript = Transcript::new(look, shared.json);
    let (played, followed) = tokio::join!(
        tokio::time::timeout(CALL_MAX, caller::play(&call, &steps)),
        follow(&stack, &call, &mut transcript),
    );
    let shown = followed?;
    let wav = keep_recording(&stack, &data, &call, &shown).await;
    let outcomes = match played {
        Ok(Ok(outcomes)) => Ok(outcomes),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!(
            "the call was not over after {} s",
            CALL_MAX.as_secs()
        )),
    };
    let complaints = verdict::complaints(&expected, &outcomes, &shown, &call.log(), &wav);
    let outcomes = outcomes.unwrap_or_default();
    transcript.summary(&shown, &outcomes, wav.as_deref().ok(), &complaints);
    stack.stop().await;
    Ok(if complaints.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What the caller does, and what must come of it.
async fn script(stack: &Stack, arguments: &CallArgs) -> io::Result<(Expected, Vec<Step>)> {
    if let Some(path) = &arguments.wav {
        let utterance = recording(path)?;
        let expected = Expected {
            turns: 1,
            ..Expected::default()
        };
        return Ok((expected, vec![Step::Say(utterance), Step::HangUp]));
    }
    let is_demo = arguments.say.is_none();
    let script: Script = match &arguments.say {
        Some(text) => text.parse().map_err(io::Error::other)?,
        None => caller::demo(),
    };
    let steps = script
        .steps(stack.speech.speaker(), Voice::Rms)
        .await
        .map_err(io::Error::other)?;
    let expected = Expected {
        turns: script.spoken(),
        interruptions: script.interruptions(),
        // Only the demo is said in words that the stand-in understands without fail.
        words: if is_demo && stack.stand_ins.len() == 3 {
            script.words()
        } else {
            Vec::new()
        },
    };
    Ok((expected, steps))
}

fn recording(path: &Path) -> io::Result<Utterance> {
    let told =
        |error: &dyn std::fmt::Display| io::Error::other(format!("{}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| told(&error))?;
    let (spec, samples) = audio::wav::read(&bytes).map_err(|error| told(&error))?;
    let sound = on_the_telephone(&samples, spec.rate_hz).map_err(|error| told(&error))?;
    Ok(Utterance {
        text: path.display().to_string(),
        sound,
    })
}

async fn dial(stack: &Stack, outbound: bool) -> io::Result<Call> {
    if !outbound {
        let from = Party::parse(demo::caller().as_str());
        return stack
            .carrier
            .dial(from, &demo::number())
            .map_err(io::Error::other);
    }
    stack
        .api
        .place("mesa", &demo::caller(), &demo::number())
        .await?;
    let placed = tokio::time::timeout(SETTLE_MAX, stack.carrier.outbound()).await;
    placed
        .ok()
        .flatten()
        .ok_or_else(|| io::Error::other("the bot's call did not reach the carrier"))
}

/// Shows turns as they are told, until all is told.
async fn follow(stack: &Stack, call: &Call, transcript: &mut Transcript) -> io::Result<Shown> {
    let mut ended: Option<Instant> = None;
    loop {
        if let Some(shown) = stack.api.call(&call.sid()).await? {
            transcript.update(&shown);
            let is_done = shown.complete && shown.recording.is_some();
            if is_done || ended.is_some_and(|at| at.elapsed() > SETTLE_MAX) {
                return Ok(shown);
            }
        } else if ended.is_some_and(|at| at.elapsed() > SETTLE_MAX) {
            return Err(io::Error::other(
                "the call never reached the store: see .local/logs",
            ));
        }
        if ended.is_none()
            && call
                .log()
                .iter()
                .any(|event| matches!(event.what, What::Ended { .. }))
        {
            ended = Some(Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(120)).await;
    }
}

/// Fetches the recording from where the platform has put it.
async fn keep_recording(
    stack: &Stack,
    data: &Path,
    call: &Call,
    shown: &Shown,
) -> Result<PathBuf, String> {
    let told = |error: io::Error| error.to_string();
    let wav = stack.api.recording(shown).await.map_err(told)?;
    let folder = data.join("calls");
    std::fs::create_dir_all(&folder).map_err(told)?;
    let path = folder.join(format!("{}.wav", call.sid()));
    std::fs::write(&path, wav).map_err(told)?;
    Ok(path)
}
