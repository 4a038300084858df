//! Which values are secret: by what the tool's schema says of them, and by their names.
//!
//! A schema marks a value with `format: password` or `writeOnly: true` (JSON Schema 2020-12, validation §7.3 and §9.4).
//! A name counts without its case, `-`, `_`, `.` and spaces; it marks a value where it ends with one of [`NAMES`].

use policy::Value;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// The one list. `max_tokens` and `tokens` are none, `page_token` is one: better too much than too little.
pub(crate) const NAMES: [&str; 22] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "secret",
    "secretkey",
    "secrets",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "connectionstring",
    "otp",
    "cvv",
    "bearer",
];

/// How deep a schema is followed, and how many definitions are remembered.
const DEPTH: usize = 24;
const MOST: usize = 512;

/// True where a member of this name is secret whatever its schema says.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let plain = |c: &char| !matches!(c, '-' | '_' | '.' | ' ');
    let name: String = name.chars().filter(plain).flat_map(char::to_lowercase).collect();
    NAMES.iter().any(|secret| name.ends_with(secret))
}

/// What a schema marks, with nothing else in it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Marked {
    pub(crate) is_secret: bool,
    pub(crate) members: BTreeMap<String, Marked>,
    /// Of every entry of a list, and of every member that is not named.
    pub(crate) others: Option<Box<Marked>>,
}

/// Remembered by the hash of the pinned definition.
#[derive(Default)]
pub(crate) struct Marks(Mutex<HashMap<Vec<u8>, Arc<Marked>>>);

impl Marks {
    /// Of a tool as it is pinned; of an unknown one, nothing.
    pub(crate) fn of(
        &self,
        sql: &Connection,
        upstream: &str,
        tool: &str,
    ) -> Result<Arc<Marked>, rusqlite::Error> {
        let hash: Option<Vec<u8>> = sql
            .prepare_cached("SELECT hash FROM pins WHERE upstream = ?1 AND tool = ?2")?
            .query_row(params![upstream, tool], |row| row.get(0))
            .optional()?;
        let Some(hash) = hash else { return Ok(Arc::default()) };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(marked) = known.get(&hash) {
            return Ok(Arc::clone(marked));
        }
        let definition: String = sql
            .prepare_cached("SELECT definition FROM pins WHERE upstream = ?1 AND tool = ?2")?
            .query_row(params![upstream, tool], |row| row.get(0))?;
        let definition = Value::parse(definition.as_bytes()).ok();
        let schema = definition.as_ref().and_then(|definition| definition.get("inputSchema"));
        let marked = Arc::new(schema.and_then(|schema| read(schema, schema, DEPTH)).unwrap_or_default());
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(hash, Arc::clone(&marked));
        Ok(marked)
    }
}

/// None where nothing is marked.
pub(crate) fn read(schema: &Value, root: &Value, depth: usize) -> Option<Marked> {
    let depth = depth.checked_sub(1)?;
    let map = schema.as_map()?;
    let text = |key: &str| map.get(key).and_then(Value::as_text);
    let mut marked = Marked {
        is_secret: text("format") == Some("password")
            || map.get("writeOnly").and_then(Value::as_bool) == Some(true),
        ..Marked::default()
    };
    if let Some(properties) = map.get("properties").and_then(Value::as_map) {
        for (name, schema) in properties.iter() {
            if let Some(member) = read(schema, root, depth) {
                marked.members.insert(name.to_owned(), member);
            }
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(others) = map.get(key).and_then(|schema| read(schema, root, depth)) {
            join(marked.others.get_or_insert_default(), others);
        }
    }
    for key in ["allOf", "anyOf", "oneOf", "prefixItems"] {
        for part in map.get(key).and_then(Value::as_list).unwrap_or_default() {
            if let Some(part) = read(part, root, depth) {
                if key == "prefixItems" {
                    join(marked.others.get_or_insert_default(), part);
                } else {
                    join(&mut marked, part);
                }
            }
        }
    }
    if let Some(pointer) = text("$ref").and_then(|reference| reference.strip_prefix("#/"))
        && let Some(target) = pointer.split('/').try_fold(root, |at, key| at.get(key))
        && let Some(target) = read(target, root, depth)
    {
        join(&mut marked, target);
    }
    (marked != Marked::default()).then_some(marked)
}

fn join(into: &mut Marked, from: Marked) {
    into.is_secret |= from.is_secret;
    for (name, member) in from.members {
        join(into.members.entry(name).or_default(), member);
    }
    if let Some(others) = from.others {
        join(into.others.get_or_insert_default(), *others);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_secret_by_how_they_end() {
        for name in [
            "password",
            "API-Key",
            "dbPassword",
            "x_api_key",
            "Authorization",
            "clientSecret",
            "access_token",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["max_tokens", "tokens", "passwordless", "secretary", "key", "author", "amount", ""] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn a_schema_marks_values_at_any_depth() {
        let schema = r##"{"properties":{"login":{"$ref":"#/$defs/login"},"pages":{"items":{"writeOnly":true}},
            "name":{"type":"string"},"either":{"oneOf":[{"type":"null"},{"format":"password"}]}},
            "$defs":{"login":{"properties":{"word":{"format":"password"},"again":{"$ref":"#/$defs/login"}}}}}"##;
        let schema = Value::parse(schema.as_bytes()).unwrap();
        let marked = read(&schema, &schema, DEPTH).unwrap();
        assert!(marked.members["login"].members["word"].is_secret);
        assert!(marked.members["login"].members["again"].members["word"].is_secret);
        assert!(marked.members["pages"].others.as_ref().unwrap().is_secret);
        assert!(marked.members["either"].is_secret);
        assert!(!marked.members.contains_key("name"));
    }
}
