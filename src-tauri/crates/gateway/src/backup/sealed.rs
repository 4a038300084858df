//! The file: JSON with a head that anybody can read, and everything else sealed with XChaCha20-Poly1305 under a key
//! that Argon2id (RFC 9106) makes of the passphrase. The head is authenticated with it.

use super::{BackupError, Contents};
use crate::keychain::KeychainError;
use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use policy::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The layout written by this version.
const FORMAT: u32 = 1;
/// 64 MiB and three passes: RFC 9106, second recommended option.
const COST: Cost = Cost { memory_kib: 64 * 1024, passes: 3 };
/// A file from elsewhere asks for no more than this.
const MOST: Cost = Cost { memory_kib: 1024 * 1024, passes: 16 };
const NONCE: usize = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cost {
    memory_kib: u32,
    passes: u32,
}

/// In clear, and authenticated: what it is, of which home, and how the key is made.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    doorward_backup: u32,
    home: String,
    made_at: i64,
    argon2id: Cost,
    salt: String,
    /// Tells a wrong passphrase from a changed file.
    check: String,
    nonce: String,
}

#[derive(Serialize, Deserialize)]
struct Written {
    head: Head,
    sealed: String,
}

/// An opened backup.
pub(super) struct Opened {
    pub(super) home: String,
    pub(super) made_at: Timestamp,
    pub(super) contents: Contents,
}

pub(super) fn seal(
    contents: &Contents,
    home: &str,
    made_at: Timestamp,
    passphrase: &str,
) -> Result<String, BackupError> {
    let (mut salt, mut nonce) = ([0; 16], [0; NONCE]);
    for bytes in [salt.as_mut_slice(), nonce.as_mut_slice()] {
        getrandom::fill(bytes).map_err(KeychainError::NoRandomness)?;
    }
    let key = Key::of(passphrase, &salt, COST)?;
    let head = Head {
        doorward_backup: FORMAT,
        home: home.to_owned(),
        made_at: made_at.0,
        argon2id: COST,
        salt: STANDARD_NO_PAD.encode(salt),
        check: key.check(),
        nonce: STANDARD_NO_PAD.encode(nonce),
    };
    let plain = Zeroizing::new(serde_json::to_vec(contents).map_err(|_| BackupError::NotABackup)?);
    let aad = serde_json::to_vec(&head).map_err(|_| BackupError::NotABackup)?;
    let payload = Payload { msg: &plain, aad: &aad };
    let sealed = key.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| BackupError::NotABackup)?;
    let written = Written { head, sealed: STANDARD_NO_PAD.encode(sealed) };
    serde_json::to_string_pretty(&written).map_err(|_| BackupError::NotABackup)
}

pub(super) fn open(text: &str, passphrase: &str) -> Result<Opened, BackupError> {
    let Written { head, sealed } = serde_json::from_str(text).map_err(|error| unreadable(text, &error))?;
    if head.doorward_backup > FORMAT {
        return Err(BackupError::Newer(head.doorward_backup));
    }
    let Cost { memory_kib, passes } = head.argon2id;
    if memory_kib > MOST.memory_kib || passes > MOST.passes {
        return Err(BackupError::Changed);
    }
    let bytes = |text: &str| STANDARD_NO_PAD.decode(text).map_err(|_| BackupError::Changed);
    let key = Key::of(passphrase, &bytes(&head.salt)?, head.argon2id)?;
    if key.check() != head.check {
        return Err(BackupError::WrongPassphrase);
    }
    let nonce: [u8; NONCE] = bytes(&head.nonce)?.try_into().map_err(|_| BackupError::Changed)?;
    let aad = serde_json::to_vec(&head).map_err(|_| BackupError::Changed)?;
    let payload = Payload { msg: &bytes(&sealed)?, aad: &aad };
    let plain = key.cipher().decrypt(&XNonce::from(nonce), payload).map_err(|_| BackupError::Changed)?;
    let plain = Zeroizing::new(plain);
    let contents = serde_json::from_slice(&plain).map_err(|_| BackupError::Changed)?;
    Ok(Opened { home: head.home, made_at: Timestamp(head.made_at), contents })
}

/// A file that begins like a backup and stops is told from one that never was one.
fn unreadable(text: &str, error: &serde_json::Error) -> BackupError {
    let version = serde_json::from_str::<serde_json::Value>(text).ok();
    let version = version.and_then(|whole| whole.pointer("/head/doorward_backup")?.as_u64());
    match version.and_then(|version| u32::try_from(version).ok()) {
        Some(version) if version > FORMAT => BackupError::Newer(version),
        Some(_) => BackupError::Changed,
        None if error.is_eof() && text.contains("doorward_backup") => BackupError::Truncated,
        None if text.contains("doorward_backup") => BackupError::Changed,
        None if error.is_eof() && text.trim_start().starts_with('{') => BackupError::Truncated,
        None => BackupError::NotABackup,
    }
}

/// 32 bytes that seal, and 32 whose hash shows whether they are the same again.
struct Key(Zeroizing<[u8; 64]>);

impl Key {
    fn of(passphrase: &str, salt: &[u8], cost: Cost) -> Result<Key, BackupError> {
        let params =
            Params::new(cost.memory_kib, cost.passes, 1, Some(64)).map_err(|_| BackupError::Changed)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut bytes = Zeroizing::new([0; 64]);
        argon2
            .hash_password_into(passphrase.as_bytes(), salt, &mut *bytes)
            .map_err(|_| BackupError::Changed)?;
        Ok(Key(bytes))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let mut key = Zeroizing::new([0; 32]);
        key.iter_mut().zip(self.0.iter()).for_each(|(to, from)| *to = *from);
        XChaCha20Poly1305::new((&*key).into())
    }

    fn check(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(b"doorward backup check 1");
        hasher.update(self.0.split_at(32).1);
        STANDARD_NO_PAD.encode(hasher.finalize())
    }
}
