//! Entries about the passphrase. Nothing of what was typed is ever in one; a proof by passphrase that counted is part
//! of the vote or the proof it was given for.

use crate::JournalError;
use crate::chain::About;
use crate::write::Draft;
use approvals::HoldId;
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum PassphraseEntry {
    /// The first one, or another one in its place; `by_passkey` where a passkey agreed to it.
    Set {
        is_first: bool,
        by_passkey: bool,
    },
    Removed,
    /// A guess that did not count, by the code of its reason.
    Refused {
        purpose: String,
        hold: Option<HoldId>,
        why: String,
    },
}

impl PassphraseEntry {
    fn kind(&self) -> &'static str {
        match self {
            PassphraseEntry::Set { .. } => "passphrase_set",
            PassphraseEntry::Removed => "passphrase_removed",
            PassphraseEntry::Refused { .. } => "passphrase_refused",
        }
    }
}

/// A hold is named in the body alone: entries that carry it in clear are its own course, and are replayed.
pub(crate) fn record(draft: &mut Draft<'_>, entry: &PassphraseEntry) -> Result<u64, JournalError> {
    draft.append(entry.kind(), About::default(), entry)
}
