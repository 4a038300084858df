//! A held call as a state machine: events in, the next state out, nothing else.
//!
//! The desk applies an event and records it; replaying the recorded events gives the same hold. An event that
//! does not fit where the hold stands is an error and changes nothing. Keeps I2 (one release), I5 (verdicts
//! are final) and I9 (time is an argument).

use crate::flow::{Progress, Standing};
use crate::{Choice, HoldId, Owner, ReleaseId, ReleasedCall, StageView, Vote};
use policy::{CallDigest, Decision, Facts, Outcome, Timestamp, ToolCall, UserId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// An approved call that nobody collects ends after this long.
pub const COLLECT_WITHIN: Duration = Duration::from_secs(10 * 60);

/// How a hold began: everything that is judged, shown and sent later comes from here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub id: HoldId,
    pub call: ToolCall,
    pub facts: Facts,
    pub decision: Decision,
    pub owner: Owner,
    pub at: Timestamp,
}

/// What happened to a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Voted(Vote),
    /// Nobody decided in time.
    DeadlinePassed,
    /// Its agent, upstream or user was removed.
    Withdrawn {
        why: String,
    },
    /// A newer set judged the call, with its frozen facts.
    Rejudged(Decision),
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

/// What events change.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Course {
    /// All required, in parallel. None is ever removed.
    flows: Vec<Progress>,
    votes: Vec<Vote>,
    /// The newest, where a set change brought one.
    rejudged: Option<Decision>,
    state: HoldState,
}

impl HeldCall {
    /// A hold at its beginning.
    #[must_use]
    pub fn open(opened: Opened) -> HeldCall {
        let flows = match &opened.decision.outcome {
            Outcome::Held(required) => {
                required.flows.iter().map(|flow| Progress::start(flow.clone(), opened.at)).collect()
            }
            Outcome::Allowed | Outcome::Denied { .. } => Vec::new(),
        };
        let course = Course { flows, votes: Vec::new(), rejudged: None, state: HoldState::Waiting };
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

    #[must_use]
    pub fn call(&self) -> &ToolCall {
        &self.opened.call
    }

    #[must_use]
    pub fn digest(&self) -> CallDigest {
        self.digest
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
        let satisfied = self.course.flows.iter().map(|flow| flow.flow().clone()).collect();
        let given = (self.course.votes.clone(), satisfied);
        Ok(ReleasedCall::by_votes(release, &self.opened, self.digest, decision_now, given, now))
    }

    fn next(&self, event: &Event, now: Timestamp) -> Result<Course, FlowError> {
        let overdue = now >= self.deadline();
        match (&self.course.state, event) {
            (HoldState::Released { .. }, _) => Err(FlowError::AlreadyReleased),
            (HoldState::Ended { verdict, .. }, _) => Err(FlowError::Ended(verdict.clone())),

            (HoldState::Waiting, Event::DeadlinePassed) if overdue => {
                Ok(self.course.ended(Verdict::Expired, now))
            }
            (HoldState::Approved { .. }, Event::CollectionPassed) if overdue => {
                Ok(self.course.ended(Verdict::Uncollected, now))
            }
            (_, Event::DeadlinePassed | Event::CollectionPassed) => Err(FlowError::NotDue),
            (HoldState::Waiting, _) if overdue => Err(FlowError::Ended(Verdict::Expired)),
            (HoldState::Approved { .. }, _) if overdue => Err(FlowError::Ended(Verdict::Uncollected)),

            (_, Event::Withdrawn { .. }) => Ok(self.course.ended(Verdict::Withdrawn, now)),
            (_, Event::Rejudged(decision)) => Ok(self.course.rejudged(decision, &self.opened.owner, now)),
            (HoldState::Waiting, Event::Voted(vote)) => self.voted(vote, now),
            (HoldState::Approved { .. }, Event::Voted(_)) => Err(FlowError::Ended(Verdict::Approved)),
            (HoldState::Waiting, Event::Claimed { .. }) => Err(FlowError::NotApproved),
            (HoldState::Approved { .. }, Event::Claimed { .. }) => {
                Ok(Course { state: HoldState::Released { at: now }, ..self.course.clone() })
            }
        }
    }

    fn voted(&self, vote: &Vote, now: Timestamp) -> Result<Course, FlowError> {
        // INVARIANT(I2): a vote counts for exactly the call its voter was shown.
        if vote.digest != self.digest {
            return Err(FlowError::OtherDigest);
        }
        let owner = &self.opened.owner;
        let standing = self.course.flows.iter().map(|flow| flow.standing(owner)).max();
        // None of the means proves who voted, so a vote is the owner's or nobody's.
        match standing {
            Some(Standing::MayVote) if vote.by == owner.id => {}
            Some(Standing::AlreadyVoted) if vote.by == owner.id => {
                return Err(FlowError::AlreadyVoted { by: vote.by.clone() });
            }
            _ => return Err(FlowError::NotEntitled { by: vote.by.clone() }),
        }
        let mut course = self.course.clone();
        course.votes.push(vote.clone());
        match &vote.choice {
            Choice::Reject { reason } => Ok(course.ended(Verdict::Rejected { reason: reason.clone() }, now)),
            Choice::Approve => {
                for flow in &mut course.flows {
                    flow.approve(owner, now);
                }
                if course.is_satisfied() {
                    course.state = HoldState::Approved { at: now };
                }
                Ok(course)
            }
        }
    }
}

impl Course {
    fn ended(&self, verdict: Verdict, now: Timestamp) -> Course {
        Course { state: HoldState::Ended { verdict, at: now }, ..self.clone() }
    }

    fn is_satisfied(&self) -> bool {
        !self.flows.is_empty() && self.flows.iter().all(Progress::is_complete)
    }

    fn deadline(&self, opened: Timestamp) -> Timestamp {
        match &self.state {
            HoldState::Waiting => self.flows.iter().filter_map(Progress::deadline).min().unwrap_or(opened),
            HoldState::Approved { at } => at.after(COLLECT_WITHIN),
            HoldState::Released { at } | HoldState::Ended { at, .. } => *at,
        }
    }

    /// A denial ends the hold; flows it did not have yet are added, and votes already cast count at their
    /// first stage. A flow that changed under its id is a new one beside the old: requirements never go.
    fn rejudged(&self, decision: &Decision, owner: &Owner, now: Timestamp) -> Course {
        let mut course = self.clone();
        course.rejudged = Some(decision.clone());
        let required = match &decision.outcome {
            Outcome::Allowed => return course,
            Outcome::Denied { message } => {
                return course.ended(Verdict::Refused { message: message.clone() }, now);
            }
            Outcome::Held(required) if required.step_up.is_some() => {
                return course.ended(Verdict::Refused { message: required.message.clone() }, now);
            }
            Outcome::Held(required) => required,
        };
        for flow in &required.flows {
            if course.flows.iter().any(|known| known.flow() == flow) {
                continue;
            }
            let mut added = Progress::start(flow.clone(), now);
            if self.votes.iter().any(|vote| vote.by == owner.id) {
                added.approve(owner, now);
            }
            course.flows.push(added);
        }
        if !course.is_satisfied() {
            course.state = HoldState::Waiting;
        }
        course
    }
}
