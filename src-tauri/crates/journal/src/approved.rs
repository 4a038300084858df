//! Approved holds as they were recorded last, so that a release need not read and replay what this process wrote a moment
//! ago. A transaction takes them along and gives them back when it is committed; after a failure none is left, and the
//! entries are read again.

use approvals::{HeldCall, HoldId};
use std::collections::VecDeque;

/// How many: a release follows its approval within moments, and each holds a whole call.
const MOST: usize = 16;

/// A hold with the number of its call.
pub(crate) type Recorded = (HeldCall, u64);

/// Oldest first.
#[derive(Default)]
pub(crate) struct Approved(VecDeque<Recorded>);

impl Approved {
    pub(crate) fn keep(&mut self, recorded: Recorded) {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(recorded);
    }

    /// Whoever takes it keeps it again once its change is recorded.
    pub(crate) fn take(&mut self, hold: &HoldId) -> Option<Recorded> {
        let at = self.0.iter().position(|(held, _)| held.id() == hold)?;
        self.0.remove(at)
    }
}
