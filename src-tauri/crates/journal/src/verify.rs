//! Reads the whole chain and every list beside it, and names the first thing that is not as it was written.
//!
//! One thread reads rows into batches, two check them: an entry is checked against its predecessor's hash as it stands,
//! so batches need not wait for each other. Another thread reads the lists meanwhile. Both see the same moment of a
//! journal that goes on.

use crate::anchor::Anchor;
use crate::chain::{Columns, Form, Hash, Head, body_hash, entry_hash, replaced_header};
use crate::error::BadEntry;
use crate::open;
use crate::seal::{KeyId, Seals};
use crate::sums::{Chain, SumKeys, Sums};
use crate::{Journal, JournalError, sides};
use policy::Timestamp;
use rusqlite::{Connection, OpenFlags, Row};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// A journal in which everything is as it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub entries: u64,
    /// Of those, sealed with another root key: chained, but not readable here.
    pub unreadable: u64,
    /// Of those, with a body that was redacted or removed later.
    pub replaced: u64,
    /// Entries that retention took out before the first one.
    pub cut: u64,
    /// Entries after the anchor that it was compared with; all of them where it was compared with none.
    pub after_anchor: u64,
}

/// Entries of one batch.
const BATCH: usize = 256;

/// Moments looked for in which nobody writes; each takes less than a millisecond.
const TRIES: usize = 2_000;

/// Where in a batch's bytes a row's columns are.
struct Place {
    seq: u64,
    at: i64,
    kind: Range<usize>,
    hold: Option<Range<usize>>,
    release: Option<Range<usize>>,
    body: Option<Range<usize>>,
    key: KeyId,
    body_hash: Hash,
    hash: Hash,
    form: i64,
}

/// Rows that follow each other, in one piece of memory.
struct Batch {
    /// What the first one follows.
    previous: Head,
    places: Vec<Place>,
    bytes: Vec<u8>,
}

/// What the checking threads found together.
#[derive(Default)]
struct Found {
    bad: Option<BadEntry>,
    unreadable: u64,
    replaced: u64,
    sums: Sums,
}

fn bad(seq: u64, why: &str) -> BadEntry {
    BadEntry { part: "entry", seq, why: why.to_owned() }
}

fn damaged(seq: u64, error: rusqlite::Error) -> BadEntry {
    bad(seq, &JournalError::from(error).to_string())
}

impl Journal {
    /// Checks every entry's hash, its place, and that its body opens; then that calls, releases, pins and the other
    /// lists say what the entries say.
    ///
    /// # Errors
    /// The first thing that is not as it was written.
    pub fn verify(&self) -> Result<Verified, BadEntry> {
        self.verify_to(None)
    }

    /// As [`Journal::verify`], and that the chain goes as far as it once went.
    ///
    /// # Errors
    /// As there.
    pub fn verify_to(&self, anchor: Option<&Anchor>) -> Result<Verified, BadEntry> {
        self.settle().ok();
        let in_words = |error: JournalError| BadEntry { part: "journal", seq: 0, why: error.to_string() };
        let (sql, beside) = self.snapshots().map_err(in_words)?;
        let start = sides::start(&sql)?;
        let chain = Chain { keys: SumKeys::new(), start, mine: sides::first_of_this_key(&sql, self)? };
        let (read, lists) = std::thread::scope(|threads| {
            let lists = threads.spawn(|| {
                let beside = beside;
                sides::gather(&beside, self, &chain)
            });
            let read = self.check_chain(&sql, &chain);
            (read, lists.join().unwrap_or_else(|_| Err(bad(0, "its lists could not be read"))))
        });
        let (head, found) = read?;
        if let Some(anchor) = anchor {
            sides::check_anchor(&sql, anchor, start, head)?;
        }
        sides::compare(&sql, self, &chain, &lists?, &found.sums)?;
        let entries = head.seq - start.seq;
        Ok(Verified {
            entries,
            unreadable: found.unreadable,
            replaced: found.replaced,
            cut: start.seq,
            after_anchor: anchor.map_or(entries, |anchor| head.seq - anchor.seq.clamp(start.seq, head.seq)),
        })
    }

    /// Two connections that see the same moment: nothing was written from before the first one looked until after the
    /// second one did.
    fn snapshots(&self) -> Result<(Connection, Connection), JournalError> {
        let open = || open::connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let (watch, one, two) = (open()?, open()?, open()?);
        let version = || watch.pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0));
        for _ in 0..TRIES {
            let before = version()?;
            for sql in [&one, &two] {
                sql.execute_batch("BEGIN")?;
                sql.query_row("SELECT count(*) FROM cut", [], |_| Ok(()))?;
            }
            if version()? == before {
                return Ok((one, two));
            }
            for sql in [&one, &two] {
                sql.execute_batch("ROLLBACK")?;
            }
        }
        Err(JournalError::Busy)
    }

    fn check_chain(&self, sql: &Connection, chain: &Chain) -> Result<(Head, Found), BadEntry> {
        let found = Mutex::new(Found::default());
        let stop = AtomicBool::new(false);
        let (send, receive) = sync_channel::<Batch>(4);
        let (give_back, spare) = sync_channel::<Batch>(8);
        let receive = Mutex::new(receive);
        let read = std::thread::scope(|threads| {
            for _ in 0..2 {
                let (receive, found, stop, give_back) = (&receive, &found, &stop, give_back.clone());
                let seals = Arc::clone(&self.seals);
                threads.spawn(move || check_batches(&seals, &chain.keys, receive, found, stop, &give_back));
            }
            let read = read_batches(sql, chain.start, &send, &spare, &stop);
            drop(send);
            read
        });
        let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        // A row that cannot be read comes after all those that were.
        match (found.bad.take(), read) {
            (Some(bad), _) | (None, Err(bad)) => Err(bad),
            (None, Ok(head)) => Ok((head, found)),
        }
    }
}

fn read_batches(
    sql: &Connection,
    start: Head,
    send: &SyncSender<Batch>,
    spare: &Receiver<Batch>,
    stop: &AtomicBool,
) -> Result<Head, BadEntry> {
    let mut statement = sql
        .prepare(
            "SELECT seq, at, kind, hold, release, key, body, body_hash, hash, form FROM entries ORDER BY seq",
        )
        .map_err(|error| damaged(start.seq + 1, error))?;
    let mut rows = statement.query([]).map_err(|error| damaged(start.seq + 1, error))?;
    let mut head = start;
    let fresh = |previous: Head| {
        let mut batch = spare.try_recv().unwrap_or_else(|_| Batch {
            previous,
            places: Vec::with_capacity(BATCH),
            bytes: Vec::with_capacity(BATCH * 2_048),
        });
        batch.previous = previous;
        batch.places.clear();
        batch.bytes.clear();
        batch
    };
    let mut batch = fresh(head);
    let result = loop {
        if stop.load(Ordering::Relaxed) {
            break Ok(head);
        }
        let seq = head.seq + 1;
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => break Ok(head),
            Err(error) => break Err(damaged(seq, error)),
        };
        let place = match take(row, &mut batch.bytes) {
            Ok(place) => place,
            Err(error) => break Err(damaged(seq, error)),
        };
        if place.seq != seq {
            break Err(bad(seq, &format!("it is missing; the next one on record is {}", place.seq)));
        }
        head = Head { seq, hash: place.hash };
        batch.places.push(place);
        if batch.places.len() == BATCH {
            let full = std::mem::replace(&mut batch, fresh(head));
            if send.send(full).is_err() {
                break Ok(head);
            }
        }
    };
    send.send(batch).ok();
    result
}

/// The columns go into the batch's own memory: no allocation a row.
fn take(row: &Row<'_>, bytes: &mut Vec<u8>) -> rusqlite::Result<Place> {
    fn keep(bytes: &mut Vec<u8>, part: &[u8]) -> Range<usize> {
        let start = bytes.len();
        bytes.extend_from_slice(part);
        start..bytes.len()
    }
    let mut text = |column: usize| -> rusqlite::Result<Option<Range<usize>>> {
        Ok(row.get_ref(column)?.as_str_or_null()?.map(|text| keep(bytes, text.as_bytes())))
    };
    let (kind, hold, release) = (text(2)?.unwrap_or(0..0), text(3)?, text(4)?);
    let body = row.get_ref(6)?.as_blob_or_null()?.map(|body| keep(bytes, body));
    Ok(Place {
        seq: row.get(0)?,
        at: row.get(1)?,
        kind,
        hold,
        release,
        body,
        key: row.get(5)?,
        body_hash: row.get(7)?,
        hash: row.get(8)?,
        form: row.get(9)?,
    })
}

fn check_batches(
    seals: &Seals,
    keys: &SumKeys,
    receive: &Mutex<Receiver<Batch>>,
    found: &Mutex<Found>,
    stop: &AtomicBool,
    give_back: &SyncSender<Batch>,
) {
    let mut mine = Found::default();
    let mut room = Room::default();
    loop {
        let next = receive.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = next else { break };
        let mut previous = batch.previous.hash;
        for place in &batch.places {
            if let Err(why) = check(seals, keys, &batch, place, &previous, &mut mine, &mut room) {
                if mine.bad.as_ref().is_none_or(|known| known.seq > place.seq) {
                    mine.bad = Some(bad(place.seq, why));
                }
                stop.store(true, Ordering::Relaxed);
                break;
            }
            previous = place.hash;
        }
        give_back.try_send(batch).ok();
    }
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    found.unreadable += mine.unreadable;
    found.replaced += mine.replaced;
    found.sums.join(&mine.sums);
    if let Some(mine) = mine.bad
        && found.bad.as_ref().is_none_or(|known| known.seq > mine.seq)
    {
        found.bad = Some(mine);
    }
}

/// Memory that one thread uses again for each entry.
#[derive(Default)]
struct Room {
    header: Vec<u8>,
    body: Vec<u8>,
}

fn check(
    seals: &Seals,
    keys: &SumKeys,
    batch: &Batch,
    place: &Place,
    previous: &Hash,
    found: &mut Found,
    room: &mut Room,
) -> Result<(), &'static str> {
    let bytes = |range: &Range<usize>| batch.bytes.get(range.clone()).unwrap_or_default();
    let text = |range: &Range<usize>| std::str::from_utf8(bytes(range)).unwrap_or_default();
    let (kind, hold) = (text(&place.kind), place.hold.as_ref().map(text));
    let release = place.release.as_ref().map(text);
    let columns = Columns { seq: place.seq, at: Timestamp(place.at), kind, hold, release, key: &place.key };
    columns.header_into(previous, &mut room.header);
    let Some(body) = place.body.as_ref().map(bytes) else { return Err("its body is missing") };
    let Some(form) = Form::from_code(place.form) else { return Err("what became of its body was changed") };
    if form == Form::AsWritten && body_hash(body) != place.body_hash {
        return Err("its body was changed");
    }
    if entry_hash(&room.header, &place.body_hash) != place.hash {
        return Err("its hash does not fit its content and the entry before it");
    }
    found.sums.entry(keys, place.seq, kind, hold, release, &place.key);
    found.replaced += u64::from(form != Form::AsWritten);
    if place.key != seals.key_id {
        found.unreadable += 1;
        return Ok(());
    }
    let opened = match form {
        Form::AsWritten => seals.opens(&room.header, body, &mut room.body),
        form => seals.opens(&replaced_header(&room.header, &place.body_hash, form), body, &mut room.body),
    };
    if opened { Ok(()) } else { Err("it was not sealed with this home's key as it stands") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{COLUMNS, Kept};
    use crate::{Entry, RootKey};
    use rusqlite::params;

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
        assert_eq!(
            mine.verify().unwrap(),
            Verified { entries: 1, unreadable: 1, after_anchor: 1, ..Verified::default() }
        );

        let sql = Connection::open(&path).unwrap();
        sql.execute("UPDATE entries SET key = ?1", params![mine.seals.key_id]).unwrap();
        chain_anew(&sql);
        assert_eq!(mine.verify().unwrap_err().why, "it was not sealed with this home's key as it stands");
    }
}
