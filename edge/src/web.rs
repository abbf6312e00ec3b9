//! What the edge needs from the platform, in the one shape in which it is safe.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use contract::ErrorBody;
use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, Abortable, Either, select};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use worker::{AbortController, Delay, Env, Error, Response, Result};

/// A variable or secret; none if it is missing or empty. The platform's own way throws past Rust for a variable that is
/// bound to null, and the request then hangs.
pub(crate) fn env_opt(env: &Env, name: &str) -> Option<String> {
    let value = js_sys::Reflect::get(env, &name.into()).ok()?.as_string()?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// An error answer.
pub(crate) fn refuse(status: u16, body: &ErrorBody) -> Result<Response> {
    Ok(Response::from_json(body)?.with_status(status))
}

/// Stops a request when it goes away.
pub(crate) struct AbortOnDrop(Option<AbortController>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = self.0.take() {
            controller.abort();
        }
    }
}

/// A request under way. It was sent when this was made, not when it is first waited for: so it is out before whatever is
/// written to the store afterwards, whose commit would hold it up.
pub(crate) struct Sent {
    response: JsFuture,
    /// Stops it. Keep it as long as the response or its body is wanted.
    pub(crate) guard: AbortOnDrop,
}

impl Sent {
    /// Waits for the head of the response. The guard goes with it.
    pub(crate) async fn response(self) -> Result<(Response, AbortOnDrop)> {
        let response: web_sys::Response = self.response.await?.dyn_into()?;
        Ok((response.into(), self.guard))
    }
}

/// Sends a request now.
///
/// # Errors
///
/// What is not even a request, such as a URL that is none.
pub(crate) fn send<'a>(
    method: &str,
    url: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    body: &JsValue,
) -> Result<Sent> {
    let controller = AbortController::default();
    let init = web_sys::RequestInit::new();
    init.set_method(method);
    init.set_body(body);
    // Credentials go where they were meant to go, and nowhere else.
    init.set_redirect(web_sys::RequestRedirect::Manual);
    init.set_signal(Some(&controller.signal()));
    let all = web_sys::Headers::new()?;
    for (name, value) in headers {
        all.set(name, value)?;
    }
    init.set_headers(&all);
    let request = web_sys::Request::new_with_str_and_init(url, &init)?;
    let scope: web_sys::WorkerGlobalScope = js_sys::global().unchecked_into();
    Ok(Sent {
        response: scope.fetch_with_request(&request).into(),
        guard: AbortOnDrop(Some(controller)),
    })
}

/// Bytes as a body, whose length is then known.
pub(crate) fn bytes(bytes: &[u8]) -> JsValue {
    js_sys::Uint8Array::from(bytes).into()
}

/// It was not over within this time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Late(Duration);

impl From<Late> for Error {
    fn from(Late(after): Late) -> Self {
        Self::RustError(format!("no answer within {} ms", after.as_millis()))
    }
}

/// Gives up after a while.
///
/// # Errors
///
/// It took too long.
pub(crate) async fn within<T>(
    after: Duration,
    work: impl Future<Output = T>,
) -> std::result::Result<T, Late> {
    match select(pin!(work), Delay::from(after)).await {
        Either::Left((done, _)) => Ok(done),
        Either::Right(_) => Err(Late(after)),
    }
}

/// As [`within`], for what may fail by itself.
///
/// # Errors
///
/// What `work` fails with, or that it took too long.
pub(crate) async fn timeout<T>(
    after: Duration,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    within(after, work).await?
}

/// Work in the background that ends when this goes away.
pub(crate) struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts work in the background. A panic in it ends it and is logged.
#[must_use]
pub(crate) fn spawn(name: &'static str, work: impl Future<Output = ()> + 'static) -> Task {
    let (handle, registration) = AbortHandle::new_pair();
    let work = Abortable::new(work, registration);
    detach(name, async move {
        // Aborted or not, it is over.
        let _ = work.await;
    });
    Task(handle)
}

/// Starts work that nothing stops.
pub(crate) fn detach(name: &'static str, work: impl Future<Output = ()> + 'static) {
    let work = AssertUnwindSafe(work).catch_unwind();
    spawn_local(async move {
        if work.await.is_err() {
            tracing::error!(task = name, "a background task panicked");
        }
    });
}
