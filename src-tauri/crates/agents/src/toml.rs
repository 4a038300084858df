//! TOML, as Codex keeps it: tables of their own, inline tables and dotted keys alike. A text that the library would not
//! write again as it is, but for its line ends, is not touched.

use crate::edit::{EditError, Put};
use serde_json::Value;
use std::str::FromStr as _;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike};

fn document(text: &str) -> Result<DocumentMut, EditError> {
    DocumentMut::from_str(text).map_err(|error| EditError::Malformed(error.message().to_owned()))
}

pub(crate) fn value(text: &str) -> Result<Value, EditError> {
    Ok(plain(document(text)?.as_item()))
}

fn plain(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => plain_value(value),
        Item::Table(table) => plain_table(table),
        Item::ArrayOfTables(tables) => tables.iter().map(|table| plain_table(table)).collect(),
    }
}

fn plain_table(table: &dyn TableLike) -> Value {
    Value::Object(table.iter().map(|(key, item)| (key.to_owned(), plain(item))).collect())
}

fn plain_value(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => text.value().as_str().into(),
        toml_edit::Value::Integer(number) => (*number.value()).into(),
        toml_edit::Value::Boolean(flag) => (*flag.value()).into(),
        toml_edit::Value::Float(number) => number.value().to_string().into(),
        toml_edit::Value::Datetime(time) => time.value().to_string().into(),
        toml_edit::Value::Array(list) => list.iter().map(plain_value).collect(),
        toml_edit::Value::InlineTable(table) => plain_table(table),
    }
}

/// Runs a change on the text with plain line ends, and gives it back with those it had.
fn edit(
    text: &str,
    change: impl FnOnce(&mut DocumentMut) -> Result<(), EditError>,
) -> Result<String, EditError> {
    let ends = text.matches("\r\n").count();
    // Mixed line ends cannot be told apart afterwards.
    let is_windows = ends > 0 && ends == text.matches('\n').count();
    if ends > 0 && !is_windows {
        return Err(EditError::WouldChangeMore);
    }
    let unix = if is_windows { text.replace("\r\n", "\n") } else { text.to_owned() };
    let mut document = document(&unix)?;
    if document.to_string() != unix {
        return Err(EditError::WouldChangeMore);
    }
    change(&mut document)?;
    let changed = document.to_string();
    Ok(if is_windows { changed.replace('\n', "\r\n") } else { changed })
}

fn table<'a>(
    document: &'a mut DocumentMut,
    path: &[String],
) -> Result<Option<&'a mut dyn TableLike>, EditError> {
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for key in path {
        match table.get_mut(key) {
            None => return Ok(None),
            Some(item) => {
                table = item.as_table_like_mut().ok_or_else(|| EditError::NotATable(key.clone()))?;
            }
        }
    }
    Ok(Some(table))
}

pub(crate) fn put(text: &str, put: &Put, reach_keys: &[&str]) -> Result<String, EditError> {
    edit(text, |document| {
        if table(document, &put.table)?.is_none() {
            make_tables(document, &put.table)?;
        }
        let tables = table(document, &put.table)?.ok_or_else(|| EditError::Gone(put.name.clone()))?;
        if let Some(entry) = tables.get_mut(&put.name) {
            let entry = entry.as_table_like_mut().ok_or_else(|| EditError::NotATable(put.name.clone()))?;
            let old: Vec<String> = entry.iter().map(|(key, _)| key.to_owned()).collect();
            for key in old.iter().filter(|key| reach_keys.contains(&key.as_str())) {
                entry.remove(key);
            }
            fill(entry, &put.keys);
        } else {
            let mut entry = Table::new();
            fill(&mut entry, &put.keys);
            tables.insert(&put.name, Item::Table(entry));
        }
        Ok(())
    })
}

fn make_tables(document: &mut DocumentMut, path: &[String]) -> Result<(), EditError> {
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for key in path {
        if table.get(key).is_none() {
            let mut made = Table::new();
            made.set_implicit(true);
            table.insert(key, Item::Table(made));
        }
        let item = table.get_mut(key).and_then(Item::as_table_like_mut);
        table = item.ok_or_else(|| EditError::NotATable(key.clone()))?;
    }
    Ok(())
}

fn fill(entry: &mut dyn TableLike, keys: &[(String, Value)]) {
    for (key, value) in keys {
        entry.insert(key, Item::Value(input(value)));
    }
}

fn input(value: &Value) -> toml_edit::Value {
    match value {
        Value::Null => "".into(),
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => number.as_i64().unwrap_or_default().into(),
        Value::String(text) => text.as_str().into(),
        Value::Array(list) => toml_edit::Value::Array(list.iter().map(input).collect::<Array>()),
        Value::Object(map) => {
            let table: InlineTable = map.iter().map(|(key, value)| (key.as_str(), input(value))).collect();
            toml_edit::Value::InlineTable(table)
        }
    }
}

pub(crate) fn put_back(text: &str, older: &str, path: &[String], name: &str) -> Result<String, EditError> {
    let gone = || EditError::Gone(name.to_owned());
    let mut from = document(&older.replace("\r\n", "\n"))?;
    let entry = table(&mut from, path)?.and_then(|table| table.get(name).cloned()).ok_or_else(gone)?;
    edit(text, |document| {
        let tables = table(document, path)?.ok_or_else(gone)?;
        *tables.get_mut(name).ok_or_else(gone)? = entry;
        Ok(())
    })
}

pub(crate) fn take_out(text: &str, path: &[String], name: &str) -> Result<String, EditError> {
    edit(text, |document| {
        let tables = table(document, path)?.ok_or_else(|| EditError::Gone(name.to_owned()))?;
        tables.remove(name).map(|_| ()).ok_or_else(|| EditError::Gone(name.to_owned()))
    })
}
