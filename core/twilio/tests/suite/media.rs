//! The messages of a media stream, as documented, as broken, and there and back.

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};
    use twilio::media::{DecodeError, Format, Inbound, Outbound, Refusal, Start, Track};
    use twilio::{AccountSid, CallSid, StreamSid};

    macro_rules! corpus {
        ($name:literal) => {
            include_str!(concat!("../../../../tests/corpus/twilio/", $name, ".json"))
        };
    }

    fn account() -> AccountSid {
        "AC00000000000000000000000000000000".parse().unwrap()
    }

    fn call() -> CallSid {
        "CA11111111111111111111111111111111".parse().unwrap()
    }

    fn stream() -> StreamSid {
        "MZ22222222222222222222222222222222".parse().unwrap()
    }

    fn sound() -> Vec<u8> {
        [0xff, 0x7f, 0x00, 0x80].repeat(40)
    }

    fn start() -> Start {
        Start {
            sequence: 1,
            account: account(),
            call: call(),
            stream: stream(),
            tracks: vec![Track::Inbound],
            format: Format::mulaw(),
            parameters: BTreeMap::from([
                ("token".to_owned(), "abc".to_owned()),
                ("lang".to_owned(), "en".to_owned()),
            ]),
        }
    }

    /// Every documented message, with what it means.
    fn documented() -> Vec<(&'static str, Inbound)> {
        let payload = sound();
        let track = Track::Inbound;
        vec![
            (corpus!("connected"), Inbound::Connected),
            (corpus!("start"), Inbound::Start(start())),
            (
                corpus!("media"),
                Inbound::Media {
                    sequence: 4,
                    chunk: 2,
                    timestamp_ms: 5,
                    track,
                    payload,
                },
            ),
            (
                corpus!("dtmf"),
                Inbound::Dtmf {
                    sequence: 5,
                    digit: '1',
                },
            ),
            (
                corpus!("mark"),
                Inbound::Mark {
                    sequence: 4,
                    name: "my label".to_owned(),
                },
            ),
            (
                corpus!("stop"),
                Inbound::Stop {
                    sequence: 5,
                    account: account(),
                    call: call(),
                },
            ),
        ]
    }

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn every_documented_message_is_understood_and_written_field_for_field() {
        for (text, meaning) in documented() {
            assert_eq!(Inbound::decode(text), Ok(meaning.clone()));
            assert_eq!(value(&meaning.encode(&stream())), value(text));
        }
    }

    #[test]
    fn every_message_to_twilio_has_exactly_the_documented_fields() {
        let payload = sound();
        for (text, command) in [
            (corpus!("send-media"), Outbound::media(&payload)),
            (corpus!("send-mark"), Outbound::mark("turn7:42")),
            (corpus!("send-clear"), Outbound::Clear),
        ] {
            assert_eq!(value(&command.encode(&stream())), value(text));
            assert_eq!(Outbound::decode(text, &stream()), Ok(command));
        }
    }

    #[test]
    fn numbers_may_be_numbers_or_strings() {
        let text = r#"{"event":"media","sequenceNumber":4,
            "media":{"track":"inbound","chunk":2,"timestamp":5,"payload":"\/38A"},"streamSid":"x"}"#;
        let payload = vec![0xff, 0x7f, 0x00];
        let track = Track::Inbound;
        let meaning = Inbound::Media {
            sequence: 4,
            chunk: 2,
            timestamp_ms: 5,
            track,
            payload,
        };
        assert_eq!(Inbound::decode(text), Ok(meaning));
        let format = json!({"encoding": "audio/x-mulaw", "sampleRate": "8000", "channels": "1"});
        let mut message = value(corpus!("start"));
        message["start"]["mediaFormat"] = format;
        assert_eq!(
            Inbound::decode(&message.to_string()),
            Ok(Inbound::Start(start()))
        );
    }

    #[test]
    fn an_unknown_event_is_a_value_whatever_its_body() {
        for text in [
            r#"{"event":"weather"}"#,
            r#"{"event":"weather","media":5,"sequenceNumber":{"a":[]}}"#,
            r#"{"media":"sun","event":"weather","more":true}"#,
        ] {
            assert_eq!(
                Inbound::decode(text),
                Ok(Inbound::Unknown {
                    event: "weather".to_owned()
                })
            );
        }
        let long = format!(r#"{{"event":"{}"}}"#, "é".repeat(500));
        let cut = Inbound::Unknown {
            event: "é".repeat(64),
        };
        assert_eq!(Inbound::decode(&long), Ok(cut));
    }

    #[test]
    fn a_field_that_is_missing_is_named() {
        for (text, event) in [
            (corpus!("start"), "start"),
            (corpus!("media"), "media"),
            (corpus!("dtmf"), "dtmf"),
            (corpus!("mark"), "mark"),
            (corpus!("stop"), "stop"),
        ] {
            let whole = value(text);
            let mut left_out: Vec<String> = vec!["/sequenceNumber".into(), format!("/{event}")];
            let body = whole[event].as_object().unwrap();
            let optional =
                |name: &str| name == "customParameters" || (event, name) == ("dtmf", "track");
            left_out.extend(
                body.keys()
                    .filter(|name| !optional(name))
                    .map(|name| format!("/{event}/{name}")),
            );
            for path in left_out {
                let mut broken = whole.clone();
                let (parent, field) = path.rsplit_once('/').unwrap();
                broken
                    .pointer_mut(parent)
                    .unwrap()
                    .as_object_mut()
                    .unwrap()
                    .remove(field);
                let error = Inbound::decode(&broken.to_string()).unwrap_err();
                let DecodeError::Missing { field: named, .. } = error else {
                    panic!("{error}")
                };
                assert_eq!(named, path[1..].replace('/', "."), "{error}");
            }
        }
    }

    #[test]
    fn broken_messages_are_errors_that_say_where_and_not_what() {
        let media = |field: &str, value: Value| {
            let mut message: Value = serde_json::from_str(corpus!("media")).unwrap();
            message["media"][field] = value;
            Inbound::decode(&message.to_string()).unwrap_err()
        };
        assert_eq!(media("payload", json!("not base64")), DecodeError::Payload);
        for (field, value) in [
            ("payload", json!(5)),
            ("chunk", json!("secret")),
            ("chunk", json!("-1")),
            ("timestamp", json!("+5")),
            ("timestamp", json!(1.5)),
            ("timestamp", json!("18446744073709551616")),
            ("track", json!("sideways")),
        ] {
            let error = media(field, value);
            assert!(
                matches!(&error, DecodeError::Shape { event, .. } if event == "media"),
                "{error}"
            );
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        for text in [
            "",
            "x",
            "5",
            "[]",
            "\"media\"",
            "{\"event\":\"media\"",
            "{}}",
        ] {
            let error = Inbound::decode(text).unwrap_err();
            assert!(
                matches!(error, DecodeError::NotJson { .. }),
                "{text}: {error}"
            );
        }
        assert_eq!(Inbound::decode("{}"), Err(DecodeError::NoEvent));
        assert!(matches!(
            Inbound::decode(r#"{"event":5}"#),
            Err(DecodeError::Shape { .. })
        ));
    }

    #[test]
    fn a_start_that_names_no_call_or_two_streams_is_refused() {
        let mut message = value(corpus!("start"));
        message["start"]["streamSid"] = json!("MZ33333333333333333333333333333333");
        assert_eq!(
            Inbound::decode(&message.to_string()),
            Err(DecodeError::TwoStreams)
        );
        message["start"]["streamSid"] = json!(stream());
        message["start"]["callSid"] = json!("CA1111");
        let error = Inbound::decode(&message.to_string()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"start.callSid\" is not a call SID: expected CA and 32 hexadecimal digits, got 6 bytes"
        );
    }

    #[test]
    fn only_the_keys_of_a_telephone_are_digits() {
        let pressed = |digit: &str| {
            let mut message = value(corpus!("dtmf"));
            message["dtmf"]["digit"] = json!(digit);
            Inbound::decode(&message.to_string())
        };
        for digit in "0123456789*#ABCD".chars() {
            assert_eq!(
                pressed(&digit.to_string()),
                Ok(Inbound::Dtmf { sequence: 5, digit })
            );
        }
        for digit in ["", "E", "12", "é", " "] {
            assert_eq!(pressed(digit), Err(DecodeError::Digit), "{digit:?}");
        }
    }

    #[test]
    fn any_amount_of_sound_is_taken_padded_or_not() {
        for (payload, length) in [("", 0), ("/w==", 1), ("/w", 1), ("//8=", 2), ("//8", 2)] {
            let mut message = value(corpus!("media"));
            message["media"]["payload"] = json!(payload);
            let Ok(Inbound::Media { payload, .. }) = Inbound::decode(&message.to_string()) else {
                panic!("{payload:?} was refused")
            };
            assert_eq!(payload, vec![0xff; length]);
        }
    }

    #[test]
    fn a_buffer_handed_back_is_used_again() {
        let buffer = vec![1; 1000];
        let place = buffer.as_ptr();
        let message = Inbound::decode_reusing(corpus!("media"), buffer).unwrap();
        let Inbound::Media { payload, .. } = message else {
            panic!("{message:?}")
        };
        assert_eq!((payload.as_ptr(), payload), (place, sound()));
    }

    #[test]
    fn twilio_passes_over_what_is_not_documented() {
        let sid = stream();
        for (text, refusal) in [
            (String::new(), Refusal::Shape),
            ("[]".to_owned(), Refusal::Shape),
            (
                format!(r#"{{"event":"stop","streamSid":"{sid}"}}"#),
                Refusal::Event,
            ),
            (r#"{"event":"clear"}"#.to_owned(), Refusal::Shape),
            (
                r#"{"event":"clear","streamSid":"MZ"}"#.to_owned(),
                Refusal::Stream,
            ),
            (
                format!(r#"{{"event":"clear","streamSid":"{sid}","extra":1}}"#),
                Refusal::Shape,
            ),
            (
                format!(r#"{{"event":"clear","streamSid":"{sid}","mark":{{"name":"x"}}}}"#),
                Refusal::Shape,
            ),
            (
                format!(r#"{{"event":"mark","streamSid":"{sid}"}}"#),
                Refusal::Shape,
            ),
            (
                format!(r#"{{"event":"mark","streamSid":"{sid}","mark":{{}}}}"#),
                Refusal::Shape,
            ),
            (
                format!(r#"{{"event":"media","streamSid":"{sid}"}}"#),
                Refusal::Shape,
            ),
            (
                format!(
                    r#"{{"event":"media","streamSid":"{sid}","media":{{"payload":"","track":"x"}}}}"#
                ),
                Refusal::Shape,
            ),
            (
                format!(r#"{{"event":"media","streamSid":"{sid}","media":{{"payload":"!"}}}}"#),
                Refusal::Payload,
            ),
        ] {
            assert_eq!(Outbound::decode(&text, &sid), Err(refusal), "{text}");
            assert_eq!(refusal.code(), 31951);
        }
        assert_eq!(Refusal::Binary.code(), 31950);
    }
}
