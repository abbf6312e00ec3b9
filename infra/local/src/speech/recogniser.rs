//! The ear: a few long-lived processes of pocketsphinx, each asked one thing at a time.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;

use super::signal;

/// What was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Heard {
    /// The words, in lower case; empty if there were none.
    pub text: String,
    /// Whether it is a sentence of the booking grammar.
    pub grammar: bool,
    /// How long the words sounded, in milliseconds.
    pub speech_ms: u32,
}

/// What may have been said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// A sentence of the booking grammar, or else anything.
    Booking,
    /// Anything.
    Open,
}

/// What was heard last is not heard again: whoever gave up waiting on a busy machine, and asks once more, has the answer
/// that came meanwhile; so has whoever asks for the end of what was drafted.
const KEPT: usize = 8;

#[derive(Debug, PartialEq, Eq)]
struct Job {
    vocabulary: Vocabulary,
    pcm: Vec<u8>,
}

/// A job, and where its answer goes.
type Asked = (Job, oneshot::Sender<io::Result<Heard>>);

/// A pool of recognisers. Dropping it ends the processes.
#[derive(Debug)]
pub struct Recogniser {
    jobs: mpsc::UnboundedSender<Asked>,
    _workers: JoinSet<()>,
}

impl Recogniser {
    /// Starts `workers` processes, which takes them about a second: now if `warm`, so that whoever asks sooner waits less,
    /// or else when they are first asked.
    ///
    /// `python` has pocketsphinx; `script` is `recogniser.py`.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn start(python: &Path, script: &Path, workers: usize, warm: bool) -> Self {
        let (jobs, queue) = mpsc::unbounded_channel();
        let queue = Arc::new(Mutex::new(queue));
        let mut tasks = JoinSet::new();
        for _ in 0..workers.max(1) {
            let program = Program {
                python: python.to_owned(),
                script: script.to_owned(),
            };
            tasks.spawn(work(program, warm, Arc::clone(&queue)));
        }
        Self {
            jobs,
            _workers: tasks,
        }
    }

    /// What was said in these samples at 8 kHz.
    ///
    /// # Errors
    /// The process could not be started, or died twice over these samples.
    pub async fn hear(&self, samples: &[i16], vocabulary: Vocabulary) -> io::Result<Heard> {
        if !signal::has_voice(samples) {
            return Ok(Heard::default());
        }
        let ready = signal::for_recogniser(samples).map_err(io::Error::other)?;
        let (answer, answered) = oneshot::channel();
        let job = Job {
            vocabulary,
            pcm: audio::pcm::to_le_bytes(&ready),
        };
        let gone = || io::Error::other("the recogniser has stopped");
        self.jobs.send((job, answer)).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

struct Program {
    python: PathBuf,
    script: PathBuf,
}

/// One process and its successors.
async fn work(program: Program, warm: bool, queue: Arc<Mutex<mpsc::UnboundedReceiver<Asked>>>) {
    let mut process = None;
    if warm {
        // If this fails, the first question says why.
        process = Process::start(&program).await.ok();
    }
    let mut kept: VecDeque<(Job, Heard)> = VecDeque::with_capacity(KEPT);
    loop {
        let Some((job, answer)) = queue.lock().await.recv().await else {
            return;
        };
        if answer.is_closed() {
            continue; // whoever asked has gone
        }
        if let Some((_, heard)) = kept.iter().find(|(known, _)| *known == job) {
            drop(answer.send(Ok(heard.clone())));
            continue;
        }
        let mut heard = ask(&program, &mut process, &job).await;
        if heard.is_err() {
            heard = ask(&program, &mut process, &job).await;
        }
        if let Ok(heard) = &heard {
            kept.truncate(KEPT - 1);
            kept.push_front((job, heard.clone()));
        }
        drop(answer.send(heard));
    }
}

async fn ask(program: &Program, process: &mut Option<Process>, job: &Job) -> io::Result<Heard> {
    let mut running = match process.take() {
        Some(running) => running,
        None => Process::start(program).await?,
    };
    let heard = running.hear(job.vocabulary, &job.pcm).await?;
    *process = Some(running);
    Ok(heard)
}

struct Process {
    _child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    async fn start(program: &Program) -> io::Result<Self> {
        let named = |error: io::Error| {
            let python = program.python.display();
            io::Error::new(error.kind(), format!("the recogniser ({python}): {error}"))
        };
        let mut child = Command::new(&program.python)
            .arg("-B") // the checkout is not its cache
            .arg(&program.script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(named)?;
        let missing = || io::Error::other("the recogniser has no pipe");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let mut process = Self {
            _child: child,
            stdin,
            lines: BufReader::new(stdout).lines(),
        };
        process.line().await.map_err(named)?;
        Ok(process)
    }

    async fn hear(&mut self, vocabulary: Vocabulary, pcm: &[u8]) -> io::Result<Heard> {
        let mode = match vocabulary {
            Vocabulary::Booking => b'a',
            Vocabulary::Open => b'o',
        };
        let length = u32::try_from(pcm.len()).map_err(io::Error::other)?;
        let mut head = vec![mode];
        head.extend(length.to_le_bytes());
        self.stdin.write_all(&head).await?;
        self.stdin.write_all(pcm).await?;
        self.stdin.flush().await?;
        let line = self.line().await?;
        serde_json::from_str(&line).map_err(io::Error::other)
    }

    async fn line(&mut self) -> io::Result<String> {
        let line = self.lines.next_line().await?;
        line.ok_or_else(|| {
            io::Error::new(io::ErrorKind::BrokenPipe, "it ended; see standard error")
        })
    }
}
