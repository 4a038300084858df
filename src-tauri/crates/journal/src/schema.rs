//! The tables, and how an older file becomes a newer one. `entries` is the record; the others are indexes of
//! it, written in the same transaction, and what must be found again without reading it all.

use crate::migrate::{self, Keys};
use crate::{JournalError, counted};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;

/// "DOOR"
const APPLICATION_ID: i64 = 0x444f_4f52;

/// One step a format; a file at format n has run the first n.
const STEPS: &[&str] = &[
    "
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    hold TEXT,
    release TEXT,
    key BLOB NOT NULL,
    body BLOB,
    body_hash BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX entries_of_hold ON entries (hold, seq) WHERE hold IS NOT NULL;

CREATE TABLE calls (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    agent TEXT NOT NULL,
    user TEXT NOT NULL,
    upstream TEXT NOT NULL,
    tool TEXT NOT NULL,
    outcome TEXT NOT NULL,
    hold TEXT UNIQUE,
    bytes INTEGER,
    tool_error INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER
) STRICT;
CREATE INDEX calls_by_outcome ON calls (outcome, seq);

CREATE TABLE releases (
    release TEXT PRIMARY KEY,
    hold TEXT UNIQUE,
    call INTEGER NOT NULL UNIQUE,
    completed INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX releases_running ON releases (call) WHERE completed IS NULL;

CREATE TABLE applied (
    policy TEXT NOT NULL,
    day INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (policy, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE pins (
    upstream TEXT NOT NULL,
    tool TEXT NOT NULL,
    hash BLOB NOT NULL,
    definition TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (upstream, tool)
) STRICT, WITHOUT ROWID;

CREATE TABLE set_in_force (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    documents TEXT NOT NULL,
    confirmed_at INTEGER NOT NULL,
    mac BLOB NOT NULL
) STRICT;

CREATE TABLE root_keys (
    id BLOB PRIMARY KEY,
    first_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
",
    "
CREATE INDEX calls_by_end ON calls (ended_at) WHERE hold IS NOT NULL;
",
    "
CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    hold TEXT NOT NULL,
    made INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    last_used INTEGER,
    revoked INTEGER
) STRICT, WITHOUT ROWID;
",
    // Bodies may be redacted or removed, the index has what people filter by, and everything beside the chain is
    // bound to the home. `migrate` fills in what SQL cannot.
    "
ALTER TABLE entries ADD COLUMN form INTEGER NOT NULL DEFAULT 0;

CREATE TABLE subjects (
    id INTEGER PRIMARY KEY,
    agent TEXT NOT NULL,
    user TEXT NOT NULL,
    upstream TEXT NOT NULL,
    tool TEXT NOT NULL,
    UNIQUE (agent, user, upstream, tool)
) STRICT;
INSERT INTO subjects (agent, user, upstream, tool)
    SELECT DISTINCT agent, user, upstream, tool FROM calls ORDER BY 1, 2, 3, 4;

DROP INDEX calls_by_outcome;
DROP INDEX calls_by_end;
ALTER TABLE calls RENAME TO calls_2;
CREATE TABLE calls (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    day INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    hold TEXT UNIQUE,
    bytes INTEGER,
    tool_error INTEGER NOT NULL,
    ended_at INTEGER,
    policies TEXT NOT NULL,
    touched INTEGER NOT NULL,
    mac BLOB NOT NULL
) STRICT;
INSERT INTO calls SELECT c.seq, c.at, (c.at - ((c.at % 86400000) + 86400000) % 86400000) / 86400000,
        (SELECT s.id FROM subjects s WHERE s.agent = c.agent AND s.user = c.user AND s.upstream = c.upstream AND s.tool = c.tool),
        c.outcome, c.hold, c.bytes, c.tool_error, c.ended_at, '',
        coalesce((SELECT max(e.seq) FROM entries e WHERE e.hold = c.hold AND e.kind NOT IN
            ('outcome_read', 'grant_made', 'grant_revoked', 'window_opened')),
                 (SELECT r.completed FROM releases r WHERE r.call = c.seq), c.seq),
        zeroblob(16)
    FROM calls_2 c;
DROP TABLE calls_2;
CREATE INDEX calls_by_subject ON calls (subject);
CREATE INDEX calls_by_outcome ON calls (outcome);
CREATE INDEX calls_by_day ON calls (day);
CREATE INDEX calls_by_end ON calls (ended_at) WHERE hold IS NOT NULL;

CREATE TABLE deciding (
    policy TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (policy, seq)
) STRICT, WITHOUT ROWID;

ALTER TABLE applied ADD COLUMN touched INTEGER NOT NULL DEFAULT 0;
ALTER TABLE applied ADD COLUMN mac BLOB NOT NULL DEFAULT x'';
ALTER TABLE grants ADD COLUMN ends INTEGER;
ALTER TABLE grants ADD COLUMN mac BLOB NOT NULL DEFAULT x'';
ALTER TABLE pins ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pins ADD COLUMN mac BLOB NOT NULL DEFAULT x'';
ALTER TABLE root_keys ADD COLUMN mac BLOB NOT NULL DEFAULT x'';

CREATE TABLE cut (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    pins INTEGER NOT NULL,
    at INTEGER NOT NULL,
    mac BLOB NOT NULL
) STRICT;
",
    // The newest of a handful of entries, found without reading the record.
    "
CREATE INDEX entries_of_pauses ON entries (seq) WHERE kind IN ('paused', 'resumed');
",
    counted::TABLE,
    // Counts follow from the calls, and uses of grants from entries, so that no older row passes for the newest.
    "
ALTER TABLE calls ADD COLUMN applied TEXT NOT NULL DEFAULT '';
ALTER TABLE grants ADD COLUMN before INTEGER NOT NULL DEFAULT 0;
UPDATE grants SET before = uses;
",
    // Each index of a list is a page that the release of a held call syncs. A call has one hold, so its own number says
    // all that the hold's name said here; what runs is found among the calls.
    "
CREATE TABLE releases_2 (
    release TEXT PRIMARY KEY,
    hold TEXT,
    call INTEGER NOT NULL UNIQUE,
    completed INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO releases_2 SELECT release, hold, call, completed FROM releases;
DROP TABLE releases;
ALTER TABLE releases_2 RENAME TO releases;
",
];

/// The format in which indexes were bound first, and the one in which they were bound as they are now.
pub(crate) const BOUND: i64 = 4;
const BOUND_SO: i64 = 7;

pub(crate) fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Refuses what is not ours or newer than us, before anything is written.
///
/// # Errors
/// [`JournalError::NotAJournal`], [`JournalError::Newer`], or what the database says.
pub(crate) fn check(connection: &Connection, path: &Path) -> Result<i64, JournalError> {
    let not_ours = || JournalError::NotAJournal(path.to_owned());
    let read = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let application = read("application_id").map_err(|error| match JournalError::from(error) {
        JournalError::Damaged(_) => not_ours(),
        other => other,
    })?;
    let found = read("user_version")?;
    if application != APPLICATION_ID {
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        return if application == 0 && found == 0 && tables == 0 { Ok(0) } else { Err(not_ours()) };
    }
    if !(1..=known()).contains(&found) {
        return Err(JournalError::Newer { found, known: known() });
    }
    Ok(found)
}

/// As [`check`], for somebody who may not change the file.
///
/// # Errors
/// As [`check`], and [`JournalError::Older`].
pub(crate) fn check_current(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let found = check(connection, path)?;
    if found == known() { Ok(()) } else { Err(JournalError::Older { found, known: known() }) }
}

/// Writes a page as it is.
pub(crate) fn touch(sql: &Connection) -> Result<(), JournalError> {
    Ok(sql.pragma_update(None, "user_version", known())?)
}

/// Brings a file of an older format to the newest, in one transaction.
pub(crate) fn migrate(connection: &mut Connection, keys: &Keys<'_>) -> Result<(), JournalError> {
    let found = keys.format;
    if found == known() {
        return Ok(());
    }
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    if (1..BOUND_SO).contains(&found) {
        migrate::bind_all(&transaction, keys)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", known())?;
    Ok(transaction.commit()?)
}
