//! What a number did before it was pointed here, kept until it does so again.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use twilio::rest::NumberSettings;
use twilio::{AccountSid, NumberSid, PhoneNumber};

use crate::failure::Failure;
use crate::settings::folder;

/// A number that points here, and what it shall do afterwards.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Memory {
    /// Whose number.
    pub(crate) account: AccountSid,
    /// Which.
    pub(crate) sid: NumberSid,
    /// Which, for people.
    pub(crate) number: PhoneNumber,
    /// What it did.
    pub(crate) former: NumberSettings,
    /// Where it asks now, if Twilio has heard of it.
    pub(crate) voice_url: String,
    /// All that it was pointed to in this run. Another URL at Twilio means that somebody else has changed it since.
    #[serde(default)]
    pub(crate) ours: Vec<String>,
    /// The tunnel's program; none: a URL was given.
    pub(crate) tunnel: Option<String>,
    /// Since when.
    pub(crate) began: Timestamp,
    /// Until when; none: until it is stopped.
    pub(crate) until: Option<Timestamp>,
}

impl Memory {
    /// It is about to be pointed there.
    pub(crate) fn aim(&mut self, voice_url: &str) {
        // An earlier version remembered the last one only.
        let before = std::mem::replace(&mut self.voice_url, voice_url.to_owned());
        for url in [before, voice_url.to_owned()] {
            if !url.is_empty() && !self.ours.contains(&url) {
                self.ours.push(url);
            }
        }
    }

    /// Whether a number that does this still points where this run has pointed it.
    pub(crate) fn is_ours(&self, now: &NumberSettings) -> bool {
        let ours = |url: &String| *url == self.voice_url || self.ours.contains(url);
        now.voice_url.as_ref().is_some_and(ours)
            && now.voice_application_sid.is_none()
            && now.trunk_sid.is_none()
    }
}

/// The folder of the memory: one number at a time.
pub(crate) struct Store {
    folder: PathBuf,
}

/// Held as long as the program runs; the system lets go of it however the program ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Store {
    /// The person's own, or the one that `CALLBOX_STATE_DIR` names.
    ///
    /// # Errors
    /// There is no home, or no folder can be made in it.
    pub(crate) fn open() -> Result<Self, Failure> {
        let named = std::env::var_os("CALLBOX_STATE_DIR").filter(|name| !name.is_empty());
        let folder = named
            .map(PathBuf::from)
            .or_else(|| folder("XDG_STATE_HOME", ".local/state"))
            .ok_or_else(|| {
                Failure::usage(
                    "no_home",
                    "there is no folder to remember a number's settings in",
                )
                .next("set HOME or CALLBOX_STATE_DIR")
            })?;
        let store = Self { folder };
        make(&store.folder).map_err(|error| store.failed(&error))?;
        Ok(store)
    }

    fn failed(&self, error: &io::Error) -> Failure {
        let message = format!("{} cannot be used: {error}", self.folder.display());
        Failure::new("state_unusable", message)
            .next("set CALLBOX_STATE_DIR to a folder of your own")
    }

    /// Where it is, for people.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("number.json")
    }

    /// Makes this process the one that runs; none if another does.
    pub(crate) fn lock(&self) -> Result<Option<Lock>, Failure> {
        let mut file = self.lock_file().map_err(|error| self.failed(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
            Err(fs::TryLockError::Error(error)) => return Err(self.failed(&error)),
        }
        // For `stop`: whoever holds the lock wrote this, so it is no leftover.
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()));
        written.map_err(|error| self.failed(&error))?;
        Ok(Some(Lock { _file: file }))
    }

    /// The process that runs, if one does.
    pub(crate) fn running(&self) -> Result<Option<i32>, Failure> {
        let told = |error: io::Error| self.failed(&error);
        let mut file = self.lock_file().map_err(told)?;
        match file.try_lock_shared() {
            Ok(()) => return Ok(None),
            Err(fs::TryLockError::WouldBlock) => {}
            Err(fs::TryLockError::Error(error)) => return Err(told(error)),
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(told)?;
        Ok(Some(text.trim().parse().unwrap_or(0)))
    }

    fn lock_file(&self) -> io::Result<File> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        options.open(self.folder.join("lock"))
    }

    /// What is remembered.
    pub(crate) fn read(&self) -> Result<Option<Memory>, Failure> {
        let path = self.path();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(&error)),
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| {
            let message = format!("{} cannot be understood: {error}", path.display());
            Failure::new("state_broken", message)
                .next("it says what the number did before: set that by hand, then delete the file")
        })
    }

    /// Remembers, for its owner's eyes only: whole or not at all, and before this returns.
    pub(crate) fn write(&self, memory: &Memory) -> Result<(), Failure> {
        let write = || -> io::Result<()> {
            let json = serde_json::to_vec_pretty(memory)?;
            // Made with mode 0600.
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            file.write_all(&json)?;
            file.as_file().sync_all()?;
            file.persist(self.path())?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(|error| self.failed(&error))
    }

    /// Forgets.
    pub(crate) fn clear(&self) -> Result<(), Failure> {
        match fs::remove_file(self.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed(&error)),
            _ => Ok(()),
        }
    }
}

#[cfg(unix)]
fn make(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("callbox");
        make(&folder).unwrap();
        (home, Store { folder })
    }

    fn memory() -> Memory {
        Memory {
            account: "AC00000000000000000000000000000000".parse().unwrap(),
            sid: "PN33333333333333333333333333333333".parse().unwrap(),
            number: "+15005550006".parse().unwrap(),
            former: NumberSettings {
                voice_url: Some("https://former.example.com".to_owned()),
                ..NumberSettings::default()
            },
            voice_url: "https://now.example.com".to_owned(),
            ours: Vec::new(),
            tunnel: None,
            began: Timestamp::UNIX_EPOCH,
            until: None,
        }
    }

    #[test]
    fn what_is_remembered_is_for_its_owner_only() {
        let (_home, store) = store();
        store.write(&memory()).unwrap();
        let mode = fs::metadata(store.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read = store.read().unwrap().unwrap();
        assert_eq!(read.former, memory().former);
        store.clear().unwrap();
        store.clear().unwrap();
        assert!(store.read().unwrap().is_none());
    }

    #[test]
    fn every_place_it_was_pointed_to_is_ours_and_no_other() {
        let mut memory = memory();
        let at = |url: &str| NumberSettings {
            voice_url: Some(url.to_owned()),
            ..NumberSettings::default()
        };
        let (first, second) = ("https://now.example.com", "https://next.example.com");
        // As an earlier version wrote it.
        let mut json = serde_json::to_value(&memory).unwrap();
        json.as_object_mut().unwrap().remove("ours");
        let read: Memory = serde_json::from_value(json).unwrap();
        assert!(read.is_ours(&at(first)) && !read.is_ours(&at(second)));
        for _ in 0..2 {
            memory.aim(second);
        }
        assert_eq!(memory.ours, [first, second]);
        assert!(memory.is_ours(&at(first)) && memory.is_ours(&at(second)));
        assert!(!memory.is_ours(&at("https://elsewhere.example.com")));
        assert!(!memory.is_ours(&NumberSettings::default()));
        let answered_elsewhere = NumberSettings {
            voice_application_sid: Some("AP11111111111111111111111111111111".to_owned()),
            ..at(second)
        };
        assert!(!memory.is_ours(&answered_elsewhere));
    }

    #[test]
    fn a_memory_that_cannot_be_understood_is_not_thrown_away() {
        let (_home, store) = store();
        fs::write(store.path(), "{").unwrap();
        assert_eq!(store.read().unwrap_err().code, "state_broken");
        assert!(store.path().exists());
    }

    #[test]
    fn only_one_runs_at_a_time_and_says_who_it_is() {
        let (_home, store) = store();
        assert_eq!(store.running().unwrap(), None);
        let lock = store.lock().unwrap();
        assert!(lock.is_some());
        assert!(store.lock().unwrap().is_none());
        assert_eq!(
            store.running().unwrap(),
            i32::try_from(std::process::id()).ok()
        );
        drop(lock);
        assert_eq!(store.running().unwrap(), None);
    }
}
