//! A bot as a file: read, checked, written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contract::{Bot, BotId};
use serde_json::{Map, Value, json};
use twilio::PhoneNumber;

use crate::failure::Failure;

/// What the platform counts or knows by itself: not in files.
pub(super) const NOT_IN_FILES: [&str; 2] = ["version", "tenant"];

/// A bot and the numbers that it shall answer.
#[derive(Clone, Debug)]
pub(super) struct BotFile {
    /// Where it stands.
    pub(super) path: PathBuf,
    /// The bot.
    pub(super) bot: Bot,
    /// Whether the file says what its calls are paid with. If not, that stays as it is: it is the operator's to say, who may
    /// be another than whoever keeps the file.
    pub(super) is_priced: bool,
    /// All that it shall answer; none: whatever it answers now.
    pub(super) numbers: Option<Vec<PhoneNumber>>,
}

/// A mistake in a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Mistake {
    pub(super) file: String,
    pub(super) field: String,
    pub(super) allowed: String,
}

impl Mistake {
    fn new(path: &Path, field: &str, allowed: impl Into<String>) -> Self {
        Self {
            file: path.display().to_string(),
            field: field.to_owned(),
            allowed: allowed.into(),
        }
    }
}

/// Reads files, and checks them all before anything is done with one.
///
/// # Errors
/// Every mistake, with file, field and what is allowed.
pub(super) fn read_all(paths: &[PathBuf]) -> Result<Vec<BotFile>, Failure> {
    let mut mistakes = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(
                "file_unreadable",
                format!("{} cannot be read: {error}", path.display()),
            )
        })?;
        match read(path, &text) {
            Ok(file) => files.push(file),
            Err(mut found) => mistakes.append(&mut found),
        }
    }
    mistakes.extend(twice(&files));
    if mistakes.is_empty() {
        return Ok(files);
    }
    let lines: Vec<_> = mistakes
        .iter()
        .map(|mistake| match mistake.field.as_str() {
            "" => format!("{}: {}", mistake.file, mistake.allowed),
            field => format!("{}: {field}: {}", mistake.file, mistake.allowed),
        })
        .collect();
    let details: Vec<_> = mistakes
        .iter()
        .map(|mistake| json!({ "file": mistake.file, "field": mistake.field, "allowed": mistake.allowed }))
        .collect();
    Err(Failure::new(
        "bot_invalid",
        format!(
            "{} in the files; nothing was changed",
            count(lines.len(), "mistake")
        ),
    )
    .next(lines.join("\n"))
    .details(json!(details)))
}

/// `1 mistake`, `2 mistakes`.
pub(super) fn count(number: usize, what: &str) -> String {
    let many = if number == 1 { "" } else { "s" };
    format!("{number} {what}{many}")
}

fn read(path: &Path, text: &str) -> Result<BotFile, Vec<Mistake>> {
    let one = |field: &str, allowed: String| vec![Mistake::new(path, field, allowed)];
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| one("", error.to_string().trim().to_owned()))?;
    let Ok(Value::Object(mut fields)) = serde_json::to_value(table) else {
        return Err(one("", "is not a table of settings".to_owned()));
    };
    let numbers = fields.remove("numbers").map(serde_json::from_value);
    let numbers: Option<Vec<PhoneNumber>> = numbers
        .transpose()
        .map_err(|error| one("numbers", format!("a list of telephone numbers: {error}")))?;
    for name in NOT_IN_FILES {
        if fields.contains_key(name) {
            return Err(one(name, "not in a file: the platform sets it".to_owned()));
        }
    }
    if !fields.contains_key("id") {
        return Err(one(
            "id",
            "is missing: 1 to 64 characters of a-z, 0-9 and -".to_owned(),
        ));
    }
    let is_priced = fields.contains_key("price");
    let given = Value::Object(fields);
    let bot: Bot = serde_path_to_error::deserialize(&given).map_err(|error| {
        let field = error.path().to_string();
        let field = if field == "." { String::new() } else { field };
        one(&dotted(&field), error.into_inner().to_string())
    })?;
    let understood = serde_json::to_value(&bot).unwrap_or_default();
    let mut mistakes = Vec::new();
    unknown("", &given, &understood, &mut |field, known| {
        mistakes.push(Mistake::new(
            path,
            field,
            format!("there is no such field; there are {known}"),
        ));
    });
    if let Err(invalid) = bot.validate() {
        mistakes.extend(
            invalid
                .iter()
                .map(|wrong| Mistake::new(path, &wrong.field, wrong.message.as_str())),
        );
    }
    if mistakes.is_empty() {
        Ok(BotFile {
            path: path.to_owned(),
            bot,
            is_priced,
            numbers,
        })
    } else {
        Err(mistakes)
    }
}

/// `tools[2].url` as the API writes it: `tools.2.url`.
fn dotted(path: &str) -> String {
    path.replace('[', ".").replace(']', "")
}

/// Finds what a file says and nobody has read: a misspelt field, that would otherwise be passed over in silence. What
/// says nothing (an empty text, an empty list) is left out when a bot is written, so it may be missing there.
fn unknown(at: &str, given: &Value, understood: &Value, tell: &mut impl FnMut(&str, &str)) {
    let below = |name: &str| {
        if at.is_empty() {
            name.to_owned()
        } else {
            format!("{at}.{name}")
        }
    };
    match (given, understood) {
        (Value::Object(given), Value::Object(known)) => {
            for (name, value) in given {
                match known.get(name) {
                    Some(found) => unknown(&below(name), value, found, tell),
                    None if says_nothing(value) => {}
                    None => {
                        let names = known
                            .keys()
                            .filter(|name| !NOT_IN_FILES.contains(&name.as_str()));
                        tell(&below(name), &names.cloned().collect::<Vec<_>>().join(", "));
                    }
                }
            }
        }
        (Value::Array(given), Value::Array(known)) => {
            for (index, (value, found)) in given.iter().zip(known).enumerate() {
                unknown(&below(&index.to_string()), value, found, tell);
            }
        }
        _ => {}
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(entries) => entries.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A bot in two files, or a number at two bots: the last would win, and nobody would know which that is.
fn twice(files: &[BotFile]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut bots: BTreeMap<&BotId, &Path> = BTreeMap::new();
    let mut numbers: BTreeMap<&PhoneNumber, &Path> = BTreeMap::new();
    for file in files {
        if let Some(other) = bots.insert(&file.bot.id, &file.path) {
            mistakes.push(Mistake::new(
                &file.path,
                "id",
                format!("{} is also the bot of {}", file.bot.id, other.display()),
            ));
        }
        for number in file.numbers.iter().flatten() {
            if let Some(other) = numbers.insert(number, &file.path) {
                mistakes.push(Mistake::new(
                    &file.path,
                    "numbers",
                    format!("{number} is also in {}", other.display()),
                ));
            }
        }
    }
    mistakes
}

/// A bot as a file would say it: without what is so by itself.
///
/// # Errors
/// The API's bot is none that this version knows.
pub(super) fn written(bot: &Value, numbers: &[String]) -> Result<String, Failure> {
    let known = Bot::deserialize(bot).map_err(|error| {
        Failure::new(
            "bot_strange",
            format!("this bot cannot be understood: {error}"),
        )
        .next("is callbox older than the platform?")
    })?;
    let plain = Bot {
        id: known.id.clone(),
        ..Bot::default()
    };
    let (said, unsaid) = (serde_json::to_value(&known), serde_json::to_value(&plain));
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(known.id));
    if !numbers.is_empty() {
        fields.insert("numbers".to_owned(), json!(numbers));
    }
    if let (Ok(Value::Object(said)), Ok(Value::Object(unsaid))) = (said, unsaid) {
        // Values before tables: after a table's head, TOML has no way back.
        let mut kept: Vec<_> = said
            .into_iter()
            .filter(|(name, value)| {
                !NOT_IN_FILES.contains(&name.as_str())
                    && unsaid.get(name) != Some(value)
                    && !value.is_null()
            })
            .collect();
        kept.sort_by_key(|(_, value)| value.is_object() || value.is_array());
        fields.extend(
            kept.into_iter()
                .map(|(name, value)| (name, without_null(value))),
        );
    }
    toml::to_string_pretty(&fields).map_err(|error| Failure::new("bot_strange", error.to_string()))
}

/// TOML has no null; a field that is not there means the same.
fn without_null(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_null(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(entries) => entries.into_iter().map(without_null).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<(String, String)> {
        let found = read(Path::new("mesa.toml"), text).err().unwrap_or_default();
        found
            .into_iter()
            .map(|mistake| (mistake.field, mistake.allowed))
            .collect()
    }

    #[test]
    fn a_bot_survives_its_file() {
        let text = "id = 'mesa'\nnumbers = ['+15005550006']\nname = 'Mesa'\ngreeting = 'Hello.'\n\
                    [turns.end]\nby = 'silence'\nsilence_ms = 900\n\
                    [[tools]]\nkind = 'end_call'\n[[tools]]\nkind = 'transfer'\nnumber = '+15005550009'\n";
        let file = read(Path::new("mesa.toml"), text).unwrap();
        let written = written(
            &serde_json::to_value(&file.bot).unwrap(),
            &["+15005550006".to_owned()],
        )
        .unwrap();
        let again = read(Path::new("mesa.toml"), &written).unwrap();
        assert_eq!(again.bot, file.bot);
        assert_eq!(again.numbers, file.numbers);
        assert!(!written.contains("reply_chars_max"), "{written}");
    }

    #[test]
    fn misspelt_fields_are_found_however_deep() {
        assert_eq!(mistakes("id = 'mesa'\ngreting = 'Hello.'")[0].0, "greting");
        let deep = mistakes("id = 'mesa'\n[idle]\nafter = 3");
        assert_eq!(deep[0].0, "idle.after");
        assert!(deep[0].1.contains("after_ms"), "{deep:?}");
        let tool = mistakes(
            "id = 'mesa'\n[[tools]]\nkind = 'webhook'\nname = 'find'\ndescription = 'x'\nurl = 'https://a.example.com'\ntimeout = 3",
        );
        assert_eq!(tool[0].0, "tools.0.timeout");
    }

    #[test]
    fn what_is_out_of_range_is_named_with_its_range() {
        assert_eq!(
            mistakes("id = 'mesa'\nreply_chars_max = 5"),
            [(
                "reply_chars_max".to_owned(),
                "20 to 4000 characters".to_owned()
            )]
        );
        let kind = mistakes("id = 'mesa'\n[idle]\nafter_ms = 'soon'");
        assert_eq!(kind[0].0, "idle.after_ms");
        let choice = mistakes("id = 'mesa'\nreply = 'loud'");
        assert!(choice[0].1.contains("stream"), "{choice:?}");
        assert_eq!(mistakes("name = 'Mesa'")[0].0, "id");
        assert_eq!(mistakes("id = 'mesa'\nversion = 3")[0].0, "version");
        assert_eq!(
            mistakes("id = 'mesa'\nnumbers = ['5550006']")[0].0,
            "numbers"
        );
    }

    #[test]
    fn a_file_that_names_no_numbers_is_not_one_that_wants_none() {
        let numbers = |text: &str| read(Path::new("mesa.toml"), text).unwrap().numbers;
        assert_eq!(numbers("id = 'mesa'"), None);
        assert_eq!(numbers("id = 'mesa'\nnumbers = []"), Some(Vec::new()));
    }

    #[test]
    fn a_number_cannot_be_at_two_bots() {
        let file = |id: &str| {
            read(
                Path::new(id),
                &format!("id = '{id}'\nnumbers = ['+15005550006']"),
            )
            .unwrap()
        };
        let found = twice(&[file("a"), file("b")]);
        assert_eq!((found.len(), found[0].field.as_str()), (1, "numbers"));
    }
}
