//! The passphrase in use: the desk's owner types it in the window, for one held call or to change it.
//!
//! A proof by passphrase is the owner's alone, and counts only where `approvals` takes one (I6). Every guess that does
//! not count is in the journal. Nothing here is reached from a port or a socket.

use super::{Moment, Passphrase, PassphraseError};
use crate::ceremony::{Agreement, CeremonyError, Purpose};
use crate::desk::{VoteError, VoteReceipt};
use crate::engine::Engine;
use approvals::{
    Choice, Event, FlowError, HeldCall, HoldId, HoldState, Means, ProofId, ProofMethod, StepUpProof, Vote,
};
use journal::{Entry, PassphraseEntry};
use policy::{CallDigest, ProofKind, Timestamp, UserId};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Why what was typed did nothing.
#[derive(Debug, thiserror::Error)]
pub enum TypedError {
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    #[error(transparent)]
    Vote(#[from] VoteError),
    #[error("this home has no owner who could prove anything")]
    NoOwner,
    #[error("it was broken off, and nothing was changed")]
    BrokenOff,
}

/// What was typed; wiped when it is gone.
pub type Typed = Zeroizing<String>;

impl Engine {
    /// Whether a passphrase is set.
    #[must_use]
    pub fn has_passphrase(&self) -> bool {
        self.proofs().passphrase().is_known_set()
    }

    fn moment(&self) -> Moment {
        Moment::now(self.desk().clock().now())
    }

    /// The owner's step-up or vote on one hold, for exactly the call whose digest they were shown. Takes a while.
    ///
    /// # Errors
    /// When it does not count; nothing changed then.
    pub fn prove_by_passphrase(
        &self,
        hold: &HoldId,
        digest: CallDigest,
        typed: &Typed,
    ) -> Result<VoteReceipt, TypedError> {
        let owner = self.owner_id().ok_or(TypedError::NoOwner)?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| {
            PassphraseError::Keychain(crate::keychain::KeychainError::NoRandomness(error))
        })?;
        let proof = |at| StepUpProof {
            id: ProofId::from_random(random),
            by: owner.clone(),
            method: ProofMethod::Passphrase,
            hold: hold.clone(),
            digest,
            at,
            evidence: None,
        };
        // Where it could not count nobody is told whether the guess was right.
        let now = self.desk().clock().now();
        let refusal = self.desk().seen(hold, |held, _| why_not(held, &proof(now), now));
        if let Some(error) = refusal.ok_or_else(|| VoteError::Unknown(hold.to_string()))? {
            self.note_guess("step_up", Some(hold), "not_asked");
            return Err(VoteError::Flow(error).into());
        }
        self.check_typed("step_up", Some(hold), typed)?;
        Ok(self.desk().present(proof(self.desk().clock().now()), Means::Window)?)
    }

    /// Sets the first passphrase, or another one. Where passkeys are enrolled one of them agrees to it, as it is a
    /// weaker way to prove the same; else the old passphrase is typed.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub async fn set_passphrase(self: &Arc<Self>, new: Typed, old: Option<Typed>) -> Result<(), TypedError> {
        if new.chars().count() < super::SHORTEST {
            return Err(PassphraseError::TooShort.into());
        }
        let is_first = !self.has_passphrase();
        let title = if is_first { "Set a passphrase" } else { "Set another passphrase" };
        let lines = vec![(
            "it can then".to_owned(),
            "release calls whose policies ask for a passkey or passphrase".to_owned(),
        )];
        let by_passkey =
            self.require_proof(Agreement::to_lines(Purpose::Change, title, lines)).await?.is_some();
        self.off_the_loop(move |engine| {
            let now = engine.moment();
            let passphrase = engine.proofs().passphrase();
            if by_passkey {
                passphrase.replace(&new)?;
            } else {
                engine.guessed(
                    "change_passphrase",
                    None,
                    passphrase.set(&new, old.as_deref().map(|old| &**old), &now),
                )?;
            }
            engine.note(Entry::Passphrase(PassphraseEntry::Set { is_first, by_passkey }));
            engine.proofs().changed(engine);
            Ok(())
        })
        .await
    }

    /// Removes it: freely where a passkey is enrolled, as that is the stronger one; else by typing it.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub async fn remove_passphrase(self: &Arc<Self>, old: Option<Typed>) -> Result<(), TypedError> {
        self.off_the_loop(move |engine| {
            let now = engine.moment();
            let passphrase = engine.proofs().passphrase();
            let roster = engine.proofs().passkeys().roster().map_err(CeremonyError::from)?;
            if roster.is_empty() {
                let old = old.unwrap_or_default();
                engine.guessed("remove_passphrase", None, passphrase.remove(&old, &now))?;
            } else {
                passphrase.forget()?;
            }
            engine.note(Entry::Passphrase(PassphraseEntry::Removed));
            engine.proofs().changed(engine);
            Ok(())
        })
        .await
    }

    /// Whether this is the passphrase; a guess that is not right is on record before the answer.
    pub(crate) fn check_typed(
        &self,
        purpose: &str,
        hold: Option<&HoldId>,
        typed: &Typed,
    ) -> Result<(), PassphraseError> {
        let checked = self.proofs().passphrase().check(typed, &self.moment());
        self.guessed(purpose, hold, checked)
    }

    fn guessed(
        &self,
        purpose: &str,
        hold: Option<&HoldId>,
        checked: Result<(), PassphraseError>,
    ) -> Result<(), PassphraseError> {
        if let Err(error) = &checked {
            tracing::warn!(%error, purpose, "a passphrase did not count");
            self.note_guess(purpose, hold, error.code());
        }
        checked
    }

    fn note_guess(&self, purpose: &str, hold: Option<&HoldId>, why: &str) {
        self.note(Entry::Passphrase(PassphraseEntry::Refused {
            purpose: purpose.to_owned(),
            hold: hold.cloned(),
            why: why.to_owned(),
        }));
    }

    async fn off_the_loop(
        self: &Arc<Self>,
        change: impl FnOnce(&Engine) -> Result<(), TypedError> + Send + 'static,
    ) -> Result<(), TypedError> {
        let engine = Arc::clone(self);
        let changed = tokio::task::spawn_blocking(move || change(&engine));
        changed.await.map_err(|_| TypedError::BrokenOff)?
    }

    /// Whether the owner's passphrase would bring this hold further than their click.
    pub(crate) fn takes_passphrase(&self, held: &HeldCall, owner: &UserId, now: Timestamp) -> bool {
        let proof = StepUpProof {
            id: ProofId::from_random([0; 16]),
            by: owner.clone(),
            method: ProofMethod::Passphrase,
            hold: held.id().clone(),
            digest: held.digest(),
            at: now,
            evidence: None,
        };
        self.has_passphrase()
            && matches!(held.state(), HoldState::Waiting)
            && why_not(held, &proof, now).is_none()
    }
}

/// Why this proof by passphrase would do nothing here that a click does not do; none where it would do something.
fn why_not(held: &HeldCall, proof: &StepUpProof, now: Timestamp) -> Option<FlowError> {
    let Err(not_proven) = held.check(&Event::Proven(proof.clone()), now) else { return None };
    let vote = Vote {
        by: proof.by.clone(),
        choice: Choice::Approve,
        means: Means::Window,
        digest: proof.digest,
        at: now,
        proof: Some(proof.clone()),
    };
    let click = Event::Voted(Vote { proof: None, ..vote.clone() });
    let serves_step_up =
        held.step_up() == Some(ProofKind::Any) && held.proof().is_none() && held.call().user == proof.by;
    match held.check(&Event::Voted(vote), now) {
        Ok(()) if serves_step_up || held.check(&click, now).is_err() => None,
        Err(no_vote) if !held.waits_for_proof() => Some(no_vote),
        Ok(()) | Err(_) => Some(not_proven),
    }
}

impl Passphrase {
    /// Another one in its place, which a passkey agreed to.
    pub(crate) fn replace(&self, new: &str) -> Result<(), PassphraseError> {
        self.keep_new(new)
    }

    /// Removes it without typing it, which a passkey stands for.
    pub(crate) fn forget(&self) -> Result<(), PassphraseError> {
        self.delete()
    }
}
