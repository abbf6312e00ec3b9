//! Requests to the REST API, and what their answers mean.

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use twilio::rest::{
        CallChange, CallEvent, CallResource, CallUpdate, CreateCall, FetchCall, HttpRequest,
        Instructions, ListNumbers, MachineDetection, Method, RequestError, RestError,
        RestoreNumber, UpdateCall, UpdateNumber, basic_auth,
    };
    use twilio::signature::AuthToken;
    use twilio::webhook::CallStatus;
    use twilio::{AccountSid, CallSid, Form, NumberSid, Party, PhoneNumber};

    macro_rules! corpus {
        ($name:literal) => {
            include_bytes!(concat!("../../../../tests/corpus/twilio/", $name, ".json"))
        };
    }

    fn account() -> AccountSid {
        "AC00000000000000000000000000000000".parse().unwrap()
    }

    fn call() -> CallSid {
        "CA11111111111111111111111111111111".parse().unwrap()
    }

    fn incoming() -> NumberSid {
        "PN33333333333333333333333333333333".parse().unwrap()
    }

    fn number(text: &str) -> PhoneNumber {
        text.parse().unwrap()
    }

    fn body(request: &HttpRequest) -> &str {
        std::str::from_utf8(&request.body).unwrap()
    }

    fn url(text: &str) -> Instructions {
        Instructions::Url(text.to_owned())
    }

    fn create(to: &str, instructions: Instructions) -> CreateCall {
        CreateCall::new(Party::parse(to), number("+15005550001"), instructions)
    }

    #[test]
    fn a_call_is_asked_for_with_one_parameter_for_each_event() {
        let call = CreateCall {
            status_callback: Some("https://bot.example.com/status?attempt=7#rc=3".to_owned()),
            status_events: CallEvent::ALL.to_vec(),
            timeout_s: Some(30),
            time_limit_s: Some(3600),
            machine_detection: Some(MachineDetection {
                until_message_ends: false,
                callback: Some("https://bot.example.com/amd".to_owned()),
            }),
            ..create("+15005550006", url("https://bot.example.com/voice"))
        };
        let request = call.request(&account()).unwrap();
        assert_eq!(request.method, Method::Post);
        let target = "/2010-04-01/Accounts/AC00000000000000000000000000000000/Calls.json";
        assert_eq!(request.target, target);
        let form = "application/x-www-form-urlencoded".to_owned();
        assert!(request.headers.contains(&("content-type", form)));
        assert_eq!(
            body(&request),
            "To=%2B15005550006&From=%2B15005550001&Url=https%3A%2F%2Fbot.example.com%2Fvoice\
             &StatusCallback=https%3A%2F%2Fbot.example.com%2Fstatus%3Fattempt%3D7%23rc%3D3\
             &StatusCallbackEvent=initiated&StatusCallbackEvent=ringing\
             &StatusCallbackEvent=answered&StatusCallbackEvent=completed\
             &Timeout=30&TimeLimit=3600&MachineDetection=Enable&AsyncAmd=true\
             &AsyncAmdStatusCallback=https%3A%2F%2Fbot.example.com%2Famd"
        );
        assert_eq!(CreateCall::from_form(&Form::parse(&request.body)), Ok(call));
    }

    #[test]
    fn what_twilio_would_refuse_is_not_sent() {
        for to in ["anonymous", "5550006", ""] {
            let refused = create(to, url("https://h/")).request(&account());
            assert_eq!(refused, Err(RequestError::NotCallable), "{to:?}");
        }
        let twiml = |chars: usize| Instructions::Twiml("é".repeat(chars));
        let error = RequestError::TwimlTooLong { chars: 4001 };
        assert!(create("client:x", twiml(4000)).request(&account()).is_ok());
        assert_eq!(
            create("client:x", twiml(4001)).request(&account()),
            Err(error.clone())
        );
        let update = UpdateCall {
            call: call(),
            change: CallChange::Instructions(twiml(4001)),
        };
        assert_eq!(update.request(&account()), Err(error));
        let patient = CreateCall {
            timeout_s: Some(601),
            ..create("+15005550006", url("https://h/"))
        };
        let error = RequestError::RingsTooLong { timeout_s: 601 };
        assert_eq!(patient.request(&account()), Err(error));
    }

    #[test]
    fn the_simulated_twilio_refuses_with_twilios_codes() {
        let good = [
            ("To", "+15005550006"),
            ("From", "+15005550001"),
            ("Url", "https://h/"),
        ];
        let with = |name: &str, value: Option<&str>| {
            let pairs = good
                .iter()
                .map(|(key, old)| (*key, if *key == name { value } else { Some(*old) }));
            let form: Form = pairs
                .filter_map(|(key, value)| value.map(|value| (key, value)))
                .collect();
            CreateCall::from_form(&form).map_err(|error| (error.status, error.code))
        };
        assert!(with("", None).is_ok());
        assert_eq!(with("To", None), Err((400, Some(21201))));
        assert_eq!(with("To", Some("nobody")), Err((400, Some(21211))));
        assert_eq!(with("From", None), Err((400, Some(21213))));
        assert_eq!(with("From", Some("anonymous")), Err((400, Some(21212))));
        assert_eq!(with("Url", None), Err((400, Some(21205))));
        assert_eq!(with("Url", Some("/relative")), Err((400, Some(21205))));
    }

    #[test]
    fn a_call_is_read() {
        let resource = CreateCall::outcome(201, corpus!("rest-call")).unwrap();
        assert_eq!(
            (resource.sid, resource.status),
            (call(), CallStatus::Completed)
        );
        assert_eq!(
            (resource.duration_s, resource.queue_ms),
            (Some(42), Some(1000))
        );
        assert_eq!(
            (resource.cost_micros(), resource.answered_by),
            (Some(14_000), None)
        );
        let written = serde_json::to_vec(&resource).unwrap();
        assert_eq!(FetchCall::outcome(200, &written), Ok(resource));
        let fetch = FetchCall { call: call() }.request(&account());
        assert_eq!(fetch.method, Method::Get);
        assert!(
            fetch
                .target
                .ends_with("/Calls/CA11111111111111111111111111111111.json")
        );
    }

    #[test]
    fn a_price_is_told_exactly_or_not_at_all() {
        let mut resource = CallResource::new(account(), call(), CallStatus::Completed);
        for (price, micros) in [
            ("-0.03000", Some(30_000)),
            ("-1", Some(1_000_000)),
            ("0.000001", Some(1)),
            ("-0.0000001", None),
            ("", None),
            ("-", None),
            (".5", None),
            ("-1e3", None),
            ("1.+5", None),
            ("99999999999999999999", None),
            ("99999999999999", None),
        ] {
            resource.price = Some(price.to_owned());
            assert_eq!(resource.cost_micros(), micros, "{price:?}");
        }
    }

    #[test]
    fn to_end_a_call_that_has_ended_is_no_failure() {
        let gone = corpus!("rest-call-not-found");
        let over = corpus!("rest-call-not-in-progress");
        for change in [CallChange::HangUp, CallChange::Cancel] {
            let update = UpdateCall {
                call: call(),
                change,
            };
            assert_eq!(update.outcome(404, gone), Ok(CallUpdate::AlreadyEnded));
            assert_eq!(update.outcome(400, over), Ok(CallUpdate::AlreadyEnded));
        }
        let change = CallChange::Instructions(url("https://bot.example.com/transfer"));
        let redirect = UpdateCall {
            call: call(),
            change,
        };
        assert!(
            redirect
                .outcome(400, over)
                .unwrap_err()
                .is_not_in_progress()
        );
        let error = redirect.outcome(404, gone).unwrap_err();
        assert_eq!(
            (error.status, error.code, error.retry),
            (404, Some(20404), false)
        );
        assert!(matches!(
            redirect.outcome(200, corpus!("rest-call")),
            Ok(CallUpdate::Done(_))
        ));
    }

    #[test]
    fn a_change_is_read_back_as_it_is_written() {
        for (change, expected) in [
            (CallChange::HangUp, "Status=completed"),
            (CallChange::Cancel, "Status=canceled"),
            (
                CallChange::Instructions(Instructions::Twiml("<Response/>".into())),
                "Twiml=%3CResponse%2F%3E",
            ),
            (
                CallChange::Instructions(url("https://h/x")),
                "Url=https%3A%2F%2Fh%2Fx",
            ),
        ] {
            let update = UpdateCall {
                call: call(),
                change,
            };
            let request = update.request(&account()).unwrap();
            assert_eq!(body(&request), expected);
            assert_eq!(
                UpdateCall::from_form(call(), &Form::parse(&request.body)),
                Ok(update)
            );
        }
        assert!(UpdateCall::from_form(call(), &Form::new()).is_err());
        assert!(UpdateCall::from_form(call(), &Form::parse(b"Status=paused")).is_err());
    }

    #[test]
    fn only_too_many_requests_may_be_sent_again() {
        for (status, retry) in [
            (429, true),
            (400, false),
            (401, false),
            (500, false),
            (503, false),
        ] {
            let error = CreateCall::outcome(status, b"<html>busy</html>").unwrap_err();
            assert_eq!(
                (error.status, error.code, error.retry),
                (status, None, retry)
            );
        }
        let garbled = CreateCall::outcome(201, b"{\"sid\":\"+15005550006\"}").unwrap_err();
        assert!(
            !garbled.retry && !garbled.message.contains("5550006"),
            "{garbled}"
        );
    }

    #[test]
    fn an_error_is_read_back_as_it_is_written() {
        let error = RestError::new(429, 20429, "Too Many Requests");
        assert_eq!(
            error.to_string(),
            "Twilio answered 429, error 20429: Too Many Requests"
        );
        assert_eq!(
            FetchCall::outcome(429, error.to_body().as_bytes()),
            Err(error)
        );
    }

    #[test]
    fn a_number_is_found_and_pointed_here() {
        let list = ListNumbers {
            phone_number: Some(number("+15005550006")),
        };
        let target = list.request(&account()).target;
        assert!(
            target.ends_with("/IncomingPhoneNumbers.json?PhoneNumber=%2B15005550006&PageSize=1000")
        );
        let mut page = ListNumbers::outcome(200, corpus!("rest-numbers")).unwrap();
        assert_eq!(page.incoming_phone_numbers[0].sid, incoming());
        let next = ListNumbers::next(&account(), &page).unwrap();
        assert_eq!(Some(next.target), page.next_page_uri);
        page.next_page_uri = Some("@evil.example.com/2010-04-01".to_owned());
        assert_eq!(ListNumbers::next(&account(), &page), None);

        let update = UpdateNumber {
            number: incoming(),
            voice_url: "https://bot.example.com/voice".to_owned(),
            voice_fallback_url: None,
            status_callback: None,
        };
        let request = update.request(&account());
        assert!(
            request
                .target
                .ends_with("/IncomingPhoneNumbers/PN33333333333333333333333333333333.json")
        );
        let form = Form::parse(&request.body);
        assert_eq!(form.get("VoiceUrl"), Some("https://bot.example.com/voice"));
        assert_eq!(
            (form.get("VoiceApplicationSid"), form.get("TrunkSid")),
            (Some(""), Some(""))
        );
    }

    #[test]
    fn a_number_gets_back_exactly_what_it_had() {
        let page = ListNumbers::outcome(200, corpus!("rest-numbers")).unwrap();
        let number = &page.incoming_phone_numbers[0];
        let mut settings = number.settings();
        settings.voice_method = Some("GET".to_owned());
        settings.trunk_sid = Some("TK00".to_owned());
        settings.status_callback = None;
        let restore = RestoreNumber {
            number: number.sid,
            settings: settings.clone(),
        };
        let form = Form::parse(&restore.request(&account()).body);
        assert_eq!(form.get("VoiceUrl"), settings.voice_url.as_deref());
        assert_eq!(form.get("VoiceMethod"), Some("GET"));
        assert_eq!(form.get("TrunkSid"), Some("TK00"));
        assert_eq!(form.get("StatusCallback"), Some(""));
    }

    #[test]
    fn credentials_stand_apart_from_the_request() {
        let secret = AuthToken::new("0".repeat(32)).unwrap();
        let header = basic_auth("AC00", &secret);
        assert_eq!(
            header,
            "Basic QUMwMDowMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA=="
        );
    }

    proptest! {
        #[test]
        fn no_answer_is_a_reason_to_panic(status in 100..600_u16, body: Vec<u8>, form: Vec<u8>) {
            let _ = CreateCall::outcome(status, &body);
            let _ = ListNumbers::outcome(status, &body);
            let _ = UpdateCall { call: call(), change: CallChange::HangUp }.outcome(status, &body);
            let _ = CreateCall::from_form(&Form::parse(&form));
        }

        #[test]
        fn any_price_is_told_or_not(price: String, tidy in "-?[0-9]{0,30}\\.?[0-9]{0,10}") {
            let mut resource = CallResource::new(account(), call(), CallStatus::Completed);
            for price in [price, tidy] {
                resource.price = Some(price);
                let _ = resource.cost_micros();
            }
        }
    }
}
