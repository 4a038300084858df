//! Grants as people meet them: what a hold offers, what one would have let go, the list of those there are.
//!
//! What a grant covers is `approvals`' to say, when one may be made and what it was used for the desk's; here it is
//! put before a person in words.

mod making;
mod offer;
mod words;

pub use making::GrantError;
pub use offer::{Choice, Offer, Row};
pub use words::{bound_words, sentence};

use crate::Engine;
use crate::desk::{self, VoteError};
use approvals::{Asked, AtDesk, Grant, GrantId, GrantMaker, GrantTerms, HoldId, Means, NoGrant, Voters};
use journal::{CallFilter, JournalError, RecordedCall, RecordedGrant};
use policy::{Timestamp, UserId};
use std::time::Duration;

/// How far back a preview looks.
const LOOKS_BACK: Duration = Duration::from_secs(30 * 86_400);
/// Most calls of the agent to the tool that a preview looks at.
const LOOKS_AT: usize = 2_000;
/// Most covered calls that are listed.
const LISTED: usize = 20;

/// What a grant would be, before it is made.
pub struct Preview {
    pub sentence: String,
    pub is_loosening: bool,
    pub problem: Option<NoGrant>,
    /// Some recent calls that it would have let go, the newest first.
    pub covered: Vec<RecordedCall>,
    pub covered_calls: usize,
    pub of_calls: usize,
}

/// Where a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    InForce,
    Expired,
    UsedUp,
    Revoked,
    /// The tool, or a flow it stands in for, is not what it was.
    Void,
}

/// A grant for the list of them.
pub struct Listed {
    pub recorded: RecordedGrant,
    pub state: State,
    /// Of the call it was made on.
    pub origin: Option<u64>,
}

impl Engine {
    /// Who may vote, and what an admission in this agent's session depends on. None without people.
    pub(crate) fn at_desk(&self, session: &str) -> Option<AtDesk> {
        let in_force = self.sets().current();
        let Voters { owner, others } = desk::voters(&in_force.people)?;
        Some(AtDesk { others, session: Some(session.to_owned()), ..AtDesk::from(owner) })
    }

    /// Who would make a grant at this moment; none without randomness or an owner. `is_locked` is the screen.
    ///
    /// # Errors
    /// [`JournalError::NoRandomness`].
    pub fn grant_maker(
        &self,
        by: UserId,
        means: Means,
        is_locked: Option<bool>,
    ) -> Result<GrantMaker, JournalError> {
        let id = GrantId::from_random(self.random()?);
        Ok(GrantMaker { id, by, means, is_locked, now: self.desk().clock().now() })
    }

    /// What a grant made of this hold could be narrowed by, and why none can be made now.
    ///
    /// # Errors
    /// There is no such hold.
    pub fn grant_offer(
        &self,
        hold: &HoldId,
        maker: &GrantMaker,
    ) -> Result<(Offer, Option<NoGrant>), VoteError> {
        let offered =
            self.desk().seen(hold, |held, card| (Offer::of(held, &card), held.may_grant(maker).err()));
        offered.ok_or_else(|| VoteError::Unknown(hold.to_string()))
    }

    /// What a grant on these terms would be and would have let go. Reads the journal.
    ///
    /// # Errors
    /// There is no such hold, the terms are not of its call, or the journal cannot be read.
    pub fn preview_grant(
        &self,
        hold: &HoldId,
        terms: GrantTerms,
        maker: &GrantMaker,
    ) -> Result<Preview, VoteError> {
        let project = self.desk().look(hold, |held| held.facts().context.project.clone())?;
        let (drafted, may) = self.desk().draft_grant(hold, terms, maker)?;
        let grant = match drafted {
            Ok(grant) => grant,
            Err(problem) => {
                let none = (String::new(), Vec::new());
                return Ok(Preview {
                    sentence: none.0,
                    is_loosening: false,
                    problem: Some(problem),
                    covered: none.1,
                    covered_calls: 0,
                    of_calls: 0,
                });
            }
        };
        let (covered, covered_calls, of_calls) = self.covered(&grant)?;
        Ok(Preview {
            sentence: sentence(&grant),
            is_loosening: grant.is_loosening(project.as_deref()),
            problem: may.err(),
            covered,
            covered_calls,
            of_calls,
        })
    }

    /// Recent calls this grant speaks of, in whatever session; how many there are; and of how many.
    fn covered(&self, grant: &Grant) -> Result<(Vec<RecordedCall>, usize, usize), JournalError> {
        let since = grant.made_at.0 - i64::try_from(LOOKS_BACK.as_millis()).unwrap_or(0);
        let filter = CallFilter {
            since: Some(Timestamp(since)),
            agent: Some(grant.agent.to_string()),
            upstream: Some(grant.upstream.to_string()),
            tool: Some(grant.tool.to_string()),
            before: None,
        };
        let in_any_session = Grant { session: None, ..grant.clone() };
        let (mut covered, mut covered_calls, mut of_calls) = (Vec::new(), 0, 0);
        for recorded in self.journal().calls_on_record(filter).take(LOOKS_AT) {
            let recorded = recorded?;
            of_calls += 1;
            let asked = Asked { call: &recorded.call, facts: &recorded.facts, session: None };
            if recorded.hold.as_ref() != Some(&grant.hold) && in_any_session.speaks_of(&asked) {
                covered_calls += 1;
                if covered.len() < LISTED {
                    covered.push(recorded);
                }
            }
        }
        Ok((covered, covered_calls, of_calls))
    }

    /// Every grant on record, the newest first. Reads the journal.
    #[must_use]
    pub fn grants(&self) -> Vec<Listed> {
        let (now, in_force) = (self.desk().clock().now(), self.sets().current());
        let listed = self.desk().grants().into_iter().map(|recorded| {
            let grant = &recorded.grant;
            let pinned = self.journal().pin(grant.upstream.as_str(), grant.tool.as_str()).ok().flatten();
            let is_same_tool = pinned.is_some_and(|pin| pin.hash == grant.definition);
            let are_same_flows =
                grant.flows.iter().all(|flow| in_force.set.flow(&flow.id).is_some_and(|known| known == flow));
            let state = match &recorded {
                RecordedGrant { revoked: Some(_), .. } => State::Revoked,
                _ if grant.until <= now => State::Expired,
                _ if grant.uses.is_some_and(|most| recorded.hits >= most) => State::UsedUp,
                _ if !is_same_tool || !are_same_flows => State::Void,
                _ => State::InForce,
            };
            let origin = self.journal().call_of(&grant.hold).ok().flatten();
            Listed { state, origin, recorded }
        });
        listed.collect()
    }
}
