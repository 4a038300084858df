//! What a person can prove a hold with, so that every view offers the same and nothing that would not count.

use super::hold;
use crate::engine::Engine;
use approvals::{Choice, Event, HeldCall, HoldId, HoldState, Means, Vote};
use policy::{Timestamp, UserId};

/// What would bring a hold further that a click alone does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofOffer {
    /// Somebody whose passkey is enrolled can prove or vote on the page in the browser.
    pub passkey: bool,
    /// The owner can type the passphrase.
    pub passphrase: bool,
}

impl Engine {
    /// None where the owner's click is all that is asked now, or where the hold is over.
    #[must_use]
    pub fn proof_offer(&self, hold: &HoldId) -> Option<ProofOffer> {
        let roster = self.proofs().passkeys().roster().ok();
        let owner = self.owner_id();
        let now = self.desk().clock().now();
        let offered = self.desk().seen(hold, |held, _| {
            if !matches!(held.state(), HoldState::Waiting) || is_clicked(held, owner.as_ref(), now) {
                return None;
            }
            let asked = hold::people(self, held);
            let passkey = roster
                .is_some_and(|roster| asked.iter().any(|person| !roster.of(person.as_str()).is_empty()));
            let passphrase = owner.as_ref().is_some_and(|owner| self.takes_passphrase(held, owner, now));
            Some(ProofOffer { passkey, passphrase })
        });
        offered.flatten().filter(|offer| offer.passkey || offer.passphrase)
    }
}

/// The owner's click counts, and nobody has to prove anything beside it.
fn is_clicked(held: &HeldCall, owner: Option<&UserId>, now: Timestamp) -> bool {
    let Some(owner) = owner else { return false };
    let vote = Event::Voted(Vote {
        by: owner.clone(),
        choice: Choice::Approve,
        means: Means::Window,
        digest: held.digest(),
        at: now,
        proof: None,
    });
    let is_proven = held.step_up().is_none() || held.proof().is_some();
    is_proven && held.check(&vote, now).is_ok()
}
