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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Hash;
    use crate::{Entry, RootKey};
    use policy::Timestamp;
    use rusqlite::{Connection, params};

    fn key(byte: u8) -> RootKey {
        RootKey::new([byte; 32])
    }

    /// What somebody without the root key can do: hash everything anew, so that the chain holds.
    fn chain_anew(sql: &Connection) {
        let mut head = Head::start();
        let kept: Vec<Kept> = {
            let mut statement =
                sql.prepare(&format!("SELECT {COLUMNS} FROM entries e ORDER BY e.seq")).unwrap();
            statement.query_map([], Kept::from_row).unwrap().map(Result::unwrap).collect()
        };
        for mut entry in kept {
            let old = entry.seq;
            entry.seq = head.seq + 1;
            let hash: Hash = entry_hash(&entry.header(&head.hash), &entry.body_hash);
            sql.execute(
                "UPDATE entries SET seq = ?2, hash = ?3 WHERE seq = ?1",
                params![old, entry.seq, hash],
            )
            .unwrap();
            head = Head { seq: entry.seq, hash };
        }
    }

    #[test]
    fn a_chain_hashed_anew_without_the_key_is_found_at_the_first_false_entry() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let journal = Journal::open(&path, &key(7), || Timestamp(1)).unwrap();
        for version in ["1", "2", "3", "4"] {
            journal.record(Entry::Started { version: version.into() }).unwrap();
        }
        let sql = Connection::open(&path).unwrap();
        for change in
            ["SELECT 1", "UPDATE entries SET at = 2 WHERE seq = 3", "DELETE FROM entries WHERE seq = 2"]
        {
            sql.execute_batch(&format!("CREATE TEMP TABLE kept AS SELECT * FROM entries; {change};"))
                .unwrap();
            chain_anew(&sql);
            match journal.verify() {
                Ok(verified) => assert_eq!((change, verified.entries), ("SELECT 1", 4)),
                Err(bad) => {
                    assert_ne!(change, "SELECT 1", "an honest chain comes out the same");
                    assert_eq!(bad.seq, if change.starts_with("UPDATE") { 3 } else { 2 });
                    assert_eq!(bad.why, "it was not sealed with this home's key as it stands");
                }
            }
            sql.execute_batch("DELETE FROM entries; INSERT INTO entries SELECT * FROM kept; DROP TABLE kept")
                .unwrap();
        }
    }

    #[test]
    fn another_homes_entries_cannot_pass_for_this_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let theirs = Journal::open(&path, &key(8), || Timestamp(1)).unwrap();
        theirs.record(Entry::Started { version: "1".into() }).unwrap();
        let mine = Journal::open_to_read(&path, &key(7)).unwrap();
        assert_eq!(mine.verify().unwrap(), Verified { entries: 1, unreadable: 1 });

        let sql = Connection::open(&path).unwrap();
        sql.execute("UPDATE entries SET key = ?1", params![mine.seals.key_id]).unwrap();
        chain_anew(&sql);
        assert_eq!(mine.verify().unwrap_err().why, "it was not sealed with this home's key as it stands");
    }
}
