//! What a decision means for the call it is about: it goes, it is held, or it is refused.

use crate::{
    Asked, Authenticator, Basis, Grant, HeldCall, HoldId, Opened, ProofWindow, Refusal, ReleaseId,
    ReleasedCall, Voter, kind_of,
};
use policy::{Decision, Facts, Outcome, Timestamp, ToolCall};

/// Exactly one of three.
#[derive(Debug)]
pub enum Admission {
    Released(ReleasedCall),
    Held(Box<HeldCall>),
    Refused(Refusal),
}

/// What an admission depends on besides the call and its decision: who may vote, and what was given before.
#[derive(Clone, Debug)]
pub struct AtDesk {
    pub owner: Voter,
    pub others: Vec<Voter>,
    /// Of the user whom the agent acts for.
    pub authenticator: Authenticator,
    /// Of the agent.
    pub session: Option<String>,
    /// Those that may be used now.
    pub grants: Vec<Grant>,
    /// Those that are open now.
    pub windows: Vec<ProofWindow>,
}

impl<T: Into<Voter>> From<T> for AtDesk {
    fn from(owner: T) -> AtDesk {
        AtDesk {
            owner: owner.into(),
            others: Vec::new(),
            authenticator: Authenticator::None,
            session: None,
            grants: Vec::new(),
            windows: Vec::new(),
        }
    }
}

/// Fresh ids, of which an admission uses at most one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    pub hold: HoldId,
    pub release: ReleaseId,
}

impl Ids {
    /// From 32 fresh random bytes.
    #[must_use]
    pub fn from_random(hold: [u8; 16], release: [u8; 16]) -> Ids {
        Ids { hold: HoldId::from_random(hold), release: ReleaseId::from_random(release) }
    }
}

/// Only an allowed call is released here, and one that needs nothing but what was given before; what must be held
/// waits for every flow.
pub fn admit(
    decision: Decision,
    call: ToolCall,
    facts: Facts,
    desk: impl Into<AtDesk>,
    ids: Ids,
    now: Timestamp,
) -> Admission {
    let desk = desk.into();
    match &decision.outcome {
        Outcome::Allowed => {
            Admission::Released(ReleasedCall::by_policy(ids.release, call, facts, decision, now))
        }
        Outcome::Denied { message } => Admission::Refused(Refusal::Denied { message: message.clone() }),
        Outcome::Held(required)
            if required.step_up.is_some_and(|rule| !desk.authenticator.can_give(kind_of(rule))) =>
        {
            Admission::Refused(Refusal::StepUpNotSetUp)
        }
        // A hold that asks for nothing can never be given it; failing closed, it is a denial.
        Outcome::Held(required)
            if (required.flows.is_empty() && required.step_up.is_none())
                || required.flows.iter().any(|flow| flow.stages.is_empty()) =>
        {
            Admission::Refused(Refusal::Denied { message: required.message.clone() })
        }
        Outcome::Held(_) => {
            if let Some(basis) = given_before(&decision, &call, &facts, &desk, now) {
                return Admission::Released(ReleasedCall::by_gift(
                    ids.release,
                    call,
                    facts,
                    decision,
                    basis,
                    now,
                ));
            }
            let opened = Opened {
                id: ids.hold,
                call,
                facts,
                decision,
                owner: desk.owner,
                others: desk.others,
                session: desk.session,
                at: now,
            };
            Admission::Held(Box::new(HeldCall::open(opened)))
        }
    }
}

/// A grant for all of its votes, or an open window for its only step-up; never one for the other.
fn given_before(
    decision: &Decision,
    call: &ToolCall,
    facts: &Facts,
    desk: &AtDesk,
    now: Timestamp,
) -> Option<Basis> {
    let Outcome::Held(required) = &decision.outcome else { return None };
    // Nobody gave anything to another program in the agent's name, or for another tool under its name.
    if facts.is_estranged() {
        return None;
    }
    if required.flows.is_empty() {
        let window = desk.windows.iter().find(|window| window.covers(call, decision, now));
        return window.map(|window| Basis::Window { proof: window.proof.clone() });
    }
    let asked = Asked { call, facts, session: desk.session.as_deref() };
    let gives = |grant: &&Grant| grant.satisfies(decision) && grant.covers(&asked, now);
    let grant = desk.grants.iter().find(gives)?;
    Some(Basis::Grant { grant: grant.id.clone(), uses: grant.uses })
}
