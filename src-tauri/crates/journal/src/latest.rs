//! The latest time on record: it tells of a clock that was set back while nobody counted.

use crate::{Journal, JournalError};
use policy::Timestamp;
use rusqlite::params;

/// How many of the newest entries are looked at: one of them was written before the clock was set.
const LOOKS_AT: u32 = 1_000;

impl Journal {
    /// The latest time among the newest entries; none where there are none.
    ///
    /// # Errors
    /// What the database says.
    pub fn latest_time(&self) -> Result<Option<Timestamp>, JournalError> {
        let latest: Option<i64> = self
            .reader()
            .prepare_cached("SELECT max(at) FROM (SELECT at FROM entries ORDER BY seq DESC LIMIT ?1)")?
            .query_row(params![LOOKS_AT], |row| row.get(0))?;
        Ok(latest.map(Timestamp))
    }
}
