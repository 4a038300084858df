//! What was changed in agents' files, and what stood there before: in the home folder, for as long as it is not undone.
//!
//! Whole files are kept by the hash of what they hold. A record is written before the file it is about, so that a crash
//! between the two leaves nothing that cannot be undone: a file that was never changed is left as it is.

use crate::{
    disk::{self, DiskError},
    door::Door,
    edit::{self, EditError},
    registry::{self, Known},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// One server that was moved behind the door, or put there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    pub table: Vec<String>,
    pub name: String,
    pub upstream: String,
}

/// One file that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    pub path: PathBuf,
    /// The backup's hash; none where there was no file.
    pub before: Option<String>,
    pub after: String,
    pub servers: Vec<Moved>,
}

/// One connecting of one agent program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The agent as it was paired.
    pub agent: String,
    /// It was paired for this, and goes with it.
    pub paired: bool,
    /// Epoch milliseconds.
    pub at: i64,
    pub files: Vec<Changed>,
    /// Servers that the person left where they were: they raise no alarm.
    #[serde(default)]
    pub left: Vec<String>,
}

/// Why a record or a backup cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    #[error("`{}` cannot be {what}: {error}", .path.display())]
    Io { path: PathBuf, what: &'static str, error: io::Error },
    #[error("`{}` is not as Doorward wrote it: {why}", .path.display())]
    Broken { path: PathBuf, why: String },
    #[error("the backup {hash} is gone or was changed")]
    NoBackup { hash: String },
    #[error("there is nothing to undo for `{agent}`")]
    Nothing { agent: String },
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error("`{}` cannot be put back: {error}", .path.display())]
    Edit { path: PathBuf, error: EditError },
}

impl KeepError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            KeepError::Io { .. } => "check that the home folder is yours and has room".to_owned(),
            KeepError::Broken { path, .. } => {
                format!("the files beside `{}` still hold every backup; put it back by hand", path.display())
            }
            KeepError::NoBackup { .. } => "put the file back by hand".to_owned(),
            KeepError::Nothing { .. } => "`doorward agent list --known` shows what is connected".to_owned(),
            KeepError::Disk(error) => error.hint().to_owned(),
            KeepError::Edit { .. } => "mend the file, then undo again; its backup is kept".to_owned(),
        }
    }
}

/// How one file came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoneFile {
    pub path: PathBuf,
    pub how: Undone,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// Byte for byte as before.
    Exactly,
    /// It was edited since: only what Doorward had put there was taken out.
    OnlyOurs,
    /// Nothing of ours was in it any more.
    NothingLeft,
}

/// The folder of records and backups.
#[derive(Clone, Debug)]
pub struct Keep {
    dir: PathBuf,
}

impl Keep {
    /// Below this home folder.
    #[must_use]
    pub fn of(home: &Path) -> Keep {
        Keep { dir: home.join("connected") }
    }

    fn book(&self, id: &str) -> PathBuf {
        self.dir.join(format!("{id}.json"))
    }

    /// Keeps what a file held and gives its name.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn back_up(&self, text: &str) -> Result<String, KeepError> {
        let hash = hash(text);
        let path = self.dir.join("backups").join(&hash);
        if self.backup(&hash).is_err() {
            self.write(&path, text)?;
        }
        Ok(hash)
    }

    fn backup(&self, of: &str) -> Result<String, KeepError> {
        let gone = || KeepError::NoBackup { hash: of.to_owned() };
        let text = fs::read_to_string(self.dir.join("backups").join(of)).map_err(|_| gone())?;
        if hash(&text) == of { Ok(text) } else { Err(gone()) }
    }

    /// What was done to this agent's files and not undone, the oldest first.
    ///
    /// # Errors
    /// The record cannot be read.
    pub fn records(&self, id: &str) -> Result<Vec<Record>, KeepError> {
        let path = self.book(id);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(KeepError::Io { path, what: "read", error }),
        };
        serde_json::from_str(&text).map_err(|error| KeepError::Broken { path, why: error.to_string() })
    }

    /// From now on these servers raise no alarm.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn leave(&self, id: &str, servers: &[String]) -> Result<(), KeepError> {
        let mut records = self.records(id)?;
        if let Some(newest) = records.last_mut() {
            newest.left.extend(servers.iter().cloned());
            self.save(id, &records)?;
        }
        Ok(())
    }

    /// Keeps a record; call it before the files it is about are written.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn remember(&self, id: &str, record: Record) -> Result<(), KeepError> {
        let mut records = self.records(id)?;
        records.push(record);
        self.save(id, &records)
    }

    /// Forgets the newest record, whose files were not written after all.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn forget_newest(&self, id: &str) -> Result<(), KeepError> {
        let mut records = self.records(id)?;
        records.pop();
        self.save(id, &records)
    }

    fn save(&self, id: &str, records: &[Record]) -> Result<(), KeepError> {
        let path = self.book(id);
        if records.is_empty() {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(KeepError::Io { path, what: "removed", error })
                }
                _ => Ok(()),
            };
        }
        let text = serde_json::to_string_pretty(records)
            .map_err(|error| KeepError::Broken { path: path.clone(), why: error.to_string() })?;
        self.write(&path, &text)
    }

    fn write(&self, path: &Path, text: &str) -> Result<(), KeepError> {
        let failed = |what| move |error| KeepError::Io { path: path.to_owned(), what, error };
        fs::create_dir_all(self.dir.join("backups")).map_err(failed("made"))?;
        #[cfg(unix)]
        for dir in [self.dir.clone(), self.dir.join("backups")] {
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            fs::set_permissions(&dir, private).map_err(failed("closed to others"))?;
        }
        let seen = disk::read(path)?;
        disk::write(path, seen.as_deref(), Some(text))?;
        Ok(())
    }

    /// Puts an agent's files back: byte for byte where nothing else changed them, else only what Doorward put there.
    /// What an edited file held is kept as well. A file that fails stays on record with every one before it.
    ///
    /// # Errors
    /// [`KeepError::Nothing`], or the first file that could not be put back.
    pub fn undo(&self, id: &str, door: &Door) -> Result<Vec<UndoneFile>, KeepError> {
        let nothing = || KeepError::Nothing { agent: id.to_owned() };
        let known = registry::known(id).ok_or_else(nothing)?;
        let records = self.records(id)?;
        let mut paths: Vec<&Path> = Vec::new();
        for file in records.iter().flat_map(|record| &record.files) {
            if !paths.contains(&file.path.as_path()) {
                paths.push(&file.path);
            }
        }
        if paths.is_empty() {
            return Err(nothing());
        }
        let mut done = Vec::new();
        for path in paths {
            done.push(UndoneFile {
                path: path.to_owned(),
                how: self.undo_file(known, door, path, &records)?,
            });
        }
        self.save(id, &[])?;
        Ok(done)
    }

    fn undo_file(
        &self,
        known: &Known,
        door: &Door,
        path: &Path,
        records: &[Record],
    ) -> Result<Undone, KeepError> {
        let seen = disk::read(path)?;
        let (mut text, mut how) = (seen.clone(), Undone::NothingLeft);
        let changes = records.iter().rev().flat_map(|record| &record.files).filter(|file| file.path == path);
        for change in changes {
            let now = text.as_deref().map(hash);
            if now.as_deref() == Some(&change.after) {
                text = change.before.as_deref().map(|hash| self.backup(hash)).transpose()?;
                if how == Undone::NothingLeft {
                    how = Undone::Exactly;
                }
            } else if now != change.before
                && let Some(current) = &text
            {
                let older = change.before.as_deref().map(|hash| self.backup(hash)).transpose()?;
                let ours = only_ours(known, door, current, older.as_deref(), &change.servers)
                    .map_err(|error| KeepError::Edit { path: path.to_owned(), error })?;
                if ours != *current {
                    how = Undone::OnlyOurs;
                    text = Some(ours);
                }
            }
        }
        if how == Undone::OnlyOurs
            && let Some(edited) = &seen
        {
            self.back_up(edited)?;
        }
        if text != seen {
            disk::write(path, seen.as_deref(), text.as_deref())?;
        }
        Ok(how)
    }
}

/// The text with those servers as they were that still lead to the door.
fn only_ours(
    known: &Known,
    door: &Door,
    text: &str,
    older: Option<&str>,
    servers: &[Moved],
) -> Result<String, EditError> {
    let mut text = text.to_owned();
    let was: Vec<_> = older.map(|older| edit::servers(known, older)).transpose()?.unwrap_or_default();
    for moved in servers {
        let is_it = |server: &crate::server::Server| server.table == moved.table && server.name == moved.name;
        let now = edit::servers(known, &text)?.into_iter().find(is_it);
        if now.is_none_or(|now| door.behind(&now.reach).is_none()) {
            continue;
        }
        text = match older.filter(|_| was.iter().any(is_it)) {
            Some(older) => edit::put_back(known, &text, older, &moved.table, &moved.name)?,
            None => edit::take_out(known, &text, &moved.table, &moved.name)?,
        };
    }
    Ok(text)
}

/// SHA-256 in hex.
fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
