//! Why a set was not changed, in words with a next step.

use super::Reason;
use crate::home::FileError;
use crate::keychain::KeychainError;
use journal::JournalError;
use policy::set::DocumentError;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    #[error("{}", join(.0))]
    Invalid(Vec<DocumentError>),
    #[error("the change that was shown is no longer the one on disk; look at it again")]
    Stale,
    #[error("`{0}` was also changed on disk; apply or put back that change first")]
    WaitsOnDisk(String),
    #[error("this change needs a passkey: {}", first(.0))]
    NeedsProof(Vec<Reason>),
    #[error("the passkey's signature is not for this change: {0}")]
    Signature(String),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the keychain did not keep which set is the newest: {0}")]
    Keychain(#[from] KeychainError),
    #[error("cannot write the policy files: {0}; check the folder's permissions and free space")]
    Write(#[source] std::io::Error),
}

impl SetError {
    /// Stable, for the window.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            SetError::Invalid(_) => "set_invalid",
            SetError::Stale => "set_stale",
            SetError::WaitsOnDisk(_) => "set_waits",
            SetError::NeedsProof(_) => "set_needs_proof",
            SetError::Signature(_) => "set_signature",
            SetError::File(error) => error.code(),
            SetError::Journal(_) => "journal",
            SetError::Keychain(error) => error.code(),
            SetError::Write(_) => "set_write",
        }
    }

    /// The next step.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            SetError::Invalid(_) => "mend the file; what was in force stays in force until then".to_owned(),
            SetError::Stale => "the difference shown now is the newest".to_owned(),
            SetError::WaitsOnDisk(_) => "the panel above the list shows the difference".to_owned(),
            SetError::NeedsProof(_) => "confirm it with a passkey; nothing was changed".to_owned(),
            SetError::Signature(_) => {
                "look at the change again and confirm it anew; nothing was changed".to_owned()
            }
            SetError::File(error) => error.hint(),
            SetError::Journal(_) => {
                "check free space and permissions of the home folder; nothing was changed".to_owned()
            }
            SetError::Keychain(error) => error.hint().to_owned(),
            SetError::Write(_) => "check the policies folder's permissions and free space".to_owned(),
        }
    }
}

pub(super) fn join(errors: &[DocumentError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn first(reasons: &[Reason]) -> String {
    let more = reasons.len().saturating_sub(1);
    let first = reasons.first().map(ToString::to_string).unwrap_or_default();
    if more == 0 { first } else { format!("{first}, and {more} more") }
}
