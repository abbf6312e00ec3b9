use serde_json::json;

use super::*;

fn all() -> Vec<Tool> {
    let transfer = |to: &str, when: &str| Tool::Transfer {
        to: to.to_owned(),
        when: when.to_owned(),
    };
    vec![
        Tool::EndCall,
        transfer("+15550100", "The caller asks for the kitchen."),
        transfer("+15550101", ""),
        Tool::SendKeys,
    ]
}

fn settled(tools: &[Tool], fragments: &[Value]) -> Vec<Reply> {
    let mut calls = Calls::default();
    for fragment in fragments {
        calls.push(&json!([fragment]));
    }
    let mut replies = Vec::new();
    calls.settle(tools, &mut replies);
    replies
}

fn called(name: &str, arguments: &Value) -> Vec<Reply> {
    settled(
        &all(),
        &[json!({"index": 0, "function": {"name": name, "arguments": arguments}})],
    )
}

fn pressed(keys: &str) -> Vec<Reply> {
    vec![Reply::Tool(ToolCall::SendKeys {
        keys: keys.to_owned(),
    })]
}

#[test]
fn a_call_is_checked_before_it_counts() {
    let end = vec![Reply::Tool(ToolCall::EndCall)];
    for arguments in [
        json!(""),
        json!("{}"),
        json!("null"),
        json!({}),
        json!("{\"reason\":\"done\"}"),
        Value::Null,
    ] {
        assert_eq!(called("end_call", &arguments), end);
    }
    assert_eq!(
        called("send_keys", &json!("{\"keys\":\"1-2 #,\"}")),
        pressed("12#w")
    );
    assert_eq!(called("send_keys", &json!({"keys": 42})), pressed("42"));
    assert_eq!(
        called("send_keys", &json!("\"{\\\"keys\\\":\\\"7\\\"}\"")),
        pressed("7")
    );
    for arguments in [
        "",
        "{",
        "[]",
        "7",
        "{\"keys\":\"\"}",
        "{\"keys\":\"call mum\"}",
        "{\"keys\":[1]}",
    ] {
        assert_eq!(called("send_keys", &json!(arguments)), [], "{arguments}");
    }
    assert_eq!(called("launch_rocket", &json!("{}")), []);
}

#[test]
fn a_caller_is_only_handed_to_numbers_that_were_configured() {
    let to = |to: &str| vec![Reply::Tool(ToolCall::Transfer { to: to.to_owned() })];
    assert_eq!(
        called("transfer_call", &json!({"to": " +15550101"})),
        to("+15550101")
    );
    assert_eq!(called("transfer_call", &json!({"to": "+19005550199"})), []);
    assert_eq!(called("transfer_call", &json!({})), [], "there are two");
    let only = &all()[1..2];
    let fragment = json!({"function": {"name": "transfer_call", "arguments": "{}"}});
    assert_eq!(
        settled(only, std::slice::from_ref(&fragment)),
        to("+15550100")
    );
    assert_eq!(settled(&[], &[fragment]), []);
}

#[test]
fn a_tool_that_was_not_offered_is_not_called() {
    let fragment =
        json!({"index": 0, "id": "a", "function": {"name": "end_call", "arguments": "{}"}});
    assert_eq!(settled(&[Tool::SendKeys], &[fragment]), []);
}

#[test]
fn fragments_find_their_call() {
    let one = |index: Value, id: &str, name: &str, arguments: &str| json!({"index": index, "id": id, "function": {"name": name, "arguments": arguments}});
    let both = [pressed("1"), pressed("2")].concat();
    let parallel = [
        one(json!(0), "a", "send_keys", ""),
        one(json!(1), "b", "send_keys", "{\"ke"),
        one(json!(0), "", "", "{\"keys\":\"1\"}"),
        one(json!(1), "", "", "ys\":\"2\"}"),
    ];
    assert_eq!(settled(&all(), &parallel), both);
    for index in [json!(0), Value::Null] {
        for (first, second) in [("a", "b"), ("", "")] {
            let whole = [
                one(index.clone(), first, "send_keys", "{\"keys\":\"1\"}"),
                one(index.clone(), second, "send_keys", "{\"keys\":\"2\"}"),
            ];
            assert_eq!(
                settled(&all(), &whole),
                both,
                "index {index}, ids {first:?} {second:?}"
            );
        }
    }
    let repeated = [
        one(json!(0), "a", "send_keys", "{\"keys\""),
        one(json!(0), "a", "send_keys", ":\"1\"}"),
        one(json!(0), "a", "send_keys", ""),
    ];
    assert_eq!(settled(&all(), &repeated), pressed("1"));
    let new_ids = [
        one(json!(0), "a", "send_keys", "{\"keys\""),
        one(json!(0), "b", "", ":\"1\"}"),
    ];
    assert_eq!(settled(&all(), &new_ids), pressed("1"));
}

#[test]
fn a_flood_of_calls_is_bounded() {
    let mut calls = Calls::default();
    for index in 0..1000 {
        calls.push(&json!([{"index": index, "function": {"name": "end_call", "arguments": "x".repeat(1000)}}]));
    }
    assert_eq!(calls.0.len(), CALLS_MAX);
    for _ in 0..1000 {
        calls.push(&json!([{"index": 3, "function": {"arguments": "x".repeat(1000)}}]));
    }
    assert!(
        calls
            .0
            .iter()
            .all(|call| call.arguments.len() <= ARGUMENTS_BYTES_MAX)
    );
}

#[test]
fn a_call_with_arguments_beyond_all_bounds_is_not_made_without_their_middle() {
    let piece = |text: &str| json!([{"index": 0, "id": "a", "function": {"name": "send_keys", "arguments": text}}]);
    let padding = " ".repeat(ARGUMENTS_BYTES_MAX);
    let pieces = [
        piece("{\"keys\": \"1\","),
        piece(&padding),
        piece("\"more\": 1}"),
    ];
    assert_eq!(settled(&all(), &pieces), []);
}

#[test]
fn a_custom_call_is_passed_on_with_whatever_the_model_wrote() {
    let tools = [Tool::Custom {
        name: "stock".to_owned(),
        description: String::new(),
        schema: crate::Options::new(),
    }];
    for (arguments, passed) in [
        (json!(" {\"sku\": 7}"), "{\"sku\":7}"),
        (json!({"sku": 7}), "{\"sku\":7}"),
        (json!(""), "{}"),
        (json!("{\"sku\""), "{\"sku\""),
    ] {
        let fragment =
            json!({"index": 0, "id": "c1", "function": {"name": "stock", "arguments": arguments}});
        let expected = ToolCall::Custom {
            id: "c1".to_owned(),
            name: "stock".to_owned(),
            arguments: passed.to_owned(),
        };
        assert_eq!(settled(&tools, &[fragment]), [Reply::Tool(expected)]);
    }
    assert_eq!(called("stock", &json!("{}")), [], "it was not offered");
}
