//! A look at one hold as it stands, for whoever asks a person about it.

use super::Desk;
use crate::card::Card;
use approvals::{HeldCall, HoldId};

impl Desk {
    /// The hold with its card; none where it is gone for longer than a minute.
    pub(crate) fn seen<T>(&self, hold: &HoldId, look: impl FnOnce(&HeldCall, Card) -> T) -> Option<T> {
        let inner = self.lock();
        inner.holds.get(hold).map(|kept| look(&kept.held, kept.card()))
    }
}
