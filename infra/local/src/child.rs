//! Child processes that cannot outlive this one, and whose output is kept.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// How many lines of output are kept for an error message.
const TAIL_LINES: usize = 12;
/// How long the last lines of a process that has ended may take to arrive.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Where the output of processes goes: a file, the last lines in memory, and standard error when asked.
#[derive(Debug, Clone)]
pub struct Log {
    inner: Arc<Mutex<LogInner>>,
    name: Arc<str>,
    path: Arc<Path>,
    echo: bool,
}

#[derive(Debug)]
struct LogInner {
    file: File,
    tail: VecDeque<String>,
}

impl Log {
    /// Starts `<directory>/<name>.log` afresh; `echo` also prints each line, with the name before it.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn create(directory: &Path, name: &str, echo: bool) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let path: PathBuf = directory.join(format!("{name}.log"));
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .open(&path)?;
        let inner = Arc::new(Mutex::new(LogInner {
            file,
            tail: VecDeque::new(),
        }));
        Ok(Self {
            inner,
            name: name.into(),
            path: path.into(),
            echo,
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line.
    pub fn line(&self, line: &str) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk must not end a call.
        drop(writeln!(inner.file, "{line}"));
        if inner.tail.len() == TAIL_LINES {
            inner.tail.pop_front();
        }
        inner.tail.push_back(line.to_owned());
        drop(inner);
        if self.echo {
            drop(writeln!(io::stderr(), "{} | {line}", self.name));
        }
    }

    /// The last lines, indented, for the end of an error message.
    #[must_use]
    pub fn tail(&self) -> String {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.tail.is_empty() {
            return format!(" (it printed nothing; log: {})", self.path.display());
        }
        let lines: Vec<_> = inner
            .tail
            .iter()
            .map(|line| format!("\n    {line}"))
            .collect();
        format!(":{}\n  ({})", lines.concat(), self.path.display())
    }

    /// Adds every line of a stream until it ends; `divert` may take a line for itself by returning true.
    fn follow<R>(&self, stream: R, divert: Option<Divert>) -> JoinHandle<()>
    where
        R: AsyncRead + Send + Unpin + 'static,
    {
        let log = self.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(stream).split(b'\n');
            while let Ok(Some(line)) = lines.next_segment().await {
                let line = String::from_utf8_lossy(&line);
                if divert.as_ref().is_none_or(|divert| !divert(&line)) {
                    log.line(line.trim_end());
                }
            }
        })
    }
}

/// Looks at a line of standard output; true takes it away from the log.
pub type Divert = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// A running process. Dropping it sends SIGKILL.
#[derive(Debug)]
pub struct Process {
    pid: Pid,
    exited: watch::Receiver<Option<String>>,
}

/// What to run.
pub struct Launch<'a> {
    /// The program.
    pub program: &'a Path,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// All of its environment: nothing is inherited.
    pub environment: Vec<(String, String)>,
    /// Its working directory.
    pub directory: &'a Path,
    /// Where its output goes.
    pub log: &'a Log,
    /// Takes lines of standard output away from the log.
    pub divert: Option<Divert>,
}

impl Process {
    /// Starts a process that dies with this one.
    ///
    /// # Errors
    /// When the program cannot be started; the message names it.
    pub async fn start(launch: Launch<'_>) -> io::Result<Self> {
        if !launch.program.is_file() {
            let message = format!("{} does not exist", launch.program.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        // `setpriv` asks the kernel for SIGKILL when the parent ends, then becomes the program under the same id. That
        // holds after SIGKILL of the parent too, when no `Drop` runs.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(launch.program)
            .args(launch.arguments);
        command
            .env_clear()
            .envs(launch.environment)
            .current_dir(launch.directory);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = spawn(command).await?;
        let stdout = child.stdout.take();
        let stderr = child.stderr.take();
        let printed = [
            stdout.map(|stream| launch.log.follow(stream, launch.divert)),
            stderr.map(|stream| launch.log.follow(stream, None)),
        ];
        let pid = child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let pid = pid.ok_or_else(|| io::Error::other("the process ended at once"))?;
        let (exit, exited) = watch::channel(None);
        tokio::spawn(async move {
            // Dropping the `Process` closes the channel, and dropping the child kills it.
            let status = tokio::select! {
                status = child.wait() => status,
                () = exit.closed() => return,
            };
            // Whoever hears of the end may look for its reason in the log: the last words must be there. What it has
            // started itself may hold its output open, so this does not wait for ever.
            let last_words = futures_util::future::join_all(printed.into_iter().flatten());
            drop(tokio::time::timeout(LAST_WORDS, last_words).await);
            exit.send_replace(Some(
                status.map_or_else(|error| error.to_string(), |status| status.to_string()),
            ));
        });
        Ok(Self { pid, exited })
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Processor time that it has used so far, user and system, all threads; to 10 ms.
    ///
    /// # Errors
    /// When it has ended.
    pub fn cpu_time(&self) -> io::Result<Duration> {
        let stat = self.proc_file("stat")?;
        // Field 2, the name, may contain spaces and brackets; it ends at the last bracket. Then 14 and 15 of proc(5).
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: u64 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        // Linux reports hundredths of seconds to programs whatever its own clock.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Its resident memory, in bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub fn memory_bytes(&self) -> io::Result<u64> {
        let status = self.proc_file("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes
            .map(|kilobytes| kilobytes * 1024)
            .ok_or_else(|| io::Error::other("no VmRSS in /proc"))
    }

    fn proc_file(&self, name: &str) -> io::Result<String> {
        if let Some(status) = self.exit_status() {
            return Err(io::Error::other(format!(
                "the process has ended ({status})"
            )));
        }
        std::fs::read_to_string(format!("/proc/{}/{name}", self.id()))
    }

    /// Waits for its end and says how it ended, e.g. `exit status: 1`.
    pub async fn ended(&self) -> String {
        let mut exited = self.exited.clone();
        match exited.wait_for(Option::is_some).await {
            Ok(status) => status.clone().unwrap_or_default(),
            Err(_) => "gone".to_owned(),
        }
    }

    /// How it ended, if it did.
    #[must_use]
    pub fn exit_status(&self) -> Option<String> {
        self.exited.borrow().clone()
    }

    /// SIGKILL, and waits until it is gone.
    pub async fn kill(&self) {
        self.signal(Signal::KILL);
        self.ended().await;
    }

    /// SIGTERM, then SIGKILL for those who do not go within `grace`.
    pub async fn stop(&self, grace: Duration) {
        self.signal(Signal::TERM);
        if tokio::time::timeout(grace, self.ended()).await.is_err() {
            self.kill().await;
        }
    }

    fn signal(&self, signal: Signal) {
        // After its end the id may belong to another process.
        if self.exit_status().is_none() {
            // It may have ended in this very moment.
            let _ = kill_process(self.pid, signal);
        }
    }
}

type Started = io::Result<tokio::process::Child>;

/// Spawns from a thread that lives as long as this process: the kernel sends the death signal when the *thread* that
/// forked ends, and the threads of a runtime come and go.
async fn spawn(command: Command) -> Started {
    static SPAWNER: OnceLock<mpsc::Sender<(Command, Handle, oneshot::Sender<Started>)>> =
        OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, orders) = mpsc::channel::<(Command, Handle, oneshot::Sender<Started>)>();
        std::thread::spawn(move || {
            for (mut command, runtime, started) in orders {
                let _runtime = runtime.enter();
                drop(started.send(command.spawn()));
            }
        });
        sender
    });
    let (started, answer) = oneshot::channel();
    let gone = || io::Error::other("the thread that starts processes is gone");
    spawner
        .send((command, Handle::current(), started))
        .map_err(|_| gone())?;
    let child = answer.await.map_err(|_| gone())?;
    child.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            io::Error::new(error.kind(), "setpriv (package util-linux) is missing")
        }
        _ => error,
    })
}
