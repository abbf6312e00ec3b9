//! Whether Callbox answers where a number points.

use contract::ErrorBody;
use reqwest::{Client, Method};
use twilio::Form;
use twilio::signature::SIGNATURE_HEADER;

use crate::http::why;

/// What a webhook answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Said {
    /// The status.
    pub(crate) status: u16,
    /// The error's code, if it answers as Callbox does.
    pub(crate) code: String,
}

/// Whether it is Callbox that answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Health {
    /// It is, and it lets nobody in who does not sign.
    Well,
    /// Something else answers, or Callbox is not well.
    Odd(String),
    /// Nobody answers.
    Silent(String),
}

impl Health {
    /// For people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Well => "Callbox answers".to_owned(),
            Self::Odd(what) | Self::Silent(what) => what.clone(),
        }
    }
}

/// Sends a form there as Twilio would, signed or not.
///
/// # Errors
/// Nobody answers.
pub(crate) async fn post(
    client: &Client,
    url: &str,
    form: &Form,
    signature: Option<&str>,
) -> Result<Said, String> {
    let mut request = client
        .request(Method::POST, url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.encode());
    if let Some(signature) = signature {
        request = request.header(SIGNATURE_HEADER, signature);
    }
    said(request).await
}

/// Looks there as a browser would.
///
/// # Errors
/// Nobody answers.
pub(crate) async fn get(client: &Client, url: &str) -> Result<Said, String> {
    said(client.get(url)).await
}

async fn said(request: reqwest::RequestBuilder) -> Result<Said, String> {
    let answer = request.send().await.map_err(why)?;
    let status = answer.status().as_u16();
    let text = answer.text().await.map_err(why)?;
    let code = serde_json::from_str::<ErrorBody>(&text).map(|body| body.error.code);
    Ok(Said {
        status,
        code: code.unwrap_or_default(),
    })
}

/// Asks without a signature, which changes nothing: Callbox refuses in its own words.
pub(crate) async fn health(client: &Client, url: &str) -> Health {
    match post(client, url, &Form::new(), None).await {
        Ok(said) if said.status == 403 && said.code == "signature_missing" => Health::Well,
        Ok(said) if said.status >= 500 => Health::Odd(format!(
            "it answers {}: what is behind it is not well",
            said.status
        )),
        Ok(said) if (200..300).contains(&said.status) => Health::Odd(format!(
            "it answers {} to whoever asks: it is not Callbox, or checks no signature",
            said.status
        )),
        Ok(said) => Health::Odd(format!(
            "it answers {}: that is not Callbox's voice function",
            said.status
        )),
        Err(reason) => Health::Silent(format!("nobody answers: {reason}")),
    }
}
