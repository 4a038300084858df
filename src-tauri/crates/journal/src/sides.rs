//! What stands beside the chain, compared with it: calls, releases, pins, grants, policies, counts, keys, the cut, the set
//! in force. [`gather`] reads the lists, beside the thread that reads the chain, and checks what each row shows by
//! itself; [`compare`] holds their sums beside those of the entries, and names the first row that does not fit.

use crate::anchor::{Anchor, hex};
use crate::applied::{self, Tally};
use crate::bind::Part;
use crate::chain::{Hash, Head};
use crate::error::BadEntry;
use crate::grants::{GRANT_MADE, GRANT_REVOKED, GRANT_ROW, GRANT_USED, GrantRow, WINDOW_OPENED};
use crate::holds::READ;
use crate::index::{Looked, ROW};
use crate::pins;
use crate::release::RELEASED;
use crate::seal::KeyId;
use crate::sums::{Chain, Sum, Sums};
use crate::{Journal, JournalError, accepted, counted, migrate, named, retain, set};
use rusqlite::{Connection, OptionalExtension, params};

/// What the lists say.
#[derive(Default)]
pub(crate) struct Lists {
    released: Sum,
    let_go: Sum,
    completed: Sum,
    calls: Sum,
    /// Calls that no policy held with the entries that ended them: as the calls say, and as the releases say.
    ended: (Sum, Sum),
    /// Held calls that were released with their holds: as the releases say, and as the calls say.
    went: (Sum, Sum),
    /// Deciding policies with their calls: as the calls say, and as the list by policy says.
    deciding: (Sum, Sum),
    pinned: Sum,
    /// Pins whose entries were cut off, and those of which nobody knows any more which entry it was.
    old_pins: u64,
    unknown_pins: u64,
    grants: Sum,
    used: Sum,
    applied: Tally,
    /// Calls by quarter, outcome, names and policies: as the calls say, and as their counts say.
    over_time: (Sum, Sum),
}

pub(crate) fn bad(part: &'static str, seq: u64, why: &str) -> BadEntry {
    BadEntry { part, seq, why: why.to_owned() }
}

pub(crate) fn damaged(part: &'static str) -> impl Fn(rusqlite::Error) -> BadEntry {
    move |error| bad(part, 0, &JournalError::from(error).to_string())
}

pub(crate) const CHANGED: &str = "it is not as this home wrote it";

/// Where the chain begins, if retention took its beginning. Whether the cut is ours is told once the chain is read.
pub(crate) fn start(sql: &Connection) -> Result<Head, BadEntry> {
    let cut = retain::read_cut(sql).map_err(damaged("cut"))?;
    Ok(cut.map_or_else(Head::start, |cut| Head { seq: cut.seq, hash: cut.hash }))
}

/// Entries before this one are of another root key.
pub(crate) fn first_of_this_key(sql: &Connection, journal: &Journal) -> Result<u64, BadEntry> {
    const PART: &str = "list of root keys";
    let query = "SELECT first_seq, mac FROM root_keys WHERE id = ?1";
    let id = journal.seals.key_id;
    let row: Option<(u64, Vec<u8>)> = sql
        .query_row(query, params![id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .map_err(damaged(PART))?;
    match row {
        None => Ok(u64::MAX),
        Some((first, mac)) if migrate::root_key_code(&journal.binder, &id, first).as_slice() == mac => {
            Ok(first)
        }
        Some((first, _)) => Err(bad(PART, first, CHANGED)),
    }
}

/// Whether another root key sealed that entry, as where the first key came back after a second one: rows about it are
/// bound with that one. Asked only of a row that is not bound with this key.
pub(crate) fn is_of_another_key(sql: &Connection, journal: &Journal, seq: u64) -> rusqlite::Result<bool> {
    let key: Option<KeyId> = sql
        .prepare_cached("SELECT key FROM entries WHERE seq = ?1")?
        .query_row(params![seq], |row| row.get(0))
        .optional()?;
    Ok(key.is_some_and(|key| key != journal.seals.key_id))
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

/// Reads every list.
pub(crate) fn gather(sql: &Connection, journal: &Journal, chain: &Chain) -> Result<Lists, BadEntry> {
    let mut lists = Lists::default();
    named::check_schema(sql)?;
    gather_releases(sql, chain, &mut lists)?;
    gather_calls(sql, journal, chain, &mut lists)?;
    gather_deciding(sql, chain, &mut lists)?;
    gather_pins(sql, journal, chain, &mut lists)?;
    gather_grants(sql, journal, chain, &mut lists)?;
    gather_counts(sql, chain, &mut lists)?;
    Ok(lists)
}

fn gather_releases(sql: &Connection, chain: &Chain, lists: &mut Lists) -> Result<(), BadEntry> {
    let keys = &chain.keys;
    let mut read = || -> Result<(), rusqlite::Error> {
        let mut statement = sql.prepare("SELECT release, hold, call, completed FROM releases")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let text = |column| row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from);
            let (release, hold, call) = (text(0)?, text(1)?, row.get::<_, u64>(2)?);
            lists.released.add(keys, &(release, hold));
            let completed: Option<u64> = row.get(3)?;
            if let Some(seq) = completed {
                lists.completed.add(keys, &(release, seq));
            }
            match hold {
                None => {
                    lists.let_go.add(keys, &(release, call));
                    if let Some(seq) = completed {
                        lists.ended.1.add(keys, &(call, seq));
                    }
                }
                Some(hold) => lists.went.0.add(keys, &(call, hold)),
            }
        }
        let mut statement = sql.prepare(
            "SELECT c.seq, c.hold FROM releases r JOIN calls c ON c.hold = r.hold WHERE r.hold IS NOT NULL",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            lists.went.1.add(keys, &(row.get::<_, u64>(0)?, row.get_ref(1)?.as_str()?));
        }
        Ok(())
    };
    read().map_err(damaged("release"))
}

fn gather_calls(
    sql: &Connection,
    journal: &Journal,
    chain: &Chain,
    lists: &mut Lists,
) -> Result<(), BadEntry> {
    const PART: &str = "call";
    let keys = &chain.keys;
    let query = format!(
        "SELECT {ROW}, CASE WHEN c.hold IS NULL THEN NULL ELSE
            (SELECT max(e.seq) FROM entries e WHERE e.hold = c.hold AND e.kind NOT IN (?1, ?2, ?3, ?4, ?5, ?6)) END, c.subject
         FROM calls c LEFT JOIN subjects s ON s.id = c.subject ORDER BY c.seq"
    );
    // That a held call was released changes its row no more than those beside it do.
    let beside = params![READ, GRANT_MADE, GRANT_REVOKED, GRANT_USED, WINDOW_OPENED, RELEASED];
    let mut statement = sql.prepare(&query).map_err(damaged(PART))?;
    let mut rows = statement.query(beside).map_err(damaged(PART))?;
    let mut last = 0;
    loop {
        let at = |error| bad(PART, last, &JournalError::from(error).to_string());
        let Some(row) = rows.next().map_err(at)? else { return Ok(()) };
        last = row.get(0).map_err(at)?;
        let at = |error| bad(PART, last, &JournalError::from(error).to_string());
        let newest: Option<u64> = row.get(crate::index::AFTER_ROW).map_err(at)?;
        let subject: i64 = row.get(crate::index::AFTER_ROW + 1).map_err(at)?;
        let row = Looked::from_row(row).map_err(at)?;
        if row.touched >= chain.mine
            && !row.is_bound(&journal.binder)
            && !is_of_another_key(sql, journal, row.touched).map_err(damaged(PART))?
        {
            return Err(bad(PART, last, CHANGED));
        }
        lists.calls.add(keys, &(row.seq, row.hold));
        if row.hold.is_some() {
            if newest != Some(row.touched) {
                return Err(bad(PART, last, "it does not say what became of it last"));
            }
        } else if row.touched != row.seq {
            lists.ended.0.add(keys, &(row.seq, row.touched));
        }
        for policy in row.policies.split_terminator(' ') {
            lists.deciding.0.add(keys, &(policy, row.seq));
        }
        for policy in row.applied.split_terminator(' ') {
            lists.applied.add(policy, row.day);
        }
        let quarter = row.at / counted::QUARTER;
        lists.over_time.0.add(keys, &(quarter, row.outcome, subject, row.policies));
    }
}

fn gather_counts(sql: &Connection, chain: &Chain, lists: &mut Lists) -> Result<(), BadEntry> {
    let mut read = || -> Result<(), rusqlite::Error> {
        let mut statement = sql.prepare("SELECT quarter, outcome, subject, policies, calls FROM counted")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (quarter, outcome): (i64, &str) = (row.get(0)?, row.get_ref(1)?.as_str()?);
            let (subject, policies): (i64, &str) = (row.get(2)?, row.get_ref(3)?.as_str()?);
            // A count below one counts nothing, which no row does.
            let calls = u64::try_from(row.get::<_, i64>(4)?).ok().filter(|calls| *calls > 0);
            let what = (quarter, outcome, subject, policies);
            lists.over_time.1.add_times(&chain.keys, &what, calls.unwrap_or(u64::MAX));
        }
        Ok(())
    };
    read().map_err(damaged(counted::PART))
}

fn gather_deciding(sql: &Connection, chain: &Chain, lists: &mut Lists) -> Result<(), BadEntry> {
    let mut read = || -> Result<(), rusqlite::Error> {
        let mut statement = sql.prepare("SELECT policy, seq FROM deciding")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            lists.deciding.1.add(&chain.keys, &(row.get_ref(0)?.as_str()?, row.get::<_, u64>(1)?));
        }
        Ok(())
    };
    read().map_err(damaged("policy"))
}

fn gather_pins(
    sql: &Connection,
    journal: &Journal,
    chain: &Chain,
    lists: &mut Lists,
) -> Result<(), BadEntry> {
    const PART: &str = "pin";
    for row in pins::rows(sql).map_err(damaged(PART))? {
        let is_ours = row.code(&journal.binder).as_slice() == row.mac;
        let is_theirs = || is_of_another_key(sql, journal, row.seq).map_err(damaged(PART));
        if !is_ours && (row.seq >= chain.mine || chain.mine == 1) && !is_theirs()? {
            return Err(bad(PART, row.seq, CHANGED));
        }
        match row.seq {
            0 => lists.unknown_pins += 1,
            seq if seq > chain.start.seq => lists.pinned.add(&chain.keys, &seq),
            _ => lists.old_pins += 1,
        }
    }
    Ok(())
}

fn gather_grants(
    sql: &Connection,
    journal: &Journal,
    chain: &Chain,
    lists: &mut Lists,
) -> Result<(), BadEntry> {
    const PART: &str = "grant";
    let mut statement = sql.prepare(GRANT_ROW).map_err(damaged(PART))?;
    let rows = statement.query_map([], GrantRow::from_row).map_err(damaged(PART))?;
    for row in rows {
        let row = row.map_err(damaged(PART))?;
        if row.made >= chain.mine
            && row.code(&journal.binder).as_slice() != row.mac
            && !is_of_another_key(sql, journal, row.made).map_err(damaged(PART))?
        {
            return Err(bad(PART, row.made, CHANGED));
        }
        let revoked = row.revoked.and_then(|seq| u64::try_from(seq).ok());
        for seq in [Some(row.made), revoked].into_iter().flatten() {
            lists.grants.add(&chain.keys, &(seq, Some(row.hold.as_str())));
        }
        lists.used.add_times(&chain.keys, &Some(row.hold.as_str()), row.noted_uses());
    }
    Ok(())
}

/// The lists beside the entries.
pub(crate) fn compare(
    sql: &Connection,
    journal: &Journal,
    chain: &Chain,
    lists: &Lists,
    entries: &Sums,
) -> Result<(), BadEntry> {
    let others = chain.mine > 1 || entries.sealed.keys().any(|key| *key != journal.seals.key_id);
    check_keys(sql, entries)?;
    check_cut(sql, journal, entries)?;
    if lists.calls != entries.calls {
        let seq = named::call(sql).map_err(damaged("call"))?;
        return Err(bad("call", seq, "the list of calls does not say what the entries say"));
    }
    if lists.released != entries.released || lists.completed != entries.completed {
        let why = "the list of releases does not say what the entries say";
        return Err(bad("release", named::release(sql).map_err(damaged("release"))?, why));
    }
    if lists.let_go != entries.let_go || lists.went.0 != lists.went.1 {
        let seq = named::release_of_another_call(sql).map_err(damaged("release"))?;
        return Err(bad("release", seq, "it does not belong to this call"));
    }
    if lists.ended.0 != lists.ended.1 {
        let seq = named::call_that_ended_otherwise(sql).map_err(damaged("call"))?;
        return Err(bad("call", seq, "it does not say how it ended"));
    }
    if lists.deciding.0 != lists.deciding.1 {
        let seq = named::deciding(sql).map_err(damaged("policy"))?;
        return Err(bad("policy", seq, "the list by policy does not say what the calls say"));
    }
    applied::check(sql, journal, chain.mine, &lists.applied)?;
    if lists.over_time.0 != lists.over_time.1 {
        return Err(counted::first_that_differs(sql)?);
    }
    named::check_subjects(sql)?;
    let kept = retain::read_cut(sql).map_err(damaged("cut"))?.map_or(0, |cut| cut.pins);
    // Of a journal whose older part nobody can read, it is not known which entry a pin is of.
    let are_known = lists.unknown_pins == 0 || !others;
    if are_known && (lists.pinned != entries.pinned || lists.old_pins + lists.unknown_pins != kept) {
        let seq = named::pin(sql).map_err(damaged("pin"))?;
        return Err(bad("pin", seq, "the pins are not those that the entries say"));
    }
    accepted::check(sql, journal, &entries.accepted)?;
    if lists.grants != entries.grants {
        let seq = named::grant(sql).map_err(damaged("grant"))?;
        return Err(bad("grant", seq, "the list of grants does not say what the entries say"));
    }
    if lists.used != entries.used {
        let seq = named::used_grant(sql).map_err(damaged("grant"))?;
        return Err(bad("grant", seq, "it was used more or less often than it says"));
    }
    set::check(sql, journal, chain.start.seq, entries.set)
}

fn check_keys(sql: &Connection, entries: &Sums) -> Result<(), BadEntry> {
    const PART: &str = "list of root keys";
    let mut statement = sql.prepare("SELECT id, first_seq FROM root_keys").map_err(damaged(PART))?;
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, u64>(1)?)))
        .map_err(damaged(PART))?;
    let mut missing = entries.sealed.clone();
    for row in rows {
        let (id, first) = row.map_err(damaged(PART))?;
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

/// Whoever cut says so in an entry, sealed with the key that the cut is bound with.
fn check_cut(sql: &Connection, journal: &Journal, entries: &Sums) -> Result<(), BadEntry> {
    let Some(cut) = retain::read_cut(sql).map_err(damaged("cut"))? else {
        return entries.cut.map_or(Ok(()), |cut| Err(bad("cut", cut.seq, "it is missing")));
    };
    let is_ours = cut.code(&journal.binder).as_slice() == cut.mac;
    let is_theirs = entries.cut.is_some_and(|newest| newest.key != journal.seals.key_id);
    if is_ours || is_theirs { Ok(()) } else { Err(bad("cut", cut.seq, CHANGED)) }
}

/// Of a cut.
pub(crate) fn cut_parts<'a>(seq: u64, hash: &'a Hash, pins: u64, at: i64) -> [Part<'a>; 4] {
    [seq.into(), Part::Bytes(hash), pins.into(), Part::Number(at)]
}
