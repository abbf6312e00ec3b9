use audio::{mulaw, wav};
use call::Failure;
use serde_json::json;

use super::*;
use crate::BaseUrl;

fn listen() -> Listen {
    Listen {
        endpoint: Endpoint {
            base_url: BaseUrl::new("http://127.0.0.1:1/v1").unwrap(),
            api_key: None,
        },
        model: "listener".to_owned(),
        language: "en-US".to_owned(),
        options: Options::new(),
    }
}

/// A hum of 200 Hz, loud enough to be worth sending.
fn hum(samples: usize) -> Clip {
    let cycle = [
        vec![mulaw::encode(8000); 20],
        vec![mulaw::encode(-8000); 20],
    ]
    .concat();
    Clip::from(cycle.into_iter().cycle().take(samples).collect::<Vec<u8>>())
}

fn fetch(listen: &Listen, clip: &Clip) -> Fetch {
    let mut listening = listen.ask();
    listening.feed(clip);
    match listening.flush(7) {
        Flushed::Fetch(fetch) => fetch,
        Flushed::Answer(reply) => panic!("{reply:?}"),
    }
}

/// The fields of the form but the file, as text; and the file.
fn form(request: &crate::HttpRequest) -> (Vec<String>, Vec<u8>) {
    let body: String = request.body.iter().map(|byte| char::from(*byte)).collect();
    let boundary = request.headers[0].1.split_once("boundary=").unwrap().1;
    let mut fields = Vec::new();
    let mut file = Vec::new();
    for part in body
        .split(&format!("--{boundary}"))
        .filter(|part| part.contains("\r\n\r\n"))
    {
        let (head, content) = part.split_once("\r\n\r\n").unwrap();
        let content = content.strip_suffix("\r\n").unwrap();
        let name = head
            .split("name=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        if head.contains("filename") {
            file = content
                .chars()
                .map(|char| u8::try_from(u32::from(char)).unwrap())
                .collect();
        } else {
            fields.push(format!("{name}={content}"));
        }
    }
    (fields, file)
}

fn replies(content_type: &str, body: &str, end: End) -> Vec<Reply> {
    let mut exchange = fetch(&listen(), &hum(8000)).exchange;
    let mut replies = Vec::new();
    let head = Head {
        status: 200,
        content_type: content_type.to_owned(),
        ..Head::default()
    };
    exchange.head(&head, &mut replies);
    exchange.push(body.as_bytes(), &mut replies);
    exchange.finish(end, &mut replies);
    replies
}

fn transcript(text: &str) -> Reply {
    Reply::Transcript {
        flush: 7,
        text: text.to_owned(),
    }
}

#[test]
fn an_utterance_is_sent_as_a_file_of_16_khz() {
    let request = fetch(&listen(), &hum(800)).request;
    assert_eq!(request.url, "http://127.0.0.1:1/v1/audio/transcriptions");
    let (fields, file) = form(&request);
    assert_eq!(fields, ["model=listener", "language=en"]);
    let (spec, samples) = wav::read(&file).unwrap();
    assert_eq!(
        (spec.rate_hz, spec.channels, samples.len()),
        (16_000, 1, 1600)
    );
    assert!(samples.iter().any(|sample| *sample > 6000));
}

#[test]
fn nothing_is_sent_that_was_not_configured() {
    let mut bare = listen();
    bare.model.clear();
    bare.language.clear();
    assert_eq!(form(&fetch(&bare, &hum(800)).request).0, [""; 0]);
}

#[test]
fn options_become_fields_and_lists_one_field_each() {
    let mut listen = listen();
    listen.options = json!({
        "keywords": ["Mesa", "Verde"],
        "include[]": ["logprobs"],
        "language": null,
        "stream": true,
        "chunking_strategy": {"type": "server_vad"},
        "prompt": "A restaurant.",
    })
    .as_object()
    .cloned()
    .unwrap();
    let expected = [
        "model=listener",
        "chunking_strategy={\"type\":\"server_vad\"}",
        "include[]=logprobs",
        "keywords[]=Mesa",
        "keywords[]=Verde",
        "prompt=A restaurant.",
        "stream=true",
    ];
    assert_eq!(form(&fetch(&listen, &hum(800)).request).0, expected);
}

#[test]
fn every_flush_sends_everything_so_far() {
    let mut listening = listen().ask();
    for flush in 1..=3 {
        listening.feed(&hum(1600));
        let Flushed::Fetch(fetch) = listening.flush(flush) else {
            panic!("there was sound");
        };
        let (_, samples) = wav::read(&form(&fetch.request).1).unwrap();
        assert_eq!(samples.len(), 3200 * flush as usize);
    }
    assert_eq!(listening.duration(), Duration::from_millis(600));
}

#[test]
fn silence_is_answered_without_asking_anyone() {
    let empty = Reply::Transcript {
        flush: 3,
        text: String::new(),
    };
    for clip in [
        Clip::default(),
        hum(799),
        Clip::silence(Duration::from_secs(2)),
    ] {
        let mut listening = listen().ask();
        listening.feed(&clip);
        match listening.flush(3) {
            Flushed::Answer(reply) => assert_eq!(reply, empty),
            Flushed::Fetch(fetch) => panic!("{fetch:?}"),
        }
    }
}

#[test]
fn of_music_on_hold_only_the_end_is_kept() {
    let mut listening = listen().ask();
    for _ in 0..100 {
        listening.feed(&hum(80_000));
        assert!(listening.duration() <= LENGTH_MAX);
    }
    assert!(listening.duration() + Duration::from_secs(10) >= LENGTH_MAX);
    let mut listening = listen().ask();
    listening.feed(&hum(10_000_000));
    assert!(listening.duration() <= LENGTH_MAX);
}

#[test]
fn a_transcript_is_understood_in_every_shape() {
    let spent = Spent {
        input_tokens: 30,
        cached_tokens: 0,
        output_tokens: 5,
    };
    let json = r#"{"text":" A table for two. ","usage":{"type":"tokens","input_tokens":30,"output_tokens":5}}"#;
    assert_eq!(
        replies("application/json", json, End::Complete),
        [transcript("A table for two."), Reply::Done(spent)]
    );
    let events = "data: {\"type\":\"transcript.text.delta\",\"delta\":\"A table\"}\n\n\
        data: {\"type\":\"transcript.text.delta\",\"delta\":\" for two.\"}\n\n";
    let done = "data: {\"type\":\"transcript.text.done\",\"text\":\"A table for 2.\",\"usage\":{\"input_tokens\":30,\"output_tokens\":5}}\n\n";
    let both = [events, done].concat();
    for end in [End::Complete, End::Cut] {
        assert_eq!(
            replies("text/event-stream", &both, end),
            [transcript("A table for 2."), Reply::Done(spent)]
        );
    }
    let nothing = Reply::Done(Spent::default());
    let marked = [events, "data: [DONE]"].concat();
    assert_eq!(
        replies("text/event-stream", &marked, End::Complete),
        [transcript("A table for two."), nothing.clone()]
    );
    assert_eq!(
        replies("text/plain", "A table.\n", End::Complete),
        [transcript("A table."), nothing.clone()]
    );
    let seconds = r#"{"text":"","usage":{"type":"duration","seconds":3}}"#;
    assert_eq!(
        replies("", seconds, End::Complete),
        [transcript(""), nothing]
    );
}

#[test]
fn half_a_transcript_is_none() {
    let broken = [Reply::Failed(Failure::Broken)];
    let delta = "data: {\"type\":\"transcript.text.delta\",\"delta\":\"A table\"}\n\n";
    for (kind, body, end) in [
        ("application/json", r#"{"text":"A ta"#, End::Cut),
        ("application/json", r#"{"text":"A ta"#, End::Complete),
        ("text/plain", "A ta", End::Cut),
        ("text/event-stream", delta, End::Cut),
        ("text/event-stream", delta, End::Complete),
        ("text/html", "<html>", End::Complete),
        ("application/json", r#"{"txt":"A table"}"#, End::Complete),
        ("", "", End::Complete),
    ] {
        assert_eq!(replies(kind, body, end), broken, "{body}");
    }
    let refused = r#"{"error":{"message":"no","type":"invalid_request_error"}}"#;
    assert_eq!(
        replies("text/plain", refused, End::Complete),
        [Reply::Failed(Failure::Refused)]
    );
}

#[test]
fn a_click_that_became_thanks_was_nothing() {
    let mut clip = vec![mulaw::SILENCE; 8000];
    clip[4000..4160].fill(mulaw::encode(20_000));
    let mut exchange = fetch(&listen(), &Clip::from(clip)).exchange;
    let mut replies = Vec::new();
    let head = Head {
        status: 200,
        content_type: String::new(),
        ..Head::default()
    };
    exchange.head(&head, &mut replies);
    exchange.push(br#"{"text":"Thank you."}"#, &mut replies);
    exchange.finish(End::Complete, &mut replies);
    assert_eq!(replies, [transcript(""), Reply::Done(Spent::default())]);
}
