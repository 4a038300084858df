//! An approval flow as a policy names it: ordered stages, who may vote, how many, how long.

use crate::{FlowId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A flow of `flows/<id>.toml`, resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalFlow {
    pub id: FlowId,
    pub name: String,
    /// At least one; all required, in order.
    pub stages: Vec<Stage>,
}

/// One stage of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    pub approvers: Approvers,
    /// Votes needed, at least 1.
    pub required: u32,
    /// How long this stage may take.
    pub within_seconds: u64,
}

/// Who may vote at a stage. The desk's owner where both are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvers {
    #[serde(default)]
    pub users: BTreeSet<UserId>,
    #[serde(default)]
    pub roles: BTreeSet<String>,
}
