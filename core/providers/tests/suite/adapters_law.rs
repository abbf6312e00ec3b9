//! Whatever is sent to whichever adapter: no panic, one end, nothing after it, and no cut that changes anything.

use call::{Line, Reply};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use providers::{End, Exchange, Head, Options, Speak, Think, Tool, speak, think};

use crate::road::{endpoint, meaning, replies};

macro_rules! corpus {
    ($($name:literal),*) => {
        &[$(include_bytes!(concat!("../../../../tests/corpus/", $name)).as_slice()),*]
    };
}

const BODIES: &[&[u8]] = corpus![
    "anthropic/words.sse",
    "anthropic/tool.sse",
    "anthropic/whole.json",
    "ollama/tools.ndjson",
    "ollama/error.ndjson",
    "workers-ai/response-tools.sse",
    "workers-ai/whole-tools.json",
    "workers-ai/melotts.json",
    "cartesia/speak.sse",
    "elevenlabs/speak-error-field.json"
];

const KINDS: &[&str] = &[
    "",
    "text/event-stream",
    "application/json",
    "audio/mpeg",
    "audio/basic",
    "audio/wav",
];

/// One of those who think or speak.
fn ask(who: usize) -> Exchange {
    let thinks = think::Settings {
        endpoint: endpoint(),
        model: "m".to_owned(),
        instructions: String::new(),
        tools: vec![Tool::EndCall, Tool::SendKeys],
        options: Options::new(),
    };
    let speaks = |model: &str| speak::Settings {
        endpoint: endpoint(),
        model: model.to_owned(),
        voice: "v".to_owned(),
        language: "en".to_owned(),
        options: serde_json::from_str(r#"{"audio": "/audio"}"#).unwrap(),
    };
    let history = [Line::Caller("Hi".to_owned())];
    let fetch = match who % 8 {
        0 => think::Anthropic(thinks).ask(&history),
        1 => think::Ollama(thinks).ask(&history),
        2 => think::WorkersAi(thinks).ask(&history),
        3 => speak::ElevenLabs(speaks("m")).ask("Hi"),
        4 => speak::Cartesia(speaks("m")).ask("Hi"),
        5 => speak::WorkersAi(speaks("melotts")).ask("Hi"),
        6 => speak::Http(speaks("m")).ask("Hi"),
        _ => speak::Deepgram(speaks("aura")).ask("Hi"),
    };
    fetch.exchange
}

/// Real bodies with some bytes changed, and bytes of no meaning.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let damaged = (select(BODIES), any::<[(Index, u8); 3]>(), any::<Index>());
    prop_oneof![
        any::<Vec<u8>>(),
        damaged.prop_map(|(body, changes, end)| {
            let mut body = body.to_vec();
            for (at, byte) in changes {
                let at = at.index(body.len());
                body.splice(at..=at, [byte]);
            }
            body.truncate(end.index(body.len()) + 1);
            body
        }),
    ]
}

proptest! {
    #[test]
    fn every_response_ends_once_and_cuts_change_nothing(who in 0..8_usize, kind in select(KINDS), body in body(), cut: Index, end in select(vec![End::Complete, End::Cut])) {
        let whole = replies(ask(who), 200, kind, &[&body], end);
        let ends = |reply: &&Reply| matches!(reply, Reply::Done(_) | Reply::Failed(_));
        prop_assert_eq!(whole.iter().filter(ends).count(), 1);
        prop_assert!(whole.last().is_some_and(|last| ends(&last)));
        let (head, tail) = body.split_at(cut.index(body.len() + 1));
        prop_assert_eq!(replies(ask(who), 200, kind, &[head, tail], end), whole);
    }

    #[test]
    fn any_story_is_survived(who in 0..8_usize, status in select(vec![200, 204, 302, 401, 429, 500]), kind in select(KINDS), chunks in prop::collection::vec(body(), 0..4), headless: bool) {
        let mut exchange = ask(who);
        let mut told = Vec::new();
        if !headless {
            let head = Head::new(status, |_| Some(kind.to_owned()));
            exchange.head(&head, &mut told);
        }
        for chunk in &chunks {
            exchange.push(chunk, &mut told);
        }
        exchange.finish(End::Complete, &mut told);
        let said = told.len();
        exchange.push(b"data: [DONE]\n\n", &mut told);
        exchange.finish(End::Cut, &mut told);
        prop_assert_eq!(told.len(), said);
        prop_assert!(exchange.is_over());
    }
}

#[test]
fn nothing_at_all_is_a_failure_of_everyone() {
    for who in 0..8 {
        let told = meaning(|| ask(who), "", b"");
        assert!(matches!(told[..], [Reply::Failed(_)]), "{who}: {told:?}");
    }
}
