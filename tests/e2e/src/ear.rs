//! Whoever hears gets ready before anybody speaks. It takes a moment to start, and waits another before it loads what is in no
//! grammar: on a busy machine that would fall on the caller's first words, of which there must be a transcript in two seconds.

use audio::wav::{self, Sound};
use local::speech::{FLITE_RATE_HZ, LISTEN_OPEN_MODEL, Speech, Stage, Voice};
use tokio::task::JoinHandle;

use crate::until;

/// Requests to speech-to-text that were made here, and are none of the edge's.
pub(crate) const OWN: u64 = 1;

const BOUNDARY: &str = "a-boundary-that-no-sound-has";

/// Has it hear something that is in no grammar. The request has come by the time this is done: what a test arms strikes others.
///
/// # Panics
///
/// flite is missing.
#[expect(clippy::expect_used, reason = "a test cannot go on without an ear")]
pub(crate) async fn wake(speech: &Speech) -> JoinHandle<()> {
    let said = speech.speaker().say("Hello there.", Voice::default()).await;
    let sound = wav::mono(Sound::Pcm16, FLITE_RATE_HZ, &said.expect("flite speaks"));
    let url = format!("{}/audio/transcriptions", speech.url());
    let hearing = tokio::spawn(async move {
        let client = reqwest::Client::builder().no_proxy().build();
        let post = client.expect("a client").post(url);
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let post = post.header("content-type", kind).body(form(&sound));
        let answer = post.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{answer:?}");
    });
    until("the first request to be heard", || {
        speech.desk().count(Stage::Listen).requests == OWN
    })
    .await;
    hearing
}

fn form(sound: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n{LISTEN_OPEN_MODEL}\r\n\
         --{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\
         content-type: audio/wav\r\n\r\n"
    );
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    [head.as_bytes(), sound, tail.as_bytes()].concat()
}
