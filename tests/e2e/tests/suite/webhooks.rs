//! Tools that are servers of the operator's, asked in the middle of a conversation.

use contract::{Bot, HookSecret, Tool, WebhookTool};
use e2e::{Guest, Office, World};
use local::demo;
use serde_json::{Value, json};

fn bot() -> Bot {
    Bot {
        greeting: "Hello, this is Mesa.".to_owned(),
        ..demo::bot()
    }
}

fn heard(words: &str) -> impl Fn(&Value) -> bool {
    move |told| {
        let text = told["text"].as_str().unwrap_or_default();
        told["heard"] == json!(true) && text.contains(words)
    }
}

fn with_tool(url: String) -> Bot {
    let look_up = WebhookTool {
        name: "look_up".to_owned(),
        description: "Looks up free tables.".to_owned(),
        url,
        schema: serde_json::Map::new(),
        timeout_ms: 20_000,
        filler: String::new(),
    };
    Bot {
        tools: vec![Tool::Webhook(look_up)],
        ..bot()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_is_asked_once_with_a_signature_and_its_answer_is_told() {
    let office = Office::with_token(bot()).await;
    office.desk().bot = with_tool(office.url("/tool"));
    let secret = HookSecret::new([7; 32]);
    office.desk().hook_secret = Some(secret.clone());
    let api = office.url("");
    let think = office.url("/v1");
    let world = World::with(|options| {
        let variables = &mut options.platform.edge_variables;
        variables.insert("API_URL".to_owned(), api);
        options
            .environment
            .insert("THINK_BASE_URL".to_owned(), think);
    })
    .await;
    let (mut guest, ready) = Guest::enter(&world, "/ws/assistant", "good").await;
    guest.hears("reply", heard("this is Mesa")).await;
    guest.types("is there a table on friday").await;
    guest
        .hears("reply", heard("The book says: free at eight"))
        .await;
    let (headers, body) = office.desk().asked.first().cloned().expect("it was asked");
    assert_eq!(office.desk().asked.len(), 1);
    let told: Value = serde_json::from_slice(&body).expect("JSON");
    let arguments = json!({ "day": "Friday" });
    assert_eq!(
        told,
        json!({ "call": ready["call"], "tool": "look_up", "arguments": arguments })
    );
    let header = |name: &str| headers[name].to_str().expect("text").to_owned();
    let at = header(contract::HOOK_TIME_HEADER).parse().expect("seconds");
    let expected = secret.headers(&header(contract::HOOK_ID_HEADER), at, &body);
    assert!(expected.iter().all(|(name, value)| header(name) == *value));
    // A redirect is not followed, too long an answer not read, and an error is told to the model.
    for (status, text) in [
        (302, String::new()),
        (200, "x".repeat(20_000)),
        (500, "no".to_owned()),
    ] {
        let asked = office.desk().asked.len();
        office.desk().tool_answers.push_back((status, text));
        guest.types("and on friday").await;
        let told = guest.hears("reply", heard("The book says")).await;
        assert!(!heard("free at eight")(&told), "{status}: {told}");
        assert_eq!(office.desk().asked.len(), asked + 1, "{status}");
    }
}
