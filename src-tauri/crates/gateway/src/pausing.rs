//! *Hold everything*: while the desk's owner wants it, every call that would go waits for a person, whatever the
//! policies, grants and fresh proofs allow. What a policy denies stays denied, what it holds stays held.
//!
//! Pausing tightens and is anybody's at this desk to do; resuming is a person's act in the window or the tray, and
//! no route of the agents' port or the socket leads here (I11). Calls that were held meanwhile stay held when it is over.

use crate::desk::DeskEvent;
use crate::engine::Engine;
use crate::pairing;
use journal::{Entry, Journal, JournalError};
use policy::{Decision, Outcome, PolicySet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Whether everything is held.
#[derive(Debug)]
pub(crate) struct Pausing {
    is_held: AtomicBool,
    /// What is recorded last is what is in force.
    changing: Mutex<()>,
}

impl Pausing {
    /// As it was when the journal was last written.
    pub(crate) fn of(journal: &Journal) -> Result<Pausing, JournalError> {
        Ok(Pausing { is_held: AtomicBool::new(journal.is_paused()?), changing: Mutex::default() })
    }

    /// Without a person, and so without an entry of theirs.
    pub(crate) fn hold_for_now(&self) {
        self.is_held.store(true, Ordering::SeqCst);
    }
}

/// Why everything is not held, or is still held.
#[derive(Debug, thiserror::Error)]
pub enum PauseError {
    #[error("everything is held, but that could not be recorded and ends with this run: {0}")]
    OnlyNow(#[source] JournalError),
    #[error("that calls may go again could not be recorded, so everything stays held: {0}")]
    Stays(#[source] JournalError),
    #[error("this home has no owner who could say so; mark one user as `owner` in people.toml")]
    NoOwner,
}

/// A decision while everything is held. A denial needs no person.
pub(crate) fn hold_everything(mut decision: Decision, set: &PolicySet) -> Decision {
    if matches!(decision.outcome, Outcome::Denied { .. }) {
        return decision;
    }
    decision.trace.paused = true;
    if decision.outcome == Outcome::Allowed {
        pairing::hold_for_owner(&mut decision, set);
    }
    decision
}

impl Engine {
    /// Every call waits for a person, or no longer does. Blocks on the disk.
    ///
    /// # Errors
    /// When it could not be recorded; it is held then in either case.
    pub fn pause(&self, on: bool) -> Result<(), PauseError> {
        let _changing = self.pausing.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let is_so = self.is_paused() == on && self.journal().is_paused().is_ok_and(|recorded| recorded == on);
        if is_so {
            return Ok(());
        }
        if on {
            self.pausing.is_held.store(true, Ordering::SeqCst);
        }
        let result = self.record_pause(on);
        if result.is_ok() {
            self.pausing.is_held.store(on, Ordering::SeqCst);
        }
        self.desk().send(DeskEvent::Paused);
        result
    }

    fn record_pause(&self, on: bool) -> Result<(), PauseError> {
        let by = self.owner_id().ok_or(PauseError::NoOwner)?;
        let (entry, fails): (_, fn(JournalError) -> PauseError) = match on {
            true => (Entry::Paused { by }, PauseError::OnlyNow),
            false => (Entry::Resumed { by }, PauseError::Stays),
        };
        self.journal().record(entry).map(drop).map_err(fails)
    }

    /// Whether everything is held.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.pausing.is_held.load(Ordering::SeqCst)
    }
}
