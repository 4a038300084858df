//! The attributes a condition may look at, as plain data: what the visual builder offers, what the linter checks
//! against, what the reference lists. Built from a tool's definition as its upstream lists it, from the people,
//! and from what the gateway knows by itself.
//!
//! A definition is somebody else's text: depth, count and size are bounded, and where something was cut the
//! catalogue says so, so that nobody calls an attribute unknown that was only not read.

mod schema;
#[cfg(test)]
mod tests;

use crate::{
    People, Value,
    condition::attribute::{self, Attribute, Segment, Type},
    facts::member,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most attributes kept for one tool.
const MOST_ENTRIES: usize = 500;

/// One tool with its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToolEntry {
    pub upstream: String,
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    /// The upstream's own words about its tool: claimed.
    pub annotations: Annotations,
    /// `args.*`, each before its parts, in the order of the schema.
    pub parameters: Vec<Entry>,
    /// Other parameters may be taken as well, or some were not read.
    pub open: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Annotations {
    pub read_only: Option<bool>,
    pub destructive: Option<bool>,
    pub idempotent: Option<bool>,
    pub open_world: Option<bool>,
}

/// One attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `args.amount`, `args.tags[]` for any entry of a list, `user.role`.
    pub path: String,
    /// As it is written in a condition: `amount`. An entry of a list has none.
    pub written: Option<String>,
    /// What its values may be; empty where nobody says.
    pub kinds: Vec<Kind>,
    pub title: Option<String>,
    pub description: Option<String>,
    /// The only values it takes; empty where there is no such list.
    pub values: Vec<Value>,
    pub range: Option<Range>,
    /// JSON Schema's `format`.
    pub format: Option<String>,
    pub required: bool,
    pub default: Option<Value>,
    pub standing: Standing,
    pub operators: Vec<Operator>,
    /// Has parts that are not listed here.
    pub open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    Number,
    Whole,
    Flag,
    Time,
    List,
    Object,
    Null,
}

/// Both ends as the schema writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Range {
    pub low: Option<Bound>,
    pub high: Option<Bound>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bound {
    pub value: String,
    /// The bound itself does not belong to the range.
    pub exclusive: bool,
}

/// Whether we know it, or an agent or an upstream says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Verified,
    Claimed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    Equals,
    NotEquals,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Between,
    InList,
    NotInList,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    WithinPath,
    Before,
    After,
    AnyEntry,
    AllEntries,
    IsPresent,
    IsMissing,
}

impl ToolEntry {
    /// From one entry of `tools/list`; none where it has no name.
    #[must_use]
    pub fn of(upstream: &str, definition: &Value) -> Option<ToolEntry> {
        let name = definition.get("name")?.as_text()?;
        let hints = definition.get("annotations");
        let hint = |key: &str| hints?.get(key)?.as_bool();
        let text = |from: Option<&Value>, key: &str| schema::words(from?.get(key)?.as_text()?);
        let (parameters, open) = match definition.get("inputSchema") {
            Some(schema) => schema::parameters(schema),
            None => (Vec::new(), true),
        };
        Some(ToolEntry {
            upstream: upstream.to_owned(),
            name: name.to_owned(),
            title: text(Some(definition), "title").or_else(|| text(hints, "title")),
            description: text(Some(definition), "description"),
            annotations: Annotations {
                read_only: hint("readOnlyHint"),
                destructive: hint("destructiveHint"),
                idempotent: hint("idempotentHint"),
                open_world: hint("openWorldHint"),
            },
            parameters,
            open,
        })
    }

    /// `upstream/tool`.
    #[must_use]
    pub fn qualified(&self) -> String {
        format!("{}/{}", self.upstream, self.name)
    }

    /// The parameter at a path, or why it is not there.
    pub(crate) fn find(&self, steps: &[Segment]) -> Lookup<'_> {
        let mut here: Option<&Entry> = None;
        let mut path = "args".to_owned();
        for step in steps {
            path = match step {
                Segment::Key(key) => member(&path, key),
                Segment::Index(_) => format!("{path}[]"),
            };
            match self.parameters.iter().find(|entry| entry.path == path) {
                Some(entry) => here = Some(entry),
                None if here.map_or(self.open, |entry| entry.open) => return Lookup::Unclear,
                None => return Lookup::Absent,
            }
        }
        here.map_or(Lookup::Unclear, Lookup::Found)
    }
}

/// What a tool says of one path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lookup<'a> {
    Found(&'a Entry),
    /// The tool has no such parameter.
    Absent,
    /// It might have.
    Unclear,
}

/// What the gateway knows by itself: `user.*`, `agent.*`, `tool.*`, `upstream.*`, `context.*`.
#[must_use]
pub fn facts() -> Vec<Entry> {
    attribute::every_fact()
        .map(|(fact, kind, words)| {
            let attribute = Attribute::Fact(fact);
            let path = attribute.key();
            let kinds = match kind {
                Type::Text => vec![Kind::Text],
                Type::Number => vec![Kind::Whole],
                Type::Flag => vec![Kind::Flag],
                Type::Time => vec![Kind::Time],
                Type::Texts => vec![Kind::List],
                Type::Any => Vec::new(),
            };
            let bound = |value: i64| Some(Bound { value: value.to_string(), exclusive: false });
            let range = match path.as_str() {
                "context.hour" => Some(Range { low: bound(0), high: bound(23) }),
                _ if kinds == [Kind::Whole] => Some(Range { low: bound(0), high: None }),
                _ => None,
            };
            let values = match attribute.vocabulary() {
                Some(words) => words.iter().map(|word| Value::from(*word)).collect(),
                None => Vec::new(),
            };
            let is_path = path == "context.project" || path == "agent.program";
            Entry {
                written: Some(path.clone()),
                operators: operators(&kinds, is_path),
                kinds,
                title: None,
                description: Some(words.to_owned()),
                values,
                range,
                format: None,
                required: false,
                default: None,
                standing: if attribute.is_claimed() { Standing::Claimed } else { Standing::Verified },
                open: false,
                path,
            }
        })
        .collect()
}

/// The attributes that people were given beside the built-in ones, with every kind that occurs.
#[must_use]
pub fn custom(people: &People) -> Vec<Entry> {
    let mut kinds: BTreeMap<&str, Vec<Kind>> = BTreeMap::new();
    for (key, value) in people.iter().flat_map(|user| &user.attributes) {
        let known = kinds.entry(key).or_default();
        let kind = schema::kind_of(value);
        if !known.contains(&kind) {
            known.push(kind);
        }
    }
    let entry = |(key, kinds): (&str, Vec<Kind>)| {
        let path = member("user", key);
        Entry {
            written: Some(path.clone()),
            path,
            operators: operators(&kinds, false),
            open: kinds.iter().any(|kind| matches!(kind, Kind::List | Kind::Object)),
            kinds,
            title: None,
            description: None,
            values: Vec::new(),
            range: None,
            format: None,
            required: false,
            default: None,
            standing: Standing::Verified,
        }
    };
    kinds.into_iter().map(entry).take(MOST_ENTRIES).collect()
}

/// The operators that can be judged for values of these kinds; all where nobody says what the values are.
fn operators(kinds: &[Kind], is_path: bool) -> Vec<Operator> {
    use Operator::{
        After, AllEntries, AnyEntry, Before, Between, Contains, EndsWith, Equals, Greater, GreaterOrEqual,
        InList, IsMissing, IsPresent, Less, LessOrEqual, Matches, NotEquals, NotInList, StartsWith,
        WithinPath,
    };
    let any = kinds.is_empty() || kinds == [Kind::Null];
    let has = |kind: Kind| any || kinds.contains(&kind);
    let mut found = Vec::new();
    if has(Kind::Text) || has(Kind::Number) || has(Kind::Whole) || has(Kind::Flag) {
        found.extend([Equals, NotEquals]);
    }
    if has(Kind::Number) || has(Kind::Whole) {
        found.extend([Greater, GreaterOrEqual, Less, LessOrEqual, Between]);
    }
    if has(Kind::Text) || has(Kind::Number) || has(Kind::Whole) {
        found.extend([InList, NotInList]);
    }
    if has(Kind::Text) {
        found.extend([Contains, StartsWith, EndsWith, Matches]);
        if any || is_path {
            found.push(WithinPath);
        }
    }
    if has(Kind::Time) || has(Kind::Text) {
        found.extend([Before, After]);
    }
    if has(Kind::List) {
        found.extend([AnyEntry, AllEntries]);
    }
    found.extend([IsPresent, IsMissing]);
    found
}
