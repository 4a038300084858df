//! The chain: each entry's hash covers its own columns, its sealed body and its predecessor's hash.
//!
//! `hash = SHA-256(header ‖ SHA-256(sealed body))`, where the header holds the predecessor's hash and every
//! other column. The body's own hash is kept beside it, so that the chain survives the removal of bodies.

use crate::seal::KeyId;
use approvals::{HoldId, ReleaseId};
use policy::Timestamp;
use sha2::{Digest, Sha256};

pub(crate) type Hash = [u8; 32];

/// The last entry: what the next one follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) seq: u64,
    pub(crate) hash: Hash,
}

impl Head {
    /// Before the first entry.
    pub(crate) fn start() -> Head {
        Head { seq: 0, hash: Sha256::digest(b"doorward journal v1").into() }
    }
}

/// The columns of an entry that stand in clear.
pub(crate) struct Columns<'a> {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) kind: &'a str,
    pub(crate) hold: Option<&'a str>,
    pub(crate) release: Option<&'a str>,
    pub(crate) key: &'a KeyId,
}

impl Columns<'_> {
    /// Every part has a fixed length or is preceded by its own, so no two entries share a header.
    pub(crate) fn header(&self, previous: &Hash) -> Vec<u8> {
        let mut out = Vec::with_capacity(192);
        self.header_into(previous, &mut out);
        out
    }

    /// As [`Columns::header`], in memory that is there already.
    pub(crate) fn header_into(&self, previous: &Hash, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(b"doorward entry v1");
        out.extend_from_slice(previous);
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&self.at.0.to_be_bytes());
        out.extend_from_slice(self.key);
        for text in [Some(self.kind), self.hold, self.release] {
            match text {
                None => out.push(0),
                Some(text) => {
                    out.push(1);
                    out.extend_from_slice(&(text.len() as u64).to_be_bytes());
                    out.extend_from_slice(text.as_bytes());
                }
            }
        }
    }
}

/// What stands in an entry's body now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    AsWritten,
    /// Sealed anew without what was marked secret or too long; `body_hash` is still that of the first body.
    Redacted,
    /// Sealed anew with nothing in it but that.
    Removed,
}

impl Form {
    pub(crate) fn code(self) -> i64 {
        match self {
            Form::AsWritten => 0,
            Form::Redacted => 1,
            Form::Removed => 2,
        }
    }

    pub(crate) fn from_code(code: i64) -> Option<Form> {
        [Form::AsWritten, Form::Redacted, Form::Removed].into_iter().find(|form| form.code() == code)
    }
}

/// What a body that took the first one's place is sealed under: only this home puts one there.
pub(crate) fn replaced_header(header: &[u8], body: &Hash, form: Form) -> Vec<u8> {
    let mut out = Vec::with_capacity(header.len() + 64);
    out.extend_from_slice(b"doorward replaced v1");
    out.extend_from_slice(header);
    out.extend_from_slice(body);
    out.extend_from_slice(&form.code().to_be_bytes());
    out
}

pub(crate) fn body_hash(sealed: &[u8]) -> Hash {
    Sha256::digest(sealed).into()
}

pub(crate) fn entry_hash(header: &[u8], body: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update(header);
    hash.update(body);
    hash.finalize().into()
}

/// What an entry is about, beside its body.
#[derive(Clone, Copy, Default)]
pub(crate) struct About<'a> {
    pub(crate) hold: Option<&'a HoldId>,
    pub(crate) release: Option<&'a ReleaseId>,
}
