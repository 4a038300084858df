//! The one root key of a home; everything else that needs a key derives it from this one.

use super::{Keychain, KeychainError, Secret};
use journal::RootKey;

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
    let mut bytes = Secret::new(vec![0; 32]);
    getrandom::fill(&mut bytes).map_err(KeychainError::NoRandomness)?;
    keychain.set(&entry_name(home_id), &bytes)?;
    existing_root_key(keychain, home_id)
}

/// The home's root key, never a new one.
///
/// # Errors
/// [`KeychainError::Empty`] when there is none, and what the keychain says.
pub fn existing_root_key(keychain: &dyn Keychain, home_id: &str) -> Result<RootKey, KeychainError> {
    let secret = keychain.get(&entry_name(home_id))?.ok_or(KeychainError::Empty)?;
    let bytes = <[u8; 32]>::try_from(secret.as_slice());
    bytes.map(RootKey::new).map_err(|_| KeychainError::Damaged { bytes: secret.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keychain::MemoryKeychain;

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
}
