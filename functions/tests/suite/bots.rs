//! What becomes of a bot when it is changed.

use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn phrases_that_nobody_wrote_follow_the_language_of_their_bot() {
    let house = house().await;
    let bot = async |method: &str, body: Option<Value>| {
        let answered = ask(&house.calls, method, "/bots/sol", body).await;
        assert_eq!(answered.status, 200, "{}", answered.body);
        answered.json()
    };
    let said =
        |bot: &Value| [&bot["goodbye"], &bot["filler"], &bot["idle"]["prompt"]].map(Value::clone);
    let english = bot("PUT", Some(json!({ "goodbye": "Bye bye." }))).await;
    assert_eq!(
        said(&english)[..2],
        [json!("Bye bye."), json!("One moment, please.")]
    );
    // An editor gives back all that it got.
    let whole = json!({ "language": "es-ES" });
    let mut edited = english.clone();
    edited["language"] = whole["language"].clone();
    for (method, body) in [("PATCH", whole), ("PUT", edited)] {
        let spanish = bot(method, Some(body)).await;
        let phrases = ["Bye bye.", "Un momento, por favor.", "¿Sigue ahí?"];
        assert_eq!(
            said(&spanish),
            phrases.map(|phrase| json!(phrase)),
            "{method}"
        );
        bot("PUT", Some(english.clone())).await;
    }
}
