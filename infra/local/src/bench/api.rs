//! The API under load, and how soon an order is obeyed: the real functions in the emulator, the real edge, a simulated line.

use std::path::Path;
use std::time::Duration;

use contract::{
    Batch, Bot, EndReason, Numbered, Record, Seal, Secret, Speaker, TenantId, Turn, Usage,
};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use twilio::Party;

use super::phone::Broken;
use super::table::{Figure, percentile};
use crate::demo;
use crate::stack::{Stack, StackOptions};
use crate::twilio::{Call, What};

/// Requests in a second.
const RATE: u32 = 200;
/// How long that goes on before it counts, and while it does.
const WARM_UP: Duration = Duration::from_secs(3);
const LENGTH: Duration = Duration::from_secs(10);
/// Calls that there are to look at.
const CALLS: u32 = 60;
/// Orders that are timed.
const ORDERS: usize = 12;
/// Long enough to be interrupted.
const WORDS: &str =
    "The kitchen closes at eleven on Fridays, and at ten on any other day of the week.";

/// The platform with some calls in its books.
pub(super) struct Desk {
    stack: Stack,
    http: reqwest::Client,
    url: String,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub(super) async fn start(root: &Path) -> Result<Self, Broken> {
        let folder = tempfile::tempdir()?;
        let mut options = StackOptions {
            bot: Bot {
                greeting: "Thank you for calling Mesa. ".to_owned() + WORDS,
                summarise: false,
                record: false,
                ..demo::bot()
            },
            ..StackOptions::of_test(root, folder.path())
        };
        // As they are deployed: what cargo builds for tests takes ten times the processor time.
        let optimised = root.join("target/release");
        if optimised.join("calls").exists() {
            options.platform.functions = optimised;
        }
        let stack = Stack::start(options).await?;
        let url = stack.urls().get("calls").cloned().unwrap_or_default();
        let desk = Self {
            stack,
            http: reqwest::Client::new(),
            url,
            _folder: folder,
        };
        for number in 0..CALLS {
            desk.file(number).await?;
        }
        Ok(desk)
    }

    /// Has the status function take the records of a call that is over.
    async fn file(&self, number: u32) -> Result<(), Broken> {
        let credentials = &self.stack.platform.credentials;
        let at_ms = epoch_ms();
        let turn = |number: u64| Turn {
            speaker: if number.is_multiple_of(2) {
                Speaker::Caller
            } else {
                Speaker::Bot
            },
            text: WORDS.to_owned(),
            began_ms: number * 4_000,
            ended_ms: number * 4_000 + 3_000,
            interrupted: false,
            timing: None,
        };
        let numbered = |number, record| Numbered {
            number,
            at_ms,
            record,
        };
        let mut records: Vec<_> = (1..=12)
            .map(|number| numbered(number, Record::Turn(turn(number))))
            .collect();
        let ended = Record::Ended {
            reason: EndReason::CallerLeft,
            duration_ms: 52_000,
            usage: Usage::default(),
        };
        records.extend([numbered(13, ended), numbered(14, Record::Filed)]);
        let batch = Batch {
            call: format!("WB{number:032x}").parse()?,
            account: credentials.account_sid.parse()?,
            tenant: TenantId::default(),
            bot: demo::bot().id,
            bot_version: 1,
            records,
            turns: 6,
            usage: Usage::default(),
        };
        let body = serde_json::to_vec(&batch)?;
        let secret = Secret::new(credentials.edge_secret.as_str());
        let seal = Seal::new(&secret, at_ms / 1_000, "POST", "/records", &body);
        let urls = self.stack.urls();
        let status = urls.get("status").cloned().unwrap_or_default();
        let answer = self
            .http
            .post(format!("{status}/records"))
            .header(contract::SEAL_HEADER, seal.as_str())
            .body(body)
            .send()
            .await?;
        answer.error_for_status().map(drop).map_err(Into::into)
    }

    /// Reads of every kind, at a steady rate, whether or not the former ones are answered.
    pub(super) async fn load(&self) -> Result<Vec<Figure>, Broken> {
        let interval = Duration::from_secs(1) / RATE;
        let (began, mut sent) = (Instant::now(), 0_u32);
        let mut tasks = JoinSet::new();
        while interval * sent < WARM_UP + LENGTH {
            let due = began + interval * sent;
            sleep_until(due).await;
            let request = self
                .http
                .get(format!("{}{}", self.url, path(sent)))
                .bearer_auth(&self.stack.platform.credentials.operator_key);
            let counts = interval * sent >= WARM_UP;
            tasks.spawn(async move {
                let status = match request.send().await {
                    Ok(answer) => {
                        let status = answer.status();
                        answer.bytes().await.is_ok().then_some(status)
                    }
                    Err(_) => None,
                };
                (counts, status, due.elapsed())
            });
            sent += 1;
        }
        let (mut waits, mut refused) = (Vec::new(), 0.0);
        while let Some(done) = tasks.join_next().await {
            let (counts, status, wait) = done?;
            if !counts {
                continue;
            }
            if status != Some(StatusCode::OK) {
                refused += 1.0;
            }
            waits.push(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
        }
        let name = format!("API, {RATE} requests a second");
        let at = |percent, goal| {
            #[expect(clippy::cast_precision_loss, reason = "microseconds of a request")]
            let ms = percentile(&waits, percent) as f64 / 1_000.0;
            Figure::new(format!("{name}: p{percent}"), ms, "ms", goal)
        };
        Ok(vec![
            at(50, None),
            at(95, Some(25.0)),
            at(99, None),
            Figure::new(format!("{name}: not answered"), refused, "", Some(0.0)),
        ])
    }

    /// From an order to interrupt until the line is silent.
    pub(super) async fn orders(&self) -> Result<Vec<Figure>, Broken> {
        let from = Party::parse(demo::caller().as_str());
        let call = self.stack.carrier.dial(from, &demo::number())?;
        let mut waits = Vec::new();
        let mut events = call.events();
        for number in 0..ORDERS {
            if number > 0 {
                self.order(&call, json!({ "do": "say", "text": WORDS }))
                    .await?;
            }
            let speaks = events.find(|event| (event.what == What::BotAudioStarted).then_some(()));
            speaks.await.ok_or("the bot says nothing")?;
            sleep(Duration::from_millis(600)).await;
            let began = Instant::now();
            let cleared = async {
                let silent = |what: &What| matches!(what, What::Clear { .. });
                let heard = events.find(|event| silent(&event.what).then_some(()));
                heard
                    .await
                    .map(|()| began.elapsed())
                    .ok_or("the call is over")
            };
            let order = self.order(&call, json!({ "do": "interrupt" }));
            let (ordered, silent) = tokio::join!(order, cleared);
            ordered?;
            waits.push(i64::try_from(silent?.as_micros()).unwrap_or(i64::MAX));
        }
        call.hang_up();
        #[expect(clippy::cast_precision_loss, reason = "microseconds of an order")]
        let ms = |percent| percentile(&waits, percent) as f64 / 1_000.0;
        let worst = format!("order to silence, worst of {ORDERS}");
        Ok(vec![
            Figure::new("order to silence, p50", ms(50), "ms", None),
            Figure::new(worst, ms(100), "ms", Some(300.0)),
        ])
    }

    async fn order(&self, call: &Call, order: serde_json::Value) -> Result<(), Broken> {
        let path = format!("/calls/{}/orders", call.sid());
        self.stack
            .api
            .send(Method::POST, &path, Some(order))
            .await?;
        Ok(())
    }
}

/// What the console and a program of an operator's ask for.
fn path(number: u32) -> String {
    let call = format!("WB{:032x}", number % CALLS);
    match number % 8 {
        0 => "/calls?limit=20".to_owned(),
        1 => format!("/calls/{call}"),
        2 => "/bots".to_owned(),
        3 => format!("/calls/{call}/events"),
        4 => format!("/bots/{}", demo::bot().id),
        5 => "/calls?status=in-progress&limit=20".to_owned(),
        6 => "/numbers".to_owned(),
        _ => "/usage/2026-11".to_owned(),
    }
}

fn epoch_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}
