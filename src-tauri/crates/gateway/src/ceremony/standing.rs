//! Holds as a record has them, for `audit`: each lives again from its entries, by the same rules as at its desk, so
//! that a release is told apart from one that was only written down.

use approvals::{Event, HeldCall, HoldState, Opened, ProofWindow};
use policy::{CallDigest, ProofKind, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What happened to a hold, as an entry has it.
#[derive(Deserialize)]
pub(super) struct Happened {
    pub(super) at: Timestamp,
    pub(super) event: Event,
    redacted: Option<IgnoredAny>,
}

/// A body that says whether something was left out of it.
#[derive(Deserialize)]
struct Marked {
    redacted: Option<IgnoredAny>,
}

/// The kinds of entries that tell what happened to a hold.
const HAPPENED: [&str; 8] = [
    "vote_cast",
    "presence_proven",
    "deadline_extended",
    "deadline_passed",
    "hold_withdrawn",
    "hold_rejudged",
    "voters_changed",
    "collection_passed",
];

/// A hold, as far as it was read.
pub(super) struct Standing {
    pub(super) tool: String,
    held: HeldCall,
    /// What was left out or cannot be read may be why an entry does not fit.
    is_whole: bool,
    /// An entry did not fit.
    is_broken: bool,
}

impl Happened {
    /// None for entries of other kinds.
    ///
    /// # Errors
    /// The body is none of its kind.
    pub(super) fn of(kind: &str, body: &str) -> Option<Result<Happened, serde_json::Error>> {
        HAPPENED.contains(&kind).then(|| serde_json::from_str(body))
    }

    pub(super) fn is_redacted(&self) -> bool {
        self.redacted.is_some()
    }
}

impl Standing {
    pub(super) fn of(body: &str) -> Option<(String, Standing)> {
        let opened: Opened = serde_json::from_str(body).ok()?;
        let marked: Marked = serde_json::from_str(body).ok()?;
        let (id, tool) = (opened.id.to_string(), opened.call.qualified_tool());
        let is_whole = marked.redacted.is_none();
        Some((id, Standing { tool, held: HeldCall::open(opened), is_whole, is_broken: false }))
    }

    /// An entry about it cannot be read here.
    pub(super) fn lose(&mut self) {
        (self.is_whole, self.is_broken) = (false, true);
    }

    pub(super) fn happen(&mut self, happened: Happened) {
        self.is_whole &= !happened.is_redacted();
        self.is_broken |= self.held.apply(happened.event, happened.at).is_err();
    }

    /// The time after its proof in which other calls may go, where it is one.
    pub(super) fn window(&self) -> Option<ProofWindow> {
        let is_approved = matches!(self.held.state(), HoldState::Approved { .. });
        let proof = self.held.proof().filter(|_| is_approved)?;
        ProofWindow::of(proof, self.held.call(), self.held.decision())
    }

    /// Whether a proof over `digest` can be one for this call.
    pub(super) fn is_of(&self, digest: &CallDigest) -> bool {
        !self.is_whole || [self.held.digest(), self.held.asked_digest()].contains(digest)
    }

    pub(super) fn needs_passkey(&self) -> bool {
        self.held.step_up() == Some(ProofKind::Passkey)
    }

    /// Takes its one release, of the call with this digest.
    ///
    /// # Errors
    /// Why it cannot have been given; nothing where too little is on record to say so.
    pub(super) fn release(
        &mut self,
        digest: &CallDigest,
        claimed: Event,
        at: Timestamp,
    ) -> Result<(), &'static str> {
        let fits = self.held.apply(claimed, at).is_ok();
        if !self.is_whole && (self.is_broken || !fits) {
            Ok(())
        } else if self.is_broken || !fits {
            Err("what is on record of its hold does not let it go")
        } else if !self.is_of(digest) {
            Err("it let another call go than the one that was held")
        } else {
            Ok(())
        }
    }
}
