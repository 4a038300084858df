//! One person's approve or reject, and who may cast one.

use policy::{Approvers, CallDigest, Timestamp, User, UserId};
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
}

/// What the voter said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    Approve,
    /// `reason` is for the agent to read.
    Reject {
        reason: Option<String>,
    },
}

/// How the vote reached the desk. None of these proves who sat there, so each is the owner's alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    Window,
    Notification,
    Terminal,
}

/// The desk's owner as `people.toml` had them when the call was admitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub id: UserId,
    /// For stages whose approvers are named by role.
    #[serde(default)]
    pub roles: BTreeSet<String>,
}

impl Owner {
    /// True where this stage lets the owner vote: nobody is named, or the owner is, by id or role.
    pub(crate) fn is_among(&self, approvers: &Approvers) -> bool {
        let nobody_named = approvers.users.is_empty() && approvers.roles.is_empty();
        nobody_named || approvers.users.contains(&self.id) || !approvers.roles.is_disjoint(&self.roles)
    }
}

impl From<UserId> for Owner {
    fn from(id: UserId) -> Owner {
        Owner { id, roles: BTreeSet::new() }
    }
}

impl From<&User> for Owner {
    fn from(user: &User) -> Owner {
        Owner { id: user.id.clone(), roles: user.roles.clone() }
    }
}
