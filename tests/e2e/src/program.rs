//! The operator's program, `callbox`, as somebody types it: in an environment and a home of its own.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use local::platform::Options;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::{LIMIT, root};

/// A stand-in for cloudflared: says an address as it does, a new one each time, and stays until it is ended. While there
/// is a file `tunnel.wait`, it keeps its address to itself.
const TUNNEL: &str = r#"#!/bin/sh
echo x >> "$HOME/tunnels"
echo $$ > "$HOME/tunnel.pid"
while [ -e "$HOME/tunnel.wait" ]; do sleep 0.05; done
echo "INF |  https://stand-in-$(wc -l < "$HOME/tunnels" | tr -d ' ').trycloudflare.com  |" >&2
exec sleep 600
"#;

/// The program's environment.
pub struct Program {
    home: TempDir,
    environment: BTreeMap<String, String>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// The lines of standard output, each of which must be JSON.
    ///
    /// # Panics
    ///
    /// One is not.
    #[must_use]
    pub fn json(&self) -> Vec<Value> {
        let read = |line| serde_json::from_str(line);
        let lines: Result<Vec<Value>, _> = self.out.lines().map(read).collect();
        lines.unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    /// The code of the error, which is the last line.
    #[must_use]
    pub fn error(&self) -> String {
        let last = self.json().pop().unwrap_or_default();
        last["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

impl Program {
    /// With nothing configured, and a tunnel on the path.
    ///
    /// # Panics
    ///
    /// The folder cannot be made.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test cannot go on without its home")]
    pub fn new() -> Self {
        let home = tempfile::tempdir().expect("a home");
        let bin = home.path().join("bin");
        std::fs::create_dir(&bin).expect("a folder");
        let tunnel = bin.join("cloudflared");
        std::fs::write(&tunnel, TUNNEL).expect("a file");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&tunnel, mode).expect("a program");
        let text = |path: &Path| path.display().to_string();
        let environment = [
            ("HOME", text(home.path())),
            ("PATH", format!("{}:/usr/bin:/bin", text(&bin))),
            // So that no proxy of this machine is asked for the tunnel's address.
            ("NO_PROXY", "*".to_owned()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        Self {
            home,
            environment: environment.into(),
        }
    }

    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// Its home, where its files are looked for too.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where it remembers what a number did.
    #[must_use]
    pub fn memory(&self) -> PathBuf {
        self.home().join(".local/state/callbox/number.json")
    }

    /// Writes a file into its home.
    ///
    /// # Panics
    ///
    /// It cannot be written.
    #[expect(clippy::expect_used, reason = "a test cannot go on without its file")]
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.home().join(name), text).expect("a file");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let binary = Options::of_checkout(&root(), "").functions.join("callbox");
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs(&self.environment)
            .args(arguments)
            .current_dir(self.home())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs it to its end.
    ///
    /// # Panics
    ///
    /// It is not built, or does not end.
    #[expect(clippy::expect_used, reason = "a test of a program needs it")]
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).stderr(Stdio::piped()).output();
        let output = tokio::time::timeout(LIMIT, output).await;
        let output = output.expect("it ends").expect("callbox is built");
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Starts it, to be listened to while it runs; with `--json`.
    ///
    /// # Panics
    ///
    /// It is not built.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test of a program needs it")]
    pub fn start(&self, arguments: &[&str]) -> Running {
        let mut child = self
            .command(arguments)
            .arg("--json")
            .spawn()
            .expect("callbox is built");
        let out = child.stdout.take().expect("a pipe");
        Running {
            child,
            lines: BufReader::new(out).lines(),
        }
    }

    /// Waits until a tunnel is being opened.
    ///
    /// # Panics
    ///
    /// None is.
    pub async fn tunnel_begun(&self) {
        let deadline = tokio::time::Instant::now() + LIMIT;
        while !self.home().join("tunnel.pid").exists() {
            assert!(
                tokio::time::Instant::now() < deadline,
                "no tunnel is opened"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until it remembers this of the number.
    ///
    /// # Panics
    ///
    /// It does not.
    pub async fn remembers(&self, text: &str) {
        let deadline = tokio::time::Instant::now() + LIMIT;
        let remembered = || std::fs::read_to_string(self.memory()).unwrap_or_default();
        while !remembered().contains(text) {
            assert!(
                tokio::time::Instant::now() < deadline,
                "{text} is not remembered"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends the open tunnel, as if it had failed.
    ///
    /// # Panics
    ///
    /// There is none.
    pub fn break_tunnel(&self) {
        signal(self.tunnel(), "KILL");
    }

    /// Whether the tunnel that was opened last is open.
    #[must_use]
    pub fn has_tunnel(&self) -> bool {
        Path::new("/proc").join(self.tunnel().to_string()).exists()
    }

    /// Waits until no tunnel is open.
    ///
    /// # Panics
    ///
    /// There is one all the time.
    pub async fn tunnel_gone(&self) {
        let deadline = tokio::time::Instant::now() + LIMIT;
        while self.has_tunnel() {
            assert!(
                tokio::time::Instant::now() < deadline,
                "the tunnel is still open"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    #[expect(clippy::expect_used, reason = "a test of a tunnel needs one")]
    fn tunnel(&self) -> u32 {
        let pid = std::fs::read_to_string(self.home().join("tunnel.pid"));
        pid.expect("a tunnel").trim().parse().expect("a number")
    }
}

impl Default for Program {
    fn default() -> Self {
        Self::new()
    }
}

/// The program while it runs.
pub struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    /// Waits for an event of this name.
    ///
    /// # Panics
    ///
    /// It does not come.
    pub async fn event(&mut self, name: &str) -> Value {
        let heard = tokio::time::timeout(LIMIT, self.hear(name)).await;
        heard.unwrap_or_else(|_| panic!("{name} did not come"))
    }

    async fn hear(&mut self, name: &str) -> Value {
        while let Ok(Some(line)) = self.lines.next_line().await {
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if event["event"] == name || event.get(name).is_some() {
                return event;
            }
        }
        panic!("it ended before {name}");
    }

    /// Sends it a signal: `INT`, `TERM`, `KILL`.
    ///
    /// # Panics
    ///
    /// It has ended.
    #[expect(clippy::expect_used, reason = "a test of a running program needs it")]
    pub fn signal(&self, name: &str) {
        signal(self.child.id().expect("it runs"), name);
    }

    /// Waits until it has ended; its exit code, -1 if it was killed.
    ///
    /// # Panics
    ///
    /// It does not end.
    #[expect(clippy::expect_used, reason = "a test of a program's end needs it")]
    pub async fn ended(mut self) -> i32 {
        let status = tokio::time::timeout(LIMIT, self.child.wait()).await;
        status
            .expect("it ends")
            .expect("a status")
            .code()
            .unwrap_or(-1)
    }
}

#[expect(clippy::expect_used, reason = "kill is everywhere")]
fn signal(pid: u32, name: &str) {
    let sent = std::process::Command::new("kill")
        .args([format!("-{name}"), pid.to_string()])
        .status();
    assert!(sent.expect("kill").success(), "{pid} is not there");
}
