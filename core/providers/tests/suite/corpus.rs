//! Responses as real servers send them, whole and cut everywhere, mean what they should.

use call::{Failure, Reply, Spent, ToolCall};
use providers::End;

use crate::exchanges::{speaking, thinking, transcribing};
use crate::road::{meaning, replies};

macro_rules! corpus {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/corpus/openai/", $name)).as_slice()
    };
}

const STREAM: &str = "text/event-stream; charset=utf-8";
const JSON: &str = "application/json";

fn words(text: &str) -> Reply {
    Reply::Words(text.to_owned())
}

fn keys(keys: &str) -> Reply {
    Reply::Tool(ToolCall::SendKeys {
        keys: keys.to_owned(),
    })
}

fn transfer() -> Reply {
    Reply::Tool(ToolCall::Transfer {
        to: "+15550100".to_owned(),
    })
}

fn done(input_tokens: u64, cached_tokens: u64, output_tokens: u64) -> Reply {
    Reply::Done(Spent {
        input_tokens,
        cached_tokens,
        output_tokens,
    })
}

fn thought(body: &[u8]) -> Vec<Reply> {
    meaning(thinking, STREAM, body)
}

#[test]
fn words_arrive_as_they_are_written() {
    let mut expected: Vec<Reply> = [
        "Casa", " Verde", ", guten", " Tag", "! Wie", " viele", " Gäste", "?",
    ]
    .map(words)
    .into();
    expected.push(done(56, 64, 11));
    assert_eq!(thought(corpus!("chat.sse")), expected);
}

#[test]
fn every_line_end_is_one() {
    let text = String::from_utf8(corpus!("chat.sse").to_vec()).unwrap();
    let expected = thought(text.as_bytes());
    for ending in ["\r", "\r\n"] {
        assert_eq!(
            thought(text.replace('\n', ending).as_bytes()),
            expected,
            "{ending:?}"
        );
    }
}

#[test]
fn the_first_words_do_not_wait_for_the_second() {
    let body = corpus!("chat.sse");
    let text = std::str::from_utf8(body).unwrap();
    let first = text.find("Casa").unwrap();
    let event_end = first + text[first..].find("\n\n").unwrap() + 2;
    let mut exchange = thinking();
    let mut told = Vec::new();
    let head = providers::Head {
        status: 200,
        content_type: STREAM.to_owned(),
        ..providers::Head::default()
    };
    exchange.head(&head, &mut told);
    exchange.push(&body[..event_end], &mut told);
    assert_eq!(told, [words("Casa")]);
}

#[test]
fn a_tool_call_is_put_together_from_its_fragments() {
    assert_eq!(
        thought(corpus!("chat-tool.sse")),
        [words("I will connect you."), transfer(), done(0, 0, 0)]
    );
}

#[test]
fn whole_tool_calls_that_share_an_index_are_told_apart() {
    assert_eq!(
        thought(corpus!("chat-ollama-tools.sse")),
        [keys("1"), keys("2#"), done(0, 0, 0)]
    );
    let end = Reply::Tool(ToolCall::EndCall);
    assert_eq!(
        thought(corpus!("chat-gemini-tools.sse")),
        [words("Goodbye."), keys("1"), end, done(50, 0, 9)]
    );
}

#[test]
fn chunks_without_choices_comments_and_odd_usage_are_taken_as_they_come() {
    for (body, expected) in [
        (corpus!("chat-azure.sse"), done(0, 0, 0)),
        (corpus!("chat-openrouter.sse"), done(20, 0, 2)),
        (corpus!("chat-groq.sse"), done(30, 0, 2)),
        (corpus!("chat-mistral.sse"), done(4, 0, 1)),
    ] {
        assert_eq!(thought(body), [words("Hello."), expected]);
    }
    assert_eq!(
        thought(corpus!("chat-together.sse")),
        [words("Hello"), words("."), done(40, 0, 2)]
    );
}

#[test]
fn thoughts_and_markdown_are_not_for_the_ear() {
    let said: String = thought(corpus!("chat-reasoning.sse"))
        .into_iter()
        .filter_map(|reply| {
            if let Reply::Words(words) = reply {
                Some(words)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(said, "We have:\na table at eight\none at nine.");
}

#[test]
fn a_server_that_does_not_stream_is_understood() {
    for kind in [JSON, STREAM, ""] {
        let replies = meaning(thinking, kind, corpus!("chat-whole.json"));
        assert_eq!(
            replies,
            [words("One moment, please."), transfer(), done(60, 0, 12)]
        );
    }
}

#[test]
fn an_error_within_a_stream_ends_it() {
    let busy = Reply::Failed(Failure::Busy);
    assert_eq!(
        thought(corpus!("chat-openrouter-error.sse")),
        [words("Hel"), busy]
    );
    assert_eq!(
        thought(corpus!("chat-error.sse")),
        [Reply::Failed(Failure::Broken)]
    );
}

#[test]
fn half_a_tool_call_is_never_carried_out() {
    assert_eq!(
        thought(corpus!("chat-cut.sse")),
        [words("We have"), Reply::Failed(Failure::Broken)]
    );
    let body = corpus!("chat-tool.sse");
    for at in 0..body.len() {
        let cut = replies(thinking(), 200, STREAM, &[&body[..at]], End::Cut);
        let tools = cut
            .iter()
            .filter(|reply| matches!(reply, Reply::Tool(_)))
            .count();
        let failed = cut.last() == Some(&Reply::Failed(Failure::Broken));
        assert!(failed == (tools == 0), "cut at {at}: {cut:?}");
    }
}

#[test]
fn a_cut_after_the_finish_loses_nothing_but_usage() {
    let text = std::str::from_utf8(corpus!("chat.sse")).unwrap();
    let finish = text.find("\"stop\"").unwrap();
    let event_end = finish + text[finish..].find("\n\n").unwrap() + 2;
    let cut = replies(
        thinking(),
        200,
        STREAM,
        &[&text.as_bytes()[..event_end]],
        End::Cut,
    );
    assert_eq!(cut.last(), Some(&done(0, 0, 0)));
    assert_eq!(cut.len(), 9);
}

#[test]
fn errors_of_every_server_are_sorted() {
    for (body, status, failure, message) in [
        (
            corpus!("error-key.json"),
            401,
            Failure::Refused,
            "Incorrect API key provided.",
        ),
        (
            corpus!("error-quota.json"),
            429,
            Failure::Refused,
            "You exceeded your current quota",
        ),
        (
            corpus!("error-rate.json"),
            429,
            Failure::Busy,
            "Rate limit reached",
        ),
        (
            corpus!("error-gemini.json"),
            400,
            Failure::Refused,
            "API key not valid.",
        ),
        (
            corpus!("error-ollama.json"),
            404,
            Failure::Refused,
            "model \"none\" not found",
        ),
        (
            corpus!("error-vllm.json"),
            400,
            Failure::Refused,
            "This model's maximum context length",
        ),
        (
            corpus!("error-fastapi.json"),
            503,
            Failure::Broken,
            "Voice not found",
        ),
    ] {
        for ask in [thinking, speaking, transcribing] {
            for end in [End::Complete, End::Cut] {
                assert_eq!(
                    replies(ask(), status, JSON, &[body], end),
                    [Reply::Failed(failure)],
                    "{message}"
                );
            }
            let mut exchange = ask();
            let mut told = Vec::new();
            let head = providers::Head {
                status,
                content_type: JSON.to_owned(),
                ..providers::Head::default()
            };
            exchange.head(&head, &mut told);
            exchange.push(body, &mut told);
            exchange.finish(End::Complete, &mut told);
            let complaint = exchange.complaint().unwrap();
            assert!(complaint.message.starts_with(message), "{complaint:?}");
            assert_eq!(complaint.status, status);
        }
    }
}

#[test]
fn errors_with_status_200_are_errors() {
    for ask in [thinking, speaking, transcribing] {
        let quota = meaning(ask, JSON, corpus!("error-quota.json"));
        assert_eq!(quota, [Reply::Failed(Failure::Refused)]);
        let gemini = meaning(ask, JSON, corpus!("error-gemini.json"));
        assert_eq!(gemini, [Reply::Failed(Failure::Refused)]);
    }
}

#[test]
fn transcripts_are_read_in_every_shape() {
    let transcript = |text: &str| Reply::Transcript {
        flush: 1,
        text: text.to_owned(),
    };
    for (kind, body, text, spent) in [
        (
            JSON,
            corpus!("transcription-whisper.json"),
            "A table for two, tonight at eight.",
            done(0, 0, 0),
        ),
        (
            JSON,
            corpus!("transcription.json"),
            "Un café, por favor.",
            done(31, 0, 7),
        ),
        (
            STREAM,
            corpus!("transcription.sse"),
            "A table for two.",
            done(20, 0, 6),
        ),
    ] {
        assert_eq!(meaning(transcribing, kind, body), [transcript(text), spent]);
    }
}
