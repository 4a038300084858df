//! Reading entries back: the columns as they stand, and the body where this home's key opens it.

use crate::chain::{Columns, Form, Hash, Head, replaced_header};
use crate::seal::{KeyId, Opening, Seals};
use crate::{Journal, JournalError};
use policy::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::de::DeserializeOwned;
use std::sync::{MutexGuard, PoisonError};

/// Entries one call of [`Journal::entries`] returns at most.
pub const ENTRIES_AT_ONCE: usize = 1_000;

/// Columns of `entries e` and its predecessor's hash, in the order [`Kept::from_row`] reads them.
pub(crate) const COLUMNS: &str = "e.seq, e.at, e.kind, e.hold, e.release, e.key, e.body, e.body_hash, e.hash, e.form, coalesce((SELECT p.hash FROM entries p WHERE p.seq = e.seq - 1), (SELECT hash FROM cut WHERE seq = e.seq - 1))";

/// Where columns of a query come that stand after [`COLUMNS`].
pub(crate) const AFTER: usize = 11;

/// An entry as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    pub seq: u64,
    pub at: Timestamp,
    /// `hold_opened`, `vote_cast`, `call_released`, ...
    pub kind: String,
    pub hold: Option<String>,
    pub release: Option<String>,
    /// JSON; none where it cannot be read with this home's key.
    pub body: Option<String>,
    /// The body is not the one that was written: something was left out or it was removed.
    pub is_replaced: bool,
    /// Hex SHA-256 over everything above and the entry before.
    pub hash: String,
}

/// A row of `entries`.
pub(crate) struct Kept {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) kind: String,
    pub(crate) hold: Option<String>,
    pub(crate) release: Option<String>,
    pub(crate) key: KeyId,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) body_hash: Hash,
    pub(crate) hash: Hash,
    /// None is none of ours.
    pub(crate) form: Option<Form>,
    /// The predecessor's hash.
    pub(crate) previous: Hash,
}

impl Kept {
    pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<Kept> {
        Ok(Kept {
            seq: row.get(0)?,
            at: Timestamp(row.get(1)?),
            kind: row.get(2)?,
            hold: row.get(3)?,
            release: row.get(4)?,
            key: row.get(5)?,
            body: row.get(6)?,
            body_hash: row.get(7)?,
            hash: row.get(8)?,
            form: Form::from_code(row.get(9)?),
            previous: row.get::<_, Option<Hash>>(10)?.unwrap_or_else(|| Head::start().hash),
        })
    }

    pub(crate) fn header(&self, previous: &Hash) -> Vec<u8> {
        let (hold, release) = (self.hold.as_deref(), self.release.as_deref());
        Columns { seq: self.seq, at: self.at, kind: &self.kind, hold, release, key: &self.key }
            .header(previous)
    }

    pub(crate) fn open(&self, seals: &Seals) -> Opening {
        let (Some(body), Some(form)) = (&self.body, self.form) else { return Opening::Broken };
        let header = self.header(&self.previous);
        match form {
            Form::AsWritten => seals.open(&self.key, &header, body),
            form => seals.open(&self.key, &replaced_header(&header, &self.body_hash, form), body),
        }
    }

    /// The body as it was written.
    pub(crate) fn read<T: DeserializeOwned>(&self, seals: &Seals) -> Result<T, JournalError> {
        match self.open(seals) {
            Opening::Body(body) => {
                serde_json::from_slice(&body).map_err(|_| JournalError::Unreadable(self.seq))
            }
            Opening::OtherKey | Opening::Broken => Err(JournalError::Unreadable(self.seq)),
        }
    }
}

/// A hold's entries, in their order.
pub(crate) fn of_hold(connection: &Connection, hold: &str) -> Result<Vec<Kept>, JournalError> {
    let mut statement = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM entries e WHERE e.hold = ?1 ORDER BY e.seq"))?;
    let rows = statement.query_map(params![hold], Kept::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Journal {
    /// A connection that sees everything recorded so far: what waits to be written is written first, if it can be.
    pub(crate) fn reader(&self) -> MutexGuard<'_, Connection> {
        self.settle().ok();
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Entries from `from` on, oldest first, at most [`ENTRIES_AT_ONCE`]; ask again from the last one's
    /// number plus one.
    ///
    /// # Errors
    /// What the database says. A body that cannot be read is none, not an error.
    pub fn entries(&self, from: u64) -> Result<Vec<StoredEntry>, JournalError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM entries e WHERE e.seq >= ?1 ORDER BY e.seq LIMIT ?2"
        ))?;
        let rows = statement.query_map(params![from, ENTRIES_AT_ONCE as i64], Kept::from_row)?;
        rows.map(|row| {
            let kept = row?;
            let body = match kept.open(&self.seals) {
                Opening::Body(body) => String::from_utf8(body).ok(),
                Opening::OtherKey | Opening::Broken => None,
            };
            let hash = kept.hash.iter().map(|byte| format!("{byte:02x}")).collect();
            let is_replaced = kept.form != Some(Form::AsWritten);
            let Kept { seq, at, kind, hold, release, .. } = kept;
            Ok(StoredEntry { seq, at, kind, hold, release, body, is_replaced, hash })
        })
        .collect()
    }
}
