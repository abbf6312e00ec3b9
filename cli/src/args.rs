//! The commands.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::bots::{Bots, bots};
use crate::calls::{CallArgs, CallsArgs, calls, place};
use crate::doctor::{DoctorArgs, doctor};
use crate::failure::Failure;
use crate::keys::{Keys, TokenArgs, keys, token};
use crate::numbers::{NumbersArgs, numbers};
use crate::out::Out;
use crate::replay::{ReplayArgs, replay};
use crate::settings::{Settings, TENANT};
use crate::start::{StartArgs, start, status, stop};
use crate::vendors::{Providers, providers};

/// Telephone bots: point numbers at them, keep them as files, call with them, and find out what is wrong.
#[derive(Debug, Parser)]
#[command(name = "callbox", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Write JSON, one object per line, to standard output; an error is the last one.
    #[arg(long, global = true)]
    json: bool,
    /// Read this file instead of ./callbox.toml and ~/.config/callbox/config.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// With the operator key: whose bots, numbers and calls are meant.
    #[arg(long, global = true, value_name = "ID")]
    tenant: Option<String>,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  callbox doctor                          is everything as it must be, and if not, what to do
  callbox bot apply bots/*.toml           make the platform's bots as the files say
  callbox start -d 8h                     let a real number ring here until the evening
  callbox call +15005550001 --watch       have the bot call somebody, and read along
  callbox calls --status completed        what was called lately
  callbox --json calls | jq '.calls[0]'   the same for programs
  callbox replay CA…                      why did it do that? Every step of the engine, once more

Settings come from flags, else from the environment, else from ./callbox.toml, else from
~/.config/callbox/config.toml:
  api_url             CALLBOX_API_URL     where the API is: the URL of the function `calls`
  api_key             CALLBOX_API_KEY     a key of it
  tenant              CALLBOX_TENANT      with the operator key: whose things are meant
  twilio_account_sid  TWILIO_ACCOUNT_SID  the account, for start, stop, status, doctor, numbers --carrier
  twilio_auth_token   TWILIO_AUTH_TOKEN   its auth token
  twilio_api_url      TWILIO_API_URL      where Twilio's API is, if not at https://api.twilio.com
  number              CALLBOX_NUMBER      the telephone number
  voice_url, status_url, edge_url         where functions and edge are (CALLBOX_VOICE_URL, …)

Exit codes: 0 done; 1 it failed; 2 it cannot be meant, or a setting is missing.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Let a telephone number ring here, through a tunnel or at a public URL; afterwards it does again what it did.
    #[command(after_help = START)]
    Start(StartArgs),
    /// Tell whether a number rings here, and whether a call would be answered.
    Status,
    /// End `start`, and give the number back what it had: also after `start` was killed.
    Stop,
    /// Have a bot call somebody, and tell how it goes.
    Call(CallArgs),
    /// List calls, newest first; or show one.
    Calls(CallsArgs),
    /// Run a call again from its tape, and tell whether it is the same to the millisecond.
    #[command(after_help = REPLAY)]
    Replay(ReplayArgs),
    /// Keep bots as files.
    #[command(subcommand)]
    Bot(Bots),
    /// List which bot answers which number.
    Numbers(NumbersArgs),
    /// Make, list and revoke keys of the API.
    #[command(subcommand)]
    Keys(Keys),
    /// Make a token for a browser or a socket: good for a while, then for nothing.
    Token(TokenArgs),
    /// Try providers of speech and language.
    #[command(subcommand)]
    Providers(Providers),
    /// Look at everything that a call needs, and tell what is wrong and what to do.
    Doctor(DoctorArgs),
}

const START: &str = "\
What the number did before is remembered in ~/.local/state/callbox (CALLBOX_STATE_DIR) before it is changed, and given
back at the end: after -d, at Ctrl-C, or, if this was killed, by `callbox stop` or the next `callbox start`. If somebody
has pointed the number elsewhere meanwhile, that is left alone.

A bot answers in three steps, in this order; without --url, the tunnel's address is only known after the first:
  1. callbox start                                 says the address, and goes on running
  2. make dev PUBLIC=https://…                     in another terminal, with that address; TWILIO_ACCOUNT_SID and
                                                   TWILIO_AUTH_TOKEN exported, as here
  3. callbox bot apply bots/mesa.toml              with numbers = [\"+1…\"] in the file: the number's bot. CALLBOX_API_URL and
                                                   CALLBOX_API_KEY are those that `make dev` prints
Then `callbox status` says whether a call would be answered.

Examples:
  callbox start                                    until Ctrl-C, through cloudflared or ngrok
  callbox start -d 24h --number +15005550006       for a day
  callbox start --url https://bots.example.com     at an address of your own";

const REPLAY: &str = "\
Every input of a recorded call is on its tape, with its time. The engine has no clock and no chance, so the tape makes it do
again what it did: each line is what happened, and what the engine did about it. Requests to providers have numbers. If the
turns are not those that the API shows, the engine in here is another one than took the call; that is an error (exit code 1),
so that recorded calls can be used to test a new version.

Examples:
  callbox replay CA…                       step by step, and the verdict
  callbox replay CA… --save odd.tape       and keep the tape
  callbox replay --file odd.tape           without a platform
  callbox --json replay CA… | tail -n 1    only the verdict, for programs";

/// Runs a command; a failure is told with the next step.
pub(crate) async fn run(cli: Cli) -> ExitCode {
    let out = Out::new(cli.json);
    match carry_out(cli, out).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out.failed(&failure);
            ExitCode::from(failure.exit)
        }
    }
}

/// Tells that the command line cannot be read, for programs too; or shows the help or the version that was asked for.
pub(crate) fn misread(error: &clap::Error) -> ExitCode {
    let is_wrong = error.use_stderr();
    // What cannot be read cannot say whether it wanted JSON; but that is what the word means wherever it stands.
    if is_wrong && std::env::args_os().any(|argument| argument == "--json") {
        let whole = error.to_string();
        let words = whole.lines().next().unwrap_or_default();
        let message = words.strip_prefix("error: ").unwrap_or(words);
        let failure = Failure::usage("command_malformed", message);
        Out::new(true).json(&failure.to_json());
    }
    // Nobody is left to be told that even this could not be written.
    let _ = error.print();
    ExitCode::from(u8::from(is_wrong) * 2)
}

async fn carry_out(cli: Cli, out: Out) -> Result<(), Failure> {
    let mut settings = Settings::read(cli.config.as_deref())?;
    settings.flag(TENANT, cli.tenant.as_deref(), "--tenant");
    match cli.command {
        Command::Start(arguments) => start(&arguments, &settings, out).await,
        Command::Status => status(&settings, out).await,
        Command::Stop => stop(&settings, out).await,
        Command::Call(arguments) => place(&arguments, &settings, out).await,
        Command::Calls(arguments) => calls(&arguments, &settings, out).await,
        Command::Replay(arguments) => replay(&arguments, &settings, out).await,
        Command::Bot(command) => bots(command, &settings, out).await,
        Command::Numbers(arguments) => numbers(&arguments, &settings, out).await,
        Command::Keys(command) => keys(command, &settings, out).await,
        Command::Token(arguments) => token(&arguments, &settings, out).await,
        Command::Providers(command) => providers(command, out).await,
        Command::Doctor(arguments) => doctor(&arguments, &settings, out).await,
    }
}
