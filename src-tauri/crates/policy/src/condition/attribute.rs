//! What a condition may look at: the call's parameters, and the facts by name.

use super::syntax::is_plain_name;
use crate::section::did_you_mean;
use std::fmt;

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Key(String),
    Index(usize),
}

/// A named, typed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// `args.…`; never empty, begins with a key.
    Argument(Vec<Segment>),
    /// `user.…` that is none of the built-in ones.
    Custom(Vec<Segment>),
    Fact(Fact),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    UserId,
    UserName,
    UserEmail,
    UserRole,
    UserRoles,
    UserDepartment,
    AgentName,
    AgentProgram,
    ToolName,
    ToolReadOnly,
    ToolDestructive,
    ToolIdempotent,
    ToolOpenWorld,
    UpstreamName,
    UpstreamTransport,
    UpstreamRemote,
    Time,
    Hour,
    Weekday,
    Project,
    Branch,
    Locked,
    CallsLastMinute,
    CallsLastHour,
    ToolCallsLastMinute,
    ToolCallsLastHour,
}

/// What values an attribute has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Number,
    Flag,
    Time,
    Texts,
    /// Known only when the call is there.
    Any,
}

/// Name, fact, type, words for a person.
const FACTS: [(&str, Fact, Type, &str); 26] = [
    ("user.id", Fact::UserId, Type::Text, "the user"),
    ("user.name", Fact::UserName, Type::Text, "the user's name"),
    ("user.email", Fact::UserEmail, Type::Text, "the user's email"),
    ("user.role", Fact::UserRole, Type::Text, "the user's role"),
    ("user.roles", Fact::UserRoles, Type::Texts, "the user's roles"),
    ("user.department", Fact::UserDepartment, Type::Text, "the user's department"),
    ("agent.name", Fact::AgentName, Type::Text, "the agent"),
    ("agent.program", Fact::AgentProgram, Type::Text, "the agent's program"),
    ("tool.name", Fact::ToolName, Type::Text, "the tool"),
    ("tool.read_only", Fact::ToolReadOnly, Type::Flag, "the tool is marked read-only"),
    ("tool.destructive", Fact::ToolDestructive, Type::Flag, "the tool is marked destructive"),
    ("tool.idempotent", Fact::ToolIdempotent, Type::Flag, "the tool is marked idempotent"),
    ("tool.open_world", Fact::ToolOpenWorld, Type::Flag, "the tool is marked open-world"),
    ("upstream.name", Fact::UpstreamName, Type::Text, "the upstream"),
    ("upstream.transport", Fact::UpstreamTransport, Type::Text, "the upstream's transport"),
    ("upstream.remote", Fact::UpstreamRemote, Type::Flag, "the upstream is remote"),
    ("context.time", Fact::Time, Type::Time, "the time"),
    ("context.hour", Fact::Hour, Type::Number, "the hour"),
    ("context.weekday", Fact::Weekday, Type::Text, "the day"),
    ("context.project", Fact::Project, Type::Text, "the project folder"),
    ("context.branch", Fact::Branch, Type::Text, "the git branch"),
    ("context.locked", Fact::Locked, Type::Flag, "the screen is locked"),
    (
        "context.calls_last_minute",
        Fact::CallsLastMinute,
        Type::Number,
        "the number of calls in the last minute",
    ),
    ("context.calls_last_hour", Fact::CallsLastHour, Type::Number, "the number of calls in the last hour"),
    (
        "context.tool_calls_last_minute",
        Fact::ToolCallsLastMinute,
        Type::Number,
        "the number of calls to this tool in the last minute",
    ),
    (
        "context.tool_calls_last_hour",
        Fact::ToolCallsLastHour,
        Type::Number,
        "the number of calls to this tool in the last hour",
    ),
];

/// Roots that are not a parameter's name.
pub(crate) const ROOTS: [&str; 6] = ["args", "user", "agent", "tool", "upstream", "context"];

/// Every fact with its type and its words, for the catalogue.
pub(crate) fn every_fact() -> impl Iterator<Item = (Fact, Type, &'static str)> {
    FACTS.iter().map(|(_, fact, kind, words)| (*fact, *kind, *words))
}

impl Fact {
    fn row(self) -> (&'static str, Type, &'static str) {
        let row = FACTS.iter().find(|row| row.1 == self);
        row.map_or(("", Type::Any, ""), |row| (row.0, row.2, row.3))
    }
}

impl Attribute {
    /// From a root and the steps after it.
    ///
    /// # Errors
    /// What is wrong, and what was probably meant.
    pub(crate) fn of(root: &str, steps: &[Segment]) -> Result<Attribute, (String, Option<String>)> {
        if !ROOTS.contains(&root) {
            let steps = std::iter::once(Segment::Key(root.to_owned())).chain(steps.iter().cloned()).collect();
            return Ok(Attribute::Argument(steps));
        }
        let Some((Segment::Key(first), rest)) = steps.split_first() else {
            return Err((
                format!("`{root}` alone is not an attribute"),
                Some(format!("name a part of it: {}", examples(root))),
            ));
        };
        if root == "args" {
            return Ok(Attribute::Argument(steps.to_vec()));
        }
        let name = format!("{root}.{first}");
        match FACTS.iter().find(|row| row.0 == name) {
            Some((_, Fact::UserRoles, ..)) if !rest.is_empty() => {
                let hint = "roles have no order; write `\"finance\" in user.roles`".to_owned();
                Err(("`user.roles` cannot be indexed".to_owned(), Some(hint)))
            }
            Some(_) if !rest.is_empty() => Err((format!("`{name}` has no parts"), None)),
            Some((_, fact, ..)) => Ok(Attribute::Fact(*fact)),
            None if root == "user" => Ok(Attribute::Custom(steps.to_vec())),
            None => {
                let known: Vec<&str> = FACTS
                    .iter()
                    .map(|row| row.0)
                    .filter(|known| known.starts_with(&format!("{root}.")))
                    .collect();
                let hint =
                    did_you_mean(&name, &known).unwrap_or_else(|| format!("there are {}", examples(root)));
                Err((format!("unknown attribute `{name}`"), Some(hint)))
            }
        }
    }

    pub(crate) fn kind(&self) -> Type {
        match self {
            Attribute::Fact(fact) => fact.row().1,
            Attribute::Argument(_) | Attribute::Custom(_) => Type::Any,
        }
    }

    /// Annotations come from the upstream, the folder from the agent's process: claims, not knowledge.
    pub(crate) fn is_claimed(&self) -> bool {
        matches!(
            self,
            Attribute::Fact(
                Fact::ToolReadOnly
                    | Fact::ToolDestructive
                    | Fact::ToolIdempotent
                    | Fact::ToolOpenWorld
                    | Fact::Project
                    | Fact::Branch
            )
        )
    }

    /// A path that the gateway had from the system, which follows links itself.
    pub(crate) fn is_resolved(&self) -> bool {
        matches!(self, Attribute::Fact(Fact::Project | Fact::AgentProgram))
    }

    /// The full name, `args.amount`; also what frozen path facts are filed under.
    pub(crate) fn key(&self) -> String {
        match self {
            Attribute::Argument(steps) => with_steps("args", steps),
            Attribute::Custom(steps) => with_steps("user", steps),
            Attribute::Fact(fact) => fact.row().0.to_owned(),
        }
    }

    /// Words for a person: "amount", "the user's role". A flag's words are a whole clause.
    pub(crate) fn words(&self) -> String {
        match self {
            Attribute::Argument(_) => {
                self.to_string().strip_prefix("args.").map_or_else(|| self.to_string(), str::to_owned)
            }
            Attribute::Custom(steps) => {
                format!("the user's {}", with_steps("", steps).trim_start_matches('.'))
            }
            Attribute::Fact(fact) => fact.row().2.to_owned(),
        }
    }

    /// The words an attribute with a fixed vocabulary can have.
    pub(crate) fn vocabulary(&self) -> Option<&'static [&'static str]> {
        match self {
            Attribute::Fact(Fact::Weekday) => Some(&crate::moment::WEEKDAYS),
            Attribute::Fact(Fact::UpstreamTransport) => Some(&["stdio", "http"]),
            _ => None,
        }
    }
}

/// The shortest form that reads back as the same attribute: `amount` for `args.amount`.
impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attribute::Argument(steps) => match steps.split_first() {
                Some((Segment::Key(first), rest))
                    if is_plain_name(first) && !ROOTS.contains(&first.as_str()) =>
                {
                    f.write_str(&with_steps(first, rest))
                }
                _ => f.write_str(&self.key()),
            },
            _ => f.write_str(&self.key()),
        }
    }
}

fn examples(root: &str) -> String {
    let known: Vec<&str> =
        FACTS.iter().map(|row| row.0).filter(|name| name.starts_with(&format!("{root}."))).collect();
    if known.is_empty() { "`args.amount`".to_owned() } else { crate::section::listed(&known) }
}

/// `root.key["odd key"][0]`.
pub(crate) fn with_steps(root: &str, steps: &[Segment]) -> String {
    steps.iter().fold(root.to_owned(), |at, step| match step {
        Segment::Key(key) => crate::facts::member(&at, key),
        Segment::Index(index) => crate::facts::element(&at, *index),
    })
}
