//! The account at Twilio: its numbers, and where they point.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::{Client, Method};
use twilio::rest::{
    API_BASE, HttpRequest, ListNumbers, NumberResource, RestError, RestoreNumber, UpdateNumber,
    basic_auth,
};
use twilio::signature::AuthToken;
use twilio::{AccountSid, PhoneNumber};

use crate::failure::Failure;
use crate::http::{client, why};
use crate::settings::{ACCOUNT, Settings, TOKEN, TWILIO_URL};

/// How often a request is sent that may be sent again.
const TRIES: u32 = 4;
/// Pages of numbers that are read: a thousand numbers each.
const PAGES_MAX: usize = 20;

/// Twilio, with the account's credentials.
pub(crate) struct Carrier {
    account: AccountSid,
    token: AuthToken,
    base: String,
    client: Client,
}

/// What Twilio answered.
pub(crate) struct Answer {
    status: u16,
    body: Vec<u8>,
    /// What its clock says.
    pub(crate) date: Option<Timestamp>,
}

impl Carrier {
    /// The account of the settings.
    ///
    /// # Errors
    /// A setting is missing or cannot be.
    pub(crate) fn of(settings: &Settings) -> Result<Self, Failure> {
        let account = settings.need(ACCOUNT)?.parse();
        let token = AuthToken::new(settings.need(TOKEN)?);
        Ok(Self {
            account: account
                .map_err(|error: twilio::ids::BadSid| settings.wrong(ACCOUNT, error))?,
            token: token.map_err(|error| settings.wrong(TOKEN, error))?,
            base: settings
                .url(TWILIO_URL)?
                .unwrap_or_else(|| API_BASE.to_owned()),
            client: client()?,
        })
    }

    /// Which account.
    pub(crate) const fn account(&self) -> AccountSid {
        self.account
    }

    /// What it signs webhooks with.
    pub(crate) const fn token(&self) -> &AuthToken {
        &self.token
    }

    /// All of these requests may be sent again: they read, or set what is wanted whatever there was.
    async fn send(&self, request: HttpRequest) -> Result<Answer, Failure> {
        let mut pause = Duration::from_millis(300);
        for left in (0..TRIES).rev() {
            match self.once(&request).await {
                Ok(answer) if left > 0 && (answer.status == 429 || answer.status >= 500) => {}
                Err(_) if left > 0 => {}
                done => return done,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        self.once(&request).await
    }

    async fn once(&self, request: &HttpRequest) -> Result<Answer, Failure> {
        let method = match request.method {
            twilio::rest::Method::Get => Method::GET,
            twilio::rest::Method::Post => Method::POST,
        };
        let url = format!("{}{}", self.base, request.target);
        let credentials = basic_auth(self.account.as_str(), &self.token);
        let mut sent = self
            .client
            .request(method, url)
            .header("authorization", credentials);
        for (name, value) in &request.headers {
            sent = sent.header(*name, value);
        }
        let silent = |error: reqwest::Error| {
            Failure::new(
                "twilio_unreachable",
                format!("Twilio does not answer: {}", why(error)),
            )
            .next("check the connection, and status.twilio.com")
        };
        let answer = sent
            .body(request.body.clone())
            .send()
            .await
            .map_err(silent)?;
        let date = answer
            .headers()
            .get("date")
            .and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| rfc2822::parse(date).ok());
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(silent)?.to_vec();
        Ok(Answer {
            status,
            body,
            date: date.map(|date| date.timestamp()),
        })
    }

    /// The account's numbers, and what Twilio's clock said.
    pub(crate) async fn numbers(
        &self,
        only: Option<&PhoneNumber>,
    ) -> Result<(Vec<NumberResource>, Option<Timestamp>), Failure> {
        let list = ListNumbers {
            phone_number: only.cloned(),
        };
        let mut request = list.request(&self.account);
        let mut numbers = Vec::new();
        let mut date = None;
        for _ in 0..PAGES_MAX {
            let answer = self.send(request).await?;
            date = date.or(answer.date);
            let mut page = ListNumbers::outcome(answer.status, &answer.body)
                .map_err(|error| explained(&error))?;
            numbers.append(&mut page.incoming_phone_numbers);
            match ListNumbers::next(&self.account, &page) {
                Some(next) => request = next,
                None => break,
            }
        }
        Ok((numbers, date))
    }

    /// A number of the account: the one that is asked for, or the only one.
    pub(crate) async fn number(
        &self,
        asked: Option<&PhoneNumber>,
    ) -> Result<NumberResource, Failure> {
        let (mut numbers, _) = self.numbers(asked).await?;
        numbers.retain(|number| asked.is_none_or(|asked| number.phone_number == *asked));
        match (numbers.len(), asked) {
            (1, _) => {}
            (0, Some(asked)) => {
                let message = format!("the account {} has no number {asked}", self.account);
                return Err(Failure::new("number_not_owned", message)
                    .next("callbox numbers --carrier lists those it has; others are bought at console.twilio.com"));
            }
            (0, None) => {
                let message = format!("the account {} has no number", self.account);
                return Err(
                    Failure::new("number_not_owned", message).next("buy one at console.twilio.com")
                );
            }
            (count, _) => {
                let some: Vec<_> = numbers
                    .iter()
                    .take(10)
                    .map(|number| number.phone_number.to_string())
                    .collect();
                let message = format!("the account has {count} numbers: which one?");
                return Err(Failure::usage("number_missing", message).next(format!(
                    "say --number {}, or set number in callbox.toml",
                    some.join(" or --number ")
                )));
            }
        }
        numbers
            .pop()
            .ok_or_else(|| Failure::new("number_not_owned", "the account has no number"))
    }

    /// Points a number elsewhere.
    pub(crate) async fn point(&self, update: &UpdateNumber) -> Result<NumberResource, Failure> {
        let answer = self.send(update.request(&self.account)).await?;
        UpdateNumber::outcome(answer.status, &answer.body).map_err(|error| explained(&error))
    }

    /// Gives a number back what it had.
    pub(crate) async fn restore(&self, restore: &RestoreNumber) -> Result<NumberResource, Failure> {
        let answer = self.send(restore.request(&self.account)).await?;
        RestoreNumber::outcome(answer.status, &answer.body).map_err(|error| explained(&error))
    }
}

/// What an error of Twilio's means for whoever sees it.
fn explained(error: &RestError) -> Failure {
    let (code, next) = match (error.status, error.code) {
        (401, _) | (_, Some(20003)) => (
            "twilio_credentials",
            "check twilio_account_sid and twilio_auth_token (TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN): console.twilio.com shows both".to_owned(),
        ),
        (404, _) => ("twilio_not_found", "is the number still the account's? callbox numbers --carrier".to_owned()),
        (429, _) => ("twilio_busy", "try again in a moment".to_owned()),
        (_, Some(code)) => ("twilio_refused", format!("https://www.twilio.com/docs/api/errors/{code}")),
        _ => ("twilio_refused", "status.twilio.com tells whether it is their fault".to_owned()),
    };
    Failure::new(code, error.to_string()).next(next)
}
