//! What the stand-in for the language model answers.

use local::speech::{LISTEN_MODEL, Speech, THINK_MODEL, Voice};
use serde_json::{Value, json};

use crate::speech::telephone::{heard, speech, spoken};

fn tools() -> Value {
    let to = json!({"type": "object", "properties": {"to": {"type": "string", "enum": ["+15005550009"]}}});
    json!([
        {"type": "function", "function": {"name": "end_call", "parameters": {"type": "object", "properties": {}}}},
        {"type": "function", "function": {"name": "transfer_call", "parameters": to}},
    ])
}

async fn complete(speech: &Speech, messages: Value, stream: bool) -> reqwest::Response {
    let body =
        json!({"model": THINK_MODEL, "messages": messages, "stream": stream, "tools": tools()});
    let url = format!("{}/chat/completions", speech.url());
    reqwest::Client::new()
        .post(url)
        .json(&body)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_reply_streams_word_by_word() {
    let speech = speech().await;
    let messages = json!([
        {"role": "system", "content": "You are Mesa."},
        {"role": "user", "content": "(The call is connected.)"},
        {"role": "assistant", "content": "Hello, this is Mesa."},
        {"role": "user", "content": "no thank you goodbye"},
    ]);
    let response = complete(&speech, messages, true).await;
    let content_type = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(content_type.starts_with("text/event-stream"));
    assert_eq!(response.headers()["server"], "callbox-stand-in");
    let text = response.text().await.unwrap();
    let events: Vec<&str> = text
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("data: "))
        .collect();
    assert_eq!(events.last(), Some(&"[DONE]"));
    let chunks: Vec<Value> = events
        .iter()
        .filter_map(|event| serde_json::from_str(event).ok())
        .collect();
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let words: Vec<&str> = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .filter(|word| !word.is_empty())
        .collect();
    assert_eq!(words.concat(), "Thank you for calling Mesa. Goodbye!");
    assert!(words.len() > 4, "{words:?}");
    let call = chunks
        .iter()
        .find_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"].get(0))
        .unwrap();
    assert_eq!(call["function"]["name"], "end_call");
    assert_eq!(call["function"]["arguments"], "{}");
    let reasons: Vec<&str> = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["finish_reason"].as_str())
        .collect();
    assert_eq!(reasons, ["tool_calls"]);
    assert!(
        chunks.last().unwrap()["usage"]["total_tokens"]
            .as_u64()
            .unwrap()
            > 10
    );
}

#[tokio::test]
async fn a_caller_who_wants_a_person_is_transferred_to_the_number_offered() {
    let speech = speech().await;
    let messages =
        json!([{"role": "user", "content": [{"type": "text", "text": "can i speak to a human"}]}]);
    let reply: Value = complete(&speech, messages, false)
        .await
        .json()
        .await
        .unwrap();
    let call = &reply["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(call["name"], "transfer_call");
    assert_eq!(call["arguments"], r#"{"to":"+15005550009"}"#);
    assert_eq!(reply["choices"][0]["finish_reason"], "tool_calls");
}

#[tokio::test]
async fn a_table_is_booked_by_voice() {
    let speech = speech().await;
    let mut messages =
        vec![json!({"role": "assistant", "content": local::speech::receptionist::GREETING})];
    let mut last = Value::Null;
    for line in [
        "what's on the menu",
        "wait can i book a table",
        "for four people",
        "on friday at seven",
        "my name is anna baker",
        "yes that is right",
        "no thank you goodbye",
    ] {
        let text = heard(
            &speech,
            &spoken(&speech, line, Voice::Rms).await,
            LISTEN_MODEL,
        )
        .await;
        messages.push(json!({"role": "user", "content": text}));
        let reply: Value = complete(&speech, json!(messages), false)
            .await
            .json()
            .await
            .unwrap();
        last = reply["choices"][0]["message"].clone();
        println!("caller: {text}\nbot: {}", last["content"]);
        messages.push(json!({"role": "assistant", "content": last["content"]}));
    }
    let all = json!(messages).to_string();
    assert!(
        all.contains("a table for four, on Friday at seven, under the name of Anna Baker"),
        "{all}"
    );
    assert!(all.contains("your table is booked"), "{all}");
    assert_eq!(last["tool_calls"][0]["function"]["name"], "end_call");
}
