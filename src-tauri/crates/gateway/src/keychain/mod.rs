//! The secret store: one root key a home, everything else is derived from it or named by it.
//!
//! [`OsKeychain`] is the system's own (Secret Service, Keychain, Credential Manager), [`MemoryKeychain`] forgets
//! with the process. Locked, absent, refused, unanswered and empty are different errors, each with its next step;
//! none of them ever yields a key (fails closed).

mod error;
mod memory;
mod os;
mod root;

pub use error::KeychainError;
pub use memory::MemoryKeychain;
pub use os::OsKeychain;
pub use root::{existing_root_key, root_key};

use crate::home::KeychainKind;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What the keychain gave; wiped when dropped.
pub type Secret = Zeroizing<Vec<u8>>;

/// Secrets by name. Every method may block for as long as a person takes to answer a dialog.
pub trait Keychain: Send + Sync {
    /// The secret, none when there is no entry of that name.
    ///
    /// # Errors
    /// The store could not be asked.
    fn get(&self, name: &str) -> Result<Option<Secret>, KeychainError>;

    /// # Errors
    /// The store did not take it.
    fn set(&self, name: &str, secret: &[u8]) -> Result<(), KeychainError>;

    /// Removes an entry; an absent one is fine.
    ///
    /// # Errors
    /// The store could not be asked.
    fn delete(&self, name: &str) -> Result<(), KeychainError>;
}

/// The keychain a home was made with.
#[must_use]
pub fn open(kind: KeychainKind) -> Arc<dyn Keychain> {
    match kind {
        KeychainKind::Os => Arc::new(OsKeychain::default()),
        KeychainKind::Memory => Arc::new(MemoryKeychain::default()),
    }
}
