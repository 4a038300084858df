//! Whether a person holds everything, as the record says: the newest of the entries about that. It outlives the
//! process, so that nothing goes unseen after a restart that a person had stopped before it. That things go again is
//! believed only of an entry that this home sealed as just that.

use crate::bind::Binder;
use crate::chain::About;
use crate::migrate;
use crate::read::{COLUMNS, Kept};
use crate::seal::{Opening, Seals};
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
        Ok(newest(&self.reader(), &self.seals, &self.binder)?.is_some_and(|newest| newest.is_paused))
    }
}

struct Newest {
    seq: u64,
    at: i64,
    is_paused: bool,
}

fn newest(sql: &Connection, seals: &Seals, binder: &Binder) -> Result<Option<Newest>, JournalError> {
    let query = format!(
        "SELECT {COLUMNS} FROM entries e WHERE e.kind IN ('paused', 'resumed') ORDER BY e.seq DESC LIMIT 1"
    );
    let Some(entry) = sql.prepare_cached(&query)?.query_row([], Kept::from_row).optional()? else {
        return Ok(None);
    };
    let is_resumed = entry.kind == RESUMED
        && match entry.open(seals) {
            Opening::Body(_) => true,
            // Of a root key that was before this one.
            Opening::OtherKey => entry.seq < migrate::mine(sql, seals, binder)?,
            Opening::Broken => false,
        };
    Ok(Some(Newest { seq: entry.seq, at: entry.at.0, is_paused: !is_resumed }))
}

/// Before the entries up to here are taken out: what holds everything is said once more.
pub(crate) fn carry_over(draft: &mut Draft<'_>, up_to: u64) -> Result<(), JournalError> {
    if let Some(Newest { at, .. }) =
        newest(draft.sql, draft.seals, draft.binder)?.filter(|newest| newest.is_paused && newest.seq <= up_to)
    {
        draft.append(PAUSED, About::default(), &StillPausedBody { since: at })?;
    }
    Ok(())
}
