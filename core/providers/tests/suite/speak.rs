//! Responses as voices send them, whole and cut everywhere: sound as it came, and what is none is told.

use audio::{FRAME_SAMPLES, mulaw};
use call::{Failure, Reply, Spent};
use providers::speak::{Cartesia, Deepgram, ElevenLabs, Http, Settings, WorkersAi};
use providers::{End, Exchange, Head, Options, Speak};

use crate::road::{Complaining, complains, endpoint, meaning, replies};

macro_rules! corpus {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/corpus/", $name)).as_slice()
    };
}

fn settings(model: &str) -> Settings {
    Settings {
        endpoint: endpoint(),
        model: model.to_owned(),
        voice: "mara".to_owned(),
        language: "en-US".to_owned(),
        options: Options::new(),
    }
}

fn asked(speak: &impl Speak) -> Exchange {
    speak.ask("Hello.").exchange
}

fn elevenlabs() -> Exchange {
    asked(&ElevenLabs(settings("eleven_flash_v2_5")))
}

fn deepgram() -> Exchange {
    asked(&Deepgram(settings("aura-2-thalia-en")))
}

fn cartesia() -> Exchange {
    asked(&Cartesia(settings("sonic-3.5")))
}

fn aura() -> Exchange {
    asked(&WorkersAi(settings("@cf/deepgram/aura-2-en")))
}

fn melotts() -> Exchange {
    asked(&WorkersAi(settings("@cf/myshell-ai/melotts")))
}

fn http(options: &str) -> Exchange {
    let mut settings = settings("");
    settings.options = serde_json::from_str(options).unwrap();
    asked(&Http(settings))
}

type Native = (fn() -> Exchange, &'static str);

/// Those who send μ-law, and what they call it.
const NATIVE: [Native; 5] = [
    (elevenlabs, "audio/basic"),
    (deepgram, "audio/mulaw;rate=8000;channels=1"),
    (cartesia, "application/octet-stream"),
    (aura, "audio/mpeg"),
    (mulaw_server, "application/octet-stream"),
];

fn mulaw_server() -> Exchange {
    http(r#"{"format": "mulaw"}"#)
}

/// Every byte there is, and a length that is no whole number of frames.
fn speech() -> Vec<u8> {
    (0..=255).cycle().take(5 * FRAME_SAMPLES + 37).collect()
}

/// The speech, as it is heard: filled up to a whole frame.
fn heard(speech: &[u8]) -> Reply {
    let mut heard = speech.to_vec();
    heard.resize(speech.len().next_multiple_of(FRAME_SAMPLES), mulaw::SILENCE);
    Reply::Audio(heard.into())
}

fn done() -> Reply {
    Reply::Done(Spent::default())
}

#[test]
fn native_mulaw_reaches_the_ear_byte_by_byte() {
    for (ask, kind) in NATIVE {
        assert_eq!(meaning(ask, kind, &speech()), [heard(&speech()), done()]);
    }
}

#[test]
fn the_first_frame_waits_for_nothing_but_itself() {
    for (ask, kind) in NATIVE {
        let mut exchange = ask();
        let mut told = Vec::new();
        let head = Head {
            status: 200,
            content_type: kind.to_owned(),
            ..Head::default()
        };
        exchange.head(&head, &mut told);
        exchange.push(&speech()[..FRAME_SAMPLES], &mut told);
        assert_eq!(told, [heard(&speech()[..FRAME_SAMPLES])]);
    }
}

#[test]
fn what_was_spoken_before_a_cut_is_heard_and_the_cut_is_told() {
    for (ask, kind) in NATIVE {
        for bytes in [&speech()[..500], &[]] {
            let mut told = replies(ask(), 200, kind, &[bytes], End::Cut);
            assert_eq!(told.pop(), Some(Reply::Failed(Failure::Broken)));
            let expected = (!bytes.is_empty()).then(|| heard(bytes));
            assert_eq!(told, expected.into_iter().collect::<Vec<_>>());
        }
    }
}

#[test]
fn silence_for_a_sentence_and_pages_for_sound_are_failures() {
    let broken = [Reply::Failed(Failure::Broken)];
    for (ask, kind) in NATIVE {
        assert_eq!(replies(ask(), 200, kind, &[], End::Complete), broken);
        let page = b"<!DOCTYPE html><title>Maintenance</title>";
        assert_eq!(replies(ask(), 200, kind, &[page], End::Complete), broken);
    }
}

#[test]
fn sound_within_events_arrives_with_each_of_them() {
    let body = corpus!("cartesia/speak.sse");
    let stream = "text/event-stream";
    let sound: Vec<u8> = [(161, 3), (319, 9)]
        .into_iter()
        .flat_map(|(length, from)| (0..length).map(move |n| u8::try_from((n * 7 + from) % 256)))
        .map(Result::unwrap)
        .collect();
    assert_eq!(meaning(cartesia, stream, body), [heard(&sound), done()]);
    let told = meaning(cartesia, stream, corpus!("cartesia/speak-error.sse"));
    assert_eq!(told, [heard(&sound[..160]), Reply::Failed(Failure::Broken)]);
}

#[test]
fn a_file_within_json_is_heard_if_it_can_be_decoded() {
    let told = meaning(
        melotts,
        "application/json",
        corpus!("workers-ai/melotts.json"),
    );
    // 882 samples at 44.1 kHz are one frame.
    let lengths: Vec<usize> = told.iter().map(length).collect();
    assert_eq!((lengths, told.last()), (vec![160, 0], Some(&done())));
    let mp3 = meaning(
        melotts,
        "application/json",
        corpus!("workers-ai/melotts-mp3.json"),
    );
    assert_eq!(mp3, [Reply::Failed(Failure::Broken)]);
    let elsewhere = || http(r#"{"audio": "/data/0/sound", "format": "mulaw"}"#);
    let body = br#"{"data":[{"sound":"AAECAwQFBgcICQoLDA0ODw=="}]}"#;
    let sixteen: Vec<u8> = (0..16).collect();
    assert_eq!(
        meaning(elsewhere, "application/json", body),
        [heard(&sixteen), done()]
    );
}

fn length(reply: &Reply) -> usize {
    if let Reply::Audio(clip) = reply {
        clip.len()
    } else {
        0
    }
}

#[test]
fn a_server_of_ones_own_may_send_any_rate_as_wav_or_pcm() {
    let samples = |rate: usize| vec![0x11_u8; rate / 5 * 2];
    for (options, rate, kind) in [
        (r#"{"format": "pcm", "rate_hz": 22050}"#, 22_050, ""),
        (r#"{"format": "pcm"}"#, 24_000, "application/octet-stream"),
        ("{}", 16_000, "audio/pcm; rate=16000"),
        (r#"{"rate_hz": 48000}"#, 48_000, "audio/l16; rate=48000"),
    ] {
        let exchange = http(options);
        let told = replies(exchange, 200, kind, &[&samples(rate)], End::Complete);
        let total: usize = told.iter().map(length).sum();
        let expected = if kind.contains("l16") { 0 } else { 1600 };
        assert_eq!(total, expected, "{options} {kind}");
    }
    let mut wav = b"RIFF\xFF\xFF\xFF\xFFWAVEfmt \x10\0\0\0\x01\0\x01\0\x44\xAC\0\0\x88\x58\x01\0\x02\0\x10\0data\xFF\xFF\xFF\xFF".to_vec();
    wav.extend(samples(44_100));
    let chunks: Vec<&[u8]> = wav.chunks(997).collect();
    let told = replies(http("{}"), 200, "audio/wav", &chunks, End::Complete);
    let total: usize = told.iter().map(length).sum();
    assert_eq!(total, 1600);
}

/// Who says what with which status, and what it means.
const COMPLAINTS: [Complaining; 11] = [
    (
        elevenlabs,
        401,
        corpus!("elevenlabs/speak-error-key.json"),
        Failure::Refused,
        "Invalid API key",
    ),
    (
        elevenlabs,
        401,
        corpus!("elevenlabs/speak-error-quota.json"),
        Failure::Refused,
        "This request exceeds",
    ),
    (
        elevenlabs,
        429,
        corpus!("elevenlabs/speak-error-busy.json"),
        Failure::Busy,
        "Too many",
    ),
    (
        elevenlabs,
        422,
        corpus!("elevenlabs/speak-error-field.json"),
        Failure::Refused,
        "field required",
    ),
    (
        deepgram,
        401,
        corpus!("deepgram/speak-error-key.json"),
        Failure::Refused,
        "Invalid credentials.",
    ),
    (
        deepgram,
        429,
        corpus!("deepgram/speak-error-busy.json"),
        Failure::Busy,
        "Too many",
    ),
    (
        deepgram,
        402,
        corpus!("deepgram/speak-error-money.json"),
        Failure::Refused,
        "Project",
    ),
    (
        cartesia,
        401,
        corpus!("cartesia/speak-error-key.json"),
        Failure::Refused,
        "Invalid API key",
    ),
    (
        cartesia,
        429,
        corpus!("cartesia/speak-error-busy.json"),
        Failure::Busy,
        "Concurrency",
    ),
    (
        aura,
        401,
        corpus!("workers-ai/error-key.json"),
        Failure::Refused,
        "Authentication error",
    ),
    (
        mulaw_server,
        500,
        b"no voice today",
        Failure::Broken,
        "no voice today",
    ),
];

#[test]
fn errors_are_sorted_and_a_wish_to_wait_is_kept() {
    for complaint in COMPLAINTS {
        complains(complaint);
    }
}

#[test]
fn an_error_with_status_200_is_never_heard() {
    for (ask, status, body, _, _) in COMPLAINTS {
        for kind in ["application/json", "audio/basic", ""] {
            let told = meaning(ask, kind, body);
            let is_text = status == 500 && kind != "application/json";
            assert!(
                is_text || matches!(told[..], [Reply::Failed(_)]),
                "{told:?}"
            );
        }
    }
}
