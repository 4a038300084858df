//! How often each policy applied on each day: a list that follows from the calls' rows, whose policies are bound to their
//! entries. What it says is compared row by row, so that neither a changed, an older nor a missing row goes unseen.

use crate::bind::{Binder, Code, Part};
use crate::error::BadEntry;
use crate::sides::{self, CHANGED, bad, damaged};
use crate::{Journal, JournalError};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, HashMap};

/// Calls by policy and day.
#[derive(Default)]
pub(crate) struct Tally(HashMap<i64, HashMap<String, i64>>);

impl Tally {
    pub(crate) fn add(&mut self, policy: &str, day: i64) {
        let of_day = self.0.entry(day).or_default();
        match of_day.get_mut(policy) {
            Some(calls) => *calls += 1,
            None => drop(of_day.insert(policy.to_owned(), 1)),
        }
    }

    fn of(&self, policy: &str, day: i64) -> i64 {
        self.0.get(&day).and_then(|of_day| of_day.get(policy)).copied().unwrap_or(0)
    }

    fn all(&self) -> impl Iterator<Item = (&str, i64, i64)> {
        self.0.iter().flat_map(|(day, of_day)| {
            of_day.iter().map(move |(policy, calls)| (policy.as_str(), *day, *calls))
        })
    }
}

pub(crate) fn code(binder: &Binder, policy: &str, day: i64, calls: i64, touched: u64) -> Code {
    binder.code("applied", &[Part::Text(policy), Part::Number(day), Part::Number(calls), touched.into()])
}

/// Puts a row in its place; one that counts nothing goes.
pub(crate) fn put(
    sql: &Connection,
    binder: &Binder,
    (policy, day): (&str, i64),
    calls: i64,
    touched: u64,
) -> Result<(), JournalError> {
    if calls <= 0 {
        sql.prepare_cached("DELETE FROM applied WHERE policy = ?1 AND day = ?2")?
            .execute(params![policy, day])?;
        return Ok(());
    }
    sql.prepare_cached(
        "INSERT INTO applied (policy, day, calls, touched, mac) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (policy, day) DO UPDATE SET calls = ?3, touched = ?4, mac = ?5",
    )?
    .execute(params![policy, day, calls, touched, code(binder, policy, day, calls, touched)])?;
    Ok(())
}

/// Calls up to `up_to` are about to go: they are counted no more.
pub(crate) fn take_out(sql: &Connection, binder: &Binder, up_to: u64) -> Result<(), JournalError> {
    for (policy, day, gone) in of_calls(sql, "WHERE seq <= ?1", up_to)?.all() {
        let row: Option<(i64, u64)> = sql
            .prepare_cached("SELECT calls, touched FROM applied WHERE policy = ?1 AND day = ?2")?
            .query_row(params![policy, day], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        // One that is missing was taken out by somebody else, and `verify` has named it.
        if let Some((calls, touched)) = row {
            put(sql, binder, (policy, day), calls - gone, touched)?;
        }
    }
    Ok(())
}

/// Counts everything anew, for a file of a format that did not keep calls and counts together.
pub(crate) fn count_anew(sql: &Connection, binder: &Binder) -> Result<(), JournalError> {
    sql.execute("DELETE FROM applied", [])?;
    for (policy, day, calls) in of_calls(sql, "WHERE seq > ?1", 0)?.all() {
        put(sql, binder, (policy, day), calls, 0)?;
    }
    Ok(())
}

fn of_calls(sql: &Connection, which: &str, seq: u64) -> Result<Tally, JournalError> {
    let mut tally = Tally::default();
    let mut statement = sql.prepare_cached(&format!("SELECT applied, day FROM calls {which}"))?;
    let mut rows = statement.query(params![seq])?;
    while let Some(row) = rows.next()? {
        let (policies, day) = (row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?, row.get(1)?);
        policies.split_terminator(' ').for_each(|policy| tally.add(policy, day));
    }
    Ok(tally)
}

/// Each row says what the calls say, and none is missing.
pub(crate) fn check(sql: &Connection, journal: &Journal, mine: u64, calls: &Tally) -> Result<(), BadEntry> {
    const PART: &str = "count";
    let mut left: BTreeMap<(String, i64), i64> =
        calls.all().map(|(policy, day, calls)| ((policy.to_owned(), day), calls)).collect();
    let mut statement =
        sql.prepare("SELECT policy, day, calls, touched, mac FROM applied").map_err(damaged(PART))?;
    let mut rows = statement.query([]).map_err(damaged(PART))?;
    while let Some(row) = rows.next().map_err(damaged(PART))? {
        let read = || -> rusqlite::Result<(&str, i64, i64, u64, Vec<u8>)> {
            Ok((row.get_ref(0)?.as_str()?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        };
        let (policy, day, said, touched, mac) = read().map_err(damaged(PART))?;
        let of = |why: &str| bad(PART, touched, &format!("of policy `{policy}` on day {day}: {why}"));
        if (touched == 0 || touched >= mine)
            && code(&journal.binder, policy, day, said, touched).as_slice() != mac
            && !sides::is_of_another_key(sql, journal, touched).map_err(damaged(PART))?
        {
            return Err(of(CHANGED));
        }
        let counted = calls.of(policy, day);
        if counted != said {
            return Err(of(&format!("it says {said}, and the calls say {counted}")));
        }
        left.remove(&(policy.to_owned(), day));
    }
    match left.first_key_value() {
        None => Ok(()),
        Some(((policy, day), counted)) => {
            let why =
                format!("of policy `{policy}` on day {day}: it is missing, and the calls say {counted}");
            Err(bad(PART, 0, &why))
        }
    }
}
