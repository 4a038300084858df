//! Sealing of entry bodies: XChaCha20-Poly1305 with a random 192-bit nonce, bound to the entry's header.
//!
//! A body opens only under the header it was sealed with, and that header names its predecessor's hash: without
//! the key nobody can change, move or re-chain an entry unseen.

use crate::JournalError;
use crate::key::{Purpose, RootKey};
use chacha20poly1305::aead::{Aead, AeadInOut, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

const NONCE: usize = 24;

/// Which root key sealed an entry.
pub(crate) type KeyId = [u8; 8];

pub(crate) struct Seals {
    cipher: XChaCha20Poly1305,
    pub(crate) key_id: KeyId,
}

/// What came of opening a body.
pub(crate) enum Opening {
    Body(Vec<u8>),
    /// Sealed with a root key that is not this one.
    OtherKey,
    /// This key sealed it, and it is not as it was.
    Broken,
}

impl Seals {
    pub(crate) fn new(root: &RootKey) -> Seals {
        let mut key_id = [0; 8];
        for (to, from) in key_id.iter_mut().zip(root.subkey(Purpose::KeyId).0.iter()) {
            *to = *from;
        }
        let key = root.subkey(Purpose::Seal);
        Seals { cipher: XChaCha20Poly1305::new((&*key.0).into()), key_id }
    }

    /// Nonce, ciphertext and tag: 40 bytes more than `body`.
    pub(crate) fn seal(&self, header: &[u8], body: &[u8]) -> Result<Vec<u8>, JournalError> {
        let mut nonce = [0_u8; NONCE];
        getrandom::fill(&mut nonce).map_err(JournalError::NoRandomness)?;
        let Ok(sealed) = self.cipher.encrypt(&XNonce::from(nonce), Payload { msg: body, aad: header }) else {
            unreachable!("a body is far shorter than the cipher's 256 GiB");
        };
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Whether a body of this key is as it was sealed; `room` is memory to use, and holds the body afterwards.
    pub(crate) fn opens(&self, header: &[u8], sealed: &[u8], room: &mut Vec<u8>) -> bool {
        let Some((nonce, sealed)) = sealed.split_first_chunk::<NONCE>() else { return false };
        room.clear();
        room.extend_from_slice(sealed);
        self.cipher.decrypt_in_place(&XNonce::from(*nonce), header, room).is_ok()
    }

    pub(crate) fn open(&self, key_id: &KeyId, header: &[u8], sealed: &[u8]) -> Opening {
        if *key_id != self.key_id {
            return Opening::OtherKey;
        }
        let Some((nonce, sealed)) = sealed.split_first_chunk::<NONCE>() else { return Opening::Broken };
        match self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: header }) {
            Ok(body) => Opening::Body(body),
            Err(_) => Opening::Broken,
        }
    }
}
