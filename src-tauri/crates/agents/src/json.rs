//! JSON with comments and trailing commas, as agents keep it. An entry is changed in the library's tree, which keeps every
//! byte, and then only the entry's own text is put in the place of the old one.

use crate::edit::{EditError, Put};
use jsonc_parser::{
    ParseOptions,
    ast::{Object, Value as Node},
    common::Ranged as _,
    cst::{CstInputValue, CstObject, CstRootNode},
    parse_to_ast,
};
use serde_json::Value;
use std::ops::Range;

fn options() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_loose_object_property_names: false,
        allow_trailing_commas: true,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

const MARK: char = '\u{feff}';

/// A byte order mark is no part of the JSON; it stays in front.
fn parts(text: &str) -> (&str, &str) {
    match text.strip_prefix(MARK) {
        Some(rest) => text.split_at(text.len() - rest.len()),
        None => ("", text),
    }
}

fn is_blank(text: &str) -> bool {
    parts(text).1.trim().is_empty()
}

fn malformed(error: &jsonc_parser::errors::ParseError) -> EditError {
    EditError::Malformed(error.to_string())
}

pub(crate) fn value(text: &str) -> Result<Value, EditError> {
    if is_blank(text) {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    let parsed =
        parse_to_ast(parts(text).1, &Default::default(), &options()).map_err(|error| malformed(&error))?;
    match parsed.value {
        Some(root @ Node::Object(_)) => Ok(root.into()),
        _ => Err(EditError::NotATable("the file".to_owned())),
    }
}

fn root(text: &str) -> Result<CstRootNode, EditError> {
    CstRootNode::parse(text, &options()).map_err(|error| malformed(&error))
}

/// The one member of that name; agents differ in which of two they take.
fn only<T>(mut named: impl Iterator<Item = T>, name: &str) -> Result<Option<T>, EditError> {
    let first = named.next();
    if named.next().is_some() { Err(EditError::Twice(name.to_owned())) } else { Ok(first) }
}

fn member(object: &CstObject, name: &str) -> Result<Option<jsonc_parser::cst::CstObjectProp>, EditError> {
    only(object.properties().into_iter().filter(|prop| prop.decoded_name().as_deref() == Some(name)), name)
}

fn table(root: &CstRootNode, path: &[String]) -> Result<Option<CstObject>, EditError> {
    let Some(mut object) = root.object_value() else {
        return Err(EditError::NotATable("the file".to_owned()));
    };
    for key in path {
        match member(&object, key)? {
            None => return Ok(None),
            Some(prop) => {
                object = prop.object_value().ok_or_else(|| EditError::NotATable(key.clone()))?;
            }
        }
    }
    Ok(Some(object))
}

/// Where an entry's value stands, by bytes of the text without its mark.
fn place(text: &str, path: &[String], name: &str) -> Result<Option<Range<usize>>, EditError> {
    let parsed = parse_to_ast(text, &Default::default(), &options()).map_err(|error| malformed(&error))?;
    let Some(Node::Object(root)) = &parsed.value else {
        return Err(EditError::NotATable("the file".to_owned()));
    };
    let mut object: &Object<'_> = root;
    for key in path {
        match only(object.properties.iter().filter(|prop| prop.name.as_str() == key), key)? {
            None => return Ok(None),
            Some(prop) => match &prop.value {
                Node::Object(inner) => object = inner,
                _ => return Err(EditError::NotATable(key.clone())),
            },
        }
    }
    let entry = only(object.properties.iter().filter(|prop| prop.name.as_str() == name), name)?;
    Ok(entry.map(|prop| prop.value.range()).map(|range| range.start..range.end))
}

fn splice(mark: &str, text: &str, at: Range<usize>, new: &str) -> Result<String, EditError> {
    let (Some(before), Some(after)) = (text.get(..at.start), text.get(at.end..)) else {
        return Err(EditError::WouldChangeMore);
    };
    Ok([mark, before, new, after].concat())
}

pub(crate) fn put(text: &str, put: &Put, reach_keys: &[&str]) -> Result<String, EditError> {
    if is_blank(text) {
        let end = if text.is_empty() { "\n" } else { text };
        return self::put(&format!("{{}}{end}"), put, reach_keys);
    }
    let (mark, text) = parts(text);
    let tree = root(text)?;
    match place(text, &put.table, &put.name)? {
        Some(at) => {
            let entries = table(&tree, &put.table)?.ok_or_else(|| EditError::Gone(put.name.clone()))?;
            let entry = member(&entries, &put.name)?.and_then(|prop| prop.object_value());
            let entry = entry.ok_or_else(|| EditError::NotATable(put.name.clone()))?;
            for prop in entry.properties() {
                if prop.decoded_name().is_some_and(|name| reach_keys.contains(&name.as_str())) {
                    prop.remove();
                }
            }
            for (index, (key, value)) in put.keys.iter().enumerate() {
                entry.insert(index, key, input(value));
            }
            splice(mark, text, at, &entry.to_string())
        }
        None => {
            let mut object =
                tree.object_value().ok_or_else(|| EditError::NotATable("the file".to_owned()))?;
            for key in &put.table {
                if member(&object, key)?.is_none() {
                    object.append(key, CstInputValue::Object(Vec::new()));
                }
                let inner = member(&object, key)?.and_then(|prop| prop.object_value());
                object = inner.ok_or_else(|| EditError::NotATable(key.clone()))?;
            }
            let keys = put.keys.iter().map(|(key, value)| (key.clone(), input(value))).collect();
            object.append(&put.name, CstInputValue::Object(keys));
            Ok([mark, &tree.to_string()].concat())
        }
    }
}

pub(crate) fn put_back(text: &str, older: &str, path: &[String], name: &str) -> Result<String, EditError> {
    let ((mark, text), (_, older)) = (parts(text), parts(older));
    let gone = || EditError::Gone(name.to_owned());
    let at = place(text, path, name)?.ok_or_else(gone)?;
    let from = place(older, path, name)?.ok_or_else(gone)?;
    splice(mark, text, at, older.get(from).ok_or_else(gone)?)
}

pub(crate) fn take_out(text: &str, path: &[String], name: &str) -> Result<String, EditError> {
    let (mark, text) = parts(text);
    let tree = root(text)?;
    let entries = table(&tree, path)?.ok_or_else(|| EditError::Gone(name.to_owned()))?;
    member(&entries, name)?.ok_or_else(|| EditError::Gone(name.to_owned()))?.remove();
    Ok([mark, &tree.to_string()].concat())
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(flag) => CstInputValue::Bool(*flag),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(list) => CstInputValue::Array(list.iter().map(input).collect()),
        Value::Object(map) => {
            CstInputValue::Object(map.iter().map(|(key, value)| (key.clone(), input(value))).collect())
        }
    }
}
