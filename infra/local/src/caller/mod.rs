//! The synthesised caller: says a script over a simulated telephone, and reacts to what is heard, not to what is known.

mod ear;
mod script;

use std::io;
use std::time::Duration;

use audio::Clip;

use crate::twilio::{Call, What};
use ear::Ear;
pub use script::{Line, Script, demo, on_the_telephone, utterance};

/// The other side is done when it has been silent for so long.
const FLOOR_FREE: Duration = Duration::from_millis(700);
/// No step takes longer.
const STEP_MAX: Duration = Duration::from_secs(40);

/// One step, ready to be done.
#[derive(Clone, Debug)]
pub enum Step {
    /// Waits until the bot has spoken and is done, then says something.
    Say(Utterance),
    /// Waits until the bot has been speaking for so long, then speaks into it.
    Interrupt(Utterance, Duration),
    /// Makes a noise so long into the bot's speech.
    Noise(Clip, Duration),
    /// Presses a key when the bot is done.
    Key(char),
    /// Does nothing.
    Wait(Duration),
    /// Waits until the bot is done, or has hung up; then hangs up.
    HangUp,
}

/// Something to say.
#[derive(Clone, Debug)]
pub struct Utterance {
    /// In words; or what it is.
    pub text: String,
    /// As sound.
    pub sound: Clip,
}

/// What came of a step.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What was said or done.
    pub what: String,
    /// From the end of the caller's speech to the first sound of the bot, in milliseconds.
    pub answered_after_ms: Option<f64>,
    /// From the first frame of an interruption to the bot's `clear`, in milliseconds.
    pub cleared_after_ms: Option<f64>,
}

/// The script could not be played to its end.
#[derive(Debug, thiserror::Error)]
pub enum Stuck {
    /// The bot never spoke, or never stopped.
    #[error("waited {0:?} for {1} before {2:?}")]
    TooLong(Duration, &'static str, String),
    /// The call ended first.
    #[error("the call ended before {0:?}")]
    HungUp(String),
    /// A sound could not be made.
    #[error(transparent)]
    Sound(#[from] io::Error),
}

/// Plays a script on a call. Answers what came of each step.
///
/// # Errors
///
/// Where and why it got stuck.
pub async fn play(call: &Call, steps: &[Step]) -> Result<Vec<Outcome>, Stuck> {
    let mut ear = Ear::new(call.events());
    let mut outcomes: Vec<Outcome> = Vec::new();
    for step in steps {
        let outcome = match step {
            Step::Say(utterance) => {
                floor(&mut ear, &utterance.text, &mut outcomes).await?;
                speak(call, &mut ear, utterance).await?
            }
            Step::Interrupt(utterance, after) => {
                interrupt(call, &mut ear, utterance, *after, &mut outcomes).await?
            }
            Step::Noise(clip, after) => {
                let noise = Utterance {
                    text: "(noise)".to_owned(),
                    sound: clip.clone(),
                };
                interrupt(call, &mut ear, &noise, *after, &mut outcomes).await?
            }
            Step::Key(digit) => {
                let what = format!("key {digit}");
                floor(&mut ear, &what, &mut outcomes).await?;
                call.key(*digit);
                ear.expect_answer();
                Outcome {
                    what,
                    ..Outcome::default()
                }
            }
            Step::Wait(length) => {
                ear.pass(*length).await;
                continue;
            }
            Step::HangUp => {
                // Who was hung up on has nothing left to do.
                let done = floor(&mut ear, "hanging up", &mut outcomes).await;
                if !matches!(done, Err(Stuck::HungUp(_))) {
                    done?;
                }
                call.hang_up();
                break;
            }
        };
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Waits for the bot to be done, and notes how long it took to answer the step before.
async fn floor(ear: &mut Ear, next: &str, outcomes: &mut [Outcome]) -> Result<(), Stuck> {
    let done = ear.until_free(FLOOR_FREE, STEP_MAX).await;
    note(ear, outcomes);
    done.map_err(|gone| gone.before(next, STEP_MAX, "the bot to speak and to be done"))
}

fn note(ear: &mut Ear, outcomes: &mut [Outcome]) {
    if let Some(last) = outcomes.last_mut() {
        last.answered_after_ms = last.answered_after_ms.or(ear.take_answer_ms());
    }
}

async fn speak(call: &Call, ear: &mut Ear, utterance: &Utterance) -> Result<Outcome, Stuck> {
    call.speak(utterance.sound.bytes());
    let ended = ear
        .until(STEP_MAX, |what| {
            matches!(what, What::CallerVoiceEnded { .. })
        })
        .await
        .map_err(|gone| gone.before(&utterance.text, STEP_MAX, "the words to be out"))?;
    ear.expect_answer_since(ended);
    Ok(Outcome {
        what: utterance.text.clone(),
        ..Outcome::default()
    })
}

async fn interrupt(
    call: &Call,
    ear: &mut Ear,
    utterance: &Utterance,
    after: Duration,
    outcomes: &mut [Outcome],
) -> Result<Outcome, Stuck> {
    let stuck = |gone: ear::Gone, why| gone.before(&utterance.text, STEP_MAX, why);
    ear.until_playing(STEP_MAX)
        .await
        .map_err(|gone| stuck(gone, "the bot to speak"))?;
    note(ear, outcomes);
    ear.pass(after).await;
    ear.forget_clear();
    call.speak(utterance.sound.bytes());
    let started = ear
        .until(STEP_MAX, |what| {
            matches!(what, What::CallerVoiceStarted { .. })
        })
        .await
        .map_err(|gone| stuck(gone, "the words to begin"))?;
    let ended = ear
        .until(STEP_MAX, |what| {
            matches!(what, What::CallerVoiceEnded { .. })
        })
        .await
        .map_err(|gone| stuck(gone, "the words to be out"))?;
    ear.expect_answer_since(ended);
    let cleared_after_ms = ear.cleared_since(started);
    Ok(Outcome {
        what: utterance.text.clone(),
        cleared_after_ms,
        ..Outcome::default()
    })
}
