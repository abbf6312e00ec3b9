//! One case for each operation of the API: what is asked, what comes back, what can be wrong about it, and what it shows another
//! tenant.

use serde_json::{Value, json};

/// What another tenant gets for the same request.
pub(super) enum Other {
    /// As if the thing were not there.
    Nothing,
    /// Its own, and nothing of ours: the answer says `mesa` nowhere.
    Own,
    /// Only the operator may.
    Refused,
}

pub(super) struct Case {
    pub(super) operation: &'static str,
    pub(super) path: &'static str,
    pub(super) body: Option<Value>,
    pub(super) status: u16,
    /// Path, body and field of a request that cannot be; none where nothing can be wrong.
    pub(super) wrong: Option<(&'static str, Option<Value>, &'static str)>,
    pub(super) other: Other,
}

fn case(operation: &'static str, path: &'static str, status: u16, other: Other) -> Case {
    Case {
        operation,
        path,
        body: None,
        status,
        wrong: None,
        other,
    }
}

impl Case {
    fn with(self, body: Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    fn wrong(self, path: &'static str, body: Option<Value>, field: &'static str) -> Self {
        Self {
            wrong: Some((path, body, field)),
            ..self
        }
    }
}

pub(super) const CALL: &str = "/calls/CA00000000000000000000000000000001";
const EVENTS: &str = "/calls/CA00000000000000000000000000000001/events";
const ORDERS: &str = "/calls/CA00000000000000000000000000000001/orders";
const NOTE: &str = "/calls/CA00000000000000000000000000000001/note";
const REDELIVER: &str = "/webhooks/CA00000000000000000000000000000001-started/redeliver";
pub(super) fn cases() -> Vec<Case> {
    let health = case("GET /health", "/health", 200, Other::Own);
    let all = [of_setup(), of_calls(), of_accounts(), vec![health]];
    all.into_iter().flatten().collect()
}

fn of_setup() -> Vec<Case> {
    use Other::{Nothing, Own};
    vec![
        case("GET /bots", "/bots", 200, Own).wrong("/bots?limit=0", None, "limit"),
        case("POST /bots", "/bots", 201, Nothing)
            .with(json!({ "id": "dawn" }))
            .wrong("/bots", Some(json!({ "id": "Dawn" })), "id"),
        case("GET /bots/{id}", "/bots/mesa", 200, Nothing).wrong("/bots/Mesa", None, "id"),
        case("PUT /bots/{id}", "/bots/mesa", 200, Own)
            .with(json!({ "greeting": "Hi." }))
            .wrong("/bots/mesa", Some(json!({ "greating": "Hi." })), "greating"),
        case("PATCH /bots/{id}", "/bots/mesa", 200, Nothing)
            .with(json!({ "greeting": "Hi." }))
            .wrong(
                "/bots/mesa",
                Some(json!({ "reply_chars_max": 1 })),
                "reply_chars_max",
            ),
        case("DELETE /bots/{id}", "/bots/idle", 204, Nothing).wrong("/bots/Idle", None, "id"),
        case("GET /numbers", "/numbers", 200, Own).wrong("/numbers?after=x", None, "after"),
        case(
            "GET /numbers/{number}",
            "/numbers/+15005550006",
            200,
            Nothing,
        )
        .wrong("/numbers/15", None, "number"),
        case(
            "PUT /numbers/{number}",
            "/numbers/+15005550007",
            200,
            Nothing,
        )
        .with(json!({ "bot": "mesa" }))
        .wrong(
            "/numbers/+15005550007",
            Some(json!({ "bot": "none" })),
            "bot",
        ),
        case(
            "DELETE /numbers/{number}",
            "/numbers/+15005550006",
            204,
            Nothing,
        )
        .wrong("/numbers/15", None, "number"),
    ]
}

fn of_calls() -> Vec<Case> {
    use Other::{Nothing, Own};
    vec![
        case("GET /calls", "/calls", 200, Own).wrong("/calls?status=asleep", None, "status"),
        case("POST /calls", "/calls", 201, Nothing)
            .with(json!({ "to": "+15005550001", "bot": "mesa" }))
            .wrong("/calls", Some(json!({ "to": "1", "bot": "mesa" })), "to"),
        case("GET /calls/{sid}", CALL, 200, Nothing).wrong("/calls/CA1", None, "sid"),
        case("GET /usage/{month}", "/usage/2026-11", 200, Own).wrong(
            "/usage/november",
            None,
            "month",
        ),
        case("GET /statements/{month}", "/statements/2026-11", 200, Own).wrong(
            "/statements/november",
            None,
            "month",
        ),
        case("GET /calls/{sid}/events", EVENTS, 200, Nothing).wrong(
            "/calls/CA1/events",
            None,
            "sid",
        ),
        case("POST /calls/{sid}/orders", ORDERS, 200, Nothing)
            .with(json!({ "do": "interrupt" }))
            .wrong(ORDERS, Some(json!({ "do": "say", "text": " " })), "text"),
        case("PUT /calls/{sid}/note", NOTE, 200, Nothing)
            .with(json!({ "note": "called back" }))
            .wrong(NOTE, Some(json!({ "note": "x".repeat(20_000) })), "note"),
        case("GET /webhooks", "/webhooks", 200, Own).wrong("/webhooks?after=x", None, "after"),
        case("POST /webhooks/{id}/redeliver", REDELIVER, 200, Nothing),
    ]
}

fn of_accounts() -> Vec<Case> {
    use Other::{Nothing, Own, Refused};
    vec![
        case("GET /keys", "/keys", 200, Own).wrong("/keys?after=x", None, "after"),
        case("POST /keys", "/keys", 201, Own)
            .with(json!({ "name": "k", "scopes": ["talk"] }))
            .wrong(
                "/keys",
                Some(json!({ "name": "k", "scopes": ["all"] })),
                "scopes.0",
            ),
        case("GET /keys/{id}", "/keys/{ours}", 200, Nothing).wrong("/keys/x", None, "id"),
        case("PATCH /keys/{id}", "/keys/{ours}", 200, Nothing)
            .with(json!({ "name": "another" }))
            .wrong("/keys/x", Some(json!({})), "id"),
        case("DELETE /keys/{id}", "/keys/{ours}", 204, Nothing).wrong("/keys/x", None, "id"),
        case("POST /tokens", "/tokens", 201, Nothing)
            .with(json!({ "bot": "mesa" }))
            .wrong("/tokens", Some(json!({ "minutes": 0 })), "minutes"),
        case("GET /tenants", "/tenants", 200, Refused).wrong("/tenants?limit=x", None, "limit"),
        case("POST /tenants", "/tenants", 201, Refused)
            .with(json!({ "id": "third" }))
            .wrong("/tenants", Some(json!({ "id": "Third" })), "id"),
        case("GET /tenants/{id}", "/tenants/other", 200, Refused).wrong(
            "/tenants/Other",
            None,
            "id",
        ),
        case("PATCH /tenants/{id}", "/tenants/other", 200, Refused)
            .with(json!({ "name": "Other" }))
            .wrong(
                "/tenants/other",
                Some(json!({ "webhook_url": "ftp://x" })),
                "webhook_url",
            ),
        case("DELETE /tenants/{id}", "/tenants/other", 204, Refused).wrong(
            "/tenants/Other",
            None,
            "id",
        ),
    ]
}
