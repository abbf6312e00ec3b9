//! The stand-ins that speak other providers' protocols, asked by the platform's own adapters.

use call::{Failure, Line, Reply, ToolCall};
use local::speech::{Fault, Kind, Speech, Stage};
use providers::speak::{self, CartesiaSocket, DeepgramSocket, ElevenLabsSocket};
use providers::think::{self, Anthropic, Ollama, WorkersAi};
use providers::{ApiKey, BaseUrl, Dialled, Endpoint, Options, Speak, Think, Tool};

use crate::speech::road::{fetched, spoken_over};
use crate::speech::telephone::speech;

const TEXT: &str = "Perfect, your table is booked.";

fn endpoint(speech: &Speech, below: &str) -> Endpoint {
    Endpoint {
        base_url: BaseUrl::new(&format!("{}/{below}", speech.server().url())).unwrap(),
        api_key: ApiKey::new("any-key").unwrap(),
    }
}

fn thinkers(speech: &Speech) -> Vec<(&'static str, Box<dyn Think>)> {
    let settings = |below: &str| think::Settings {
        endpoint: endpoint(speech, below),
        model: "stand-in".to_owned(),
        instructions: "You are Mesa.".to_owned(),
        tools: vec![
            Tool::EndCall,
            Tool::Transfer {
                to: "+15005550009".to_owned(),
                when: String::new(),
            },
        ],
        options: Options::new(),
    };
    vec![
        ("anthropic", Box::new(Anthropic(settings("anthropic")))),
        ("ollama", Box::new(Ollama(settings("ollama")))),
        ("workers-ai", Box::new(WorkersAi(settings("workers-ai")))),
    ]
}

fn voice(speech: &Speech, below: &str, model: &str) -> speak::Settings {
    speak::Settings {
        endpoint: endpoint(speech, below),
        model: model.to_owned(),
        voice: "EN-US".to_owned(),
        language: "en-US".to_owned(),
        options: Options::new(),
    }
}

fn speakers(speech: &Speech) -> Vec<(&'static str, Box<dyn Speak>)> {
    let voice = |below: &str, model: &str| voice(speech, below, model);
    let mut timed = voice("cartesia", "sonic-3.5");
    timed
        .options
        .insert("add_timestamps".to_owned(), true.into());
    vec![
        (
            "elevenlabs",
            Box::new(speak::ElevenLabs(voice("elevenlabs", "eleven_flash_v2_5"))),
        ),
        (
            "deepgram",
            Box::new(speak::Deepgram(voice("deepgram", "aura-2-thalia-en"))),
        ),
        (
            "flux",
            Box::new(speak::Deepgram(voice("deepgram", "flux-mara-en"))),
        ),
        (
            "cartesia",
            Box::new(speak::Cartesia(voice("cartesia", "sonic-3.5"))),
        ),
        ("cartesia events", Box::new(speak::Cartesia(timed))),
        (
            "workers-ai",
            Box::new(speak::WorkersAi(voice(
                "workers-ai",
                "@cf/deepgram/aura-2-en",
            ))),
        ),
        (
            "http",
            Box::new(speak::Http(voice("melotts/convert/tts", ""))),
        ),
    ]
}

fn sockets(speech: &Speech) -> Vec<(&'static str, Box<dyn Dialled>)> {
    let voice = |below: &str, model: &str| voice(speech, below, model);
    vec![
        (
            "elevenlabs",
            Box::new(ElevenLabsSocket(voice("elevenlabs", "eleven_flash_v2_5"))),
        ),
        (
            "deepgram",
            Box::new(DeepgramSocket(voice("deepgram", "aura-2-thalia-en"))),
        ),
        (
            "flux",
            Box::new(DeepgramSocket(voice("deepgram", "flux-mara-en"))),
        ),
        (
            "cartesia",
            Box::new(CartesiaSocket(voice("cartesia", "sonic-3.5"))),
        ),
    ]
}

fn said(replies: &[Reply]) -> String {
    let words = replies.iter().filter_map(|reply| match reply {
        Reply::Words(words) => Some(words.as_str()),
        _ => None,
    });
    words.collect()
}

/// Samples of all sound.
fn length(replies: &[Reply]) -> usize {
    let clips = replies.iter().filter_map(|reply| match reply {
        Reply::Audio(clip) => Some(clip.len()),
        _ => None,
    });
    clips.sum()
}

fn failure(replies: &[Reply]) -> Option<Failure> {
    match replies.last() {
        Some(Reply::Failed(failure)) => Some(*failure),
        _ => None,
    }
}

fn caller(text: &str) -> Line {
    Line::Caller(text.to_owned())
}

#[tokio::test]
async fn each_protocol_carries_the_receptionists_words_and_deeds() {
    let speech = speech().await;
    let end = Reply::Tool(ToolCall::EndCall);
    let transfer = Reply::Tool(ToolCall::Transfer {
        to: "+15005550009".to_owned(),
    });
    for (name, think) in thinkers(&speech) {
        let history = [
            Line::Bot("Hello, this is Mesa.".to_owned()),
            caller("no thank you goodbye"),
        ];
        let (replies, complaint) = fetched(think.ask(&history)).await;
        assert_eq!(complaint, None, "{name}");
        assert_eq!(
            said(&replies),
            "Thank you for calling Mesa. Goodbye!",
            "{name}"
        );
        assert!(replies.contains(&end), "{name}: {replies:?}");
        let Some(Reply::Done(spent)) = replies.last() else {
            panic!("{name}: {replies:?}");
        };
        assert!(
            spent.input_tokens > 0 && spent.output_tokens > 8,
            "{name}: {spent:?}"
        );
        let (replies, _) = fetched(think.ask(&[caller("can i speak to a human")])).await;
        assert!(replies.contains(&transfer), "{name}: {replies:?}");
    }
}

#[tokio::test]
async fn each_voice_is_heard_for_equally_long() {
    let speech = speech().await;
    let mut lengths = Vec::new();
    for (name, speak) in speakers(&speech) {
        let (replies, complaint) = fetched(speak.ask(TEXT)).await;
        assert_eq!(complaint, None, "{name}");
        assert!(matches!(replies.last(), Some(Reply::Done(_))), "{name}");
        lengths.push((name, length(&replies)));
    }
    for (name, socket) in sockets(&speech) {
        let (replies, complaint) = spoken_over(socket.dial(), &[TEXT, "And this."]).await;
        assert_eq!(complaint, None, "{name}");
        let done = |replies: &Vec<Reply>| matches!(replies.last(), Some(Reply::Done(_)));
        assert!(replies.len() == 2 && replies.values().all(done), "{name}");
        lengths.push((name, length(&replies[&1])));
    }
    let first = lengths[0].1;
    assert!(first > 8_000, "{lengths:?}");
    let near = |length: usize| length.abs_diff(first) <= 320;
    assert!(
        lengths.iter().all(|(_, length)| near(*length)),
        "{lengths:?}"
    );
}

#[tokio::test]
async fn each_fault_means_the_same_to_everyone() {
    let speech = speech().await;
    let status = |status, retry_after_s| Kind::Status {
        status,
        retry_after_s,
    };
    let faults = [
        (status(401, None), Failure::Refused, None),
        (status(429, None), Failure::Busy, None),
        (status(429, Some(1.5)), Failure::Busy, Some(2)),
        (status(500, None), Failure::Broken, None),
        (Kind::Cut, Failure::Broken, None),
        (Kind::Garbage, Failure::Broken, None),
    ];
    for (kind, expected, retry_after_s) in faults {
        for (name, think) in thinkers(&speech) {
            speech
                .desk()
                .arm(Fault::next(Stage::Think, kind.clone(), 1));
            let (replies, complaint) = fetched(think.ask(&[caller("the menu")])).await;
            assert_eq!(failure(&replies), Some(expected), "{name}: {kind:?}");
            assert_eq!(complaint.unwrap().retry_after_s, retry_after_s, "{name}");
        }
        for (name, speak) in speakers(&speech) {
            // Bytes of no meaning are sound to whoever asked for bare sound.
            if kind == Kind::Garbage {
                continue;
            }
            speech
                .desk()
                .arm(Fault::next(Stage::Speak, kind.clone(), 1));
            let (replies, complaint) = fetched(speak.ask(TEXT)).await;
            assert_eq!(failure(&replies), Some(expected), "{name}: {kind:?}");
            assert_eq!(complaint.unwrap().retry_after_s, retry_after_s, "{name}");
        }
        for (name, socket) in sockets(&speech) {
            speech
                .desk()
                .arm(Fault::next(Stage::Speak, kind.clone(), 1));
            let (replies, complaint) = spoken_over(socket.dial(), &[TEXT]).await;
            assert_eq!(failure(&replies[&1]), Some(expected), "{name}: {kind:?}");
            let is_cut = kind == Kind::Cut;
            let status = complaint.unwrap().status;
            assert_eq!(status == 1011, is_cut, "{name}: {kind:?} {status}");
            assert_eq!(
                length(&replies[&1]) > 0,
                matches!(kind, Kind::Cut | Kind::Garbage)
            );
        }
    }
    assert!(speech.desk().faults().is_empty());
}

#[tokio::test]
async fn an_empty_answer_is_no_speech() {
    let speech = speech().await;
    for (name, speak) in speakers(&speech) {
        speech.desk().arm(Fault::next(Stage::Speak, Kind::Empty, 1));
        let (replies, _) = fetched(speak.ask(TEXT)).await;
        assert_eq!(replies, [Reply::Failed(Failure::Broken)], "{name}");
    }
    for (name, socket) in sockets(&speech) {
        speech.desk().arm(Fault::next(Stage::Speak, Kind::Empty, 1));
        let (replies, _) = spoken_over(socket.dial(), &[TEXT]).await;
        assert_eq!(replies[&1], [Reply::Failed(Failure::Broken)], "{name}");
    }
}

#[tokio::test]
async fn nobody_without_a_key_is_answered_where_the_original_wants_one() {
    let speech = speech().await;
    let keyless = |below: &str| Endpoint {
        api_key: None,
        ..endpoint(&speech, below)
    };
    let asks = [
        Anthropic(think::Settings {
            endpoint: keyless("anthropic"),
            model: "stand-in".to_owned(),
            instructions: String::new(),
            tools: Vec::new(),
            options: Options::new(),
        })
        .ask(&[caller("hello")]),
        speak::ElevenLabs(speak::Settings {
            endpoint: keyless("elevenlabs"),
            ..voice(&speech, "elevenlabs", "eleven_v3")
        })
        .ask(TEXT),
    ];
    for ask in asks {
        let (replies, complaint) = fetched(ask).await;
        assert_eq!(replies, [Reply::Failed(Failure::Refused)]);
        let complaint = complaint.unwrap();
        assert_eq!(complaint.status, 401);
        assert_eq!(complaint.message, "the stand-in looks for a key");
    }
}
