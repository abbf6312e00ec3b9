//! How long a media message takes to read and to write. Run it optimised: `cargo run --profile edge --example media_speed`.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example may look at the clock and say what it saw"
)]

use std::hint::black_box;
use std::time::Instant;

use twilio::media::{Inbound, Outbound, Track};

const ROUNDS: u32 = 500_000;

fn time(what: &str, mut step: impl FnMut()) {
    for _ in 0..ROUNDS / 10 {
        step();
    }
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        step();
    }
    println!(
        "{what:40} {:>6} ns",
        begun.elapsed().as_nanos() / u128::from(ROUNDS)
    );
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stream = "MZ22222222222222222222222222222222".parse()?;
    let frame: Vec<u8> = (0..160).collect();
    let second: Vec<u8> = frame.repeat(50);
    let track = Track::Inbound;
    let message = Inbound::Media {
        sequence: 4711,
        chunk: 4710,
        timestamp_ms: 94_200,
        track,
        payload: frame.clone(),
    };
    let text = message.encode(&stream);

    time("read 20 ms", || {
        let _ = black_box(Inbound::decode(black_box(&text)));
    });
    let mut buffer = Vec::new();
    time("read 20 ms into the same buffer", || {
        if let Ok(Inbound::Media { payload, .. }) =
            Inbound::decode_reusing(black_box(&text), std::mem::take(&mut buffer))
        {
            buffer = payload;
        }
    });
    time("write 20 ms", || {
        black_box(Outbound::media(black_box(&frame)).encode(&stream));
    });
    time("write 1 s", || {
        black_box(Outbound::media(black_box(&second)).encode(&stream));
    });
    time("write a mark", || {
        black_box(Outbound::mark(black_box("12:345")).encode(&stream));
    });
    Ok(())
}
