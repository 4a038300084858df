//! What can go wrong with the journal, each with the next step. Never a panic, never a silent loss.

use approvals::{FlowError, GrantId, HoldId, ReleaseId};
use rusqlite::ErrorCode;
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
    #[error("the disk is full, so nothing can be recorded; free some space and try again")]
    Full,
    #[error("the journal cannot be written; check the permissions of the home folder and its disk")]
    NotWritable,
    #[error("the journal is open for reading only; the process that owns the home writes it")]
    ReadOnly,
    #[error("the journal is in use by another program; close it and try again")]
    Busy,
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
    #[error("entry {0} cannot be read with this home's key; run `doorward journal verify`")]
    Unreadable(u64),
    #[error("an entry cannot be written as text: {0}; report this")]
    Encoding(#[source] serde_json::Error),
    #[error("the system gave no random bytes: {0}; restart the machine")]
    NoRandomness(#[source] getrandom::Error),
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
            Some(ErrorCode::SystemIoFailure) => JournalError::Disk(error),
            _ => JournalError::Database(error),
        }
    }
}

/// The first entry that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq} is not as it was written: {why}")]
pub struct BadEntry {
    pub seq: u64,
    pub why: String,
}
