//! A waiter's place at a hold: what the pipeline waits on, and how the desk knows that somebody does.

use crate::desk::{Desk, DeskEvent};
use crate::upstream::Reply;
use approvals::{HoldId, Refusal};
use std::sync::Arc;
use tokio::sync::watch;

/// What a waiter learns of its hold.
#[derive(Clone)]
pub(crate) enum Phase {
    Waiting,
    /// Approved: the first to claim it runs it.
    Claimable,
    Running,
    /// It ran once; everybody who waited reads this.
    Answered(Arc<Reply>),
    Ended(Refusal),
}

/// A waiter's place at a hold. Dropping it leaves the hold to itself (unattended), still open to votes.
pub(crate) struct Ticket {
    phase: watch::Receiver<Phase>,
    /// After `phase`: fields drop in order, and who is told must already see one waiter less.
    place: Place,
}

struct Place {
    desk: Arc<Desk>,
    hold: HoldId,
}

impl Ticket {
    pub(crate) fn new(desk: &Arc<Desk>, hold: &HoldId, phase: watch::Receiver<Phase>) -> Ticket {
        Ticket { phase, place: Place { desk: Arc::clone(desk), hold: hold.clone() } }
    }

    pub(crate) fn hold(&self) -> &HoldId {
        &self.place.hold
    }

    /// The next phase in which there is something to do.
    pub(crate) async fn next(&mut self) -> Phase {
        loop {
            let phase = self.phase.borrow_and_update().clone();
            if !matches!(phase, Phase::Waiting | Phase::Running) {
                return phase;
            }
            if self.phase.changed().await.is_err() {
                return Phase::Ended(Refusal::Withdrawn);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.desk.send(DeskEvent::HoldChanged { hold: self.hold.clone() });
    }
}
