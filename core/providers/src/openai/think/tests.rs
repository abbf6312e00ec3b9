use super::*;
use crate::BaseUrl;

const CONNECTED: &str = "(The call is connected.)";

fn caller(text: &str) -> Line {
    Line::Caller(text.to_owned())
}

fn bot(text: &str) -> Line {
    Line::Bot(text.to_owned())
}

fn think(base_url: &str) -> Think {
    Think {
        endpoint: Endpoint {
            base_url: BaseUrl::new(base_url).unwrap(),
            api_key: None,
        },
        model: String::new(),
        instructions: String::new(),
        tools: Vec::new(),
        options: Options::new(),
    }
}

fn body(think: &Think) -> Value {
    serde_json::from_slice(&think.ask(&[caller("Hi")]).request.body).unwrap()
}

#[test]
fn caller_and_bot_take_turns_and_the_caller_begins() {
    let said = messages(
        "Be brief.",
        &[
            bot("Mesa."),
            caller("A table."),
            caller("For two."),
            bot("When?"),
            caller("8."),
        ],
    );
    let expected = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": CONNECTED},
        {"role": "assistant", "content": "Mesa."},
        {"role": "user", "content": "A table.\nFor two."},
        {"role": "assistant", "content": "When?"},
        {"role": "user", "content": "8."},
    ]);
    assert_eq!(said, expected);
    assert_eq!(
        messages("", &[]),
        json!([{"role": "user", "content": CONNECTED}])
    );
    assert_eq!(
        messages("", &[caller("Hi")]),
        json!([{"role": "user", "content": "Hi"}])
    );
}

#[test]
fn nothing_is_sent_that_was_not_configured() {
    let expected = json!({"messages": [{"role": "user", "content": "Hi"}], "stream": true});
    let request = think("http://127.0.0.1:1/v1").ask(&[caller("Hi")]).request;
    assert_eq!(
        serde_json::from_slice::<Value>(&request.body).unwrap(),
        expected
    );
    assert_eq!(
        request.headers,
        [("content-type", "application/json".to_owned())]
    );
    assert_eq!(request.url, "http://127.0.0.1:1/v1/chat/completions");
}

#[test]
fn options_are_laid_over_the_body_and_null_takes_away() {
    let mut think = think("https://api.openai.com/v1");
    assert_eq!(
        body(&think)["stream_options"],
        json!({"include_usage": true})
    );
    think.model = "thinker".to_owned();
    think.tools = vec![Tool::EndCall];
    think
        .options
        .insert("reasoning_effort".to_owned(), json!("none"));
    think
        .options
        .insert("stream_options".to_owned(), Value::Null);
    let body = body(&think);
    let members: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["messages", "model", "reasoning_effort", "stream", "tools"]
    );
}

#[test]
fn a_model_that_takes_no_tools_while_it_reasons_is_told_not_to() {
    let effort = |base_url: &str, model: &str, tools: Vec<Tool>| {
        let mut think = think(base_url);
        think.model = model.to_owned();
        think.tools = tools;
        body(&think).get("reasoning_effort").cloned()
    };
    let openai = "https://api.openai.com/v1";
    let tools = || vec![Tool::EndCall];
    for model in ["gpt-6-luna", "gpt-5.6-luna", "gpt-6"] {
        assert_eq!(effort(openai, model, tools()), Some(json!("none")));
        assert_eq!(effort(openai, model, Vec::new()), None);
        assert_eq!(effort("https://x.test/v1", model, tools()), None);
    }
    assert_eq!(effort(openai, "gpt-5.4-mini", tools()), None);
    let mut think = think(openai);
    think.model = "gpt-6-luna".to_owned();
    think.tools = tools();
    for chosen in [json!("low"), Value::Null] {
        let name = "reasoning_effort".to_owned();
        think.options.insert(name, chosen.clone());
        assert_eq!(body(&think)["reasoning_effort"], chosen);
    }
}

#[test]
fn cached_tokens_are_not_counted_twice() {
    let usage = json!({"prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 64}});
    let expected = Spent {
        input_tokens: 36,
        cached_tokens: 64,
        output_tokens: 7,
    };
    assert_eq!(spent(&usage), Some(expected));
    assert_eq!(spent(&Value::Null), None);
    assert_eq!(spent(&json!({"completion_tokens": 3})), None);
}

#[test]
fn a_call_and_its_result_go_back_to_the_model() {
    let call = Line::Call {
        id: "c1".to_owned(),
        name: "stock".to_owned(),
        arguments: "{\"sku\":7}".to_owned(),
    };
    let result = Line::Result {
        id: "c1".to_owned(),
        text: "12".to_owned(),
    };
    let calls = json!([{"id": "c1", "type": "function", "function": {"name": "stock", "arguments": "{\"sku\":7}"}}]);
    let expected = json!([
        {"role": "user", "content": "Lamps?"},
        {"role": "assistant", "content": null, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c1", "content": "12"},
    ]);
    assert_eq!(messages("", &[caller("Lamps?"), call, result]), expected);
}

#[test]
fn a_call_that_may_be_cut_short_is_not_made() {
    let mut writing = Writing::new(vec![Tool::EndCall]);
    let mut replies = Vec::new();
    let chunk = |reason: &str| {
        json!({"choices": [{"finish_reason": reason, "delta": {
            "content": "Well,",
            "tool_calls": [{"index": 0, "function": {"name": "end_call", "arguments": ""}}],
        }}]})
    };
    Chat.read(&chunk("length"), &mut writing, &mut replies)
        .unwrap();
    assert_eq!(replies, [Reply::Words("Well,".to_owned())]);
    Chat.read(&chunk("stop"), &mut writing, &mut replies)
        .unwrap();
    assert_eq!(replies.last(), Some(&Reply::Tool(call::ToolCall::EndCall)));
}
