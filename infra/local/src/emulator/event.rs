//! HTTP requests as function-URL events (payload format 2.0), and the answers back as HTTP.
//!
//! Source: "Invoking Lambda function URLs", AWS Lambda developer guide.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// Where a request came from and where it arrived.
pub(super) struct Origin<'a> {
    pub(super) peer: SocketAddr,
    pub(super) port: u16,
    pub(super) trace: &'a str,
}

/// The event for a request.
pub(super) fn from_http(parts: &Parts, body: &[u8], origin: &Origin<'_>) -> Vec<u8> {
    let header = |name: HeaderName| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let path = parts.uri.path();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let domain = header(HOST);
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers(&parts.headers, origin),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": domain,
            "domainPrefix": domain.split('.').next(),
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": origin.peer.ip().to_string(),
                "userAgent": header(USER_AGENT),
            },
            "requestId": request_id(),
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": u64::try_from(now.as_millis()).unwrap_or_default(),
        },
        "isBase64Encoded": false,
    });
    let Some(fields) = event.as_object_mut() else {
        return Vec::new();
    };
    if let Some(query) = query_parameters(parts.uri.query().unwrap_or_default()) {
        fields.insert("queryStringParameters".into(), query);
    }
    let cookies: Vec<_> = parts
        .headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    if !cookies.is_empty() {
        fields.insert("cookies".into(), cookies.join("; ").split("; ").collect());
    }
    if !body.is_empty() {
        let text = is_text(header(CONTENT_TYPE))
            .then(|| std::str::from_utf8(body).ok())
            .flatten();
        fields.insert("isBase64Encoded".into(), text.is_none().into());
        fields.insert(
            "body".into(),
            text.map_or_else(|| STANDARD.encode(body), str::to_owned)
                .into(),
        );
    }
    event.to_string().into_bytes()
}

/// The response that an answer asks for; nothing when the answer is malformed.
pub(super) fn to_http(answer: &[u8]) -> Option<Response<Body>> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let Some(status) = answer.get("statusCode") else {
        // A bare value is a JSON body with status 200.
        let body = answer
            .as_str()
            .map_or_else(|| answer.to_string(), str::to_owned);
        return Response::builder()
            .header(CONTENT_TYPE, "application/json")
            .body(body.into())
            .ok();
    };
    let status = StatusCode::from_u16(u16::try_from(status.as_u64()?).ok()?).ok()?;
    let body = answer
        .get("body")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let body = match answer.get("isBase64Encoded").and_then(Value::as_bool) {
        Some(true) => STANDARD.decode(body).ok()?,
        _ => body.as_bytes().to_vec(),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in answer
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let name = HeaderName::try_from(name).ok()?;
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        // The length is the server's to say: the body may have been in base64.
        if name != "content-length" && name != "transfer-encoding" {
            headers.insert(name, HeaderValue::try_from(text).ok()?);
        }
    }
    for cookie in answer
        .get("cookies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        headers.append(SET_COOKIE, HeaderValue::try_from(cookie.as_str()?).ok()?);
    }
    Some(response)
}

/// Lower-case names, several values of one name joined by commas, cookies apart; what a proxy must say is ours to say.
fn headers(given: &HeaderMap, origin: &Origin<'_>) -> Map<String, Value> {
    let mut joined = BTreeMap::<&str, String>::new();
    for (name, value) in given {
        // Lambda leaves out what it cannot read as text.
        let Ok(value) = value.to_str() else { continue };
        if name == COOKIE {
            continue;
        }
        let entry = joined.entry(name.as_str()).or_default();
        if !entry.is_empty() {
            entry.push(',');
        }
        entry.push_str(value);
    }
    joined.insert("x-forwarded-for", origin.peer.ip().to_string());
    let (scheme, port) = match joined.get("host") {
        // A tunnel keeps the host that its own callers used, and speaks TLS with them.
        Some(host) if !is_local(host) => ("https", 443),
        _ => ("http", origin.port),
    };
    joined.insert("x-forwarded-port", port.to_string());
    joined.insert("x-forwarded-proto", scheme.to_owned());
    joined.insert("x-amzn-trace-id", origin.trace.to_owned());
    joined
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}

fn is_local(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]") || name.ends_with(".localhost")
}

/// Lambda passes these as they are; everything else, forms included, comes in base64.
fn is_text(content_type: &str) -> bool {
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind.starts_with("text/")
        || [
            "application/json",
            "application/javascript",
            "application/xml",
        ]
        .contains(&kind.as_str())
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
}

fn query_parameters(query: &str) -> Option<Value> {
    let mut parameters = BTreeMap::<String, String>::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let [name, value] = [name, value].map(|part| percent_decoded(&part.replace('+', " ")));
        parameters
            .entry(name)
            .and_modify(|joined| *joined = format!("{joined},{value}"))
            .or_insert(value);
    }
    (!parameters.is_empty()).then(|| json!(parameters))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        let decoded = digits
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .filter(|_| byte == b'%');
        bytes.push(decoded.unwrap_or(byte));
        rest = if decoded.is_some() {
            after.get(2..).unwrap_or_default()
        } else {
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An X-Ray trace header: version, seconds in hexadecimal, 96 random bits.
pub(super) fn trace_id() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    format!(
        "Root=1-{seconds:08x}-{:016x}{:08x}",
        random(),
        random() >> 32
    )
}

/// A request id in the form of a UUID.
pub(super) fn request_id() -> String {
    let (high, low) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// Not for secrets: the standard library seeds each `RandomState` anew.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
