//! The rules of the house: which room may use which, how long a file may be, and what is not left lying about.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms, and the rooms they may use.
const ARROWS: [(&str, &[&str]); 12] = [
    ("core/malloc", &[]),
    ("core/audio", &["malloc"]),
    ("core/twilio", &[]),
    ("core/call", &["audio"]),
    ("core/providers", &["audio", "call"]),
    ("core/contract", &["twilio"]),
    (
        "edge",
        &["audio", "call", "contract", "malloc", "providers", "twilio"],
    ),
    ("functions", &["audio", "contract", "twilio"]),
    ("cli", &["audio", "call", "contract", "providers", "twilio"]),
    ("infra/local", &["audio", "contract", "twilio"]),
    (
        "tests",
        &[
            "audio",
            "call",
            "contract",
            "functions",
            "providers",
            "twilio",
        ],
    ),
    // The bench of the turn-taking. The local platform must not use the engine, so it cannot have it.
    ("tests/turns", &["audio", "call", "tests"]),
];

/// Lines of one file.
const LINES_MAX: usize = 400;

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("the tests lie in the house")
        .to_path_buf()
}

/// All files that somebody wrote.
fn files(extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder that can be read") {
            let path = entry.expect("an entry that can be read").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let is_made = name.starts_with('.')
                || ["target", "node_modules", "build"].contains(&name.as_str());
            if path.is_dir() && !is_made {
                folders.push(path);
            } else if path.is_file() {
                let extension = path
                    .extension()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                if extensions.contains(&extension.as_str()) {
                    found.push(path);
                }
            }
        }
    }
    found.sort();
    assert!(
        found.len() > 5 || extensions == ["toml"],
        "the house is not where it was"
    );
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", shown(path)))
}

/// The rooms that a room's manifest names, those for its own tests aside.
fn used(manifest: &str, rooms: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let mut section = "";
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
            continue;
        }
        let is_use = section.ends_with("dependencies]") && !section.contains("dev-dependencies");
        let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
        if is_use && rooms.contains(name) {
            used.insert(name.to_owned());
        }
    }
    used
}

#[test]
fn rooms_use_only_the_rooms_that_they_may() {
    let rooms: BTreeSet<&str> = ARROWS
        .iter()
        .map(|(path, _)| path.rsplit('/').next().unwrap_or(path))
        .collect();
    for (path, may) in ARROWS {
        let manifest = root().join(path).join("Cargo.toml");
        for room in used(&read(&manifest), &rooms) {
            assert!(may.contains(&room.as_str()), "{path} must not use {room}");
        }
    }
}

#[test]
fn every_room_is_on_the_plan() {
    for folder in fs::read_dir(root().join("core")).expect("the core") {
        let folder = folder.expect("an entry").path();
        let path = shown(&folder);
        if folder.is_dir() {
            assert!(
                ARROWS.iter().any(|(room, _)| *room == path),
                "{path} is on no plan"
            );
        }
    }
}

#[test]
fn no_file_is_too_long_to_be_read() {
    let long: Vec<String> = files(&["rs", "ts", "js", "mjs", "py", "sh"])
        .iter()
        .map(|path| (read(path).lines().count(), path))
        .filter(|(lines, _)| *lines > LINES_MAX)
        .map(|(lines, path)| format!("{} has {lines} lines", shown(path)))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn nothing_is_unfinished_or_switched_off() {
    // Put together here, so that this file does not find itself.
    let marks = ["todo", "unimplemented"].map(|name| format!("{name}!("));
    let ignored = ["#[ig", "nore"].concat();
    for path in files(&["rs"]) {
        let text = read(&path);
        for (number, line) in text.lines().enumerate() {
            let bad =
                marks.iter().any(|mark| line.contains(mark.as_str())) || line.contains(&ignored);
            assert!(!bad, "{}:{}: {line}", shown(&path), number + 1);
        }
    }
}

#[test]
fn types_are_named_for_what_they_are() {
    const VAGUE: [&str; 6] = ["Manager", "Handler", "Processor", "Util", "Helper", "Impl"];
    // A service of that name.
    const NAMES: [&str; 1] = ["SecretsManager"];
    for path in files(&["rs"]) {
        for (number, line) in read(&path).lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            for pair in words.windows(2) {
                if !["struct", "enum", "trait", "type"].contains(&pair[0]) {
                    continue;
                }
                let name = pair[1]
                    .split(|c: char| !c.is_alphanumeric())
                    .next()
                    .unwrap_or_default();
                let is_vague = VAGUE
                    .iter()
                    .any(|word| name.ends_with(word) || name.ends_with(&format!("{word}s")));
                assert!(
                    !is_vague || NAMES.contains(&name),
                    "{}:{}: {name}",
                    shown(&path),
                    number + 1
                );
            }
        }
    }
}

#[test]
fn only_the_allocator_is_unsafe() {
    let word = ["un", "safe"].concat();
    for path in files(&["rs"]) {
        if shown(&path).starts_with("core/malloc/") {
            continue;
        }
        for (number, line) in read(&path).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let words: Vec<&str> = code
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .collect();
            let is_used = words.contains(&word.as_str()) && !code.contains('"');
            assert!(!is_used, "{}:{}: {line}", shown(&path), number + 1);
        }
    }
}
