//! How a prompt becomes a grant: what a person chose, checked against the hold it was made on.
//!
//! A grant comes of the vote that completes a hold and of nothing else, it covers the call that was approved, and a
//! hold that asks for more than one plain vote has none to give.

use crate::{
    Asked, Bound, Choice, Event, Grant, GrantId, HeldCall, HoldState, Limit, Means, Vote, may_be_granted,
};
use policy::{Timestamp, UserId};
use std::time::Duration;

/// The longest a grant may last.
pub const LONGEST: Duration = Duration::from_secs(90 * 86_400);
/// Rows of a scope, and values of one row.
const MOST_ROWS: usize = 200;
const MOST_VALUES: usize = 50;

/// What a person chose for a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantTerms {
    pub scope: Vec<Limit>,
    /// Only in the folder of the call.
    pub project: bool,
    pub until: Timestamp,
    /// Not past the agent's session.
    pub session: bool,
    pub uses: Option<u32>,
}

/// Who makes it, when, and whether somebody else may sit at the screen.
#[derive(Clone, Debug)]
pub struct GrantMaker {
    pub id: GrantId,
    pub by: UserId,
    pub means: Means,
    /// None where the platform cannot tell, which counts as locked.
    pub is_locked: Option<bool>,
    pub now: Timestamp,
}

/// Why no grant can be made, for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoGrant {
    #[error("the screen is locked, or nobody can tell that it is not; unlock it first")]
    Locked,
    #[error("its flow does not offer grants; approve this one call")]
    FlowDoesNot,
    #[error("it needs a step-up, which is given for one call at a time; approve this one call")]
    StepUp,
    #[error("the vote would not be the last one needed; approve this one call")]
    NotTheLastVote,
    #[error("another program asks in the agent's name; accept or reject that first")]
    OtherProgram,
    #[error("its tool is not as it was first seen; accept that first, under Upstreams")]
    ChangedTool,
    #[error("its arguments were changed for this one time; approve this one call")]
    Edited,
    #[error("it is not waiting any more; make a grant from the next call like it")]
    NotWaiting,
    #[error("a notification cannot make a grant; open the card")]
    Means,
    #[error(
        "it would not cover the call it is made on: `{argument}` is outside; choose a wider bound for it"
    )]
    OutsideOf { argument: String },
    #[error("`{argument}` stands in it twice, or has too many values; name each once")]
    Crowded { argument: String },
    #[error("it would be over before it began, or last for more than 90 days; choose another end")]
    End,
    #[error("a grant is used once at least; choose how often")]
    Uses,
    #[error("the agent's folder is not known, so it cannot be kept to it; choose any folder")]
    NoProject,
    #[error("the agent's session is not known, so it cannot be kept to it; choose an end")]
    NoSession,
}

impl HeldCall {
    /// Whether this person's approval could make a grant now.
    ///
    /// # Errors
    /// Why it could not.
    pub fn may_grant(&self, maker: &GrantMaker) -> Result<(), NoGrant> {
        if *self.state() != HoldState::Waiting {
            return Err(NoGrant::NotWaiting);
        }
        if self.step_up().is_some() {
            return Err(NoGrant::StepUp);
        }
        if self.is_edited() {
            return Err(NoGrant::Edited);
        }
        if self.facts().agent.is_other_program() {
            return Err(NoGrant::OtherProgram);
        }
        if self.facts().tool.changed.is_some() {
            return Err(NoGrant::ChangedTool);
        }
        if self.flows().next().is_none() || !self.flows().all(may_be_granted) {
            return Err(NoGrant::FlowDoesNot);
        }
        if maker.means == Means::Notification {
            return Err(NoGrant::Means);
        }
        let vote = Vote {
            by: maker.by.clone(),
            choice: Choice::Approve,
            means: maker.means,
            digest: self.digest(),
            at: maker.now,
            proof: None,
        };
        if !self.would_be_approved(&Event::Voted(vote), maker.now) {
            return Err(NoGrant::NotTheLastVote);
        }
        if maker.is_locked == Some(false) { Ok(()) } else { Err(NoGrant::Locked) }
    }

    /// The grant that these terms would make of this hold, whoever makes it and whether they may.
    ///
    /// # Errors
    /// Where the terms are not of this call.
    pub fn draft_grant(&self, terms: GrantTerms, maker: &GrantMaker) -> Result<Grant, NoGrant> {
        let (call, facts) = (self.call(), self.facts());
        if terms.until <= maker.now || maker.now.until(terms.until) > LONGEST {
            return Err(NoGrant::End);
        }
        if terms.uses == Some(0) {
            return Err(NoGrant::Uses);
        }
        let project = facts.context.project.clone();
        if terms.project && project.is_none() {
            return Err(NoGrant::NoProject);
        }
        let session = self.opened().session.clone();
        if terms.session && session.is_none() {
            return Err(NoGrant::NoSession);
        }
        check_scope(&terms.scope)?;
        let grant = Grant {
            id: maker.id.clone(),
            hold: self.id().clone(),
            by: maker.by.clone(),
            means: maker.means,
            made_at: maker.now,
            user: call.user.clone(),
            agent: call.agent.clone(),
            upstream: call.upstream.clone(),
            tool: call.tool.clone(),
            definition: call.definition,
            scope: terms.scope,
            project: project.filter(|_| terms.project),
            until: terms.until,
            session: session.clone().filter(|_| terms.session),
            uses: terms.uses,
            flows: self.flows().cloned().collect(),
        };
        let asked = Asked { call, facts, session: session.as_deref() };
        match grant.outside(&asked) {
            Some(argument) => Err(NoGrant::OutsideOf { argument }),
            None => Ok(grant),
        }
    }
}

fn check_scope(scope: &[Limit]) -> Result<(), NoGrant> {
    for (at, limit) in scope.iter().enumerate() {
        let is_known = scope.iter().take(at).any(|known| known.argument == limit.argument);
        let values = if let Bound::OneOf(values) = &limit.bound { values.len() } else { 0 };
        if is_known || at >= MOST_ROWS || values > MOST_VALUES {
            return Err(NoGrant::Crowded { argument: limit.argument.clone() });
        }
    }
    Ok(())
}
