//! Entries about passkeys. Credentials and evidence are recorded whole, so that an exported journal shows by itself
//! which passkey proved what; what they mean is not this crate's to know.

use crate::chain::About;
use crate::read::{COLUMNS, Kept};
use crate::seal::Opening;
use crate::write::Draft;
use crate::{Journal, JournalError, open};
use approvals::HoldId;
use rusqlite::{OpenFlags, params};
use serde::{Deserialize, Serialize};

const ENROLLED: &str = "passkey_enrolled";
/// These two may be about a hold, and change nothing of it.
pub(crate) const ASKED: &str = "passkey_asked";
pub(crate) const REFUSED: &str = "passkey_refused";

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum PasskeyEntry {
    /// With the signature that let it in.
    Enrolled {
        credential: serde_json::Value,
    },
    Renamed {
        credential: String,
        name: String,
    },
    Removed {
        credential: String,
        person: String,
    },
    /// A ceremony was opened on this port, for `purpose`.
    Asked {
        purpose: String,
        hold: Option<HoldId>,
        port: u16,
    },
    /// A proof that belongs to no hold: what was agreed to, in words, and what verifies it.
    Proven {
        purpose: String,
        person: String,
        credential: String,
        about: String,
        evidence: serde_json::Value,
    },
    /// An answer that did not count, by the code of its reason.
    Refused {
        purpose: String,
        hold: Option<HoldId>,
        why: String,
    },
    /// Records of passkeys that are not as this home wrote them. Nothing counts until a person mended it.
    Tampered {
        why: String,
    },
    /// Somebody at the desk said that all are lost: they are taken out after so many hours, unless one is used.
    ResetAsked {
        hours: u64,
    },
    /// They stay.
    ResetStopped,
    /// They are taken out; the next one is a first one again.
    ResetDone,
}

impl PasskeyEntry {
    fn kind(&self) -> &'static str {
        match self {
            PasskeyEntry::Enrolled { .. } => ENROLLED,
            PasskeyEntry::Renamed { .. } => "passkey_renamed",
            PasskeyEntry::Removed { .. } => "passkey_removed",
            PasskeyEntry::Asked { .. } => ASKED,
            PasskeyEntry::Proven { .. } => "passkey_proven",
            PasskeyEntry::Refused { .. } => REFUSED,
            PasskeyEntry::Tampered { .. } => "passkey_tampered",
            PasskeyEntry::ResetAsked { .. } => "passkey_reset_asked",
            PasskeyEntry::ResetStopped => "passkey_reset_stopped",
            PasskeyEntry::ResetDone => "passkey_reset_done",
        }
    }
}

impl Journal {
    /// Whether an entry says that a passkey was enrolled with this home's key. Reads the kind of every entry.
    ///
    /// # Errors
    /// What the database says.
    pub fn names_passkeys(&self) -> Result<bool, JournalError> {
        let query = "SELECT EXISTS (SELECT 1 FROM entries WHERE kind = ?1 AND key = ?2)";
        Ok(self.reader().query_row(query, params![ENROLLED, self.seals.key_id], |row| row.get(0))?)
    }

    /// The first entry that says, in the name of this home's key, that a passkey was enrolled, and that something else
    /// wrote or made to say so. Reads the kind of every entry.
    ///
    /// # Errors
    /// What the database says.
    pub fn foreign_enrolment(&self) -> Result<Option<u64>, JournalError> {
        let query =
            format!("SELECT {COLUMNS} FROM entries e WHERE e.kind = ?1 AND e.key = ?2 ORDER BY e.seq");
        self.settle().ok();
        // On a connection of its own: whoever else reads does not wait for it.
        let sql = open::connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut statement = sql.prepare(&query)?;
        let mut rows = statement.query(params![ENROLLED, self.seals.key_id])?;
        while let Some(row) = rows.next()? {
            let entry = Kept::from_row(row)?;
            if !matches!(entry.open(&self.seals), Opening::Body(_)) {
                return Ok(Some(entry.seq));
            }
        }
        Ok(None)
    }
}

/// A hold is named in the body alone: entries that carry it in clear are its own course, and are replayed.
pub(crate) fn record(draft: &mut Draft<'_>, entry: &PasskeyEntry) -> Result<u64, JournalError> {
    draft.append(entry.kind(), About::default(), entry)
}

/// Before the entries up to here are taken out: which passkeys there were is said once more, or nobody could tell later
/// which of them proved what.
pub(crate) fn carry_over(draft: &mut Draft<'_>, up_to: u64) -> Result<(), JournalError> {
    let query = format!("SELECT {COLUMNS} FROM entries e WHERE e.seq <= ?1 AND e.kind = ?2 ORDER BY e.seq");
    let enrolled: Vec<Kept> = draft
        .sql
        .prepare_cached(&query)?
        .query_map(params![up_to, ENROLLED], Kept::from_row)?
        .collect::<Result<_, _>>()?;
    for entry in enrolled {
        if let Opening::Body(body) = entry.open(draft.seals) {
            draft.append_text(ENROLLED, About::default(), &body)?;
        }
    }
    Ok(())
}
