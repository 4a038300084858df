//! What an attribute is for one call: its value, or why it has none.

use super::{
    alike,
    attribute::{Attribute, Fact, Segment},
};
use crate::{Facts, ToolCall, Value, moment::Moment};
use std::collections::BTreeSet;

/// One call with its facts, with the tool's schema defaults filled in or not.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) call: &'a ToolCall,
    pub(crate) facts: &'a Facts,
    pub(crate) defaults: bool,
}

/// What was there to look at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Seen<'a> {
    /// Absent or null.
    Missing,
    /// Missing, though the tool's schema requires it.
    Required,
    /// The platform could not tell.
    Untold,
    /// The path leads through a value that has no such part.
    Astray,
    /// Another name stands there that the tool may read as this one.
    Alike,
    Text(&'a str),
    /// As received.
    Number(&'a str),
    Whole(i64),
    Flag(bool),
    Time(Moment),
    List(&'a [Value]),
    Object(&'a Value),
    /// At least one.
    Roles(&'a BTreeSet<String>),
}

/// A value, and whether the tool's default stands in for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    pub(crate) seen: Seen<'a>,
    pub(crate) by_default: bool,
}

impl<'a> View<'a> {
    /// Whether a default could change what this call means.
    pub(crate) fn has_open_defaults(&self) -> bool {
        self.facts.tool.defaults.keys().any(|key| is_absent(self.call.arguments.get(key)))
    }

    pub(crate) fn find(&self, attribute: &Attribute) -> Found<'a> {
        let plain = |seen| Found { seen, by_default: false };
        match attribute {
            Attribute::Fact(fact) => plain(self.fact(*fact)),
            Attribute::Custom(steps) => match steps.split_first() {
                Some((Segment::Key(key), rest)) => plain(walk(self.facts.user.attributes.get(key), rest)),
                _ => plain(Seen::Missing),
            },
            Attribute::Argument(steps) => match steps.split_first() {
                Some((Segment::Key(key), rest)) => self.argument(key, rest),
                _ => plain(Seen::Missing),
            },
        }
    }

    fn argument(&self, key: &str, rest: &[Segment]) -> Found<'a> {
        let given = match self.call.arguments.as_map().map(|map| alike::member(map, key)) {
            Some(Ok(given)) => given,
            Some(Err(alike::Alike)) => return Found { seen: Seen::Alike, by_default: false },
            None => None,
        };
        if is_absent(given) {
            if let Some(default) = self.facts.tool.defaults.get(key).filter(|_| self.defaults) {
                return Found { seen: walk(Some(default), rest), by_default: true };
            }
            let required = self.facts.tool.required.contains(key);
            return Found { seen: if required { Seen::Required } else { Seen::Missing }, by_default: false };
        }
        Found { seen: walk(given, rest), by_default: false }
    }

    fn fact(&self, fact: Fact) -> Seen<'a> {
        let Facts { user, agent, tool, upstream, context, .. } = self.facts;
        let text = |text: &'a Option<String>| text.as_deref().map_or(Seen::Missing, Seen::Text);
        let flag = |flag: Option<bool>| flag.map_or(Seen::Missing, Seen::Flag);
        let count = |count: Option<u32>| count.map_or(Seen::Untold, |count| Seen::Whole(count.into()));
        let now = Moment::of_milliseconds(context.time.0, context.utc_offset_minutes);
        match fact {
            Fact::UserId => Seen::Text(user.id.as_str()),
            Fact::UserName => Seen::Text(&user.name),
            Fact::UserEmail => text(&user.email),
            Fact::UserRole | Fact::UserRoles if user.roles.is_empty() => Seen::Missing,
            Fact::UserRole | Fact::UserRoles => Seen::Roles(&user.roles),
            Fact::UserDepartment => text(&user.department),
            Fact::AgentName => Seen::Text(&agent.name),
            Fact::AgentProgram => agent.program.as_deref().map_or(Seen::Untold, Seen::Text),
            Fact::ToolName => Seen::Text(self.call.tool.as_str()),
            Fact::ToolReadOnly => flag(tool.read_only),
            Fact::ToolDestructive => flag(tool.destructive),
            Fact::ToolIdempotent => flag(tool.idempotent),
            Fact::ToolOpenWorld => flag(tool.open_world),
            Fact::UpstreamName => Seen::Text(&upstream.name),
            Fact::UpstreamTransport => Seen::Text(&upstream.transport),
            Fact::UpstreamRemote => Seen::Flag(upstream.remote),
            Fact::Time => Seen::Time(now),
            Fact::Hour => Seen::Whole(now.hour()),
            Fact::Weekday => Seen::Text(now.weekday()),
            Fact::Project => context.project.as_deref().map_or(Seen::Untold, Seen::Text),
            // A folder without a branch has none; of an unknown folder nobody can say.
            Fact::Branch if context.project.is_none() && context.branch.is_none() => Seen::Untold,
            Fact::Branch => text(&context.branch),
            Fact::Locked => context.locked.map_or(Seen::Untold, Seen::Flag),
            Fact::CallsLastMinute => Seen::Whole(i64::from(context.calls_last_minute)),
            Fact::CallsLastHour => count(context.calls_last_hour),
            Fact::ToolCallsLastMinute => count(context.tool_calls_last_minute),
            Fact::ToolCallsLastHour => count(context.tool_calls_last_hour),
        }
    }
}

fn is_absent(value: Option<&Value>) -> bool {
    matches!(value, None | Some(Value::Null))
}

/// Follows the steps; a step into something without parts leads astray rather than to nothing.
pub(crate) fn walk<'a>(value: Option<&'a Value>, steps: &[Segment]) -> Seen<'a> {
    let mut here = value;
    for step in steps {
        here = match (here, step) {
            (None | Some(Value::Null), _) => return Seen::Missing,
            (Some(Value::Map(map)), Segment::Key(key)) => match alike::member(map, key) {
                Ok(member) => member,
                Err(alike::Alike) => return Seen::Alike,
            },
            (Some(Value::List(items)), Segment::Index(index)) => items.get(*index),
            (Some(_), _) => return Seen::Astray,
        };
    }
    match here {
        None | Some(Value::Null) => Seen::Missing,
        Some(Value::Bool(flag)) => Seen::Flag(*flag),
        Some(Value::Number(number)) => Seen::Number(number.as_str()),
        Some(Value::Text(text)) => Seen::Text(text),
        Some(Value::List(items)) => Seen::List(items),
        Some(value @ Value::Map(_)) => Seen::Object(value),
    }
}

impl Seen<'_> {
    /// The value as written, for the trace; none where there is none.
    pub(crate) fn written(&self) -> Option<String> {
        let cut = |text: &str| crate::wording::shown(text);
        match self {
            Seen::Missing | Seen::Required | Seen::Untold | Seen::Astray | Seen::Alike => None,
            Seen::Text(text) => Some(cut(text)),
            Seen::Number(number) => Some(cut(number)),
            Seen::Whole(number) => Some(number.to_string()),
            Seen::Flag(flag) => Some(flag.to_string()),
            Seen::Time(moment) => Some(moment.shown()),
            Seen::List(items) => Some(cut(&list(items))),
            Seen::Object(value) => Some(cut(&value.to_json())),
            Seen::Roles(roles) => Some(cut(&roles.iter().cloned().collect::<Vec<_>>().join(", "))),
        }
    }

    /// "a text", "a number": for saying why two values cannot be compared.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Seen::Missing | Seen::Required | Seen::Untold | Seen::Astray | Seen::Alike => "nothing",
            Seen::Text(_) | Seen::Roles(_) => "a text",
            Seen::Number(_) | Seen::Whole(_) => "a number",
            Seen::Flag(_) => "true or false",
            Seen::Time(_) => "a time",
            Seen::List(_) => "a list",
            Seen::Object(_) => "an object",
        }
    }
}

/// Only as much of a long list as will be shown.
fn list(items: &[Value]) -> String {
    let shown: Vec<String> = items.iter().take(20).map(Value::to_json).collect();
    format!("[{}{}]", shown.join(","), if items.len() > 20 { ",…" } else { "" })
}
