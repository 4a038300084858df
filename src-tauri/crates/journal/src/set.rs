//! The policy set that was last confirmed, authenticated with the root key: files changed on disk, or in this
//! database, do not come into force by themselves.

use crate::chain::About;
use crate::error::BadEntry;
use crate::key::Subkey;
use crate::read::{COLUMNS, Kept};
use crate::sides::{bad, damaged};
use crate::sums::Newest;
use crate::write::Durability;
use crate::{Journal, JournalError};
use hkdf::hmac::{Hmac, KeyInit, Mac};
use policy::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::BTreeMap;

/// What is in force, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetInForce {
    /// Text by path.
    pub documents: BTreeMap<String, String>,
    pub confirmed_at: Timestamp,
}

/// The entry that says what was confirmed.
pub(crate) const CONFIRMED: &str = "set_confirmed";

#[derive(Serialize)]
struct ConfirmedBody<'a> {
    documents: &'a BTreeMap<String, String>,
}

/// As it is read back.
#[derive(Deserialize)]
struct Confirmed {
    documents: BTreeMap<String, String>,
}

/// The set in force is the one that the newest entry about it confirmed; an older one that was put back is not.
pub(crate) fn check(
    sql: &Connection,
    journal: &Journal,
    start: u64,
    newest: Option<Newest>,
) -> Result<(), BadEntry> {
    const PART: &str = "set in force";
    let is_ours = newest.is_some_and(|newest| newest.key == journal.seals.key_id);
    let seq = newest.map_or(0, |newest| newest.seq);
    let set = match journal.set_in(sql) {
        // What another root key confirmed cannot be checked with this one.
        Err(JournalError::SetTampered) if !is_ours && newest.is_some() => return Ok(()),
        Err(error) => return Err(bad(PART, seq, &error.to_string())),
        Ok(set) => set,
    };
    match (set, newest) {
        (None, None) => Ok(()),
        // Its entry is older than is kept.
        (Some(_), None) if start > 0 => Ok(()),
        (Some(_), None) => Err(bad(PART, 0, "no entry confirms it")),
        (None, Some(_)) => Err(bad(PART, seq, "it is missing")),
        (Some(_), Some(_)) if !is_ours => Ok(()),
        (Some(set), Some(_)) => {
            let query = format!("SELECT {COLUMNS} FROM entries e WHERE e.seq = ?1");
            let kept = sql.query_row(&query, params![seq], Kept::from_row).map_err(damaged(PART))?;
            let confirmed = kept.read::<Confirmed>(&journal.seals);
            let is_same = kept.at == set.confirmed_at
                && confirmed.is_ok_and(|confirmed| confirmed.documents == set.documents);
            if is_same { Ok(()) } else { Err(bad(PART, seq, "it is not what was confirmed last")) }
        }
    }
}

/// Every part is preceded by its length, so no two sets share an input.
fn mac(key: &Subkey, documents: &BTreeMap<String, String>, confirmed_at: Timestamp) -> Hmac<Sha256> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*key.0) else {
        unreachable!("HMAC takes a key of any length");
    };
    mac.update(b"doorward set v1");
    mac.update(&confirmed_at.0.to_be_bytes());
    mac.update(&(documents.len() as u64).to_be_bytes());
    for part in documents.iter().flat_map(|(path, text)| [path, text]) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac
}

impl Journal {
    /// The set last confirmed; none before the first.
    ///
    /// # Errors
    /// [`JournalError::SetTampered`] where this home's key did not confirm it as it stands.
    pub fn set_in_force(&self) -> Result<Option<SetInForce>, JournalError> {
        self.set_in(&self.reader())
    }

    pub(crate) fn set_in(&self, sql: &Connection) -> Result<Option<SetInForce>, JournalError> {
        let row = sql
            .prepare_cached("SELECT documents, confirmed_at, mac FROM set_in_force")?
            .query_row([], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
            })
            .optional()?;
        let Some((documents, confirmed_at, found)) = row else { return Ok(None) };
        let documents = serde_json::from_str(&documents).map_err(|_| JournalError::SetTampered)?;
        let confirmed_at = Timestamp(confirmed_at);
        let checked = mac(&self.set_mac, &documents, confirmed_at).verify_slice(&found);
        checked.map_err(|_| JournalError::SetTampered)?;
        Ok(Some(SetInForce { documents, confirmed_at }))
    }

    /// Puts a set in force, on the disk before it returns. Its documents are kept in the entry too.
    ///
    /// # Errors
    /// What the database says; what was in force stays.
    pub fn confirm_set(&self, documents: &BTreeMap<String, String>) -> Result<u64, JournalError> {
        let text = serde_json::to_string(documents).map_err(JournalError::Encoding)?;
        self.write(Durability::Synced, |draft| {
            let code = mac(&self.set_mac, documents, draft.now).finalize().into_bytes();
            draft
                .sql
                .prepare_cached("INSERT OR REPLACE INTO set_in_force (one, documents, confirmed_at, mac) VALUES (1, ?1, ?2, ?3)")?
                .execute(params![text, draft.now.0, code.as_slice()])?;
            draft.append(CONFIRMED, About::default(), &ConfirmedBody { documents })
        })
    }
}
