//! Responses as language models send them, whole and cut everywhere, mean what they should.

use call::{Failure, Line, Reply, Spent, ToolCall};
use providers::think::{Anthropic, Ollama, Settings, WorkersAi};
use providers::{End, Exchange, Options, Think, Tool};

use crate::road::{Complaining, complains, endpoint, meaning, replies};

macro_rules! corpus {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/corpus/", $name)).as_slice()
    };
}

const STREAM: &str = "text/event-stream; charset=utf-8";
const LINES: &str = "application/x-ndjson";
const JSON: &str = "application/json";

fn settings() -> Settings {
    let transfer = Tool::Transfer {
        to: "+15550100".to_owned(),
        when: String::new(),
    };
    let stock = Tool::Custom {
        name: "stock".to_owned(),
        description: "How many there are.".to_owned(),
        schema: Options::new(),
    };
    Settings {
        endpoint: endpoint(),
        model: "thinker".to_owned(),
        instructions: "Be brief.".to_owned(),
        tools: vec![Tool::EndCall, transfer, stock],
        options: Options::new(),
    }
}

fn asked(think: &impl Think) -> Exchange {
    think.ask(&[Line::Caller("Hello?".to_owned())]).exchange
}

fn anthropic() -> Exchange {
    asked(&Anthropic(settings()))
}

fn ollama() -> Exchange {
    asked(&Ollama(settings()))
}

fn workers_ai() -> Exchange {
    asked(&WorkersAi(settings()))
}

fn words(text: &str) -> Reply {
    Reply::Words(text.to_owned())
}

fn stock(id: &str, arguments: &str) -> Reply {
    Reply::Tool(ToolCall::Custom {
        id: id.to_owned(),
        name: "stock".to_owned(),
        arguments: arguments.to_owned(),
    })
}

fn transfer() -> Reply {
    Reply::Tool(ToolCall::Transfer {
        to: "+15550100".to_owned(),
    })
}

fn end_call() -> Reply {
    Reply::Tool(ToolCall::EndCall)
}

fn done(input_tokens: u64, cached_tokens: u64, output_tokens: u64) -> Reply {
    Reply::Done(Spent {
        input_tokens,
        cached_tokens,
        output_tokens,
    })
}

#[test]
fn anthropics_words_are_told_from_its_thoughts() {
    assert_eq!(
        meaning(anthropic, STREAM, corpus!("anthropic/words.sse")),
        [
            words("Guten Tag,"),
            words(" wie viele Gäste?"),
            done(121, 2048, 15)
        ]
    );
}

#[test]
fn anthropics_calls_are_put_together_from_partial_json() {
    assert_eq!(
        meaning(anthropic, STREAM, corpus!("anthropic/tool.sse")),
        [
            words("I will connect you."),
            transfer(),
            stock("toolu_02", "{}"),
            done(472, 0, 89)
        ]
    );
    assert_eq!(
        meaning(anthropic, JSON, corpus!("anthropic/whole.json")),
        [
            words("One moment, please."),
            stock("toolu_04", "{\"sku\":7}"),
            done(60, 0, 12)
        ]
    );
}

#[test]
fn a_call_that_was_stopped_by_the_length_is_not_made() {
    assert_eq!(
        meaning(anthropic, STREAM, corpus!("anthropic/length.sse")),
        [words("Well, "), done(5, 0, 8)]
    );
    assert_eq!(
        meaning(ollama, LINES, corpus!("ollama/length.ndjson")),
        [words("We have"), done(20, 0, 2)]
    );
}

#[test]
fn a_refusal_is_for_the_next_provider_to_mend() {
    assert_eq!(
        meaning(anthropic, STREAM, corpus!("anthropic/refusal.sse")),
        [Reply::Failed(Failure::Refused)]
    );
}

#[test]
fn errors_in_mid_stream_end_it() {
    assert_eq!(
        meaning(anthropic, STREAM, corpus!("anthropic/overloaded.sse")),
        [words("Hel"), Reply::Failed(Failure::Busy)]
    );
    assert_eq!(
        meaning(ollama, LINES, corpus!("ollama/error.ndjson")),
        [words("We have"), Reply::Failed(Failure::Broken)]
    );
}

#[test]
fn ollamas_lines_are_words_calls_and_counts() {
    assert_eq!(
        meaning(ollama, LINES, corpus!("ollama/words.ndjson")),
        [
            words("Guten"),
            words(" Tag, wie viele Gäste?"),
            done(26, 0, 9)
        ]
    );
    assert_eq!(
        meaning(ollama, LINES, corpus!("ollama/tools.ndjson")),
        [
            words("Goodbye."),
            stock("", "{\"sku\":7}"),
            end_call(),
            done(169, 0, 15)
        ]
    );
}

#[test]
fn workers_ai_is_understood_in_both_its_shapes() {
    assert_eq!(
        meaning(workers_ai, STREAM, corpus!("workers-ai/response.sse")),
        [words("Guten"), words(" Tag."), done(12, 0, 3)]
    );
    assert_eq!(
        meaning(workers_ai, STREAM, corpus!("workers-ai/response-tools.sse")),
        [
            words("Goodbye."),
            stock("", "{\"sku\":7}"),
            end_call(),
            done(12, 0, 3)
        ]
    );
    assert_eq!(
        meaning(workers_ai, STREAM, corpus!("workers-ai/chunks.sse")),
        [words("Goodbye."), end_call(), done(40, 0, 6)]
    );
    assert_eq!(
        meaning(workers_ai, JSON, corpus!("workers-ai/whole.json")),
        [words("One moment, please."), done(20, 0, 5)]
    );
    assert_eq!(
        meaning(workers_ai, JSON, corpus!("workers-ai/whole-tools.json")),
        [stock("", "{\"sku\":7}"), done(0, 0, 0)]
    );
}

#[test]
fn a_token_that_is_written_as_a_number_is_said() {
    for body in [
        corpus!("workers-ai/response-numbers.sse"),
        corpus!("workers-ai/chunks-numbers.sse"),
    ] {
        let replies = meaning(workers_ai, STREAM, body);
        let (end, said) = replies.split_last().unwrap();
        let mut text = String::new();
        for reply in said {
            let Reply::Words(words) = reply else {
                panic!("{reply:?}");
            };
            text.push_str(words);
        }
        assert_eq!((text.as_str(), end), ("Room 60.", &done(12, 0, 5)));
    }
}

#[test]
fn half_a_reply_is_never_passed_for_a_whole_one() {
    let broken = Some(Reply::Failed(Failure::Broken));
    let cut = meaning(ollama, LINES, corpus!("ollama/cut.ndjson"));
    assert_eq!(cut, [words("We have"), Reply::Failed(Failure::Broken)]);
    for (ask, kind, body) in [
        (
            anthropic as fn() -> Exchange,
            STREAM,
            corpus!("anthropic/tool.sse"),
        ),
        (ollama, LINES, corpus!("ollama/tools.ndjson")),
        (workers_ai, STREAM, corpus!("workers-ai/response-tools.sse")),
        (anthropic, JSON, corpus!("anthropic/whole.json")),
        (workers_ai, JSON, corpus!("workers-ai/whole-tools.json")),
    ] {
        let whole = replies(ask(), 200, kind, &[body], End::Complete);
        for at in 0..body.len() {
            let cut = replies(ask(), 200, kind, &[&body[..at]], End::Cut);
            let is_failed = cut.last().cloned() == broken;
            // What was said so far is a beginning of what would have been said.
            let said = &cut[..cut.len() - 1];
            assert!(
                is_failed || cut.len() == whole.len(),
                "cut at {at}: {cut:?}"
            );
            assert!(whole.starts_with(said), "cut at {at}: {cut:?}");
        }
    }
}

/// Who says what with which status, and what it means.
const COMPLAINTS: [Complaining; 11] = [
    (
        anthropic,
        401,
        corpus!("anthropic/error-key.json"),
        Failure::Refused,
        "invalid x-api-key",
    ),
    (
        anthropic,
        402,
        corpus!("anthropic/error-money.json"),
        Failure::Refused,
        "Your credit",
    ),
    (
        anthropic,
        429,
        corpus!("anthropic/error-rate.json"),
        Failure::Busy,
        "This request",
    ),
    (
        anthropic,
        529,
        corpus!("anthropic/error-overloaded.json"),
        Failure::Busy,
        "Overloaded",
    ),
    (
        anthropic,
        400,
        corpus!("anthropic/error-length.json"),
        Failure::Refused,
        "prompt is too long",
    ),
    (
        ollama,
        404,
        corpus!("ollama/error-model.json"),
        Failure::Refused,
        "model 'none' not found",
    ),
    (
        ollama,
        400,
        corpus!("ollama/error-tools.json"),
        Failure::Refused,
        "registry.ollama.ai",
    ),
    (
        workers_ai,
        401,
        corpus!("workers-ai/error-key.json"),
        Failure::Refused,
        "Authentication error",
    ),
    (
        workers_ai,
        400,
        corpus!("workers-ai/error-model.json"),
        Failure::Refused,
        "No such model",
    ),
    (
        workers_ai,
        429,
        corpus!("workers-ai/error-capacity.json"),
        Failure::Busy,
        "Capacity",
    ),
    (
        workers_ai,
        500,
        b"upstream died",
        Failure::Broken,
        "upstream",
    ),
];

#[test]
fn errors_are_sorted_and_a_wish_to_wait_is_kept() {
    for complaint in COMPLAINTS {
        complains(complaint);
        let (ask, status, body, ..) = complaint;
        // The same with status 200 is an error too.
        if status != 500 {
            let told = meaning(ask, JSON, body);
            assert!(matches!(told[..], [Reply::Failed(_)]), "{told:?}");
        }
    }
}
