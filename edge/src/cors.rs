//! Which web pages may ask: those of this deployment, and of the origins in `CORS_ORIGINS`.

use worker::{Env, Request, Response};

use crate::door::{Answer, header};
use crate::refusal::Refusal;
use crate::web::env_opt;

/// The origin of the page that asks; none if no page does.
///
/// # Errors
///
/// The page may not.
pub(crate) fn allowed(request: &Request, env: &Env) -> Result<Option<String>, Refusal> {
    let origin = header(request, "origin");
    if origin.is_empty() {
        return Ok(None);
    }
    let origins = env_opt(env, "CORS_ORIGINS").unwrap_or_default();
    if is_own(&origin, &header(request, "host")) || is_listed(&origin, &origins) {
        return Ok(Some(origin));
    }
    let message = "pages of this origin may not ask: add it to CORS_ORIGINS";
    Err(Refusal::new(403, "origin_not_allowed", message))
}

/// As [`allowed`], for where the API redirects to: across origins a browser says `null` in place of the page's. The API has
/// asked whose page it is, and the pass in the URL says so.
///
/// # Errors
///
/// The page may not.
pub(crate) fn redirected(request: &Request, env: &Env) -> Result<Option<String>, Refusal> {
    if header(request, "origin") == "null" {
        return Ok(Some("null".to_owned()));
    }
    allowed(request, env)
}

/// Tells the browser that the page may read the answer.
pub(crate) fn mark(response: Response, origin: Option<&str>) -> Answer {
    let Some(origin) = origin else {
        return Ok(response);
    };
    // The headers of an answer that was fetched cannot be changed.
    let mut response = Response::from_body(response.body().clone())?
        .with_status(response.status_code())
        .with_headers(response.headers().clone());
    let headers = response.headers_mut();
    headers.set("access-control-allow-origin", origin)?;
    headers.append("vary", "origin")?;
    Ok(response)
}

/// Whether a page was served by the host that is asked.
fn is_own(origin: &str, host: &str) -> bool {
    let its = origin.split_once("://").map(|(_, its)| its);
    !host.is_empty() && its.is_some_and(|its| its.eq_ignore_ascii_case(host))
}

/// Whether an origin is one of a list with commas, or the list says that any is.
fn is_listed(origin: &str, origins: &str) -> bool {
    let mut listed = origins.split(',').map(str::trim);
    listed.any(|listed| listed == "*" || listed.trim_end_matches('/').eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_the_edge_itself_and_of_listed_origins_may_ask() {
        assert!(is_own("https://edge.example", "edge.example"));
        assert!(is_own("http://127.0.0.1:8787", "127.0.0.1:8787"));
        assert!(!is_own("http://127.0.0.1:8788", "127.0.0.1:8787"));
        assert!(!is_own("null", "null") && !is_own("https://", ""));
        let list = "https://a.example, https://b.example/";
        assert!(is_listed("https://a.example", list) && is_listed("https://b.example", list));
        assert!(!is_listed("https://a.example.evil", list) && !is_listed("null", list));
        assert!(is_listed("https://c.example", "*") && !is_listed("https://c.example", ""));
    }
}
