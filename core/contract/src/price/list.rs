//! List prices, each with the day on which it was read and where. A deployment brings its own by `PRICES`.

use super::{Dimension, Price, PriceTable};

use Dimension::{
    CarrierMinute, EdgeSecond, LineMinute, ListenSecond, SpeakChar, ThinkCachedToken,
    ThinkInputToken, ThinkOutputToken,
};

/// Dimension, provider, model, micro-dollars per million units, day, source.
type Row = (
    Dimension,
    &'static str,
    &'static str,
    u64,
    &'static str,
    &'static str,
);

const LUNA: &str = "openai.com/api/pricing, gpt-6-luna";
const DEEPGRAM: &str = "deepgram.com/pricing";
const ELEVENLABS: &str = "elevenlabs.io/pricing/api";
const CLOUDFLARE: &str = "developers.cloudflare.com/workers-ai/platform/pricing";
const HAIKU: &str = "claude.com/pricing, claude-haiku-5-5";

const UNIVERSAL: &str =
    "Universal-Streaming as it was known before; assemblyai.com/pricing lists Pro alone";
const CARTESIA: &str = "cartesia.ai/pricing";

const TWILIO: &str = "twilio.com/en-us/voice/pricing/us";

/// A second of audio at a price per minute: $0.0045 a minute are 75 micro-dollars a second.
const ROWS: &[Row] = &[
    // $0.0085 inbound local, $0.0140 outbound, and $0.0044 media stream: of the US, and so the least that it is elsewhere.
    // Who dials abroad, or has numbers there, adds rows by direction and country.
    (CarrierMinute, "", "", 12_900_000_000, "2026-10-03", TWILIO),
    (
        CarrierMinute,
        "outbound",
        "",
        18_400_000_000,
        "2026-10-03",
        TWILIO,
    ),
    (LineMinute, "", "", 8_500_000_000, "2026-10-03", TWILIO),
    (
        LineMinute,
        "outbound",
        "",
        14_000_000_000,
        "2026-10-03",
        TWILIO,
    ),
    // 50 messages a second at 20:1 and $0.15 per million, and 128 MB at $12.50 per million GB-s.
    (
        EdgeSecond,
        "",
        "",
        1_975_000,
        "2026-11-01",
        "developers.cloudflare.com/durable-objects",
    ),
    (
        ListenSecond,
        "openai",
        "",
        75_000_000,
        "2026-10-01",
        "openai.com/api/pricing, gpt-transcribe",
    ),
    // $0.0065, $0.0048 a minute.
    (
        ListenSecond,
        "deepgram-flux",
        "",
        108_333_333,
        "2026-06-01",
        DEEPGRAM,
    ),
    // $0.0078: of other languages, and of several.
    (
        ListenSecond,
        "deepgram-flux",
        "flux-general-multi",
        130_000_000,
        "2026-11-04",
        DEEPGRAM,
    ),
    (
        ListenSecond,
        "deepgram-nova",
        "",
        80_000_000,
        "2026-08-01",
        DEEPGRAM,
    ),
    // $0.39, $0.45 an hour.
    (
        ListenSecond,
        "elevenlabs",
        "",
        108_333_333,
        "2026-06-01",
        ELEVENLABS,
    ),
    (
        ListenSecond,
        "assemblyai",
        "",
        125_000_000,
        "2026-05-01",
        "assemblyai.com/pricing, U3-Pro",
    ),
    // $0.15 an hour: what is asked for unless a bot names a model.
    (
        ListenSecond,
        "assemblyai",
        "universal-streaming-english",
        41_666_667,
        "2026-11-21",
        UNIVERSAL,
    ),
    (
        ListenSecond,
        "assemblyai",
        "universal-streaming-multilingual",
        41_666_667,
        "2026-11-21",
        UNIVERSAL,
    ),
    // $0.016 a minute.
    (
        ListenSecond,
        "google",
        "",
        266_666_667,
        "2026-10-01",
        "cloud.google.com/speech-to-text/pricing",
    ),
    // $0.0052 a minute: nova-3, the dearest of its models.
    (
        ListenSecond,
        "workers-ai",
        "",
        86_666_667,
        "2026-09-01",
        CLOUDFLARE,
    ),
    // $0.00051 a minute.
    (
        ListenSecond,
        "workers-ai",
        "@cf/openai/whisper-large-v3-turbo",
        8_500_000,
        "2026-09-01",
        CLOUDFLARE,
    ),
    (ThinkInputToken, "openai", "", 100_000, "2026-10-01", LUNA),
    (ThinkCachedToken, "openai", "", 10_000, "2026-10-01", LUNA),
    (ThinkOutputToken, "openai", "", 500_000, "2026-10-01", LUNA),
    (
        ThinkInputToken,
        "anthropic",
        "",
        100_000,
        "2026-10-01",
        HAIKU,
    ),
    (
        ThinkCachedToken,
        "anthropic",
        "",
        10_000,
        "2026-10-01",
        HAIKU,
    ),
    (
        ThinkOutputToken,
        "anthropic",
        "",
        500_000,
        "2026-10-01",
        HAIKU,
    ),
    // gemma-4-26b.
    (
        ThinkInputToken,
        "workers-ai",
        "",
        100_000,
        "2026-09-01",
        CLOUDFLARE,
    ),
    (
        ThinkOutputToken,
        "workers-ai",
        "",
        300_000,
        "2026-09-01",
        CLOUDFLARE,
    ),
    // $15 per million characters.
    (
        SpeakChar,
        "openai",
        "",
        15_000_000,
        "2026-10-01",
        "openai.com/api/pricing, tts-1",
    ),
    (
        SpeakChar,
        "elevenlabs",
        "",
        50_000_000,
        "2026-06-01",
        ELEVENLABS,
    ),
    (
        SpeakChar,
        "elevenlabs-socket",
        "",
        50_000_000,
        "2026-06-01",
        ELEVENLABS,
    ),
    (
        SpeakChar,
        "deepgram",
        "",
        30_000_000,
        "2026-10-01",
        DEEPGRAM,
    ),
    (
        SpeakChar,
        "deepgram-socket",
        "",
        30_000_000,
        "2026-10-01",
        DEEPGRAM,
    ),
    // None is published. Nothing would be further from it.
    (
        SpeakChar,
        "deepgram-flux",
        "",
        30_000_000,
        "2026-11-21",
        "deepgram.com/pricing, Aura-2, for want of one for Flux",
    ),
    (
        SpeakChar,
        "cartesia",
        "",
        50_000_000,
        "2026-10-01",
        CARTESIA,
    ),
    (
        SpeakChar,
        "cartesia-socket",
        "",
        50_000_000,
        "2026-10-01",
        CARTESIA,
    ),
    (
        SpeakChar,
        "workers-ai",
        "",
        30_000_000,
        "2026-09-01",
        CLOUDFLARE,
    ),
];

impl PriceTable {
    /// List prices, in US dollars.
    #[must_use]
    pub fn list() -> Self {
        let rows = ROWS.iter().map(
            |&(dimension, provider, model, micro_dollars_per_million, as_of, source)| Price {
                dimension,
                provider: provider.to_owned(),
                model: model.to_owned(),
                micro_dollars_per_million,
                as_of: as_of.to_owned(),
                source: source.to_owned(),
            },
        );
        Self {
            rows: rows.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LISTENERS, SPEAKERS, THINKERS};

    /// Whoever runs them pays for a machine, and nobody by the word.
    const OWN: [&str; 2] = ["ollama", "http"];

    #[test]
    fn whoever_a_bot_may_name_has_a_price() {
        let table = PriceTable::list();
        for (names, dimensions) in [
            (LISTENERS, &[ListenSecond][..]),
            (THINKERS, &[ThinkInputToken, ThinkOutputToken]),
            (SPEAKERS, &[SpeakChar]),
        ] {
            for name in names.iter().filter(|name| !OWN.contains(name)) {
                for dimension in dimensions {
                    let price = table.price(*dimension, name, "");
                    assert!(price > 0, "{dimension:?} of {name}");
                }
            }
        }
    }

    #[test]
    fn who_speaks_over_a_socket_costs_what_it_costs_by_requests() {
        let table = PriceTable::list();
        for name in ["elevenlabs", "deepgram", "cartesia"] {
            let price = |name: &str| table.price(SpeakChar, name, "");
            assert_eq!(price(name), price(&format!("{name}-socket")));
        }
    }

    #[test]
    fn a_model_may_cost_less_than_the_dearest() {
        let table = PriceTable::list();
        let price = |model| table.price(ListenSecond, "assemblyai", model);
        assert!(price("universal-streaming-english") < price("universal-3-6-pro"));
    }
}
