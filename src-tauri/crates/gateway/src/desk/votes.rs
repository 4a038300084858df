//! What people do to a hold: vote, with or without a proof, change what is asked, put a deadline off, prove that they
//! are there. Each is applied by `approvals`, recorded, and only then told.

use super::{Desk, DeskEvent, Kept};
use crate::card::Card;
use approvals::{
    Choice, Event, FlowError, Grant, GrantMaker, GrantTerms, HeldCall, HoldId, HoldState, Means, NoGrant,
    ProofWindow, StepUpProof, Vote,
};
use journal::{Entry, JournalError};
use policy::{CallDigest, Timestamp, UserId, Value};

/// One vote as it reaches the desk.
#[derive(Clone, Debug)]
pub struct Ballot {
    pub hold: HoldId,
    /// Of the call that was shown.
    pub digest: CallDigest,
    pub choice: Choice,
    pub means: Means,
    pub by: UserId,
    /// Verified by whoever brings it. The desk's owner needs none, unless the stage asks for one.
    pub proof: Option<StepUpProof>,
}

/// A grant as it would be made, or why it cannot be; and whether this person may make one now.
pub(crate) type DraftedGrant = (Result<Grant, NoGrant>, Result<(), NoGrant>);

/// Why what a person did counts for nothing. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum VoteError {
    #[error("there is no hold `{0}`; it may have ended a while ago, look in Activity")]
    Unknown(String),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error("no grant can be made of this: {0}")]
    NoGrant(#[from] NoGrant),
    #[error("the vote could not be recorded and does not count: {0}")]
    Journal(#[from] JournalError),
}

impl VoteError {
    /// Stable, for the window.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            VoteError::Unknown(_) => "no_hold",
            VoteError::Flow(FlowError::NeedsProof { .. }) => "needs_proof",
            VoteError::Flow(_) => "vote_refused",
            VoteError::NoGrant(_) => "no_grant",
            VoteError::Journal(_) => "journal",
        }
    }
}

/// A vote that counted, and where the hold stands now.
#[derive(Clone, Debug)]
pub struct VoteReceipt {
    pub hold: HoldId,
    pub card: Card,
    pub message: String,
}

/// What may be answered to one hold beside approve and reject.
pub struct Standing {
    /// The deadline an extension would give.
    pub extended: Option<Timestamp>,
    /// The arguments, where they may be changed.
    pub editable: Result<Value, FlowError>,
}

impl Desk {
    /// One person's vote, for exactly the call whose digest they were shown. Blocks on the disk.
    ///
    /// # Errors
    /// When it does not count; nothing changed then.
    pub fn vote(
        &self,
        hold: &HoldId,
        digest: CallDigest,
        choice: Choice,
        means: Means,
        by: &UserId,
    ) -> Result<VoteReceipt, VoteError> {
        let (hold, by) = (hold.clone(), by.clone());
        self.cast(Ballot { hold, digest, choice, means, by, proof: None })
    }

    /// The same with a proof of the voter's presence. Blocks on the disk.
    ///
    /// # Errors
    /// When it does not count; nothing changed then.
    pub fn cast(&self, ballot: Ballot) -> Result<VoteReceipt, VoteError> {
        let hold = ballot.hold.clone();
        self.act(&hold, move |now| Event::Voted(ballot.into_vote(now)))
    }

    /// An approval that also lets calls like this one go from now on. Blocks on the disk.
    ///
    /// # Errors
    /// When the vote does not count, or no grant can come of it; nothing changed then.
    pub(crate) fn approve_and_grant(
        &self,
        ballot: Ballot,
        terms: GrantTerms,
        maker: GrantMaker,
    ) -> Result<VoteReceipt, VoteError> {
        let mut inner = self.lock();
        let hold = ballot.hold.clone();
        let kept = inner.holds.get_mut(&hold).ok_or_else(|| VoteError::Unknown(hold.to_string()))?;
        let now = self.now_for(&kept.held);
        let made = self.make_grant(kept, ballot, terms, maker, now);
        let receipt = kept.receipt();
        self.settle(&mut inner, &hold, now);
        drop(inner);
        made?;
        self.send(DeskEvent::Grants);
        Ok(VoteReceipt { message: format!("{} Calls like it go from now on.", receipt.message), ..receipt })
    }

    fn make_grant(
        &self,
        kept: &mut Kept,
        ballot: Ballot,
        terms: GrantTerms,
        maker: GrantMaker,
        now: Timestamp,
    ) -> Result<(), VoteError> {
        self.lapse(kept, now);
        let maker = GrantMaker { by: ballot.by.clone(), means: ballot.means, now, ..maker };
        kept.held.may_grant(&maker)?;
        let grant = kept.held.draft_grant(terms, &maker)?;
        self.change(kept, Event::Voted(Ballot { choice: Choice::Approve, ..ballot }.into_vote(now)), now)?;
        // The completing vote is on record; a grant that cannot be recorded is not made, and the vote stands.
        self.add_grant(grant)?;
        Ok(())
    }

    /// The grant these terms would make, and whether it could be made now.
    ///
    /// # Errors
    /// There is no such hold.
    pub(crate) fn draft_grant(
        &self,
        hold: &HoldId,
        terms: GrantTerms,
        maker: &GrantMaker,
    ) -> Result<DraftedGrant, VoteError> {
        self.look(hold, |held| (held.draft_grant(terms, maker), held.may_grant(maker)))
    }

    /// The user whom the agent acts for proved that they are there. Blocks on the disk.
    ///
    /// # Errors
    /// When it does not count; nothing changed then.
    pub fn prove(&self, hold: &HoldId, proof: StepUpProof) -> Result<VoteReceipt, VoteError> {
        self.act(hold, move |_| Event::Proven(proof))
    }

    /// What a person did who proved that they are there: their vote where one of theirs counts, which also serves as
    /// the step-up of the user whom the agent acts for; else that step-up alone. Blocks on the disk.
    ///
    /// # Errors
    /// When it does not count; nothing changed then.
    pub fn present(&self, proof: StepUpProof, means: Means) -> Result<VoteReceipt, VoteError> {
        let hold = proof.hold.clone();
        self.act_on(&hold, move |held, now| {
            let vote = Vote {
                by: proof.by.clone(),
                choice: Choice::Approve,
                means,
                digest: proof.digest,
                at: now,
                proof: Some(proof.clone()),
            };
            let voted = Event::Voted(vote);
            if held.waits_for_proof() || held.check(&voted, now).is_err() {
                Event::Proven(proof)
            } else {
                voted
            }
        })
    }

    /// Puts the open deadlines of a hold off, once and by their own length. Blocks on the disk.
    ///
    /// # Errors
    /// When it was put off before, or has ended; nothing changed then.
    pub fn extend(&self, hold: &HoldId, by: &UserId) -> Result<VoteReceipt, VoteError> {
        let by = by.clone();
        let receipt = self.act(hold, move |_| Event::Extended { by })?;
        Ok(VoteReceipt {
            message: "The deadline was put off; it cannot be put off again.".to_owned(),
            ..receipt
        })
    }

    /// Reads something of a hold.
    ///
    /// # Errors
    /// There is no such hold.
    pub(crate) fn look<T>(&self, hold: &HoldId, at: impl FnOnce(&HeldCall) -> T) -> Result<T, VoteError> {
        let inner = self.lock();
        let kept = inner.holds.get(hold).ok_or_else(|| VoteError::Unknown(hold.to_string()))?;
        Ok(at(&kept.held))
    }

    /// What may be answered to a hold beside approve and reject.
    ///
    /// # Errors
    /// There is no such hold.
    pub fn standing(&self, hold: &HoldId) -> Result<Standing, VoteError> {
        self.look(hold, |held| Standing {
            extended: held.extended_deadline(),
            editable: if held.may_edit() {
                Ok(held.call().arguments.clone())
            } else {
                Err(FlowError::NoEdit)
            },
        })
    }

    fn act(&self, hold: &HoldId, event: impl FnOnce(Timestamp) -> Event) -> Result<VoteReceipt, VoteError> {
        self.act_on(hold, |_, now| event(now))
    }

    fn act_on(
        &self,
        hold: &HoldId,
        event: impl FnOnce(&HeldCall, Timestamp) -> Event,
    ) -> Result<VoteReceipt, VoteError> {
        let mut inner = self.lock();
        let kept = inner.holds.get_mut(hold).ok_or_else(|| VoteError::Unknown(hold.to_string()))?;
        // The one who got the lock first was first: the time is read in here.
        let now = self.now_for(&kept.held);
        self.lapse(kept, now);
        let event = event(&kept.held, now);
        let outcome = self.change(kept, event, now);
        if outcome.is_ok() {
            self.open_window(&kept.held);
        }
        let receipt = kept.receipt();
        self.settle(&mut inner, hold, now);
        drop(inner);
        outcome.map(|()| receipt)
    }

    /// A deadline that passed a moment ago comes before whatever is done now.
    fn lapse(&self, kept: &mut Kept, now: Timestamp) {
        let is_due = matches!(kept.held.state(), HoldState::Waiting) && kept.held.deadline() <= now;
        if is_due && let Err(error) = self.change(kept, Event::DeadlinePassed, now) {
            tracing::error!(%error, hold = %kept.held.id(), "a passed deadline could not be recorded");
        }
    }

    /// A proof that a call's user just gave counts for a while, where the policies that asked for it say so.
    fn open_window(&self, held: &HeldCall) {
        if !self.presence.is_surely_unlocked() {
            return;
        }
        let Some(proof) = held.proof().filter(|_| matches!(held.state(), HoldState::Approved { .. })) else {
            return;
        };
        let Some(window) = ProofWindow::of(proof, held.call(), held.decision()) else { return };
        match self.journal.record(Entry::WindowOpened(window.clone())) {
            Ok(_) => self.given().open(window),
            Err(error) => tracing::error!(%error, "a proof's window could not be recorded; it stays shut"),
        }
    }
}

impl Ballot {
    fn into_vote(self, at: Timestamp) -> Vote {
        let Ballot { digest, choice, means, by, proof, .. } = self;
        Vote { by, choice, means, digest, at, proof }
    }
}

impl Kept {
    fn receipt(&self) -> VoteReceipt {
        VoteReceipt { hold: self.held.id().clone(), card: self.card(), message: self.receipt_words() }
    }
}
