//! The operator's side of the API.

use std::io;
use std::time::Duration;

use contract::{Bot, Cost, Turn, Usage};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use twilio::{CallSid, PhoneNumber};

/// A client with the operator's key.
#[derive(Clone, Debug)]
pub struct Api {
    url: String,
    key: String,
    http: reqwest::Client,
}

/// A call, as far as it is looked at here.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    /// What was said.
    pub turns: Vec<ShownTurn>,
    /// What else happened.
    pub events: Vec<ShownEvent>,
    /// Where the call stands, by Twilio's word.
    pub status: String,
    /// Whether both Twilio and the edge have said their last word.
    pub complete: bool,
    /// How many streams it had.
    pub streams: u32,
    /// All that was used, when it is over.
    pub usage: Option<Usage>,
    /// What that costs.
    pub cost: Option<Cost>,
    /// The recording's key and URL, when it is stored.
    pub recording: Option<Value>,
    /// Everything, as it came.
    #[serde(skip)]
    pub json: Value,
}

/// A turn, with its number.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ShownTurn {
    /// Its place among the records.
    pub number: u64,
    /// The turn.
    #[serde(flatten)]
    pub turn: Turn,
}

/// An event, with its number.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ShownEvent {
    /// Its place among the records.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub detail: String,
}

impl Api {
    /// The API at this URL.
    #[must_use]
    pub fn new(url: &str, key: &str) -> Self {
        Self {
            url: url.to_owned(),
            key: key.to_owned(),
            http: reqwest::Client::new(),
        }
    }

    /// Saves a bot.
    ///
    /// # Errors
    ///
    /// What the API answered.
    pub async fn put_bot(&self, bot: &Bot) -> io::Result<()> {
        let body = serde_json::to_value(bot)?;
        self.send(
            reqwest::Method::PUT,
            &format!("/bots/{}", bot.id),
            Some(body),
        )
        .await?;
        Ok(())
    }

    /// Has a bot answer a number.
    ///
    /// # Errors
    ///
    /// What the API answered.
    pub async fn put_number(&self, number: &PhoneNumber, bot: &str) -> io::Result<()> {
        let body = json!({ "bot": bot });
        self.send(
            reqwest::Method::PUT,
            &format!("/numbers/{number}"),
            Some(body),
        )
        .await?;
        Ok(())
    }

    /// Has a bot call somebody.
    ///
    /// # Errors
    ///
    /// What the API answered.
    pub async fn place(
        &self,
        bot: &str,
        to: &PhoneNumber,
        from: &PhoneNumber,
    ) -> io::Result<Value> {
        let body = json!({ "bot": bot, "to": to, "from": from });
        self.send(reqwest::Method::POST, "/calls", Some(body)).await
    }

    /// A call; none if it is not known yet.
    ///
    /// # Errors
    ///
    /// What the API answered.
    pub async fn call(&self, call: &CallSid) -> io::Result<Option<Shown>> {
        let path = format!("{}/calls/{call}", self.url);
        let answer = self
            .http
            .get(path)
            .bearer_auth(&self.key)
            .send()
            .await
            .map_err(io::Error::other)?;
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let status = answer.status();
        let text = answer.text().await.map_err(io::Error::other)?;
        if !status.is_success() {
            return Err(io::Error::other(format!(
                "GET /calls/{call}: {status}: {text}"
            )));
        }
        let json: Value = serde_json::from_str(&text)?;
        let shown = Shown::deserialize(&json)?;
        Ok(Some(Shown { json, ..shown }))
    }

    /// Waits until a call is as wanted; answers it as it is when that did not come in time.
    ///
    /// # Errors
    ///
    /// What the API answered, or that it never knew the call.
    pub async fn until(
        &self,
        call: &CallSid,
        limit: Duration,
        wanted: impl Fn(&Shown) -> bool,
    ) -> io::Result<Shown> {
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            let shown = self.call(call).await?;
            let is_late = tokio::time::Instant::now() >= deadline;
            match shown {
                Some(shown) if wanted(&shown) || is_late => return Ok(shown),
                None if is_late => {
                    return Err(io::Error::other(format!("the API does not know {call}")));
                }
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// The recording of a call.
    ///
    /// # Errors
    ///
    /// It is not stored, or the bucket refused.
    pub async fn recording(&self, shown: &Shown) -> io::Result<Vec<u8>> {
        let url = shown
            .recording
            .as_ref()
            .and_then(|recording| recording.get("url")?.as_str());
        let url = url.ok_or_else(|| io::Error::other("there is no recording"))?;
        let answer = self.http.get(url).send().await.map_err(io::Error::other)?;
        let answer = answer.error_for_status().map_err(io::Error::other)?;
        Ok(answer.bytes().await.map_err(io::Error::other)?.to_vec())
    }

    /// Any request.
    ///
    /// # Errors
    ///
    /// What the API answered.
    pub async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
    ) -> io::Result<Value> {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.url))
            .bearer_auth(&self.key);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(io::Error::other)?;
        let status = answer.status();
        let text = answer.text().await.map_err(io::Error::other)?;
        if status.is_success() {
            Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
        } else {
            Err(io::Error::other(format!(
                "{method} {path}: {status}: {text}"
            )))
        }
    }
}
