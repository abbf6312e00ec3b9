//! A way in from the internet to a port of this machine: cloudflared or ngrok, whichever is there.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use clap::ValueEnum;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::failure::Failure;

/// How long a tunnel may take to say its URL.
const OPEN_MAX: Duration = Duration::from_secs(30);
/// How long it may take to end once it is asked to.
const CLOSE_MAX: Duration = Duration::from_secs(3);
/// Last words that are kept, in lines.
const WORDS_MAX: usize = 5;

/// Runs a tunnel that ends with us, however we end: when our end of its standard input closes, it is told to stop. A
/// program that is killed can tell nobody anything.
const LEASH: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
tunnel=$!
{ cat <&3; kill "$tunnel"; sleep 2; kill -9 "$tunnel"; } >/dev/null 2>&1 &
leash=$!
exec 3<&-
wait "$tunnel"
kill "$leash"
"#;

/// Which program.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Program {
    /// Cloudflare's; without an account it gives a new address every time.
    Cloudflared,
    /// Ngrok's.
    Ngrok,
}

impl Program {
    /// The one that is there; cloudflared first, since it needs no account.
    pub(crate) fn detect() -> Option<Self> {
        [Self::Cloudflared, Self::Ngrok]
            .into_iter()
            .find(|program| program.path().is_some())
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cloudflared => "cloudflared",
            Self::Ngrok => "ngrok",
        }
    }

    fn path(self) -> Option<PathBuf> {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .map(|folder| folder.join(self.name()))
            .find(|file| file.is_file())
    }

    fn arguments(self, port: u16) -> Vec<String> {
        let words = match self {
            Self::Cloudflared => {
                format!("tunnel --no-autoupdate --url http://127.0.0.1:{port}")
            }
            Self::Ngrok => format!("http http://127.0.0.1:{port} --log stdout --log-format logfmt"),
        };
        words.split(' ').map(str::to_owned).collect()
    }

    /// The public URL, if this line of the program's output has it.
    fn url(self, line: &str) -> Option<String> {
        match self {
            // Quick tunnels show it in a box; the line may name other addresses of Cloudflare's.
            Self::Cloudflared => line
                .split(|c: char| c.is_whitespace() || c == '|' || c == '"')
                .find(|word| {
                    word.strip_prefix("https://").is_some_and(|host| {
                        host.ends_with(".trycloudflare.com") && host != "api.trycloudflare.com"
                    })
                })
                .map(str::to_owned),
            Self::Ngrok => line
                .contains("started tunnel")
                .then(|| line.split(' ').find_map(|word| word.strip_prefix("url=")))
                .flatten()
                .map(|url| url.trim_matches('"'))
                .filter(|url| url.starts_with("https://"))
                .map(str::to_owned),
        }
    }
}

/// An open tunnel. Dropped, it closes.
#[derive(Debug)]
pub(crate) struct Tunnel {
    child: Child,
    leash: Option<ChildStdin>,
    lines: Receiver<String>,
    words: VecDeque<String>,
    /// Where it is reached, without a slash at its end.
    pub(crate) url: String,
}

impl Tunnel {
    /// Opens a tunnel to a port of this machine.
    ///
    /// # Errors
    /// The program is not there, ends, or says no URL in time.
    pub(crate) async fn open(program: Program, port: u16) -> Result<Self, Failure> {
        let name = program.name();
        let path = program.path().ok_or_else(missing)?;
        let mut child = Command::new("/bin/sh")
            .args(["-c", LEASH, "tunnel"])
            .arg(path)
            .args(program.arguments(port))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for us; the number is restored first, and the tunnel closed last.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                Failure::new("tunnel_failed", format!("{name} does not start: {error}"))
            })?;
        let (sender, lines) = channel(64);
        tell(child.stdout.take(), sender.clone());
        tell(child.stderr.take(), sender);
        let mut tunnel = Self {
            leash: child.stdin.take(),
            child,
            lines,
            words: VecDeque::new(),
            url: String::new(),
        };
        match tokio::time::timeout(OPEN_MAX, tunnel.hear(Some(program))).await {
            Ok(Some(url)) => {
                url.trim_end_matches('/').clone_into(&mut tunnel.url);
                Ok(tunnel)
            }
            Ok(None) => Err(tunnel.failed(&format!("{name} ended without opening a tunnel"))),
            Err(_) => {
                let seconds = OPEN_MAX.as_secs();
                Err(tunnel.failed(&format!("{name} said no URL within {seconds} s")))
            }
        }
    }

    fn failed(&self, message: &str) -> Failure {
        let words: Vec<_> = self.words.iter().map(String::as_str).collect();
        let next = format!(
            "it said:\n{}\nor give a URL that leads here: --url https://…",
            words.join("\n")
        );
        Failure::new("tunnel_failed", message).next(next)
    }

    /// Waits until the tunnel is no more, or, with a program, says its URL.
    async fn hear(&mut self, program: Option<Program>) -> Option<String> {
        while let Some(line) = self.lines.recv().await {
            let url = program.and_then(|program| program.url(&line));
            if self.words.len() == WORDS_MAX {
                self.words.pop_front();
            }
            self.words.push_back(line);
            if url.is_some() {
                return url;
            }
        }
        None
    }

    /// Waits until the tunnel is no more.
    pub(crate) async fn gone(&mut self) {
        let _ = self.hear(None).await;
        let _ = self.child.wait().await;
    }

    /// Closes it.
    pub(crate) async fn close(mut self) {
        drop(self.leash.take());
        let _ = tokio::time::timeout(CLOSE_MAX, self.child.wait()).await;
    }
}

/// No program is there.
pub(crate) fn missing() -> Failure {
    Failure::usage(
        "tunnel_missing",
        "neither cloudflared nor ngrok is on the PATH",
    )
    .next("install one of them, or give a URL that leads here: --url https://…")
}

fn tell(output: Option<impl AsyncRead + Send + Unpin + 'static>, to: Sender<String>) {
    let Some(output) = output else { return };
    tokio::spawn(async move {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if to.send(line).await.is_err() {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_what_the_programs_say() {
        let boxed = "2026-11-21T10:00:00Z INF |  https://quick-brown-fox.trycloudflare.com                         |";
        assert_eq!(
            Program::Cloudflared.url(boxed).as_deref(),
            Some("https://quick-brown-fox.trycloudflare.com")
        );
        for other in [
            "INF Requesting new quick Tunnel on trycloudflare.com...",
            "ERR failed to request: Post \"https://api.trycloudflare.com/tunnel\": timeout",
            "see https://developers.cloudflare.com/cloudflare-one/",
        ] {
            assert_eq!(Program::Cloudflared.url(other), None, "{other}");
        }
        let started = "t=2026-11-21T10:00:00+0000 lvl=info msg=\"started tunnel\" obj=tunnels name=command_line addr=http://127.0.0.1:8700 url=https://ab12.ngrok-free.app";
        assert_eq!(
            Program::Ngrok.url(started).as_deref(),
            Some("https://ab12.ngrok-free.app")
        );
        assert_eq!(
            Program::Ngrok.url("lvl=info msg=\"client session established\" url=https://x"),
            None
        );
    }
}
