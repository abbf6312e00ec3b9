//! Texts on their way through the telephone.

use std::path::Path;

use audio::wav::{self, Sound};
use audio::{RATE_HZ, Resampler, mulaw};
use local::speech::{FLITE_RATE_HZ, Speech, SpeechOptions, Voice};
use reqwest::multipart::{Form, Part};

/// The root of the checkout.
pub(crate) fn root() -> &'static Path {
    let local = Path::new(env!("CARGO_MANIFEST_DIR"));
    local
        .ancestors()
        .nth(2)
        .expect("infra/local lies two below the root")
}

pub(crate) async fn speech() -> Speech {
    let options = SpeechOptions {
        workers: 2,
        warm: false,
        ..SpeechOptions::of_checkout(root())
    };
    Speech::start(options)
        .await
        .expect("make setup installs flite and pocketsphinx")
}

fn resample(samples: &[i16], from_hz: u32, to_hz: u32) -> Vec<i16> {
    let mut resampler = Resampler::new(from_hz, to_hz).unwrap();
    let mut out = Vec::new();
    resampler.push(samples, &mut out);
    resampler.finish(&mut out);
    out
}

/// A text as it arrives from the telephone: 8 kHz, μ-law, peak at −6 dBFS, some silence around it. As samples.
pub(crate) async fn spoken(speech: &Speech, text: &str, voice: Voice) -> Vec<i16> {
    let samples = speech.speaker().say(text, voice).await.unwrap();
    let narrow = resample(&samples, FLITE_RATE_HZ, RATE_HZ);
    let peak = narrow
        .iter()
        .map(|sample| i32::from(*sample).abs())
        .max()
        .unwrap();
    let loud = narrow
        .iter()
        .map(|sample| i16::try_from(i32::from(*sample) * 16_384 / peak).unwrap());
    let silence = [0; 1600];
    let around: Vec<i16> = silence.into_iter().chain(loud).chain(silence).collect();
    mulaw::decode_all(&mulaw::encode_all(&around))
}

/// Posts the samples (8 kHz) as the platform does: as a WAV file at 16 kHz.
pub(crate) async fn transcribe(speech: &Speech, samples: &[i16], model: &str) -> serde_json::Value {
    let response = post(speech, samples, model).await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

pub(crate) async fn post(
    speech: &Speech,
    samples: &[i16],
    model: &str,
) -> reqwest::Result<reqwest::Response> {
    let file = wav::mono(Sound::Pcm16, 16_000, &resample(samples, RATE_HZ, 16_000));
    let part = Part::bytes(file)
        .file_name("speech.wav")
        .mime_str("audio/wav")?;
    let form = Form::new()
        .text("model", model.to_owned())
        .text("language", "en")
        .text("prompt", "A table, please.")
        .part("file", part);
    let url = format!("{}/audio/transcriptions", speech.url());
    reqwest::Client::new()
        .post(url)
        .multipart(form)
        .send()
        .await
}

pub(crate) async fn heard(speech: &Speech, samples: &[i16], model: &str) -> String {
    let reply = transcribe(speech, samples, model).await;
    reply["text"].as_str().unwrap().to_owned()
}
