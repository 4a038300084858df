//! From text to tree in two passes, however deep: serde_json finds it valid, then this walks it once and keeps the
//! characters of numbers. What is no JSON never gets here; what two readers could take differently stops here.

use super::{MAX_DEPTH, MAX_VALUES, Map, Number, Value, is_odd};
use serde::de::Error as _;
use serde_json::{Error, value::RawValue};
use std::collections::HashSet;

/// Objects with more members look for a key twice by a set of the keys.
const FEW: usize = 16;

/// One value.
///
/// # Errors
/// Duplicate keys, lone surrogates, nesting past [`MAX_DEPTH`] or more than [`MAX_VALUES`] values, in words.
pub(super) fn read(valid: &RawValue) -> Result<Value, Error> {
    Reader { rest: valid.get(), left: MAX_VALUES }.value(0)
}

/// `rest` begins where the next token does, or with the white space before it.
struct Reader<'a> {
    rest: &'a str,
    /// How many values may still come.
    left: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        if depth > MAX_DEPTH {
            return Err(Error::custom(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| Error::custom(format!("more than {MAX_VALUES} values in one text")))?;
        match self.peek() {
            Some(b'{') => self.map(depth).map(Value::Map),
            Some(b'[') => self.list(depth).map(Value::List),
            Some(b'"') => self.text().map(Value::Text),
            Some(b't') => Ok(Value::Bool(self.word(4, true))),
            Some(b'f') => Ok(Value::Bool(self.word(5, false))),
            Some(b'n') => Ok(self.word(4, Value::Null)),
            _ => {
                let is_part = |c: char| matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
                let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
                self.take(end).map(|number| Value::Number(Number(number.to_owned())))
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Map, Error> {
        let mut map = Map::default();
        let mut seen = HashSet::new();
        self.take(1)?;
        while self.peek() != Some(b'}') {
            let key = self.text()?;
            let is_twice = match map.len() {
                0..FEW => map.get(&key).is_some(),
                FEW => {
                    seen.extend(map.iter().map(|(key, _)| key.to_owned()));
                    !seen.insert(key.clone())
                }
                _ => !seen.insert(key.clone()),
            };
            if is_twice {
                return Err(Error::custom(format!("the key `{key}` stands twice in one object")));
            }
            // The colon.
            self.peek();
            self.take(1)?;
            let value = self.value(depth + 1)?;
            map.has_odd_keys |= is_odd(&key);
            map.members.push((key, value));
            if self.peek() == Some(b',') {
                self.take(1)?;
            }
        }
        self.take(1)?;
        Ok(map)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Value>, Error> {
        let mut items = Vec::new();
        self.take(1)?;
        while self.peek() != Some(b']') {
            items.push(self.value(depth + 1)?);
            if self.peek() == Some(b',') {
                self.take(1)?;
            }
        }
        self.take(1)?;
        Ok(items)
    }

    /// A text with escapes is given to serde_json, which knows what they mean and which mean nothing.
    fn text(&mut self) -> Result<String, Error> {
        self.peek();
        let inner = self.rest.get(1..).ok_or_else(broken)?;
        let plain = inner.find(['"', '\\']).ok_or_else(broken)?;
        if inner.as_bytes().get(plain) == Some(&b'"') {
            return Ok(self.take(plain + 2)?.get(1..=plain).ok_or_else(broken)?.to_owned());
        }
        let mut end = plain;
        loop {
            end += inner.get(end..).and_then(|rest| rest.find(['"', '\\'])).ok_or_else(broken)?;
            if inner.as_bytes().get(end) == Some(&b'"') {
                return serde_json::from_str(self.take(end + 2)?);
            }
            // What is escaped is one ASCII character at least.
            end += 2;
        }
    }

    fn word<T>(&mut self, length: usize, meaning: T) -> T {
        self.rest = self.rest.get(length..).unwrap_or_default();
        meaning
    }

    /// The next byte that is not white space, which is where `rest` begins from then on.
    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        self.rest.as_bytes().first().copied()
    }

    fn take(&mut self, length: usize) -> Result<&'a str, Error> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(broken)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// Cannot come of a text that was found valid.
fn broken() -> Error {
    Error::custom("the text breaks off")
}
