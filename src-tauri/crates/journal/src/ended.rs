//! What happened lately, for a gateway that starts again: holds that ended, what came of them and whether
//! anybody read it; and calls that ran.

use crate::holds::{self, Course};
use crate::read::{COLUMNS, Kept, of_hold};
use crate::release::{COMPLETED, RELEASED, ReleasedBody};
use crate::seal::Opening;
use crate::{Completion, Journal, JournalError, redact};
use policy::{CallDigest, Timestamp};
use rusqlite::params;

/// A hold that nothing more happens to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedHold {
    pub course: Course,
    /// Of the call as it was asked; the one in `course` may be redacted.
    pub digest: CallDigest,
    pub at: Timestamp,
    /// How its run ended; none where it was never released.
    pub completion: Option<Completion>,
    /// What came of it was written to an agent.
    pub is_read: bool,
}

impl Journal {
    /// Holds that ended at `since` or later, the first to end first. One that cannot be read any more is left out.
    ///
    /// # Errors
    /// What the database says.
    pub fn ended_holds(&self, since: Timestamp) -> Result<Vec<EndedHold>, JournalError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT hold, ended_at FROM calls WHERE hold IS NOT NULL AND ended_at >= ?1 ORDER BY ended_at, seq",
        )?;
        let rows = statement.query_map(params![since.0], |row| Ok((row.get(0)?, Timestamp(row.get(1)?))))?;
        let rows: Vec<(String, Timestamp)> = rows.collect::<Result<_, _>>()?;
        let mut ended = Vec::new();
        for (hold, at) in rows {
            let entries = of_hold(&reader, &hold)?;
            let course = match holds::assemble(&entries, &self.seals) {
                Ok(Some(course)) => course,
                Ok(None) | Err(JournalError::Unreadable(_)) => continue,
                Err(error) => return Err(error),
            };
            let of_kind = |kind: &str| entries.iter().find(|entry| entry.kind == kind);
            // A run whose end cannot be read may have been anything.
            let completion = of_kind(COMPLETED)
                .map(|entry| entry.read::<Completion>(&self.seals).unwrap_or(Completion::Unknown));
            let redaction = entries.first().and_then(|entry| match entry.open(&self.seals) {
                Opening::Body(body) => redact::redaction_of(&body),
                Opening::OtherKey | Opening::Broken => None,
            });
            let digest = redaction.and_then(|redaction| redaction.digest);
            let digest = digest.unwrap_or_else(|| course.0.call.digest());
            ended.push(EndedHold { course, digest, at, completion, is_read: of_kind(holds::READ).is_some() });
        }
        Ok(ended)
    }

    /// Calls that no policy held and that were sent at `since` or later, newest first; looks at no more than the
    /// `most` newest calls.
    ///
    /// # Errors
    /// What the database says.
    pub fn allowed_runs(
        &self,
        since: Timestamp,
        most: usize,
    ) -> Result<Vec<(CallDigest, Timestamp)>, JournalError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM (SELECT seq FROM calls WHERE hold IS NULL ORDER BY seq DESC LIMIT ?1) c
             JOIN entries e ON e.seq = c.seq WHERE e.at >= ?2 AND e.kind = ?3 ORDER BY e.seq DESC"
        ))?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![most, since.0, RELEASED], Kept::from_row)?;
        let mut runs = Vec::new();
        for row in rows {
            match row?.read::<ReleasedBody>(&self.seals) {
                Ok(body) => runs.push((body.digest, body.at)),
                Err(JournalError::Unreadable(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(runs)
    }
}
