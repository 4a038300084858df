//! When holds end, in both clocks of [`Clock`](crate::Clock): a clock that is set back lengthens no hold.

use super::Desk;
use crate::clock::End;
use approvals::{HeldCall, HoldId, HoldState, Verdict};
use policy::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The deadline each open hold had when it was looked at last.
#[derive(Default)]
pub(super) struct Ends(Mutex<HashMap<HoldId, End>>);

impl Desk {
    /// The time that counts for this hold; its deadline is taken down when it is seen first, or was changed.
    pub(super) fn now_for(&self, held: &HeldCall) -> Timestamp {
        let mut ends = self.ends.0.lock().unwrap_or_else(PoisonError::into_inner);
        let end = ends.entry(held.id().clone()).or_insert_with(|| self.clock.end(held.deadline()));
        if end.at() != held.deadline() {
            *end = self.clock.end_after(*end, held.deadline());
        }
        self.clock.now_by(*end)
    }

    /// Takes down the deadline of a hold that is taken up again: `floor` is the latest time on record.
    pub(super) fn resume_end(&self, held: &HeldCall, floor: Timestamp) {
        let end = self.clock.end_since(held.deadline(), floor);
        self.ends.0.lock().unwrap_or_else(PoisonError::into_inner).insert(held.id().clone(), end);
    }

    /// Forgets the ends of holds that are not kept any more.
    pub(super) fn forget_ends(&self, is_kept: impl Fn(&HoldId) -> bool) {
        self.ends.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|hold, _| is_kept(hold));
    }

    /// How many holds wait for a person.
    pub(crate) fn waiting_count(&self) -> usize {
        let inner = self.lock();
        inner.holds.values().filter(|kept| matches!(kept.held.state(), HoldState::Waiting)).count()
    }

    /// How a hold that is still on show ended.
    pub(crate) fn verdict(&self, hold: &HoldId) -> Option<Verdict> {
        match self.lock().holds.get(hold)?.held.state() {
            HoldState::Ended { verdict, .. } => Some(verdict.clone()),
            _ => None,
        }
    }
}
