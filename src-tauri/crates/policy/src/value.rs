//! JSON as judged and as sent: one tree, numbers with exactly the characters received (I12).
//!
//! Parsing refuses what two readers could understand differently: duplicate keys, lone surrogates, trailing
//! text, nesting past [`MAX_DEPTH`]; and more than [`MAX_VALUES`] values, which a short text can hold many of.

mod read;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};
use serde_json::value::RawValue;

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

    #[must_use]
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.members.iter_mut().find(|(k, _)| k == key).map(|(_, v)| v)
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
        Ok(read::read(raw)?)
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
    let mut rest = text;
    // All that is escaped is ASCII, so a text is cut between characters.
    while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        let Some((plain, from)) = rest.split_at_checked(at) else { break };
        out.push_str(plain);
        let byte = from.bytes().next().unwrap_or_default();
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            8 => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            12 => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            _ => {
                out.push_str("\\u00");
                out.push(if byte < 16 { '0' } else { '1' });
                out.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
            }
        }
        rest = from.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    out.push('"');
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
        read::read(&raw).map_err(de::Error::custom)
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
    fn white_space_and_escapes_are_read_and_what_must_be_escaped_is() {
        let text = " { \"a\\u0062\\\"\" : [ \"\" , true,\tfalse , null , {} , [ ] , \"\\ud83d\\ude00\\\\\" ] ,\n\"c\":-1.50E+2 } ";
        let value = Value::parse(text.as_bytes()).unwrap();
        assert_eq!(
            value.to_json(),
            "{\"ab\\\"\":[\"\",true,false,null,{},[],\"\u{1f600}\\\\\"],\"c\":-1.50E+2}"
        );
        let controls: String = (0..32_u8).map(char::from).chain("\"\\é".chars()).collect();
        let written = Value::from(controls.clone()).to_json();
        assert_eq!(Value::parse(written.as_bytes()).unwrap().as_text(), Some(controls.as_str()));
        assert!(
            written.starts_with(r#""\u0000\u0001"#)
                && written.contains(r"\u001f")
                && written.ends_with("é\""),
            "{written}"
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_found_among_few_and_among_many() {
        let members =
            |count: usize| (0..count).map(|n| format!("\"k{n}\":{n}")).collect::<Vec<_>>().join(",");
        for count in [1, 15, 16, 17, 18, 300] {
            let good = format!("{{{}}}", members(count));
            assert_eq!(Value::parse(good.as_bytes()).unwrap().to_json(), good);
            for key in [0, count - 1] {
                let bad = format!("{{{},\"k{key}\":0}}", members(count));
                assert!(Value::parse(bad.as_bytes()).is_err(), "{key} of {count}");
            }
        }
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
