//! JSON as judged and as sent: one tree, numbers with exactly the characters received (I12).
//!
//! Parsing refuses what two readers could understand differently: duplicate keys, lone surrogates, trailing
//! text, nesting past [`MAX_DEPTH`]; and more than [`MAX_VALUES`] values, which a short text can hold many of.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};
use serde_json::value::RawValue;
use std::fmt;

/// Deepest nesting taken.
pub const MAX_DEPTH: usize = 64;
/// Most values taken in one text, members and list entries counted each: about 40 MB of memory.
pub const MAX_VALUES: usize = 500_000;

/// Any JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Value>),
    Map(Map),
}

/// A JSON number, character for character as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(String);

impl Number {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Members in the order received; keys are unique.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    members: Vec<(String, Value)>,
    /// Some key is not of visible ASCII alone. Kept, so that looking for look-alikes costs nothing where there are
    /// none.
    has_odd_keys: bool,
}

impl Map {
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.members.iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// Sets a member; an existing one keeps its place.
    pub fn insert(&mut self, key: &str, value: Value) {
        match self.members.iter_mut().find(|(k, _)| k == key) {
            Some((_, old)) => *old = value,
            None => self.push(key.to_owned(), value),
        }
    }

    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.members.iter().position(|(k, _)| k == key)?;
        let (_, value) = self.members.remove(at);
        self.has_odd_keys = self.members.iter().any(|(key, _)| is_odd(key));
        Some(value)
    }

    /// The key is new.
    fn push(&mut self, key: String, value: Value) {
        self.has_odd_keys |= is_odd(&key);
        self.members.push((key, value));
    }

    pub(crate) fn has_odd_keys(&self) -> bool {
        self.has_odd_keys
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

/// Whether a key has characters that are not visible ASCII.
pub(crate) fn is_odd(key: &str) -> bool {
    !key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Why a text is not taken as JSON.
#[derive(Debug, thiserror::Error)]
#[error("not valid JSON: {0}")]
pub struct JsonError(#[from] serde_json::Error);

impl Value {
    /// Reads one JSON text.
    ///
    /// # Errors
    /// Malformed text, duplicate keys, nesting past [`MAX_DEPTH`] or more than [`MAX_VALUES`] values, in words.
    pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
        let raw: &RawValue = serde_json::from_slice(text)?;
        Ok(read(raw.get(), 0, &mut { MAX_VALUES })?)
    }

    /// Compact JSON; numbers as received.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, false);
        out
    }

    /// RFC 8785 but for numbers, which keep exactly the characters received: keys sorted by UTF-16 code units.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, true);
        out
    }

    fn write(&self, out: &mut String, sorted: bool) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(true) => out.push_str("true"),
            Value::Bool(false) => out.push_str("false"),
            Value::Number(n) => out.push_str(n.as_str()),
            Value::Text(text) => write_text(text, out),
            Value::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write(out, sorted);
                }
                out.push(']');
            }
            Value::Map(map) => {
                let mut members: Vec<_> = map.iter().collect();
                if sorted {
                    members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
                }
                out.push('{');
                for (i, (key, value)) in members.into_iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    value.write(out, sorted);
                }
                out.push('}');
            }
        }
    }

    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// A member of an object; none for anything else.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// An object with these members.
    #[must_use]
    pub fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
        let mut map = Map::default();
        for (key, value) in members {
            map.insert(key, value);
        }
        Value::Map(map)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Value {
        Value::Number(Number(n.to_string()))
    }
}

/// RFC 8785 §3.2.2.2: the short escapes, `\u00xx` for other control characters, everything else as it is.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => {
                out.push_str("\\u00");
                out.push(if c < '\u{10}' { '0' } else { '1' });
                out.push(char::from_digit(c as u32 & 15, 16).unwrap_or('0'));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// One level at a time, so that numbers stay raw; costs one scan of the text for each level of nesting.
/// `left` is how many values may still come.
fn read(text: &str, depth: usize, left: &mut usize) -> Result<Value, serde_json::Error> {
    if depth > MAX_DEPTH {
        return Err(de::Error::custom(format!("nested deeper than {MAX_DEPTH} levels")));
    }
    *left = left
        .checked_sub(1)
        .ok_or_else(|| de::Error::custom(format!("more than {MAX_VALUES} values in one text")))?;
    match text.as_bytes().first() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(text)?;
            let mut map = Map { members: Vec::with_capacity(members.len()), has_odd_keys: false };
            for (key, raw) in members {
                map.push(key, read(raw.get(), depth + 1, left)?);
            }
            Ok(Value::Map(map))
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            let items = items.into_iter().map(|raw| read(raw.get(), depth + 1, left));
            items.collect::<Result<_, _>>().map(Value::List)
        }
        Some(b'"') => serde_json::from_str(text).map(Value::Text),
        Some(b't' | b'f') => serde_json::from_str(text).map(Value::Bool),
        Some(b'n') => Ok(Value::Null),
        _ => Ok(Value::Number(Number(text.to_owned()))),
    }
}

/// An object's members, duplicate keys refused.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                let mut seen = std::collections::HashSet::new();
                while let Some((key, raw)) = map.next_entry::<String, &RawValue>()? {
                    if !seen.insert(key.clone()) {
                        return Err(de::Error::custom(format!("the key `{key}` stands twice in one object")));
                    }
                    members.push((key, raw));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// Works with serde_json only: numbers go out as raw text.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Number(n) => {
                RawValue::from_string(n.0.clone()).map_err(serde::ser::Error::custom)?.serialize(serializer)
            }
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items),
            Value::Map(map) => {
                let mut out = serializer.serialize_map(Some(map.len()))?;
                for (key, value) in map.iter() {
                    out.serialize_entry(key, value)?;
                }
                out.end()
            }
        }
    }
}

/// Works with serde_json only, and not inside untagged or flattened types.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        read(raw.get(), 0, &mut { MAX_VALUES }).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_out_with_the_characters_they_came_in_with() {
        let text = r#"{"b":1e3,"a":[5000.000000000000001,-0,12345678901234567890123],"c":"é\n"}"#;
        assert_eq!(Value::parse(text.as_bytes()).unwrap().to_json(), text);
    }

    #[test]
    fn canonical_text_sorts_keys_and_keeps_numbers() {
        let value = Value::parse(br#"{"b": 1.0, "a" : {"d":2,"c":[ ]}}"#).unwrap();
        assert_eq!(value.canonical(), r#"{"a":{"c":[],"d":2},"b":1.0}"#);
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"["\ud800"]"#,
            "{} {}",
            "{'a':1}",
            "[1,]",
            "01",
            "",
        ] {
            assert!(Value::parse(text.as_bytes()).is_err(), "{text}");
        }
        let escaped = r#"{"a":1,"\u0061":2}"#;
        assert!(Value::parse(escaped.as_bytes()).unwrap_err().to_string().contains("stands twice"));
        let deep = "[".repeat(80) + &"]".repeat(80);
        assert!(Value::parse(deep.as_bytes()).is_err());
    }

    #[test]
    fn a_short_text_of_very_many_values_is_refused() {
        let list = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
        assert!(Value::parse(list(MAX_VALUES - 1).as_bytes()).is_ok(), "the list itself counts too");
        let error = Value::parse(list(MAX_VALUES).as_bytes()).unwrap_err().to_string();
        assert!(error.contains("more than 500000 values"), "{error}");
        assert!(serde_json::from_str::<Value>(&list(MAX_VALUES)).is_err());
    }

    #[test]
    fn an_object_with_a_library_private_key_stays_an_object() {
        let text = r#"{"$serde_json::private::Number":"1","$serde_json::private::RawValue":"2"}"#;
        assert_eq!(Value::parse(text.as_bytes()).unwrap().to_json(), text);
        let again: Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }
}
