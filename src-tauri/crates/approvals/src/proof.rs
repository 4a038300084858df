//! A person's presence, proven for one hold, and the window that a proof may open.
//!
//! Whoever makes a [`StepUpProof`] has verified it; here it is only matched. INVARIANT(I6): a proof counts for the hold
//! and the call it names, or, through its [`ProofWindow`], for the same user, agent and policies while it is fresh.

use crate::{HoldId, ProofId};
use policy::{
    ActionKind, AgentName, CallDigest, Decision, Outcome, PolicyId, ProofKind, StepUpRule, Timestamp,
    ToolCall, UserId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// A verified proof that a person was there, for one hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepUpProof {
    pub id: ProofId,
    pub by: UserId,
    pub method: ProofMethod,
    pub hold: HoldId,
    /// Of the call that was shown.
    pub digest: CallDigest,
    pub at: Timestamp,
    /// What verifies it offline: the stored assertion as JSON, opaque here. None for a passphrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// How somebody proved that they were there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofMethod {
    Passkey { credential: String },
    Passphrase,
}

/// The strongest proof that the user of a call can give on this desk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authenticator {
    #[default]
    None,
    Passphrase,
    Passkey,
}

/// While it is open, calls of the same user and agent that the same policies ask a step-up for need no new proof.
/// The desk ends it on lock, resume and restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofWindow {
    pub proof: ProofId,
    pub hold: HoldId,
    pub user: UserId,
    pub method: ProofMethod,
    pub agent: AgentName,
    /// The policies whose step-up was given.
    pub policies: BTreeSet<PolicyId>,
    /// Of the proof.
    pub at: Timestamp,
    /// It is forgotten then; each call's own policies may ask for a fresher proof.
    pub until: Timestamp,
}

impl ProofMethod {
    /// INVARIANT(I6): a passphrase is refused where a passkey is asked for.
    #[must_use]
    pub fn satisfies(&self, kind: ProofKind) -> bool {
        match kind {
            ProofKind::Any => true,
            ProofKind::Passkey => matches!(self, ProofMethod::Passkey { .. }),
        }
    }
}

impl Authenticator {
    /// Whether it can give what a rule asks for.
    #[must_use]
    pub fn can_give(self, kind: ProofKind) -> bool {
        match self {
            Authenticator::None => false,
            Authenticator::Passphrase => kind == ProofKind::Any,
            Authenticator::Passkey => true,
        }
    }
}

/// Which proof a rule asks for.
#[must_use]
pub fn kind_of(rule: StepUpRule) -> ProofKind {
    if rule.passkey_only { ProofKind::Passkey } else { ProofKind::Any }
}

impl ProofWindow {
    /// The window that a proof of a call's own user opens; none where the policies want each call proven.
    #[must_use]
    pub fn of(proof: &StepUpProof, call: &ToolCall, decision: &Decision) -> Option<ProofWindow> {
        let rule = step_up_of(decision)?;
        let policies = asking(decision);
        if rule.max_age_seconds == 0 || policies.is_empty() || proof.by != call.user {
            return None;
        }
        Some(ProofWindow {
            proof: proof.id.clone(),
            hold: proof.hold.clone(),
            user: proof.by.clone(),
            method: proof.method.clone(),
            agent: call.agent.clone(),
            policies,
            at: proof.at,
            until: proof.at.after(Duration::from_secs(rule.max_age_seconds)),
        })
    }

    /// Whether the step-up that this decision asks of this call was given, recently enough for its own policies.
    #[must_use]
    pub fn covers(&self, call: &ToolCall, decision: &Decision, now: Timestamp) -> bool {
        let Some(rule) = step_up_of(decision) else { return false };
        let asking = asking(decision);
        let fresh_until = self.at.after(Duration::from_secs(rule.max_age_seconds)).min(self.until);
        // A person who holds everything is asked each time.
        !decision.trace.paused
            && self.user == call.user
            && self.agent == call.agent
            && self.method.satisfies(kind_of(rule))
            && !asking.is_empty()
            && asking.is_subset(&self.policies)
            // A clock that was put back proves nothing.
            && (self.at..fresh_until).contains(&now)
    }
}

fn step_up_of(decision: &Decision) -> Option<StepUpRule> {
    match &decision.outcome {
        Outcome::Held(required) => required.step_up,
        Outcome::Allowed | Outcome::Denied { .. } => None,
    }
}

/// The deciding policies that ask for a step-up.
fn asking(decision: &Decision) -> BTreeSet<PolicyId> {
    let policies = decision.trace.policies.iter();
    policies
        .filter(|policy| policy.deciding && policy.action == ActionKind::StepUp)
        .map(|policy| policy.id.clone())
        .collect()
}
