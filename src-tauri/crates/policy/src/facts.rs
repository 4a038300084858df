//! Everything besides the call that a decision depends on: gathered once at admission by the gateway,
//! frozen, stored with the call, and used again whenever the call is judged anew.

use crate::{Timestamp, User, Value};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Frozen at admission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The person the agent acts for, as `people.toml` had them.
    pub user: User,
    pub agent: AgentFacts,
    pub tool: ToolFacts,
    pub upstream: UpstreamFacts,
    pub context: ContextFacts,
    /// By attribute path (`args.path`): what the text resolved to on this machine.
    #[serde(default)]
    pub paths: BTreeMap<String, PathFact>,
}

/// The program behind the connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentFacts {
    pub name: String,
    /// Absolute path of the peer process's program, where the platform can tell. Verified.
    pub program: Option<String>,
    pub process: Option<u32>,
    /// `clientInfo.name` and `version` as the agent gave them. Claimed.
    pub claimed_client: Option<String>,
    /// The programs this agent is paired with; none before its first call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paired_programs: Vec<String>,
}

impl AgentFacts {
    /// Whether another program than a paired one uses this agent's name. A program that nobody could tell is none.
    #[must_use]
    pub fn is_other_program(&self) -> bool {
        let paired = &self.paired_programs;
        self.program.as_ref().is_some_and(|program| !paired.is_empty() && !paired.contains(program))
    }
}

/// What the pinned definition says of the tool. Annotations and defaults are claimed by the upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolFacts {
    pub read_only: Option<bool>,
    pub destructive: Option<bool>,
    pub idempotent: Option<bool>,
    pub open_world: Option<bool>,
    /// Top-level parameters the input schema requires.
    #[serde(default)]
    pub required: BTreeSet<String>,
    /// Top-level parameters with a schema default.
    #[serde(default)]
    pub defaults: BTreeMap<String, Value>,
    /// How the definition differs from the pinned one, line by line; none where it is the pinned one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
}

impl Facts {
    /// Whether a person has to see with their own eyes who calls, or what: another program asks in the agent's name, or
    /// the tool is not the pinned one. Nothing that was given before stands in for that.
    #[must_use]
    pub fn is_estranged(&self) -> bool {
        self.agent.is_other_program() || self.tool.changed.is_some()
    }
}

/// The upstream as configured here. Verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamFacts {
    pub name: String,
    /// `stdio` or `http`.
    pub transport: String,
    /// True when the upstream is not on this machine.
    pub remote: bool,
    /// The absolute folder it was started in, where its configuration names one: what relative paths begin at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
}

/// Where and when. `None` means the platform could not tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextFacts {
    pub time: Timestamp,
    /// Minutes east of UTC at that instant on this machine.
    pub utc_offset_minutes: i32,
    /// The folder of the agent's process, links followed. Claimed.
    pub project: Option<String>,
    /// The git branch checked out there; none in a known folder means none is. Claimed.
    pub branch: Option<String>,
    pub locked: Option<bool>,
    /// Calls this agent made in the 60 s before this one.
    pub calls_last_minute: u32,
    /// Calls this agent made in the hour before this one.
    #[serde(default)]
    pub calls_last_hour: Option<u32>,
    /// Calls this agent made to this tool in the 60 s before this one.
    #[serde(default)]
    pub tool_calls_last_minute: Option<u32>,
    /// Calls this agent made to this tool in the hour before this one.
    #[serde(default)]
    pub tool_calls_last_hour: Option<u32>,
}

/// A path argument, resolved at admission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathFact {
    /// Absolute, symbolic links followed as far as the path exists.
    pub resolved: String,
}

/// The attribute path of an object's member: `at.key`, or `at["odd key"]` where the key is not a plain name, so
/// that no two places share a path.
#[must_use]
pub fn member(at: &str, key: &str) -> String {
    if crate::condition::syntax::is_plain_name(key) {
        format!("{at}.{key}")
    } else {
        format!("{at}[{}]", crate::Value::from(key).to_json())
    }
}

/// The attribute path of a list's entry.
#[must_use]
pub fn element(at: &str, index: usize) -> String {
    format!("{at}[{index}]")
}
