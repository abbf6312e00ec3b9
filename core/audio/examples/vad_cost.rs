//! What a frame of 20 ms costs: `cargo run --release -p audio --example vad_cost`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "it measures time and tells it"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use audio::{FRAME_SAMPLES, Resampler, Vad, mulaw};

const SPEECH: &[u8] = include_bytes!("../../../tests/corpus/audio/book-a-table.ulaw");
const ROUNDS: usize = 200;

fn main() {
    let silence = vec![mulaw::SILENCE; SPEECH.len()];
    println!("{:<44}{:>12}", "per frame of 20 ms", "µs");
    row("gated (silence)", vad_cost(&silence, false));
    row("speech, all frames of a sentence", vad_cost(SPEECH, false));
    row("speech, listening for a barge-in", vad_cost(SPEECH, true));
    row("speech, voiced frames only", voiced_cost(false));
    row(
        "speech, voiced frames only, for a barge-in",
        voiced_cost(true),
    );
    let input = vec![1000_i16; 480];
    for rate_hz in [16_000_u32, 24_000, 44_100, 48_000] {
        let Ok(mut resampler) = Resampler::new(rate_hz, 8000) else {
            continue;
        };
        let frame = &input[..480.min(rate_hz as usize / 50)];
        let mut output = Vec::new();
        let begun = Instant::now();
        for _ in 0..10_000 {
            output.clear();
            resampler.push(black_box(frame), &mut output);
        }
        let name = format!("resampling from {rate_hz} Hz");
        let frames = 10_000.0 * frame.len() as f64 * 50.0 / f64::from(rate_hz);
        row(&name, begun.elapsed().as_secs_f64() * 1e6 / frames);
    }
    let begun = Instant::now();
    for _ in 0..100 {
        let _ = black_box(Resampler::new(black_box(24_000), 8000));
    }
    row(
        "making a resampler from 24000 Hz",
        begun.elapsed().as_secs_f64() * 1e4,
    );
    let begun = Instant::now();
    for _ in 0..100 {
        let _ = black_box(Resampler::new(black_box(44_100), 8000));
    }
    row(
        "making a resampler from 44100 Hz",
        begun.elapsed().as_secs_f64() * 1e4,
    );
}

fn vad_cost(bytes: &[u8], barge_in: bool) -> f64 {
    let mut vad = Vad::default();
    vad.listen_for_barge_in(barge_in);
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        for frame in bytes.chunks(FRAME_SAMPLES) {
            black_box(vad.hear(black_box(frame)));
        }
    }
    let frames = ROUNDS * bytes.len() / FRAME_SAMPLES;
    begun.elapsed().as_secs_f64() * 1e6 / frames as f64
}

fn voiced_cost(barge_in: bool) -> f64 {
    let mut vad = Vad::default();
    vad.listen_for_barge_in(barge_in);
    let (mut spent, mut frames) = (Duration::ZERO, 0.0);
    for _ in 0..ROUNDS {
        for frame in SPEECH.chunks(FRAME_SAMPLES) {
            let begun = Instant::now();
            let verdict = vad.hear(black_box(frame));
            let took = begun.elapsed();
            if verdict.voiced {
                spent += took;
                frames += 1.0;
            }
        }
    }
    spent.as_secs_f64() * 1e6 / frames
}

fn row(name: &str, micros: f64) {
    println!("{name:<44}{micros:>12.2}");
}
