//! What differs between a call and an earlier one of the same tool. Pure: two sets of arguments go in. Places are
//! compared by the keys that lead to them, not by how they read, so that no key can pass for another one's place.

use super::{CardArgument, ToolWords, arguments};
use policy::Value;
use serde::Serialize;
use std::collections::HashMap;
use ts_rs::TS;

/// The last call of the same tool that people approved, beside the call of a card.
#[derive(Clone, Debug, Serialize, TS)]
pub struct LastApproved {
    /// When it was approved, epoch milliseconds.
    #[ts(type = "number")]
    pub at: i64,
    /// "Ana, in the window"
    pub by: String,
    /// The agent that made it, where it was another one.
    pub agent: Option<String>,
    pub changes: Vec<CardChange>,
    /// Arguments that it had and this call has not.
    pub gone: Vec<CardArgument>,
}

/// One argument that is not as it was.
#[derive(Clone, Debug, Serialize, TS)]
pub struct CardChange {
    /// Its place among the card's arguments.
    pub argument: usize,
    pub kind: ChangeKind,
    /// As it was; none where it was not there, or is not on record.
    pub was: Option<CardArgument>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename = "CardChangeKind")]
pub enum ChangeKind {
    Changed,
    New,
    /// The record leaves the earlier value out: nobody can tell.
    NotKept,
}

/// What is different now. `left_out` names the places whose values the record does not have.
#[must_use]
pub fn between(now: &Value, before: &Value, left_out: &[String]) -> (Vec<CardChange>, Vec<CardArgument>) {
    let words = ToolWords::default();
    let (places, old_places) = (leaves(now), leaves(before));
    let mut rows: Vec<Option<CardArgument>> = arguments(before, &words).into_iter().map(Some).collect();
    let old: HashMap<&[&str], (usize, &Value)> =
        old_places.iter().enumerate().map(|(at, (keys, value))| (keys.as_slice(), (at, *value))).collect();
    let mut take = |at: usize| rows.get_mut(at).and_then(Option::take);
    let mut changes = Vec::new();
    for (argument, (keys, value)) in places.iter().enumerate() {
        let earlier = old.get(keys.as_slice());
        let was = earlier.and_then(|(at, _)| take(*at));
        let is_left_out = left_out.iter().any(|path| is_at(keys, path));
        let kind = match earlier {
            _ if is_left_out => ChangeKind::NotKept,
            Some((_, before)) if before == value => continue,
            Some(_) => ChangeKind::Changed,
            None => ChangeKind::New,
        };
        changes.push(CardChange { argument, kind, was: was.filter(|_| !is_left_out) });
    }
    (changes, rows.into_iter().flatten().collect())
}

/// One leaf a row of a card, in the same order.
fn leaves(arguments: &Value) -> Vec<(Vec<&str>, &Value)> {
    fn open<'a>(keys: &[&'a str], value: &'a Value, found: &mut Vec<(Vec<&'a str>, &'a Value)>) {
        match value.as_map().filter(|map| !map.is_empty() || keys.is_empty()) {
            Some(map) => {
                for (key, inner) in map.iter() {
                    open(&[keys, &[key]].concat(), inner, found);
                }
            }
            None if keys.is_empty() => {}
            None => found.push((keys.to_vec(), value)),
        }
    }
    let mut found = Vec::new();
    open(&[], arguments, &mut found);
    found
}

/// The place itself, or anything within it.
fn is_at(keys: &[&str], path: &str) -> bool {
    let place = keys.join(".");
    place == path
        || place.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
        || path.strip_prefix(place.as_str()).is_some_and(|rest| rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Value::parse(text.as_bytes()).unwrap()
    }

    fn told(now: &str, before: &str, left_out: &[&str]) -> String {
        let (now, before) = (value(now), value(before));
        let left_out: Vec<String> = left_out.iter().map(|path| (*path).to_owned()).collect();
        let (changes, gone) = between(&now, &before, &left_out);
        let rows = arguments(&now, &ToolWords::default());
        let text =
            |row: &CardArgument| row.pieces.iter().map(crate::visible::Piece::marked).collect::<String>();
        let mut told: Vec<String> = changes
            .iter()
            .map(|change| {
                let was = change.was.as_ref().map(text).unwrap_or_default();
                format!("{} {:?} {was}", rows[change.argument].path, change.kind)
            })
            .collect();
        told.extend(gone.iter().map(|row| format!("{} gone {}", row.path, text(row))));
        told.join("; ").replace(" ;", ";").trim().to_owned()
    }

    #[test]
    fn only_what_is_not_as_it_was_is_told() {
        let now = r#"{"amount": 7250.00, "to": "Nordwind", "note": "x"}"#;
        assert_eq!(told(now, now, &[]), "");
        assert_eq!(
            told(now, r#"{"to": "Nordwind", "amount": 6800, "copy": true}"#, &[]),
            "amount Changed 6800; note New; copy gone true"
        );
    }

    #[test]
    fn a_number_written_otherwise_and_another_kind_are_changes() {
        assert_eq!(told(r#"{"n": 1.0}"#, r#"{"n": 1}"#, &[]), "n Changed 1");
        assert_eq!(told(r#"{"n": "1"}"#, r#"{"n": 1}"#, &[]), "n Changed 1");
    }

    #[test]
    fn places_that_read_alike_are_told_apart() {
        assert_eq!(told(r#"{"a.b": 1}"#, r#"{"a": {"b": 1}}"#, &[]), "a.b New; a.b gone 1");
        assert_eq!(told(r#"{"a": {"b": 1}, "c": {}}"#, r#"{"a": {"b": 2}, "c": {}}"#, &[]), "a.b Changed 2");
    }

    #[test]
    fn what_the_record_leaves_out_is_not_called_unchanged() {
        let text = r#"{"token": "(left out)", "to": {"iban": "(left out)"}, "n": 1}"#;
        assert_eq!(told(text, text, &["token", "to"]), "token NotKept; to.iban NotKept");
    }

    #[test]
    fn arguments_that_are_no_object_have_no_difference() {
        assert_eq!(told("[]", "{}", &[]), "");
    }
}
