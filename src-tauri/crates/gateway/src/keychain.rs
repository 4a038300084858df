//! The secret store: one root key a home, everything else is derived from it.
//!
//! [`OsKeychain`] is the system's own (Secret Service, Keychain, Credential Manager), [`MemoryKeychain`] forgets
//! with the process. Locked, absent, refused and empty are different errors, each with its next step; none of
//! them ever yields a key (fails closed).

use crate::home::KeychainKind;
use journal::RootKey;
use keyring::v1::Entry;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    thread,
};
use zeroize::Zeroize;

/// The service name our entries carry in the system's store.
const SERVICE: &str = "doorward";

/// Secrets by name.
pub trait Keychain: Send + Sync {
    /// The secret, none when there is no entry of that name.
    ///
    /// # Errors
    /// The store could not be asked.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, KeychainError>;

    /// # Errors
    /// The store did not take it.
    fn set(&self, name: &str, secret: &[u8]) -> Result<(), KeychainError>;

    /// Removes an entry; an absent one is fine.
    ///
    /// # Errors
    /// The store could not be asked.
    fn delete(&self, name: &str) -> Result<(), KeychainError>;
}

/// Why the keychain gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum KeychainError {
    #[error("the keychain is locked and could not ask to be unlocked")]
    Locked,
    #[error("no keychain service answers: {why}")]
    Absent { why: String },
    #[error("the keychain's question was refused or closed")]
    Refused,
    #[error("the keychain has no default collection to keep secrets in")]
    NoCollection,
    #[error("the keychain has no root key for this home, but its journal was sealed with one")]
    Empty,
    #[error("the keychain's root key for this home has {bytes} bytes instead of 32")]
    Damaged { bytes: usize },
    #[error("the keychain answered with an error: {why}")]
    Failed { why: String },
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(getrandom::Error),
}

impl KeychainError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            KeychainError::Locked => "keychain_locked",
            KeychainError::Absent { .. } => "keychain_absent",
            KeychainError::Refused => "keychain_refused",
            KeychainError::NoCollection => "keychain_no_collection",
            KeychainError::Empty => "keychain_empty",
            KeychainError::Damaged { .. } => "keychain_damaged",
            KeychainError::Failed { .. } => "keychain_failed",
            KeychainError::NoRandomness(_) => "no_randomness",
        }
    }

    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            KeychainError::Locked => {
                "unlock it: log in to the desktop session, or run `gnome-keyring-daemon --unlock` and type its password"
            }
            KeychainError::Absent { .. } => {
                "install and start a secret service (gnome-keyring, KWallet or KeePassXC) in this session, or make a home that needs none with `doorward init --keychain memory`"
            }
            KeychainError::Refused => "try again and allow Doorward to use the keychain",
            KeychainError::NoCollection => {
                "make a default keyring once, with Passwords and Keys or by logging in to the desktop"
            }
            KeychainError::Empty => {
                "restore the keychain, or move `journal.sqlite` out of the home to begin a new journal"
            }
            KeychainError::Damaged { .. } => {
                "remove the entry `doorward` from the keychain and move `journal.sqlite` out of the home to begin a new journal"
            }
            KeychainError::Failed { .. } => {
                "look at the keychain service's own log, then start Doorward again"
            }
            KeychainError::NoRandomness(_) => "check that the system's random number source works",
        }
    }
}

/// The keychain a home was made with.
#[must_use]
pub fn open(kind: KeychainKind) -> Arc<dyn Keychain> {
    match kind {
        KeychainKind::Os => Arc::new(OsKeychain),
        KeychainKind::Memory => Arc::new(MemoryKeychain::default()),
    }
}

fn entry_name(home_id: &str) -> String {
    format!("root-key/{home_id}")
}

/// The home's root key; makes one when there is none.
///
/// # Errors
/// What the keychain says; a key that cannot be read back after it was stored counts as an error.
pub fn root_key(keychain: &dyn Keychain, home_id: &str) -> Result<RootKey, KeychainError> {
    match existing_root_key(keychain, home_id) {
        Err(KeychainError::Empty) => {}
        other => return other,
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(KeychainError::NoRandomness)?;
    let stored = keychain.set(&entry_name(home_id), &bytes);
    bytes.zeroize();
    stored?;
    existing_root_key(keychain, home_id)
}

/// The home's root key, never a new one.
///
/// # Errors
/// [`KeychainError::Empty`] when there is none, and what the keychain says.
pub fn existing_root_key(keychain: &dyn Keychain, home_id: &str) -> Result<RootKey, KeychainError> {
    let mut secret = keychain.get(&entry_name(home_id))?.ok_or(KeychainError::Empty)?;
    let bytes = <[u8; 32]>::try_from(secret.as_slice());
    let length = secret.len();
    secret.zeroize();
    bytes.map(RootKey::new).map_err(|_| KeychainError::Damaged { bytes: length })
}

/// Keeps secrets in this process; they end with it.
#[derive(Default)]
pub struct MemoryKeychain {
    secrets: Mutex<HashMap<String, Vec<u8>>>,
}

impl Keychain for MemoryKeychain {
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, KeychainError> {
        Ok(self.secrets.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned())
    }

    fn set(&self, name: &str, secret: &[u8]) -> Result<(), KeychainError> {
        let old = self
            .secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), secret.to_owned());
        old.unwrap_or_default().zeroize();
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), KeychainError> {
        let old = self.secrets.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        old.unwrap_or_default().zeroize();
        Ok(())
    }
}

impl Drop for MemoryKeychain {
    fn drop(&mut self) {
        let secrets = self.secrets.get_mut().unwrap_or_else(PoisonError::into_inner);
        secrets.values_mut().for_each(Zeroize::zeroize);
    }
}

/// The operating system's store, looked for once a process: a service that starts later needs a new start.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsKeychain;

impl Keychain for OsKeychain {
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, KeychainError> {
        on_a_thread(name, |entry| match entry.get_secret() {
            Ok(secret) => Ok(Some(secret)),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn set(&self, name: &str, secret: &[u8]) -> Result<(), KeychainError> {
        let mut secret = secret.to_owned();
        on_a_thread(name, move |entry| {
            let stored = entry.set_secret(&secret);
            secret.zeroize();
            stored
        })
    }

    fn delete(&self, name: &str) -> Result<(), KeychainError> {
        on_a_thread(name, |entry| match entry.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }
}

/// The stores block, and on Linux run a small executor of their own, which must not sit inside another one.
fn on_a_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce(Entry) -> keyring::Result<T> + Send + 'static,
) -> Result<T, KeychainError> {
    let name = name.to_owned();
    let ended = thread::Builder::new().name("keychain".to_owned()).spawn(move || {
        if let Err(error) = Entry::store_status() {
            return Err(KeychainError::Absent { why: reason(error) });
        }
        let entry = Entry::new(SERVICE, &name).map_err(|error| told(&error))?;
        work(entry).map_err(|error| told(&error))
    });
    let ended = ended.map_err(|error| KeychainError::Failed { why: error.to_string() })?;
    ended.join().unwrap_or_else(|_| Err(KeychainError::Failed { why: "its thread ended early".to_owned() }))
}

/// One of our sentences for what a store says.
fn told(error: &keyring::Error) -> KeychainError {
    match error {
        keyring::Error::NoStorageAccess(inner) => no_access(inner.as_ref()),
        error => KeychainError::Failed { why: reason(error) },
    }
}

/// The Secret Service says `Prompt` both when a person closed its dialog and when it could show none.
#[cfg(all(unix, not(target_os = "macos")))]
fn no_access(inner: &(dyn std::error::Error + Send + Sync + 'static)) -> KeychainError {
    let has_display = ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    match inner.downcast_ref::<secret_service::Error>() {
        Some(secret_service::Error::NoResult) => KeychainError::NoCollection,
        Some(secret_service::Error::Prompt | secret_service::Error::PromptDisconnected) if has_display => {
            KeychainError::Refused
        }
        _ => KeychainError::Locked,
    }
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn no_access(_inner: &(dyn std::error::Error + Send + Sync + 'static)) -> KeychainError {
    KeychainError::Locked
}

/// The error and its causes on one line, without the library's own heading.
fn reason(error: &keyring::Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = Some(match error {
        keyring::Error::PlatformFailure(inner) => inner.as_ref(),
        error => error,
    });
    let mut text = String::new();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text.replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_key_is_made_once_and_each_home_has_its_own() {
        let keychain = MemoryKeychain::default();
        root_key(&keychain, "os-window-1").unwrap();
        let first = keychain.get("root-key/os-window-1").unwrap().unwrap();
        root_key(&keychain, "os-window-1").unwrap();
        assert_eq!(keychain.get("root-key/os-window-1").unwrap().unwrap(), first);
        root_key(&keychain, "os-window-2").unwrap();
        assert_ne!(keychain.get("root-key/os-window-2").unwrap().unwrap(), first);
        assert_eq!(first.len(), 32);
    }

    #[test]
    fn a_key_of_another_length_is_no_key() {
        let keychain = MemoryKeychain::default();
        keychain.set("root-key/h", b"short").unwrap();
        assert_eq!(root_key(&keychain, "h").err().unwrap().code(), "keychain_damaged");
    }

    #[test]
    fn deleting_what_is_not_there_is_fine() {
        let keychain = MemoryKeychain::default();
        keychain.set("a", b"1").unwrap();
        keychain.delete("a").unwrap();
        keychain.delete("a").unwrap();
        assert_eq!(keychain.get("a").unwrap(), None);
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn what_the_secret_service_says_becomes_our_sentence() {
        let access =
            |inner: secret_service::Error| told(&keyring::Error::NoStorageAccess(Box::new(inner))).code();
        assert_eq!(access(secret_service::Error::Locked), "keychain_locked");
        assert_eq!(access(secret_service::Error::NoResult), "keychain_no_collection");
        let prompt = access(secret_service::Error::Prompt);
        assert!(["keychain_refused", "keychain_locked"].contains(&prompt), "{prompt}");
        let failure = keyring::Error::PlatformFailure(Box::new(secret_service::Error::Unavailable));
        assert_eq!(told(&failure).code(), "keychain_failed");
        assert!(told(&failure).to_string().contains("no secret service provider"));
    }
}
