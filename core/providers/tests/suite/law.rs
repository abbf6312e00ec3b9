//! Whatever a server sends, and however it is cut: one end, and nothing after it.

use call::Reply;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use providers::{End, Exchange, Head};

use crate::exchanges::{speaking, thinking, transcribing};
use crate::road::replies;

/// What the shell may tell an exchange.
#[derive(Clone, Debug)]
enum Told {
    Head(u16, &'static str),
    Chunk(Vec<u8>),
    End(End),
}

const BODIES: [&[u8]; 9] = [
    include_bytes!("../../../../tests/corpus/openai/chat.sse"),
    include_bytes!("../../../../tests/corpus/openai/chat-tool.sse"),
    include_bytes!("../../../../tests/corpus/openai/chat-gemini-tools.sse"),
    include_bytes!("../../../../tests/corpus/openai/chat-reasoning.sse"),
    include_bytes!("../../../../tests/corpus/openai/chat-whole.json"),
    include_bytes!("../../../../tests/corpus/openai/transcription.json"),
    include_bytes!("../../../../tests/corpus/openai/transcription.sse"),
    include_bytes!("../../../../tests/corpus/openai/error-gemini.json"),
    b"RIFF\xFF\xFF\xFF\xFFWAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1F\0\0\x80\x3E\0\0\x02\0\x10\0data\xFF\xFF\xFF\xFF0123456789",
];

const KINDS: [&str; 8] = [
    "",
    "text/event-stream",
    "application/json",
    "text/plain",
    "text/html",
    "audio/pcm; rate=16000",
    "audio/mpeg",
    "audio/basic",
];

/// Real bodies with some bytes changed, and bytes of no meaning.
fn chunk() -> impl Strategy<Value = Vec<u8>> {
    let damaged = (
        select(&BODIES[..]),
        any::<Index>(),
        any::<Index>(),
        any::<[(Index, u8); 2]>(),
        any::<bool>(),
    );
    prop_oneof![
        any::<Vec<u8>>(),
        damaged.prop_map(|(body, from, to, changes, whole)| {
            let mut body = body.to_vec();
            for (at, byte) in changes {
                let at = at.index(body.len());
                body[at] = byte;
            }
            if whole {
                return body;
            }
            let (from, to) = (from.index(body.len()), to.index(body.len()));
            body[from.min(to)..from.max(to)].to_vec()
        }),
        select(&BODIES[..]).prop_map(<[u8]>::to_vec),
    ]
}

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![
        1 => (select(vec![200, 204, 301, 400, 429, 500]), select(&KINDS[..])).prop_map(|(status, kind)| Told::Head(status, kind)),
        8 => chunk().prop_map(Told::Chunk),
        1 => select(vec![End::Complete, End::Cut]).prop_map(Told::End),
    ]
}

fn ask() -> impl Strategy<Value = fn() -> Exchange> {
    select(vec![thinking as fn() -> Exchange, speaking, transcribing])
}

fn ends(replies: &[Reply]) -> usize {
    replies
        .iter()
        .filter(|reply| matches!(reply, Reply::Done(_) | Reply::Failed(_)))
        .count()
}

fn tell(exchange: &mut Exchange, told: &Told, replies: &mut Vec<Reply>) {
    match told {
        Told::Head(status, kind) => {
            let head = Head {
                status: *status,
                content_type: (*kind).to_owned(),
                ..Head::default()
            };
            exchange.head(&head, replies);
        }
        Told::Chunk(bytes) => exchange.push(bytes, replies),
        Told::End(end) => exchange.finish(*end, replies),
    }
}

proptest! {
    #[test]
    fn an_exchange_ends_once_and_says_nothing_after(ask in ask(), first in told(), story in prop::collection::vec(told(), 0..12)) {
        let mut exchange = ask();
        let mut replies = Vec::new();
        // Most stories begin as they should.
        let begin = Told::Head(200, "");
        let story = [begin, first].into_iter().chain(story);
        for told in story.chain([Told::End(End::Complete), Told::End(End::Cut)]) {
            let said = replies.len();
            let was_over = exchange.is_over();
            tell(&mut exchange, &told, &mut replies);
            prop_assert!(!was_over || replies.len() == said, "after its end: {:?}", replies);
            prop_assert_eq!(ends(&replies), usize::from(exchange.is_over()));
        }
        prop_assert!(exchange.is_over());
        let failed = matches!(replies.last(), Some(Reply::Failed(_)));
        prop_assert!(failed || matches!(replies.last(), Some(Reply::Done(_))));
        prop_assert_eq!(exchange.complaint().is_some(), failed);
    }

    #[test]
    fn any_story_at_all_is_survived(ask in ask(), story in prop::collection::vec(told(), 0..12)) {
        let mut exchange = ask();
        let mut replies = Vec::new();
        for told in &story {
            tell(&mut exchange, told, &mut replies);
        }
        prop_assert_eq!(ends(&replies), usize::from(exchange.is_over()));
        exchange.finish(End::Cut, &mut replies);
        prop_assert_eq!(ends(&replies), 1);
    }

    #[test]
    fn cuts_change_nothing(ask in ask(), kind in select(&KINDS[..]), body in chunk(), cuts in prop::collection::vec(any::<Index>(), 0..6)) {
        let whole = replies(ask(), 200, kind, &[&body], End::Complete);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        cuts.sort_unstable();
        let mut chunks = Vec::new();
        let mut from = 0;
        for cut in cuts {
            chunks.push(&body[from..cut]);
            from = cut;
        }
        chunks.push(&body[from..]);
        prop_assert_eq!(replies(ask(), 200, kind, &chunks, End::Complete), whole);
    }
}
