//! The forms Twilio posts, as documented and there and back; and the identifiers in them.

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;
    use twilio::webhook::{
        AmdEvent, AnsweredBy, CallStatus, CallStatusEvent, Direction, FieldError, StreamChange,
        StreamEvent, VoiceRequest,
    };
    use twilio::{AccountSid, CallSid, Form, Party, PhoneNumber, StreamSid};

    macro_rules! corpus {
        ($name:literal) => {
            form(include_str!(concat!(
                "../../../../tests/corpus/twilio/",
                $name,
                ".json"
            )))
        };
    }

    /// As it would arrive: encoded and decoded.
    fn form(json: &str) -> Form {
        let pairs: Vec<(String, String)> = serde_json::from_str(json).unwrap();
        let form: Form = pairs.into_iter().collect();
        assert_eq!(Form::parse(form.encode().as_bytes()), form);
        form
    }

    fn without(form: &Form, name: &str) -> Form {
        form.pairs()
            .iter()
            .filter(|(key, _)| key != name)
            .cloned()
            .collect()
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

    fn number(text: &str) -> PhoneNumber {
        text.parse().unwrap()
    }

    #[test]
    fn a_ringing_call_is_understood() {
        let form = corpus!("voice-inbound");
        let request = VoiceRequest::from_form(&form).unwrap();
        let expected = VoiceRequest {
            call: call(),
            account: account(),
            from: number("+15005550001").into(),
            to: number("+15005550006").into(),
            status: CallStatus::Ringing,
            direction: Direction::Inbound,
            forwarded_from: None,
            caller_name: None,
            parent_call: None,
            answered_by: None,
            stir_verstat: Some("TN-Validation-Passed-A".to_owned()),
            dial_status: None,
        };
        assert_eq!(request, expected);
        assert_eq!(form.pairs().len(), 27, "all are kept for the signature");
        for name in [
            "CallSid",
            "AccountSid",
            "From",
            "To",
            "CallStatus",
            "Direction",
        ] {
            let error = VoiceRequest::from_form(&without(&form, name)).unwrap_err();
            assert_eq!(error, FieldError::Missing(name));
        }
    }

    #[test]
    fn a_caller_may_withhold_the_number() {
        for from in ["", "anonymous", "Restricted", "+266696687", "unknown"] {
            let mut form = without(&corpus!("voice-inbound"), "From");
            form.push("From", from);
            assert_eq!(
                VoiceRequest::from_form(&form).unwrap().from,
                Party::Withheld,
                "{from:?}"
            );
        }
    }

    #[test]
    fn a_call_that_is_over_is_understood() {
        let form = corpus!("status-completed");
        let event = CallStatusEvent::from_form(&form).unwrap();
        let expected = CallStatusEvent {
            from: Some(number("+15005550001").into()),
            to: Some(number("+15005550006").into()),
            direction: Some(Direction::OutboundApi),
            sequence_number: Some(3),
            timestamp: Some("Tue, 06 Oct 2026 10:00:00 +0000".to_owned()),
            call_duration_s: Some(42),
            billed_min: Some(1),
            sip_response_code: Some(200),
            ..CallStatusEvent::new(account(), call(), CallStatus::Completed)
        };
        assert_eq!(event, expected);
        assert_eq!(event.to_form(), form);
    }

    #[test]
    fn a_garbled_parameter_is_named() {
        let status = corpus!("status-completed");
        for (name, value) in [
            ("CallSid", "CA1"),
            ("AccountSid", "XX00000000000000000000000000000000"),
            ("CallStatus", "exploded"),
            ("SequenceNumber", "-1"),
            ("CallDuration", "long"),
            ("SipResponseCode", "99999"),
        ] {
            let mut form = without(&status, name);
            form.push(name, value);
            let error = CallStatusEvent::from_form(&form).unwrap_err();
            assert!(
                matches!(&error, FieldError::Invalid { name: named, .. } if *named == name),
                "{error}"
            );
        }
        let mut form = without(&status, "CallDuration");
        form.push("CallDuration", "");
        assert_eq!(
            CallStatusEvent::from_form(&form).unwrap().call_duration_s,
            None
        );
    }

    #[test]
    fn a_stream_that_failed_is_understood() {
        let form = corpus!("stream-error");
        let event = StreamEvent::from_form(&form).unwrap();
        let error = "Stream - WebSocket - Handshake Error".to_owned();
        let expected = StreamEvent {
            account: account(),
            call: call(),
            stream: stream(),
            name: Some(stream().to_string()),
            change: StreamChange::Failed { error },
            timestamp: Some("2026-10-06T10:00:00.000Z".to_owned()),
        };
        assert_eq!(event, expected);
        assert_eq!(event.to_form(), form);
        let mut form = without(&form, "StreamEvent");
        assert_eq!(
            StreamEvent::from_form(&form),
            Err(FieldError::Missing("StreamEvent"))
        );
        form.push("StreamEvent", "stream-paused");
        assert!(StreamEvent::from_form(&form).is_err());
    }

    #[test]
    fn an_answering_machine_is_understood() {
        let form = corpus!("amd");
        let event = AmdEvent::from_form(&form).unwrap();
        assert_eq!(
            (event.answered_by, event.detection_ms),
            (AnsweredBy::MachineEndBeep, Some(4210))
        );
        assert!(event.answered_by.is_machine());
        assert_eq!(event.to_form(), form);
    }

    const STATUSES: [CallStatus; 9] = [
        CallStatus::Queued,
        CallStatus::Initiated,
        CallStatus::Ringing,
        CallStatus::InProgress,
        CallStatus::Completed,
        CallStatus::Busy,
        CallStatus::Failed,
        CallStatus::NoAnswer,
        CallStatus::Canceled,
    ];

    #[test]
    fn a_call_only_goes_forward_and_never_leaves_its_end() {
        for from in STATUSES {
            for news in STATUSES {
                let then = from.advance(news);
                assert!(then.rank() >= from.rank());
                assert!(then == from || then == news);
                assert!(!from.is_final() || then == from);
            }
            assert_eq!(from.as_str().parse(), Ok(from));
            assert_eq!(serde_json::to_string(&from).unwrap(), format!("\"{from}\""));
        }
    }

    #[test]
    fn identifiers_are_checked_at_the_door() {
        let good = "CA0123456789abcdef0123456789abcdef";
        let parsed: CallSid = good.parse().unwrap();
        assert_eq!(
            (parsed.as_str(), parsed.to_string()),
            (good, good.to_owned())
        );
        assert_eq!(
            serde_json::from_str::<CallSid>(&format!("\"{good}\"")).unwrap(),
            parsed
        );
        assert_eq!(
            serde_json::to_string(&parsed).unwrap(),
            format!("\"{good}\"")
        );
        for bad in [
            "",
            "CA",
            "AC00000000000000000000000000000000",
            "ca0123456789abcdef0123456789abcdef",
            "CA0123456789abcdef0123456789abcde",
            "CA0123456789abcdef0123456789abcdef0",
            "CA0123456789abcdef0123456789abcdeg",
            "CA0123456789abcdef0123456789abcdé",
            " CA0123456789abcdef0123456789abcde",
        ] {
            assert!(bad.parse::<CallSid>().is_err(), "{bad:?}");
            assert!(
                serde_json::from_value::<CallSid>(bad.into()).is_err(),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn phone_numbers_are_e164_and_nothing_else() {
        for good in ["+15005550006", "+12", "+123456789012345"] {
            assert_eq!(number(good).as_str(), good);
        }
        for bad in [
            "",
            "+",
            "+1",
            "15005550006",
            "+05005550006",
            "+1234567890123456",
            "+1500 5550006",
            "+1500555000a",
            "++15005550006",
        ] {
            assert!(bad.parse::<PhoneNumber>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_party_is_whatever_the_carrier_said() {
        let other = |text: &str| Party::Other(text.to_owned());
        for (text, party) in [
            ("+15005550006", Party::Number(number("+15005550006"))),
            (" +15005550006 ", Party::Number(number("+15005550006"))),
            (
                "sip:a@example.com",
                Party::Sip("sip:a@example.com".to_owned()),
            ),
            (
                "SIPS:a@example.com",
                Party::Sip("SIPS:a@example.com".to_owned()),
            ),
            ("client:front-desk", Party::Client("front-desk".to_owned())),
            ("5550006", other("5550006")),
            ("a\r\nInjected: yes", other("aInjected: yes")),
            ("é", other("é")),
        ] {
            assert_eq!(Party::parse(text), party);
        }
        assert_eq!(Party::parse(&"x".repeat(5000)), other(&"x".repeat(256)));
        assert_eq!(Party::Client("x".to_owned()).to_string(), "client:x");
        assert_eq!(
            serde_json::to_string(&Party::Withheld).unwrap(),
            "\"anonymous\""
        );
    }

    fn word() -> impl Strategy<Value = Option<String>> {
        option::of("[ -~é]{1,20}")
    }

    fn party() -> impl Strategy<Value = Party> {
        any::<String>().prop_map(|text| Party::parse(&text))
    }

    proptest! {
        #[test]
        fn what_the_simulated_twilio_asks_is_understood(
            from in party(), to in party(), forwarded_from in option::of(party()), caller_name in word(),
            stir_verstat in word(), dial_status in word(),
        ) {
            let request = VoiceRequest {
                call: call(), account: account(), from, to, status: CallStatus::InProgress,
                direction: Direction::OutboundDial, forwarded_from, caller_name, parent_call: Some(call()),
                answered_by: Some(AnsweredBy::Human), stir_verstat, dial_status,
            };
            let body = request.to_form().encode();
            prop_assert_eq!(VoiceRequest::from_form(&Form::parse(body.as_bytes())), Ok(request));
        }

        #[test]
        fn a_party_is_read_back_as_it_is_written(party in party()) {
            prop_assert_eq!(Party::parse(&party.to_string()), party);
        }

        #[test]
        fn a_form_is_read_back_as_it_is_written(
            pairs in proptest::collection::vec(any::<(String, String)>(), 0..8),
        ) {
            let form: Form = pairs.into_iter().collect();
            prop_assert_eq!(Form::parse(form.encode().as_bytes()), form);
        }

        #[test]
        fn no_body_is_a_reason_to_panic(body: Vec<u8>) {
            let form = Form::parse(&body);
            let _ = VoiceRequest::from_form(&form);
            let _ = CallStatusEvent::from_form(&form);
            let _ = StreamEvent::from_form(&form);
            let _ = AmdEvent::from_form(&form);
        }
    }
}
