//! The catalogue of attributes as a picker shows it: grouped, named, with what was seen lately.

use super::history::Seen;
use super::operators;
use super::wire::{AttributeChoice, Editor, ToolChoice};
use policy::catalogue::{Entry, Kind, Operator, Standing, ToolEntry};
use policy::{Value, authored};
use std::collections::BTreeMap;

/// Most attributes offered.
const MOST: usize = 1_000;

pub(super) fn tool(entry: &ToolEntry, target: &[String]) -> ToolChoice {
    let id = entry.qualified();
    let claims = [
        (entry.annotations.read_only, "read-only"),
        (entry.annotations.destructive, "destructive"),
        (entry.annotations.idempotent, "idempotent"),
        (entry.annotations.open_world, "open-world"),
    ];
    ToolChoice {
        chosen: authored::is_about(target, &id),
        id,
        upstream: entry.upstream.clone(),
        name: entry.name.clone(),
        title: entry.title.clone(),
        description: entry.description.clone(),
        claims: claims
            .iter()
            .filter(|(claim, _)| *claim == Some(true))
            .map(|(_, word)| (*word).to_owned())
            .collect(),
    }
}

/// Parameters of the chosen tools, each once, then what Doorward knows by itself.
pub(super) fn attributes(chosen: &[&ToolEntry], custom: &[Entry], seen: &Seen) -> Vec<AttributeChoice> {
    let mut parameters: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found: Vec<AttributeChoice> = Vec::new();
    for tool in chosen {
        for entry in &tool.parameters {
            *parameters.entry(entry.path.as_str()).or_default() += 1;
            if parameters.get(entry.path.as_str()) == Some(&1) {
                found.extend(attribute(entry, &tool.parameters, seen));
            }
        }
    }
    if chosen.len() > 1 {
        for choice in &mut found {
            let count = parameters.get(choice.id.as_str()).copied().unwrap_or(0);
            if count < chosen.len() {
                choice.notes.insert(0, format!("{count} of {} tools", chosen.len()));
            }
        }
    }
    let facts = policy::catalogue::facts();
    for entry in facts.iter().chain(custom) {
        found.extend(attribute(entry, &facts, seen));
    }
    found.truncate(MOST);
    found
}

/// One attribute; a list is also looked into.
fn attribute(entry: &Entry, all: &[Entry], seen: &Seen) -> Vec<AttributeChoice> {
    let mut choices = Vec::new();
    match entry.path.split_once("[]") {
        // Lists within lists have no row of their own.
        Some((_, rest)) if rest.contains("[]") => {}
        Some((list, part)) => {
            if let Some(written) = all.iter().find(|one| one.path == list).and_then(|one| one.written.clone())
            {
                choices.push(one(entry, written, Some(part.to_owned()), seen));
            }
        }
        None => {
            if let Some(written) = entry.written.clone() {
                choices.push(one(entry, written.clone(), None, seen));
                let listed = format!("{}[]", entry.path);
                if entry.kinds.contains(&Kind::List) && !all.iter().any(|one| one.path == listed) {
                    let entries = Entry {
                        path: listed,
                        kinds: if entry.path == "user.roles" { vec![Kind::Text] } else { Vec::new() },
                        operators: ENTRY_OPERATORS.to_vec(),
                        description: None,
                        title: None,
                        ..entry.clone()
                    };
                    choices.push(one(&entries, written, Some(String::new()), seen));
                }
            }
        }
    }
    choices
}

/// For entries of which nobody says what they are.
const ENTRY_OPERATORS: [Operator; 8] = [
    Operator::Equals,
    Operator::NotEquals,
    Operator::InList,
    Operator::NotInList,
    Operator::Contains,
    Operator::StartsWith,
    Operator::EndsWith,
    Operator::Matches,
];

fn one(entry: &Entry, attribute: String, part: Option<String>, seen: &Seen) -> AttributeChoice {
    let editor = editor(entry);
    let closed = !entry.values.is_empty();
    let past = seen.of(&entry.path);
    let values = if closed {
        entry.values.iter().map(plain).collect()
    } else {
        past.map(|past| past.examples.clone()).unwrap_or_default()
    };
    let mut notes = Vec::new();
    if let Some(words) = past.and_then(|past| past.words(editor)) {
        notes.push(words);
    }
    if let Some(range) = range(entry) {
        notes.push(range);
    }
    if entry.path.starts_with("args.") && part.is_none() {
        notes.push(if entry.required { "required" } else { "optional" }.to_owned());
    }
    if let Some(default) = &entry.default {
        notes.push(format!("default {}", plain(default)));
    }
    if entry.standing == Standing::Claimed && !entry.path.starts_with("args.") {
        notes.push("claimed, not verified".to_owned());
    }
    let label = match &part {
        Some(part) if part.is_empty() => format!("{attribute}, entries"),
        Some(part) => format!("{attribute}, entries {part}"),
        None => attribute.clone(),
    };
    let description = match (&entry.title, &entry.description) {
        (Some(title), Some(description)) => Some(format!("{title}. {description}")),
        (one, other) => one.clone().or_else(|| other.clone()),
    };
    AttributeChoice {
        id: entry.path.clone(),
        operators: operators::offered(&entry.operators, &entry.kinds, editor, part.is_some()),
        attribute,
        part,
        group: group(&entry.path).to_owned(),
        label,
        description,
        kind: kind(entry, editor),
        unit: unit(entry, editor),
        notes,
        values,
        closed,
        editor,
    }
}

fn editor(entry: &Entry) -> Editor {
    let path = entry.operators.contains(&Operator::WithinPath) && !entry.kinds.is_empty();
    match entry.kinds.as_slice() {
        [] => Editor::Text,
        kinds if kinds.contains(&Kind::Time) => Editor::Time,
        kinds if kinds.contains(&Kind::Text) && path => Editor::Path,
        kinds if kinds.contains(&Kind::Text) => Editor::Text,
        kinds if kinds.contains(&Kind::Number) || kinds.contains(&Kind::Whole) => Editor::Number,
        kinds if kinds.contains(&Kind::Flag) => Editor::Flag,
        _ => Editor::Text,
    }
}

fn kind(entry: &Entry, editor: Editor) -> String {
    if !entry.values.is_empty() {
        return format!("one of {}", entry.values.len());
    }
    if let Some(format) = &entry.format {
        return format.clone();
    }
    let word = |kind: &Kind| match kind {
        Kind::Text if editor == Editor::Path => "path",
        Kind::Text => "text",
        Kind::Number => "number",
        Kind::Whole => "whole number",
        Kind::Flag => "true or false",
        Kind::Time => "time",
        Kind::List => "list",
        Kind::Object => "object",
        Kind::Null => "nothing",
    };
    let words: Vec<&str> = entry.kinds.iter().filter(|kind| **kind != Kind::Null).map(word).collect();
    if words.is_empty() { "any kind".to_owned() } else { words.join(" or ") }
}

/// Units that words about a number end in: "Amount in EUR", "Timeout (seconds)".
const UNITS: [&str; 27] = [
    "EUR",
    "USD",
    "GBP",
    "CHF",
    "JPY",
    "cents",
    "percent",
    "%",
    "bytes",
    "KB",
    "MB",
    "GB",
    "milliseconds",
    "ms",
    "seconds",
    "s",
    "minutes",
    "hours",
    "days",
    "weeks",
    "months",
    "metres",
    "meters",
    "km",
    "pixels",
    "tokens",
    "lines",
];

fn unit(entry: &Entry, editor: Editor) -> Option<String> {
    if editor != Editor::Number {
        return None;
    }
    let told = |words: &String| {
        let first = words.split(['.', ',', ';', '\n']).next().unwrap_or_default().trim();
        UNITS
            .into_iter()
            .find(|unit| first.ends_with(&format!(" in {unit}")) || first.ends_with(&format!("({unit})")))
    };
    entry.title.iter().chain(&entry.description).find_map(told).map(str::to_owned)
}

fn range(entry: &Entry) -> Option<String> {
    let range = entry.range.as_ref()?;
    let low = range.low.as_ref().map(|bound| bound.value.as_str());
    let high = range.high.as_ref().map(|bound| bound.value.as_str());
    match (low, high) {
        (Some(low), Some(high)) => Some(format!("{low} to {high}")),
        (Some(low), None) => Some(format!("from {low}")),
        (None, Some(high)) => Some(format!("up to {high}")),
        (None, None) => None,
    }
}

fn group(path: &str) -> &'static str {
    match path.split(['.', '[']).next() {
        Some("args") => "Parameters",
        Some("user") => "The user",
        Some("agent") => "The agent",
        Some("tool") => "The tool",
        Some("upstream") => "The upstream",
        _ => "When and where",
    }
}

/// A value as one types it.
pub(super) fn plain(value: &Value) -> String {
    value.as_text().map_or_else(|| value.to_json(), str::to_owned)
}
