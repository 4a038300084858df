//! Reads the whole chain and names the first entry that is not as it was written.

use crate::chain::{Head, body_hash, entry_hash};
use crate::error::BadEntry;
use crate::read::{COLUMNS, Kept};
use crate::seal::Opening;
use crate::{Journal, JournalError};
use serde::de::IgnoredAny;

/// A chain in which every entry is as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    pub entries: u64,
    /// Of those, sealed with another root key: chained, but not readable here.
    pub unreadable: u64,
}

impl Journal {
    /// Checks every entry's hash, its place, and that its body opens.
    ///
    /// # Errors
    /// The first bad entry, by number.
    pub fn verify(&self) -> Result<Verified, BadEntry> {
        let mut head = Head::start();
        let mut unreadable = 0;
        let damaged =
            |seq: u64, error: rusqlite::Error| BadEntry { seq, why: JournalError::from(error).to_string() };
        let reader = self.reader();
        let mut statement = reader
            .prepare_cached(&format!("SELECT {COLUMNS} FROM entries e ORDER BY e.seq"))
            .map_err(|error| damaged(1, error))?;
        let mut rows = statement.query([]).map_err(|error| damaged(1, error))?;
        loop {
            let seq = head.seq + 1;
            let bad = |why: &str| BadEntry { seq, why: why.to_owned() };
            let Some(row) = rows.next().map_err(|error| damaged(seq, error))? else {
                return Ok(Verified { entries: head.seq, unreadable });
            };
            let kept = Kept::from_row(row).map_err(|error| damaged(seq, error))?;
            if kept.seq != seq {
                return Err(bad(&format!("it is missing; the next one on record is {}", kept.seq)));
            }
            let Some(body) = &kept.body else { return Err(bad("its body is missing")) };
            if body_hash(body) != kept.body_hash {
                return Err(bad("its body was changed"));
            }
            if entry_hash(&kept.header(&head.hash), &kept.body_hash) != kept.hash {
                return Err(bad("its hash does not fit its content and the entry before it"));
            }
            match kept.open(&self.seals) {
                Opening::Body(text) if serde_json::from_slice::<IgnoredAny>(&text).is_ok() => {}
                Opening::Body(_) => return Err(bad("its body is not readable text")),
                Opening::Broken => return Err(bad("it was not sealed with this home's key as it stands")),
                Opening::OtherKey => unreadable += 1,
            }
            head = Head { seq, hash: kept.hash };
        }
    }
}
