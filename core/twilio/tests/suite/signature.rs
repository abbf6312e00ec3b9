//! Every known signature, the published ones and those that Twilio's own SDKs compute.

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use twilio::Form;
    use twilio::signature::{
        Algorithm, AuthToken, SharedKey, SignatureError, Signed, handshake_signatures, matches_any,
        request_signature, shared_key_signature, verify_request, verify_shared_key,
    };

    #[derive(Deserialize)]
    struct Vector {
        id: String,
        token: String,
        url: String,
        params: Vec<(String, String)>,
        signature: String,
        body: Option<String>,
        algorithm: Option<String>,
        must_not_match: Option<String>,
        #[serde(default)]
        handshake: bool,
        #[serde(default)]
        fits: Vec<String>,
        #[serde(default)]
        fails: Vec<String>,
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!(
            "../../../../tests/corpus/twilio/signatures.json"
        ))
        .unwrap()
    }

    fn token(text: &str) -> AuthToken {
        AuthToken::new(text).unwrap()
    }

    fn shared(secret: &str) -> SharedKey {
        SharedKey {
            name: "webhooks_sharedkey_00".to_owned(),
            secret: token(secret),
            algorithm: Algorithm::HmacSha256,
        }
    }

    #[test]
    fn every_known_signature_is_computed() {
        for vector in vectors() {
            let form: Form = vector.params.into_iter().collect();
            let signature = match vector.algorithm.as_deref() {
                Some(_) => shared_key_signature(&shared(&vector.token), &vector.url, &form),
                None => request_signature(&token(&vector.token), &vector.url, &form),
            };
            assert_eq!(signature, vector.signature, "{}", vector.id);
        }
    }

    #[test]
    fn every_signed_request_is_believed_and_its_variations_are_not() {
        let wrong = [token("ffffffffffffffffffffffffffffffff")];
        for vector in vectors()
            .into_iter()
            .filter(|v| !v.handshake && v.algorithm.is_none())
        {
            let form: Form = vector.params.into_iter().collect();
            let signed = match &vector.body {
                Some(body) => Signed::Json(body.as_bytes()),
                None => Signed::Form(&form),
            };
            let tokens = [wrong[0].clone(), token(&vector.token)];
            let verify = |url: &str| verify_request(&tokens, url, signed, &vector.signature);
            assert_eq!(verify(&vector.url), Ok(()), "{}", vector.id);
            assert!(
                verify(&format!("{}x", vector.url)).is_err(),
                "{}",
                vector.id
            );
            assert!(verify_request(&wrong, &vector.url, signed, &vector.signature).is_err());
            if let Some(other) = vector.must_not_match {
                assert!(verify(&other).is_err(), "{}", vector.id);
            }
        }
    }

    #[test]
    fn every_handshake_fits_its_urls_and_no_others() {
        for vector in vectors().into_iter().filter(|vector| vector.handshake) {
            let fits = |url: &str| {
                matches_any(
                    &handshake_signatures(&token(&vector.token), url),
                    &vector.signature,
                )
            };
            for url in &vector.fits {
                assert!(fits(url), "{} should fit {url}", vector.id);
            }
            for url in &vector.fails {
                assert!(!fits(url), "{} should not fit {url}", vector.id);
            }
        }
    }

    #[test]
    fn a_port_may_be_signed_or_not() {
        let key = [token("12345")];
        let form = Form::new();
        for (signed, received) in [
            (
                "https://bot.example.com/voice",
                "https://bot.example.com:443/voice",
            ),
            (
                "https://bot.example.com:443/voice",
                "https://bot.example.com/voice",
            ),
            (
                "http://bot.example.com:80/voice",
                "http://bot.example.com/voice",
            ),
            ("http://127.0.0.1/voice", "http://127.0.0.1:9000/voice"),
            ("https://[::1]/voice", "https://[::1]:8443/voice"),
            (
                "https://bot.example.com/voice",
                "https://user:word@bot.example.com:443/voice",
            ),
            (
                "https://bot.example.com/voice",
                "https://bot.example.com/voice#rc=2&rp=all",
            ),
        ] {
            let signature = request_signature(&key[0], signed, &form);
            let verdict = verify_request(&key, received, Signed::Form(&form), &signature);
            assert_eq!(verdict, Ok(()), "{signed} as {received}");
        }
        let signature = request_signature(&key[0], "https://bot.example.com:444/", &form);
        let verdict = verify_request(
            &key,
            "https://bot.example.com/",
            Signed::Form(&form),
            &signature,
        );
        assert!(verdict.is_err(), "a port that nobody named");
    }

    #[test]
    fn a_handshake_at_a_port_fits_with_and_without_it() {
        let key = token("12345");
        let signatures = handshake_signatures(&key, "ws://127.0.0.1:9000/media/t");
        assert_eq!(signatures.len(), 4);
        for url in ["ws://127.0.0.1:9000/media/t", "ws://127.0.0.1/media/t/"] {
            assert!(matches_any(
                &signatures,
                &request_signature(&key, url, &Form::new())
            ));
        }
    }

    #[test]
    fn nothing_is_no_signature() {
        let form = Form::new();
        let url = "https://bot.example.com/";
        let verify = |tokens: &[AuthToken], given: &str| {
            verify_request(tokens, url, Signed::Form(&form), given)
        };
        assert_eq!(verify(&[token("12345")], ""), Err(SignatureError::Missing));
        assert_eq!(verify(&[], "AAAA"), Err(SignatureError::NoToken));
        assert!(!matches_any(&[String::new()], ""));
        assert!(AuthToken::new("").is_err());
        assert!(AuthToken::new(" \n").is_err());
    }

    #[test]
    fn a_json_body_must_be_the_one_that_was_signed() {
        let key = [token("12345")];
        let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
        let url = format!("https://bot.example.com/x?bodySHA256={hash}");
        let signature = request_signature(&key[0], &url, &Form::new());
        let verify = |url: &str, body: &str| {
            verify_request(&key, url, Signed::Json(body.as_bytes()), &signature)
        };
        assert_eq!(
            verify(&url, r#"{"property": "value", "boolean": true}"#),
            Ok(())
        );
        assert_eq!(verify(&url, "{}"), Err(SignatureError::BodyHash));
        assert_eq!(
            verify("https://bot.example.com/x", "{}"),
            Err(SignatureError::NoBodyHash)
        );
    }

    #[test]
    fn a_shared_key_is_believed_only_as_it_is_listed() {
        let allowed = [shared("0123456789abcdef0123456789abcdef")];
        let form: Form = [
            ("CallSid", "CA11111111111111111111111111111111"),
            ("From", "+15005550001"),
        ]
        .into_iter()
        .collect();
        let url = "https://bot.example.com/voice";
        let signature = "QIuSwK4hUP/IRVHqNTWPPSZqotTwIBiswTSoToAAeD4=";
        let verify = |settings: &str| {
            verify_shared_key(&allowed, settings, url, Signed::Form(&form), signature)
        };
        let key = "webhooks_sharedkey_00";
        assert_eq!(verify(&format!("key={key},algorithm=HMAC_SHA256")), Ok(()));
        assert_eq!(
            verify(&format!("key={key}, algorithm=HMAC_SHA1")),
            Err(SignatureError::Settings)
        );
        assert_eq!(
            verify(&format!("key={key},algorithm=NONE")),
            Err(SignatureError::Settings)
        );
        assert_eq!(verify(key), Err(SignatureError::Settings));
        assert_eq!(
            verify("key=other,algorithm=HMAC_SHA256"),
            Err(SignatureError::UnknownKey)
        );
    }

    #[test]
    fn a_token_is_never_shown() {
        assert!(!format!("{:?}", token("12345")).contains("12345"));
        assert!(!format!("{:?}", shared("98765")).contains("98765"));
    }
}
