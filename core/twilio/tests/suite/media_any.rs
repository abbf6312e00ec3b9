//! Whatever is said over a media stream is understood there and back, and nothing said is a reason to panic.

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::Value;
    use twilio::media::{Format, Inbound, Outbound, Start, Track};
    use twilio::{AccountSid, CallSid, StreamSid};

    macro_rules! corpus {
        ($name:literal) => {
            include_str!(concat!("../../../../tests/corpus/twilio/", $name, ".json"))
        };
    }

    const DOCUMENTED: [&str; 9] = [
        corpus!("connected"),
        corpus!("start"),
        corpus!("media"),
        corpus!("dtmf"),
        corpus!("mark"),
        corpus!("stop"),
        corpus!("send-media"),
        corpus!("send-mark"),
        corpus!("send-clear"),
    ];

    fn account() -> AccountSid {
        "AC00000000000000000000000000000000".parse().unwrap()
    }

    fn call() -> CallSid {
        "CA11111111111111111111111111111111".parse().unwrap()
    }

    fn stream() -> StreamSid {
        "MZ22222222222222222222222222222222".parse().unwrap()
    }

    fn any_start() -> Start {
        Start {
            sequence: 1,
            account: account(),
            call: call(),
            stream: stream(),
            tracks: vec![Track::Inbound, Track::Outbound],
            format: Format::mulaw(),
            parameters: BTreeMap::new(),
        }
    }

    fn inbound() -> impl Strategy<Value = Inbound> {
        let parameters = proptest::collection::btree_map(any::<String>(), any::<String>(), 0..4);
        let track = prop_oneof![Just(Track::Inbound), Just(Track::Outbound)];
        let keys: Vec<char> = "0123456789*#ABCD".chars().collect();
        prop_oneof![
            Just(Inbound::Connected),
            (
                any::<u64>(),
                parameters,
                any::<String>(),
                any::<u32>(),
                any::<u16>()
            )
                .prop_map(|(sequence, parameters, encoding, rate_hz, channels)| {
                    let format = Format {
                        encoding,
                        rate_hz,
                        channels,
                    };
                    Inbound::Start(Start {
                        sequence,
                        parameters,
                        format,
                        ..any_start()
                    })
                }),
            (
                any::<u64>(),
                any::<u64>(),
                any::<u64>(),
                track,
                any::<Vec<u8>>()
            )
                .prop_map(|(sequence, chunk, timestamp_ms, track, payload)| {
                    Inbound::Media {
                        sequence,
                        chunk,
                        timestamp_ms,
                        track,
                        payload,
                    }
                }),
            (any::<u64>(), proptest::sample::select(keys))
                .prop_map(|(sequence, digit)| Inbound::Dtmf { sequence, digit }),
            (any::<u64>(), any::<String>())
                .prop_map(|(sequence, name)| Inbound::Mark { sequence, name }),
            any::<u64>().prop_map(|sequence| Inbound::Stop {
                sequence,
                account: account(),
                call: call()
            }),
        ]
    }

    proptest! {
        #[test]
        fn what_the_simulated_twilio_says_is_understood(message in inbound()) {
            prop_assert_eq!(Inbound::decode(&message.encode(&stream())), Ok(message));
        }

        #[test]
        fn what_is_said_to_the_simulated_twilio_is_understood(payload: Vec<u8>, name: String) {
            for command in [Outbound::media(&payload), Outbound::mark(&name), Outbound::Clear] {
                let text = command.encode(&stream());
                prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
                prop_assert_eq!(Outbound::decode(&text, &stream()), Ok(command));
            }
        }

        #[test]
        fn no_text_is_a_reason_to_panic(bytes: Vec<u8>, text: String) {
            for text in [&*String::from_utf8_lossy(&bytes), &text] {
                let _ = Inbound::decode(text);
                let _ = Outbound::decode(text, &stream());
            }
        }

        #[test]
        fn no_damage_to_a_message_is_a_reason_to_panic(
            which in 0..9_usize, place: prop::sample::Index, with: String, remove in 0..20_usize,
        ) {
            let mut letters: Vec<char> = DOCUMENTED[which].chars().collect();
            let from = place.index(letters.len());
            let to = (from + remove).min(letters.len());
            letters.splice(from..to, with.chars());
            let damaged: String = letters.into_iter().collect();
            let _ = Inbound::decode(&damaged);
            let _ = Outbound::decode(&damaged, &stream());
        }
    }
}
