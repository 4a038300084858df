//! The shapes of packs that cross to the window: what is shipped or lies in a folder, and what adding it would do.

use super::wire::BacktestView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where a pack comes from.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PackSource {
    Shipped {
        name: String,
    },
    /// A folder of policies on this machine, by its whole path.
    Folder {
        path: String,
    },
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct PackRow {
    pub name: String,
    /// "The git pack"
    pub title: String,
    /// What it is for, as its page begins.
    pub words: String,
    /// How many policies it has.
    pub policies: usize,
    /// How many of them are in force, word for word but for their mode.
    pub there: usize,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct PackRequest {
    pub source: PackSource,
    /// Its default is taken too.
    pub with_default: bool,
}

/// A pack, and what adding it would do.
#[derive(Clone, Debug, Serialize, TS)]
pub struct PackView {
    pub title: String,
    /// Its page, as it is shipped; empty for a folder without one.
    pub page: String,
    pub files: Vec<PackFile>,
    /// What its default is, where that differs from the one in force: "held for approval by the flow owner".
    pub default: Option<String>,
    /// Upstreams that its policies name and that are not connected.
    pub absent: Vec<String>,
    /// Why it cannot be added.
    pub problems: Vec<String>,
    /// Why adding it needs a passkey; none where it is free.
    pub proof_enforced: Vec<String>,
    pub proof_observed: Vec<String>,
    /// All its files as one text.
    pub text: String,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct PackFile {
    pub path: String,
    pub name: String,
    pub sentence: String,
    /// Of a policy; null for a flow, a context or the default.
    #[ts(type = "\"deny\" | \"request_approval\" | \"step_up\" | \"allow\" | null")]
    pub action: Option<policy::ActionKind>,
    pub state: PackFileState,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PackFileState {
    New,
    /// In force already.
    There,
    /// Another file of this name is there: it stays, and this one is left out.
    Kept,
    /// Not asked for: the default of another set.
    LeftOut,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct PackEffectRequest {
    pub source: PackSource,
    pub with_default: bool,
    /// Where to go on; null at the beginning.
    pub so_far: Option<BacktestView>,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct AddPackRequest {
    pub source: PackSource,
    pub with_default: bool,
    /// Only recorded at first.
    pub observe: bool,
    /// The pack as text, as it was shown: a folder may hold another one by now.
    pub seen: String,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct PackAdded {
    pub added: Vec<String>,
    /// Files of the same name that stayed as they were.
    pub kept: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct ExportPoliciesRequest {
    /// A folder that is empty or not there yet, by its whole path.
    pub folder: String,
}

/// The set in force, as files elsewhere or as one text.
#[derive(Clone, Debug, Serialize, TS)]
pub struct ExportedPolicies {
    pub files: usize,
    pub text: String,
}
