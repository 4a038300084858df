//! The one way anything is written: a transaction that appends entries to the chain and keeps its indexes.

use crate::chain::{About, Columns, Head, body_hash, entry_hash};
use crate::seal::Seals;
use crate::{Journal, JournalError};
use policy::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::Serialize;
use std::sync::PoisonError;

/// What a transaction that returned is safe from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// The process's end, and a loss of power: on the disk before it returns.
    Synced,
    /// The process's end. A loss of power may take the newest such entries, never one that a synced
    /// transaction followed, and never the middle of the chain.
    Buffered,
}

pub(crate) struct Writer {
    connection: Connection,
    /// Unknown after a failure, when it is read again.
    head: Option<Head>,
    durability: Durability,
}

/// One open transaction.
pub(crate) struct Draft<'a> {
    pub(crate) sql: &'a Transaction<'a>,
    pub(crate) now: Timestamp,
    pub(crate) seals: &'a Seals,
    head: Head,
}

impl Journal {
    /// Runs `work` in a transaction. All of it is recorded or nothing.
    pub(crate) fn write<T>(
        &self,
        durability: Durability,
        work: impl FnOnce(&mut Draft<'_>) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = writer.as_mut().ok_or(JournalError::ReadOnly)?;
        let result = writer.transact(durability, &self.seals, (self.now)(), work);
        if result.is_err() {
            writer.head = None;
        }
        result
    }
}

impl Writer {
    /// `connection` syncs every commit.
    pub(crate) fn new(connection: Connection) -> Writer {
        Writer { connection, head: None, durability: Durability::Synced }
    }

    fn transact<T>(
        &mut self,
        durability: Durability,
        seals: &Seals,
        now: Timestamp,
        work: impl FnOnce(&mut Draft<'_>) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        if self.durability != durability {
            // INVARIANT(I3): in WAL mode FULL syncs the log at each commit, NORMAL only when it is folded in.
            let synchronous = if durability == Durability::Synced { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", synchronous)?;
            self.durability = durability;
        }
        let known = self.head.take();
        let transaction = Transaction::new(&mut self.connection, TransactionBehavior::Immediate)?;
        let head = match known {
            Some(head) => head,
            None => read_head(&transaction)?,
        };
        let mut draft = Draft { sql: &transaction, now, seals, head };
        let value = work(&mut draft)?;
        let head = draft.head;
        transaction.commit()?;
        self.head = Some(head);
        Ok(value)
    }
}

pub(crate) fn read_head(connection: &Connection) -> Result<Head, JournalError> {
    let last = connection
        .prepare_cached("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok(Head { seq: row.get(0)?, hash: row.get(1)? }))
        .optional()?;
    Ok(last.unwrap_or_else(Head::start))
}

impl Draft<'_> {
    /// The number the next entry gets.
    pub(crate) fn next_seq(&self) -> u64 {
        self.head.seq + 1
    }

    /// Seals `body` and adds it to the chain.
    pub(crate) fn append(
        &mut self,
        kind: &str,
        about: About<'_>,
        body: &impl Serialize,
    ) -> Result<u64, JournalError> {
        let body = serde_json::to_vec(body).map_err(JournalError::Encoding)?;
        let seq = self.next_seq();
        let hold = about.hold.map(approvals::HoldId::as_str);
        let release = about.release.map(approvals::ReleaseId::as_str);
        let key = &self.seals.key_id;
        let header = Columns { seq, at: self.now, kind, hold, release, key }.header(&self.head.hash);
        let sealed = self.seals.seal(&header, &body)?;
        let sealed_hash = body_hash(&sealed);
        let hash = entry_hash(&header, &sealed_hash);
        self.sql
            .prepare_cached(
                "INSERT INTO entries (seq, at, kind, hold, release, key, body, body_hash, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![seq, self.now.0, kind, hold, release, key, sealed, sealed_hash, hash])?;
        self.head = Head { seq, hash };
        Ok(seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entry, RootKey};

    fn with_writer(journal: &Journal, work: impl FnOnce(&Connection)) {
        let writer = journal.writer.lock().unwrap();
        work(&writer.as_ref().unwrap().connection);
    }

    fn started(version: &str) -> Entry {
        Entry::Started { version: version.repeat(20_000) }
    }

    #[test]
    fn a_full_disk_is_said_loses_nothing_and_is_recovered_from() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let journal = Journal::open(&path, &RootKey::new([7; 32]), || Timestamp(1)).unwrap();
        journal.record(started("a")).unwrap();
        let limit = |pages: i64| {
            with_writer(&journal, |sql| {
                drop(sql.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())))
            })
        };
        limit(1);
        let error = journal.record(started("b")).unwrap_err();
        assert!(matches!(error, JournalError::Full), "{error}");
        let documents = [("a".to_owned(), "b".repeat(50_000))].into();
        assert!(matches!(journal.confirm_set(&documents), Err(JournalError::Full)));
        assert_eq!(journal.set_in_force().unwrap(), None, "all of it is recorded or nothing");
        limit(1_000_000);
        assert_eq!(journal.record(started("c")).unwrap(), 2);
        assert_eq!(journal.verify().unwrap().entries, 2);
    }

    #[test]
    fn a_read_only_file_is_said_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let journal = Journal::open(&path, &RootKey::new([7; 32]), || Timestamp(1)).unwrap();
        with_writer(&journal, |sql| sql.pragma_update(None, "query_only", true).unwrap());
        assert!(matches!(journal.record(started("a")), Err(JournalError::NotWritable)));
        with_writer(&journal, |sql| sql.pragma_update(None, "query_only", false).unwrap());
        assert_eq!(journal.record(started("a")).unwrap(), 1);
    }

    #[test]
    fn a_held_release_is_synced_and_an_allowed_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let journal = Journal::open(&path, &RootKey::new([7; 32]), || Timestamp(1)).unwrap();
        for (durability, level) in
            [(Durability::Buffered, 1), (Durability::Synced, 2), (Durability::Buffered, 1)]
        {
            let found: i64 = journal
                .write(durability, |draft| {
                    Ok(draft.sql.pragma_query_value(None, "synchronous", |row| row.get(0))?)
                })
                .unwrap();
            assert_eq!(found, level, "I3: FULL is 2, NORMAL is 1");
        }
    }

    #[test]
    fn a_failed_step_leaves_nothing_and_the_chain_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let journal = Journal::open(&path, &RootKey::new([7; 32]), || Timestamp(1)).unwrap();
        journal.record(started("a")).unwrap();
        let failed: Result<(), JournalError> = journal.write(Durability::Synced, |draft| {
            draft.append("started", About::default(), &"half")?;
            Err(JournalError::Full)
        });
        assert!(failed.is_err());
        assert_eq!(journal.record(started("b")).unwrap(), 2);
        assert_eq!(journal.verify().unwrap().entries, 2);
    }
}
