//! Whether a person holds everything, as the record says: the newest of the entries about that. It outlives the
//! process, so that nothing goes unseen after a restart that a person had stopped before it.

use crate::{Journal, JournalError};
use rusqlite::OptionalExtension;

pub(crate) const PAUSED: &str = "paused";
pub(crate) const RESUMED: &str = "resumed";

impl Journal {
    /// True from [`Entry::Paused`](crate::Entry::Paused) to [`Entry::Resumed`](crate::Entry::Resumed).
    ///
    /// # Errors
    /// What the database says.
    pub fn is_paused(&self) -> Result<bool, JournalError> {
        let newest: Option<String> = self
            .reader()
            .prepare_cached(
                "SELECT kind FROM entries WHERE kind IN ('paused', 'resumed') ORDER BY seq DESC LIMIT 1",
            )?
            .query_row([], |row| row.get(0))
            .optional()?;
        Ok(newest.as_deref() == Some(PAUSED))
    }
}
