//! The road of a response, for whoever tests an adapter: told as it is, and cut everywhere.

use call::Reply;
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
