//! What SQL cannot do when a file comes from an older format: read sealed bodies, and bind rows to the home.

use crate::JournalError;
use crate::bind::{Binder, Code, Part};
use crate::entry::{HOLD_OPENED, REFUSED};
use crate::grants;
use crate::index::{self, CallRow, ROW};
use crate::pins::{self, PINNED};
use crate::read::{COLUMNS, Kept};
use crate::recorded::judged;
use crate::release::RELEASED;
use crate::seal::Seals;
use rusqlite::{Connection, params};
use serde::Deserialize;

/// What a file is read and bound with.
pub(crate) struct Keys<'a> {
    pub(crate) seals: &'a Seals,
    pub(crate) binder: &'a Binder,
}

#[derive(Deserialize)]
struct PinnedBody {
    upstream: String,
    tool: String,
}

/// Rows whose entries cannot be read with this key are bound as they stand: nothing better is known of them.
pub(crate) fn bind_all(sql: &Connection, keys: &Keys<'_>) -> Result<(), JournalError> {
    bind_calls(sql, keys)?;
    bind_pins(sql, keys)?;
    grants::bind(sql, keys)?;
    for (policy, day, calls) in
        read_all::<(String, i64, i64)>(sql, "SELECT policy, day, calls FROM applied", |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
    {
        let code = index::applied_code(keys.binder, &policy, day, calls, 0);
        sql.prepare_cached("UPDATE applied SET mac = ?3 WHERE policy = ?1 AND day = ?2")?
            .execute(params![policy, day, code])?;
    }
    for (id, first) in read_all::<(Vec<u8>, u64)>(sql, "SELECT id, first_seq FROM root_keys", |row| {
        Ok((row.get(0)?, row.get(1)?))
    })? {
        let code = root_key_code(keys.binder, &id, first);
        sql.prepare_cached("UPDATE root_keys SET mac = ?2 WHERE id = ?1")?.execute(params![id, code])?;
    }
    Ok(())
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
            if matches!(entry.kind.as_str(), HOLD_OPENED | RELEASED | REFUSED)
                && let Some((_, _, decision)) = judged(entry, keys.seals)
            {
                index::note_deciding(sql, &mut row, &decision)?;
            }
            let code = row.code(keys.binder);
            sql.prepare_cached("UPDATE calls SET policies = ?2, mac = ?3 WHERE seq = ?1")?
                .execute(params![row.seq, row.policies, code])?;
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
