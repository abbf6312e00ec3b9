//! The whole platform for a test: fresh data, free ports, and a caller.

mod door;
mod ear;
mod guest;
mod history;
mod office;
mod program;
mod watch;

pub use door::{Answer, Socket, made_up_call, now_ms, now_s};
pub use guest::Guest;
pub use office::{Desk, Office};
pub use program::{Program, Ran, Running};
pub use watch::{LIMIT, happens, occurrences, said, story, until};

use std::ops::Deref;
use std::path::PathBuf;

use contract::{Bot, Speaker};
use local::caller::{self, Outcome, Script, Step};
use local::demo::{self, Shown};
use local::speech::Voice;
use local::stack::{Stack, StackOptions};
use local::twilio::Call;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use twilio::Party;

/// A platform of its own. Dropping it ends its processes and removes its data.
pub struct World {
    stack: Stack,
    folder: TempDir,
    /// Whoever hears is getting ready.
    ear: Mutex<Option<JoinHandle<()>>>,
}

impl Deref for World {
    type Target = Stack;

    fn deref(&self) -> &Stack {
        &self.stack
    }
}

/// The demo's bot, for tests that are not about waiting. It says nothing only because a machine that does much else makes it wait:
/// the caller would take "One moment, please." for the answer, and "Are you still there?" would be a turn more.
#[must_use]
pub fn bot() -> Bot {
    let mut bot = demo::bot();
    bot.filler.clear();
    bot.idle.after_ms = 60_000;
    bot
}

/// Root of the checkout.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

impl World {
    /// Starts a platform with the demo's [`bot`].
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
        options.bot = bot();
        change(&mut options);
        let greeting = options.bot.greeting.clone();
        let stack = Stack::start(options).await.expect("the platform comes up");
        // Said before, so that the first to ask for it waits for no synthesis on a machine that does much else.
        let said = stack.speech.speaker().say(&greeting, Voice::default());
        said.await.expect("flite speaks");
        let ear = ear::wake(&stack.speech).await;
        Self {
            stack,
            folder,
            ear: Mutex::new(Some(ear)),
        }
    }

    /// Where the data and logs of this world are.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Starts the edge, again or anew.
    ///
    /// # Panics
    ///
    /// It does not come up.
    #[expect(clippy::expect_used, reason = "a test cannot go on without the edge")]
    pub async fn restart_edge(&self) {
        let started = self.platform.edge.restart().await;
        started.expect("the edge comes up again");
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
        self.carrier
            .dial(from, &demo::number())
            .expect("the number is in service")
    }

    /// Waits until whoever hears is ready, so that the first words are not understood later than the others.
    ///
    /// # Panics
    ///
    /// It never is.
    #[expect(
        clippy::expect_used,
        reason = "a test in which nothing is heard has failed"
    )]
    pub async fn hears(&self) {
        if let Some(ear) = self.ear.lock().await.take() {
            ear.await.expect("pocketsphinx hears");
        }
    }

    /// Has a script spoken, ready to be played and to be heard; it ends with hanging up.
    ///
    /// # Panics
    ///
    /// The script is empty, or flite is missing.
    #[expect(clippy::expect_used, reason = "a test cannot go on without its script")]
    pub async fn script(&self, text: &str) -> Vec<Step> {
        self.hears().await;
        let script: Script = text.parse().expect("a script");
        script
            .steps(self.speech.speaker(), Voice::Rms)
            .await
            .expect("flite speaks")
    }

    /// Plays a script on a call.
    ///
    /// # Panics
    ///
    /// The script got stuck.
    #[expect(clippy::expect_used, reason = "a test that got stuck has failed")]
    pub async fn play(&self, call: &Call, text: &str) -> Vec<Outcome> {
        let steps = self.script(text).await;
        caller::play(call, &steps)
            .await
            .expect("the script is played to its end")
    }

    /// Plays a script on a call without hanging up. May be played after another: what was heard before counts.
    ///
    /// # Panics
    ///
    /// The script got stuck.
    #[expect(clippy::expect_used, reason = "a test that got stuck has failed")]
    pub async fn say(&self, call: &Call, text: &str) -> Vec<Outcome> {
        let mut steps = self.script(text).await;
        steps.retain(|step| !matches!(step, Step::HangUp));
        caller::play(call, &steps)
            .await
            .expect("the script is played to its end")
    }

    /// Says something, and waits until an answer with these words was heard.
    ///
    /// # Panics
    ///
    /// There was no such answer.
    pub async fn ask(&self, call: &Call, text: &str, answer: &str) -> Shown {
        self.say(call, text).await;
        let is_answered = |shown: &Shown| {
            let last = shown
                .turns
                .iter()
                .rposition(|turn| turn.turn.speaker == Speaker::Caller && turn.turn.text == text);
            let after = last
                .and_then(|last| shown.turns.get(last..))
                .unwrap_or_default();
            after
                .iter()
                .any(|turn| turn.turn.speaker == Speaker::Bot && turn.turn.text.contains(answer))
        };
        self.shown(call, &format!("{answer:?} to {text:?}"), is_answered)
            .await
    }

    /// Waits until everything about a call is told: Twilio's last word, the edge's, and the recording.
    ///
    /// # Panics
    ///
    /// It is not.
    pub async fn told(&self, call: &Call) -> Shown {
        let done = |shown: &Shown| shown.complete && shown.recording.is_some();
        self.shown(call, "everything about the call", done).await
    }
}
