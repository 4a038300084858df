//! One person's approve or reject, and who may cast one.

use crate::StepUpProof;
use policy::{Approvers, CallDigest, Decision, Facts, Timestamp, User, UserId, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One approver's vote on one hold, for exactly the call whose digest they were shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    pub by: UserId,
    pub choice: Choice,
    pub means: Means,
    pub digest: CallDigest,
    pub at: Timestamp,
    /// Of the voter's presence. The desk's owner needs none, unless the stage asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<StepUpProof>,
}

/// What the voter said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    Approve,
    /// Approve the same call with these arguments in place of those asked.
    ApproveEdited {
        arguments: Value,
        /// What the set of that moment says of the call as edited; the desk's, not the voter's.
        judged: Box<Judged>,
    },
    /// `reason` is for the agent to read.
    Reject {
        reason: Option<String>,
    },
}

/// A decision with the facts it depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    pub facts: Facts,
    pub decision: Decision,
}

/// How the vote reached the desk. None of them proves who sat there, so without a proof each is the owner's alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    Window,
    Notification,
    Terminal,
    /// The page where a passkey is asked for: by anybody in `people.toml`, with their own; a no needs none there.
    Ceremony,
}

/// Somebody who may vote, as `people.toml` had them when the call was admitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voter {
    pub id: UserId,
    /// For stages whose approvers are named by role.
    #[serde(default)]
    pub roles: BTreeSet<String>,
}

/// Everybody who may vote at a desk, as `people.toml` has them at some moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voters {
    pub owner: Voter,
    /// Who vote with their own passkey.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Voter>,
}

impl Voters {
    pub(crate) fn of(&self, id: &UserId) -> Option<&Voter> {
        std::iter::once(&self.owner).chain(&self.others).find(|voter| voter.id == *id)
    }
}

impl Voter {
    /// Whether they are named, by id or role.
    pub(crate) fn is_among(&self, approvers: &Approvers) -> bool {
        approvers.users.contains(&self.id) || !approvers.roles.is_disjoint(&self.roles)
    }
}

impl From<UserId> for Voter {
    fn from(id: UserId) -> Voter {
        Voter { id, roles: BTreeSet::new() }
    }
}

impl From<&User> for Voter {
    fn from(user: &User) -> Voter {
        Voter { id: user.id.clone(), roles: user.roles.clone() }
    }
}
