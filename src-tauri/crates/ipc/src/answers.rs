//! The shapes of the answers beside approve and reject: extend, edit, grant; and the list of grants. Times are epoch
//! milliseconds. What may be answered, what a scope means and what it would have covered is Rust's to say; the window
//! shows it and sends back what a person chose.

use crate::wire::ActivityOutcome;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Clone, Debug, Deserialize, TS)]
pub struct AnswersRequest {
    pub hold: String,
    /// Of the card that was shown.
    pub digest: String,
}

/// Approve the call with other arguments.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct EditRequest {
    pub hold: String,
    pub digest: String,
    /// All of them, as one JSON text.
    pub arguments: String,
}

/// What may be answered to one hold beside approve and reject.
#[derive(Clone, Debug, Default, Serialize, TS)]
pub struct Answers {
    /// As whom this desk votes.
    pub voter: String,
    /// The deadline an extension would give; none where it cannot be extended (any more).
    #[ts(type = "number | null")]
    pub extend_until: Option<i64>,
    /// The arguments as one JSON text, numbers as received; none where they cannot be edited.
    pub edit: Option<String>,
    /// Why they cannot be edited, for a person.
    pub no_edit: Option<String>,
    pub grant: Option<GrantOffer>,
    /// Why no grant can be made, for a person.
    pub no_grant: Option<String>,
    /// What approves it in place of a click; none where a click does.
    pub proof: Option<ProofChoices>,
}

/// What a person can prove one hold with, at least one of the two.
#[derive(Clone, Copy, Debug, Serialize, TS)]
pub struct ProofChoices {
    /// On the page in the browser.
    pub passkey: bool,
    /// Typed in the window; weaker.
    pub passphrase: bool,
}

/// What a grant made from one hold could be narrowed by.
#[derive(Clone, Debug, Serialize, TS)]
pub struct GrantOffer {
    /// One row an argument, in the order received.
    pub scope: Vec<GrantChoices>,
    /// The agent's folder, where it is known.
    pub project: Option<String>,
    /// It can be for the agent's session.
    pub session: bool,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct GrantChoices {
    pub argument: String,
    pub title: Option<String>,
    /// The narrowest first.
    pub choices: Vec<GrantChoice>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct GrantChoice {
    pub bound: GrantBound,
    /// "exactly 7250.00", "up to", "in the folder"
    pub words: String,
    /// Its value may be changed by the person: a start, a folder, a number.
    pub editable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum GrantBoundKind {
    Exactly,
    OneOf,
    Prefix,
    Within,
    UpTo,
    Any,
}

#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct GrantBound {
    pub kind: GrantBoundKind,
    /// A start, a folder, a number; for a value, or a list of them, its JSON. None for any.
    pub value: Option<String>,
}

/// What a person chose.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct GrantTerms {
    pub scope: Vec<GrantLimit>,
    /// Only in the folder of this call.
    pub project: bool,
    #[ts(type = "number")]
    pub until: i64,
    /// Not past the agent's session.
    pub session: bool,
    pub uses: Option<u32>,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct GrantLimit {
    pub argument: String,
    pub bound: GrantBound,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct GrantRequest {
    pub hold: String,
    pub digest: String,
    pub terms: GrantTerms,
}

/// What a grant would be, before it is made.
#[derive(Clone, Debug, Serialize, TS)]
pub struct GrantPreview {
    pub sentence: String,
    /// Permits more than the person has before their eyes: asks for a step-up once a passkey is enrolled.
    pub loosening: bool,
    /// Why it cannot be made so.
    pub problem: Option<String>,
    /// Recent calls that it would have let go, the newest first.
    pub covered: Vec<PastCall>,
    /// How many there are.
    pub covered_calls: u32,
    /// Of how many calls of this agent to this tool.
    pub of_calls: u32,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct PastCall {
    #[ts(type = "number")]
    pub seq: u64,
    #[ts(type = "number")]
    pub at: i64,
    pub summary: String,
    pub outcome: ActivityOutcome,
}

/// Where a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    InForce,
    Expired,
    UsedUp,
    Revoked,
    /// The tool's definition, or the flow it stands in for, is not what it was.
    Void,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct GrantRow {
    pub id: String,
    pub agent: String,
    pub user: String,
    pub upstream: String,
    pub tool: String,
    /// In one sentence: which calls it lets go.
    pub sentence: String,
    pub scope: Vec<GrantScopeRow>,
    pub project: Option<String>,
    pub session: bool,
    /// "Ana, in the window"
    pub made_by: String,
    #[ts(type = "number")]
    pub made_at: i64,
    /// Of the call it was made on, in Activity.
    #[ts(type = "number | null")]
    pub origin: Option<u64>,
    #[ts(type = "number")]
    pub until: i64,
    pub hits: u32,
    /// None for no limit.
    pub uses_left: Option<u32>,
    #[ts(type = "number | null")]
    pub last_used: Option<i64>,
    pub state: GrantState,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct GrantScopeRow {
    pub argument: String,
    /// "up to 7250.00"
    pub words: String,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct GrantName {
    pub id: String,
}
