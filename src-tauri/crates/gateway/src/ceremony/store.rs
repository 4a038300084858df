//! Where the enrolled passkeys are kept: `passkeys.json` in the home, authenticated with a key of the root key's.
//!
//! Everything about them is written here and nowhere else. The keychain keeps a hash of who is enrolled, so that a
//! file that is gone, older, or of another home is noticed. A record that is not as it was written is never "no
//! passkey": then nothing that asks for one goes, until a person mends it.

use crate::home::{KeychainKind, read_text, write_whole};
use crate::keychain::{Keychain, KeychainError};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use journal::{MacKey, RootKey};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use stepup::{Roster, RosterError};
use subtle::ConstantTimeEq as _;

/// Why the passkeys are not what they were, or could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum PasskeysError {
    #[error("the record of passkeys is not as Doorward wrote it: {0}")]
    Tampered(String),
    #[error(transparent)]
    Roster(#[from] RosterError),
    #[error("the record of passkeys could not be written: {0}")]
    Write(String),
    #[error("the keychain did not keep who is enrolled: {0}")]
    Keychain(#[from] KeychainError),
}

/// See the module.
pub(crate) struct Passkeys {
    path: PathBuf,
    key: MacKey,
    keychain: Arc<dyn Keychain>,
    /// The keychain's name for the hash.
    entry: String,
    state: Mutex<Result<Roster, String>>,
}

/// The file.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// HMAC-SHA256 of `roster` as it stands, in base64.
    mac: String,
    /// JSON as text, so that exactly what was authenticated is read.
    roster: String,
}

impl Passkeys {
    /// Reads what is enrolled; what does not hold is the state, not an error: it must be shown and must not free
    /// anything. A keychain in memory begins anew with each start, and so do the passkeys of its home. Where one signed
    /// the set that this home last confirmed, that both records are gone does not mean that there is none.
    pub(crate) fn open(
        path: PathBuf,
        (root, home_id): (&RootKey, &str),
        keychain: Arc<dyn Keychain>,
        (kind, was_signed): (KeychainKind, bool),
    ) -> Result<Passkeys, KeychainError> {
        let key = root.mac_key("passkeys");
        let entry = format!("passkeys/{home_id}");
        let known = keychain.get(&entry)?;
        let state = if known.is_none() && was_signed {
            Err("it is gone from the keychain, and a passkey signed the policies in force".to_owned())
        } else if known.is_none() && (kind == KeychainKind::Memory || !path.exists()) {
            Ok(Roster::default())
        } else {
            read(&path, &key, known.as_ref().map(|hash| hash.as_slice()))
        };
        Ok(Passkeys { path, key, keychain, entry, state: Mutex::new(state) })
    }

    fn lock(&self) -> MutexGuard<'_, Result<Roster, String>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is enrolled now.
    ///
    /// # Errors
    /// The record is not as it was written.
    pub(crate) fn roster(&self) -> Result<Roster, PasskeysError> {
        self.lock().clone().map_err(PasskeysError::Tampered)
    }

    /// One change, on the disk before it counts. Blocks on the disk, and on the keychain where somebody comes or goes.
    ///
    /// # Errors
    /// Nothing changed then.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Roster) -> Result<T, RosterError>,
    ) -> Result<T, PasskeysError> {
        let mut state = self.lock();
        let roster = state.as_ref().map_err(|why| PasskeysError::Tampered(why.clone()))?;
        let mut changed = roster.clone();
        let value = change(&mut changed)?;
        let (before, after) = (roster.membership(), changed.membership());
        if before != after {
            // Both, until the file is written: a crash in between leaves one of them.
            self.keychain.set(&self.entry, &[before, after].concat())?;
        }
        self.write(&changed)?;
        if before != after {
            self.keychain.set(&self.entry, &after)?;
        }
        *state = Ok(changed);
        Ok(value)
    }

    /// Takes all of them out; the next one is a first one again. A record that is not as it was written goes with them.
    ///
    /// # Errors
    /// Nothing changed then.
    pub(crate) fn begin_anew(&self, now: i64) -> Result<(), PasskeysError> {
        {
            let mut state = self.lock();
            if state.is_err() {
                let mut roster = Roster::default();
                roster.reset(now);
                self.write(&roster)?;
                self.keychain.set(&self.entry, &roster.membership())?;
                *state = Ok(roster);
                return Ok(());
            }
        }
        self.change(|roster| {
            roster.reset(now);
            Ok(())
        })
    }

    fn write(&self, roster: &Roster) -> Result<(), PasskeysError> {
        let failed = |error: &dyn std::fmt::Display| PasskeysError::Write(error.to_string());
        let roster = serde_json::to_string(roster).map_err(|error| failed(&error))?;
        let mac = STANDARD_NO_PAD.encode(self.key.mac(roster.as_bytes()));
        let text = serde_json::to_string(&Kept { mac, roster }).map_err(|error| failed(&error))?;
        write_whole(&self.path, &text).map_err(|error| failed(&error))
    }
}

/// `known` is one hash, or two where a change was broken off.
fn read(path: &std::path::Path, key: &MacKey, known: Option<&[u8]>) -> Result<Roster, String> {
    let text = match read_text(path) {
        Ok(text) => text,
        Err(_) if !path.exists() => return Err("the file is gone".to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    let kept: Kept =
        serde_json::from_str(&text).map_err(|_| "the file is no record of passkeys".to_owned())?;
    let mac = STANDARD_NO_PAD.decode(&kept.mac).unwrap_or_default();
    if !bool::from(key.mac(kept.roster.as_bytes()).as_slice().ct_eq(&mac)) {
        return Err("it was changed by something else than Doorward".to_owned());
    }
    let roster: Roster =
        serde_json::from_str(&kept.roster).map_err(|_| "the record cannot be read".to_owned())?;
    let (roster, refused) = roster.checked();
    if let Some(first) = refused.first() {
        return Err(format!("“{}” was added without a signature: {}", first.name, first.why));
    }
    let is_known = known.is_some_and(|known| known.chunks(32).any(|hash| *hash == roster.membership()));
    if !is_known {
        return Err("it is an older record than the newest one".to_owned());
    }
    Ok(roster)
}
