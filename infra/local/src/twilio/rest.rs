//! The REST API, version 2010-04-01: calls and numbers.

use std::sync::Arc;

use ::twilio::rest::{
    CallChange, CallResource, CreateCall, Instructions, NumberPage, NumberResource, RestError,
    UpdateCall, basic_auth,
};
use ::twilio::signature::matches_any;
use ::twilio::twiml::{Response as Twiml, Verb};
use ::twilio::webhook::CallStatus;
use ::twilio::{Form, NumberSid, Party};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::call::{Call, Order};
use super::carrier::{Shared, lock};

type Api = State<Arc<Shared>>;
type Outcome = Result<Response, RestError>;

/// Entries of a list's page, unless the request says otherwise, and at most.
const PAGE_SIZE: usize = 50;
const PAGE_SIZE_MAX: usize = 1000;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let account = Router::new()
        .route("/Calls.json", get(list_calls).post(create_call))
        .route(
            "/Calls/{file}",
            get(fetch_call).post(update_call).delete(delete_call),
        )
        .route("/IncomingPhoneNumbers.json", get(list_numbers))
        .route(
            "/IncomingPhoneNumbers/{file}",
            get(fetch_number).post(update_number),
        )
        .fallback(nothing)
        .with_state(Arc::clone(&shared));
    Router::new()
        .nest("/2010-04-01/Accounts/{account}", account)
        .fallback(nothing)
        .layer(from_fn_with_state(shared, admit))
}

/// Account and token must fit, and the path must be of that account.
async fn admit(State(shared): Api, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION);
    let given = given.and_then(|value| value.to_str().ok()).unwrap_or("");
    let account = shared.account;
    let expected = basic_auth(account.as_str(), &shared.token);
    if !matches_any(&[expected], given) {
        return refusal(&RestError::new(401, 20003, "Authenticate"));
    }
    let injected = lock(&shared.refusals).pop_front();
    if let Some(error) = injected {
        return refusal(&error);
    }
    let path = request.uri().path();
    if !path.starts_with(&format!("/2010-04-01/Accounts/{account}/")) {
        return refusal(&not_found(request.uri()));
    }
    next.run(request).await
}

async fn nothing(OriginalUri(uri): OriginalUri) -> Response {
    refusal(&not_found(&uri))
}

fn not_found(uri: &Uri) -> RestError {
    let text = format!("The requested resource {} was not found", uri.path());
    RestError::new(404, 20404, text)
}

fn refusal(error: &RestError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = [(header::CONTENT_TYPE, "application/json")];
    (status, json, error.to_body()).into_response()
}

/// An outcome as a response; errors in Twilio's shape.
fn answer(outcome: Outcome) -> Response {
    outcome.unwrap_or_else(|error| refusal(&error))
}

fn answered(status: StatusCode, body: &Value) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json;charset=utf-8")];
    (status, json, body.to_string()).into_response()
}

async fn create_call(State(shared): Api, headers: HeaderMap, body: Bytes) -> Response {
    answer(create(&shared, &headers, &body))
}

fn create(shared: &Arc<Shared>, headers: &HeaderMap, body: &[u8]) -> Outcome {
    let form = form(headers, body)?;
    let create = CreateCall::from_form(&form)?;
    let owned = |number: &NumberResource| number.phone_number == create.from;
    if !lock(&shared.numbers).values().any(owned) {
        let text = format!(
            "The source phone number provided, {}, is not yet verified for your account.",
            create.from
        );
        return Err(RestError::new(400, 21210, text));
    }
    if let Instructions::Twiml(xml) = &create.instructions {
        absolute_only(xml)?;
    }
    let call = shared
        .create(create)
        .map_err(|error| RestError::new(500, 20500, error.to_string()))?;
    Ok(answered(StatusCode::CREATED, &shown(&call.resource())))
}

async fn fetch_call(
    State(shared): Api,
    Path(path): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
) -> Response {
    let found = find(&shared, &path.1, &uri);
    answer(found.map(|call| answered(StatusCode::OK, &shown(&call.resource()))))
}

async fn update_call(
    State(shared): Api,
    Path(path): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let updated = find(&shared, &path.1, &uri).and_then(|call| update(&call, &headers, &body));
    answer(updated)
}

fn update(call: &Call, headers: &HeaderMap, body: &[u8]) -> Outcome {
    let UpdateCall { change, .. } = UpdateCall::from_form(call.sid(), &form(headers, body)?)?;
    let mut resource = call.resource();
    let status = resource.status;
    let over = || RestError::new(400, 21220, "Call is not in-progress. Cannot redirect.");
    let order = match change {
        CallChange::Instructions(_) if status != CallStatus::InProgress => return Err(over()),
        CallChange::Instructions(instructions) => {
            if let Instructions::Twiml(xml) = &instructions {
                absolute_only(xml)?;
            }
            Order::Update(instructions)
        }
        _ if status.is_final() => return Err(over()),
        CallChange::HangUp => {
            resource.status = CallStatus::Completed;
            Order::Complete
        }
        // It only concerns calls that have not been answered.
        CallChange::Cancel if status == CallStatus::InProgress => {
            return Ok(answered(StatusCode::OK, &shown(&resource)));
        }
        CallChange::Cancel => {
            resource.status = CallStatus::Canceled;
            Order::Cancel
        }
    };
    if !call.order(order) {
        return Err(over());
    }
    Ok(answered(StatusCode::OK, &shown(&resource)))
}

async fn delete_call(
    State(shared): Api,
    Path(path): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
) -> Response {
    let deleted = find(&shared, &path.1, &uri).and_then(|call| {
        if !call.status().is_final() {
            let text = "Cannot delete a call that is not over";
            return Err(RestError::new(409, 20409, text));
        }
        lock(&shared.calls).retain(|other| other.sid() != call.sid());
        Ok(StatusCode::NO_CONTENT.into_response())
    });
    answer(deleted)
}

async fn list_calls(
    State(shared): Api,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let is = |wanted: Option<&str>, party: Option<&Party>| {
        wanted.is_none_or(|wanted| party.is_some_and(|party| party.to_string() == wanted))
    };
    let calls = lock(&shared.calls).clone();
    let resources = calls.iter().rev().map(Call::resource);
    let wanted: Vec<_> = resources
        .filter(|call| is(query.get("To"), call.to.as_ref()))
        .filter(|call| is(query.get("From"), call.from.as_ref()))
        .filter(|call| {
            query
                .get("Status")
                .is_none_or(|status| call.status.as_str() == status)
        })
        .map(|call| shown(&call))
        .collect();
    page(&uri, &query, "calls", wanted)
}

/// Some of the entries, and where the others are.
fn page(uri: &Uri, query: &Form, name: &str, entries: Vec<Value>) -> Response {
    let number = |name: &str| query.get(name).and_then(|value| value.parse().ok());
    let size: usize = number("PageSize").unwrap_or(PAGE_SIZE);
    let size = size.clamp(1, PAGE_SIZE_MAX);
    let page: usize = number("Page").unwrap_or(0);
    let begin = page.saturating_mul(size);
    let more = entries.len() > begin.saturating_add(size);
    let kept = query.pairs().iter().filter(|(name, _)| name != "Page");
    let mut next: Form = kept.cloned().collect();
    next.push("Page", page + 1);
    let mut body = json!({
        "page": page,
        "page_size": size,
        "uri": uri.to_string(),
        "next_page_uri": more.then(|| format!("{}?{}", uri.path(), next.encode())),
    });
    let shown: Vec<_> = entries.into_iter().skip(begin).take(size).collect();
    if let Some(fields) = body.as_object_mut() {
        fields.insert(name.to_owned(), shown.into());
    }
    answered(StatusCode::OK, &body)
}

async fn list_numbers(
    State(shared): Api,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let numbers = lock(&shared.numbers).clone();
    let wanted = numbers.into_values().filter(|number| {
        query
            .get("PhoneNumber")
            .is_none_or(|wanted| number.phone_number.as_str() == wanted)
    });
    let page_of = NumberPage {
        incoming_phone_numbers: wanted.collect(),
        next_page_uri: None,
    };
    let entries = page_of.incoming_phone_numbers.iter().map(|n| json!(n));
    page(&uri, &query, "incoming_phone_numbers", entries.collect())
}

async fn fetch_number(
    State(shared): Api,
    Path(path): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
) -> Response {
    answer(change_number(&shared, &path.1, &uri, &Form::new()))
}

async fn update_number(
    State(shared): Api,
    Path(path): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = form(&headers, &body);
    answer(form.and_then(|form| change_number(&shared, &path.1, &uri, &form)))
}

/// Sets what the form names; an empty value clears.
fn change_number(shared: &Shared, file: &str, uri: &Uri, form: &Form) -> Outcome {
    let sid: Option<NumberSid> = file.strip_suffix(".json").and_then(|sid| sid.parse().ok());
    let mut numbers = lock(&shared.numbers);
    let number = sid.and_then(|sid| numbers.get_mut(&sid));
    let number = number.ok_or_else(|| not_found(uri))?;
    for name in ["VoiceMethod", "VoiceFallbackMethod", "StatusCallbackMethod"] {
        if !matches!(form.get(name), None | Some("GET" | "POST")) {
            return Err(RestError {
                status: 400,
                code: None,
                message: format!("{name} must be GET or POST"),
                retry: false,
            });
        }
    }
    let fields = [
        ("VoiceUrl", &mut number.voice_url),
        ("VoiceFallbackUrl", &mut number.voice_fallback_url),
        ("StatusCallback", &mut number.status_callback),
        ("VoiceApplicationSid", &mut number.voice_application_sid),
        ("TrunkSid", &mut number.trunk_sid),
        ("FriendlyName", &mut number.friendly_name),
        ("VoiceMethod", &mut number.voice_method),
        ("VoiceFallbackMethod", &mut number.voice_fallback_method),
        ("StatusCallbackMethod", &mut number.status_callback_method),
    ];
    for (name, field) in fields {
        if let Some(value) = form.get(name) {
            *field = Some(value.to_owned()).filter(|value| !value.is_empty());
        }
    }
    Ok(answered(StatusCode::OK, &json!(number)))
}

fn find(shared: &Shared, file: &str, uri: &Uri) -> Result<Call, RestError> {
    let sid = file.strip_suffix(".json").and_then(|sid| sid.parse().ok());
    sid.and_then(|sid| shared.call(sid))
        .ok_or_else(|| not_found(uri))
}

fn form(headers: &HeaderMap, body: &[u8]) -> Result<Form, RestError> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
    if kind.starts_with("application/x-www-form-urlencoded") {
        Ok(Form::parse(body))
    } else {
        Err(RestError::new(415, 20415, "Unsupported Media Type"))
    }
}

/// Inline TwiML has no URL that others could be relative to (error 15004). Whether it can be run at all shows when it runs.
fn absolute_only(xml: &str) -> Result<(), RestError> {
    let Ok(Twiml(verbs)) = Twiml::parse(xml) else {
        return Ok(());
    };
    let relative = |url: &String| !url.contains("://");
    let wrong = verbs.iter().any(|verb| match verb {
        Verb::Connect { action, stream } => {
            action.as_ref().is_some_and(relative)
                || stream.status_callback.as_ref().is_some_and(relative)
        }
        Verb::Dial { action, .. } => action.as_ref().is_some_and(relative),
        Verb::Redirect { url } => relative(url),
        _ => false,
    });
    if wrong {
        let text = "TwiML: action and callback URLs must be absolute";
        return Err(RestError::new(400, 15004, text));
    }
    Ok(())
}

/// A call as the API shows it, with the fields that nothing here reads.
fn shown(call: &CallResource) -> Value {
    let uri = format!(
        "/2010-04-01/Accounts/{}/Calls/{}.json",
        call.account_sid, call.sid
    );
    let mut body = json!(call);
    if let Some(fields) = body.as_object_mut() {
        fields.insert("uri".to_owned(), uri.into());
        fields.insert("api_version".to_owned(), "2010-04-01".into());
        fields.insert("price_unit".to_owned(), "USD".into());
    }
    body
}
