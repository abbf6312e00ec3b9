//! The commands.

mod bench;
mod call;
mod dev;
mod look;
mod transcript;
mod verdict;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use local::platform::{Options, Ports, providers};
use tracing_subscriber::EnvFilter;

use look::Look;

/// Callbox on one machine: the Lambda functions and the edge that would be deployed, with DynamoDB, S3, Twilio and the
/// speech providers beside them.
#[derive(Debug, Parser)]
#[command(name = "callbox-local", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  callbox-local call                     a synthesised caller books a table
  callbox-local call --reply url         ... and hears the bot from URLs that Twilio plays
  callbox-local dev                      keep the platform up and print its URLs
  callbox-local dev --verbose            ... with the logs of every process
  callbox-local --json dev | head -n 1   the URLs for a script
  OPENAI_API_KEY=... LISTEN_MODEL=... THINK_MODEL=... SPEAK_MODEL=... SPEAK_VOICE=... callbox-local call
                                         the same call with real providers

Data stay in .local between runs: recordings in .local/s3, logs in .local/logs. Delete the folder to start afresh.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Place a phone call to the demo bot and show what each side hears.
    Call(call::CallArgs),
    /// Keep the platform up until Ctrl-C, and print its URLs.
    Dev(dev::DevArgs),
    /// Measure latency and density of the edge, with providers that answer at once.
    Bench(bench::BenchArgs),
}

/// What every command understands.
#[derive(Debug, Args)]
pub(crate) struct Shared {
    /// Write JSON, one object per line, to standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Show what the processes print.
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// The checkout, with template.yaml and wrangler.toml.
    #[arg(long, global = true, default_value = ".", value_name = "FOLDER")]
    pub(crate) root: PathBuf,
    /// Where tables, objects and logs are kept [default: .local in the checkout].
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// The functions' binaries: a cargo target folder or .aws-sam/build [default: target/debug in the checkout].
    #[arg(long, global = true, value_name = "FOLDER")]
    functions: Option<PathBuf>,
    /// The built edge [default: edge/build in the checkout].
    #[arg(long, global = true, value_name = "FOLDER")]
    edge: Option<PathBuf>,
    /// Take free ports instead of the fixed ones, beside another running platform.
    #[arg(long, global = true)]
    free_ports: bool,
}

impl Shared {
    /// The platform's options, with the simulated Twilio and the stand-in for the providers at these URLs.
    pub(crate) fn options(&self, twilio_api_url: &str, speech_url: &str) -> io::Result<Options> {
        let root = std::path::absolute(&self.root)?;
        let mut options = Options::of_checkout(&root, twilio_api_url);
        options.edge_variables = providers(|name| std::env::var(name).ok(), speech_url);
        options.verbose = self.verbose;
        if self.free_ports {
            options.ports = Ports::Free;
        }
        let given = [
            (&self.data, &mut options.data),
            (&self.functions, &mut options.functions),
            (&self.edge, &mut options.edge_build),
        ];
        for (given, option) in given {
            if let Some(folder) = given {
                *option = std::path::absolute(folder)?;
            }
        }
        Ok(options)
    }
}

/// Shows what the stand-ins do, which are no processes of their own; of libraries, what goes wrong.
fn show_stand_ins() {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("warn,stand-in=info"))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .without_time()
        .init();
}

/// Runs a command; its failure is one message on standard error.
pub(crate) async fn run(cli: Cli) -> ExitCode {
    if cli.shared.verbose {
        show_stand_ins();
    }
    let look = Look::of_terminal(cli.shared.json);
    let done = match cli.command {
        Command::Call(arguments) => call::run(&cli.shared, arguments, look).await,
        Command::Dev(arguments) => dev::run(&cli.shared, arguments, look).await,
        Command::Bench(arguments) => bench::run(&cli.shared, arguments, look).await,
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{} {error}", look.error("error:"));
            if error.kind() == io::ErrorKind::AddrInUse {
                eprintln!("  --free-ports takes other ports; --data gives it a folder of its own");
            }
            ExitCode::FAILURE
        }
    }
}
