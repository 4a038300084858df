//! The shapes of authoring that cross to the window. Trees have the JSON of `policy::Node` (a test compares them).

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::wire::Problem;

#[derive(Clone, Debug, Deserialize, TS)]
pub struct CatalogueRequest {
    /// The patterns of the draft's target.
    pub tools: Vec<String>,
}

/// What can be chosen from.
#[derive(Clone, Debug, Serialize, TS)]
pub struct Catalogue {
    pub tools: Vec<ToolChoice>,
    /// How many of them the target is about.
    pub matched: usize,
    pub attributes: Vec<AttributeChoice>,
    pub users: Vec<Choice>,
    pub roles: Vec<Choice>,
    pub agents: Vec<Choice>,
    pub contexts: Vec<Choice>,
    pub flows: Vec<Choice>,
    /// Upstreams whose tools are not known.
    pub problems: Vec<Problem>,
}

/// An id with its words.
#[derive(Clone, Debug, Serialize, TS)]
pub struct Choice {
    pub id: String,
    pub name: String,
    pub words: String,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct ToolChoice {
    /// `upstream/tool`
    pub id: String,
    pub upstream: String,
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    /// What the upstream says of it: "destructive".
    pub claims: Vec<String>,
    /// The target is about it.
    pub chosen: bool,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct AttributeChoice {
    pub id: String,
    /// As a row names it.
    pub attribute: String,
    /// Of an entry of a list: `.price`, or nothing for the entry itself; null where no list is looked into.
    pub part: Option<String>,
    /// "Parameters", "The user"
    pub group: String,
    pub label: String,
    pub description: Option<String>,
    /// "number", "one of 6"
    pub kind: String,
    /// Of a number, as its schema says it: "EUR", "seconds".
    pub unit: Option<String>,
    /// "seen 12 to 9,400", "required", "claimed by the agent"
    pub notes: Vec<String>,
    /// The only values, or those seen lately.
    pub values: Vec<String>,
    /// No other value can occur.
    pub closed: bool,
    pub editor: Editor,
    pub operators: Vec<OperatorChoice>,
}

/// How a value is best typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Editor {
    Text,
    Number,
    Flag,
    Time,
    Path,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct OperatorChoice {
    /// Tells it from the others of its attribute.
    pub id: String,
    /// "is greater than"
    pub label: String,
    pub operator: String,
    pub negated: bool,
    pub each_all: bool,
    pub each_negated: bool,
    pub takes: Takes,
    /// Kinds of value it can be given, the usual one first.
    pub kinds: Vec<WireValueKind>,
    /// The case of letters may be ignored.
    pub ignores_case: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    Nothing,
    One,
    Two,
    Many,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename = "ValueKind")]
pub enum WireValueKind {
    Text,
    Number,
    Flag,
    Time,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TreeNode {
    Group {
        #[ts(type = "\"all\" | \"any\"")]
        joined: String,
        negated: bool,
        parts: Vec<TreeNode>,
    },
    Row(TreeRow),
    Free {
        negated: bool,
        text: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TreeRow {
    pub attribute: String,
    pub each: Option<TreeEach>,
    pub operator: String,
    pub negated: bool,
    pub ignore_case: bool,
    pub values: Vec<TreeValue>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TreeEach {
    pub all: bool,
    pub negated: bool,
    pub part: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TreeValue {
    pub kind: WireValueKind,
    pub text: String,
}

/// A policy that is being written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Draft {
    /// The file's name without `.toml`.
    pub id: String,
    /// The file as it was when one began; null for a new policy.
    pub base: Option<String>,
    pub name: String,
    pub description: String,
    #[ts(type = "\"enforce\" | \"observe\" | \"off\"")]
    pub mode: policy::Mode,
    pub trust_claims: bool,
    pub tools: Vec<String>,
    pub users: Vec<String>,
    pub roles: Vec<String>,
    pub agents: Vec<String>,
    pub contexts: Vec<String>,
    pub action: DraftAction,
    /// The condition as text; empty for none.
    pub when: String,
    /// The condition as tree, where that is what was edited last.
    pub tree: Option<TreeNode>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftAction {
    #[ts(type = "\"deny\" | \"request_approval\" | \"step_up\" | \"allow\"")]
    pub kind: policy::ActionKind,
    pub flow: Option<String>,
    pub method: Option<String>,
    pub max_age: Option<String>,
    pub message: Option<String>,
}

/// What Rust says of a draft.
#[derive(Clone, Debug, Serialize, TS)]
pub struct DraftView {
    /// The file's name without `.toml`, made from the policy's name where it is new.
    pub id: String,
    /// The file as it would be saved; null while the condition cannot be written.
    pub file: Option<String>,
    /// The condition as text; null while a row is not finished.
    pub text: Option<String>,
    /// The condition as tree; null while the text cannot be read.
    pub tree: Option<TreeNode>,
    /// Of each row, in the order written.
    pub rows: Vec<RowView>,
    pub sentence: Option<String>,
    /// Why the text is no condition.
    pub text_problem: Option<TextProblem>,
    pub findings: Vec<FindingView>,
    pub save: SaveView,
}

#[derive(Clone, Debug, Default, Serialize, TS)]
pub struct RowView {
    /// "amount is above 5000"; null while it is not finished.
    pub words: Option<String>,
    /// "if missing: does not match"
    pub missing: Option<String>,
    pub problem: Option<Problem>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct TextProblem {
    /// In UTF-16 units, as editors count.
    pub at: usize,
    pub message: String,
    pub hint: Option<String>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct FindingView {
    pub code: String,
    #[ts(type = "\"error\" | \"warning\" | \"advice\"")]
    pub severity: policy::lint::Severity,
    pub sentence: String,
    /// The row it is about.
    pub row: Option<usize>,
    /// The part of the condition's text it is about, in UTF-16 units.
    pub from: Option<usize>,
    pub to: Option<usize>,
    pub mends: Vec<MendChoice>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct MendChoice {
    pub label: String,
    /// To be sent back as it is.
    #[ts(type = "object")]
    pub mend: policy::mend::Mend,
}

/// What saving would do.
#[derive(Clone, Debug, Serialize, TS)]
pub struct SaveView {
    pub can: bool,
    pub effect: SaveEffect,
    /// "Save, tightens"
    pub label: String,
    /// What stands in the way, or what happens next.
    pub note: String,
    /// Why it needs a passkey, one sentence each; none where it is free, or where none is enrolled.
    pub proof: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SaveEffect {
    /// Nothing differs from the file.
    Nothing,
    Tightens,
    Loosens,
    /// May permit more or less.
    Changes,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct OpenDraftRequest {
    pub from: DraftFrom,
}

#[derive(Clone, Debug, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DraftFrom {
    Nothing,
    Policy {
        id: String,
    },
    /// A new policy that begins as another one is.
    Copy {
        id: String,
    },
    /// A hold in the inbox.
    Hold {
        hold: String,
    },
    /// A row of Activity.
    Call {
        #[ts(type = "number")]
        seq: u64,
    },
    /// A document, as a mend or an undo left it.
    Text {
        id: String,
        text: String,
        base: Option<String>,
    },
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct MendRequest {
    pub draft: Draft,
    #[ts(type = "object")]
    pub mend: policy::mend::Mend,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct SaveRequest {
    pub draft: Draft,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct DraftRequest {
    pub draft: Draft,
}

/// What became of a save or a removal.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Saved {
    /// In force from the next call on.
    Applied { id: String, message: String },
    /// Someone else changed the file: nothing was saved. `theirs` is null where it was removed.
    Changed { theirs: Option<String>, mine: Option<String> },
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct DeleteRequest {
    pub id: String,
}

/// A removed policy, with what brings it back.
#[derive(Clone, Debug, Serialize, TS)]
pub struct Deleted {
    pub id: String,
    pub name: String,
    pub text: String,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct RestoreRequest {
    pub id: String,
    pub text: String,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct BacktestRequest {
    pub draft: Draft,
    /// Only the calls of so many days; all on record where null.
    pub days: Option<u16>,
    /// Where to go on; null at the beginning.
    pub so_far: Option<BacktestView>,
}

/// What a draft would have done to the calls on record.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
pub struct BacktestView {
    #[ts(type = "number")]
    pub seen: u64,
    #[ts(type = "number")]
    pub judged: u64,
    #[ts(type = "number")]
    pub changed: u64,
    #[ts(type = "number")]
    pub unreadable: u64,
    pub moves: Vec<MoveView>,
    /// The newest calls that would change.
    pub rows: Vec<ChangedCall>,
    pub sentence: String,
    /// Where the rest begins; null when every call was looked at.
    #[ts(type = "number | null")]
    pub before: Option<u64>,
    /// Of the call that was looked at last.
    #[ts(type = "number | null")]
    pub back_to: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MoveView {
    #[ts(type = "\"deny\" | \"request_approval\" | \"step_up\" | \"allow\"")]
    pub from: policy::ActionKind,
    #[ts(type = "\"deny\" | \"request_approval\" | \"step_up\" | \"allow\"")]
    pub to: policy::ActionKind,
    #[ts(type = "number")]
    pub calls: u64,
    /// "allowed would be denied"
    pub words: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ChangedCall {
    #[ts(type = "number")]
    pub seq: u64,
    #[ts(type = "number")]
    pub at: i64,
    pub agent: String,
    pub user: String,
    pub tool: String,
    pub summary: String,
    #[ts(type = "\"deny\" | \"request_approval\" | \"step_up\" | \"allow\"")]
    pub from: policy::ActionKind,
    #[ts(type = "\"deny\" | \"request_approval\" | \"step_up\" | \"allow\"")]
    pub to: policy::ActionKind,
    /// "would be denied"
    pub words: String,
}
