//! Whether a person holds everything, as the record says: the newest of the entries about that. It outlives the
//! process, so that nothing goes unseen after a restart that a person had stopped before it.

use crate::chain::About;
use crate::write::Draft;
use crate::{Journal, JournalError};
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

pub(crate) const PAUSED: &str = "paused";
pub(crate) const RESUMED: &str = "resumed";

#[derive(Serialize)]
struct StillPausedBody {
    since: i64,
}

impl Journal {
    /// True from [`Entry::Paused`](crate::Entry::Paused) to [`Entry::Resumed`](crate::Entry::Resumed).
    ///
    /// # Errors
    /// What the database says.
    pub fn is_paused(&self) -> Result<bool, JournalError> {
        Ok(newest(&self.reader())?.is_some_and(|newest| newest.is_paused))
    }
}

struct Newest {
    seq: u64,
    at: i64,
    is_paused: bool,
}

fn newest(sql: &Connection) -> Result<Option<Newest>, rusqlite::Error> {
    sql.prepare_cached(
        "SELECT seq, at, kind FROM entries WHERE kind IN ('paused', 'resumed') ORDER BY seq DESC LIMIT 1",
    )?
    .query_row([], |row| {
        let kind: String = row.get(2)?;
        Ok(Newest { seq: row.get(0)?, at: row.get(1)?, is_paused: kind == PAUSED })
    })
    .optional()
}

/// Before the entries up to here are taken out: what holds everything is said once more.
pub(crate) fn carry_over(draft: &mut Draft<'_>, up_to: u64) -> Result<(), JournalError> {
    if let Some(Newest { at, .. }) =
        newest(draft.sql)?.filter(|newest| newest.is_paused && newest.seq <= up_to)
    {
        draft.append(PAUSED, About::default(), &StillPausedBody { since: at })?;
    }
    Ok(())
}
