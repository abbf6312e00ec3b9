//! What is made of a model's calls to its tools.

use call::{Reply, ToolCall};
use serde_json::Value;

use crate::Tool;
use crate::tool::targets;

const CALLS_MAX: usize = 16;
const ARGUMENTS_BYTES_MAX: usize = 16 * 1024;
const KEYS_MAX: usize = 64;

/// Calls under way, put together from their fragments.
#[derive(Debug, Default)]
pub(crate) struct Calls(Vec<Fragments>);

#[derive(Debug, Default)]
struct Fragments {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
    /// More came than can be meant: the call is not made, since without its end it may look like another.
    is_too_long: bool,
}

impl Calls {
    /// Takes in the `tool_calls` member of a delta or of a whole message.
    pub(crate) fn push(&mut self, fragments: &Value) {
        for fragment in fragments.as_array().into_iter().flatten() {
            self.fragment(fragment);
        }
    }

    fn fragment(&mut self, fragment: &Value) {
        let Some(function) = fragment.get("function") else {
            return;
        };
        let index = fragment.get("index").and_then(Value::as_u64);
        let text = |value: &Value, name: &str| {
            value
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let (id, name) = (text(fragment, "id"), text(function, "name"));
        let goes_on = |call: &Fragments| !call.is_another(&id, &name);
        let known = self
            .0
            .iter()
            .rposition(|call| index.is_none() || call.index == index);
        let known = known.filter(|at| self.0.get(*at).is_some_and(goes_on));
        let begun = self.0.len();
        if known.is_none() && begun < CALLS_MAX {
            self.0.push(Fragments {
                index,
                ..Fragments::default()
            });
        }
        // The newest, if the list is not full.
        let newest = (self.0.len() > begun).then_some(begun);
        let Some(call) = known.or(newest).and_then(|at| self.0.get_mut(at)) else {
            return;
        };
        if call.id.is_empty() {
            call.id = id;
        }
        if call.name.is_empty() {
            call.name = name;
        }
        match function.get("arguments") {
            Some(Value::String(piece))
                if call.arguments.len() + piece.len() > ARGUMENTS_BYTES_MAX =>
            {
                call.is_too_long = true;
            }
            Some(Value::String(piece)) => call.arguments.push_str(piece),
            // Some servers give the arguments as what they are.
            Some(whole @ Value::Object(_)) => call.arguments = whole.to_string(),
            _ => (),
        }
    }

    /// The calls that are allowed and make sense, in order. Those that do not are dropped.
    pub(crate) fn settle(&mut self, tools: &[Tool], replies: &mut Vec<Reply>) {
        let calls = std::mem::take(&mut self.0);
        replies.extend(
            calls
                .iter()
                .filter(|call| !call.is_too_long)
                .filter_map(|call| call.read(tools))
                .map(Reply::Tool),
        );
    }
}

impl Fragments {
    /// Whether a fragment begins another call, although it carries the index of this one: Gemini and Ollama give every
    /// call the index 0. A fragment without a name only ever goes on; some servers make up a new id for each.
    fn is_another(&self, id: &str, name: &str) -> bool {
        let differs =
            |ours: &str, theirs: &str| !ours.is_empty() && !theirs.is_empty() && ours != theirs;
        !name.is_empty()
            && !self.name.is_empty()
            && (differs(&self.id, id)
                || self.name != name
                || (id.is_empty() && self.parsed().is_some_and(|v| v.is_object())))
    }

    /// Its arguments; none is an empty object.
    fn parsed(&self) -> Option<Value> {
        if self.arguments.trim().is_empty() {
            return Some(Value::Null);
        }
        let value: Value = serde_json::from_str(&self.arguments).ok()?;
        match value.as_str() {
            // Written as JSON twice.
            Some(text) => serde_json::from_str(text).ok(),
            None => Some(value),
        }
    }

    fn read(&self, tools: &[Tool]) -> Option<ToolCall> {
        self.ours(tools).or_else(|| self.custom(tools))
    }

    /// A call to a tool of the operator's, whatever its arguments are: the model is told what is wrong with them.
    fn custom(&self, tools: &[Tool]) -> Option<ToolCall> {
        let is_it = |tool: &Tool| matches!(tool, Tool::Custom { name, .. } if *name == self.name);
        let arguments = match self.parsed() {
            Some(Value::Null) => "{}".to_owned(),
            Some(value) => value.to_string(),
            None => self.arguments.clone(),
        };
        tools.iter().any(is_it).then(|| ToolCall::Custom {
            id: self.id.clone(),
            name: self.name.clone(),
            arguments,
        })
    }

    /// A call to what the platform itself can do.
    fn ours(&self, tools: &[Tool]) -> Option<ToolCall> {
        let arguments = self
            .parsed()
            .filter(|value| value.is_object() || value.is_null())?;
        match self.name.as_str() {
            "end_call" if tools.contains(&Tool::EndCall) => Some(ToolCall::EndCall),
            "transfer_call" => {
                // Only numbers that were configured: whoever talks the model into another gets nowhere.
                let mut targets = targets(tools).map(|(to, _)| to);
                let to = match arguments.get("to") {
                    Some(named) => targets
                        .find(|to| named.as_str().is_some_and(|named| named.trim() == *to))?,
                    None => targets.next().filter(|_| targets.next().is_none())?,
                };
                Some(ToolCall::Transfer { to: to.to_owned() })
            }
            "send_keys" if tools.contains(&Tool::SendKeys) => {
                let keys = keys(arguments.get("keys")?)?;
                Some(ToolCall::SendKeys { keys })
            }
            _ => None,
        }
    }
}

/// Keys, however they are written; none if something among them is no key.
fn keys(value: &Value) -> Option<String> {
    let written = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let mut keys = String::new();
    for key in written.chars() {
        match key {
            '0'..='9' | '*' | '#' | 'w' => keys.push(key),
            'W' | ',' => keys.push('w'),
            ' ' | '-' => (),
            _ => return None,
        }
    }
    (1..=KEYS_MAX).contains(&keys.len()).then_some(keys)
}

#[cfg(test)]
mod tests;
