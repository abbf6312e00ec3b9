//! Whether Callbox answers where a number points.

use contract::ErrorBody;
use reqwest::{Client, Method};
use twilio::Form;
use twilio::signature::{AuthToken, SIGNATURE_HEADER, request_signature};

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
    /// It is, and it does not believe this account's Twilio: no real call gets in.
    Forged,
    /// Something else answers, or Callbox is not well.
    Odd(String),
    /// Nobody answers.
    Silent(String),
}

impl Health {
    /// For people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Well => "Callbox answers, and lets your Twilio account in".to_owned(),
            Self::Forged => "Callbox answers, but takes what your Twilio account signs for forged: real calls are refused".to_owned(),
            Self::Odd(what) | Self::Silent(what) => what.clone(),
        }
    }

    /// What to do about it; `url` is the voice URL.
    pub(crate) fn next(&self, url: &str) -> Option<String> {
        let base = url.strip_suffix("/voice/incoming").unwrap_or(url);
        let here = format!(
            "on this machine, with TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN exported: make dev PUBLIC={base}"
        );
        match self {
            Self::Well => None,
            Self::Forged => Some(format!(
                "{here}\nat a deployment: its secret needs your twilio_auth_token"
            )),
            Self::Odd(_) | Self::Silent(_) => Some(format!("{here}\ncallbox status asks again")),
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

/// Sends a form there that is signed with this token. It names no call, so that nothing comes of it: who gets in is told that
/// the form is not what it should be.
///
/// # Errors
/// Nobody answers.
pub(crate) async fn signed(client: &Client, url: &str, token: &AuthToken) -> Result<Said, String> {
    let mut form = Form::new();
    form.push("CallboxDoctor", "1");
    let signature = request_signature(token, url, &form);
    post(client, url, &form, Some(&signature)).await
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

/// Whether a call of this account would be answered: asks without a signature, and then with one.
pub(crate) async fn lets_in(client: &Client, url: &str, token: &AuthToken) -> Health {
    match health(client, url).await {
        Health::Well => {}
        unwell @ (Health::Forged | Health::Odd(_) | Health::Silent(_)) => return unwell,
    }
    match signed(client, url, token).await {
        Ok(said) if said.status == 403 => Health::Forged,
        Ok(said) if said.status >= 500 => {
            Health::Odd(format!("it answers {} to a signed request", said.status))
        }
        Ok(_) => Health::Well,
        Err(reason) => Health::Silent(format!("nobody answers: {reason}")),
    }
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A voice function that believes one token.
    async fn voice(believed: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/voice/incoming", listener.local_addr().unwrap());
        let mut form = Form::new();
        form.push("CallboxDoctor", "1");
        let right = request_signature(&AuthToken::new(believed).unwrap(), &url, &form);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.windows(4).any(|window| window == b"\r\n\r\n") {
                    stream.read_buf(&mut head).await.unwrap();
                }
                let head = String::from_utf8_lossy(&head).to_lowercase();
                let (status, code) = if !head.contains("x-twilio-signature") {
                    (403, "signature_missing")
                } else if head.contains(&right.to_lowercase()) {
                    (400, "form_malformed")
                } else {
                    (403, "signature_forged")
                };
                let body = ErrorBody::new(code, "told to").to_json();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        url
    }

    #[tokio::test]
    async fn who_refuses_what_the_account_signs_is_not_well_for_its_calls() {
        let url = voice("one token").await;
        let client = crate::http::client().unwrap();
        let asked = async |token| lets_in(&client, &url, &AuthToken::new(token).unwrap()).await;
        assert_eq!(health(&client, &url).await, Health::Well);
        assert_eq!(asked("one token").await, Health::Well);
        let forged = asked("another token").await;
        assert_eq!(forged, Health::Forged);
        let next = forged
            .next("https://a.trycloudflare.com/voice/incoming")
            .unwrap();
        assert!(
            next.contains("make dev PUBLIC=https://a.trycloudflare.com\n"),
            "{next}"
        );
    }
}
