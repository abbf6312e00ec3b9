//! The whole platform for a test: fresh data, free ports, and a caller.

mod door;
mod watch;

pub use door::{Answer, Socket, made_up_call, now_s};
pub use watch::{LIMIT, happens, occurrences, said, story, until};

use std::ops::Deref;
use std::path::PathBuf;
use std::time::Duration;

use local::caller::{self, Outcome, Script, Step};
use local::demo::{self, Shown};
use local::speech::Voice;
use local::stack::{Stack, StackOptions};
use local::twilio::{Call, Event, What};
use tempfile::TempDir;
use twilio::Party;

/// A platform of its own. Dropping it ends its processes and removes its data.
pub struct World {
    stack: Stack,
    folder: TempDir,
}

impl Deref for World {
    type Target = Stack;

    fn deref(&self) -> &Stack {
        &self.stack
    }
}

/// Root of the checkout.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

impl World {
    /// Starts a platform with the demo bot.
    ///
    /// # Panics
    ///
    /// A part did not come up.
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// The same, with other options.
    ///
    /// # Panics
    ///
    /// A part did not come up.
    #[expect(clippy::expect_used, reason = "a test cannot go on without its world")]
    pub async fn with(change: impl FnOnce(&mut StackOptions)) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let mut options = StackOptions::of_test(&root(), folder.path());
        change(&mut options);
        let stack = Stack::start(options).await.expect("the platform comes up");
        Self { stack, folder }
    }

    /// Where the data and logs of this world are.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Dials the demo bot.
    ///
    /// # Panics
    ///
    /// The number is not in service.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test cannot go on without its call")]
    pub fn dial(&self) -> Call {
        let from = Party::parse(demo::caller().as_str());
        self.carrier.dial(from, &demo::number()).expect("the number is in service")
    }

    /// Has a script spoken, ready to be played; it ends with hanging up.
    ///
    /// # Panics
    ///
    /// The script is empty, or flite is missing.
    #[expect(clippy::expect_used, reason = "a test cannot go on without its script")]
    pub async fn script(&self, text: &str) -> Vec<Step> {
        let script: Script = text.parse().expect("a script");
        script.steps(self.speech.speaker(), Voice::Rms).await.expect("flite speaks")
    }

    /// Plays a script on a call.
    ///
    /// # Panics
    ///
    /// The script got stuck.
    #[expect(clippy::expect_used, reason = "a test that got stuck has failed")]
    pub async fn play(&self, call: &Call, text: &str) -> Vec<Outcome> {
        let steps = self.script(text).await;
        caller::play(call, &steps).await.expect("the script is played to its end")
    }

    /// Plays a script on a call that is under way already: the bot may have fallen silent long ago.
    ///
    /// # Panics
    ///
    /// The script got stuck.
    pub async fn play_on(&self, call: &Call, text: &str) {
        for step in self.script(text).await {
            match step {
                Step::Say(utterance) | Step::Interrupt(utterance, _) => {
                    let words = call.log().len();
                    call.speak(utterance.sound.bytes());
                    let answer = |log: &[Event]| {
                        let ended = log.iter().position(|event| matches!(event.what, What::CallerVoiceEnded { .. }));
                        let ended = ended.unwrap_or(log.len());
                        let spoke = log.iter().skip(ended).any(|event| event.what == What::BotAudioStarted);
                        let is_done = log.iter().rev().find_map(|event| match event.what {
                            What::BotAudioStarted => Some(false),
                            What::BotSilent => Some(true),
                            _ => None,
                        });
                        spoke && is_done == Some(true)
                    };
                    until("an answer", || answer(call.log().get(words..).unwrap_or_default())).await;
                }
                Step::HangUp => call.hang_up(),
                Step::Key(key) => call.key(key),
                Step::Noise(..) | Step::Wait(_) => (),
            }
        }
    }

    /// Waits until everything about a call is told: Twilio's last word, the edge's, and the recording.
    ///
    /// # Panics
    ///
    /// The API failed or never knew the call.
    #[expect(clippy::expect_used, reason = "a test that cannot look has failed")]
    pub async fn told(&self, call: &Call) -> Shown {
        let done = |shown: &Shown| shown.complete && shown.recording.is_some();
        self.api.until(&call.sid(), Duration::from_secs(30), done).await.expect("the API answers")
    }
}
