//! How many calls there were over time and how they ended, for the chart above Activity. A table of counts by quarter
//! of an hour follows the index of calls by triggers, so no way of writing a call can forget it; a question costs the
//! quarters it spans and not the calls in them. Quarters, because every time zone's days begin at one.
//!
//! Not here: what a day is where the window stands. Whoever asks says where each bucket begins.

use crate::activity::{ActivityOutcome, ActivityQuery};
use crate::error::BadEntry;
use crate::index::HELD_RUNNING;
use crate::sides::{bad, damaged};
use crate::{Journal, JournalError, seek};
use policy::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

/// What buckets begin and end at.
pub const QUARTER: i64 = 900_000;
/// Buckets one question may have.
pub const MOST_BUCKETS: usize = 400;

/// The table and what keeps it.
pub(crate) const TABLE: &str = "
CREATE TABLE counted (
    quarter INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    subject INTEGER NOT NULL,
    policies TEXT NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (quarter, outcome, subject, policies)
) STRICT, WITHOUT ROWID;
INSERT INTO counted SELECT at / 900000, outcome, subject, policies, count(*) FROM calls GROUP BY 1, 2, 3, 4;

CREATE TRIGGER counted_added AFTER INSERT ON calls BEGIN
    INSERT INTO counted VALUES (new.at / 900000, new.outcome, new.subject, new.policies, 1)
        ON CONFLICT DO UPDATE SET calls = calls + 1;
END;
CREATE TRIGGER counted_changed AFTER UPDATE ON calls
    WHEN old.outcome <> new.outcome OR old.policies <> new.policies OR old.subject <> new.subject OR old.at <> new.at
BEGIN
    UPDATE counted SET calls = calls - 1 WHERE quarter = old.at / 900000 AND outcome = old.outcome
        AND subject = old.subject AND policies = old.policies;
    DELETE FROM counted WHERE quarter = old.at / 900000 AND outcome = old.outcome
        AND subject = old.subject AND policies = old.policies AND calls <= 0;
    INSERT INTO counted VALUES (new.at / 900000, new.outcome, new.subject, new.policies, 1)
        ON CONFLICT DO UPDATE SET calls = calls + 1;
END;
CREATE TRIGGER counted_removed AFTER DELETE ON calls BEGIN
    UPDATE counted SET calls = calls - 1 WHERE quarter = old.at / 900000 AND outcome = old.outcome
        AND subject = old.subject AND policies = old.policies;
    DELETE FROM counted WHERE quarter = old.at / 900000 AND outcome = old.outcome
        AND subject = old.subject AND policies = old.policies AND calls <= 0;
END;
";

/// Calls of one bucket that ended, or stand, the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Which bucket, from 0.
    pub bucket: usize,
    pub outcome: ActivityOutcome,
    pub calls: u64,
}

impl Journal {
    /// How many calls fit `query`, by bucket and outcome; `edges` are the beginnings of the buckets and the end of the
    /// last one. `before`, `limit`, `since` and `until` of the query do not count here. Nothing is said of a bucket
    /// without calls.
    ///
    /// # Errors
    /// [`JournalError::BadBuckets`] where the edges do not rise, lie beside the quarters of an hour or are too many;
    /// or what the database says.
    pub fn activity_counts(
        &self,
        edges: &[Timestamp],
        query: &ActivityQuery,
    ) -> Result<Vec<Counted>, JournalError> {
        let rising = edges.iter().zip(edges.iter().skip(1)).all(|(edge, next)| edge < next);
        let whole = edges.iter().all(|edge| edge.0 % QUARTER == 0);
        let (Some(first), Some(last)) = (edges.first(), edges.last()) else {
            return Err(JournalError::BadBuckets);
        };
        if !rising || !whole || edges.len() < 2 || edges.len() > MOST_BUCKETS + 1 {
            return Err(JournalError::BadBuckets);
        }
        let reader = self.reader();
        let subjects = seek::subjects(&reader, query)?;
        let policy = query.policy.as_ref().map(|policy| policy.as_str());
        let mut statement = reader.prepare_cached(&format!(
            "SELECT quarter, outcome, subject, policies, calls FROM counted WHERE quarter >= ?1 AND quarter < ?2
             UNION ALL SELECT at / {QUARTER}, 'running', subject, policies, 1 FROM {HELD_RUNNING}
             UNION ALL SELECT at / {QUARTER}, 'approved', subject, policies, -1 FROM {HELD_RUNNING}"
        ))?;
        let (first, last) = (first.0 / QUARTER, last.0 / QUARTER);
        let mut rows = statement.query(params![first, last])?;
        let mut counts: HashMap<(usize, ActivityOutcome), i64> = HashMap::new();
        while let Some(row) = rows.next()? {
            let (quarter, outcome) = (row.get::<_, i64>(0)?, row.get_ref(1)?.as_str().unwrap_or_default());
            let outcome = ActivityOutcome::from_name(outcome);
            let fits = (first..last).contains(&quarter)
                && query.outcome.is_none_or(|wanted| wanted == outcome)
                && subjects.as_ref().is_none_or(|known| row.get(2).is_ok_and(|id: i64| known.contains(&id)))
                && match policy {
                    None => true,
                    Some(policy) => row.get_ref(3)?.as_str().is_ok_and(|known| names(known, policy)),
                };
            if !fits {
                continue;
            }
            let at = quarter.saturating_mul(QUARTER);
            let bucket = edges.partition_point(|edge| edge.0 <= at).saturating_sub(1);
            *counts.entry((bucket, outcome)).or_default() += row.get::<_, i64>(4)?;
        }
        let mut found: Vec<Counted> = counts
            .into_iter()
            .map(|((bucket, outcome), calls)| Counted {
                bucket,
                outcome,
                calls: u64::try_from(calls).unwrap_or(0),
            })
            .filter(|one| one.calls > 0)
            .collect();
        found.sort_by_key(|one| (one.bucket, one.outcome.as_str()));
        Ok(found)
    }

    /// When the oldest call on record began.
    ///
    /// # Errors
    /// What the database says.
    pub fn oldest_call(&self) -> Result<Option<Timestamp>, JournalError> {
        let oldest: Option<i64> =
            self.reader().query_row("SELECT min(quarter) FROM counted", [], |row| row.get(0))?;
        Ok(oldest.map(|quarter| Timestamp(quarter.saturating_mul(QUARTER))))
    }
}

/// `known` is a row's policies, each followed by a space.
fn names(known: &str, policy: &str) -> bool {
    known.split_terminator(' ').any(|one| one == policy)
}

/// What `verify` calls this list.
pub(crate) const PART: &str = "count of calls";

/// Where the counts and the calls say different things.
pub(crate) fn first_that_differs(sql: &Connection) -> Result<BadEntry, BadEntry> {
    const LISTED: &str =
        "SELECT at / 900000, outcome, subject, policies, count(*) FROM calls GROUP BY 1, 2, 3, 4";
    const COUNTED: &str = "SELECT quarter, outcome, subject, policies, calls FROM counted";
    let query = format!(
        "SELECT * FROM (SELECT * FROM ({COUNTED}) EXCEPT SELECT * FROM ({LISTED}))
         UNION ALL SELECT * FROM (SELECT * FROM ({LISTED}) EXCEPT SELECT * FROM ({COUNTED})) LIMIT 1"
    );
    let found: Option<(i64, String)> =
        sql.query_row(&query, [], |row| Ok((row.get(0)?, row.get(1)?))).optional().map_err(damaged(PART))?;
    let which = found.map_or_else(String::new, |(quarter, outcome)| {
        format!(
            "of calls that are {outcome}, in the quarter of an hour from {}: ",
            quarter.saturating_mul(QUARTER)
        )
    });
    Ok(bad(PART, 0, &format!("{which}it does not say what the list of calls says")))
}
