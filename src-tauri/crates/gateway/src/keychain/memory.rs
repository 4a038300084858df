//! A keychain that ends with its process: for homes that were born with it, and for tests.

use super::{Keychain, KeychainError, Secret};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Keeps secrets in this process; they end with it, and are wiped.
#[derive(Default)]
pub struct MemoryKeychain {
    secrets: Mutex<HashMap<String, Secret>>,
}

impl Keychain for MemoryKeychain {
    fn get(&self, name: &str) -> Result<Option<Secret>, KeychainError> {
        Ok(self.secrets.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned())
    }

    fn set(&self, name: &str, secret: &[u8]) -> Result<(), KeychainError> {
        let kept = Secret::new(secret.to_owned());
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), kept);
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), KeychainError> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deleting_what_is_not_there_is_fine() {
        let keychain = MemoryKeychain::default();
        keychain.set("a", b"1").unwrap();
        keychain.delete("a").unwrap();
        keychain.delete("a").unwrap();
        assert_eq!(keychain.get("a").unwrap(), None);
    }
}
