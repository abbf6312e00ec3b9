//! The conversation as chat models want it: the caller first, then by turns, each call of a tool with its result.

use call::Line;

/// Stands where a conversation would not begin with the caller: many models' templates insist on it.
const CONNECTED: &str = "(The call is connected.)";
/// Stands where a result is not there, or is empty: models refuse a call without one.
const NO_RESULT: &str = "(There is no result yet.)";

/// What one side does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Turn {
    /// The caller says this.
    Caller(String),
    /// The bot says this, then calls; at least one of both.
    Bot(String, Option<Call>),
    /// What came of the call just before.
    Result(Call, String),
}

/// A call of a tool.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Call {
    /// Names it; not empty.
    pub(crate) id: String,
    /// The tool's name.
    pub(crate) name: String,
    /// Its arguments, as JSON.
    pub(crate) arguments: String,
}

impl Call {
    /// The arguments as what they are. Whatever is no object was none that any tool takes.
    pub(crate) fn object(&self) -> serde_json::Value {
        let value = serde_json::from_str(&self.arguments).ok();
        value
            .filter(serde_json::Value::is_object)
            .unwrap_or_else(|| serde_json::json!({}))
    }
}

/// What was said and done, joined into turns. The first is the caller's, no two neighbours are of the same side, and
/// right after each call there is its result.
pub(crate) fn turns(history: &[Line]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for line in history {
        match line {
            // Several models refuse a turn without words.
            Line::Caller(text) | Line::Bot(text) if text.trim().is_empty() => (),
            Line::Caller(text) => match turns.last_mut() {
                Some(Turn::Caller(said)) => join(said, text),
                _ => turns.push(Turn::Caller(text.clone())),
            },
            Line::Bot(text) => match turns.last_mut() {
                Some(Turn::Bot(said, _)) => join(said, text),
                _ => turns.push(Turn::Bot(text.clone(), None)),
            },
            Line::Call {
                id,
                name,
                arguments,
            } => {
                let call = Call {
                    id: id.clone(),
                    name: name.clone(),
                    arguments: arguments.clone(),
                };
                match turns.last_mut() {
                    Some(Turn::Bot(_, called)) => *called = Some(call.clone()),
                    _ => turns.push(Turn::Bot(String::new(), Some(call.clone()))),
                }
                turns.push(Turn::Result(call, NO_RESULT.to_owned()));
            }
            Line::Result { id, text } => {
                if let Some(Turn::Result(call, result)) = turns.last_mut()
                    && call.id == *id
                    && !text.trim().is_empty()
                {
                    result.clone_from(text);
                }
            }
        }
    }
    if !matches!(turns.first(), Some(Turn::Caller(_))) {
        turns.insert(0, Turn::Caller(CONNECTED.to_owned()));
    }
    turns
}

fn join(said: &mut String, text: &str) {
    said.push('\n');
    said.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(text: &str) -> Line {
        Line::Caller(text.to_owned())
    }

    fn bot(text: &str) -> Line {
        Line::Bot(text.to_owned())
    }

    fn called(id: &str) -> Line {
        Line::Call {
            id: id.to_owned(),
            name: "stock".to_owned(),
            arguments: "{\"sku\":7}".to_owned(),
        }
    }

    fn call(id: &str) -> Call {
        Call {
            id: id.to_owned(),
            name: "stock".to_owned(),
            arguments: "{\"sku\":7}".to_owned(),
        }
    }

    #[test]
    fn caller_and_bot_take_turns_and_the_caller_begins() {
        let history = [
            bot("Mesa."),
            caller("A table."),
            caller(" "),
            caller("For two."),
            bot("When?"),
            caller("8."),
        ];
        let says = |text: &str| Turn::Caller(text.to_owned());
        let answers = |text: &str| Turn::Bot(text.to_owned(), None);
        let expected = [
            says(CONNECTED),
            answers("Mesa."),
            says("A table.\nFor two."),
            answers("When?"),
            says("8."),
        ];
        assert_eq!(turns(&history), expected);
        assert_eq!(turns(&[]), [says(CONNECTED)]);
        assert_eq!(turns(&[caller("")]), [says(CONNECTED)]);
    }

    #[test]
    fn every_call_has_its_result_right_after_it() {
        let result = |id: &str, text: &str| Line::Result {
            id: id.to_owned(),
            text: text.to_owned(),
        };
        let history = [
            caller("Lamps?"),
            bot("Let me look."),
            called("a"),
            result("a", "12"),
            called("b"),
            result("x", "of another"),
            called("c"),
            result("c", ""),
            bot("Twelve."),
        ];
        let expected = [
            Turn::Caller("Lamps?".to_owned()),
            Turn::Bot("Let me look.".to_owned(), Some(call("a"))),
            Turn::Result(call("a"), "12".to_owned()),
            Turn::Bot(String::new(), Some(call("b"))),
            Turn::Result(call("b"), NO_RESULT.to_owned()),
            Turn::Bot(String::new(), Some(call("c"))),
            Turn::Result(call("c"), NO_RESULT.to_owned()),
            Turn::Bot("Twelve.".to_owned(), None),
        ];
        assert_eq!(turns(&history), expected);
    }

    #[test]
    fn arguments_that_are_no_object_are_none() {
        let with = |arguments: &str| Call {
            arguments: arguments.to_owned(),
            ..call("a")
        };
        assert_eq!(call("a").object(), serde_json::json!({"sku": 7}));
        for arguments in ["", "{", "7", "[]", "null"] {
            assert_eq!(
                with(arguments).object(),
                serde_json::json!({}),
                "{arguments}"
            );
        }
    }
}
