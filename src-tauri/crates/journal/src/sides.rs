//! What stands beside the chain, compared with it: calls, releases, pins, policies, counts, keys, the cut, the set in force.
//!
//! Lists that follow from the entries' columns in clear are compared as sums of keyed hashes, so that a long journal
//! needs neither memory nor look-ups; only where the sums differ the rows are joined to name the first one.

use crate::anchor::{Anchor, hex};
use crate::bind::Part;
use crate::chain::{Hash, Head};
use crate::entry::{HOLD_OPENED, REFUSED, TURNED_AWAY};
use crate::error::BadEntry;
use crate::grants::{GRANT_MADE, GRANT_REVOKED, GRANT_ROW, GrantRow, WINDOW_OPENED};
use crate::holds::READ;
use crate::index::{self, CallRow, ROW};
use crate::pins::{self, PINNED};
use crate::release::{COMPLETED, RELEASED};
use crate::seal::KeyId;
use crate::{Journal, JournalError, counted, migrate, retain};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

/// Chosen anew for each look, so that nobody can choose what adds up to the same.
#[derive(Clone)]
pub(crate) struct SumKeys(RandomState, RandomState);

impl SumKeys {
    pub(crate) fn new() -> SumKeys {
        SumKeys(RandomState::new(), RandomState::new())
    }

    pub(crate) fn of(&self, what: &impl std::hash::Hash) -> u128 {
        let half = |keys: &RandomState| u128::from(keys.hash_one(what));
        (half(&self.0) << 64) | half(&self.1)
    }
}

/// Sums over the entries, in whatever order they come.
#[derive(Default)]
pub(crate) struct Sums {
    pub(crate) keys: Option<SumKeys>,
    /// Releases with their holds.
    released: u128,
    /// Releases with their completions' entries.
    completed: u128,
    /// Entries that begin a call, with their holds.
    calls: u128,
    /// Entries that pin a tool.
    pinned: u128,
    /// Entries that made or revoked a grant, with their holds.
    grants: u128,

    /// The first entry of each root key.
    sealed: BTreeMap<KeyId, u64>,
}

impl Sums {
    pub(crate) fn entry(
        &mut self,
        keys: &SumKeys,
        seq: u64,
        kind: &str,
        hold: Option<&str>,
        release: Option<&str>,
        key: &KeyId,
    ) {
        match kind {
            RELEASED => {
                self.released = self.released.wrapping_add(keys.of(&(release, hold)));
                if hold.is_none() {
                    self.calls = self.calls.wrapping_add(keys.of(&(seq, hold)));
                }
            }
            COMPLETED => self.completed = self.completed.wrapping_add(keys.of(&(release, seq))),
            REFUSED | TURNED_AWAY | HOLD_OPENED => {
                self.calls = self.calls.wrapping_add(keys.of(&(seq, hold)));
            }
            PINNED => {
                self.pinned = self.pinned.wrapping_add(keys.of(&seq));
            }
            GRANT_MADE | GRANT_REVOKED => {
                self.grants = self.grants.wrapping_add(keys.of(&(seq, hold)));
            }
            _ => {}
        }
        match self.sealed.get_mut(key) {
            Some(first) => *first = seq.min(*first),
            None => drop(self.sealed.insert(*key, seq)),
        }
    }

    pub(crate) fn add(&mut self, other: &Sums) {
        self.released = self.released.wrapping_add(other.released);
        self.completed = self.completed.wrapping_add(other.completed);
        self.calls = self.calls.wrapping_add(other.calls);
        self.pinned = self.pinned.wrapping_add(other.pinned);
        self.grants = self.grants.wrapping_add(other.grants);
        for (key, seq) in &other.sealed {
            let first = self.sealed.entry(*key).or_insert(*seq);
            *first = (*seq).min(*first);
        }
    }
}

fn bad(part: &'static str, seq: u64, why: &str) -> BadEntry {
    BadEntry { part, seq, why: why.to_owned() }
}

fn damaged(part: &'static str) -> impl Fn(rusqlite::Error) -> BadEntry {
    move |error| bad(part, 0, &JournalError::from(error).to_string())
}

const CHANGED: &str = "it is not as this home wrote it";

/// Where the chain begins, if retention took its beginning.
pub(crate) fn cut(sql: &Connection, journal: &Journal) -> Result<Option<Head>, BadEntry> {
    let cut = retain::read_cut(sql).map_err(damaged("cut"))?;
    let Some(cut) = cut else { return Ok(None) };
    if cut.code(&journal.binder).as_slice() != cut.mac && !has_other_key(sql, journal)? {
        return Err(bad("cut", cut.seq, CHANGED));
    }
    Ok(Some(Head { seq: cut.seq, hash: cut.hash }))
}

/// Entries before this one are of another root key, and what is bound to them cannot be checked here.
fn first_of_this_key(sql: &Connection, journal: &Journal) -> Result<Option<u64>, BadEntry> {
    sql.query_row("SELECT first_seq FROM root_keys WHERE id = ?1", params![journal.seals.key_id], |row| {
        row.get(0)
    })
    .optional()
    .map_err(damaged("list of root keys"))
}

fn has_other_key(sql: &Connection, journal: &Journal) -> Result<bool, BadEntry> {
    sql.query_row(
        "SELECT EXISTS (SELECT 1 FROM root_keys WHERE id <> ?1)",
        params![journal.seals.key_id],
        |row| row.get(0),
    )
    .map_err(damaged("list of root keys"))
}

pub(crate) fn check_anchor(
    sql: &Connection,
    anchor: &Anchor,
    start: Head,
    head: Head,
) -> Result<(), BadEntry> {
    if anchor.seq > head.seq {
        let why = format!(
            "entries {} to {} are missing: entry {} was anchored",
            head.seq + 1,
            anchor.seq,
            anchor.seq
        );
        return Err(bad("journal", 0, &why));
    }
    let found: Option<Hash> = if anchor.seq == start.seq {
        Some(start.hash)
    } else if anchor.seq < start.seq {
        return Ok(());
    } else {
        sql.query_row("SELECT hash FROM entries WHERE seq = ?1", params![anchor.seq], |row| row.get(0))
            .optional()
            .map_err(damaged("journal"))?
    };
    if found == Some(anchor.hash) {
        Ok(())
    } else {
        Err(bad("entry", anchor.seq, &format!("it was anchored with the hash {}", hex(&anchor.hash))))
    }
}

pub(crate) fn check(
    sql: &Connection,
    journal: &Journal,
    start: Head,
    entries: &Sums,
) -> Result<(), BadEntry> {
    let Some(keys) = entries.keys.clone() else { return Ok(()) };
    check_keys(sql, journal, entries)?;
    let mine = first_of_this_key(sql, journal)?.unwrap_or(u64::MAX);
    check_releases(sql, &keys, entries)?;
    check_calls(sql, journal, &keys, entries, mine)?;
    check_pins(sql, journal, start, &keys, entries, mine)?;
    check_grants(sql, journal, &keys, entries, mine)?;
    check_applied(sql, journal, mine)?;
    counted::check(sql, &keys)?;
    match journal.set_in(sql) {
        Err(JournalError::SetTampered) if has_other_key(sql, journal)? => Ok(()),
        Err(error) => Err(bad("set in force", 0, &error.to_string())),
        Ok(_) => Ok(()),
    }
}

fn check_keys(sql: &Connection, journal: &Journal, entries: &Sums) -> Result<(), BadEntry> {
    const PART: &str = "list of root keys";
    let mut statement = sql.prepare("SELECT id, first_seq, mac FROM root_keys").map_err(damaged(PART))?;
    let rows = statement
        .query_map([], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, u64>(1)?, row.get::<_, Vec<u8>>(2)?))
        })
        .map_err(damaged(PART))?;
    let mut missing = entries.sealed.clone();
    for row in rows {
        let (id, first, mac) = row.map_err(damaged(PART))?;
        let is_mine = id == journal.seals.key_id;
        if is_mine && migrate::root_key_code(&journal.binder, &id, first).as_slice() != mac {
            return Err(bad(PART, first, CHANGED));
        }
        let id: KeyId = id.try_into().map_err(|_| bad(PART, first, "it names no key"))?;
        if missing.remove(&id).is_some_and(|sealed| sealed < first) {
            return Err(bad(PART, first, "an entry before it was sealed with this key"));
        }
    }
    match missing.first_key_value() {
        Some((_, seq)) => Err(bad(PART, *seq, "it does not have the key that sealed the entry")),
        None => Ok(()),
    }
}

fn check_releases(sql: &Connection, keys: &SumKeys, entries: &Sums) -> Result<(), BadEntry> {
    const PART: &str = "release";
    let (mut released, mut completed) = (0_u128, 0_u128);
    let mut statement =
        sql.prepare("SELECT release, hold, completed FROM releases").map_err(damaged(PART))?;
    let mut rows = statement.query([]).map_err(damaged(PART))?;
    while let Some(row) = rows.next().map_err(damaged(PART))? {
        let text = |column| row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from);
        let (release, hold) = (text(0).map_err(damaged(PART))?, text(1).map_err(damaged(PART))?);
        released = released.wrapping_add(keys.of(&(release, hold)));
        if let Some(seq) = row.get::<_, Option<u64>>(2).map_err(damaged(PART))? {
            completed = completed.wrapping_add(keys.of(&(release, seq)));
        }
    }
    let first = |query: &str| -> Result<u64, BadEntry> {
        let found: Option<u64> = sql
            .query_row(query, params![RELEASED, COMPLETED], |row| row.get(0))
            .optional()
            .map_err(damaged(PART))?;
        Ok(found.unwrap_or(0))
    };
    if released != entries.released || completed != entries.completed {
        let seq = first(
            "SELECT e.seq FROM entries e LEFT JOIN releases r ON r.release = e.release
             WHERE e.release IS NOT NULL AND (r.release IS NULL OR r.hold IS NOT e.hold
                OR (e.kind = ?2 AND r.completed IS NOT e.seq)
                OR (e.kind = ?1 AND r.completed IS NOT NULL AND NOT EXISTS
                    (SELECT 1 FROM entries d WHERE d.seq = r.completed AND d.release = e.release AND d.kind = ?2)))
             ORDER BY e.seq LIMIT 1",
        )?;
        return Err(bad(PART, seq, "the list of releases does not say what the entries say"));
    }
    let seq = first(
        "SELECT r.call FROM releases r LEFT JOIN calls c ON c.seq = r.call
         LEFT JOIN entries e ON e.seq = r.call
         WHERE ?1 <> ?2 AND (c.seq IS NULL OR c.hold IS NOT r.hold OR (r.hold IS NULL AND e.release IS NOT r.release))
         ORDER BY r.call LIMIT 1",
    )?;
    if seq == 0 { Ok(()) } else { Err(bad(PART, seq, "it does not belong to this call")) }
}

fn check_calls(
    sql: &Connection,
    journal: &Journal,
    keys: &SumKeys,
    entries: &Sums,
    mine: u64,
) -> Result<(), BadEntry> {
    const PART: &str = "call";
    let (mut calls, mut ended, mut policies) = (0_u128, 0_u128, 0_u128);
    let query = format!(
        "SELECT {ROW}, CASE WHEN c.hold IS NULL THEN NULL ELSE
            (SELECT max(e.seq) FROM entries e WHERE e.hold = c.hold AND e.kind NOT IN (?1, ?2, ?3, ?4)) END
         FROM calls c LEFT JOIN subjects s ON s.id = c.subject ORDER BY c.seq"
    );
    let mut statement = sql.prepare(&query).map_err(damaged(PART))?;
    let mut rows =
        statement.query(params![READ, GRANT_MADE, GRANT_REVOKED, WINDOW_OPENED]).map_err(damaged(PART))?;
    let mut last = 0;
    loop {
        let at = |error| bad(PART, last, &JournalError::from(error).to_string());
        let Some(row) = rows.next().map_err(at)? else { break };
        last = row.get(0).map_err(at)?;
        let at = |error| bad(PART, last, &JournalError::from(error).to_string());
        let newest: Option<u64> = row.get(15).map_err(at)?;
        let row = CallRow::from_row(row).map_err(at)?;
        if row.touched >= mine && row.code(&journal.binder) != row.mac {
            return Err(bad(PART, row.seq, CHANGED));
        }
        calls = calls.wrapping_add(keys.of(&(row.seq, row.hold.as_deref())));
        if row.hold.is_some() {
            if newest != Some(row.touched) {
                return Err(bad(PART, row.seq, "it does not say what became of it last"));
            }
        } else if row.touched != row.seq {
            ended = ended.wrapping_add(keys.of(&(row.seq, row.touched)));
        }
        for policy in row.policies.split_terminator(' ') {
            policies = policies.wrapping_add(keys.of(&(policy, row.seq)));
        }
    }
    if calls != entries.calls {
        let seq = first_without(sql, PART)?;
        return Err(bad(PART, seq, "the list of calls does not say what the entries say"));
    }
    for (sum, query, why) in [(
        ended,
        "SELECT call, completed FROM releases WHERE hold IS NULL AND completed IS NOT NULL",
        "it does not say how it ended",
    )] {
        let mut other = 0_u128;
        let mut statement = sql.prepare(query).map_err(damaged(PART))?;
        let mut rows = statement.query([]).map_err(damaged(PART))?;
        while let Some(row) = rows.next().map_err(damaged(PART))? {
            let pair: (u64, u64) = (row.get(0).map_err(damaged(PART))?, row.get(1).map_err(damaged(PART))?);
            other = other.wrapping_add(keys.of(&pair));
        }
        if sum != other {
            let seq: Option<u64> = sql
                .query_row(
                    "SELECT c.seq FROM calls c LEFT JOIN releases r ON r.call = c.seq
                     WHERE c.hold IS NULL AND c.touched <> coalesce(r.completed, c.seq) ORDER BY c.seq LIMIT 1",
                    [],
                    |row| row.get(0),
                )
                .optional()
                .map_err(damaged(PART))?;
            return Err(bad(PART, seq.unwrap_or(0), why));
        }
    }
    let mut listed = 0_u128;
    let mut statement = sql.prepare("SELECT policy, seq FROM deciding").map_err(damaged("policy"))?;
    let mut rows = statement.query([]).map_err(damaged("policy"))?;
    while let Some(row) = rows.next().map_err(damaged("policy"))? {
        let policy = row.get_ref(0).map_err(damaged("policy"))?.as_str();
        let policy = policy.map_err(|error| damaged("policy")(error.into()))?;
        let seq: u64 = row.get(1).map_err(damaged("policy"))?;
        listed = listed.wrapping_add(keys.of(&(policy, seq)));
    }
    if listed == policies {
        return Ok(());
    }
    let seq: Option<u64> = sql
        .query_row(
            "SELECT d.seq FROM deciding d LEFT JOIN calls c ON c.seq = d.seq
             WHERE c.seq IS NULL OR instr(' ' || c.policies, ' ' || d.policy || ' ') = 0
             UNION ALL
             SELECT c.seq FROM calls c WHERE length(c.policies) - length(replace(c.policies, ' ', '')) <>
                (SELECT count(*) FROM deciding d WHERE d.seq = c.seq)
             LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()
        .map_err(damaged("policy"))?;
    Err(bad("policy", seq.unwrap_or(0), "the list by policy does not say what the calls say"))
}

fn first_without(sql: &Connection, part: &'static str) -> Result<u64, BadEntry> {
    let begins = format!(
        "(e.kind IN ('{REFUSED}', '{TURNED_AWAY}', '{HOLD_OPENED}') OR (e.kind = '{RELEASED}' AND e.hold IS NULL))"
    );
    let query = format!(
        "SELECT e.seq FROM entries e LEFT JOIN calls c ON c.seq = e.seq
            WHERE {begins} AND (c.seq IS NULL OR c.hold IS NOT e.hold)
         UNION ALL SELECT c.seq FROM calls c LEFT JOIN entries e ON e.seq = c.seq
            WHERE e.seq IS NULL OR NOT {begins} LIMIT 1"
    );
    let seq: Option<u64> = sql.query_row(&query, [], |row| row.get(0)).optional().map_err(damaged(part))?;
    Ok(seq.unwrap_or(0))
}

fn check_pins(
    sql: &Connection,
    journal: &Journal,
    start: Head,
    keys: &SumKeys,
    entries: &Sums,
    mine: u64,
) -> Result<(), BadEntry> {
    const PART: &str = "pin";
    let (mut sum, mut old, mut unknown) = (0_u128, 0_u64, false);
    for row in pins::rows(sql).map_err(damaged(PART))? {
        if row.seq >= mine && row.code(&journal.binder).as_slice() != row.mac {
            return Err(bad(PART, row.seq, CHANGED));
        }
        unknown |= row.seq == 0;
        if row.seq > start.seq {
            sum = sum.wrapping_add(keys.of(&row.seq));
        } else {
            old += 1;
        }
    }
    // Of a journal whose older part nobody can read, it is not known which entry a pin is of.
    if unknown {
        return Ok(());
    }
    let kept = retain::read_cut(sql).map_err(damaged("cut"))?.map_or(0, |cut| cut.pins);
    if sum != entries.pinned || old != kept {
        let seq: Option<u64> = sql
            .query_row(
                "SELECT e.seq FROM entries e LEFT JOIN pins p ON p.seq = e.seq
                 WHERE e.kind = ?1 AND p.seq IS NULL ORDER BY e.seq LIMIT 1",
                params![PINNED],
                |row| row.get(0),
            )
            .optional()
            .map_err(damaged(PART))?;
        return Err(bad(PART, seq.unwrap_or(0), "the pins are not those that the entries say"));
    }
    Ok(())
}

fn check_grants(
    sql: &Connection,
    journal: &Journal,
    keys: &SumKeys,
    entries: &Sums,
    mine: u64,
) -> Result<(), BadEntry> {
    const PART: &str = "grant";
    let mut statement = sql.prepare(GRANT_ROW).map_err(damaged(PART))?;
    let rows = statement.query_map([], GrantRow::from_row).map_err(damaged(PART))?;
    let mut sum = 0_u128;
    for row in rows {
        let row = row.map_err(damaged(PART))?;
        if row.made >= mine && row.code(&journal.binder).as_slice() != row.mac {
            return Err(bad(PART, row.made, CHANGED));
        }
        let revoked = row.revoked.and_then(|seq| u64::try_from(seq).ok());
        for seq in [Some(row.made), revoked].into_iter().flatten() {
            sum = sum.wrapping_add(keys.of(&(seq, Some(row.hold.as_str()))));
        }
    }
    if sum == entries.grants {
        return Ok(());
    }
    let seq: Option<u64> = sql
        .query_row(
            "SELECT e.seq FROM entries e WHERE e.kind IN (?1, ?2) AND NOT EXISTS
                (SELECT 1 FROM grants g WHERE g.hold = e.hold AND e.seq IN (g.made, g.revoked))
             UNION ALL SELECT g.made FROM grants g LEFT JOIN entries e ON e.seq = g.made WHERE e.kind IS NOT ?1 LIMIT 1",
            params![GRANT_MADE, GRANT_REVOKED],
            |row| row.get(0),
        )
        .optional()
        .map_err(damaged(PART))?;
    Err(bad(PART, seq.unwrap_or(0), "the list of grants does not say what the entries say"))
}

fn check_applied(sql: &Connection, journal: &Journal, mine: u64) -> Result<(), BadEntry> {
    const PART: &str = "count";
    let mut statement =
        sql.prepare("SELECT policy, day, calls, touched, mac FROM applied").map_err(damaged(PART))?;
    let rows = statement
        .query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get::<_, Vec<u8>>(4)?))
        })
        .map_err(damaged(PART))?;
    for row in rows {
        let (policy, day, calls, touched, mac) = row.map_err(damaged(PART))?;
        let code = index::applied_code(&journal.binder, &policy, day, calls, touched);
        if (touched == 0 || touched >= mine) && code.as_slice() != mac {
            return Err(bad(PART, touched, CHANGED));
        }
    }
    Ok(())
}

/// Of a cut.
pub(crate) fn cut_parts<'a>(seq: u64, hash: &'a Hash, pins: u64, at: i64) -> [Part<'a>; 4] {
    [seq.into(), Part::Bytes(hash), pins.into(), Part::Number(at)]
}
