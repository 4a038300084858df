//! What SQL cannot do when a file comes from an older format: read sealed bodies, and bind rows to the home.

use crate::JournalError;
use crate::bind::{Binder, Code, Part};
use crate::entry::{HOLD_OPENED, REFUSED};
use crate::index::{self, CallRow, ROW};
use crate::pins::{self, PINNED};
use crate::read::{COLUMNS, Kept};
use crate::recorded::judged;
use crate::release::RELEASED;
use crate::schema::BOUND;
use crate::seal::Seals;
use crate::{applied, grants};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Deserialize;

/// What a file is read and bound with.
pub(crate) struct Keys<'a> {
    pub(crate) seals: &'a Seals,
    pub(crate) binder: &'a Binder,
    /// The file's.
    pub(crate) format: i64,
    /// The first entry that this root key can have sealed.
    pub(crate) mine: u64,
}

impl Keys<'_> {
    /// Whether rows about this entry are bound already, with this key.
    pub(crate) fn are_bound(&self, touched: u64) -> bool {
        self.format >= BOUND && touched >= self.mine
    }
}

#[derive(Deserialize)]
struct PinnedBody {
    upstream: String,
    tool: String,
}

/// Rows whose entries cannot be read with this key are bound as they stand: nothing better is known of them.
pub(crate) fn bind_all(sql: &Connection, keys: &Keys<'_>) -> Result<(), JournalError> {
    bind_calls(sql, keys)?;
    grants::bind(sql, keys)?;
    applied::count_anew(sql, keys.binder)?;
    if keys.format >= BOUND {
        return Ok(());
    }
    bind_pins(sql, keys)?;
    for (id, first) in read_all::<(Vec<u8>, u64)>(sql, "SELECT id, first_seq FROM root_keys", |row| {
        Ok((row.get(0)?, row.get(1)?))
    })? {
        let code = root_key_code(keys.binder, &id, first);
        sql.prepare_cached("UPDATE root_keys SET mac = ?2 WHERE id = ?1")?.execute(params![id, code])?;
    }
    Ok(())
}

/// See [`Keys`]; none of the entries where the key is new here.
pub(crate) fn first_of(sql: &Connection, seals: &Seals) -> Result<u64, JournalError> {
    let mine: Option<u64> = sql
        .query_row("SELECT first_seq FROM root_keys WHERE id = ?1", params![seals.key_id], |row| row.get(0))
        .optional()?;
    Ok(mine.unwrap_or(u64::MAX))
}

/// As [`first_of`], where that row is as this home wrote it; otherwise every row has to be this key's.
pub(crate) fn mine(sql: &Connection, seals: &Seals, binder: &Binder) -> Result<u64, JournalError> {
    let row: Option<(u64, Vec<u8>)> = sql
        .prepare_cached("SELECT first_seq, mac FROM root_keys WHERE id = ?1")?
        .query_row(params![seals.key_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(match row {
        Some((first, mac)) if root_key_code(binder, &seals.key_id, first).as_slice() == mac => first,
        _ => 1,
    })
}

pub(crate) fn root_key_code(binder: &Binder, id: &[u8], first: u64) -> Code {
    binder.code("root key", &[Part::Bytes(id), first.into()])
}

fn read_all<T>(
    sql: &Connection,
    query: &str,
    of: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, JournalError> {
    let mut statement = sql.prepare(query)?;
    let rows = statement.query_map([], of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A stretch at a time, so that a long history does not fill the memory.
fn bind_calls(sql: &Connection, keys: &Keys<'_>) -> Result<(), JournalError> {
    let query = format!(
        "SELECT {COLUMNS} FROM calls c JOIN entries e ON e.seq = c.seq WHERE c.seq > ?1 ORDER BY c.seq LIMIT 500"
    );
    let mut after = 0_u64;
    loop {
        let entries: Vec<Kept> = sql
            .prepare_cached(&query)?
            .query_map(params![after], Kept::from_row)?
            .collect::<Result<_, _>>()?;
        let Some(last) = entries.last() else { return Ok(()) };
        after = last.seq;
        for entry in &entries {
            let mut row: CallRow = sql
                .prepare_cached(&format!(
                    "SELECT {ROW} FROM calls c JOIN subjects s ON s.id = c.subject WHERE c.seq = ?1"
                ))?
                .query_row(params![entry.seq], CallRow::from_row)?;
            // One that was changed since stays as it is, for `verify` to name.
            if keys.are_bound(row.touched) && !row.was_bound(keys.binder) {
                continue;
            }
            if matches!(entry.kind.as_str(), HOLD_OPENED | RELEASED | REFUSED)
                && let Some((_, _, decision)) = judged(entry, keys.seals)
            {
                index::note_deciding(sql, &mut row, &decision)?;
                row.applied = index::applied(&decision);
            }
            let code = row.code(keys.binder);
            sql.prepare_cached("UPDATE calls SET policies = ?2, mac = ?3, applied = ?4 WHERE seq = ?1")?
                .execute(params![row.seq, row.policies, code, row.applied])?;
        }
    }
}

fn bind_pins(sql: &Connection, keys: &Keys<'_>) -> Result<(), JournalError> {
    let query = format!("SELECT {COLUMNS} FROM entries e WHERE e.kind = ?1 ORDER BY e.seq");
    let pinned: Vec<Kept> =
        sql.prepare(&query)?.query_map(params![PINNED], Kept::from_row)?.collect::<Result<_, _>>()?;
    for entry in pinned {
        if let Ok(body) = entry.read::<PinnedBody>(keys.seals) {
            sql.prepare_cached("UPDATE pins SET seq = ?3 WHERE upstream = ?1 AND tool = ?2 AND seq = 0")?
                .execute(params![body.upstream, body.tool, entry.seq])?;
        }
    }
    pins::bind(sql, keys.binder)
}
