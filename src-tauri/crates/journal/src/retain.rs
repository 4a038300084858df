//! How long history is kept: by age and by size, from its beginning on. The chain goes on after a cut, whose place,
//! hash and pins are bound to the home; holds that are open, calls that run and grants in force are never cut, nor is
//! anything in the middle of one. What is old and cannot be cut yet loses its body.

use crate::bind::{Binder, Code};
use crate::chain::{About, Form, Hash};
use crate::entry::{REFUSED, TURNED_AWAY};
use crate::grants::{GRANT_MADE, GRANT_REVOKED, WINDOW_OPENED};
use crate::pins::PINNED;
use crate::read::{COLUMNS, Kept};
use crate::sides::cut_parts;
use crate::write::{Draft, Durability};
use crate::{Journal, JournalError, applied, passkeys, paused};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use std::time::Duration;

/// Entries one transaction takes out, so that nobody waits long for it.
const STEP: u64 = 2_000;

/// The entry that says what was cut off.
pub(crate) const CUT: &str = "entries_removed";

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub keep: Duration,
    /// Of the file, without its free pages.
    pub most_bytes: u64,
}

/// What [`Journal::retain`] took out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trimmed {
    pub entries: u64,
    /// Of entries that stay.
    pub bodies: u64,
}

/// The row of `cut`.
pub(crate) struct Cut {
    /// The last entry that was taken out.
    pub(crate) seq: u64,
    pub(crate) hash: Hash,
    /// Pins whose entries were taken out.
    pub(crate) pins: u64,
    at: i64,
    pub(crate) mac: Vec<u8>,
}

#[derive(Serialize)]
struct RemovedBody {
    up_to: u64,
    entries: u64,
}

#[derive(Serialize)]
struct BodyRemoved {
    removed: &'static str,
}

impl Cut {
    pub(crate) fn code(&self, binder: &Binder) -> Code {
        binder.code("cut", &cut_parts(self.seq, &self.hash, self.pins, self.at))
    }
}

pub(crate) fn read_cut(sql: &Connection) -> Result<Option<Cut>, rusqlite::Error> {
    sql.prepare_cached("SELECT seq, hash, pins, at, mac FROM cut")?
        .query_row([], |row| {
            let (seq, hash, pins) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Cut { seq, hash, pins, at: row.get(3)?, mac: row.get(4)? })
        })
        .optional()
}

impl Journal {
    /// Takes out what is older than is kept, or more than is kept. For the gateway to call now and then.
    ///
    /// # Errors
    /// What the database says; what was taken out until then stays out.
    pub fn retain(&self, retention: &Retention) -> Result<Trimmed, JournalError> {
        let mut trimmed = Trimmed::default();
        // What a step itself records is no reason for another one: what is never cut may be more than is kept.
        let last = self.write(Durability::Buffered, |draft| Ok(draft.next_seq().saturating_sub(1)))?;
        loop {
            let step = self.write(Durability::Buffered, |draft| step(draft, retention, last))?;
            trimmed.entries += step.entries;
            trimmed.bodies += step.bodies;
            if step == Trimmed::default() {
                return Ok(trimmed);
            }
        }
    }
}

fn step(draft: &mut Draft<'_>, retention: &Retention, last: u64) -> Result<Trimmed, JournalError> {
    let keep = i64::try_from(retention.keep.as_millis()).unwrap_or(i64::MAX);
    let horizon = draft.now.0.saturating_sub(keep);
    let start = read_cut(draft.sql)?.map_or(0, |cut| cut.seq);
    let is_too_much = used_bytes(draft.sql)? > retention.most_bytes;
    let old = old_until(draft.sql, start, horizon)?;
    // The newest entry stays: the next one follows it.
    let wanted = if is_too_much { old.max(start + STEP) } else { old }.min(last.saturating_sub(1));
    let up_to = whole_until(draft.sql, wanted, draft.now.0)?;
    let mut trimmed = Trimmed::default();
    if up_to > start {
        cut(draft, start, up_to)?;
        trimmed.entries = up_to - start;
    }
    if up_to < wanted {
        trimmed.bodies = remove_bodies(draft, up_to, wanted)?;
    }
    Ok(trimmed)
}

/// Of history: pins are never cut, so none is given up for them.
fn used_bytes(sql: &Connection) -> Result<u64, JournalError> {
    let read = |pragma: &str| sql.pragma_query_value(None, pragma, |row| row.get::<_, u64>(0));
    let all = (read("page_count")? - read("freelist_count")?) * read("page_size")?;
    let pins: u64 = sql
        .prepare_cached("SELECT coalesce(sum(length(CAST(definition AS BLOB))), 0) FROM pins")?
        .query_row([], |row| row.get(0))?;
    Ok(all.saturating_sub(pins))
}

/// The last of the first entries that are older than `horizon`; those behind a younger one wait for it.
fn old_until(sql: &Connection, start: u64, horizon: i64) -> Result<u64, JournalError> {
    let mut statement =
        sql.prepare_cached("SELECT seq, at FROM entries WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    let mut rows = statement.query(params![start, STEP])?;
    let mut last = start;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(1)? >= horizon {
            break;
        }
        last = row.get(0)?;
    }
    Ok(last)
}

/// The last place at or before `wanted` that is in the middle of no call.
fn whole_until(sql: &Connection, wanted: u64, now: i64) -> Result<u64, JournalError> {
    let mut statement = sql.prepare_cached(
        "SELECT min(c.seq) FROM calls c WHERE c.seq <= ?1 AND (c.touched > ?1
            OR c.outcome IN ('waiting', 'approved', 'running') AND c.ended_at IS NULL
            OR c.hold IS NOT NULL AND (EXISTS (SELECT 1 FROM entries e WHERE e.hold = c.hold AND e.seq > ?1)
                OR EXISTS (SELECT 1 FROM grants g WHERE g.hold = c.hold AND g.revoked IS NULL AND g.ends > ?2)))",
    )?;
    let mut place = wanted;
    while place > 0 {
        let open: Option<u64> = statement.query_row(params![place, now], |row| row.get(0))?;
        match open {
            Some(open) => place = open - 1,
            None => break,
        }
    }
    Ok(place)
}

fn cut(draft: &mut Draft<'_>, start: u64, up_to: u64) -> Result<(), JournalError> {
    let hash =
        draft.sql.query_row("SELECT hash FROM entries WHERE seq = ?1", params![up_to], |row| row.get(0))?;
    let pins =
        draft.sql.query_row("SELECT count(*) FROM pins WHERE seq <= ?1", params![up_to], |row| row.get(0))?;
    let cut = Cut { seq: up_to, hash, pins, at: draft.now.0, mac: Vec::new() };
    let code = cut.code(draft.binder);
    draft
        .sql
        .prepare_cached(
            "INSERT OR REPLACE INTO cut (one, seq, hash, pins, at, mac) VALUES (1, ?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![cut.seq, cut.hash, cut.pins, cut.at, code])?;
    paused::carry_over(draft, up_to)?;
    passkeys::carry_over(draft, up_to)?;
    applied::take_out(draft.sql, draft.binder, up_to)?;
    for query in [
        "DELETE FROM deciding WHERE seq <= ?1 AND policy IN (SELECT DISTINCT policy FROM deciding)",
        "DELETE FROM grants WHERE made <= ?1",
        "DELETE FROM releases WHERE call <= ?1",
        "DELETE FROM calls WHERE seq <= ?1",
        "DELETE FROM entries WHERE seq <= ?1",
    ] {
        draft.sql.prepare_cached(query)?.execute(params![up_to])?;
    }
    draft.sql.execute(
        "DELETE FROM subjects WHERE NOT EXISTS (SELECT 1 FROM calls c WHERE c.subject = subjects.id)",
        [],
    )?;
    draft.append(CUT, About::default(), &RemovedBody { up_to, entries: up_to - start })?;
    Ok(())
}

/// Bodies of calls that ended, between a call that has not and the newest that is old.
fn remove_bodies(draft: &mut Draft<'_>, after: u64, until: u64) -> Result<u64, JournalError> {
    let query = format!(
        "SELECT {COLUMNS} FROM entries e WHERE e.seq > ?1 AND e.seq <= ?2 AND e.form <> ?3 AND e.kind NOT IN (?4, ?7, ?8, ?9)
           AND (e.release IS NOT NULL OR e.hold IS NOT NULL OR e.kind IN (?5, ?6))
           AND NOT EXISTS (SELECT 1 FROM calls c WHERE c.ended_at IS NULL
                AND (c.hold = e.hold OR c.seq = e.seq))
         ORDER BY e.seq LIMIT 500"
    );
    let values = params![
        after,
        until,
        Form::Removed.code(),
        PINNED,
        REFUSED,
        TURNED_AWAY,
        GRANT_MADE,
        GRANT_REVOKED,
        WINDOW_OPENED
    ];
    let entries: Vec<Kept> =
        draft.sql.prepare_cached(&query)?.query_map(values, Kept::from_row)?.collect::<Result<_, _>>()?;
    let body = serde_json::to_vec(&BodyRemoved { removed: "it is older than is kept" });
    let body = body.map_err(JournalError::Encoding)?;
    let mut count = 0;
    for entry in &entries {
        // What another key sealed is sealed with that key's name, which nobody can do now.
        if entry.key == draft.seals.key_id {
            draft.replace(entry, Form::Removed, &body)?;
            count += 1;
        }
    }
    Ok(count)
}
