//! Grants and proof windows on record. A grant's making and its end are entries of the hold it came from; each use
//! is the release it gave. The table is an index of them, with the count that must not be lost.

use crate::bind::{Binder, Code, Part};
use crate::chain::About;
use crate::migrate::Keys;
use crate::read::{Kept, of_hold};
use crate::seal::Seals;
use crate::write::Draft;
use crate::{Journal, JournalError, passkeys};
use approvals::{Grant, GrantId, HoldId, ProofWindow, ReleaseId};
use policy::{Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

pub(crate) const GRANT_MADE: &str = "grant_made";
pub(crate) const GRANT_REVOKED: &str = "grant_revoked";
/// Beside the release that it gave, so that the chain itself tells how often a grant was used.
pub(crate) const GRANT_USED: &str = "grant_used";
pub(crate) const WINDOW_OPENED: &str = "window_opened";

/// Kinds of entries that are about a hold and change nothing of it.
pub(crate) const BESIDE: [&str; 6] =
    [GRANT_MADE, GRANT_REVOKED, GRANT_USED, WINDOW_OPENED, passkeys::ASKED, passkeys::REFUSED];

/// A grant with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedGrant {
    pub grant: Grant,
    /// Releases it gave.
    pub hits: u32,
    pub last_used: Option<Timestamp>,
    pub revoked: Option<Revoked>,
}

/// How a grant was ended before its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    pub grant: GrantId,
    /// None where Doorward ended it by itself.
    pub by: Option<UserId>,
    pub why: String,
    pub at: Timestamp,
}

/// A row of `grants`.
pub(crate) struct GrantRow {
    pub(crate) id: String,
    pub(crate) hold: String,
    /// The entry that made it, and the one that revoked it.
    pub(crate) made: u64,
    pub(crate) revoked: Option<i64>,
    uses: i64,
    last_used: Option<i64>,
    /// None where that cannot be read any more.
    ends: Option<i64>,
    pub(crate) mac: Vec<u8>,
    /// Uses that a format before 6 counted, without an entry for each.
    before: i64,
}

/// The body of a `grant_used` entry.
#[derive(Serialize)]
struct UsedBody<'a> {
    grant: &'a GrantId,
    release: &'a ReleaseId,
    uses: i64,
}

/// The columns [`GrantRow::from_row`] reads.
pub(crate) const GRANT_ROW: &str =
    "SELECT id, hold, made, revoked, uses, last_used, ends, mac, before FROM grants";

impl GrantRow {
    pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<GrantRow> {
        Ok(GrantRow {
            id: row.get(0)?,
            hold: row.get(1)?,
            made: row.get(2)?,
            revoked: row.get(3)?,
            uses: row.get(4)?,
            last_used: row.get(5)?,
            ends: row.get(6)?,
            mac: row.get(7)?,
            before: row.get(8)?,
        })
    }

    pub(crate) fn code(&self, binder: &Binder) -> Code {
        let numbers = [self.revoked, Some(self.uses), self.last_used, self.ends].map(Part::from);
        let [revoked, uses, last_used, ends] = numbers;
        let (id, hold) = (Part::Text(&self.id), Part::Text(&self.hold));
        let before = Part::Number(self.before);
        binder.code("grant", &[id, hold, self.made.into(), revoked, uses, last_used, ends, before])
    }

    /// As formats 4 and 5 bound it.
    fn was_bound(&self, binder: &Binder) -> bool {
        let numbers = [self.revoked, Some(self.uses), self.last_used, self.ends].map(Part::from);
        let [revoked, uses, last_used, ends] = numbers;
        let (id, hold) = (Part::Text(&self.id), Part::Text(&self.hold));
        let code = binder.code("grant", &[id, hold, self.made.into(), revoked, uses, last_used, ends]);
        code.as_slice() == self.mac
    }

    /// Whether this home wrote the row so. One that it did not gives nothing, and is never bound again.
    fn is_ours(&self, binder: &Binder) -> bool {
        (0..=self.uses).contains(&self.before) && self.code(binder).as_slice() == self.mac
    }

    /// Uses with an entry for each.
    pub(crate) fn noted_uses(&self) -> u64 {
        u64::try_from(self.uses.saturating_sub(self.before)).unwrap_or(u64::MAX)
    }

    fn save(&self, sql: &Connection, binder: &Binder) -> Result<(), JournalError> {
        sql.prepare_cached(
            "INSERT INTO grants (id, hold, made, revoked, uses, last_used, ends, mac, before)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (id) DO UPDATE SET revoked = ?4, uses = ?5, last_used = ?6, ends = ?7, mac = ?8",
        )?
        .execute(params![
            self.id,
            self.hold,
            self.made,
            self.revoked,
            self.uses,
            self.last_used,
            self.ends,
            self.code(binder),
            self.before,
        ])?;
        Ok(())
    }
}

/// A grant that was not revoked.
fn live(draft: &Draft<'_>, grant: &GrantId) -> Result<GrantRow, JournalError> {
    let query = format!("{GRANT_ROW} WHERE id = ?1 AND revoked IS NULL");
    let row = draft.sql.prepare_cached(&query)?.query_row(params![grant.as_str()], GrantRow::from_row);
    let row = row.optional()?.filter(|row| row.is_ours(draft.binder));
    let row = row.ok_or_else(|| JournalError::GrantEnded(grant.clone()))?;
    let is_so: bool = draft
        .sql
        .prepare_cached(
            "SELECT (SELECT count(*) FROM entries WHERE hold = ?1 AND kind = ?2) =
                (SELECT sum(uses - before) FROM grants WHERE hold = ?1)",
        )?
        .query_row(params![row.hold, GRANT_USED], |row| row.get(0))?;
    // An older row, put back so that it could be used again, gives nothing.
    if is_so { Ok(row) } else { Err(JournalError::GrantEnded(grant.clone())) }
}

pub(crate) fn record_made(draft: &mut Draft<'_>, grant: &Grant) -> Result<u64, JournalError> {
    let made = draft.append(GRANT_MADE, About { hold: Some(&grant.hold), release: None }, grant)?;
    let (id, hold) = (grant.id.as_str().to_owned(), grant.hold.as_str().to_owned());
    let ends = Some(grant.until.0);
    let (revoked, last_used, mac) = (None, None, Vec::new());
    let row = GrantRow { id, hold, made, revoked, uses: 0, last_used, ends, mac, before: 0 };
    row.save(draft.sql, draft.binder)?;
    Ok(made)
}

pub(crate) fn record_revoked(draft: &mut Draft<'_>, revoked: &Revoked) -> Result<u64, JournalError> {
    let mut row = live(draft, &revoked.grant)?;
    let hold: HoldId = row.hold.parse().map_err(|_| JournalError::GrantEnded(revoked.grant.clone()))?;
    let seq = draft.append(GRANT_REVOKED, About { hold: Some(&hold), release: None }, revoked)?;
    row.revoked = i64::try_from(seq).ok();
    row.save(draft.sql, draft.binder)?;
    Ok(seq)
}

pub(crate) fn record_window(draft: &mut Draft<'_>, window: &ProofWindow) -> Result<u64, JournalError> {
    draft.append(WINDOW_OPENED, About { hold: Some(&window.hold), release: None }, window)
}

/// Counts a release that this grant gave. One that was revoked or used up gives none.
pub(crate) fn use_grant(
    draft: &mut Draft<'_>,
    (grant, release): (&GrantId, &ReleaseId),
    most: Option<u32>,
) -> Result<(), JournalError> {
    let mut row = live(draft, grant)?;
    if most.is_some_and(|most| row.uses >= i64::from(most)) {
        return Err(JournalError::GrantEnded(grant.clone()));
    }
    row.uses += 1;
    row.last_used = Some(draft.now.0);
    let hold: HoldId = row.hold.parse().map_err(|_| JournalError::GrantEnded(grant.clone()))?;
    let body = UsedBody { grant, release, uses: row.uses };
    draft.append(GRANT_USED, About { hold: Some(&hold), release: None }, &body)?;
    row.save(draft.sql, draft.binder)
}

/// Rows of a format that did not bind them, or not so. One that was changed since stays as it is, for `verify` to name.
pub(crate) fn bind(sql: &Connection, keys: &Keys<'_>) -> Result<(), JournalError> {
    let rows: Vec<GrantRow> =
        sql.prepare(GRANT_ROW)?.query_map([], GrantRow::from_row)?.collect::<Result<_, _>>()?;
    for mut row in rows {
        if keys.are_bound(row.made) && !row.was_bound(keys.binder) {
            continue;
        }
        if row.ends.is_none() {
            let entries = of_hold(sql, &row.hold)?;
            row.ends = made(&entries, &row.id, keys.seals).map(|grant| grant.until.0);
        }
        row.save(sql, keys.binder)?;
    }
    Ok(())
}

fn made(entries: &[Kept], id: &str, seals: &Seals) -> Option<Grant> {
    let mut made = entries.iter().filter(|entry| entry.kind == GRANT_MADE);
    made.find_map(|entry| {
        let grant = entry.read::<Grant>(seals).ok()?;
        (grant.id.as_str() == id).then_some(grant)
    })
}

impl Journal {
    /// Every grant on record, the newest first. That one was made and revoked is read from the chained entries; one
    /// that cannot be read any more is left out, and one whose row is not as this home wrote it has ended.
    ///
    /// # Errors
    /// What the database says.
    pub fn grants(&self) -> Result<Vec<RecordedGrant>, JournalError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!("{GRANT_ROW} ORDER BY made DESC"))?;
        let rows: Vec<GrantRow> = statement.query_map([], GrantRow::from_row)?.collect::<Result<_, _>>()?;
        let mut grants = Vec::new();
        for row in rows {
            let entries = of_hold(&reader, &row.hold)?;
            let Some(grant) = made(&entries, &row.id, &self.seals) else { continue };
            let ended = |why: &str| Revoked {
                grant: grant.id.clone(),
                by: None,
                why: why.to_owned(),
                at: grant.made_at,
            };
            const UNREAD: &str = "its end is on record and cannot be read any more";
            let revoked = entries.iter().filter(|entry| entry.kind == GRANT_REVOKED);
            // An end that cannot be read is an end all the same, of whatever was made there.
            let mut revoked = revoked.map(|entry| entry.read::<Revoked>(&self.seals).ok());
            let revoked = revoked.find_map(|revoked| match revoked {
                Some(revoked) if revoked.grant != grant.id => None,
                Some(revoked) => Some(revoked),
                None => Some(ended(UNREAD)),
            });
            let revoked = match revoked {
                None if !row.is_ours(&self.binder) => Some(ended("its record is not as this home wrote it")),
                None => row.revoked.map(|_| ended(UNREAD)),
                revoked => revoked,
            };
            let hits = u32::try_from(row.uses).unwrap_or(u32::MAX);
            grants.push(RecordedGrant { hits, last_used: row.last_used.map(Timestamp), revoked, grant });
        }
        Ok(grants)
    }
}
