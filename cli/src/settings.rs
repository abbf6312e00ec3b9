//! Where the platform and the account are, and the keys to both: from the environment and from files.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use twilio::PhoneNumber;

use crate::failure::Failure;

/// One setting: its name in a file, its variable, and what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    name: &'static str,
    variable: &'static str,
    what: &'static str,
}

macro_rules! settings {
    ($($constant:ident $name:literal $variable:literal $what:literal;)*) => {
        $(pub(crate) const $constant: Setting = Setting { name: $name, variable: $variable, what: $what };)*
        const ALL: &[Setting] = &[$($constant),*];
    };
}

settings! {
    API_URL "api_url" "CALLBOX_API_URL" "where the API is: the URL of the function `calls`";
    API_KEY "api_key" "CALLBOX_API_KEY" "a key of the API: callbox keys create, or the operator key";
    TENANT "tenant" "CALLBOX_TENANT" "with the operator key: whose bots, numbers and calls are meant";
    ACCOUNT "twilio_account_sid" "TWILIO_ACCOUNT_SID" "the Twilio account, AC and 32 characters: console.twilio.com";
    TOKEN "twilio_auth_token" "TWILIO_AUTH_TOKEN" "the account's auth token: console.twilio.com";
    TWILIO_URL "twilio_api_url" "TWILIO_API_URL" "where Twilio's REST API is, if not at https://api.twilio.com";
    NUMBER "number" "CALLBOX_NUMBER" "the telephone number, such as +15005550006";
    VOICE_URL "voice_url" "CALLBOX_VOICE_URL" "where the function `voice` is";
    STATUS_URL "status_url" "CALLBOX_STATUS_URL" "where the function `status` is";
    EDGE_URL "edge_url" "CALLBOX_EDGE_URL" "where the edge is";
}

/// The file of a folder, for the project that lives in it.
const LOCAL_FILE: &str = "callbox.toml";

/// What was found, and where.
pub(crate) struct Settings {
    found: BTreeMap<&'static str, Found>,
    files: Vec<PathBuf>,
}

struct Found {
    value: String,
    source: String,
}

impl Settings {
    /// Reads the environment, then `callbox.toml` of this folder, then the person's own file. What comes first counts.
    /// A file that is named replaces both.
    ///
    /// # Errors
    /// A file that cannot be read or says what is unknown.
    pub(crate) fn read(named: Option<&Path>) -> Result<Self, Failure> {
        let mut settings = Self {
            found: BTreeMap::new(),
            files: Vec::new(),
        };
        for setting in ALL {
            if let Ok(value) = env::var(setting.variable) {
                settings.take(setting, &value, setting.variable);
            }
        }
        if let Some(path) = named {
            settings.file(path, true)?;
            return Ok(settings);
        }
        settings.file(Path::new(LOCAL_FILE), false)?;
        if let Some(path) = own_file() {
            settings.file(&path, false)?;
        }
        Ok(settings)
    }

    fn take(&mut self, setting: &Setting, value: &str, source: &str) {
        let value = value.trim();
        if !value.is_empty() {
            self.found.entry(setting.name).or_insert_with(|| Found {
                value: value.to_owned(),
                source: source.to_owned(),
            });
        }
    }

    fn file(&mut self, path: &Path, is_named: bool) -> Result<(), Failure> {
        let shown = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => {
                return Ok(());
            }
            Err(error) => {
                return Err(Failure::usage(
                    "config_unreadable",
                    format!("{shown} cannot be read: {error}"),
                ));
            }
        };
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            // The snippet of a parse error could show a key.
            let line = error.span().map_or(0, |span| {
                text.get(..span.start)
                    .map_or(0, |head| head.lines().count().max(1))
            });
            Failure::usage(
                "config_malformed",
                format!("{shown}, line {line}: {}", error.message()),
            )
        })?;
        for (name, value) in &table {
            let known = ALL.iter().find(|setting| setting.name == name);
            let Some((setting, value)) = known.zip(value.as_str()) else {
                let names: Vec<_> = ALL.iter().map(|setting| setting.name).collect();
                let message = if known.is_some() {
                    format!("{shown}: {name} must be a text in quotation marks")
                } else {
                    format!("{shown}: there is no setting {name}")
                };
                let next = format!("settings: {}", names.join(", "));
                return Err(Failure::usage("config_invalid", message).next(next));
            };
            self.take(setting, value, &shown);
        }
        self.files.push(path.to_owned());
        Ok(())
    }

    /// What a flag says, which counts before everything else.
    pub(crate) fn flag(&mut self, setting: Setting, value: Option<&str>, flag: &str) {
        if let Some(value) = value {
            self.found.remove(setting.name);
            self.take(&setting, value, flag);
        }
    }

    /// The files that were read.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// A setting that may be missing.
    pub(crate) fn get(&self, setting: Setting) -> Option<&str> {
        self.found
            .get(setting.name)
            .map(|found| found.value.as_str())
    }

    /// Where a setting comes from.
    pub(crate) fn source(&self, setting: Setting) -> Option<&str> {
        self.found
            .get(setting.name)
            .map(|found| found.source.as_str())
    }

    /// A setting that is needed.
    ///
    /// # Errors
    /// Says where to put it.
    pub(crate) fn need(&self, setting: Setting) -> Result<&str, Failure> {
        self.get(setting).ok_or_else(|| {
            Failure::usage("setting_missing", format!("{setting} is not set")).next(format!(
                "set {} in the environment, or {} in {LOCAL_FILE} or ~/.config/callbox/config.toml: {}",
                setting.variable, setting.name, setting.what
            ))
        })
    }

    /// A setting that is a URL of a host, needed.
    ///
    /// # Errors
    /// It is missing, or no such URL.
    pub(crate) fn need_url(&self, setting: Setting) -> Result<String, Failure> {
        host_url(self.need(setting)?).map_err(|problem| self.wrong(setting, problem))
    }

    /// A setting that is a URL of a host, if it is set.
    ///
    /// # Errors
    /// It is no such URL.
    pub(crate) fn url(&self, setting: Setting) -> Result<Option<String>, Failure> {
        let url = self.get(setting).map(host_url).transpose();
        url.map_err(|problem| self.wrong(setting, problem))
    }

    /// The number of the settings, if there is one.
    ///
    /// # Errors
    /// It is no number.
    pub(crate) fn number(&self) -> Result<Option<PhoneNumber>, Failure> {
        let number = self.get(NUMBER).map(str::parse).transpose();
        number.map_err(|error: twilio::ids::BadPhoneNumber| self.wrong(NUMBER, error))
    }

    /// A setting that cannot be.
    pub(crate) fn wrong(&self, setting: Setting, problem: impl fmt::Display) -> Failure {
        let source = self.source(setting).unwrap_or("the environment");
        Failure::usage(
            "setting_invalid",
            format!("{setting} of {source} {problem}"),
        )
        .next(format!("{} is {}", setting.name, setting.what))
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

fn own_file() -> Option<PathBuf> {
    folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("config.toml"))
}

/// A folder of ours for this person (XDG Base Directory Specification); on a Mac the same, as its developers expect.
pub(crate) fn folder(variable: &str, below_home: &str) -> Option<PathBuf> {
    let set = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = set(variable)
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(below_home)))?;
    Some(base.join("callbox"))
}

/// `https://host[:port]` without a slash at its end; `http://` for this machine only, since keys go along.
pub(crate) fn host_url(text: &str) -> Result<String, &'static str> {
    let url = text.trim().trim_end_matches('/');
    let Some((scheme, host)) = url.split_once("://") else {
        return Err("is not a URL: expected https://host");
    };
    let clean = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    if host.is_empty() || !host.chars().all(clean) {
        return Err("must be a host and no more: https://host, without user, path or query");
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let here = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    if scheme == "https" || (scheme == "http" && here) {
        Ok(url.to_owned())
    } else {
        Err("must begin with https://; http:// is for 127.0.0.1 and localhost only")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_to_hosts_by_https_and_to_this_machine() {
        assert_eq!(
            host_url("https://a.example.com/"),
            Ok("https://a.example.com".to_owned())
        );
        assert_eq!(
            host_url("http://127.0.0.1:8702"),
            Ok("http://127.0.0.1:8702".to_owned())
        );
        for wrong in [
            "",
            "a.example.com",
            "http://a.example.com",
            "https://a/b",
            "https://u@a",
            "ftp://a",
        ] {
            assert!(host_url(wrong).is_err(), "{wrong}");
        }
    }

    fn read(text: &str) -> Result<Settings, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        let mut settings = Settings {
            found: BTreeMap::new(),
            files: Vec::new(),
        };
        settings.file(&path, true).map(|()| settings)
    }

    #[test]
    fn a_misspelt_setting_is_named_with_those_that_there_are() {
        let failure = read("api_ulr = 'https://a.example.com'").err().unwrap();
        assert!(
            failure.message.ends_with("there is no setting api_ulr"),
            "{}",
            failure.message
        );
        assert!(failure.next.unwrap().contains("api_url"));
        assert_eq!(failure.exit, 2);
    }

    #[test]
    fn a_file_that_cannot_be_read_shows_no_secret() {
        let failure = read("api_key = \"first\n").err().unwrap();
        assert!(failure.message.contains("line 1"), "{}", failure.message);
        assert!(!format!("{failure:?}").contains("first"));
    }

    #[test]
    fn what_is_missing_is_explained() {
        let settings = read("number = '+15005550006'").unwrap();
        assert_eq!(settings.number().unwrap().unwrap().as_str(), "+15005550006");
        let failure = settings.need(TOKEN).err().unwrap();
        assert!(failure.next.unwrap().contains("TWILIO_AUTH_TOKEN"));
    }
}
