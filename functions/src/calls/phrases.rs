//! Phrases that nobody wrote follow the language of their bot.

use contract::{Bot, Phrases};
use serde_json::{Map, Value};

/// Leaves out what the bot said in its former language only because nobody had written anything else. Whoever edits a bot
/// gives it back whole, with those phrases in it.
pub(super) fn follow(known: &Bot, given: &mut Map<String, Value>) {
    let language = given.get("language").and_then(Value::as_str);
    let default = Bot::default().language;
    let former = Phrases::of(&known.language);
    if Phrases::of(language.unwrap_or(&default)) == former {
        return;
    }
    let leave_out = |fields: &mut Map<String, Value>, name: &str, phrase: &str| {
        if fields.get(name).and_then(Value::as_str) == Some(phrase) {
            fields.remove(name);
        }
    };
    leave_out(given, "goodbye", former.goodbye);
    leave_out(given, "apology", former.apology);
    leave_out(given, "filler", former.filler);
    if let Some(idle) = given.get_mut("idle").and_then(Value::as_object_mut) {
        leave_out(idle, "prompt", former.idle);
    }
}
