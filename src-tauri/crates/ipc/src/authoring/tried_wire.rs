//! The shapes of trying: a call that nobody made with its trace as a tree, and a pattern on texts.

use super::wire::Draft;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Clone, Debug, Deserialize, TS)]
pub struct WhatIfRequest {
    /// Judged as if it were saved; the set in force where null.
    pub draft: Option<Draft>,
    /// `upstream/tool`
    pub tool: String,
    pub agent: String,
    /// The agent's own user where null.
    pub user: Option<String>,
    /// A JSON object.
    pub arguments: String,
    /// Epoch milliseconds; now where null.
    #[ts(type = "number | null")]
    pub at: Option<i64>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct WhatIfView {
    #[ts(type = "\"deny\" | \"request_approval\" | \"step_up\" | \"allow\"")]
    pub outcome: policy::ActionKind,
    pub sentence: String,
    /// Nothing decided, so the default did.
    pub by_default: bool,
    pub policies: Vec<TriedPolicy>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct TriedPolicy {
    pub id: String,
    pub name: String,
    pub reads: String,
    #[ts(type = "\"deny\" | \"request_approval\" | \"step_up\" | \"allow\"")]
    pub action: policy::ActionKind,
    #[ts(type = "\"yes\" | \"undetermined\" | \"no\"")]
    pub applied: policy::Applied,
    pub deciding: bool,
    #[ts(type = "\"enforce\" | \"observe\" | \"off\"")]
    pub mode: policy::Mode,
    pub sentence: String,
    pub predicates: Vec<TriedPredicate>,
    /// The condition, and before it its contexts; none where there is no condition.
    pub tree: Option<TruthNode>,
}

/// A place of a condition with what it came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TruthNode {
    Group {
        #[ts(type = "\"all\" | \"any\"")]
        joined: policy::Joined,
        negated: bool,
        // Of the whole group, the negation counted in.
        #[ts(type = "\"true\" | \"false\" | \"undetermined\"")]
        truth: policy::Truth,
        // "while Work hours"
        label: Option<String>,
        parts: Vec<TruthNode>,
    },
    /// One of the policy's predicates.
    Leaf { predicate: usize },
}

/// A pattern tried on a text.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct PatternRequest {
    pub pattern: String,
    pub ignore_case: bool,
    pub samples: Vec<String>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct PatternView {
    /// Why it is no pattern.
    pub problem: Option<String>,
    /// Of each sample, whether it fits.
    pub fits: Vec<bool>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct TriedPredicate {
    pub text: String,
    pub attribute: String,
    pub compared: Option<String>,
    #[ts(type = "\"true\" | \"false\" | \"undetermined\"")]
    pub truth: policy::Truth,
    pub note: Option<String>,
}
