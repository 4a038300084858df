//! Why an assertion, an enrolment or a stored credential does not count.

use crate::CredentialId;
use webauthn_rs::prelude::WebauthnError;

/// Why a ceremony gave no proof. Nothing is kept of it, and the pending state is spent.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error("there is no passkey to ask for; enrol one on the Security page")]
    NoCredential,
    #[error("the time for this ceremony is over; start it again")]
    Expired,
    #[error("the browser's answer cannot be read: {0}; start again")]
    Unreadable(String),
    #[error("the answer is for something else than what was asked; start again")]
    OtherChallenge,
    #[error("the answer comes from another page than Doorward's own; close that page and start again")]
    OtherOrigin,
    #[error("the answer is for another site than this desk; start again")]
    OtherSite,
    #[error("the passkey did not check who holds it; use one with a PIN, a fingerprint or a face")]
    NotVerified,
    #[error("this passkey is not one that was asked for; use one of those listed on the Security page")]
    OtherCredential,
    #[error("this passkey's counter went back, as that of a copy would; remove it and enrol another")]
    PossibleCopy,
    #[error("the signature is wrong; start again")]
    Signature,
    #[error("this passkey is enrolled already; choose another one")]
    AlreadyEnrolled,
    #[error("the passkey was not accepted: {0}; start again")]
    Refused(WebauthnError),
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(getrandom::Error),
    /// The library's pending state has not the shape that was tested.
    #[error("this version's ceremonies do not work together; install Doorward again")]
    State,
}

impl ProofError {
    /// Constant, for programs and the journal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ProofError::NoCredential => "no_credential",
            ProofError::Expired => "expired",
            ProofError::Unreadable(_) => "unreadable",
            ProofError::OtherChallenge => "other_challenge",
            ProofError::OtherOrigin => "other_origin",
            ProofError::OtherSite => "other_site",
            ProofError::NotVerified => "not_verified",
            ProofError::OtherCredential => "other_credential",
            ProofError::PossibleCopy => "possible_copy",
            ProofError::Signature => "signature",
            ProofError::AlreadyEnrolled => "already_enrolled",
            ProofError::Refused(_) => "refused",
            ProofError::NoRandomness(_) => "no_randomness",
            ProofError::State => "state",
        }
    }
}

impl From<WebauthnError> for ProofError {
    fn from(error: WebauthnError) -> ProofError {
        match error {
            WebauthnError::MismatchedChallenge => ProofError::OtherChallenge,
            WebauthnError::InvalidRPOrigin | WebauthnError::CredentialCrossOrigin => ProofError::OtherOrigin,
            WebauthnError::InvalidRPIDHash => ProofError::OtherSite,
            WebauthnError::UserNotVerified | WebauthnError::UserNotPresent => ProofError::NotVerified,
            WebauthnError::CredentialNotFound => ProofError::OtherCredential,
            WebauthnError::CredentialPossibleCompromise => ProofError::PossibleCopy,
            WebauthnError::AuthenticationFailure | WebauthnError::SignatureInvalid => ProofError::Signature,
            WebauthnError::CredentialAlreadyExists | WebauthnError::CredentialExcludedFromRequest => {
                ProofError::AlreadyEnrolled
            }
            other => ProofError::Refused(other),
        }
    }
}

/// Why a credential is not part of the roster.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    #[error("no passkey `{0}` is enrolled; look at the Security page")]
    Unknown(CredentialId),
    #[error("this passkey is enrolled already; choose another one")]
    AlreadyEnrolled,
    #[error("a passkey is enrolled already, and a new one must be signed by it; use that one first")]
    NeedsSignature,
    #[error("no enrolled passkey signed this one")]
    NotSigned,
    #[error("the signature under this passkey is not valid: {0}")]
    Signature(ProofError),
    #[error("its record contradicts itself")]
    Contradiction,
    #[error("a passkey's name has 1 to 60 characters and none that are hidden; choose another")]
    Name,
}
