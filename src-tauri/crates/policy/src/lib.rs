//! Decides what happens to a call: [`decide`](decide::decide) takes the set, the call and its frozen facts
//! and returns a decision with its trace.
//!
//! Pure (I9): time, people and paths come in as [`Facts`]; nothing here reads a clock, a file or the network.

pub mod call;
pub mod decision;
pub mod facts;
pub mod flow;
pub mod names;
pub mod people;
pub mod time;
pub mod value;

pub use call::{CallDigest, DefinitionHash, ToolCall};
pub use decision::{ActionKind, Applied, Decision, Mode, Outcome, PolicyTrace, PredicateTrace, Requirements, Trace, Truth};
pub use facts::{AgentFacts, ContextFacts, Facts, PathFact, ToolFacts, UpstreamFacts};
pub use names::{AgentName, FlowId, NameError, PolicyId, ToolName, UpstreamName, UserId};
pub use people::User;
pub use time::Timestamp;
pub use value::{Map, Number, Value};
