//! What the keychain knows of the newest set and the newest entry, so that an older copy of the database is noticed.
//!
//! Before a set is recorded both hashes are noted, afterwards the new one alone: a crash in between leaves one of them.
//! The newest entry is noted as the journal grows, by a thread of its own: a keychain that takes its time keeps no call
//! waiting, and one that cannot be written keeps the older note.

use crate::keychain::{Keychain, KeychainError};
use journal::{Anchor, Journal, JournalError};
use serde::{Deserialize, Serialize};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The keychain's entry of one home.
pub(super) struct Newest {
    keychain: Arc<dyn Keychain>,
    entry: String,
    known: Mutex<Option<Note>>,
    /// Held from the reading of the note to its writing; true while the journal's end is followed.
    follows: Mutex<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// One hash, or two while a change is under way.
    sets: Vec<String>,
    seq: u64,
    head: String,
    /// Of the journal; a file of an older one is not this home's newest. 0 where it was noted before there was this.
    #[serde(default)]
    format: i64,
}

/// The keychain's name for the note of a home.
pub(crate) fn entry(home_id: &str) -> String {
    format!("newest-set/{home_id}")
}

/// Whether the keychain knows another set of this home than that one.
pub(crate) fn is_older(keychain: &dyn Keychain, home_id: &str, set: &str) -> Result<bool, KeychainError> {
    let note = keychain.get(&entry(home_id))?;
    let note = note.map(|note| serde_json::from_slice::<Note>(&note).unwrap_or_default());
    Ok(note.is_some_and(|note| !note.sets.iter().any(|known| known == set)))
}

/// The format that this home's journal is known to have had; 0 where nothing is known.
pub(crate) fn noted_format(keychain: &dyn Keychain, home_id: &str) -> Result<i64, KeychainError> {
    let note = keychain.get(&entry(home_id))?;
    Ok(note.and_then(|note| serde_json::from_slice::<Note>(&note).ok()).map_or(0, |note| note.format))
}

/// For a journal that begins with this set.
pub(crate) fn note_as_newest(
    keychain: Arc<dyn Keychain>,
    home_id: &str,
    set: &str,
    journal: &Journal,
) -> Result<(), KeychainError> {
    let (entry, known, follows) = (entry(home_id), Mutex::new(None), Mutex::new(false));
    Newest { keychain, entry, known, follows }.note(set, journal)
}

impl Newest {
    pub(super) fn open(keychain: Arc<dyn Keychain>, home_id: &str) -> Result<Newest, KeychainError> {
        let entry = entry(home_id);
        // A note that cannot be read fits no set.
        let known = keychain.get(&entry)?.map(|note| serde_json::from_slice(&note).unwrap_or_default());
        Ok(Newest { keychain, entry, known: Mutex::new(known), follows: Mutex::new(false) })
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
            None => Some(format!(
                "the journal is older than this home: it ends before entry {}, which the keychain knows of; put the newest copy of `journal.sqlite` back, if you have one",
                note.seq
            )),
            Some(entry) if entry.seq == note.seq && entry.hash != note.head => {
                Some(format!("the journal's entry {} is another than the keychain knows of", note.seq))
            }
            Some(_) => None,
        })
    }

    /// From the first [`Newest::note`] on, that is once the journal is trusted, its end is noted as it grows.
    pub(super) fn follow(self: &Arc<Newest>, journal: &Journal) {
        let (send, ends) = channel::<Anchor>();
        let newest = Arc::clone(self);
        let follow = move || {
            while let Ok(mut end) = ends.recv() {
                // Only the newest counts.
                while let Ok(newer) = ends.try_recv() {
                    end = newer;
                }
                if let Err(error) = newest.note_end(&end) {
                    tracing::warn!(%error, "the keychain does not know how far the journal goes");
                }
            }
        };
        match std::thread::Builder::new().name("journal-end".into()).spawn(follow) {
            Ok(_) => journal.keep_anchor(move |end| {
                // The thread is there for as long as the journal.
                let _ = send.send(end);
            }),
            Err(error) => tracing::warn!(%error, "the journal's end is noted only at changes of the set"),
        }
    }

    pub(super) fn note_end(&self, end: &Anchor) -> Result<(), KeychainError> {
        let follows = self.follows();
        match self.known() {
            Some(known) if *follows && end.seq > known.seq => {
                self.write(Note { seq: end.seq, head: hex(end), ..known })
            }
            _ => Ok(()),
        }
    }

    /// Somebody else may write the note from now on.
    pub(super) fn end(&self) {
        *self.follows() = false;
    }

    fn follows(&self) -> MutexGuard<'_, bool> {
        self.follows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A set is about to be recorded.
    pub(super) fn expect(&self, set: &str) -> Result<(), KeychainError> {
        let _turn = self.follows();
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
        let mut follows = self.follows();
        *follows = true;
        let known = self.known().unwrap_or_default();
        let (seq, head) = match journal.anchor() {
            Ok(newest) => (newest.seq, hex(&newest)),
            // The set is what matters; an older end is still an end that must be there.
            Err(_) => (known.seq, known.head.clone()),
        };
        let note = Note { sets: vec![set.to_owned()], seq, head, format: Journal::format() };
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

fn hex(end: &Anchor) -> String {
    end.hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
