//! How files as they were are kept: sealed with a key of the home, as they hold agents' and servers' secrets (I8).
//!
//! Where a home's keys do not outlive the process nothing could be opened again, so its files lie as they were, for their
//! owner alone; its upstreams' secrets lie in clear there anyway. Without either nothing is kept, and so nothing changed.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use std::sync::Arc;
use zeroize::Zeroizing;

const MARK: &[u8] = b"doorward sealed 1\n";
const NONCE: usize = 24;

/// What stands between a kept file and whoever reads the disk.
#[derive(Clone, Default)]
pub enum Seal {
    /// The home was opened without its keys: its records can be read, and nothing more.
    #[default]
    Closed,
    /// The home has no key that lasts.
    Plain,
    With(Arc<Zeroizing<[u8; 32]>>),
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Seal::Closed => "Closed",
            Seal::Plain => "Plain",
            Seal::With(_) => "With(..)",
        })
    }
}

/// Why a text is not sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the home's key is not at hand")]
    Closed,
    #[error("it was sealed with another key, or changed")]
    Changed,
    #[error("the system gives no random bytes")]
    NoRandomness,
}

impl Seal {
    #[must_use]
    pub fn with(key: [u8; 32]) -> Seal {
        Seal::With(Arc::new(Zeroizing::new(key)))
    }

    /// `name` is bound to it: what was sealed under one name opens under no other.
    pub(crate) fn seal(&self, name: &str, text: &str) -> Result<Vec<u8>, SealError> {
        let key = match self {
            Seal::Closed => return Err(SealError::Closed),
            Seal::Plain => return Ok(text.as_bytes().to_vec()),
            Seal::With(key) => key,
        };
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        let payload = Payload { msg: text.as_bytes(), aad: name.as_bytes() };
        let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Changed)?;
        Ok([MARK, &nonce, &sealed].concat())
    }

    pub(crate) fn open(&self, name: &str, kept: Vec<u8>) -> Result<Zeroizing<String>, SealError> {
        let text =
            |bytes: Vec<u8>| String::from_utf8(bytes).map(Zeroizing::new).map_err(|_| SealError::Changed);
        let Some(rest) = kept.strip_prefix(MARK) else { return text(kept) };
        let key = match self {
            Seal::Closed | Seal::Plain => return Err(SealError::Closed),
            Seal::With(key) => key,
        };
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Changed)?;
        let payload = Payload { msg: sealed, aad: name.as_bytes() };
        text(cipher(key).decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealError::Changed)?)
    }

    /// Whether these bytes lie open although they need not.
    pub(crate) fn lies_open(&self, kept: &[u8]) -> bool {
        matches!(self, Seal::With(_)) && !kept.starts_with(MARK)
    }
}

fn cipher(key: &Zeroizing<[u8; 32]>) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&(**key).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_and_name_only() {
        let seal = Seal::with([1; 32]);
        let kept = seal.seal("one", "GITHUB_TOKEN=ghp_x").unwrap();
        assert!(!kept.windows(4).any(|bytes| bytes == b"ghp_"));
        assert_eq!(*seal.open("one", kept.clone()).unwrap(), "GITHUB_TOKEN=ghp_x");
        assert_eq!(seal.open("two", kept.clone()).err(), Some(SealError::Changed));
        assert_eq!(Seal::with([2; 32]).open("one", kept.clone()).err(), Some(SealError::Changed));
        assert_eq!(Seal::Plain.open("one", kept.clone()).err(), Some(SealError::Closed));
        let mut changed = kept;
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(seal.open("one", changed).err(), Some(SealError::Changed));
        assert_eq!(Seal::Closed.seal("one", "x").err(), Some(SealError::Closed));
    }
}
