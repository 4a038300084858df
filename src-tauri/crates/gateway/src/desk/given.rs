//! What was given before and still counts: grants, and the windows of fresh proofs; and what each user can prove with.
//!
//! One lock for all of it: a use and a revocation have an order, and the journal keeps the same one.

use super::{Desk, DeskEvent};
use crate::clock::{Clock, End, Reading};
use crate::presence::{Presence, PresenceEvent};
use approvals::{Admission, AtDesk, Authenticator, Basis, Grant, GrantId, Ids, ProofWindow};
use journal::{Entry, Journal, JournalError, RecordedGrant, Revoked};
use policy::{Decision, Facts, Timestamp, ToolCall, UserId};
use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use tokio::sync::broadcast::error::RecvError;

/// Windows kept at once; the oldest goes first.
const MOST_WINDOWS: usize = 1_000;

/// See the module.
#[derive(Default)]
pub(super) struct Given {
    /// The newest first.
    grants: Vec<RecordedGrant>,
    /// When each of them ends, in both clocks.
    ends: HashMap<GrantId, End>,
    windows: Vec<ProofWindow>,
    /// When it was looked at last.
    seen: Option<Reading>,
    authenticators: HashMap<UserId, Authenticator>,
}

impl Given {
    /// What is on record, which was written at `floor` at the latest.
    pub(super) fn recall(journal: &Journal, clock: &Clock, floor: Timestamp) -> Result<Given, JournalError> {
        let grants = journal.grants()?;
        let end_of = |known: &RecordedGrant| {
            (known.grant.id.clone(), clock.end_since(known.grant.until, floor.max(known.grant.made_at)))
        };
        Ok(Given { ends: grants.iter().map(end_of).collect(), grants, ..Given::default() })
    }

    pub(super) fn open(&mut self, window: ProofWindow) {
        if self.windows.len() >= MOST_WINDOWS {
            self.windows.remove(0);
        }
        self.windows.retain(|known| known.proof != window.proof);
        self.windows.push(window);
    }

    fn usable(&self, clock: &Clock) -> Vec<Grant> {
        // A clock that is set back makes no grant live longer.
        let now_for = |grant: &Grant| self.ends.get(&grant.id).map_or(grant.until, |end| clock.now_by(*end));
        let usable = self.grants.iter().filter(|known| {
            known.revoked.is_none()
                && known.grant.uses.is_none_or(|most| known.hits < most)
                && now_for(&known.grant) < known.grant.until
        });
        usable.map(|known| known.grant.clone()).collect()
    }

    fn of(&mut self, grant: &GrantId) -> Option<&mut RecordedGrant> {
        self.grants.iter_mut().find(|known| known.grant.id == *grant)
    }
}

impl Desk {
    pub(super) fn given(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a decision means for its call, with all that was given before. A use of a grant is counted here, so that
    /// no two calls take the last one.
    pub(crate) fn admit(
        &self,
        (decision, call, facts): (Decision, ToolCall, Facts),
        desk: AtDesk,
        ids: Ids,
    ) -> Admission {
        let now = self.clock.now();
        let mut given = self.given();
        let reading = self.clock.reading();
        let before = given.seen.replace(reading);
        let was_set_back = before.is_some_and(|before| before.was_set_back_by(&reading));
        // A clock that was set back proves nothing of how long ago a proof was given.
        given.windows.retain(|window| !was_set_back && now < window.until);
        let desk = match &decision.outcome {
            policy::Outcome::Held(_) => AtDesk {
                grants: given.usable(&self.clock),
                windows: if self.presence.is_surely_unlocked() { given.windows.clone() } else { Vec::new() },
                authenticator: given.authenticators.get(&call.user).copied().unwrap_or_default(),
                ..desk
            },
            _ => desk,
        };
        let admission = approvals::admit(decision, call, facts, desk, ids, now);
        if let Admission::Released(released) = &admission
            && let Basis::Grant { grant, .. } = released.basis()
            && let Some(known) = given.of(grant)
        {
            known.hits += 1;
            known.last_used = Some(now);
        }
        admission
    }

    /// A release that could not be recorded used nothing up.
    pub(crate) fn give_back(&self, basis: &Basis) {
        if let Basis::Grant { grant, .. } = basis
            && let Some(known) = self.given().of(grant)
        {
            known.hits = known.hits.saturating_sub(1);
        }
    }

    /// Tells whoever shows them that a call went, and that a grant was used.
    pub(crate) fn note_use(&self, basis: &Basis) {
        if let Basis::Grant { .. } = basis {
            self.send(DeskEvent::Grants);
        }
        self.send(DeskEvent::Activity);
    }

    pub(super) fn add_grant(&self, grant: Grant) -> Result<(), JournalError> {
        let mut given = self.given();
        self.journal.record(Entry::GrantMade(grant.clone()))?;
        given.ends.insert(grant.id.clone(), self.clock.end(grant.until));
        given.grants.insert(0, RecordedGrant { grant, hits: 0, last_used: None, revoked: None });
        Ok(())
    }

    /// Every grant on record, the newest first.
    #[must_use]
    pub fn grants(&self) -> Vec<RecordedGrant> {
        self.given().grants.clone()
    }

    /// Ends a grant: no release comes of it once this returns. Blocks on the disk.
    ///
    /// # Errors
    /// When there is none of that id in force, or it cannot be recorded; it stays in force then.
    pub fn revoke(&self, grant: &GrantId, by: Option<&UserId>, why: &str) -> Result<(), JournalError> {
        let mut given = self.given();
        let now = self.clock.now();
        let known = given.of(grant).filter(|known| known.revoked.is_none());
        let known = known.ok_or_else(|| JournalError::GrantEnded(grant.clone()))?;
        let revoked = Revoked { grant: grant.clone(), by: by.cloned(), why: why.to_owned(), at: now };
        self.journal.record(Entry::GrantRevoked(revoked.clone()))?;
        known.revoked = Some(revoked);
        drop(given);
        self.send(DeskEvent::Grants);
        Ok(())
    }

    /// Ends grants that nobody can use any more: of agents, upstreams or users that were removed. Blocks on the disk.
    pub(crate) fn revoke_all(&self, why: &str, concerns: impl Fn(&Grant) -> bool) {
        let concerned: Vec<GrantId> = self
            .grants()
            .into_iter()
            .filter(|known| known.revoked.is_none() && concerns(&known.grant))
            .map(|known| known.grant.id)
            .collect();
        for grant in concerned {
            if let Err(error) = self.revoke(&grant, None, why) {
                tracing::error!(%error, %grant, "a grant could not be ended");
            }
        }
    }

    /// Whether somebody can be at the screen.
    pub(crate) fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Ends every window when the screen is locked, or nobody can tell any more, and when the machine sleeps or wakes.
    pub(crate) async fn watch_presence(self: Arc<Self>) {
        let mut changes = self.presence.changes();
        loop {
            match changes.recv().await {
                Ok(PresenceEvent::Unlocked) => self.send(DeskEvent::Screen),
                // Whoever lags behind takes everything as ended.
                Ok(_) | Err(RecvError::Lagged(_)) => {
                    self.close_windows();
                    self.send(DeskEvent::Screen);
                }
                Err(RecvError::Closed) => return self.close_windows(),
            }
        }
    }

    /// No proof of before counts any more: the screen was locked, or the machine slept.
    pub fn close_windows(&self) {
        self.given().windows.clear();
    }

    /// What each user can prove their presence with, from now on; nobody else can.
    pub fn set_authenticators(&self, users: impl IntoIterator<Item = (UserId, Authenticator)>) {
        self.given().authenticators = users.into_iter().collect();
    }
}
