//! What the keychain knows of the newest set and the newest entry, so that an older copy of the database is noticed.
//!
//! Before a set is recorded both hashes are noted, afterwards the new one alone: a crash in between leaves one of them.

use crate::keychain::{Keychain, KeychainError};
use journal::{Journal, JournalError};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// The keychain's entry of one home.
pub(super) struct Newest {
    keychain: Arc<dyn Keychain>,
    entry: String,
    known: Mutex<Option<Note>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// One hash, or two while a change is under way.
    sets: Vec<String>,
    seq: u64,
    head: String,
}

impl Newest {
    pub(super) fn open(keychain: Arc<dyn Keychain>, home_id: &str) -> Result<Newest, KeychainError> {
        let entry = format!("newest-set/{home_id}");
        // A note that cannot be read fits no set.
        let known = keychain.get(&entry)?.map(|note| serde_json::from_slice(&note).unwrap_or_default());
        Ok(Newest { keychain, entry, known: Mutex::new(known) })
    }

    fn known(&self) -> Option<Note> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why the database is not the newest one; none where it is, or nothing was noted yet.
    pub(super) fn why_older(
        &self,
        set: Option<&str>,
        journal: &Journal,
    ) -> Result<Option<String>, JournalError> {
        let Some(note) = self.known() else { return Ok(None) };
        if !set.is_some_and(|set| note.sets.iter().any(|known| known == set)) {
            return Ok(Some(
                "its set of policies is not the newest one that the keychain knows of".to_owned(),
            ));
        }
        let entry = journal.entries(note.seq)?.into_iter().next();
        Ok(match entry {
            None => Some("entries that the keychain knows of are missing at its end".to_owned()),
            Some(entry) if entry.seq == note.seq && entry.hash != note.head => {
                Some(format!("its entry {} is another than the keychain knows of", note.seq))
            }
            Some(_) => None,
        })
    }

    /// A set is about to be recorded.
    pub(super) fn expect(&self, set: &str) -> Result<(), KeychainError> {
        let mut note = self.known().unwrap_or_default();
        if note.sets.last().map(String::as_str) == Some(set) {
            return Ok(());
        }
        note.sets.push(set.to_owned());
        let keep = note.sets.len().saturating_sub(2);
        note.sets.drain(..keep);
        self.write(note)
    }

    /// It is recorded: this is how the journal ends now.
    pub(super) fn note(&self, set: &str, journal: &Journal) -> Result<(), KeychainError> {
        let known = self.known().unwrap_or_default();
        let (seq, head) = match journal.anchor() {
            Ok(newest) => (newest.seq, newest.hash.iter().map(|byte| format!("{byte:02x}")).collect()),
            // The set is what matters; an older end is still an end that must be there.
            Err(_) => (known.seq, known.head.clone()),
        };
        let note = Note { sets: vec![set.to_owned()], seq, head };
        if note == known { Ok(()) } else { self.write(note) }
    }

    fn write(&self, note: Note) -> Result<(), KeychainError> {
        let text = serde_json::to_vec(&note)
            .map_err(|error| KeychainError::Failed { why: format!("a note was not written: {error}") })?;
        self.keychain.set(&self.entry, &text)?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(note);
        Ok(())
    }
}
