//! Who is asking? Everything is checked here, before anything else happens.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use contract::{SEAL_HEADER, Seal, SealError};
use lambda_http::request::RequestContext;
use serde::de::DeserializeOwned;
use twilio::Form;
use twilio::signature::{SIGNATURE_HEADER, Signed, verify_request};
use utoipa::IntoParams;

use crate::Refusal;
use crate::secrets::{Keyring, Secrets};

/// In the query of any request it names the tenant that is meant, as a header may instead.
pub const TENANT_PARAMETER: &str = "tenant";

/// Longest form that Twilio posts, in bytes; the longest known is a few thousand.
const FORM_BYTES_MAX: usize = 64 * 1024;

/// Longest body that the edge or the operator sends, in bytes. Lambda itself takes 6 MB.
const JSON_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A webhook that Twilio signed.
pub struct Webhook {
    /// Its parameters.
    pub form: Form,
    /// The parameters of the URL it was sent to, which are signed too.
    pub query: Form,
    /// Scheme, host and port of that URL: this function's own.
    pub origin: String,
    /// Whose address sent it; empty if nobody tells.
    pub ip: String,
}

/// Verifies that Twilio signed the request, and reads its form.
///
/// # Errors
/// 403 unless the signature fits one of the account's tokens, 413 if the form is too long.
pub async fn twilio_request(keyring: &Keyring, request: Request) -> Result<Webhook, Refusal> {
    let (parts, body) = request.into_parts();
    let body = read(body, FORM_BYTES_MAX).await?;
    let form = Form::parse(&body);
    let origin = origin(&parts);
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let url = format!("{origin}{target}");
    let given = text(&parts.headers, SIGNATURE_HEADER).unwrap_or_default();
    let fits =
        |secrets: &Secrets| verify_request(&secrets.tokens, &url, Signed::Form(&form), given);
    let mut verdict = fits(&keyring.secrets());
    if verdict.is_err()
        && !given.is_empty()
        && let Some(newer) = keyring.newer().await
    {
        verdict = fits(&newer);
    }
    verdict.map_err(|error| {
        let code = if given.is_empty() {
            "signature_missing"
        } else {
            "signature_forged"
        };
        Refusal::new(StatusCode::FORBIDDEN, code, error.to_string())
    })?;
    Ok(Webhook {
        form,
        query: Form::parse(parts.uri.query().unwrap_or_default().as_bytes()),
        origin,
        ip: address(&parts),
    })
}

/// What the edge sent.
pub struct Sealed<T> {
    /// The body.
    pub body: T,
    /// Scheme, host and port of the URL it was sent to: this function's own.
    pub origin: String,
}

/// Verifies that the edge sealed the request, and reads its JSON.
///
/// # Errors
/// 401 without a seal, 403 with one that does not fit, 400 if the body is not what it should be, 413 if it is too long.
pub async fn sealed<T: DeserializeOwned>(
    keyring: &Keyring,
    now_ms: u64,
    request: Request,
) -> Result<Sealed<T>, Refusal> {
    let (parts, body) = request.into_parts();
    let body = read(body, JSON_BYTES_MAX).await?;
    let header = text(&parts.headers, SEAL_HEADER);
    let fits = |secrets: &Secrets| {
        Seal::check(
            header,
            &secrets.edge,
            now_ms / 1_000,
            parts.method.as_str(),
            parts.uri.path(),
            &body,
        )
    };
    let mut verdict = fits(&keyring.secrets());
    if verdict == Err(SealError::Forged)
        && let Some(newer) = keyring.newer().await
    {
        verdict = fits(&newer);
    }
    verdict.map_err(|error| {
        let status = match error {
            SealError::Missing => StatusCode::UNAUTHORIZED,
            SealError::Forged | SealError::Stale => StatusCode::FORBIDDEN,
        };
        Refusal::new(status, error.code(), error.to_string())
    })?;
    Ok(Sealed {
        body: json(&body)?,
        origin: origin(&parts),
    })
}

/// Reads the JSON body of a request that was let in.
///
/// # Errors
/// 400 if it is not what it should be, 413 if it is too long.
pub async fn body_json<T: DeserializeOwned>(body: Body) -> Result<T, Refusal> {
    json(&read(body, JSON_BYTES_MAX).await?)
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "body_malformed",
            format!("the body is not the expected JSON: {error}"),
        )
    })
}

async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Refusal> {
    to_bytes(body, bytes_max).await.map_err(|_| {
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_long",
            format!("the body must arrive whole and have at most {bytes_max} bytes"),
        )
    })
}

/// What stands in the path, refused in our own words if it cannot be read.
pub struct Named<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(name)| Self(name))
            .map_err(|error| Refusal::field("path", "path_malformed", error.body_text()))
    }
}

/// What stands in the query. Refused is what cannot be read, and what nobody knows: a filter that is misspelt would show
/// everything.
pub struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + IntoParams> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        known_only(parts, &names::<T>())?;
        asked(parts).map(Self)
    }
}

/// The same for two that stand in the query together.
pub struct AskedBoth<A, B>(pub A, pub B);

impl<S, A, B> FromRequestParts<S> for AskedBoth<A, B>
where
    S: Send + Sync,
    A: DeserializeOwned + IntoParams,
    B: DeserializeOwned + IntoParams,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        known_only(parts, &[names::<A>(), names::<B>()].concat())?;
        Ok(Self(asked(parts)?, asked(parts)?))
    }
}

/// What the description of the API calls them.
fn names<T: IntoParams>() -> Vec<String> {
    let parameters = T::into_params(|| None).into_iter();
    parameters.map(|parameter| parameter.name).collect()
}

fn asked<T: DeserializeOwned>(parts: &Parts) -> Result<T, Refusal> {
    let query = Query::<T>::try_from_uri(&parts.uri);
    query
        .map(|Query(asked)| asked)
        .map_err(|error| Refusal::field("query", "query_malformed", error.body_text()))
}

fn known_only(parts: &Parts, names: &[String]) -> Result<(), Refusal> {
    let query = Form::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let known = |name: &str| name == TENANT_PARAMETER || names.iter().any(|known| known == name);
    match query.pairs().iter().find(|(name, _)| !known(name)) {
        None => Ok(()),
        Some((name, _)) => {
            let message = format!("there is no such parameter: there are {}", names.join(", "));
            Err(Refusal::field(name, "parameter_unknown", message))
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Who sent the request, as the platform tells: what headers say of it, anybody could have written.
fn address(parts: &Parts) -> String {
    match parts.extensions.get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
        Some(_) | None => None,
    }
    .unwrap_or_default()
}

/// The scheme and host that the sender used. A function URL's own host cannot be forged: AWS finds the function by it. And
/// a function cannot be told its URL by a variable without a circle in the template.
fn origin(parts: &Parts) -> String {
    if let (Some(scheme), Some(authority)) = (parts.uri.scheme_str(), parts.uri.authority()) {
        return format!("{scheme}://{authority}");
    }
    let scheme = text(&parts.headers, "x-forwarded-proto").unwrap_or("https");
    let host = text(&parts.headers, header::HOST.as_str()).unwrap_or_default();
    format!("{scheme}://{host}")
}
