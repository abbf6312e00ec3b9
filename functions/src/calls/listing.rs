//! Lists come in pages: `limit`, and in `after` the `next` of the page before.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};

use crate::Refusal;
use crate::door::Asked;

const LIMIT_DEFAULT: usize = 20;
const LIMIT_MAX: usize = 100;

/// Which page of a list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Pages {
    /// How many at most: 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    limit: Option<String>,
    /// The `next` of the page before, as it was.
    after: Option<String>,
}

impl Pages {
    /// How many are wanted.
    pub(super) fn limit(&self) -> Result<usize, Refusal> {
        match self.limit.as_deref().map(str::parse::<usize>) {
            None => Ok(LIMIT_DEFAULT),
            Some(Ok(limit)) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
            Some(_) => Err(Refusal::field("limit", "limit_invalid", "1 to 100")),
        }
    }

    /// After which thing the page begins.
    pub(super) fn after<T>(
        &self,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let Some(after) = &self.after else {
            return Ok(None);
        };
        read(after).map(Some).ok_or_else(after_invalid)
    }
}

/// A cursor that none of our pages gave.
pub(super) fn after_invalid() -> Refusal {
    let message = "give the next of the page before, as it was";
    Refusal::field("after", "after_invalid", message)
}

impl<S: Send + Sync> FromRequestParts<S> for Pages {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Asked(pages) = Asked::from_request_parts(parts, state).await?;
        Ok(pages)
    }
}

/// Reads a cursor into a list by time: fourteen digits, and what stands there.
pub(super) fn moment(text: &str, is_place: impl Fn(&str) -> bool) -> Option<String> {
    let (time, place) = text.split_once('#')?;
    let fits =
        time.len() == 14 && time.bytes().all(|byte| byte.is_ascii_digit()) && is_place(place);
    fits.then(|| text.to_owned())
}

/// One page: of `limit + 1` things that were read, the last only tells that there are more.
pub(super) fn page<T: Serialize>(
    mut found: Vec<T>,
    limit: usize,
    next: impl FnOnce(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(next);
    (found, next)
}
