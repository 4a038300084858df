//! The home's journal, opened to look at it: the set in force and pinned tools.

use crate::failure::Failure;
use gateway::{
    Bundle,
    home::{Home, KeychainKind, Paths},
    keychain,
};
use journal::{Journal, JournalError, RootKey};
use policy::{Value, catalogue::ToolEntry};
use std::path::Path;

/// Opens the journal beside a running Doorward. None where no call was made in this home yet.
pub(crate) fn open(dir: &Path) -> Result<Option<Journal>, Failure> {
    Home::peek(dir)?;
    let path = Paths::new(dir).journal();
    if !path.exists() {
        return Ok(None);
    }
    let key = match key(dir)? {
        Some(key) => key,
        // What is not sealed can be read without it.
        None => unrelated_key()?,
    };
    Journal::open_to_read(&path, &key).map(Some).map_err(|error| failed(&error))
}

/// The home's root key; none where it was in the memory of the process that wrote.
pub(crate) fn key(dir: &Path) -> Result<Option<RootKey>, Failure> {
    let settings = Home::peek(dir)?;
    match settings.keychain {
        KeychainKind::Os => keychain::existing_root_key(&*keychain::open(KeychainKind::Os), &settings.id)
            .map(Some)
            .map_err(|error| Failure::new(error.to_string(), error.hint())),
        KeychainKind::Memory => Ok(None),
    }
}

pub(crate) fn failed(error: &JournalError) -> Failure {
    Failure::new(error.to_string(), "")
}

pub(crate) fn unrelated_key() -> Result<RootKey, Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::new(format!("the system gives no random bytes: {error}"), "restart the machine")
    })?;
    Ok(RootKey::new(bytes))
}

/// Tools as their upstreams first listed them; none while the home has no journal. Pins are not sealed, so that no
/// keychain is asked.
pub(crate) fn pinned(dir: &Path) -> Result<Vec<ToolEntry>, Failure> {
    let path = Paths::new(dir).journal();
    if !path.exists() {
        return Ok(Vec::new());
    }
    let journal = Journal::open_to_read(&path, &unrelated_key()?).map_err(|error| failed(&error))?;
    let pins = journal.pins().map_err(|error| failed(&error))?;
    let entry = |(upstream, pin): &(String, journal::PinnedDefinition)| {
        ToolEntry::of(upstream, &Value::parse(pin.definition.as_bytes()).ok()?)
    };
    Ok(pins.iter().filter_map(entry).collect())
}

/// The set that was last confirmed; none before the first, or where it was sealed with another key.
pub(crate) fn in_force(journal: &Journal) -> Result<Option<Bundle>, Failure> {
    match journal.set_in_force() {
        Ok(set) => Ok(set.map(|set| Bundle::from_stored(set.documents))),
        Err(JournalError::SetTampered) => Ok(None),
        Err(error) => Err(failed(&error)),
    }
}
