//! Finding a page of calls: each filter is a stream of entry numbers that can be asked for its next one at or below a
//! place, and the streams leap past each other until all meet. A page costs its rows and the leaps between them, never
//! the journal; after [`LEAPS`] it stops where it is and says so.

use crate::JournalError;
use crate::activity::{ActivityOutcome, ActivityQuery};
use crate::index::{HELD_RUNNING, STANDS, day_of};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashSet;

/// Places one page looks at.
pub(crate) const LEAPS: usize = 20_000;
/// With more names than this, rows are looked at one by one instead.
const MOST_STREAMS: usize = 64;

/// What was found, newest first.
pub(crate) struct Found {
    pub(crate) seqs: Vec<i64>,
    /// Everything above this was looked at; none where everything was.
    pub(crate) down_to: Option<i64>,
}

/// Entry numbers, from the newest down.
enum Stream<'a> {
    All,
    Outcome(ActivityOutcome),
    Policy(&'a str),
    /// Of one column, any of these values; with where each stands, if known.
    Any {
        column: &'static str,
        values: Vec<(i64, Option<i64>)>,
    },
}

/// What the row itself is asked, because no index says it.
struct Residual {
    subjects: Option<HashSet<i64>>,
    since: Option<i64>,
    until: Option<i64>,
}

pub(crate) fn find(sql: &Connection, query: &ActivityQuery, limit: usize) -> Result<Found, JournalError> {
    let nothing = Found { seqs: Vec::new(), down_to: None };
    let mut streams = Vec::new();
    let mut residual =
        Residual { subjects: None, since: query.since.map(|at| at.0), until: query.until.map(|at| at.0) };
    if let Some(subjects) = subjects(sql, query)? {
        if subjects.is_empty() {
            return Ok(nothing);
        }
        if subjects.len() <= MOST_STREAMS {
            let values = subjects.into_iter().map(|id| (id, None)).collect();
            streams.push(Stream::Any { column: "subject", values });
        } else {
            residual.subjects = Some(subjects.into_iter().collect());
        }
    }
    if let Some(outcome) = query.outcome {
        streams.push(Stream::Outcome(outcome));
    }
    if let Some(policy) = &query.policy {
        streams.push(Stream::Policy(policy.as_str()));
    }
    if residual.since.is_some() || residual.until.is_some() {
        let days = days(sql, &residual)?;
        if days.is_empty() {
            return Ok(nothing);
        }
        streams
            .push(Stream::Any { column: "day", values: days.into_iter().map(|day| (day, None)).collect() });
    }
    if streams.is_empty() {
        streams.push(Stream::All);
    }

    let mut at = query.before.and_then(|seq| i64::try_from(seq).ok()).map_or(i64::MAX, |seq| seq - 1);
    let mut seqs = Vec::with_capacity(limit);
    for _ in 0..LEAPS {
        let mut lowest = at;
        for stream in &mut streams {
            match stream.at_or_below(sql, lowest)? {
                Some(seq) => lowest = seq,
                None => return Ok(Found { seqs, down_to: None }),
            }
        }
        // The first stream stood higher than a later one: it is asked again from there.
        let met = lowest == at || streams.len() == 1;
        at = lowest;
        if !met {
            continue;
        }
        if residual.fits(sql, at)? {
            seqs.push(at);
            if seqs.len() == limit {
                return Ok(Found { seqs, down_to: Some(at) });
            }
        }
        at -= 1;
    }
    Ok(Found { seqs, down_to: Some(at + 1) })
}

impl Stream<'_> {
    fn at_or_below(&mut self, sql: &Connection, place: i64) -> Result<Option<i64>, JournalError> {
        let one = |query: &str, values: &[&dyn rusqlite::ToSql]| -> Result<Option<i64>, JournalError> {
            Ok(sql.prepare_cached(query)?.query_row(values, |row| row.get(0)).optional()?)
        };
        match self {
            Stream::All => {
                one("SELECT seq FROM calls WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1", params![place])
            }
            Stream::Outcome(outcome) => one(&of_outcome(*outcome), params![place, outcome.as_str()]),
            Stream::Policy(policy) => one(
                "SELECT seq FROM deciding WHERE policy = ?2 AND seq <= ?1 ORDER BY seq DESC LIMIT 1",
                params![place, *policy],
            ),
            Stream::Any { column, values } => {
                let query = format!(
                    "SELECT seq FROM calls WHERE {column} = ?2 AND seq <= ?1 ORDER BY seq DESC LIMIT 1"
                );
                let mut best = None;
                let mut ended = false;
                for (value, known) in values.iter_mut() {
                    let stands = match *known {
                        Some(seq) if seq <= place => Some(seq),
                        _ => one(&query, params![place, *value])?,
                    };
                    ended |= stands.is_none();
                    *known = stands;
                    best = best.max(stands);
                }
                if ended {
                    values.retain(|(_, known)| known.is_some());
                }
                Ok(best)
            }
        }
    }
}

/// The newest call at or below the place that stands so: the index says it of all but held calls that run.
fn of_outcome(outcome: ActivityOutcome) -> String {
    let listed = "SELECT seq FROM calls c WHERE outcome = ?2 AND seq <= ?1";
    match outcome {
        ActivityOutcome::Approved => format!("{listed} AND {STANDS} = ?2 ORDER BY seq DESC LIMIT 1"),
        ActivityOutcome::Running => format!(
            "SELECT * FROM (SELECT * FROM ({listed} ORDER BY seq DESC LIMIT 1)
             UNION ALL SELECT c.seq FROM {HELD_RUNNING} AND c.seq <= ?1) ORDER BY 1 DESC LIMIT 1"
        ),
        _ => format!("{listed} ORDER BY seq DESC LIMIT 1"),
    }
}

impl Residual {
    fn fits(&self, sql: &Connection, seq: i64) -> Result<bool, JournalError> {
        if self.subjects.is_none() && self.since.is_none() && self.until.is_none() {
            return Ok(true);
        }
        let (subject, at): (i64, i64) = sql
            .prepare_cached("SELECT subject, at FROM calls WHERE seq = ?1")?
            .query_row(params![seq], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(self.subjects.as_ref().is_none_or(|subjects| subjects.contains(&subject))
            && self.since.is_none_or(|since| at >= since)
            && self.until.is_none_or(|until| at <= until))
    }
}

/// Which combinations of names fit; none where no name is asked for.
pub(crate) fn subjects(sql: &Connection, query: &ActivityQuery) -> Result<Option<Vec<i64>>, JournalError> {
    let text = query.text.as_deref().filter(|text| !text.is_empty()).map(like);
    if text.is_none() && query.agent.is_none() && query.upstream.is_none() && query.tool.is_none() {
        return Ok(None);
    }
    let mut statement = sql.prepare_cached(
        "SELECT id FROM subjects WHERE (?1 IS NULL OR agent = ?1) AND (?2 IS NULL OR upstream = ?2)
         AND (?3 IS NULL OR tool = ?3)
         AND (?4 IS NULL OR (agent || ' ' || user || ' ' || upstream || '/' || tool) LIKE ?4 ESCAPE '\\')",
    )?;
    let rows =
        statement.query_map(params![query.agent, query.upstream, query.tool, text], |row| row.get(0))?;
    Ok(Some(rows.collect::<Result<_, _>>()?))
}

/// The days of a stretch of time that calls were made on.
fn days(sql: &Connection, residual: &Residual) -> Result<Vec<i64>, JournalError> {
    let (first, last) = (residual.since.map_or(i64::MIN, day_of), residual.until.map_or(i64::MAX, day_of));
    // One look in the index a day, however many calls a day has.
    let mut days = Vec::new();
    let mut next = Some(first);
    let mut statement = sql.prepare_cached("SELECT day FROM calls WHERE day >= ?1 ORDER BY day LIMIT 1")?;
    while let Some(from) = next {
        let day: Option<i64> = statement.query_row(params![from], |row| row.get(0)).optional()?;
        next = match day {
            Some(day) if day <= last => {
                days.push(day);
                day.checked_add(1)
            }
            _ => None,
        };
    }
    Ok(days)
}

fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
