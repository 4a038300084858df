//! A home in one file: the set in force with its signature, the passkeys, and the key that the journal is sealed with.
//!
//! The window makes one, with a passkey where one is enrolled; the command line restores it into an empty folder, with
//! the passphrase it was sealed with. The journal itself, and the values of upstreams' secrets, are not in it. A
//! restore is whole or did nothing.

mod restore;
mod sealed;
#[cfg(test)]
mod tests;

pub use restore::{Restored, restore};

use crate::ceremony::{Agreement, CeremonyError, Purpose};
use crate::engine::Engine;
use crate::home::{FileError, HomeError, KeychainKind, read_text, write_whole};
use crate::keychain::{Keychain, KeychainError};
use crate::passphrase::SHORTEST;
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use journal::{Entry, JournalError};
use policy::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// Where the window puts backups, below the home.
const FOLDER: &str = "backups";

/// Why there is no backup, or nothing was restored from one.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("a backup's passphrase has at least {SHORTEST} characters")]
    ShortPassphrase,
    #[error("this home keeps its keys in memory, so there is nothing that could be restored")]
    InMemory,
    #[error("nothing that can be trusted is in force: {0}")]
    NothingInForce(String),
    #[error("this is no backup of Doorward")]
    NotABackup,
    #[error("the backup ends early: it was not copied whole")]
    Truncated,
    #[error("the backup was made by a newer Doorward (format {0})")]
    Newer(u32),
    #[error("the passphrase is another one")]
    WrongPassphrase,
    #[error("the backup was changed after it was made")]
    Changed,
    #[error("`{}` has something in it already", .0.display())]
    Occupied(PathBuf),
    #[error("the backup is older than what the keychain knows of this home: {0}")]
    Older(String),
    #[error("the keychain has another root key for this home than the backup")]
    OtherKey,
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("cannot {doing} `{}`: {why}", .path.display())]
    Io { doing: &'static str, path: PathBuf, why: std::io::Error },
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
}

impl BackupError {
    /// Stable, for the window and for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            BackupError::ShortPassphrase => "passphrase_short",
            BackupError::InMemory => "backup_in_memory",
            BackupError::NothingInForce(_) => "backup_nothing",
            BackupError::NotABackup => "backup_unknown",
            BackupError::Truncated => "backup_truncated",
            BackupError::Newer(_) => "backup_newer",
            BackupError::WrongPassphrase => "passphrase_wrong",
            BackupError::Changed => "backup_changed",
            BackupError::Occupied(_) => "backup_occupied",
            BackupError::Older(_) => "backup_older",
            BackupError::OtherKey => "backup_other_key",
            BackupError::Home(error) => error.code(),
            BackupError::File(error) => error.code(),
            BackupError::Io { .. } => "file_unreadable",
            BackupError::Journal(_) => "journal",
            BackupError::Keychain(error) => error.code(),
            BackupError::Ceremony(error) => error.code(),
        }
    }

    /// The next step.
    #[must_use]
    pub fn hint(&self) -> String {
        let hint = match self {
            BackupError::ShortPassphrase => "several words in a row are easy to remember and hard to guess",
            BackupError::InMemory => "make a home with the system's keychain for real work",
            BackupError::NothingInForce(_) => "look at the policies and confirm them, then make the backup",
            BackupError::NotABackup => "choose the file that the window named when it made the backup",
            BackupError::Truncated => "copy the file again; nothing was restored",
            BackupError::Newer(_) => "install that version of Doorward; nothing was restored",
            BackupError::WrongPassphrase => "type it again; nothing was restored",
            BackupError::Changed => "take another copy of it; nothing was restored",
            BackupError::Occupied(_) => {
                "name a new folder with `--home`, or move the old home away; nothing was restored"
            }
            BackupError::Older(_) => {
                "take the newest backup, or restore this one all the same with `--older`; nothing was restored"
            }
            BackupError::OtherKey => {
                "restore on another machine, or remove the entry `root-key` of this home from the keychain; nothing was restored"
            }
            BackupError::Io { .. } => "check the folder's permissions and free space",
            BackupError::Journal(_) => "check free space and permissions of the home folder",
            BackupError::Ceremony(_) => "use a passkey on the page that opens; no backup was made",
            BackupError::Home(error) => return error.hint(),
            BackupError::File(error) => return error.hint(),
            BackupError::Keychain(error) => error.hint(),
        };
        hint.to_owned()
    }
}

/// What is sealed. Keys and credentials' secrets are in here: it is wiped when dropped.
#[derive(Serialize, Deserialize)]
struct Contents {
    /// `doorward.toml` as it is.
    settings: String,
    /// The set in force by path, with the signature under it.
    set: BTreeMap<String, String>,
    /// `passkeys.json`, none where nobody ever enrolled one.
    passkeys: Option<String>,
    /// Entries of the keychain without the home's id, in base64.
    keychain: BTreeMap<String, String>,
}

impl Drop for Contents {
    fn drop(&mut self) {
        self.keychain.values_mut().for_each(Zeroize::zeroize);
    }
}

/// Entries of the keychain that go along, as `NAME/HOME`.
const ENTRIES: [&str; 4] = ["root-key", "passkeys", "passphrase", "history"];

/// The keychain's name for when the newest backup was made.
fn newest_entry(home_id: &str) -> String {
    format!("newest-backup/{home_id}")
}

/// When the newest backup that the keychain knows of was made.
fn newest(keychain: &dyn Keychain, home_id: &str) -> Result<Option<Timestamp>, KeychainError> {
    let kept = keychain.get(&newest_entry(home_id))?;
    let text = kept.and_then(|kept| String::from_utf8(kept.to_vec()).ok());
    Ok(text.and_then(|text| text.parse().ok()).map(Timestamp))
}

/// A moment as people read it, in UTC.
fn moment(at: Timestamp) -> String {
    written(at, "%Y-%m-%d %H:%M UTC")
}

fn written(at: Timestamp, form: &str) -> String {
    let read = jiff::Timestamp::from_millisecond(at.0);
    read.map_or_else(|_| at.0.to_string(), |at| at.strftime(form).to_string())
}

impl Engine {
    /// Seals a backup of this home and writes it below the home; with a passkey where one is enrolled. Where it lies.
    ///
    /// # Errors
    /// There is no new file then.
    pub async fn make_backup(
        self: &Arc<Self>,
        passphrase: Zeroizing<String>,
    ) -> Result<PathBuf, BackupError> {
        if passphrase.chars().count() < SHORTEST {
            return Err(BackupError::ShortPassphrase);
        }
        if self.settings().keychain == KeychainKind::Memory {
            return Err(BackupError::InMemory);
        }
        let lines = vec![(
            "it holds".to_owned(),
            "the policies in force, people, agents, upstreams, the record of passkeys, and the key of the journal"
                .to_owned(),
        )];
        let agreement = Agreement::to_lines(Purpose::Change, "Make a backup of this home", lines);
        self.require_proof(agreement).await?;
        let engine = Arc::clone(self);
        let made = tokio::task::spawn_blocking(move || engine.write_backup(&passphrase));
        made.await.map_err(|_| KeychainError::Failed { why: "its thread ended early".to_owned() })?
    }

    fn write_backup(&self, passphrase: &str) -> Result<PathBuf, BackupError> {
        let (id, made_at) = (self.settings().id.clone(), self.desk().clock().now());
        let sealed = sealed::seal(&self.contents()?, &id, made_at, passphrase)?;
        let folder = self.home().dir().join(FOLDER);
        crate::home::make_private(&folder)?;
        let path = folder.join(written(made_at, "doorward-%Y-%m-%d-%H%M%S.backup"));
        write_whole(&path, &sealed)?;
        if let Err(error) = self.keychain.set(&newest_entry(&id), made_at.0.to_string().as_bytes()) {
            // One that the keychain does not know of would be refused as older than the one before.
            let _ = std::fs::remove_file(&path);
            return Err(error.into());
        }
        let said = format!("a backup with the journal's key was made: {}", path.display());
        self.note(Entry::Alarm { code: "backup_made".to_owned(), said });
        Ok(path)
    }

    fn contents(&self) -> Result<Contents, BackupError> {
        let stored = self.sets().stored_in_force().map_err(BackupError::NothingInForce)?;
        let path = self.home().paths().passkeys();
        let passkeys = if path.exists() { Some(read_text(&path)?) } else { None };
        let mut keychain = BTreeMap::new();
        for name in ENTRIES {
            if let Some(secret) = self.keychain.get(&format!("{name}/{}", self.settings().id))? {
                keychain.insert(name.to_owned(), STANDARD_NO_PAD.encode(&*secret));
            }
        }
        let settings = read_text(&self.home().paths().settings())?;
        Ok(Contents { settings, set: stored, passkeys, keychain })
    }
}
