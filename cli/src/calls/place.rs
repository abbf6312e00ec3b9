//! `callbox call +1…`: a bot calls somebody.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::{Args, ValueEnum};
use contract::Machine;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use twilio::PhoneNumber;

use super::show::turn_line;
use crate::api::{Api, encoded};
use crate::failure::Failure;
use crate::numbers::text;
use crate::out::{Out, Paint};
use crate::settings::Settings;

/// How often the call is looked at.
const LOOK: Duration = Duration::from_millis(400);
/// After the end: last turns and the edge's word on it may still come.
const SETTLE_MAX: Duration = Duration::from_secs(15);
/// How often in a row the API may fail to answer.
const SILENT_MAX: u32 = 10;

/// The options of `call`.
#[derive(Args, Debug)]
pub(crate) struct CallArgs {
    /// Who is called, in E.164: +15005550001.
    to: PhoneNumber,
    /// The bot that calls; may be left out if there is only one.
    #[arg(long, value_name = "ID")]
    bot: Option<String>,
    /// The number that is shown; without it one of the bot's.
    #[arg(long, value_name = "E164")]
    from: Option<PhoneNumber>,
    /// End the call after so many seconds, 10 to 14400, if the bot does not end it sooner.
    #[arg(long, value_name = "SECONDS")]
    time_limit: Option<u32>,
    /// If a machine answers, instead of what the bot has for that.
    #[arg(long, value_enum, value_name = "WHAT")]
    machine: Option<OnMachine>,
    /// If a machine answers, leave it this message.
    #[arg(long, value_name = "TEXT", conflicts_with = "machine")]
    message: Option<String>,
    /// Show what is said, as it is said.
    #[arg(long)]
    watch: bool,
    /// Do not wait for the end.
    #[arg(long, conflicts_with = "watch")]
    no_wait: bool,
    /// Orders with the same key are carried out once. Without one, each is an order of its own.
    #[arg(long, value_name = "TEXT")]
    idempotency_key: Option<String>,
}

/// What is done when a machine answers.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum OnMachine {
    /// Talk to it as to a person.
    Continue,
    /// Hang up.
    HangUp,
}

impl CallArgs {
    /// The order, as the API takes it.
    fn order(&self, bot: &str) -> Value {
        let machine = match (&self.message, self.machine) {
            (Some(text), _) => Some(Machine::LeaveMessage { text: text.clone() }),
            (None, Some(OnMachine::HangUp)) => Some(Machine::HangUp),
            (None, Some(OnMachine::Continue)) => Some(Machine::Continue),
            (None, None) => None,
        };
        json!({
            "to": self.to, "bot": bot, "from": self.from, "time_limit_s": self.time_limit, "machine": machine,
        })
    }
}

/// Places a call, and tells how it goes until it is over.
pub(crate) async fn place(
    arguments: &CallArgs,
    settings: &Settings,
    out: Out,
) -> Result<(), Failure> {
    let api = Api::of(settings)?;
    let bot = match &arguments.bot {
        Some(bot) => bot.clone(),
        None => only_bot(&api).await?,
    };
    let order = arguments.order(&bot);
    // So that a lost answer, asked for again, does not let it ring twice.
    let key = match &arguments.idempotency_key {
        Some(key) => key.clone(),
        None => random()?,
    };
    let headers = [("idempotency-key", key.as_str())];
    let placed = match api
        .send(Method::POST, "/calls", Some(&order), &headers)
        .await
    {
        Err(refused) if refused.status == 0 => {
            out.progress("the answer was lost; asking again with the same key");
            api.send(Method::POST, "/calls", Some(&order), &headers)
                .await?
        }
        done => done?,
    };
    let id = text(&placed, "call");
    out.line(&format!(
        "{}  {} calls {} from {}",
        out.paint(Paint::Strong, &id),
        text(&placed, "bot"),
        text(&placed, "to"),
        text(&placed, "from")
    ));
    out.json(&merged("placed", &placed));
    if arguments.no_wait {
        return Ok(());
    }
    let mut follow = Follow {
        out,
        watch: arguments.watch,
        status: String::new(),
        told: BTreeSet::new(),
    };
    tokio::select! {
        done = follow.until_over(&api, &id) => done,
        _ = tokio::signal::ctrl_c() => {
            out.progress(&format!("the call goes on: callbox calls show {id}"));
            Ok(())
        }
    }
}

async fn only_bot(api: &Api) -> Result<String, Failure> {
    let bots = api.list("/bots", "bots").await?;
    let mut ids: Vec<_> = bots.iter().map(|bot| text(bot, "id")).collect();
    match (ids.pop(), ids.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(
            Failure::usage("bot_missing", "there is no bot to call with")
                .next("callbox bot apply my-bot.toml makes one"),
        ),
        (Some(last), false) => {
            ids.push(last);
            Err(Failure::usage(
                "bot_missing",
                "there are several bots: which one shall call?",
            )
            .next(format!("--bot {}", ids.join(", --bot "))))
        }
    }
}

fn random() -> Result<String, Failure> {
    let bits = getrandom::u64().and_then(|high| Ok((high, getrandom::u64()?)));
    let (high, low) = bits.map_err(|error| Failure::new("no_randomness", error.to_string()))?;
    Ok(format!("callbox-{high:016x}{low:016x}"))
}

fn merged(event: &str, value: &Value) -> Value {
    let mut merged = json!({ "event": event });
    if let (Some(to), Some(from)) = (merged.as_object_mut(), value.as_object()) {
        to.extend(from.clone());
    }
    merged
}

struct Follow {
    out: Out,
    watch: bool,
    status: String,
    told: BTreeSet<u64>,
}

impl Follow {
    async fn until_over(&mut self, api: &Api, id: &str) -> Result<(), Failure> {
        let path = format!("/calls/{}", encoded(id));
        let mut silent = 0;
        let mut ended: Option<Instant> = None;
        loop {
            match api.find(&path).await {
                Ok(Some(call)) => {
                    silent = 0;
                    self.tell(&call);
                    let is_final = ["completed", "busy", "failed", "no-answer", "canceled"]
                        .contains(&self.status.as_str());
                    if is_final && ended.is_none() {
                        ended = Some(Instant::now());
                    }
                    let is_complete = call
                        .get("complete")
                        .and_then(Value::as_bool)
                        .unwrap_or_default();
                    if is_complete || ended.is_some_and(|at| at.elapsed() > SETTLE_MAX) {
                        return self.over(&call);
                    }
                }
                // The store may not have it yet.
                Ok(None) if silent < SILENT_MAX => silent += 1,
                Ok(None) => {
                    return Err(Failure::new(
                        "call_unknown",
                        format!("the API does not know the call {id}"),
                    ));
                }
                Err(failure) if silent >= SILENT_MAX => return Err(failure),
                Err(_) => silent += 1,
            }
            sleep(LOOK).await;
        }
    }

    fn tell(&mut self, call: &Value) {
        let status = text(call, "status");
        if status != self.status {
            self.out.line(&self.out.paint(Paint::Faint, &status));
            self.out
                .json(&json!({ "event": "status", "status": status }));
            self.status = status;
        }
        let turns = call.get("turns").and_then(Value::as_array);
        for turn in turns.into_iter().flatten().filter(|_| self.watch) {
            let number = turn
                .get("number")
                .and_then(Value::as_u64)
                .unwrap_or_default();
            if self.told.insert(number) {
                self.out.line(&turn_line(turn, self.out));
                self.out.json(&json!({ "event": "turn", "turn": turn }));
            }
        }
    }

    fn over(&self, call: &Value) -> Result<(), Failure> {
        let id = text(call, "call");
        let ended = call.get("ended").cloned().unwrap_or_default();
        self.out
            .json(&json!({ "event": "ended", "call": id, "status": self.status, "ended": ended }));
        if self.status == "completed" {
            self.out.line(&self.out.paint(
                Paint::Faint,
                &format!("{}; callbox calls show {id}", text(&ended, "reason")),
            ));
            return Ok(());
        }
        let code = format!("call_{}", self.status.replace('-', "_"));
        Err(
            Failure::new(&code, format!("nobody was reached: {}", self.status))
                .next(format!("callbox calls show {id} tells what Twilio said")),
        )
    }
}
