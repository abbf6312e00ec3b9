//! The configuration of `workerd`, made from `wrangler.toml`: what is deployed says what runs here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use toml::{Table, Value};

/// `state` is given its folder, and `http` its port, on the command line.
const CAPNP: &str = r#"# Made from wrangler.toml at every start; changes here are lost.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
    (name = "state", disk = (path = "state", writable = true)),{pages_service}
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [{pages_module}
    (name = "index.js", esModule = embed "index.js"),
    (name = "index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  compatibilityDate = {date},
  compatibilityFlags = [{flags}],
  bindings = [
    {bindings},
  ],
  durableObjectNamespaces = [{namespaces}],
  durableObjectStorage = (localDisk = "state"),
);
"#;

/// The pages' folder, given on the command line, and what answers with the files in it.
const PAGES_SERVICE: &str = "\n    (name = \"pages\", disk = (path = \"pages\")),";
const PAGES_MODULE: &str = "\n    (name = \"pages.js\", esModule = embed \"pages.js\"),";
const PAGES_BINDING: &str = "(name = \"PAGES\", service = \"pages\")";

/// What `wrangler.toml` says, as far as `workerd` must know it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wrangler {
    name: String,
    compatibility_date: String,
    compatibility_flags: Vec<String>,
    vars: BTreeMap<String, Value>,
    /// Binding name and class.
    objects: Vec<(String, String)>,
    sql_classes: BTreeSet<String>,
    /// The folder with the pages, as it stands there: relative to the file.
    pub(super) pages: Option<String>,
}

impl Wrangler {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let root: Table = text
            .parse()
            .map_err(|error: toml::de::Error| error.to_string())?;
        let required = |key: &str| {
            let value = root.get(key).and_then(Value::as_str).map(str::to_owned);
            value.ok_or_else(|| format!("'{key}' is missing"))
        };
        let objects = root
            .get("durable_objects")
            .and_then(|objects| objects.get("bindings"))
            .and_then(Value::as_array);
        let objects = objects.into_iter().flatten().filter_map(|binding| {
            let field = |key: &str| binding.get(key).and_then(Value::as_str).map(str::to_owned);
            Some((field("name")?, field("class_name")?))
        });
        let migrations = root.get("migrations").and_then(Value::as_array);
        let sql_classes = migrations
            .into_iter()
            .flatten()
            .filter_map(|migration| migration.get("new_sqlite_classes"));
        Ok(Self {
            name: required("name")?,
            compatibility_date: required("compatibility_date")?,
            compatibility_flags: root
                .get("compatibility_flags")
                .map(texts)
                .unwrap_or_default(),
            vars: root
                .get("vars")
                .and_then(Value::as_table)
                .cloned()
                .unwrap_or_default()
                .into_iter()
                .collect(),
            objects: objects.collect(),
            sql_classes: sql_classes.flat_map(texts).collect(),
            pages: root
                .get("assets")
                .and_then(|assets| assets.get("directory")?.as_str())
                .map(str::to_owned),
        })
    }

    /// The configuration in Cap'n Proto. `variables` are bound from the process's environment, so that no secret is
    /// written to a file; those of `[vars]` that they do not name keep their value. The modules lie beside it. Without
    /// `with_pages`, all requests go to the Worker.
    pub(super) fn to_capnp<'a>(
        &self,
        variables: impl Iterator<Item = &'a str>,
        with_pages: bool,
    ) -> String {
        let pages = |text| if with_pages { text } else { "" };
        let flags: Vec<_> = self
            .compatibility_flags
            .iter()
            .map(|flag| quoted(flag))
            .collect();
        let mut bindings = self.bindings(&variables.collect());
        if with_pages {
            bindings.push(PAGES_BINDING.to_owned());
        }
        CAPNP
            .replace("{pages_service}", pages(PAGES_SERVICE))
            .replace("{pages_module}", pages(PAGES_MODULE))
            .replace("{date}", &quoted(&self.compatibility_date))
            .replace("{flags}", &flags.join(", "))
            .replace("{namespaces}", &self.namespaces().join(", "))
            .replace("{bindings}", &bindings.join(",\n    "))
    }

    fn bindings(&self, from_environment: &BTreeSet<&str>) -> Vec<String> {
        let mut bindings = Vec::new();
        for (name, class) in &self.objects {
            let (name, class) = (quoted(name), quoted(class));
            bindings.push(format!("(name = {name}, durableObjectNamespace = {class})"));
        }
        for (name, value) in &self.vars {
            if from_environment.contains(name.as_str()) {
                continue;
            }
            let (kind, text) = match value.as_str() {
                Some(text) => ("text", text.to_owned()),
                None => ("json", serde_json::to_string(value).unwrap_or_default()),
            };
            bindings.push(format!(
                "(name = {}, {kind} = {})",
                quoted(name),
                quoted(&text)
            ));
        }
        for name in from_environment {
            bindings.push(format!("(name = {0}, fromEnvironment = {0})", quoted(name)));
        }
        bindings
    }

    fn namespaces(&self) -> Vec<String> {
        let classes: BTreeSet<_> = self.objects.iter().map(|(_, class)| class).collect();
        let namespaces = classes.into_iter().map(|class| {
            let sql = self.sql_classes.contains(class);
            let (name, key) = (quoted(class), quoted(&format!("{}-{class}", self.name)));
            format!("(className = {name}, uniqueKey = {key}, enableSql = {sql})")
        });
        namespaces.collect()
    }
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

/// A text literal of Cap'n Proto, which has the escapes of C.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            control if control.is_ascii_control() => {
                let _ = write!(out, "\\x{:02x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRANGLER: &str = r#"
name = "callbox-edge"
main = "edge/build/index.js"
compatibility_date = "2026-11-17"
compatibility_flags = ["x"]
[vars]
GREETING = "a \"quoted\"\nword"
LIMITS = { calls = 3 }
STATUS_URL = "https://example.com"
[[durable_objects.bindings]]
name = "LINES"
class_name = "Line"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Line"]
"#;

    #[test]
    fn what_wrangler_declares_is_what_workerd_runs() {
        let config = Wrangler::parse(WRANGLER)
            .unwrap()
            .to_capnp(["STATUS_URL", "EDGE_SECRET"].into_iter(), false);
        for expected in [
            r#"(name = "LINES", durableObjectNamespace = "Line")"#,
            r#"(className = "Line", uniqueKey = "callbox-edge-Line", enableSql = true)"#,
            r#"(name = "GREETING", text = "a \"quoted\"\nword")"#,
            r#"(name = "LIMITS", json = "{\"calls\":3}")"#,
            r#"(name = "EDGE_SECRET", fromEnvironment = "EDGE_SECRET")"#,
            r#"(name = "STATUS_URL", fromEnvironment = "STATUS_URL")"#,
            r#"compatibilityDate = "2026-11-17""#,
            r#"compatibilityFlags = ["x"]"#,
            r#"wasm = embed "index_bg.wasm""#,
        ] {
            assert!(config.contains(expected), "{expected} is not in {config}");
        }
        assert!(
            !config.contains("example.com"),
            "a variable that is set replaces the one of [vars]"
        );
    }

    #[test]
    fn a_missing_key_is_named() {
        assert_eq!(
            Wrangler::parse("name = 'x'").unwrap_err(),
            "'compatibility_date' is missing"
        );
    }
}
