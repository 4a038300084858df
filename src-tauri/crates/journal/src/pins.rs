//! Tool definitions as they were first seen. A pin is set once, and only a person's word puts another in its place.

use crate::bind::{Binder, Code, Part};
use crate::chain::About;
use crate::write::Durability;
use crate::{Journal, JournalError, migrate};
use policy::{DefinitionHash, Value};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::PoisonError;

/// A tool as its upstream first listed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedDefinition {
    pub hash: DefinitionHash,
    /// JSON, as received.
    pub definition: String,
}

#[derive(Serialize)]
struct PinnedBody<'a> {
    upstream: &'a str,
    tool: &'a str,
    hash: DefinitionHash,
}

/// Rows that were compared with their keyed hash since the start, by upstream and tool: hash of the definition, keyed hash.
pub(crate) type KnownPins = HashMap<String, HashMap<String, ([u8; 32], Vec<u8>)>>;

pub(crate) const PINNED: &str = "tool_pinned";
/// A row of `pins`.
pub(crate) struct PinRow {
    pub(crate) upstream: String,
    pub(crate) tool: String,
    pub(crate) hash: Vec<u8>,
    pub(crate) definition: String,
    pub(crate) at: i64,
    /// Of the entry that says so.
    pub(crate) seq: u64,
    pub(crate) mac: Vec<u8>,
}

/// The columns [`PinRow::from_row`] reads.
const PIN_ROW: &str = "SELECT upstream, tool, hash, definition, at, seq, mac FROM pins";

impl PinRow {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<PinRow> {
        Ok(PinRow {
            upstream: row.get(0)?,
            tool: row.get(1)?,
            hash: row.get(2)?,
            definition: row.get(3)?,
            at: row.get(4)?,
            seq: row.get(5)?,
            mac: row.get(6)?,
        })
    }

    pub(crate) fn code(&self, binder: &Binder) -> Code {
        let (upstream, tool) = (Part::Text(&self.upstream), Part::Text(&self.tool));
        let (hash, definition) = (Part::Bytes(&self.hash), Part::Text(&self.definition));
        binder.code("pin", &[upstream, tool, hash, definition, Part::Number(self.at), self.seq.into()])
    }
}

/// Every row, as it stands.
pub(crate) fn rows(sql: &Connection) -> Result<Vec<PinRow>, rusqlite::Error> {
    let mut statement = sql.prepare(PIN_ROW)?;
    let rows = statement.query_map([], PinRow::from_row)?;
    rows.collect()
}

/// Binds every row as it stands.
pub(crate) fn bind(sql: &Connection, binder: &Binder) -> Result<(), JournalError> {
    for row in rows(sql)? {
        sql.prepare_cached("UPDATE pins SET mac = ?3 WHERE upstream = ?1 AND tool = ?2")?
            .execute(params![row.upstream, row.tool, row.code(binder)])?;
    }
    Ok(())
}

impl Journal {
    /// How many tools of an upstream were seen.
    ///
    /// # Errors
    /// What the database says.
    pub fn pin_count(&self, upstream: &str) -> Result<usize, JournalError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached("SELECT count(*) FROM pins WHERE upstream = ?1")?;
        let count: u64 = statement.query_row(params![upstream], |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Every pin: upstream and definition, in the order of their names.
    ///
    /// # Errors
    /// What the database says.
    pub fn pins(&self) -> Result<Vec<(String, PinnedDefinition)>, JournalError> {
        let reader = self.reader();
        let mut statement =
            reader.prepare_cached("SELECT upstream, hash, definition FROM pins ORDER BY upstream, tool")?;
        let rows = statement.query_map([], |row| {
            let definition = PinnedDefinition { hash: DefinitionHash(row.get(1)?), definition: row.get(2)? };
            Ok((row.get(0)?, definition))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The pinned definition of a tool; none before its first sight. Pins never wait in the queue, so nothing of it is
    /// written for this: each call asks. Costs an HMAC over the definition.
    ///
    /// # Errors
    /// [`JournalError::PinTampered`] where this home did not write it so; otherwise what the database says.
    pub fn pin(&self, upstream: &str, tool: &str) -> Result<Option<PinnedDefinition>, JournalError> {
        let row = self.checked_pin(upstream, tool)?;
        Ok(row.map(|(hash, row)| PinnedDefinition { hash, definition: row.definition }))
    }

    /// The row, if this home wrote it.
    pub(crate) fn checked_pin(
        &self,
        upstream: &str,
        tool: &str,
    ) -> Result<Option<(DefinitionHash, PinRow)>, JournalError> {
        let connection = self.lookup.as_ref().unwrap_or(&self.reader);
        let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let query = format!("{PIN_ROW} WHERE upstream = ?1 AND tool = ?2");
        let mut statement = connection.prepare_cached(&query)?;
        let row = statement.query_row(params![upstream, tool], PinRow::from_row).optional()?;
        let Some(row) = row else { return Ok(None) };
        let is_ours = row.code(&self.binder).as_slice() == row.mac || {
            // What was pinned before this root key came is bound with that one.
            let mine = migrate::mine(&connection, &self.seals, &self.binder)?;
            mine > 1 && row.seq < mine
        };
        match <[u8; 32]>::try_from(row.hash.as_slice()) {
            Ok(hash) if is_ours => Ok(Some((DefinitionHash(hash), row))),
            _ => Err(JournalError::PinTampered(format!("{upstream}/{tool}"))),
        }
    }

    /// Only the hash of the pinned definition: what each call is compared with. Pins never wait in the queue, so
    /// nothing of it is written for this; a row is compared with its keyed hash once, and again when it is another.
    ///
    /// # Errors
    /// As [`Journal::pin`].
    pub fn pinned_hash(&self, upstream: &str, tool: &str) -> Result<Option<DefinitionHash>, JournalError> {
        let found: Option<([u8; 32], Vec<u8>)> = {
            let connection = self.lookup.as_ref().unwrap_or(&self.reader);
            let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let mut statement =
                connection.prepare_cached("SELECT hash, mac FROM pins WHERE upstream = ?1 AND tool = ?2")?;
            let row = statement.query_row(params![upstream, tool], |row| Ok((row.get(0)?, row.get(1)?)));
            row.optional()?
        };
        let Some(found) = found else { return Ok(None) };
        let known = self.known_pins.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = known.get(upstream).and_then(|tools| tools.get(tool)).is_some_and(|one| *one == found);
        drop(known);
        if is_known {
            return Ok(Some(DefinitionHash(found.0)));
        }
        let Some((hash, row)) = self.checked_pin(upstream, tool)? else { return Ok(None) };
        let mut known = self.known_pins.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(upstream.to_owned()).or_default().insert(tool.to_owned(), (hash.0, row.mac));
        Ok(Some(hash))
    }

    /// Pins a tool on first sight, on the disk before it returns. False where a pin stands already: it stays.
    ///
    /// # Errors
    /// What the database says; nothing is pinned then.
    pub fn set_pin(&self, upstream: &str, tool: &str, definition: &Value) -> Result<bool, JournalError> {
        Ok(self.set_pins(upstream, [(tool, definition)])? == 1)
    }

    /// Pins whatever of these is seen for the first time, all in one write; says how many were.
    ///
    /// # Errors
    /// As [`Journal::set_pin`].
    pub fn set_pins<'a>(
        &self,
        upstream: &str,
        tools: impl IntoIterator<Item = (&'a str, &'a Value)>,
    ) -> Result<usize, JournalError> {
        self.write(Durability::Synced, |draft| {
            let mut count = 0;
            for (tool, definition) in tools {
                let hash = DefinitionHash::of(definition);
                let known = draft
                    .sql
                    .prepare_cached("SELECT 1 FROM pins WHERE upstream = ?1 AND tool = ?2")?
                    .exists(params![upstream, tool])?;
                if known {
                    continue;
                }
                let seq = draft.append(PINNED, About::default(), &PinnedBody { upstream, tool, hash })?;
                let (upstream, tool) = (upstream.to_owned(), tool.to_owned());
                let (definition, at) = (definition.to_json(), draft.now.0);
                let row =
                    PinRow { upstream, tool, hash: hash.0.to_vec(), definition, at, seq, mac: Vec::new() };
                let code = row.code(draft.binder);
                draft
                    .sql
                    .prepare_cached("INSERT INTO pins (upstream, tool, hash, definition, at, seq, mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
                    .execute(params![row.upstream, row.tool, row.hash, row.definition, at, seq, code])?;
                count += 1;
            }
            Ok(count)
        })
    }
}
