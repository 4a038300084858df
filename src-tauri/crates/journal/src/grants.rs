//! Grants and proof windows on record. A grant's making and its end are entries of the hold it came from; each use
//! is the release it gave. The table is an index of them, with the count that must not be lost.

use crate::chain::About;
use crate::read::{Kept, of_hold};
use crate::write::Draft;
use crate::{Journal, JournalError};
use approvals::{Grant, GrantId, HoldId, ProofWindow};
use policy::{Timestamp, UserId};
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

pub(crate) const GRANT_MADE: &str = "grant_made";
pub(crate) const GRANT_REVOKED: &str = "grant_revoked";
pub(crate) const WINDOW_OPENED: &str = "window_opened";

/// Kinds of entries that are about a hold and change nothing of it.
pub(crate) const BESIDE: [&str; 3] = [GRANT_MADE, GRANT_REVOKED, WINDOW_OPENED];

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

pub(crate) fn record_made(draft: &mut Draft<'_>, grant: &Grant) -> Result<u64, JournalError> {
    let seq = draft.append(GRANT_MADE, About { hold: Some(&grant.hold), release: None }, grant)?;
    draft
        .sql
        .prepare_cached("INSERT INTO grants (id, hold, made, uses) VALUES (?1, ?2, ?3, 0)")?
        .execute(params![grant.id.as_str(), grant.hold.as_str(), seq])?;
    Ok(seq)
}

pub(crate) fn record_revoked(draft: &mut Draft<'_>, revoked: &Revoked) -> Result<u64, JournalError> {
    let hold = hold_of(draft, &revoked.grant)?;
    let seq = draft.append(GRANT_REVOKED, About { hold: Some(&hold), release: None }, revoked)?;
    draft
        .sql
        .prepare_cached("UPDATE grants SET revoked = ?2 WHERE id = ?1")?
        .execute(params![revoked.grant.as_str(), seq])?;
    Ok(seq)
}

pub(crate) fn record_window(draft: &mut Draft<'_>, window: &ProofWindow) -> Result<u64, JournalError> {
    draft.append(WINDOW_OPENED, About { hold: Some(&window.hold), release: None }, window)
}

/// Counts a release that this grant gave. One that was revoked or used up gives none.
pub(crate) fn use_grant(draft: &Draft<'_>, grant: &GrantId, most: Option<u32>) -> Result<(), JournalError> {
    let used = draft
        .sql
        .prepare_cached(
            "UPDATE grants SET uses = uses + 1, last_used = ?2
             WHERE id = ?1 AND revoked IS NULL AND uses < ?3",
        )?
        .execute(params![grant.as_str(), draft.now.0, most.unwrap_or(u32::MAX)])?;
    if used == 0 { Err(JournalError::GrantEnded(grant.clone())) } else { Ok(()) }
}

fn hold_of(draft: &Draft<'_>, grant: &GrantId) -> Result<HoldId, JournalError> {
    let mut statement =
        draft.sql.prepare_cached("SELECT hold FROM grants WHERE id = ?1 AND revoked IS NULL")?;
    let hold: Option<String> = statement.query_row(params![grant.as_str()], |row| row.get(0)).optional()?;
    let hold = hold.and_then(|hold| hold.parse().ok());
    hold.ok_or_else(|| JournalError::GrantEnded(grant.clone()))
}

impl Journal {
    /// Every grant on record, the newest first. That one was made and revoked is read from the chained entries; one
    /// that cannot be read any more is left out.
    ///
    /// # Errors
    /// What the database says.
    pub fn grants(&self) -> Result<Vec<RecordedGrant>, JournalError> {
        let reader = self.reader();
        let mut statement =
            reader.prepare_cached("SELECT id, hold, uses, last_used FROM grants ORDER BY made DESC")?;
        let rows = statement.query_map([], |row| {
            let last_used: Option<i64> = row.get(3)?;
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?, last_used.map(Timestamp)))
        })?;
        let rows: Vec<(String, String, u32, Option<Timestamp>)> = rows.collect::<Result<_, _>>()?;
        let mut grants = Vec::new();
        for (id, hold, hits, last_used) in rows {
            let entries = of_hold(&reader, &hold)?;
            let Some(grant) = self.made(&entries, &id) else { continue };
            let revoked = entries.iter().filter(|entry| entry.kind == GRANT_REVOKED);
            // An end that cannot be read is an end all the same, of whatever was made there.
            let mut revoked = revoked.map(|entry| entry.read::<Revoked>(&self.seals).ok());
            let revoked = revoked.find_map(|revoked| match revoked {
                Some(revoked) if revoked.grant != grant.id => None,
                Some(revoked) => Some(revoked),
                None => Some(Revoked {
                    grant: grant.id.clone(),
                    by: None,
                    why: "its end is on record and cannot be read any more".to_owned(),
                    at: grant.made_at,
                }),
            });
            grants.push(RecordedGrant { grant, hits, last_used, revoked });
        }
        Ok(grants)
    }

    fn made(&self, entries: &[Kept], id: &str) -> Option<Grant> {
        let mut made = entries.iter().filter(|entry| entry.kind == GRANT_MADE);
        made.find_map(|entry| {
            let grant = entry.read::<Grant>(&self.seals).ok()?;
            (grant.id.as_str() == id).then_some(grant)
        })
    }
}
