//! What can go wrong with the journal, each with the next step. Never a panic, never a silent loss.

use approvals::{FlowError, GrantId, HoldId, ReleaseId};
use rusqlite::{ErrorCode, ffi};
use std::path::PathBuf;

/// Why the journal did not do what it was asked. Nothing was recorded then.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("cannot open the journal `{}`: {source}; check that the file and its folder are yours", path.display())]
    Open { path: PathBuf, source: std::io::Error },
    #[error("`{}` is not a journal; move it away, and a new one is begun", .0.display())]
    NotAJournal(PathBuf),
    #[error(
        "the journal was written by a newer version (format {found}, this version knows {known}); update Doorward"
    )]
    Newer { found: i64, known: i64 },
    #[error(
        "the journal was written by an older version (format {found}, this version uses {known}); start Doorward once, it brings the journal up to date"
    )]
    Older { found: i64, known: i64 },
    #[error("the disk is full, so nothing can be recorded; free some space and try again")]
    Full,
    #[error("the journal cannot be written; check the permissions of the home folder and its disk")]
    NotWritable,
    #[error("the journal is open for reading only; the process that owns the home writes it")]
    ReadOnly,
    #[error("the journal is in use by another program; close it and try again")]
    Busy,
    #[error(
        "the journal cannot keep up with the disk, so no more calls go; look at the disk, then try again"
    )]
    Behind,
    #[error("the journal's own thread could not be started: {0}; close other programs and try again")]
    NoThread(#[source] std::io::Error),
    #[error("the journal is damaged ({0}); run `doorward journal verify` and restore a backup")]
    Damaged(String),
    #[error("the disk failed while the journal was used: {0}; check the disk")]
    Disk(rusqlite::Error),
    #[error("the journal's database failed: {0}; restart Doorward")]
    Database(rusqlite::Error),
    #[error("release `{0}` is used already, or its hold was released before; a call goes once")]
    AlreadyReleased(ReleaseId),
    #[error("hold `{hold}` is {found} on record, so it is not released; look at its card again")]
    NotApproved { hold: HoldId, found: &'static str },
    #[error("there is no hold `{0}` on record; it may have been sealed with a key that is gone")]
    UnknownHold(HoldId),
    #[error("what happened to hold `{hold}` does not fit its record: {source}")]
    DoesNotFit { hold: HoldId, source: FlowError },
    #[error("a claim of hold `{0}` is recorded by committing its release; commit it instead")]
    ClaimWithoutRelease(HoldId),
    #[error("grant `{0}` was revoked or is used up; the call has to be asked for again")]
    GrantEnded(GrantId),
    #[error("release `{0}` is not on record; commit it first")]
    UnknownRelease(ReleaseId),
    #[error("release `{0}` is complete already; a call ends once")]
    AlreadyCompleted(ReleaseId),
    #[error(
        "the policy set in force was not confirmed with this home's key; look at the policies and confirm them"
    )]
    SetTampered,
    #[error(
        "the record of the tool `{0}` is not as this home wrote it, so it is not called; run `doorward journal verify` and restore a backup"
    )]
    PinTampered(String),
    #[error(
        "the journal is of format {found}, and this home's had format {noted} already: an older file is in its place; put the newest copy of `journal.sqlite` back, or move this one away to begin a new one"
    )]
    PutBack { found: i64, noted: i64 },
    #[error("entry {0} cannot be read with this home's key; run `doorward journal verify`")]
    Unreadable(u64),
    #[error("an entry cannot be written as text: {0}; report this")]
    Encoding(#[source] serde_json::Error),
    #[error(
        "calls are counted in at most 400 buckets that rise and begin at quarters of an hour; ask for fewer"
    )]
    BadBuckets,
    #[error("the system gave no random bytes: {0}; restart the machine")]
    NoRandomness(#[source] getrandom::Error),
}

impl JournalError {
    /// Not of what was to be recorded: the same may be recorded later.
    pub(crate) fn is_of_the_disk(&self) -> bool {
        !matches!(
            self,
            JournalError::AlreadyReleased(_)
                | JournalError::AlreadyCompleted(_)
                | JournalError::UnknownRelease(_)
                | JournalError::UnknownHold(_)
                | JournalError::Encoding(_)
        )
    }
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> JournalError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => JournalError::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                JournalError::NotWritable
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalError::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                JournalError::Damaged(error.to_string())
            }
            // A file or a disk that became read-only under an open journal fails at the write itself.
            Some(ErrorCode::SystemIoFailure) if is_of_writing(&error) => JournalError::NotWritable,
            Some(ErrorCode::SystemIoFailure) => JournalError::Disk(error),
            _ => JournalError::Database(error),
        }
    }
}

fn is_of_writing(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    let writing = [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_TRUNCATE];
    code.is_some_and(|code| writing.contains(&code))
}

/// The first thing on record that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is not as it was written: {why}", self.name())]
pub struct BadEntry {
    /// What it is part of: `entry`, or a list beside the entries (`call`, `release`, `pin`, ...).
    pub part: &'static str,
    /// The entry it is or belongs to; 0 where none can be told.
    pub seq: u64,
    pub why: String,
}

impl BadEntry {
    /// "entry 12", "the call of entry 12", "the cut".
    #[must_use]
    pub fn name(&self) -> String {
        match (self.part, self.seq) {
            ("entry", seq) => format!("entry {seq}"),
            (part, 0) => format!("the {part}"),
            (part, seq) => format!("the {part} of entry {seq}"),
        }
    }
}
