//! The home's root key, and one subkey a purpose (HKDF-SHA256, RFC 5869), so that none serves two.

use hkdf::Hkdf;
use hkdf::hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// 32 bytes from the keychain; wiped when dropped, and never printed.
pub struct RootKey(Zeroizing<[u8; 32]>);

/// A key derived for one purpose.
pub(crate) struct Subkey(pub(crate) Zeroizing<[u8; 32]>);

/// What each subkey is for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Seals entry bodies.
    Seal,
    /// Tells which root key sealed an entry; says nothing about the key.
    KeyId,
    /// Authenticates the set in force.
    SetMac,
    /// Binds to the home what stands beside the chain: indexes, pins, cuts, anchors, exports.
    Bind,
}

impl RootKey {
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> RootKey {
        RootKey(Zeroizing::new(bytes))
    }

    pub(crate) fn subkey(&self, purpose: Purpose) -> Subkey {
        let info: &[u8] = match purpose {
            Purpose::Seal => b"doorward v1 journal seal",
            Purpose::KeyId => b"doorward v1 journal key id",
            Purpose::SetMac => b"doorward v1 set mac",
            Purpose::Bind => b"doorward v1 journal bind",
        };
        let mut bytes = Zeroizing::new([0; 32]);
        if Hkdf::<Sha256>::new(None, &*self.0).expand(info, &mut *bytes).is_err() {
            unreachable!("HKDF-SHA256 gives up to 8,160 bytes");
        }
        Subkey(bytes)
    }
}

/// Authenticates one kind of thing that is kept beside the journal; derived from the root key, and wiped.
pub struct MacKey(Zeroizing<[u8; 32]>);

impl RootKey {
    /// The key for `purpose`, which no other use shares: it is part of what the key is derived from.
    #[must_use]
    pub fn mac_key(&self, purpose: &str) -> MacKey {
        let mut bytes = Zeroizing::new([0; 32]);
        let info = [b"doorward v1 mac ", purpose.as_bytes()].concat();
        if Hkdf::<Sha256>::new(None, &*self.0).expand(&info, &mut *bytes).is_err() {
            unreachable!("HKDF-SHA256 gives up to 8,160 bytes");
        }
        MacKey(bytes)
    }
}

impl MacKey {
    /// HMAC-SHA256. Compare it in constant time.
    #[must_use]
    pub fn mac(&self, bytes: &[u8]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*self.0) else {
            unreachable!("HMAC takes a key of any length");
        };
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(..)")
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(..)")
    }
}
