//! What the set concludes, and why.

use crate::{FlowId, PolicyId};
use serde::{Deserialize, Serialize};

/// What one policy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    Deny,
    RequestApproval,
    StepUp,
    Allow,
}

/// Whether a policy acts, only records what it would have done, or rests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Enforce,
    Observe,
    Off,
}

/// Kleene's three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    True,
    False,
    Undetermined,
}

/// Whether a policy applied to the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Applied {
    Yes,
    /// Its condition was undetermined; a restricting policy then applies, an `allow` does not (I7).
    Undetermined,
    No,
}

/// The set's conclusion on one call, with the revision of the set that drew it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Hex SHA-256 of the set's documents.
    pub revision: String,
    pub outcome: Outcome,
    pub trace: Trace,
}

/// Exactly one of three.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Allowed,
    /// `message` is the first deciding policy's, for the agent.
    Denied {
        message: Option<String>,
    },
    Held(Requirements),
}

/// What must happen before a held call may go: every flow, then the step-up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirements {
    /// Equal ids once, in the order of the ids.
    pub flows: Vec<crate::flow::ApprovalFlow>,
    pub step_up: Option<StepUpRule>,
    /// The first deciding policy's message, for the agent.
    pub message: Option<String>,
}

/// The strictest step-up any applied policy asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepUpRule {
    pub passkey_only: bool,
    pub max_age_seconds: u64,
}

/// Every policy whose target fits the tool, in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    pub policies: Vec<PolicyTrace>,
    /// True where no policy decided and the set's default did.
    pub by_default: bool,
    /// What it would have been with each applied observing policy, by id.
    #[serde(default)]
    pub would_have: Vec<(PolicyId, ActionKind)>,
    /// A person held everything when this call was judged. Not of the set: the gateway adds it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

/// One policy against one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyTrace {
    pub id: PolicyId,
    pub name: String,
    pub description: String,
    pub action: ActionKind,
    pub flow: Option<FlowId>,
    pub mode: Mode,
    pub applied: Applied,
    /// True where this policy's action is part of the outcome.
    pub deciding: bool,
    pub predicates: Vec<PredicateTrace>,
    /// Plain words with the compared values: "amount is 7250.00, above 5000, and user.role is not finance".
    pub sentence: String,
}

/// One leaf of a condition with the value it looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PredicateTrace {
    /// `args.amount`
    pub attribute: String,
    /// As CEL: `amount > 5000`.
    pub text: String,
    /// The value compared, as written; none where missing.
    pub compared: Option<String>,
    pub truth: Truth,
    /// Why undetermined, in words.
    pub note: Option<String>,
}
