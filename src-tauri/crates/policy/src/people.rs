//! Who acts and who votes: the users of `people.toml`.

use crate::{UserId, Value};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A person. `owner` marks the desk's owner, whose votes need no passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default)]
    pub roles: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    #[serde(default)]
    pub owner: bool,
    /// Custom attributes: `user.<key>` in conditions.
    #[serde(default)]
    pub attributes: BTreeMap<String, Value>,
}
