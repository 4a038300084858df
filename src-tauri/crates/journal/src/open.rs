//! Opening the file: for its owner, who writes; or for reading, while the owner runs.

use crate::bind::Binder;
use crate::key::{Purpose, RootKey, Subkey};
use crate::marks::Marks;
use crate::migrate::{self, Keys};
use crate::pins::KnownPins;
use crate::queue::Behind;
use crate::seal::Seals;
use crate::write::{Durability, Pen, Writer, read_head};
use crate::{JournalError, holds, release, schema};
use policy::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// See the crate. Shared by reference; every method may be called from any thread.
pub struct Journal {
    /// Ends first: what waits is written while everything else still stands.
    _behind: Option<Behind>,
    pub(crate) pen: Arc<Pen>,
    pub(crate) reader: Mutex<Connection>,
    /// For short questions on the way of a call; no page of Activity keeps it. None where open for reading.
    pub(crate) lookup: Option<Mutex<Connection>>,
    pub(crate) known_pins: Mutex<KnownPins>,
    pub(crate) path: PathBuf,
    pub(crate) seals: Arc<Seals>,
    pub(crate) binder: Arc<Binder>,
    pub(crate) set_mac: Subkey,
    found: Found,
}

/// What the start found to put in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Found {
    unknown: usize,
    lost_holds: usize,
}

impl Journal {
    /// Opens the home's journal, or begins one; `now` stamps its entries. Releases that were not completed
    /// are recorded as unknown, and holds sealed with another root key end.
    ///
    /// # Errors
    /// Each with its next step; a file of a newer format is not touched.
    pub fn open(
        path: &Path,
        key: &RootKey,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Journal, JournalError> {
        Journal::open_of_format(path, key, 0, now)
    }

    /// As [`Journal::open`], where this home's journal is known to have had a format: rows of an older one are not
    /// bound as they stand, they were bound long ago.
    ///
    /// # Errors
    /// As there, and [`JournalError::PutBack`].
    pub fn open_of_format(
        path: &Path,
        key: &RootKey,
        noted: i64,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Journal, JournalError> {
        make_private(path).map_err(|source| JournalError::Open { path: path.to_owned(), source })?;
        let mut writing = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let format = schema::check(&writing, path)?;
        if (1..noted).contains(&format) {
            return Err(JournalError::PutBack { found: format, noted });
        }
        writing.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        writing.pragma_update(None, "synchronous", "FULL")?;
        // What retention or redaction takes out leaves no copy in free pages.
        writing.pragma_update(None, "secure_delete", true)?;
        let mut journal = Journal::assemble(path, key, now)?;
        let mine = if format == 0 { 1 } else { migrate::first_of(&writing, &journal.seals)? };
        let keys = Keys { seals: &journal.seals, binder: &journal.binder, format, mine };
        schema::migrate(&mut writing, &keys)?;
        *journal.pen.writer() = Some(Writer::new(writing));
        journal.reader = Mutex::new(read_only(path)?);
        journal.lookup = Some(Mutex::new(read_only(path)?));
        journal.found = journal.put_in_order()?;
        journal._behind = Some(Behind::start(&journal.pen).map_err(JournalError::NoThread)?);
        Ok(journal)
    }

    /// The format that every journal has once it was opened here.
    #[must_use]
    pub fn format() -> i64 {
        schema::known()
    }

    /// Opens a journal to look at it; whoever owns the home may be running. Writing is an error.
    ///
    /// # Errors
    /// As [`Journal::open`]; also where there is no such file, or it has an older format that its owner must bring up
    /// to date first.
    pub fn open_to_read(path: &Path, key: &RootKey) -> Result<Journal, JournalError> {
        if let Err(source) = std::fs::metadata(path) {
            return Err(JournalError::Open { path: path.to_owned(), source });
        }
        let reading = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        schema::check_current(&reading, path)?;
        let mut journal = Journal::assemble(path, key, || Timestamp(0))?;
        journal.reader = Mutex::new(reading);
        Ok(journal)
    }

    /// Without its file.
    fn assemble(
        path: &Path,
        key: &RootKey,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Journal, JournalError> {
        let (seals, binder) = (Arc::new(Seals::new(key)), Arc::new(Binder::new(key)));
        let pen = Pen {
            writer: Mutex::new(None),
            queue: Mutex::default(),
            stirred: Condvar::new(),
            seals: Arc::clone(&seals),
            binder: Arc::clone(&binder),
            marks: Marks::default(),
            keeper: Mutex::default(),
            hearer: Mutex::default(),
            now: Box::new(now),
        };
        Ok(Journal {
            _behind: None,
            pen: Arc::new(pen),
            reader: Mutex::new(Connection::open_in_memory()?),
            lookup: None,
            known_pins: Mutex::default(),
            path: path.to_owned(),
            seals,
            binder,
            set_mac: key.subkey(Purpose::SetMac),
            found: Found::default(),
        })
    }

    fn put_in_order(&self) -> Result<Found, JournalError> {
        self.write(Durability::Synced, |draft| {
            let (id, first) = (self.seals.key_id, draft.next_seq());
            draft
                .sql
                .prepare_cached("INSERT OR IGNORE INTO root_keys (id, first_seq, mac) VALUES (?1, ?2, ?3)")?
                .execute(params![id, first, migrate::root_key_code(draft.binder, &id, first)])?;
            Ok(Found { unknown: release::end_unknown(draft)?, lost_holds: holds::end_lost(draft)? })
        })
    }

    /// Calls whose outcome the start had to record as unknown.
    #[must_use]
    pub fn found_unknown(&self) -> usize {
        self.found.unknown
    }

    /// Holds that the start had to end, because they were sealed with another root key.
    #[must_use]
    pub fn lost_holds(&self) -> usize {
        self.found.lost_holds
    }

    /// Where the history was begun with another root key: entries before this one cannot be read.
    ///
    /// # Errors
    /// What the database says.
    pub fn unreadable_before(&self) -> Result<Option<u64>, JournalError> {
        let reader = self.reader();
        let mine: Option<u64> = reader
            .query_row("SELECT first_seq FROM root_keys WHERE id = ?1", params![self.seals.key_id], |row| {
                row.get(0)
            })
            .optional()?;
        let mine = match mine {
            Some(first) => first,
            None => read_head(&reader)?.seq + 1,
        };
        let others: bool = reader.query_row(
            "SELECT EXISTS (SELECT 1 FROM root_keys WHERE id <> ?1 AND first_seq < ?2)",
            params![self.seals.key_id, mine],
            |row| row.get(0),
        )?;
        Ok(others.then_some(mine))
    }
}

fn read_only(path: &Path) -> Result<Connection, JournalError> {
    let reading = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    reading.pragma_update(None, "query_only", true)?;
    Ok(reading)
}

pub(crate) fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, JournalError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    // Without it SQLite plans a statement anew whenever a value is bound to an indexed column.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// Makes the file where it is missing, readable by its owner only; SQLite gives its side files the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        options.mode(0o600);
        let file = options.open(path)?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
    }
    #[cfg(not(unix))]
    options.open(path)?;
    Ok(())
}
