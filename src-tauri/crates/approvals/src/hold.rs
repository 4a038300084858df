//! A held call as a state machine: events in, the next state out, nothing else.
//!
//! The desk applies an event and records it; replaying the recorded events gives the same hold. An event that
//! does not fit where the hold stands is an error and changes nothing. Keeps I2 (one release), I5 (verdicts
//! are final) and I9 (time is an argument).

use crate::course::{Course, Edited};
use crate::flow::Progress;
use crate::{Choice, HoldId, ReleaseId, ReleasedCall, StageView, StepUpProof, Vote, Voter, Voters};
use policy::{ApprovalFlow, CallDigest, Decision, Facts, ProofKind, Timestamp, ToolCall, UserId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// An approved call that nobody collects ends after this long.
pub const COLLECT_WITHIN: Duration = Duration::from_secs(10 * 60);

/// How long a step-up may take once every vote is there.
pub const STEP_UP_WITHIN: Duration = Duration::from_secs(15 * 60);

/// How a hold began: everything that is judged, shown and sent later comes from here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub id: HoldId,
    pub call: ToolCall,
    pub facts: Facts,
    pub decision: Decision,
    pub owner: Voter,
    /// Everybody else of `people.toml`, who vote with their own passkey.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Voter>,
    /// The agent's session it came in, for a grant that is to last no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    pub at: Timestamp,
}

/// What happened to a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Voted(Vote),
    /// The user whom the agent acts for proved that they are there.
    Proven(StepUpProof),
    /// The open deadlines were put off, each once and by its own length.
    Extended {
        by: UserId,
    },
    /// Nobody decided in time: it ends, or others are asked as well where the stage says so.
    DeadlinePassed,
    /// Its agent, upstream or user was removed.
    Withdrawn {
        why: String,
    },
    /// A newer set judged the call, with its frozen facts.
    Rejudged(Decision),
    /// Who may vote is not who it was: votes cast before count for those who still may cast them.
    PeopleChanged(Voters),
    /// Its one release was taken.
    Claimed {
        release: ReleaseId,
    },
    /// It was approved, and nobody came for it in time.
    CollectionPassed,
}

/// Where a hold stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldState {
    Waiting,
    Approved { at: Timestamp },
    Released { at: Timestamp },
    Ended { verdict: Verdict, at: Timestamp },
}

/// How a hold ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Approved,
    /// `reason` is for the agent.
    Rejected {
        reason: Option<String>,
    },
    Expired,
    Withdrawn,
    Uncollected,
    /// A newer set denies it, or asks for what this desk cannot give.
    Refused {
        message: Option<String>,
    },
}

impl Verdict {
    /// INVARIANT(I5): only an approval may still change, until its release is taken.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self, Verdict::Approved)
    }

    /// One word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Approved => "approved",
            Verdict::Rejected { .. } => "rejected",
            Verdict::Expired => "expired",
            Verdict::Withdrawn => "withdrawn",
            Verdict::Uncollected => "uncollected",
            Verdict::Refused { .. } => "refused",
        }
    }
}

/// Why an event changed nothing (but see [`HeldCall::release`]).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    #[error("`{by}` may not vote on this call now; it waits for the approvers its card names")]
    NotEntitled { by: UserId },
    #[error("`{by}` voted on this call already; it waits for others")]
    AlreadyVoted { by: UserId },
    #[error("this vote needs {} of `{by}`; give it, then vote", proof_words(.kind))]
    NeedsProof { by: UserId, kind: ProofKind },
    #[error("this proof is of somebody else, or for another call; give a new one for this call")]
    OtherProof,
    #[error("this call waits for votes first; prove your presence once they are there")]
    VotesFirst,
    #[error("no step-up is asked of this call; vote on its card")]
    NoProofAsked,
    #[error("its time was put off once already; decide before the deadline its card names")]
    AlreadyExtended,
    #[error("its time was over, and others are asked now as well; vote again on its card")]
    Escalates,
    #[error(
        "its arguments cannot be changed: only the first vote of a flow with one stage may, and only to an object; approve or reject it as it is"
    )]
    NoEdit,
    #[error("nothing was changed in its arguments; approve it as it is")]
    NothingEdited,
    #[error("a policy denies the call as you changed it; change it otherwise, or reject it")]
    EditDenied { message: Option<String> },
    #[error("this vote is for another call than the one held; open the card again and vote on what it shows")]
    OtherDigest,
    #[error("this call is {} already; a new call is needed to change that", .0.name())]
    Ended(Verdict),
    #[error("this call was released already; it goes once")]
    AlreadyReleased,
    #[error("this call is not approved yet; it waits for what its card names")]
    NotApproved,
    #[error("a newer policy asks for more approvals; vote again on the card")]
    WaitsAgain,
    #[error("its time is not over yet; wait for the deadline its card names")]
    NotDue,
}

/// A call that waits for its requirements. There is one of it: it is not cloned, so it is released once.
#[derive(Debug, PartialEq, Eq)]
pub struct HeldCall {
    opened: Opened,
    digest: CallDigest,
    course: Course,
}

impl HeldCall {
    /// A hold at its beginning.
    #[must_use]
    pub fn open(opened: Opened) -> HeldCall {
        let course = Course::start(&opened);
        HeldCall { digest: opened.call.digest(), opened, course }
    }

    /// The hold these events lead to.
    ///
    /// # Errors
    /// Where an event does not fit: the record is not of one hold's life.
    pub fn replay(opened: Opened, events: &[(Timestamp, Event)]) -> Result<HeldCall, FlowError> {
        let mut held = HeldCall::open(opened);
        for (at, event) in events {
            held.apply(event.clone(), *at)?;
        }
        Ok(held)
    }

    #[must_use]
    pub fn id(&self) -> &HoldId {
        &self.opened.id
    }

    #[must_use]
    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    fn edited(&self) -> Option<&Edited> {
        self.course.edited.as_ref()
    }

    /// The call as it would be sent: as it was asked, or as an approver changed it.
    #[must_use]
    pub fn call(&self) -> &ToolCall {
        self.edited().map_or(&self.opened.call, |edited| &edited.call)
    }

    /// Of the call as it would be sent: what is voted on.
    #[must_use]
    pub fn digest(&self) -> CallDigest {
        self.edited().map_or(self.digest, |edited| edited.digest)
    }

    /// Of the call as it was asked: what its agent finds it by again.
    #[must_use]
    pub fn asked_digest(&self) -> CallDigest {
        self.digest
    }

    /// Whether an approver changed what was asked.
    #[must_use]
    pub fn is_edited(&self) -> bool {
        self.edited().is_some()
    }

    /// What the call as it would be sent is judged by.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        self.edited().map_or(&self.opened.facts, |edited| &edited.facts)
    }

    #[must_use]
    pub fn state(&self) -> &HoldState {
        &self.course.state
    }

    /// The newest decision on this call.
    #[must_use]
    pub fn decision(&self) -> &Decision {
        self.course.rejudged.as_ref().unwrap_or(&self.opened.decision)
    }

    /// Votes that counted, in their order.
    #[must_use]
    pub fn votes(&self) -> &[Vote] {
        &self.course.votes
    }

    /// Those of them that stand: their voters may still cast them.
    #[must_use]
    pub fn standing_votes(&self) -> Vec<Vote> {
        let stands = |vote: &&Vote| {
            matches!(vote.choice, Choice::Reject { .. })
                || self.course.flows.iter().any(|flow| flow.counts(&vote.by))
        };
        self.course.votes.iter().filter(stands).cloned().collect()
    }

    /// When the state changes by itself: the first open stage's deadline, the end of the time to collect an
    /// approval, or, where nothing is open, when it ended.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        self.course.deadline(self.opened.at)
    }

    /// Every stage of every flow the call must pass.
    #[must_use]
    pub fn stages(&self) -> Vec<StageView> {
        self.course.flows.iter().flat_map(Progress::views).collect()
    }

    /// The proof that the call's user has to give, whether or not it was given.
    #[must_use]
    pub fn step_up(&self) -> Option<ProofKind> {
        self.course.step_up
    }

    /// What satisfies the step-up.
    #[must_use]
    pub fn proof(&self) -> Option<&StepUpProof> {
        self.course.proof(&self.opened)
    }

    /// Everything else is there, and the call's user has to prove that they are.
    #[must_use]
    pub fn waits_for_proof(&self) -> bool {
        self.is_waiting() && self.course.waits_for_proof(&self.opened)
    }

    /// Whether some deadline can still be put off.
    #[must_use]
    pub fn may_extend(&self) -> bool {
        self.is_waiting() && self.course.may_extend()
    }

    /// The deadline that it would have once put off; none where it cannot be.
    #[must_use]
    pub fn extended_deadline(&self) -> Option<Timestamp> {
        let extended = self.course.extended(&self.course.voters.owner.id).ok()?;
        self.is_waiting().then(|| extended.deadline(self.opened.at))
    }

    /// Whether a vote could change the arguments.
    #[must_use]
    pub fn may_edit(&self) -> bool {
        self.is_waiting() && self.course.may_edit()
    }

    /// Who may vote on it now.
    #[must_use]
    pub fn voters(&self) -> &Voters {
        &self.course.voters
    }

    /// Every flow it must pass.
    pub fn flows(&self) -> impl Iterator<Item = &ApprovalFlow> {
        self.course.flows.iter().map(Progress::flow)
    }

    pub(crate) fn would_be_approved(&self, event: &Event, now: Timestamp) -> bool {
        self.next(event, now).is_ok_and(|course| matches!(course.state, HoldState::Approved { .. }))
    }

    fn is_waiting(&self) -> bool {
        matches!(self.course.state, HoldState::Waiting)
    }

    /// What [`apply`](HeldCall::apply) would say, without applying.
    ///
    /// # Errors
    /// As [`apply`](HeldCall::apply).
    pub fn check(&self, event: &Event, now: Timestamp) -> Result<(), FlowError> {
        self.next(event, now).map(drop)
    }

    /// Takes one event.
    ///
    /// # Errors
    /// Where it does not fit; nothing changed then. After a deadline only its passing fits.
    pub fn apply(&mut self, event: Event, now: Timestamp) -> Result<(), FlowError> {
        self.course = self.next(&event, now)?;
        Ok(())
    }

    /// The one release of an approved call, judged again by the set of this moment.
    ///
    /// # Errors
    /// Where it is not approved, or not any more: then the state *may* have changed (refused by
    /// `decision_now`, waiting for what it adds, uncollected). INVARIANT(I2): a second release is an error.
    pub fn release(
        &mut self,
        decision_now: &Decision,
        release: ReleaseId,
        now: Timestamp,
    ) -> Result<ReleasedCall, FlowError> {
        match &self.course.state {
            HoldState::Waiting => return Err(FlowError::NotApproved),
            HoldState::Released { .. } => return Err(FlowError::AlreadyReleased),
            HoldState::Ended { verdict, .. } => return Err(FlowError::Ended(verdict.clone())),
            HoldState::Approved { .. } if now >= self.deadline() => {
                self.apply(Event::CollectionPassed, now)?;
                return Err(FlowError::Ended(Verdict::Uncollected));
            }
            HoldState::Approved { .. } => {}
        }
        if decision_now != self.decision() {
            self.apply(Event::Rejudged(decision_now.clone()), now)?;
        }
        match &self.course.state {
            HoldState::Approved { .. } => {}
            HoldState::Ended { verdict, .. } => return Err(FlowError::Ended(verdict.clone())),
            HoldState::Waiting | HoldState::Released { .. } => return Err(FlowError::WaitsAgain),
        }
        self.apply(Event::Claimed { release: release.clone() }, now)?;
        Ok(ReleasedCall::by_votes(release, self, decision_now, now))
    }

    fn next(&self, event: &Event, now: Timestamp) -> Result<Course, FlowError> {
        let overdue = now >= self.deadline();
        match (&self.course.state, event) {
            (HoldState::Released { .. }, _) => Err(FlowError::AlreadyReleased),
            (HoldState::Ended { verdict, .. }, _) => Err(FlowError::Ended(verdict.clone())),

            (HoldState::Waiting, Event::DeadlinePassed) if overdue => Ok(self.course.lapsed(now)),
            (HoldState::Approved { .. }, Event::CollectionPassed) if overdue => {
                Ok(self.course.ended(Verdict::Uncollected, now))
            }
            (_, Event::DeadlinePassed | Event::CollectionPassed) => Err(FlowError::NotDue),
            (HoldState::Waiting, _) if overdue => match self.course.lapsed(now).state {
                HoldState::Ended { verdict, .. } => Err(FlowError::Ended(verdict)),
                _ => Err(FlowError::Escalates),
            },
            (HoldState::Approved { .. }, _) if overdue => Err(FlowError::Ended(Verdict::Uncollected)),

            (_, Event::Withdrawn { .. }) => Ok(self.course.ended(Verdict::Withdrawn, now)),
            (_, Event::Rejudged(decision)) => Ok(self.course.rejudged(decision, &self.opened, now)),
            (_, Event::PeopleChanged(voters)) => Ok(self.course.recounted(voters, &self.opened, now)),
            (HoldState::Waiting, Event::Voted(vote)) => self.course.voted(vote, &self.opened, now),
            (HoldState::Waiting, Event::Proven(proof)) => {
                self.course.proven(proof, &self.opened, self.digest(), now)
            }
            (HoldState::Waiting, Event::Extended { by }) => self.course.extended(by),
            (HoldState::Approved { .. }, Event::Voted(_) | Event::Proven(_) | Event::Extended { .. }) => {
                Err(FlowError::Ended(Verdict::Approved))
            }
            (HoldState::Waiting, Event::Claimed { .. }) => Err(FlowError::NotApproved),
            (HoldState::Approved { .. }, Event::Claimed { .. }) => Ok(self.course.released(now)),
        }
    }
}

fn proof_words(kind: &ProofKind) -> &'static str {
    match kind {
        ProofKind::Any => "the passkey or passphrase",
        ProofKind::Passkey => "the passkey",
    }
}
