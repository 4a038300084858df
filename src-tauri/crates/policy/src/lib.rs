//! Decides what happens to a call: [`decide`](decide::decide) takes the set, the call and its frozen facts
//! and returns a decision with its trace; [`conclude`](decide::conclude) the same conclusion without the reasons,
//! for whoever asks often and shows nobody.
//!
//! Pure (I9): time, people and paths come in as [`Facts`]; nothing here reads a clock, a file or the network.

mod analysis;
pub mod authored;
pub mod authored_flow;
pub mod authored_people;
pub mod backtest;
pub mod call;
pub mod call_file;
pub mod cases;
pub mod catalogue;
pub mod compare;
mod condition;
pub mod decide;
mod decimal;
pub mod decision;
pub mod documents;
mod edit;
mod explain;
pub mod facts;
pub mod flow;
pub mod format;
mod glob;
mod index;
pub mod lint;
pub mod mend;
mod moment;
pub mod names;
pub mod people;
pub mod policy;
mod readback;
#[cfg(test)]
mod sample;
mod section;
mod sentence;
pub mod set;
pub mod time;
mod toml_value;
pub mod value;
mod wording;

pub use call::{CallDigest, DefinitionHash, ToolCall};
pub use condition::tree::{EachEntry, Joined, Node, Row, RowValue, ValueKind};
pub use decide::{Conclusion, conclude, decide};
pub use decision::{
    ActionKind, Applied, Decision, Mode, Outcome, PolicyTrace, PredicateTrace, Requirements, StepUpRule,
    Trace, Truth,
};
pub use documents::{ChangeKind, DocumentChange, DocumentError, Documents};
pub use facts::{AgentFacts, ContextFacts, Facts, PathFact, ToolFacts, UpstreamFacts};
pub use flow::{ApprovalFlow, Approvers, OnTimeout, ProofKind, Stage};
pub use names::{AgentName, ContextId, FlowId, NameError, PolicyId, ToolName, UpstreamName, UserId};
pub use people::{People, User};
pub use policy::{Action, Policy, Target};
pub use set::{DefaultAction, PolicySet};
pub use time::Timestamp;
pub use value::{Map, Number, Value};
