//! What events make of a hold: its flows, votes and proofs, and where that leaves it.
//!
//! Every function takes the course as it is and gives the next one; an event that does not fit changes nothing.
//! Requirements are added and never removed, whatever a newer set says.

use crate::flow::{Caster, Progress, Standing};
use crate::hold::{COLLECT_WITHIN, FlowError, HoldState, STEP_UP_WITHIN, Verdict};
use crate::{Choice, Opened, StepUpProof, Vote, Voters, kind_of};
use policy::{CallDigest, Decision, Facts, Outcome, ProofKind, Timestamp, ToolCall, UserId, Value};
use std::collections::BTreeMap;

/// What events change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    /// All required, in parallel. None is ever removed.
    pub(crate) flows: Vec<Progress>,
    pub(crate) votes: Vec<Vote>,
    /// The last requirement, and the strictest that any decision asked for.
    pub(crate) step_up: Option<ProofKind>,
    /// Given beside the votes.
    proofs: Vec<StepUpProof>,
    /// Once the votes are there.
    step_up_deadline: Option<Deadline>,
    /// What an approver put in the place of what was asked.
    pub(crate) edited: Option<Edited>,
    /// The newest, where a set change or an edit brought one.
    pub(crate) rejudged: Option<Decision>,
    /// Who may vote now; those of the beginning, unless people came, went or changed since.
    pub(crate) voters: Voters,
    pub(crate) state: HoldState,
}

/// A time that can be put off once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Deadline {
    at: Timestamp,
    extended: bool,
}

/// The call as an approver changed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edited {
    pub(crate) call: ToolCall,
    pub(crate) digest: CallDigest,
    pub(crate) facts: Facts,
}

impl Course {
    pub(crate) fn start(opened: &Opened) -> Course {
        let course = Course {
            flows: Vec::new(),
            votes: Vec::new(),
            step_up: None,
            proofs: Vec::new(),
            step_up_deadline: None,
            edited: None,
            rejudged: None,
            voters: Voters { owner: opened.owner.clone(), others: opened.others.clone() },
            state: HoldState::Waiting,
        };
        match &opened.decision.outcome {
            Outcome::Held(_) => course.requiring(&opened.decision, opened, opened.at),
            Outcome::Allowed | Outcome::Denied { .. } => course,
        }
    }

    pub(crate) fn ended(&self, verdict: Verdict, now: Timestamp) -> Course {
        Course { state: HoldState::Ended { verdict, at: now }, ..self.clone() }
    }

    pub(crate) fn released(&self, now: Timestamp) -> Course {
        Course { state: HoldState::Released { at: now }, ..self.clone() }
    }

    fn votes_are_there(&self) -> bool {
        self.flows.iter().all(Progress::is_complete)
    }

    /// The proof that satisfies the step-up: of the call's user, for the call as it would be sent.
    pub(crate) fn proof(&self, opened: &Opened) -> Option<&StepUpProof> {
        let kind = self.step_up?;
        let digest = self.edited.as_ref().map_or_else(|| opened.call.digest(), |edited| edited.digest);
        let given = self.votes.iter().filter_map(|vote| vote.proof.as_ref()).chain(&self.proofs);
        given.into_iter().find(|proof| {
            proof.by == opened.call.user && proof.digest == digest && proof.method.satisfies(kind)
        })
    }

    /// Votes are there, and the step-up is not.
    pub(crate) fn waits_for_proof(&self, opened: &Opened) -> bool {
        self.step_up.is_some() && self.votes_are_there() && self.proof(opened).is_none()
    }

    pub(crate) fn deadline(&self, opened: Timestamp) -> Timestamp {
        match &self.state {
            HoldState::Waiting => {
                let of_step_up = self.step_up_deadline.map(|deadline| deadline.at);
                self.flows.iter().filter_map(Progress::deadline).chain(of_step_up).min().unwrap_or(opened)
            }
            HoldState::Approved { at } => at.after(COLLECT_WITHIN),
            HoldState::Released { at } | HoldState::Ended { at, .. } => *at,
        }
    }

    /// Approved once nothing is missing any more, waiting while something is.
    fn settled(mut self, opened: &Opened, now: Timestamp) -> Course {
        let asks = !self.flows.is_empty() || self.step_up.is_some();
        if self.waits_for_proof(opened) {
            let begins = Deadline { at: now.after(STEP_UP_WITHIN), extended: false };
            self.step_up_deadline.get_or_insert(begins);
        } else {
            self.step_up_deadline = None;
        }
        let satisfied = asks && self.votes_are_there() && self.step_up_deadline.is_none();
        self.state = match self.state {
            HoldState::Waiting if satisfied => HoldState::Approved { at: now },
            HoldState::Approved { .. } if !satisfied => HoldState::Waiting,
            state => state,
        };
        self
    }

    /// Flows it did not have yet are added, and votes already cast count at their first stage. A flow that changed
    /// under its id is a new one beside the old: requirements never go.
    fn requiring(mut self, decision: &Decision, opened: &Opened, now: Timestamp) -> Course {
        let Outcome::Held(required) = &decision.outcome else { return self };
        for flow in &required.flows {
            if self.flows.iter().any(|known| known.flow() == flow) {
                continue;
            }
            let mut added = Progress::start(flow.clone(), now);
            added.approve_first(self.casters(opened), now);
            self.flows.push(added);
        }
        self.step_up = match (self.step_up, required.step_up.map(kind_of)) {
            (Some(ProofKind::Passkey), _) | (_, Some(ProofKind::Passkey)) => Some(ProofKind::Passkey),
            (known, asked) => known.or(asked),
        };
        self.settled(opened, now)
    }

    /// A denial ends the hold; whatever else a newer decision requires is added.
    pub(crate) fn rejudged(&self, decision: &Decision, opened: &Opened, now: Timestamp) -> Course {
        let course = Course { rejudged: Some(decision.clone()), ..self.clone() };
        match &decision.outcome {
            Outcome::Allowed => course,
            Outcome::Denied { message } => course.ended(Verdict::Refused { message: message.clone() }, now),
            Outcome::Held(_) => course.requiring(decision, opened, now),
        }
    }

    /// Other people, or the same with other roles: whoever may not vote any more has not voted. What was complete by
    /// such a vote waits again.
    pub(crate) fn recounted(&self, voters: &Voters, opened: &Opened, now: Timestamp) -> Course {
        let mut course = Course { voters: voters.clone(), ..self.clone() };
        let mut flows = std::mem::take(&mut course.flows);
        let casters: Vec<Caster<'_>> = course.casters(opened).collect();
        for flow in &mut flows {
            flow.recount(&casters, now);
        }
        drop(casters);
        course.flows = flows;
        course.settled(opened, now)
    }

    /// What a passed deadline makes of it: over, or others are asked as well.
    pub(crate) fn lapsed(&self, now: Timestamp) -> Course {
        let of_step_up = self.step_up_deadline.is_some_and(|deadline| deadline.at <= now);
        if of_step_up || self.flows.is_empty() || self.flows.iter().any(|flow| flow.is_lost(now)) {
            return self.ended(Verdict::Expired, now);
        }
        let mut course = self.clone();
        for flow in &mut course.flows {
            flow.escalate(now);
        }
        course
    }

    /// Whether putting deadlines off would let the hold wait longer.
    pub(crate) fn may_extend(&self) -> bool {
        let of_flows = self.flows.iter().filter_map(|flow| Some((flow.deadline()?, flow.may_extend())));
        let of_step_up = self.step_up_deadline.map(|deadline| (deadline.at, !deadline.extended));
        let deadlines: Vec<(Timestamp, bool)> = of_flows.chain(of_step_up).collect();
        // Where one that ends first was put off already, the hold would end no later.
        let first = deadlines.iter().map(|(at, _)| *at).min();
        first.is_some() && deadlines.iter().all(|(at, may)| *may || Some(*at) != first)
    }

    pub(crate) fn extended(&self, by: &UserId) -> Result<Course, FlowError> {
        // Putting it off is the desk's own business; whoever votes from elsewhere votes.
        if *by != self.voters.owner.id {
            return Err(FlowError::NotEntitled { by: by.clone() });
        }
        if !self.may_extend() {
            return Err(FlowError::AlreadyExtended);
        }
        let mut course = self.clone();
        for flow in &mut course.flows {
            flow.extend();
        }
        if let Some(deadline) = course.step_up_deadline.as_mut().filter(|deadline| !deadline.extended) {
            *deadline = Deadline { at: deadline.at.after(STEP_UP_WITHIN), extended: true };
        }
        Ok(course)
    }

    pub(crate) fn proven(
        &self,
        proof: &StepUpProof,
        opened: &Opened,
        digest: CallDigest,
        now: Timestamp,
    ) -> Result<Course, FlowError> {
        let Some(kind) = self.step_up else { return Err(FlowError::NoProofAsked) };
        // INVARIANT(I6): for this hold, this call, by the user it acts for.
        if proof.hold != opened.id || proof.digest != digest || proof.by != opened.call.user {
            return Err(FlowError::OtherProof);
        }
        if !self.votes_are_there() {
            return Err(FlowError::VotesFirst);
        }
        if !proof.method.satisfies(kind) {
            return Err(FlowError::NeedsProof { by: proof.by.clone(), kind });
        }
        let mut course = self.clone();
        course.proofs.push(proof.clone());
        Ok(course.settled(opened, now))
    }

    /// Whether an approver may put other arguments in the place of those asked: nobody voted yet, in the one stage
    /// of the one flow, so that no vote or proof is ever for something else than is sent.
    pub(crate) fn may_edit(&self) -> bool {
        let one_stage = matches!(self.flows.as_slice(), [only] if only.has_one_stage());
        one_stage && self.votes.is_empty() && self.proofs.is_empty()
    }

    pub(crate) fn voted(&self, vote: &Vote, opened: &Opened, now: Timestamp) -> Result<Course, FlowError> {
        let standing = self.entitled(vote, opened);
        let mut course = self.clone();
        let mut sent = self.edited.as_ref().map_or_else(|| opened.call.digest(), |edited| edited.digest);
        // INVARIANT(I2): a vote counts for exactly the call its voter was shown.
        if vote.digest != sent {
            return Err(FlowError::OtherDigest);
        }
        standing?;
        if let Choice::ApproveEdited { arguments, judged } = &vote.choice {
            let edited = self.edited(arguments, &judged.facts, opened)?;
            if let Outcome::Denied { message } = &judged.decision.outcome {
                return Err(FlowError::EditDenied { message: message.clone() });
            }
            sent = edited.digest;
            course.edited = Some(edited);
        }
        let fits =
            |proof: &StepUpProof| proof.by == vote.by && proof.hold == opened.id && proof.digest == sent;
        if vote.proof.as_ref().is_some_and(|proof| !fits(proof)) {
            return Err(FlowError::OtherProof);
        }
        course.votes.push(vote.clone());
        if let Choice::Reject { reason } = &vote.choice {
            return Ok(course.ended(Verdict::Rejected { reason: reason.clone() }, now));
        }
        if let Some(caster) = self.caster(opened, vote) {
            for flow in &mut course.flows {
                flow.approve(&caster, now);
            }
        }
        if let Choice::ApproveEdited { judged, .. } = &vote.choice {
            course.rejudged = Some(judged.decision.clone());
            return Ok(course.requiring(&judged.decision, opened, now).settled(opened, now));
        }
        Ok(course.settled(opened, now))
    }

    /// Whether this vote counts anywhere.
    fn entitled(&self, vote: &Vote, opened: &Opened) -> Result<(), FlowError> {
        let by = || vote.by.clone();
        let caster = self.caster(opened, vote).ok_or_else(|| FlowError::NotEntitled { by: by() })?;
        // Where only the step-up is missing nobody votes; whoever sits here may still say no.
        let is_no = matches!(vote.choice, Choice::Reject { .. });
        if is_no && caster.is_owner && self.waits_for_proof(opened) {
            return Ok(());
        }
        let standing = self.flows.iter().map(|flow| flow.standing(&caster)).max();
        match standing.unwrap_or(Standing::NotEntitled) {
            Standing::MayVote => Ok(()),
            // A no needs no proof of who sits at this desk.
            Standing::NeedsProof(_) if caster.is_owner && matches!(vote.choice, Choice::Reject { .. }) => {
                Ok(())
            }
            Standing::NeedsProof(kind) => Err(FlowError::NeedsProof { by: by(), kind }),
            Standing::AlreadyVoted => Err(FlowError::AlreadyVoted { by: by() }),
            Standing::NotEntitled => Err(FlowError::NotEntitled { by: by() }),
        }
    }

    /// The call with other arguments; its facts are those that were frozen, but for where its paths lead.
    fn edited(&self, arguments: &Value, facts: &Facts, opened: &Opened) -> Result<Edited, FlowError> {
        let without_paths = |facts: &Facts| Facts { paths: BTreeMap::new(), ..facts.clone() };
        if !self.may_edit()
            || arguments.as_map().is_none()
            || without_paths(facts) != without_paths(&opened.facts)
        {
            return Err(FlowError::NoEdit);
        }
        let call = ToolCall { arguments: arguments.clone(), ..opened.call.clone() };
        let digest = call.digest();
        if digest == opened.call.digest() {
            return Err(FlowError::NothingEdited);
        }
        Ok(Edited { call, digest, facts: facts.clone() })
    }

    /// Who cast this vote; none where they are nobody who could.
    fn caster<'a>(&'a self, opened: &'a Opened, vote: &'a Vote) -> Option<Caster<'a>> {
        let voter = self.voters.of(&vote.by)?;
        let is_owner = voter.id == self.voters.owner.id;
        Some(Caster {
            voter,
            is_owner,
            is_requester: voter.id == opened.call.user,
            proof: vote.proof.as_ref(),
        })
    }

    /// Whoever approved so far and still may vote at all.
    fn casters<'a>(&'a self, opened: &'a Opened) -> impl Iterator<Item = Caster<'a>> {
        self.votes.iter().filter_map(|vote| self.caster(opened, vote))
    }
}
