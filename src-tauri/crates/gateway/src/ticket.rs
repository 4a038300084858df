//! A waiter's place at a hold: what the pipeline waits on, and how the desk knows that somebody does.

use crate::desk::{Desk, DeskEvent};
use crate::outcomes::Outcome;
use crate::slip::Slip;
use approvals::{HoldId, Refusal};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::watch;

/// What a waiter learns of its hold.
#[derive(Clone)]
pub(crate) enum Phase {
    Waiting,
    /// Approved: the first to claim it runs it.
    Claimable,
    Running,
    /// Nothing more happens to it; everybody who waited reads this.
    Over(Outcome),
}

/// A waiter's place at a hold. Dropping it leaves the hold to itself (unattended), still open to votes.
pub(crate) struct Ticket {
    phase: watch::Receiver<Phase>,
    read: Arc<AtomicBool>,
    /// After `phase`: fields drop in order, and who is told must already see one waiter less.
    place: Place,
}

struct Place {
    desk: Arc<Desk>,
    hold: HoldId,
}

impl Ticket {
    pub(crate) fn new(
        desk: &Arc<Desk>,
        hold: &HoldId,
        phase: watch::Receiver<Phase>,
        read: Arc<AtomicBool>,
    ) -> Ticket {
        Ticket { phase, read, place: Place { desk: Arc::clone(desk), hold: hold.clone() } }
    }

    pub(crate) fn hold(&self) -> &HoldId {
        &self.place.hold
    }

    /// For the outcome of this hold.
    pub(crate) fn slip(&self) -> Slip {
        Slip::new(&self.place.desk, &self.place.hold, Arc::clone(&self.read))
    }

    /// Whether somebody else's run of it is under way.
    pub(crate) fn is_running(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Running)
    }

    /// The next phase in which there is something to do.
    pub(crate) async fn next(&mut self) -> Phase {
        loop {
            let phase = self.phase.borrow_and_update().clone();
            if !matches!(phase, Phase::Waiting | Phase::Running) {
                return phase;
            }
            if self.phase.changed().await.is_err() {
                return Phase::Over(Outcome::Refused(Refusal::Withdrawn));
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.desk.send(DeskEvent::HoldChanged { hold: self.hold.clone() });
    }
}
