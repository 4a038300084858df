//! Making a grant: the vote that completes a hold, and what it lets go from then on.
//!
//! A grant that permits more than the person had before their eyes loosens the policies: once a passkey is enrolled, it
//! is asked for first. What was confirmed is what is made: the page's hash is over the grant's own terms.

use super::sentence;
use crate::ceremony::{Agreement, CeremonyError};
use crate::desk::{Ballot, VoteError, VoteReceipt};
use crate::engine::Engine;
use crate::refusal::rfc3339;
use approvals::{Grant, GrantMaker, GrantTerms};
use std::sync::Arc;
use stepup::Purpose;

/// Why no grant was made. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    #[error(transparent)]
    Vote(#[from] VoteError),
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    #[error("the grant was broken off")]
    BrokenOff,
}

impl Engine {
    /// An approval that also lets calls like this one go from now on; with a passkey where that loosens the policies.
    ///
    /// # Errors
    /// When the vote does not count, no grant can come of it, or nobody proved it; nothing changed then.
    pub async fn approve_and_grant(
        self: &Arc<Self>,
        ballot: Ballot,
        terms: GrantTerms,
        maker: GrantMaker,
    ) -> Result<VoteReceipt, GrantError> {
        let maker = GrantMaker { by: ballot.by.clone(), means: ballot.means, ..maker };
        let (drafted, may) = self.desk().draft_grant(&ballot.hold, terms.clone(), &maker)?;
        may.map_err(VoteError::from)?;
        let grant = drafted.map_err(VoteError::from)?;
        let project = self.desk().look(&ballot.hold, |held| held.facts().context.project.clone())?;
        if grant.is_loosening(project.as_deref()) {
            let proven = self.require_proof(agreement(&grant)).await?;
            if proven.is_some_and(|presence| presence.person != ballot.by) {
                return Err(CeremonyError::NotProven.into());
            }
        }
        let desk = Arc::clone(self.desk());
        // Whether the screen is locked may have changed while the page was open.
        let maker = GrantMaker { is_locked: self.presence().is_locked(), ..maker };
        let made = tokio::task::spawn_blocking(move || desk.approve_and_grant(ballot, terms, maker));
        Ok(made.await.map_err(|_| GrantError::BrokenOff)??)
    }
}

fn agreement(grant: &Grant) -> Agreement {
    let lines = [
        ("Calls", sentence(grant)),
        ("Agent", grant.agent.to_string()),
        ("Until", rfc3339(grant.until).unwrap_or_default()),
        ("Made on the call", grant.hold.to_string()),
    ];
    let lines = lines.map(|(label, text)| (label.to_owned(), text));
    Agreement::to_lines(Purpose::Change, "Let calls like this go without asking", lines.into())
}
