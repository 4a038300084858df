//! A standing permission made from a prompt: which calls it lets go without asking again, and for how long.
//!
//! Narrowed by the values of the call it was made on: whatever it does not speak of must be as absent as it was there.
//! It stands in for votes of the flows it was made in, while these are as they were, and never for a denial, a
//! step-up, or a flow that asks for more than one vote. Counting its uses and ending it is the desk's.

use crate::{GrantId, HoldId, Means, Voters};
use policy::{
    AgentName, ApprovalFlow, Decision, DefinitionHash, Facts, Outcome, Stage, Timestamp, ToolCall, ToolName,
    UpstreamName, UserId, Value, compare,
};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::time::Duration;

/// A grant that lasts longer loosens the policies.
pub const SHORT: Duration = Duration::from_secs(60 * 60);

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub id: GrantId,
    /// The hold whose completing vote made it.
    pub hold: HoldId,
    pub by: UserId,
    pub means: Means,
    pub made_at: Timestamp,
    /// Whom the agent acts for.
    pub user: UserId,
    pub agent: AgentName,
    pub upstream: UpstreamName,
    pub tool: ToolName,
    /// A changed tool is another tool.
    pub definition: DefinitionHash,
    /// One row an argument; an argument without one must be absent.
    pub scope: Vec<Limit>,
    /// The agent's folder; none where any will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    pub until: Timestamp,
    /// The agent's session it is for; none where any will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// How often it may be used; none for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// Those whose vote it stands in for, as they were.
    pub flows: Vec<ApprovalFlow>,
}

/// Which values one argument may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// A member of the arguments.
    pub argument: String,
    pub bound: Bound,
}

/// The narrowest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// This value, character for character.
    Exactly(Value),
    OneOf(Vec<Value>),
    /// Text that begins so.
    Prefix(String),
    /// A path in this folder, as written and where it leads.
    Within(String),
    /// A number from zero to this one.
    UpTo(Value),
    /// Whatever it is, or nothing.
    Any,
}

/// A call that asks whether a grant lets it go.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub call: &'a ToolCall,
    pub facts: &'a Facts,
    /// Of its agent.
    pub session: Option<&'a str>,
}

impl Bound {
    /// Whether an argument, or its absence, is inside.
    #[must_use]
    pub fn holds(&self, argument: &str, value: Option<&Value>, facts: &Facts) -> bool {
        let Some(value) = value else { return *self == Bound::Any };
        match (self, value) {
            (Bound::Any, _) => true,
            (Bound::Exactly(known), value) => known.canonical() == value.canonical(),
            (Bound::OneOf(known), value) => known.iter().any(|known| known.canonical() == value.canonical()),
            (Bound::Prefix(start), Value::Text(text)) => !start.is_empty() && text.starts_with(start),
            (Bound::Within(folder), Value::Text(path)) => compare::is_within(argument, path, folder, facts),
            (Bound::UpTo(Value::Number(most)), Value::Number(number)) => {
                let within = compare::order(number, most).is_some_and(Ordering::is_le);
                within && is_zero_or_more(number)
            }
            _ => false,
        }
    }

    fn is_exact(&self) -> bool {
        match self {
            Bound::Exactly(_) => true,
            Bound::OneOf(values) => values.len() <= 1,
            Bound::Prefix(_) | Bound::Within(_) | Bound::UpTo(_) | Bound::Any => false,
        }
    }
}

/// Below zero means the contrary more often than less.
fn is_zero_or_more(number: &policy::Number) -> bool {
    let zero = Value::from(0);
    let Value::Number(zero) = &zero else { return false };
    compare::order(number, zero).is_some_and(Ordering::is_ge)
}

impl Grant {
    /// Whether this call is one that the grant was made for. Whether everything that is required of it is the
    /// grant's to give is [`satisfies`](Grant::satisfies).
    #[must_use]
    pub fn covers(&self, asked: &Asked<'_>, now: Timestamp) -> bool {
        // A clock that was put back makes no grant live longer.
        (self.made_at..self.until).contains(&now) && self.speaks_of(asked)
    }

    /// Whether it would have covered a call of any time.
    #[must_use]
    pub fn speaks_of(&self, asked: &Asked<'_>) -> bool {
        let Asked { call, facts, session } = asked;
        let same = self.user == call.user
            && self.agent == call.agent
            && self.upstream == call.upstream
            && self.tool == call.tool
            && self.definition == call.definition
            // Another program in the agent's name, or another tool under its name, was never asked about.
            && !facts.is_estranged()
            && self.project.as_ref().is_none_or(|known| facts.context.project.as_ref() == Some(known))
            && self.session.as_deref().is_none_or(|known| *session == Some(known));
        same && self.outside(asked).is_none()
    }

    /// The first argument that is outside of the scope.
    pub(crate) fn outside(&self, asked: &Asked<'_>) -> Option<String> {
        let Some(arguments) = asked.call.arguments.as_map() else { return Some("arguments".to_owned()) };
        let holds =
            |limit: &&Limit| limit.bound.holds(&limit.argument, arguments.get(&limit.argument), asked.facts);
        let of_scope = self.scope.iter().find(|limit| !holds(limit)).map(|limit| limit.argument.clone());
        let is_spoken_of = |argument: &str| self.scope.iter().any(|limit| limit.argument == argument);
        let unspoken = || arguments.iter().find(|(argument, _)| !is_spoken_of(argument));
        of_scope.or_else(|| unspoken().map(|(argument, _)| argument.to_owned()))
    }

    /// Whether all that this decision requires is what the grant stands in for.
    #[must_use]
    pub fn satisfies(&self, decision: &Decision) -> bool {
        let Outcome::Held(required) = &decision.outcome else { return false };
        // A person who holds everything holds what was granted too.
        !decision.trace.paused
            && required.step_up.is_none()
            && !required.flows.is_empty()
            && required.flows.iter().all(|flow| may_be_granted(flow) && self.flows.contains(flow))
    }

    /// Whether whoever made it could still cast the votes it stands in for.
    #[must_use]
    pub fn is_still_its_makers(&self, voters: &Voters) -> bool {
        let Some(maker) = voters.of(&self.by) else { return false };
        let is_owner = maker.id == voters.owner.id;
        let is_asked = |stage: &Stage| {
            (stage.approvers.is_empty() && is_owner)
                || maker.is_among(&stage.approvers)
                || maker.is_among(&stage.escalate_to)
        };
        self.flows.iter().flat_map(|flow| &flow.stages).all(is_asked)
    }

    /// Whether it permits more than the person had before their eyes: other values, or for more than an hour.
    /// `project` is that of the call it is made on.
    #[must_use]
    pub fn is_loosening(&self, project: Option<&str>) -> bool {
        self.scope.iter().any(|limit| !limit.bound.is_exact())
            || self.made_at.until(self.until) > SHORT
            || (project.is_some() && self.project.is_none())
    }
}

/// Whether a grant can stand in for this flow's vote.
#[must_use]
pub fn may_be_granted(flow: &ApprovalFlow) -> bool {
    match flow.stages.as_slice() {
        [only] => only.grants && only.required <= 1 && only.step_up.is_none() && !only.exclude_requester,
        _ => false,
    }
}
