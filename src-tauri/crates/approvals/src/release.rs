//! The single-use permit that lets one call go upstream.
//!
//! INVARIANT(I1, I2): a [`ReleasedCall`] has no public constructor and is neither cloned nor deserialised; it
//! comes from [`admit`](crate::admit), [`HeldCall::release`](crate::HeldCall::release) or a
//! [`Continuation`](crate::Continuation), and whoever records it consumes it.

use crate::{GrantId, HeldCall, HoldId, ProofId, ProofMethod, ReleaseId, StepUpProof, Vote};
use policy::{ApprovalFlow, CallDigest, Decision, Facts, Outcome, Timestamp, ToolCall, Value};
use serde::{Deserialize, Serialize};

/// Why a call may go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// No policy of this revision holds it.
    Policy { revision: String },
    /// Everything a hold required was given.
    Votes {
        hold: HoldId,
        votes: Vec<Vote>,
        /// Where a step-up was required.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<StepUpProof>,
    },
    /// Its upstream asked for more, and nothing is required now that this release did not satisfy.
    Continued { release: ReleaseId },
    /// A person let calls like it go.
    Grant {
        grant: GrantId,
        /// How often it may be used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uses: Option<u32>,
    },
    /// A step-up is all it needs, and the one given shortly before still counts.
    Window { proof: ProofId },
}

/// What people gave for a release: a re-send of it needs none of that again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Every flow that was completed.
    pub flows: Vec<ApprovalFlow>,
    /// How the step-up was.
    pub proven: Option<ProofMethod>,
}

/// Exactly one call that may go upstream once, as it was judged.
#[derive(Debug)]
#[must_use = "a release that is dropped is a call that does not go"]
pub struct ReleasedCall(Box<ReleaseParts>);

/// What a release consists of, once it is spent. Nothing makes a release of it again.
#[derive(Debug)]
pub struct ReleaseParts {
    pub id: ReleaseId,
    pub call: ToolCall,
    pub digest: CallDigest,
    pub facts: Facts,
    /// Of the set that let it go.
    pub decision: Decision,
    pub basis: Basis,
    /// What was given for it.
    pub given: Given,
    /// What the agent asked for, where an approver changed it.
    pub asked: Option<Value>,
    pub at: Timestamp,
}

impl ReleasedCall {
    pub(crate) fn by_policy(
        id: ReleaseId,
        call: ToolCall,
        facts: Facts,
        decision: Decision,
        at: Timestamp,
    ) -> ReleasedCall {
        let basis = Basis::Policy { revision: decision.revision.clone() };
        let digest = call.digest();
        let given = Given::default();
        ReleasedCall(Box::new(ReleaseParts {
            id,
            call,
            digest,
            facts,
            decision,
            basis,
            given,
            asked: None,
            at,
        }))
    }

    /// What was given before is all that is required.
    pub(crate) fn by_gift(
        id: ReleaseId,
        call: ToolCall,
        facts: Facts,
        decision: Decision,
        basis: Basis,
        at: Timestamp,
    ) -> ReleasedCall {
        let digest = call.digest();
        let given = Given { flows: required_flows(&decision), proven: None };
        ReleasedCall(Box::new(ReleaseParts {
            id,
            call,
            digest,
            facts,
            decision,
            basis,
            given,
            asked: None,
            at,
        }))
    }

    /// `from` is the release that is continued, and what it satisfied.
    pub(crate) fn by_continuation(
        id: ReleaseId,
        call: ToolCall,
        facts: Facts,
        decision: Decision,
        from: (ReleaseId, Given),
        asked: Option<Value>,
        at: Timestamp,
    ) -> ReleasedCall {
        let (release, given) = from;
        let (basis, digest) = (Basis::Continued { release }, call.digest());
        ReleasedCall(Box::new(ReleaseParts { id, call, digest, facts, decision, basis, given, asked, at }))
    }

    /// Everything `held` asks for is there.
    pub(crate) fn by_votes(
        id: ReleaseId,
        held: &HeldCall,
        decision: &Decision,
        at: Timestamp,
    ) -> ReleasedCall {
        let (hold, votes, proof) = (held.id().clone(), held.standing_votes(), held.proof().cloned());
        ReleasedCall(Box::new(ReleaseParts {
            id,
            call: held.call().clone(),
            digest: held.digest(),
            facts: held.facts().clone(),
            decision: decision.clone(),
            basis: Basis::Votes { hold, votes, proof },
            given: Given {
                flows: held.flows().cloned().collect(),
                proven: held.proof().map(|proof| proof.method.clone()),
            },
            asked: held.is_edited().then(|| held.opened().call.arguments.clone()),
            at,
        }))
    }

    #[must_use]
    pub fn id(&self) -> &ReleaseId {
        &self.0.id
    }

    #[must_use]
    pub fn call(&self) -> &ToolCall {
        &self.0.call
    }

    /// As they were frozen when it was judged first.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.0.facts
    }

    #[must_use]
    pub fn digest(&self) -> CallDigest {
        self.0.digest
    }

    #[must_use]
    pub fn basis(&self) -> &Basis {
        &self.0.basis
    }

    /// The arguments that the agent asked for, where an approver changed them.
    #[must_use]
    pub fn asked(&self) -> Option<&Value> {
        self.0.asked.as_ref()
    }

    pub(crate) fn given(&self) -> &Given {
        &self.0.given
    }

    /// A person held everything when it went.
    pub(crate) fn was_paused(&self) -> bool {
        self.0.decision.trace.paused
    }

    /// None for a call that no policy held.
    #[must_use]
    pub fn hold(&self) -> Option<&HoldId> {
        match &self.0.basis {
            Basis::Votes { hold, .. } => Some(hold),
            Basis::Policy { .. } | Basis::Continued { .. } | Basis::Grant { .. } | Basis::Window { .. } => {
                None
            }
        }
    }

    /// Spends the release.
    #[must_use]
    pub fn into_parts(self) -> ReleaseParts {
        *self.0
    }
}

fn required_flows(decision: &Decision) -> Vec<ApprovalFlow> {
    match &decision.outcome {
        Outcome::Held(required) => required.flows.clone(),
        Outcome::Allowed | Outcome::Denied { .. } => Vec::new(),
    }
}
