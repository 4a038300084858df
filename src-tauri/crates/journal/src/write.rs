//! The one way anything is written: a transaction that appends entries to the chain and keeps its indexes.

use crate::anchor::Keeper;
use crate::approved::Approved;
use crate::bind::Binder;
use crate::chain::{About, Columns, Form, Head, body_hash, entry_hash, replaced_header};
use crate::marks::Marks;
use crate::queue::{Pending, Queue, Trouble};
use crate::read::Kept;
use crate::seal::Seals;
use crate::{Journal, JournalError, schema};
use policy::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::Serialize;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

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
    pub(crate) connection: Connection,
    /// Unknown after a failure, when it is read again.
    head: Option<Head>,
    approved: Approved,
    durability: Durability,
    /// Everything written so far outlives a loss of power.
    is_synced: bool,
}

/// What writes, and what waits to be written. Shared with the thread that writes behind.
pub(crate) struct Pen {
    /// None where the journal is open for reading.
    pub(crate) writer: Mutex<Option<Writer>>,
    pub(crate) queue: Mutex<Queue>,
    /// Something was queued, or room was made.
    pub(crate) stirred: Condvar,
    pub(crate) seals: Arc<Seals>,
    pub(crate) binder: Arc<Binder>,
    pub(crate) marks: Marks,
    pub(crate) keeper: Mutex<Option<Keeper>>,
    /// Told when writing fails, and when it works again.
    pub(crate) hearer: Mutex<Option<Box<dyn Fn() + Send + Sync>>>,
    pub(crate) now: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

/// One open transaction.
pub(crate) struct Draft<'a> {
    pub(crate) sql: &'a Transaction<'a>,
    pub(crate) now: Timestamp,
    pub(crate) seals: &'a Seals,
    pub(crate) binder: &'a Binder,
    pub(crate) marks: &'a Marks,
    pub(crate) approved: Approved,
    head: Head,
}

impl Journal {
    /// See [`Pen::write`].
    pub(crate) fn write<T>(
        &self,
        durability: Durability,
        work: impl FnOnce(&mut Draft<'_>) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        self.pen.write(durability, work)
    }

    /// As if the disk had room for so many pages of the file; no fewer than it has.
    #[doc(hidden)]
    pub fn may_grow_to(&self, pages: i64) {
        if let Some(writer) = self.pen.writer().as_ref() {
            // The database answers with the limit that it took.
            writer.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).ok();
        }
    }

    /// As if somebody made the file read-only, or writable again.
    #[doc(hidden)]
    pub fn may_be_written(&self, is_so: bool) {
        if let Some(writer) = self.pen.writer().as_ref() {
            writer.connection.pragma_update(None, "query_only", !is_so).ok();
        }
    }
}

impl Pen {
    /// Runs `work` in a transaction, after everything that was queued. All of it is recorded or nothing.
    pub(crate) fn write<T>(
        &self,
        durability: Durability,
        work: impl FnOnce(&mut Draft<'_>) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let mut writer = self.writer();
        let writer = writer.as_mut().ok_or(JournalError::ReadOnly)?;
        self.write_queued(writer)?;
        let written = writer.transact(durability, self, (self.now)(), work);
        match &written {
            Ok(_) => self.note_trouble(None),
            Err(error) => {
                if let Some(trouble) = Trouble::of_the_file(error) {
                    self.note_trouble(Some(trouble));
                }
            }
        }
        written
    }

    pub(crate) fn writer(&self) -> MutexGuard<'_, Option<Writer>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes all that waits, in its order, a transaction a batch. On an error the rest waits on.
    pub(crate) fn write_queued(&self, writer: &mut Writer) -> Result<(), JournalError> {
        loop {
            let batch = self.take_batch();
            if batch.is_empty() {
                return Ok(());
            }
            self.write_batch(writer, batch)?;
        }
    }

    fn write_batch(&self, writer: &mut Writer, batch: Vec<Pending>) -> Result<(), JournalError> {
        let now = (self.now)();
        let all = writer.transact(Durability::Buffered, self, now, |draft| {
            batch.iter().try_for_each(|pending| write_one(draft, pending))
        });
        match all {
            Ok(()) => {
                self.written(&batch);
                Ok(())
            }
            Err(error) if error.is_of_the_disk() => {
                self.put_back(batch, &error);
                Err(error)
            }
            // One of them cannot be written at all: it must not keep the others back.
            Err(_) => self.write_singly(writer, batch),
        }
    }

    fn write_singly(&self, writer: &mut Writer, mut batch: Vec<Pending>) -> Result<(), JournalError> {
        while !batch.is_empty() {
            let rest = batch.split_off(1);
            let now = (self.now)();
            let first = batch.iter().try_for_each(|pending| {
                let one = writer.transact(Durability::Buffered, self, now, |draft| write_one(draft, pending));
                match one {
                    Err(error) if !error.is_of_the_disk() => {
                        writer.transact(Durability::Buffered, self, now, |draft| pending.lost(draft, &error))
                    }
                    other => other,
                }
            });
            if let Err(error) = first {
                batch.extend(rest);
                self.put_back(batch, &error);
                return Err(error);
            }
            self.written(&batch);
            batch = rest;
        }
        Ok(())
    }
}

fn write_one(draft: &mut Draft<'_>, pending: &Pending) -> Result<(), JournalError> {
    draft.now = pending.at;
    pending.write(draft)
}

impl Writer {
    /// `connection` syncs every commit.
    pub(crate) fn new(connection: Connection) -> Writer {
        Writer {
            connection,
            head: None,
            approved: Approved::default(),
            durability: Durability::Synced,
            is_synced: false,
        }
    }

    /// The newest entry.
    pub(crate) fn head(&mut self) -> Result<Head, JournalError> {
        match self.head {
            Some(head) => Ok(head),
            None => read_head(&self.connection),
        }
    }

    /// The same, once it outlives a loss of power: whoever keeps it elsewhere must find it again.
    pub(crate) fn durable_head(&mut self, pen: &Pen) -> Result<Head, JournalError> {
        if !self.is_synced {
            // A commit that changes nothing; it syncs what came before it.
            self.transact(Durability::Synced, pen, (pen.now)(), |draft| schema::touch(draft.sql))?;
        }
        self.head()
    }

    pub(crate) fn transact<T>(
        &mut self,
        durability: Durability,
        pen: &Pen,
        now: Timestamp,
        work: impl FnOnce(&mut Draft<'_>) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        if self.durability != durability {
            // INVARIANT(I3): in WAL mode FULL syncs the log at each commit, NORMAL only when it is folded in.
            let synchronous = if durability == Durability::Synced { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", synchronous)?;
            self.durability = durability;
        }
        // Taken, so that after any error it is read from the file again.
        let (known, approved) = (self.head.take(), std::mem::take(&mut self.approved));
        let transaction = Transaction::new(&mut self.connection, TransactionBehavior::Immediate)?;
        let head = match known {
            Some(head) => head,
            None => read_head(&transaction)?,
        };
        let (seals, binder, marks) = (&*pen.seals, &*pen.binder, &pen.marks);
        let mut draft = Draft { sql: &transaction, now, seals, binder, marks, approved, head };
        let value = work(&mut draft)?;
        let Draft { head, approved, .. } = draft;
        transaction.commit()?;
        (self.head, self.approved) = (Some(head), approved);
        self.is_synced = durability == Durability::Synced;
        Ok(value)
    }
}

/// The newest entry, or what its successor follows where retention left none.
pub(crate) fn read_head(connection: &Connection) -> Result<Head, JournalError> {
    let last = connection
        .prepare_cached(
            "SELECT seq, hash FROM (SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1)
             UNION ALL SELECT seq, hash FROM cut LIMIT 1",
        )?
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
        self.append_text(kind, about, &body)
    }

    /// As [`Draft::append`]; `body` is JSON.
    pub(crate) fn append_text(
        &mut self,
        kind: &str,
        about: About<'_>,
        body: &[u8],
    ) -> Result<u64, JournalError> {
        let seq = self.next_seq();
        let hold = about.hold.map(approvals::HoldId::as_str);
        let release = about.release.map(approvals::ReleaseId::as_str);
        let key = &self.seals.key_id;
        let header = Columns { seq, at: self.now, kind, hold, release, key }.header(&self.head.hash);
        let sealed = self.seals.seal(&header, body)?;
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

    /// Puts another body in an entry's place; the chain keeps the hash of the first.
    pub(crate) fn replace(&mut self, entry: &Kept, form: Form, body: &[u8]) -> Result<(), JournalError> {
        let header = replaced_header(&entry.header(&entry.previous), &entry.body_hash, form);
        let sealed = self.seals.seal(&header, body)?;
        self.sql
            .prepare_cached("UPDATE entries SET body = ?2, form = ?3 WHERE seq = ?1")?
            .execute(params![entry.seq, sealed, form.code()])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entry, RootKey};

    fn with_writer(journal: &Journal, work: impl FnOnce(&Connection)) {
        let writer = journal.pen.writer();
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
