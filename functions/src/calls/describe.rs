//! What the API can do, for programs and for people; and whose pages may ask it.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, ContactBuilder, Content, InfoBuilder, OpenApi, Ref, RefOr, ResponseBuilder, Schema,
};

use super::Api;
use super::gate::TENANT_HEADER;
use crate::Refusal;

/// Nothing from elsewhere, and no script but our own. The pages of the description write their styles inline.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A request with a method that the page does not know.
pub(super) async fn wrong_method() -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_wrong",
        "this page has other methods: see /docs",
    )
}

/// Which pages of other origins a browser lets ask. Without credentials: a key is always said explicitly.
pub(super) fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| origin.parse().ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static(TENANT_HEADER),
        ])
        .expose_headers([
            header::RETRY_AFTER,
            header::CONTENT_DISPOSITION,
            HeaderName::from_static("idempotent-replayed"),
            HeaderName::from_static("ratelimit-limit"),
            HeaderName::from_static("ratelimit-remaining"),
            HeaderName::from_static("ratelimit-reset"),
        ])
        .max_age(std::time::Duration::from_mins(10))
}

/// `/openapi.json`, and the same for people at `/docs`.
pub(super) fn pages(document: OpenApi) -> Router<Arc<Api>> {
    let json = finish(document).to_json().unwrap_or_default();
    let config = Arc::new(utoipa_swagger_ui::Config::from("/openapi.json"));
    let page = move |name: String| {
        let config = Arc::clone(&config);
        async move { asset(&name, config) }
    };
    let index = page.clone();
    Router::new()
        .route(
            "/openapi.json",
            get(async || ([(header::CONTENT_TYPE, "application/json")], json)),
        )
        .route("/docs", get(async || moved("docs/")))
        .route("/docs/", get(move || index(String::new())))
        .route(
            "/docs/{*name}",
            get(move |Path(name): Path<String>| page(name)),
        )
        .method_not_allowed_fallback(wrong_method)
}

fn moved(to: &'static str) -> Response {
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, to)]).into_response()
}

/// A file of the pages, all of which are in this program.
fn asset(name: &str, config: Arc<utoipa_swagger_ui::Config<'static>>) -> Response {
    match utoipa_swagger_ui::serve(name, config) {
        Ok(Some(file)) => (
            [
                (header::CONTENT_TYPE, file.content_type.as_str()),
                (header::CONTENT_SECURITY_POLICY, CSP),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ],
            file.bytes.into_owned(),
        )
            .into_response(),
        Ok(None) | Err(_) => Refusal::not_found("page of the description").into_response(),
    }
}

/// Adds what all operations have in common.
pub(super) fn finish(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Callbox")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .contact(Some(
            ContactBuilder::new()
                .name(Some("The operator of this deployment"))
                .build(),
        ))
        .build();
    let components = document.components.get_or_insert_with(Components::new);
    hide_own_orders(components);
    for (name, about) in [
        (
            "key",
            "An API key (`cbx_…`), a token of `POST /tokens`, or the operator's key",
        ),
        ("operator", "The operator's key of this deployment"),
    ] {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description = Some(about.to_owned());
        components.add_security_scheme(name, SecurityScheme::Http(scheme));
    }
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("delete", &mut item.delete),
            ("patch", &mut item.patch),
        ] {
            let Some(operation) = operation else {
                continue;
            };
            // Handlers in different files have the same name; a client made of this needs another for each.
            operation.operation_id = Some(name(method, path));
            describe_answers(operation);
            refusals(operation);
        }
    }
    document
}

/// What only the platform itself tells a call is nobody else's to order.
fn hide_own_orders(components: &mut Components) {
    let Some(RefOr::T(Schema::OneOf(orders))) = components.schemas.get_mut("Do") else {
        return;
    };
    orders.items.retain(|order| {
        let order = serde_json::to_string(order).unwrap_or_default();
        !["\"wrap\"", "\"answered\"", "\"pressed\""]
            .iter()
            .any(|own| order.contains(own))
    });
}

/// `get_bots_id` for `GET /bots/{id}`.
fn name(method: &str, path: &str) -> String {
    let words = path
        .split(['/', '{', '}', '-', '.'])
        .filter(|word| !word.is_empty());
    std::iter::once(method)
        .chain(words)
        .collect::<Vec<_>>()
        .join("_")
}

/// The specification wants a word on each answer, also where there is nothing to say.
fn describe_answers(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            "What was asked for".clone_into(&mut response.description);
        }
    }
}

/// The refusals that each operation may answer.
fn refusals(operation: &mut Operation) {
    for (status, about) in [
        (
            "400",
            "Something in the request cannot be; `field` names it",
        ),
        (
            "401",
            "There is no key, or none of this deployment, or it is no longer good",
        ),
        ("403", "The key or token lacks the scope"),
        ("404", "There is no such thing, or it is another tenant's"),
        ("413", "The body is too long"),
        (
            "429",
            "Too many requests: try again after the seconds of `Retry-After`",
        ),
        ("503", "Something behind the API does not answer: try again"),
    ] {
        let response = ResponseBuilder::new()
            .description(about)
            .content(
                "application/json",
                Content::new(Some(RefOr::Ref(Ref::from_schema_name("ErrorBody")))),
            )
            .build();
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.to_owned())
            .or_insert(RefOr::T(response));
    }
}

const ABOUT: &str = "Bots that answer and make telephone calls. Everything belongs to a tenant: a key sees its own tenant's \
things only; the operator's key chooses with `X-Callbox-Tenant` or `?tenant=`, else it is the tenant `default`.\n\nMoney is in \
micro-dollars, time in milliseconds since the Unix epoch unless a name ends in `_s`. Every error has one shape: \
`{\"error\":{\"code\",\"message\",\"field\"?}}`. Lists come in pages: give `next` as `after`. Every answer to a key tells in \
`RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` how many requests are left in this minute.";
