//! Releases as the record has them, for `audit`: by whose votes, and by which proofs.

use super::audit::AuditedProof;
use super::standing::Standing;
use approvals::{Basis, Choice, Event, ProofMethod, ProofWindow, ReleaseId, StepUpProof};
use policy::{CallDigest, Decision, Outcome, Timestamp, ToolCall};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A call that a person let go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedRelease {
    /// Of the entry.
    pub seq: u64,
    /// What the votes or the proof were given for.
    pub hold: String,
    /// "ledger/send_payment"; none where its beginning is not on record any more.
    pub tool: Option<String>,
    /// Who approved it.
    pub by: Vec<String>,
    /// Those that hold; none where it was approved without proof.
    pub proofs: Vec<AuditedProof>,
    /// Whose passphrase was typed for it, which proves nothing to others.
    pub passphrase: Option<String>,
    /// Nothing was proven for it: the proof for an earlier call counted for a while.
    pub is_within_window: bool,
}

/// The parts of a `call_released` entry that say why it went.
#[derive(Deserialize)]
pub(super) struct Released {
    pub(super) at: Timestamp,
    release: ReleaseId,
    pub(super) digest: CallDigest,
    pub(super) basis: Basis,
    /// The call itself, where it was not held.
    pub(super) allowed: Option<Allowed>,
    redacted: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Allowed {
    pub(super) call: ToolCall,
    decision: Decision,
}

impl Released {
    /// None where the body does not say it.
    pub(super) fn of(body: &str) -> Option<Released> {
        serde_json::from_str(body).ok()
    }

    pub(super) fn is_redacted(&self) -> bool {
        self.redacted.is_some()
    }

    fn given(&self) -> impl Iterator<Item = &StepUpProof> {
        let (votes, proof) = match &self.basis {
            Basis::Votes { votes, proof, .. } => (votes.as_slice(), proof.as_ref()),
            _ => (&[][..], None),
        };
        votes.iter().filter_map(|vote| vote.proof.as_ref()).chain(proof)
    }

    pub(super) fn proofs(&self) -> Vec<StepUpProof> {
        self.given().cloned().collect()
    }

    /// Whose passphrase it went by.
    pub(super) fn passphrase(&self) -> Option<String> {
        let typed = self.given().find(|proof| matches!(proof.method, ProofMethod::Passphrase))?;
        Some(typed.by.to_string())
    }

    /// Who approved it.
    pub(super) fn by(&self) -> Vec<String> {
        let Basis::Votes { votes, .. } = &self.basis else { return Vec::new() };
        let approved = votes.iter().filter(|vote| !matches!(vote.choice, Choice::Reject { .. }));
        approved.map(|vote| vote.by.to_string()).collect()
    }

    /// Why people's votes cannot have let it go as the entries say; `proofs` are those for its hold that hold.
    pub(super) fn why_not_by_votes(
        &self,
        standing: Option<&mut Standing>,
        proofs: &[AuditedProof],
    ) -> Option<&'static str> {
        let needs_passkey = standing.as_ref().is_some_and(|standing| standing.needs_passkey());
        let claimed = Event::Claimed { release: self.release.clone() };
        if let Some(Err(why)) = standing.map(|standing| standing.release(&self.digest, claimed, self.at)) {
            return Some(why);
        }
        if !proofs.is_empty() {
            None
        } else if self.given().any(|proof| matches!(proof.method, ProofMethod::Passkey { .. })) {
            Some("it went by a passkey's proof, and none that holds is on record")
        } else if needs_passkey {
            Some("its policy asked for a passkey, and no proof is on record")
        } else {
            None
        }
    }

    /// Why it cannot have gone without a vote of its own. `window` is the time after a proof that it names.
    pub(super) fn why_not_by_itself(&self, window: Option<&ProofWindow>) -> Option<&'static str> {
        let Allowed { call, decision } = self.allowed.as_ref()?;
        if !self.is_redacted() && call.digest() != self.digest {
            return Some("it let another call go than the one that was judged");
        }
        let asks_step_up = matches!(&decision.outcome, Outcome::Held(required) if required.step_up.is_some());
        match (&self.basis, &decision.outcome) {
            (Basis::Policy { .. }, Outcome::Held(_) | Outcome::Denied { .. }) => {
                Some("its policies did not let it go, and nobody did")
            }
            (Basis::Grant { .. }, _) if asks_step_up => Some("it went by a grant, which is no proof"),
            (Basis::Window { .. }, _)
                if window.is_some_and(|window| !window.covers(call, decision, self.at)) =>
            {
                Some("the earlier proof that it names does not count for it")
            }
            _ => None,
        }
    }
}
