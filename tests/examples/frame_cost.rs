//! What a silent frame costs: `cargo run --release -p tests --example frame_cost`.

#![expect(clippy::print_stdout, reason = "it is what the example is for")]

use std::hint::black_box;
use std::time::{Duration, Instant as Clock};

use audio::{Clip, Vad};
use call::{Call, Config, Input, Instant};

const FRAMES: u64 = 200_000;

fn main() {
    let silence = Clip::silence(Duration::from_millis(20));
    let mut vad = Vad::default();
    let began = Clock::now();
    for _ in 0..FRAMES {
        black_box(vad.hear(silence.bytes()));
    }
    let alone = began.elapsed();

    let config = Config {
        idle_after: Duration::from_hours(99),
        duration_max: None,
        ..Config::default()
    };
    let (mut call, _) = Call::begin(config, Instant::ZERO);
    let _ = call.handle(Instant::ZERO, Input::Opened);
    let began = Clock::now();
    for n in 0..FRAMES {
        let frame = Input::Frame {
            at: Duration::from_millis(20 * n),
            audio: silence.clone(),
        };
        black_box(call.handle(Instant::from_ms(20 * n + 20), frame));
    }
    let whole = began.elapsed();
    let each = |time: Duration| time.as_nanos() / u128::from(FRAMES);
    println!("voice activity detection: {} ns a frame", each(alone));
    println!("with the engine around it: {} ns a frame", each(whole));
}
