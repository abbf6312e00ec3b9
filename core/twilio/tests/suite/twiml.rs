//! What is written can be read, and only that.

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;
    use twilio::PhoneNumber;
    use twilio::twiml::{Play, ReadError, Reason, Response, Stream, Verb, WriteError};

    fn xml(verb: Verb) -> String {
        let text = Response(vec![verb]).to_xml().unwrap();
        let inner = text.split_once("<Response>").unwrap().1;
        inner.strip_suffix("</Response>").unwrap().to_owned()
    }

    #[test]
    fn the_canonical_document_of_a_bot_is_read() {
        let document = include_str!("../../../../tests/corpus/twilio/connect-stream.xml");
        let response = Response(vec![Verb::Connect {
            action: Some("https://bot.example.com/after-stream".to_owned()),
            stream: Stream {
                url: "wss://bot.example.com/media/ONE_TIME".to_owned(),
                status_callback: Some("https://bot.example.com/stream-status".to_owned()),
                name: None,
                parameters: vec![("t".to_owned(), "ONE_TIME".to_owned())],
            },
        }]);
        assert_eq!(Response::parse(document), Ok(response.clone()));
        assert_eq!(Response::parse(&response.to_xml().unwrap()), Ok(response));
    }

    #[test]
    fn every_verb_is_written_as_documented() {
        let number: PhoneNumber = "+15005550006".parse().unwrap();
        for (verb, expected) in [
            (
                Verb::Start {
                    stream: Stream {
                        name: Some("ear".into()),
                        ..Stream::to("wss://h/m")
                    },
                },
                r#"<Start><Stream url="wss://h/m" name="ear"/></Start>"#,
            ),
            (
                Verb::Say {
                    text: "a < b & \"c\"".into(),
                    voice: Some("Polly.Joanna".into()),
                    language: None,
                },
                r#"<Say voice="Polly.Joanna">a &lt; b &amp; "c"</Say>"#,
            ),
            (
                Verb::Play(Play::Url("https://h/a?b&c".into())),
                "<Play>https://h/a?b&amp;c</Play>",
            ),
            (
                Verb::Play(Play::Digits("1w#".into())),
                r#"<Play digits="1w#"/>"#,
            ),
            (
                Verb::Gather {
                    action: "/keys".to_owned(),
                    timeout_s: Some(3),
                },
                r#"<Gather input="dtmf" action="/keys" timeout="3"/>"#,
            ),
            (Verb::Pause { length_s: None }, "<Pause/>"),
            (Verb::Pause { length_s: Some(3) }, r#"<Pause length="3"/>"#),
            (
                Verb::Redirect {
                    url: "/next".into(),
                },
                "<Redirect>/next</Redirect>",
            ),
            (Verb::Hangup, "<Hangup/>"),
            (
                Verb::Reject {
                    reason: Reason::Busy,
                },
                r#"<Reject reason="busy"/>"#,
            ),
            (
                Verb::Dial {
                    number: number.clone(),
                    caller_id: Some(number),
                    action: Some("/a?x=\"1\"".into()),
                    timeout_s: Some(20),
                    time_limit_s: Some(600),
                },
                "<Dial callerId=\"+15005550006\" action=\"/a?x=&quot;1&quot;\" timeout=\"20\" timeLimit=\"600\">\
                 <Number>+15005550006</Number></Dial>",
            ),
        ] {
            assert_eq!(xml(verb), expected);
        }
    }

    #[test]
    fn an_empty_response_is_a_document() {
        let response = Response::default();
        let document = response.to_xml().unwrap();
        assert_eq!(
            document,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response></Response>"
        );
        assert_eq!(Response::parse(&document), Ok(response.clone()));
        assert_eq!(Response::parse("<Response/>"), Ok(response));
    }

    #[test]
    fn what_xml_cannot_hold_is_left_out() {
        let say = Verb::Say {
            text: "a\0b\u{8}c\u{FFFE}d\u{1F600}".into(),
            voice: None,
            language: None,
        };
        assert_eq!(xml(say), "<Say>abcd\u{1F600}</Say>");
    }

    #[test]
    fn what_twilio_would_refuse_is_not_written() {
        let say = Verb::Say {
            text: "x".repeat(64_000),
            voice: None,
            language: None,
        };
        assert!(matches!(
            Response(vec![say]).to_xml(),
            Err(WriteError::TooLong { .. })
        ));
        let connect = |stream| {
            Response(vec![Verb::Connect {
                action: None,
                stream,
            }])
            .to_xml()
        };
        assert_eq!(
            connect(Stream::to("wss://h/m?token=x")),
            Err(WriteError::StreamQuery)
        );
        let with = |chars: usize| Stream {
            parameters: vec![("n".to_owned(), "é".repeat(chars))],
            ..Stream::to("wss://h/m")
        };
        assert!(connect(with(498)).is_ok());
        let too_long = WriteError::ParameterTooLong {
            name: "n".to_owned(),
            chars: 500,
        };
        assert_eq!(connect(with(499)), Err(too_long));
    }

    #[test]
    fn what_twilio_would_refuse_is_not_read() {
        for (body, code) in [
            ("<hangup/>", 12200),
            ("<Hangup now=\"1\"/>", 12200),
            ("<Hangup>x</Hangup>", 12200),
            ("<Gather/>", 12200),
            ("words", 12200),
            ("<Connect/>", 12200),
            ("<Connect><Stream/></Connect>", 12200),
            ("<Connect><stream url=\"wss://h\"/></Connect>", 12200),
            (
                "<Connect><Stream url=\"wss://h\" Name=\"x\"/></Connect>",
                12200,
            ),
            (
                "<Connect><Stream url=\"wss://h\" track=\"both_tracks\"/></Connect>",
                12200,
            ),
            (
                "<Connect><Stream url=\"wss://h\"><Parameter name=\"x\"/></Stream></Connect>",
                12200,
            ),
            (
                "<Connect method=\"GET\"><Stream url=\"wss://h\"/></Connect>",
                12200,
            ),
            (
                "<Connect><Stream url=\"wss://h\"/><Stream url=\"wss://h\"/></Connect>",
                12200,
            ),
            ("<Say>a <b>c</b></Say>", 12200),
            ("<Play/>", 12200),
            ("<Play digits=\"1\">https://h/a</Play>", 12200),
            ("<Pause length=\"long\"/>", 12200),
            ("<Reject reason=\"mood\"/>", 12200),
            ("<Dial>5550006</Dial>", 12200),
            ("<x:Hangup xmlns:x=\"urn:x\"/>", 12200),
            ("<Say>a & b</Say>", 12100),
            ("<Say>", 12100),
        ] {
            let error = Response::parse(&format!("<Response>{body}</Response>")).unwrap_err();
            assert_eq!(error.code(), code, "{body}: {error}");
        }
        assert_eq!(Response::parse("<response/>").unwrap_err().code(), 12200);
        assert_eq!(Response::parse("").unwrap_err().code(), 12100);
        let bomb = "<!DOCTYPE r [<!ENTITY a \"b\">]><Response><Say>&a;</Say></Response>";
        assert_eq!(Response::parse(bomb).unwrap_err().code(), 12100);
        let long = " ".repeat(64_001);
        assert_eq!(
            Response::parse(&long),
            Err(ReadError::TooLong { bytes: 64_001 })
        );
    }

    #[test]
    fn nesting_without_end_is_refused_not_followed() {
        let deep = format!("<Response>{}", "<Say>".repeat(12_000));
        assert!(Response::parse(&deep).is_err());
        let deep = format!(
            "<Response>{}{}</Response>",
            "<a>".repeat(9_000),
            "</a>".repeat(9_000)
        );
        assert!(Response::parse(&deep).is_err());
    }

    #[test]
    fn an_error_says_in_which_line() {
        let error =
            Response::parse("<Response>\n  <Say>x</Say>\n  <Shout/>\n</Response>").unwrap_err();
        let expected = "not TwiML (line 3): there is no verb <Shout> (names are case-sensitive)";
        assert_eq!(error.to_string(), expected);
    }

    /// Text that XML can hold.
    fn text() -> impl Strategy<Value = String> {
        proptest::string::string_regex(
            "[\t\n\r -\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]{0,40}",
        )
        .unwrap()
    }

    fn url() -> impl Strategy<Value = String> {
        "[!-~é]{1,40}"
    }

    fn number() -> impl Strategy<Value = PhoneNumber> {
        "\\+[1-9][0-9]{1,14}".prop_map(|text| text.parse().unwrap())
    }

    fn stream() -> impl Strategy<Value = Stream> {
        let parameters = proptest::collection::vec((text(), text()), 0..4);
        (url(), option::of(url()), option::of(text()), parameters).prop_map(
            |(url, status_callback, name, parameters)| Stream {
                url: url.replace('?', "/"),
                status_callback,
                name,
                parameters,
            },
        )
    }

    fn verb() -> impl Strategy<Value = Verb> {
        prop_oneof![
            (option::of(url()), stream())
                .prop_map(|(action, stream)| Verb::Connect { action, stream }),
            stream().prop_map(|stream| Verb::Start { stream }),
            (text(), option::of(text()), option::of(text())).prop_map(|(text, voice, language)| {
                Verb::Say {
                    text,
                    voice,
                    language,
                }
            }),
            url().prop_map(|url| Verb::Play(Play::Url(url))),
            "[0-9A-D*#w]{1,32}".prop_map(|digits| Verb::Play(Play::Digits(digits))),
            option::of(any::<u32>()).prop_map(|length_s| Verb::Pause { length_s }),
            (url(), option::of(1..=u32::MAX))
                .prop_map(|(action, timeout_s)| Verb::Gather { action, timeout_s }),
            url().prop_map(|url| Verb::Redirect { url }),
            Just(Verb::Hangup),
            Just(Verb::Reject {
                reason: Reason::Busy
            }),
            Just(Verb::Reject {
                reason: Reason::Rejected
            }),
            (
                number(),
                option::of(number()),
                option::of(url()),
                option::of(any::<u32>()),
                option::of(any::<u32>())
            )
                .prop_map(|(number, caller_id, action, timeout_s, time_limit_s)| {
                    Verb::Dial {
                        number,
                        caller_id,
                        action,
                        timeout_s,
                        time_limit_s,
                    }
                }),
        ]
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(verbs in proptest::collection::vec(verb(), 0..6)) {
            let response = Response(verbs);
            let document = response.to_xml().unwrap();
            prop_assert_eq!(Response::parse(&document), Ok(response));
        }

        #[test]
        fn any_text_makes_a_document_that_can_be_read(text: String) {
            let say = Verb::Say { text: text.clone(), voice: Some(text.clone()), language: Some(text) };
            prop_assert!(Response::parse(&Response(vec![say]).to_xml().unwrap()).is_ok());
        }

        #[test]
        fn no_text_is_a_reason_to_panic(text: String, tags in "[<>/=\"' &;!?\\[\\]A-Za-z]{0,80}") {
            let _ = Response::parse(&text);
            let _ = Response::parse(&tags);
            let _ = Response::parse(&format!("<Response>{tags}</Response>"));
        }
    }
}
