//! Releases of held calls as the record has them, for `audit`: by whose votes, and by which proofs.

use super::audit::AuditedProof;
use approvals::{Basis, Choice, Opened, ProofMethod};
use policy::Outcome;
use serde::Deserialize;
use serde_json::Value;

/// A held call that was let go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedRelease {
    /// Of the entry.
    pub seq: u64,
    pub hold: String,
    /// "ledger/send_payment"; none where its beginning is not on record any more.
    pub tool: Option<String>,
    /// Who approved it.
    pub by: Vec<String>,
    /// Those that hold; none where it was approved without proof.
    pub proofs: Vec<AuditedProof>,
}

/// What is known of a hold from its beginning.
pub(super) struct Standing {
    pub(super) tool: String,
    needs_passkey: bool,
}

impl Standing {
    pub(super) fn of(body: &Value) -> Option<(String, Standing)> {
        let opened = Opened::deserialize(body).ok()?;
        let needs_passkey = match &opened.decision.outcome {
            Outcome::Held(required) => required.step_up.is_some_and(|rule| rule.passkey_only),
            Outcome::Allowed | Outcome::Denied { .. } => false,
        };
        let tool = format!("{}/{}", opened.call.upstream, opened.call.tool);
        Some((opened.id.to_string(), Standing { tool, needs_passkey }))
    }
}

/// One entry of a release that people's votes gave.
pub(super) struct Released {
    pub(super) hold: String,
    pub(super) by: Vec<String>,
    /// Whether the entry itself says that a passkey was used.
    says_passkey: bool,
}

impl Released {
    /// None where no policy held it, or it went by what was given before.
    pub(super) fn of(body: &Value) -> Option<Released> {
        let Basis::Votes { hold, votes, proof } = Basis::deserialize(body.get("basis")?).ok()? else {
            return None;
        };
        let proofs = votes.iter().filter_map(|vote| vote.proof.as_ref()).chain(&proof);
        let says_passkey =
            proofs.into_iter().any(|proof| matches!(proof.method, ProofMethod::Passkey { .. }));
        let approved = votes.iter().filter(|vote| !matches!(vote.choice, Choice::Reject { .. }));
        let by = approved.map(|vote| vote.by.to_string()).collect();
        Some(Released { hold: hold.to_string(), by, says_passkey })
    }

    /// Why it cannot have been let go as the entries say.
    pub(super) fn why_not<'a>(
        &self,
        standing: Option<&Standing>,
        mut proofs: impl Iterator<Item = &'a AuditedProof>,
    ) -> Option<String> {
        if proofs.next().is_some() {
            None
        } else if self.says_passkey {
            Some("it went by a passkey's proof, and none that holds is on record".to_owned())
        } else if standing.is_some_and(|standing| standing.needs_passkey) {
            Some("its policy asked for a passkey, and no proof is on record".to_owned())
        } else {
            None
        }
    }
}
