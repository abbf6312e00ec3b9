//! Conversations of the past, told to the functions as the edge tells them: so that there are months to add up.

use contract::{
    Amount, Batch, BotId, CallId, EndReason, Numbered, Record, SessionRequest, Speaker, TenantId,
    Turn, Usage, WorkStage,
};
use reqwest::Method;
use serde::Serialize;

use crate::World;
use crate::door::now_s;

/// Months before this one of which there is something to tell.
const MONTHS: u64 = 5;
/// Conversations in each.
const CALLS: u64 = 6;
/// The mean length of a month, in milliseconds.
const MONTH_MS: u64 = 2_629_746_000;

impl World {
    /// Tells of some conversations in each of the last months, with these bots in turn.
    ///
    /// # Panics
    ///
    /// The functions refused.
    pub async fn history(&self, bots: &[BotId]) {
        let numbers = 0..(MONTHS + 1) * CALLS;
        for (number, bot) in numbers.zip(bots.iter().cycle()) {
            let back = MONTHS - number / CALLS;
            self.past(number, bot.clone(), now_s() * 1_000 - back * MONTH_MS)
                .await;
        }
    }

    async fn past(&self, number: u64, bot: BotId, at_ms: u64) {
        let call = CallId::web(u128::from(number) + 1);
        let session = SessionRequest {
            call,
            token: self.platform.credentials.operator_key.clone(),
            bot: Some(bot.clone()),
            address: "127.0.0.1".to_owned(),
        };
        self.tell("calls", "/sessions", &session).await;
        let (turns, duration_ms) = (3 + number * 5 % 9, 40_000 + number * 37_000 % 230_000);
        let turn = |place: u64| Record::Turn(turn(place, duration_ms / turns));
        let ended = Record::Ended {
            reason: EndReason::BotLeft,
            duration_ms,
            usage: usage(duration_ms),
        };
        let records = (0..turns).map(turn).chain([ended, Record::Filed]);
        let numbered = |(number, record)| Numbered {
            number,
            at_ms,
            record,
        };
        let batch = Batch {
            call,
            account: self.account(),
            tenant: TenantId::default(),
            bot,
            bot_version: 1,
            records: (1..).zip(records).map(numbered).collect(),
            usage: Usage::default(),
            // Every other one is the caller's.
            turns: u32::try_from(turns / 2).unwrap_or_default(),
        };
        self.tell("status", "/records", &batch).await;
    }

    async fn tell(&self, part: &str, path: &str, what: &impl Serialize) {
        let body = serde_json::to_vec(what).unwrap_or_default();
        let url = self.url(part, path);
        let answer = self.sealed(Method::POST, &url, &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

fn turn(place: u64, each_ms: u64) -> Turn {
    let is_bot = place.is_multiple_of(2);
    Turn {
        speaker: if is_bot {
            Speaker::Bot
        } else {
            Speaker::Caller
        },
        text: format!("turn {}", place + 1),
        began_ms: place * each_ms,
        ended_ms: (place + 1) * each_ms - 500,
        interrupted: false,
        timing: None,
    }
}

/// What a conversation of that length uses: each side speaks for half of it.
fn usage(duration_ms: u64) -> Usage {
    let mut usage = Usage {
        line_ms: duration_ms,
        ..Usage::default()
    };
    let heard = Amount {
        requests: duration_ms / 15_000,
        listen_ms: duration_ms / 2,
        ..Amount::default()
    };
    usage.did(WorkStage::Listen, "openai", "gpt-transcribe", heard);
    let thought = Amount {
        requests: duration_ms / 15_000,
        input_tokens: duration_ms / 25,
        output_tokens: duration_ms / 400,
        ..Amount::default()
    };
    usage.did(WorkStage::Think, "openai", "gpt-6-luna", thought);
    let spoken = Amount {
        requests: duration_ms / 10_000,
        chars: duration_ms / 130,
        ..Amount::default()
    };
    usage.did(WorkStage::Speak, "openai", "gpt-4o-mini-tts", spoken);
    usage
}
