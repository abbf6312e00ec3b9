//! The road of a response, for whoever tests an adapter: told as it is, and cut everywhere.

use call::{Failure, Reply};
use providers::{BaseUrl, End, Endpoint, Exchange, Head};

pub(crate) fn endpoint() -> Endpoint {
    Endpoint {
        base_url: BaseUrl::new("http://127.0.0.1:1").unwrap(),
        api_key: None,
    }
}

/// All replies to a response that arrives in these chunks.
pub(crate) fn replies(
    mut exchange: Exchange,
    status: u16,
    content_type: &str,
    chunks: &[&[u8]],
    end: End,
) -> Vec<Reply> {
    let mut replies = Vec::new();
    let head = Head {
        status,
        content_type: content_type.to_owned(),
        ..Head::default()
    };
    exchange.head(&head, &mut replies);
    for chunk in chunks {
        exchange.push(chunk, &mut replies);
    }
    exchange.finish(end, &mut replies);
    merged(replies)
}

/// The replies, whole; after having made sure that no cut changes them.
pub(crate) fn meaning(ask: impl Fn() -> Exchange, content_type: &str, body: &[u8]) -> Vec<Reply> {
    let whole = replies(ask(), 200, content_type, &[body], End::Complete);
    for at in 0..=body.len() {
        let (head, tail) = body.split_at(at);
        let cut = replies(ask(), 200, content_type, &[head, tail], End::Complete);
        assert_eq!(cut, whole, "cut at {at}");
    }
    let single: Vec<&[u8]> = body.chunks(1).collect();
    assert_eq!(
        replies(ask(), 200, content_type, &single, End::Complete),
        whole,
        "byte by byte"
    );
    whole
}

/// With neighbouring sound joined: how much of it comes at once may depend on the cuts.
fn merged(replies: Vec<Reply>) -> Vec<Reply> {
    let mut merged: Vec<Reply> = Vec::new();
    for reply in replies {
        match (merged.last_mut(), reply) {
            (Some(Reply::Audio(before)), Reply::Audio(after)) => {
                *before = [before.bytes(), after.bytes()].concat().into();
            }
            (_, reply) => merged.push(reply),
        }
    }
    merged
}

/// Whom a provider answers what, with which status; what that means, and how its own words begin.
pub(crate) type Complaining = (fn() -> Exchange, u16, &'static [u8], Failure, &'static str);

/// An error is told as what it means, with the provider's own words and its wish to be left alone.
pub(crate) fn complains((ask, status, body, failure, message): Complaining) {
    for (retry_after, seconds) in [("", None), ("20", Some(20)), ("2.5", Some(3))] {
        let mut exchange = ask();
        let mut told = Vec::new();
        let head = Head {
            status,
            content_type: "application/json".to_owned(),
            retry_after: retry_after.to_owned(),
            ..Head::default()
        };
        exchange.head(&head, &mut told);
        exchange.push(body, &mut told);
        exchange.finish(End::Complete, &mut told);
        assert_eq!(told, [Reply::Failed(failure)], "{message}");
        let complaint = exchange.complaint().unwrap();
        assert!(complaint.message.starts_with(message), "{complaint:?}");
        assert_eq!(complaint.status, status);
        assert_eq!(complaint.retry_after_s, seconds);
    }
}
