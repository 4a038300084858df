//! What a proof for a held call is over: everything a person was shown and everything it must not be used for later.
//!
//! The statement is kept beside the assertion, so that anybody with the journal can see what was signed.

use approvals::HoldId;
use journal::Anchor;
use policy::{CallDigest, Decision, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use stepup::{Binding, Credential, Evidence, ProofError, Purpose, StoredProof, verify_stored};

/// One held call, as somebody was asked about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldStatement {
    pub hold: HoldId,
    pub digest: CallDigest,
    /// Hex SHA-256 of what the call needed at that moment, as the decision has it.
    pub requirements: String,
    /// When this question ended.
    pub expires_at: Timestamp,
    /// The newest entry of the journal at that moment.
    pub head: u64,
    /// Its hash, in hex.
    pub head_hash: String,
}

impl HoldStatement {
    pub(crate) fn new(
        hold: HoldId,
        digest: CallDigest,
        decision: &Decision,
        expires_at: Timestamp,
        head: Anchor,
    ) -> HoldStatement {
        let requirements = requirements(decision);
        HoldStatement { hold, digest, requirements, expires_at, head: head.seq, head_hash: hex(&head.hash) }
    }

    /// SHA-256 over hold, digest, requirements, expiry and journal head.
    #[must_use]
    pub fn binding(&self) -> Binding {
        let digest = self.digest.to_string();
        Binding::of_parts(
            Purpose::StepUp,
            &[
                self.hold.as_str().as_bytes(),
                digest.as_bytes(),
                self.requirements.as_bytes(),
                &self.expires_at.0.to_be_bytes(),
                &self.head.to_be_bytes(),
                self.head_hash.as_bytes(),
            ],
        )
    }
}

/// A statement with the assertion over it: the evidence of a proof, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignedStatement {
    pub statement: HoldStatement,
    pub assertion: Evidence,
}

impl SignedStatement {
    /// Verifies it with nothing but the credential's record. Whether the statement is about the right call, and its
    /// head a part of the journal, is for the caller to compare.
    ///
    /// # Errors
    /// The credential did not sign this statement.
    pub fn verify(&self, credential: &Credential) -> Result<StoredProof, ProofError> {
        verify_stored(&self.assertion, &self.statement.binding(), credential)
    }
}

/// Of the outcome alone: who asks for what, not why.
pub(crate) fn requirements(decision: &Decision) -> String {
    // An outcome is made of texts and numbers, which can always be written.
    let written = serde_json::to_vec(&decision.outcome).unwrap_or_default();
    hex(&Sha256::digest(written))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
