//! Which row it is, once the sums of a list and of the entries differ: joins that are asked for only then. And the few
//! checks of what the database itself consists of.

use crate::counted;
use crate::entry::{HOLD_OPENED, REFUSED, TURNED_AWAY};
use crate::error::BadEntry;
use crate::grants::{GRANT_MADE, GRANT_REVOKED, GRANT_USED};
use crate::pins::PINNED;
use crate::release::{COMPLETED, RELEASED};
use crate::sides::{bad, damaged};
use rusqlite::{Connection, OptionalExtension};

type Seq = Result<u64, rusqlite::Error>;

fn first(sql: &Connection, query: &str) -> Seq {
    Ok(sql.query_row(query, [], |row| row.get::<_, Option<u64>>(0)).optional()?.flatten().unwrap_or(0))
}

/// Nothing in the file acts by itself but what this version put there.
pub(crate) fn check_schema(sql: &Connection) -> Result<(), BadEntry> {
    const PART: &str = "database";
    let query = "SELECT name, sql FROM sqlite_schema WHERE type IN ('trigger', 'view')";
    let mut statement = sql.prepare(query).map_err(damaged(PART))?;
    let mut rows = statement.query([]).map_err(damaged(PART))?;
    while let Some(row) = rows.next().map_err(damaged(PART))? {
        let (name, text): (String, String) =
            (row.get(0).map_err(damaged(PART))?, row.get(1).map_err(damaged(PART))?);
        if !counted::TABLE.contains(&text) {
            let why = format!("`{name}` was added or changed, which changes or hides what is written");
            return Err(bad(PART, 0, &why));
        }
    }
    Ok(())
}

/// The names of calls are part of these; what no call has is nobody's.
pub(crate) fn check_subjects(sql: &Connection) -> Result<(), BadEntry> {
    let query =
        "SELECT s.id FROM subjects s WHERE NOT EXISTS (SELECT 1 FROM calls c WHERE c.subject = s.id) LIMIT 1";
    let found: Option<i64> =
        sql.query_row(query, [], |row| row.get(0)).optional().map_err(damaged("list of names"))?;
    match found {
        Some(id) => Err(bad("list of names", 0, &format!("no call has what its row {id} says"))),
        None => Ok(()),
    }
}

pub(crate) fn release(sql: &Connection) -> Seq {
    first(
        sql,
        &format!(
            "SELECT e.seq FROM entries e LEFT JOIN releases r ON r.release = e.release
             WHERE e.release IS NOT NULL AND (r.release IS NULL OR r.hold IS NOT e.hold
                OR (e.kind = '{COMPLETED}' AND r.completed IS NOT e.seq)
                OR (e.kind = '{RELEASED}' AND r.completed IS NOT NULL AND NOT EXISTS
                    (SELECT 1 FROM entries d WHERE d.seq = r.completed AND d.release = e.release AND d.kind = '{COMPLETED}')))
             UNION ALL SELECT r.call FROM releases r WHERE NOT EXISTS
                (SELECT 1 FROM entries e WHERE e.kind = '{RELEASED}' AND e.release = r.release) LIMIT 1"
        ),
    )
}

pub(crate) fn release_of_another_call(sql: &Connection) -> Seq {
    first(
        sql,
        "SELECT coalesce((SELECT o.seq FROM calls o WHERE o.hold = r.hold),
                (SELECT o.seq FROM entries o WHERE o.release = r.release ORDER BY o.seq LIMIT 1), r.call)
         FROM releases r LEFT JOIN calls c ON c.seq = r.call LEFT JOIN entries e ON e.seq = r.call
         WHERE c.seq IS NULL OR c.hold IS NOT r.hold OR (r.hold IS NULL AND e.release IS NOT r.release)
         ORDER BY r.call LIMIT 1",
    )
}

pub(crate) fn call(sql: &Connection) -> Seq {
    let begins = format!(
        "(e.kind IN ('{REFUSED}', '{TURNED_AWAY}', '{HOLD_OPENED}') OR (e.kind = '{RELEASED}' AND e.hold IS NULL))"
    );
    first(
        sql,
        &format!(
            "SELECT e.seq FROM entries e LEFT JOIN calls c ON c.seq = e.seq
                WHERE {begins} AND (c.seq IS NULL OR c.hold IS NOT e.hold)
             UNION ALL SELECT c.seq FROM calls c LEFT JOIN entries e ON e.seq = c.seq
                WHERE e.seq IS NULL OR NOT {begins} LIMIT 1"
        ),
    )
}

pub(crate) fn call_that_ended_otherwise(sql: &Connection) -> Seq {
    first(
        sql,
        "SELECT c.seq FROM calls c LEFT JOIN releases r ON r.call = c.seq
         WHERE c.hold IS NULL AND c.touched <> coalesce(r.completed, c.seq) ORDER BY c.seq LIMIT 1",
    )
}

pub(crate) fn deciding(sql: &Connection) -> Seq {
    first(
        sql,
        "SELECT d.seq FROM deciding d LEFT JOIN calls c ON c.seq = d.seq
         WHERE c.seq IS NULL OR instr(' ' || c.policies, ' ' || d.policy || ' ') = 0
         UNION ALL
         SELECT c.seq FROM calls c WHERE length(c.policies) - length(replace(c.policies, ' ', '')) <>
            (SELECT count(*) FROM deciding d WHERE d.seq = c.seq)
         LIMIT 1",
    )
}

pub(crate) fn pin(sql: &Connection) -> Seq {
    first(
        sql,
        &format!(
            "SELECT e.seq FROM entries e LEFT JOIN pins p ON p.seq = e.seq
             WHERE e.kind = '{PINNED}' AND p.seq IS NULL ORDER BY e.seq LIMIT 1"
        ),
    )
}

pub(crate) fn grant(sql: &Connection) -> Seq {
    first(
        sql,
        &format!(
            "SELECT e.seq FROM entries e WHERE e.kind IN ('{GRANT_MADE}', '{GRANT_REVOKED}') AND NOT EXISTS
                (SELECT 1 FROM grants g WHERE g.hold = e.hold AND e.seq IN (g.made, g.revoked))
             UNION ALL SELECT g.made FROM grants g LEFT JOIN entries e ON e.seq = g.made
                WHERE e.kind IS NOT '{GRANT_MADE}' LIMIT 1"
        ),
    )
}

pub(crate) fn used_grant(sql: &Connection) -> Seq {
    first(
        sql,
        &format!(
            "SELECT g.made FROM grants g WHERE g.uses - g.before <>
                (SELECT count(*) FROM entries e WHERE e.hold = g.hold AND e.kind = '{GRANT_USED}') LIMIT 1"
        ),
    )
}
