//! What a ceremony is about, and what its page shows of it.

use super::page::Line;
use crate::card::CardReason;
use approvals::HoldId;
use policy::UserId;
use stepup::{Binding, CredentialId, Purpose};

/// Why a person is asked for a passkey.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A held call that needs it.
    Hold { hold: HoldId },
    /// A new passkey of this person's, under this name.
    Enrol { person: UserId, name: String },
    /// The last passkey goes, and with it what it guards.
    RemoveLast { credential: CredentialId },
    /// Anything else to agree to.
    Agree(Agreement),
}

/// Something to agree to, as a person reads it and as it is signed.
#[derive(Clone, Debug)]
pub struct Agreement {
    pub purpose: Purpose,
    /// SHA-256 of what is agreed to; opaque here.
    pub hash: [u8; 32],
    /// "Add the upstream notes"
    pub title: String,
    /// Everything it comes to, one row each.
    pub lines: Vec<(String, String)>,
}

impl Agreement {
    /// To these lines: the hash is over the title and all of them.
    #[must_use]
    pub fn to_lines(purpose: Purpose, title: &str, lines: Vec<(String, String)>) -> Agreement {
        let mut parts: Vec<&[u8]> = vec![title.as_bytes()];
        parts.extend(lines.iter().flat_map(|(label, text)| [label.as_bytes(), text.as_bytes()]));
        let hash = Binding::of_parts(purpose, &parts).hash();
        Agreement { purpose, hash, title: title.to_owned(), lines }
    }

    #[must_use]
    pub fn binding(&self) -> Binding {
        Binding::new(self.purpose, self.hash)
    }
}

impl Subject {
    pub(super) fn purpose(&self) -> Purpose {
        match self {
            Subject::Hold { .. } => Purpose::StepUp,
            Subject::Enrol { .. } => Purpose::Enrol,
            Subject::RemoveLast { .. } => Purpose::Remove,
            Subject::Agree(agreement) => agreement.purpose,
        }
    }

    pub(super) fn hold(&self) -> Option<&HoldId> {
        match self {
            Subject::Hold { hold } => Some(hold),
            _ => None,
        }
    }
}

/// What a page shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub(super) title: String,
    pub(super) lead: String,
    pub(super) lines: Vec<Line>,
    pub(super) reasons: Vec<CardReason>,
    pub(super) notes: Vec<String>,
    pub(super) button: String,
    pub(super) foot: String,
}
