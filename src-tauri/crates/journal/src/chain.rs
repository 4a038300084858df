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
        out
    }
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
