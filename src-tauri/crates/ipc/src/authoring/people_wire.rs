//! The shapes of people that cross to the window: a draft of `people.toml`, and what Rust says of it.

use super::wire::SaveView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `people.toml` while it is edited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct PeopleDraft {
    /// The file as it was when one began.
    pub base: String,
    pub users: Vec<UserDraft>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct UserDraft {
    /// Which user of the file it was; null for a new one.
    pub from: Option<usize>,
    pub id: String,
    pub name: String,
    pub email: String,
    pub roles: Vec<String>,
    pub department: String,
    /// The desk's owner, whose votes need no passkey.
    pub owner: bool,
    pub attributes: Vec<UserAttribute>,
}

/// A custom attribute: `user.KEY` in conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UserAttribute {
    pub key: String,
    pub kind: UserAttributeKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UserAttributeKind {
    Text,
    Number,
    Flag,
    /// A list or a table: kept as it is in the file.
    Other,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct PeopleRequest {
    pub draft: PeopleDraft,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct PeopleView {
    /// Of each user, in the order of the draft.
    pub users: Vec<UserView>,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// Agents that act for nobody who is here.
    pub orphans: Vec<String>,
    /// Roles that anybody has, or that policies and flows name.
    pub roles: Vec<String>,
    /// Names of custom attributes that anybody has.
    pub attributes: Vec<String>,
    pub save: SaveView,
}

#[derive(Clone, Debug, Default, Serialize, TS)]
pub struct UserView {
    /// Agents that act for them.
    pub agents: Vec<String>,
    /// Names of enrolled passkeys.
    pub passkeys: Vec<String>,
    /// Approval flows they can vote in, by name.
    pub votes_in: Vec<String>,
    pub problems: Vec<String>,
}
