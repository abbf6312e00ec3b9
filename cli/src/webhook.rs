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
    /// Whether it is a tunnel's provider that answers, for a tunnel that is not there.
    pub(crate) is_unconnected: bool,
}

/// What Cloudflare answers for a tunnel to which no program is connected.
const CLOUDFLARE_UNCONNECTED: u16 = 530;
/// What ngrok answers then, and in which header.
const NGROK_UNCONNECTED: (&str, &str) = ("ngrok-error-code", "ERR_NGROK_3200");

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
    let (header, unconnected) = NGROK_UNCONNECTED;
    let error = answer.headers().get(header);
    let is_unconnected =
        status == CLOUDFLARE_UNCONNECTED || error.is_some_and(|error| error == unconnected);
    let text = answer.text().await.map_err(why)?;
    let code = serde_json::from_str::<ErrorBody>(&text).map(|body| body.error.code);
    Ok(Said {
        status,
        code: code.unwrap_or_default(),
        is_unconnected,
    })
}

/// Asks without a signature, which changes nothing: Callbox refuses in its own words.
pub(crate) async fn health(client: &Client, url: &str) -> Health {
    match post(client, url, &Form::new(), None).await {
        Ok(said) if said.is_unconnected => Health::Silent("the tunnel is not connected".to_owned()),
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
