//! The shapes of approval flows that cross to the window: the list, a draft, and what Rust says of it.

use super::wire::{Choice, SaveView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Clone, Debug, Serialize, TS)]
pub struct FlowsView {
    pub rows: Vec<FlowRow>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct FlowRow {
    pub id: String,
    pub name: String,
    pub description: String,
    /// "Finance: 2 votes by role finance within 1h."
    pub sentence: String,
    /// Each stage in a few words.
    pub stages: Vec<String>,
    /// Policies that ask it.
    pub used_by: Vec<Choice>,
    /// There is no file of it: it cannot be removed.
    pub built_in: bool,
    pub problems: Vec<String>,
    /// Of the file, epoch milliseconds.
    #[ts(type = "number | null")]
    pub changed_at: Option<i64>,
}

/// A flow that is being written.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct FlowDraft {
    pub id: String,
    pub base: Option<String>,
    pub name: String,
    pub description: String,
    pub stages: Vec<StageDraft>,
}

#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct StageDraft {
    /// Which stage of the file it was.
    pub from: Option<usize>,
    pub users: Vec<String>,
    pub roles: Vec<String>,
    pub required: u32,
    /// `15m`
    pub within: String,
    pub escalates: bool,
    pub escalate_users: Vec<String>,
    pub escalate_roles: Vec<String>,
    #[ts(type = "\"any\" | \"passkey\" | null")]
    pub step_up: Option<String>,
    pub exclude_requester: bool,
    pub grants: bool,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct OpenFlowRequest {
    /// A new flow where null.
    pub id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct FlowDraftRequest {
    pub draft: FlowDraft,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct DeleteFlowRequest {
    pub id: String,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct FlowDraftView {
    pub id: String,
    pub file: Option<String>,
    pub sentence: Option<String>,
    pub stages: Vec<StageView>,
    pub problems: Vec<String>,
    pub used_by: Vec<Choice>,
    pub save: SaveView,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct StageView {
    /// "1 vote by role finance within 15m"
    pub words: String,
    /// Who could vote, by name.
    pub voters: Vec<String>,
    /// Who else, once the deadline has passed.
    pub later: Vec<String>,
    /// Fewer people than votes.
    pub problem: Option<String>,
}
