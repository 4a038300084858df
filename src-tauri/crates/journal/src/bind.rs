//! What stands beside the chain is bound to the home: each row of an index, a pin, a cut, an anchor and an export
//! carries an HMAC-SHA256 (16 bytes kept) under a key of its own, so that nobody without the root key changes one unseen.

use crate::key::{Purpose, RootKey};
use hkdf::hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub(crate) type Code = [u8; 16];

/// One column of what is bound.
pub(crate) enum Part<'a> {
    Nothing,
    Number(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

pub(crate) struct Binder(Hmac<Sha256>);

impl Binder {
    pub(crate) fn new(root: &RootKey) -> Binder {
        match Hmac::<Sha256>::new_from_slice(&*root.subkey(Purpose::Bind).0) {
            Ok(mac) => Binder(mac),
            Err(_) => unreachable!("HMAC takes a key of any length"),
        }
    }

    /// `tag` names what is bound. Every part has a fixed length or is preceded by its own.
    pub(crate) fn code(&self, tag: &str, parts: &[Part<'_>]) -> Code {
        let mut input = Vec::with_capacity(256);
        put(&mut input, 0, tag.as_bytes());
        for part in parts {
            match part {
                Part::Nothing => input.push(1),
                Part::Number(number) => {
                    input.push(2);
                    input.extend_from_slice(&number.to_be_bytes());
                }
                Part::Text(text) => put(&mut input, 3, text.as_bytes()),
                Part::Bytes(bytes) => put(&mut input, 4, bytes),
            }
        }
        let mut mac = self.0.clone();
        mac.update(&input);
        let mut code = [0; 16];
        for (to, from) in code.iter_mut().zip(mac.finalize().into_bytes()) {
            *to = from;
        }
        code
    }
}

fn put(input: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    input.push(kind);
    input.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    input.extend_from_slice(bytes);
}

impl From<u64> for Part<'_> {
    fn from(number: u64) -> Self {
        Part::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Option<i64>> for Part<'_> {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Part::Nothing, Part::Number)
    }
}

impl<'a> From<Option<&'a str>> for Part<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Part::Nothing, Part::Text)
    }
}
