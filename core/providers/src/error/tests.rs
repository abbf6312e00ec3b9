use super::*;

#[test]
fn a_status_says_whether_trying_again_may_help() {
    for (status, failure) in [
        (302, Failure::Refused),
        (400, Failure::Refused),
        (401, Failure::Refused),
        (402, Failure::Refused),
        (403, Failure::Refused),
        (404, Failure::Refused),
        (408, Failure::Broken),
        (409, Failure::Broken),
        (422, Failure::Refused),
        (429, Failure::Busy),
        (500, Failure::Broken),
        (503, Failure::Broken),
        (529, Failure::Busy),
    ] {
        assert_eq!(judge(status, b"<html>").failure, failure, "{status}");
        assert_eq!(
            judge(status, br#"{"error":{"message":"m","code":null}}"#).failure,
            failure,
            "{status}"
        );
    }
}

#[test]
fn no_money_is_not_too_many_requests() {
    for code in [
        "insufficient_quota",
        "credit_balance_exhausted",
        "billing_hard_limit_reached",
        "spend_limit",
    ] {
        let body = format!(r#"{{"error":{{"message":"m","type":"x","code":"{code}"}}}}"#);
        assert_eq!(
            judge(429, body.as_bytes()).failure,
            Failure::Refused,
            "{code}"
        );
    }
    let typed = br#"{"error":{"message":"m","type":"insufficient_quota","code":null}}"#;
    assert_eq!(judge(429, typed).failure, Failure::Refused);
    let limit = br#"{"error":{"message":"m","type":"tokens","code":"rate_limit_exceeded"}}"#;
    assert_eq!(judge(429, limit).failure, Failure::Busy);
}

#[test]
fn every_server_is_understood_in_its_own_way_of_complaining() {
    for (body, message, failure) in [
        (
            r#"{"error":{"message":"gone","type":"invalid_request_error"}}"#,
            "gone",
            Failure::Refused,
        ),
        (
            r#"{"error":"model not loaded"}"#,
            "model not loaded",
            Failure::Broken,
        ),
        (
            r#"[{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}]"#,
            "quota",
            Failure::Busy,
        ),
        (
            r#"{"object":"error","message":"too long","code":400}"#,
            "too long",
            Failure::Refused,
        ),
        (
            r#"{"error":{"code":"502","message":"upstream"},"choices":[]}"#,
            "upstream",
            Failure::Broken,
        ),
        (
            r#"{"error":{"type":"rate_limit_error"}}"#,
            r#"{"type":"rate_limit_error"}"#,
            Failure::Busy,
        ),
    ] {
        let complaint = within(&serde_json::from_str(body).unwrap()).unwrap();
        assert_eq!(
            (complaint.message.as_str(), complaint.failure),
            (message, failure),
            "{body}"
        );
    }
    assert_eq!(
        judge(422, br#"{"detail":"no such voice"}"#).message,
        "no such voice"
    );
}

#[test]
fn so_is_everyone_who_is_not_openai_shaped() {
    for (body, message, failure) in [
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"later"}}"#,
            "later",
            Failure::Busy,
        ),
        (
            r#"{"detail":{"status":"quota_exceeded","message":"no credits"}}"#,
            "no credits",
            Failure::Refused,
        ),
        (
            r#"{"detail":[{"loc":["body"],"msg":"too long","type":"value_error"}]}"#,
            "too long",
            Failure::Broken,
        ),
        (
            r#"{"err_code":"TOO_MANY_REQUESTS","err_msg":"slower","request_id":"r"}"#,
            "slower",
            Failure::Busy,
        ),
        (
            r#"{"type":"error","status_code":429,"error":"slower","done":true}"#,
            "slower",
            Failure::Busy,
        ),
        (
            r#"{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"result":null}"#,
            "Authentication error",
            Failure::Broken,
        ),
    ] {
        let complaint = within(&serde_json::from_str(body).unwrap()).unwrap();
        assert_eq!(
            (complaint.message.as_str(), complaint.failure),
            (message, failure),
            "{body}"
        );
    }
}

#[test]
fn what_says_no_error_holds_none() {
    for body in [
        r#"{"choices":[],"error":null}"#,
        r#"{"text":"error"}"#,
        "[]",
        "[1]",
        "7",
        "null",
    ] {
        assert_eq!(within(&serde_json::from_str(body).unwrap()), None, "{body}");
    }
    assert_eq!(
        instead(b"<html>busy</html>", "no sound").message,
        "<html>busy</html>"
    );
    assert_eq!(instead(b"", "no sound"), Complaint::unfit("no sound"));
}

#[test]
fn what_was_asked_for_is_told_from_what_everybody_would_meet() {
    let whose = |status, body: &str| judge(status, body.as_bytes()).whose;
    for status in [401, 402, 403, 408, 429, 500, 503, 529] {
        assert_eq!(whose(status, "<html>"), Whose::Provider, "{status}");
        assert_eq!(whose(status, "{}"), Whose::Provider, "{status}");
    }
    for status in [302, 400, 404, 409, 413, 422] {
        assert_eq!(whose(status, "<html>"), Whose::Request, "{status}");
        assert_eq!(whose(status, "{}"), Whose::Request, "{status}");
    }
    let spent = r#"{"error":{"message":"m","code":"billing_hard_limit_reached"}}"#;
    let key = r#"{"error":{"message":"m","code":"invalid_api_key"}}"#;
    assert_eq!([whose(400, spent), whose(400, key)], [Whose::Provider; 2]);
    let said = |body: &str| within(&serde_json::from_str(body).unwrap()).unwrap().whose;
    let overloaded = r#"{"type":"error","error":{"type":"overloaded_error"}}"#;
    let no_voice = r#"{"detail":{"status":"voice_not_found","message":"m"}}"#;
    assert_eq!(
        [said(overloaded), said(no_voice)],
        [Whose::Provider, Whose::Request]
    );
    assert_eq!(instead(b"<html>", "no sound").whose, Whose::Request);
}

#[test]
fn a_closed_socket_tells_whose_fault_it_was_by_its_code_or_else_its_reason() {
    for (code, reason, whose) in [
        (BROKEN, "", Whose::Provider),
        (1011, "", Whose::Provider),
        (1013, "", Whose::Provider),
        (1007, "not UTF-8", Whose::Request),
        (1008, "voice_id_does_not_exist", Whose::Request),
        (1008, "Quota_exceeded: no credits left", Whose::Provider),
        (4000, "", Whose::Request),
    ] {
        assert_eq!(closed(code, reason).whose, whose, "{code} {reason}");
    }
    let flux = serde_json::json!({"type": "Error", "code": "INTERNAL_SERVER_ERROR"});
    let ours = serde_json::json!({"type": "Error", "code": "UNPARSABLE_CLIENT_MESSAGE"});
    assert_eq!(
        [deepgram(&flux).whose, deepgram(&ours).whose],
        [Whose::Provider, Whose::Request]
    );
}
