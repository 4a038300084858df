//! Changes of a file's text. Whatever the format, an edit is checked before it is handed out: what was asked for is in
//! the new text, and nothing else reads differently. An edit that fails this is refused, not made.

use crate::{
    json,
    registry::{Format, Known},
    server::{self, REACH_KEYS, Server},
    toml,
};
use serde_json::Value;

/// One entry as it shall be: these keys instead of all that say how the server is reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Put {
    pub table: Vec<String>,
    pub name: String,
    pub keys: Vec<(String, Value)>,
}

/// Why a text is not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("it cannot be read: {0}")]
    Malformed(String),
    #[error("`{0}` is named twice in it")]
    Twice(String),
    #[error("it has no server `{0}` any more")]
    Gone(String),
    #[error("`{0}` is not a table")]
    NotATable(String),
    #[error("it cannot be changed without changing other parts of it as well")]
    WouldChangeMore,
}

/// Every server of a text, in the order of its tables.
///
/// # Errors
/// [`EditError::Malformed`] or [`EditError::Twice`].
pub fn servers(known: &Known, text: &str) -> Result<Vec<Server>, EditError> {
    let root = value(known.format, text)?;
    let mut found = Vec::new();
    for pattern in known.tables {
        for table in tables(&root, pattern) {
            if let Some(Value::Object(entries)) = at(&root, &table) {
                found.extend(entries.iter().map(|(name, entry)| server::read(known, name, &table, entry)));
            }
        }
    }
    Ok(found)
}

/// The text with these entries put in; an empty text is a new file.
///
/// # Errors
/// [`EditError`]; nothing was changed then.
pub fn apply(known: &Known, text: &str, puts: &[Put]) -> Result<String, EditError> {
    let mut changed = text.to_owned();
    for put in puts {
        changed = match known.format {
            Format::Json => json::put(&changed, put, &REACH_KEYS)?,
            Format::Toml => toml::put(&changed, put, &REACH_KEYS)?,
        };
    }
    let touched: Vec<_> = puts.iter().map(|put| (put.table.as_slice(), put.name.as_str())).collect();
    check(known, text, &changed, &touched)?;
    let root = value(known.format, &changed)?;
    for put in puts {
        let entry = at(&root, &put.table).and_then(|table| table.get(&put.name));
        let has = |(key, wanted): &(String, Value)| entry.and_then(|entry| entry.get(key)) == Some(wanted);
        if !put.keys.iter().all(has) {
            return Err(EditError::WouldChangeMore);
        }
    }
    Ok(changed)
}

/// The text with an entry as an older text had it.
///
/// # Errors
/// As [`apply`].
pub fn put_back(
    known: &Known,
    text: &str,
    older: &str,
    table: &[String],
    name: &str,
) -> Result<String, EditError> {
    let changed = match known.format {
        Format::Json => json::put_back(text, older, table, name)?,
        Format::Toml => toml::put_back(text, older, table, name)?,
    };
    check(known, text, &changed, &[(table, name)])?;
    let (new, old) = (value(known.format, &changed)?, value(known.format, older)?);
    let entry = |root: &Value| at(root, table).and_then(|table| table.get(name)).cloned();
    if entry(&new) == entry(&old) { Ok(changed) } else { Err(EditError::WouldChangeMore) }
}

/// The text without an entry.
///
/// # Errors
/// As [`apply`].
pub fn take_out(known: &Known, text: &str, table: &[String], name: &str) -> Result<String, EditError> {
    let changed = match known.format {
        Format::Json => json::take_out(text, table, name)?,
        Format::Toml => toml::take_out(text, table, name)?,
    };
    check(known, text, &changed, &[(table, name)])?;
    Ok(changed)
}

/// The whole text as plain values.
pub(crate) fn value(format: Format, text: &str) -> Result<Value, EditError> {
    match format {
        Format::Json => json::value(text),
        Format::Toml => toml::value(text),
    }
}

pub(crate) fn at<'a>(root: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(root, |value, key| value.get(key))
}

/// Paths that a pattern stands for in this text.
fn tables(root: &Value, pattern: &[&str]) -> Vec<Vec<String>> {
    let mut paths = vec![Vec::new()];
    for step in pattern {
        let grown = paths.iter().flat_map(|path: &Vec<String>| {
            let keys: Vec<String> = match (*step, at(root, path)) {
                ("*", Some(Value::Object(map))) => map.keys().cloned().collect(),
                ("*", _) => Vec::new(),
                (step, _) => vec![step.to_owned()],
            };
            keys.into_iter()
                .map(|key| path.iter().cloned().chain([key]).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        });
        paths = grown.collect();
    }
    paths
}

/// Nothing but these entries reads differently.
fn check(known: &Known, before: &str, after: &str, touched: &[(&[String], &str)]) -> Result<(), EditError> {
    let (mut before, mut after) = (value(known.format, before)?, value(known.format, after)?);
    for side in [&mut before, &mut after] {
        for (table, name) in touched {
            drop_entry(side, table, name);
        }
    }
    if before == after { Ok(()) } else { Err(EditError::WouldChangeMore) }
}

/// Takes the entry out, and the tables around it that hold nothing else.
fn drop_entry(root: &mut Value, table: &[String], name: &str) {
    match table.split_first() {
        None => {
            if let Value::Object(map) = root {
                map.remove(name);
            }
        }
        Some((key, rest)) => {
            let Value::Object(map) = root else { return };
            let Some(inner) = map.get_mut(key) else { return };
            drop_entry(inner, rest, name);
            if inner.as_object().is_some_and(serde_json::Map::is_empty) {
                map.remove(key);
            }
        }
    }
}
