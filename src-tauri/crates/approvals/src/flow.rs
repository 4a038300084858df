//! One flow's way through its stages: whose vote is awaited, until when, and when the flow is complete.

use crate::{StepUpProof, Voter};
use policy::{ApprovalFlow, Approvers, FlowId, OnTimeout, ProofKind, Stage, Timestamp, UserId};
use std::collections::BTreeSet;
use std::time::Duration;

/// One stage as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageView {
    pub flow: FlowId,
    pub flow_name: String,
    /// 1 for the flow's first stage.
    pub number: u32,
    pub approvers: Approvers,
    /// Who may vote as well, once the deadline has passed or since it did.
    pub escalate_to: Option<Approvers>,
    /// Its deadline has passed, and others are asked as well.
    pub escalated: bool,
    /// Its deadline was put off.
    pub extended: bool,
    pub exclude_requester: bool,
    /// What each approval must come with.
    pub step_up: Option<ProofKind>,
    /// Who approved so far.
    pub votes: BTreeSet<UserId>,
    pub required: u32,
    /// Votes count here now.
    pub current: bool,
    /// Enough votes were cast.
    pub complete: bool,
    /// Of the current stage.
    pub deadline: Option<Timestamp>,
}

/// Whether a vote would count in a flow now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    NotEntitled,
    AlreadyVoted,
    /// With this proof it would.
    NeedsProof(ProofKind),
    MayVote,
}

/// Somebody who votes, with what tells who they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caster<'a> {
    pub(crate) voter: &'a Voter,
    /// The desk's owner needs no proof of being it.
    pub(crate) is_owner: bool,
    /// The agent acts for them.
    pub(crate) is_requester: bool,
    /// Of this person, for this hold and call.
    pub(crate) proof: Option<&'a StepUpProof>,
}

/// A flow with the votes it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    flow: ApprovalFlow,
    /// One for each stage that was reached.
    reached: Vec<Reached>,
    /// Of the current stage.
    deadline: Timestamp,
    /// This deadline is one that was put off; once a deadline.
    extended: bool,
}

/// A stage that was reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Reached {
    votes: BTreeSet<UserId>,
    /// Its deadline passed, and others were asked as well; once a stage.
    escalated: bool,
}

impl Caster<'_> {
    fn is_approver(&self, stage: &Stage, escalated: bool) -> bool {
        let nobody_named = stage.approvers.is_empty() && self.is_owner;
        let asked = nobody_named
            || self.voter.is_among(&stage.approvers)
            || (escalated && self.voter.is_among(&stage.escalate_to));
        asked && !(stage.exclude_requester && self.is_requester)
    }

    /// What is missing for a vote at this stage to be theirs.
    fn missing(&self, stage: &Stage) -> Option<ProofKind> {
        let of_others = (!self.is_owner).then_some(ProofKind::Passkey);
        let has = |kind: ProofKind| self.proof.is_some_and(|proof| proof.method.satisfies(kind));
        [of_others, stage.step_up].into_iter().flatten().find(|kind| !has(*kind))
    }
}

impl Progress {
    pub(crate) fn start(flow: ApprovalFlow, now: Timestamp) -> Progress {
        let mut progress = Progress { flow, reached: Vec::new(), deadline: now, extended: false };
        progress.enter_stage(now);
        progress
    }

    pub(crate) fn flow(&self) -> &ApprovalFlow {
        &self.flow
    }

    /// The current stage with its votes; none once every stage is complete.
    fn current(&self) -> Option<(&Stage, &Reached)> {
        let reached = self.reached.last()?;
        Some((self.flow.stages.get(self.reached.len().checked_sub(1)?)?, reached))
    }

    fn enter_stage(&mut self, now: Timestamp) {
        self.reached.push(Reached::default());
        self.begin_time(now);
    }

    fn begin_time(&mut self, now: Timestamp) {
        self.extended = false;
        self.deadline = now.after(self.length());
    }

    /// Of the current stage.
    fn length(&self) -> Duration {
        Duration::from_secs(self.current().map_or(0, |(stage, _)| stage.within_seconds))
    }

    /// A flow without stages is never complete: it asks for nothing anybody could give.
    pub(crate) fn is_complete(&self) -> bool {
        !self.flow.stages.is_empty() && self.current().is_none()
    }

    pub(crate) fn has_one_stage(&self) -> bool {
        self.flow.stages.len() == 1
    }

    /// When the current stage's time is over; none once complete.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        (!self.is_complete()).then_some(self.deadline)
    }

    pub(crate) fn standing(&self, caster: &Caster<'_>) -> Standing {
        match self.current() {
            Some((stage, reached)) if caster.is_approver(stage, reached.escalated) => {
                if reached.votes.contains(&caster.voter.id) {
                    Standing::AlreadyVoted
                } else {
                    caster.missing(stage).map_or(Standing::MayVote, Standing::NeedsProof)
                }
            }
            _ => Standing::NotEntitled,
        }
    }

    /// Counts one approval at the current stage, and begins the next stage where that was the last one needed.
    /// Changes nothing unless the voter [may vote](Standing::MayVote).
    pub(crate) fn approve(&mut self, caster: &Caster<'_>, now: Timestamp) {
        if self.standing(caster) != Standing::MayVote {
            return;
        }
        let required = self.current().map_or(1, |(stage, _)| required(stage));
        let Some(reached) = self.reached.last_mut() else { return };
        reached.votes.insert(caster.voter.id.clone());
        if reached.votes.len() >= required {
            self.enter_stage(now);
        }
    }

    /// Takes out the votes that nobody among these may cast any more. The first stage that has too few then waits for
    /// votes again, with its time from the beginning, and what came after it begins anew.
    pub(crate) fn recount(&mut self, casters: &[Caster<'_>], now: Timestamp) {
        let reached_so_far = self.reached.len();
        let mut open_again = None;
        for (at, (stage, reached)) in self.flow.stages.iter().zip(&mut self.reached).enumerate() {
            let escalated = reached.escalated;
            let counts =
                |caster: &Caster<'_>| caster.is_approver(stage, escalated) && caster.missing(stage).is_none();
            reached.votes.retain(|id| casters.iter().any(|caster| caster.voter.id == *id && counts(caster)));
            if at + 1 < reached_so_far && reached.votes.len() < required(stage) {
                open_again = Some(at + 1);
                break;
            }
        }
        if let Some(stages) = open_again {
            self.reached.truncate(stages);
            self.begin_time(now);
        }
    }

    /// Counts approvals that were cast before this flow was required, at its first stage.
    pub(crate) fn approve_first<'a>(&mut self, casters: impl Iterator<Item = Caster<'a>>, now: Timestamp) {
        for caster in casters {
            if self.reached.len() == 1 {
                self.approve(&caster, now);
            }
        }
    }

    /// Whether a vote of this person stands at some stage.
    pub(crate) fn counts(&self, voter: &UserId) -> bool {
        self.reached.iter().any(|reached| reached.votes.contains(voter))
    }

    /// Whether the deadline is one that can still be put off.
    pub(crate) fn may_extend(&self) -> bool {
        !self.is_complete() && !self.extended && !self.length().is_zero()
    }

    /// Puts the deadline off by its own length, once.
    pub(crate) fn extend(&mut self) {
        if self.may_extend() {
            self.deadline = self.deadline.after(self.length());
            self.extended = true;
        }
    }

    /// Whether its time is over and nobody else is asked.
    pub(crate) fn is_lost(&self, now: Timestamp) -> bool {
        self.is_due(now) && !self.may_escalate()
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    fn may_escalate(&self) -> bool {
        let escalates = |(stage, reached): (&Stage, &Reached)| {
            !reached.escalated && stage.on_timeout == OnTimeout::Escalate
        };
        self.current().is_some_and(escalates)
    }

    /// Asks others as well where its time is over; as many votes are required as before, and those cast stay.
    pub(crate) fn escalate(&mut self, now: Timestamp) {
        if self.is_due(now)
            && self.may_escalate()
            && let Some(reached) = self.reached.last_mut()
        {
            reached.escalated = true;
            self.begin_time(now);
        }
    }

    pub(crate) fn views(&self) -> impl Iterator<Item = StageView> {
        let reached = self.reached.len();
        let escalated = self.reached.last().is_some_and(|reached| reached.escalated);
        self.flow.stages.iter().zip(1_u32..).map(move |(stage, number)| {
            let current = number as usize == reached;
            StageView {
                flow: self.flow.id.clone(),
                flow_name: self.flow.name.clone(),
                number,
                approvers: stage.approvers.clone(),
                escalate_to: (stage.on_timeout == OnTimeout::Escalate).then(|| stage.escalate_to.clone()),
                escalated: current && escalated,
                extended: current && self.extended,
                exclude_requester: stage.exclude_requester,
                step_up: stage.step_up,
                votes: self
                    .reached
                    .get(number as usize - 1)
                    .map(|reached| reached.votes.clone())
                    .unwrap_or_default(),
                required: stage.required.max(1),
                current,
                complete: (number as usize) < reached,
                deadline: if current { self.deadline() } else { None },
            }
        })
    }
}

/// A stage that asks for no votes asks for one.
fn required(stage: &Stage) -> usize {
    stage.required.max(1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Person(Voter);

    impl Person {
        fn may(&self) -> Caster<'_> {
            Caster { voter: &self.0, is_owner: true, is_requester: false, proof: None }
        }
    }

    fn voter(id: &str, role: &str) -> Person {
        Person(Voter { id: id.parse().unwrap(), roles: [role.to_owned()].into() })
    }

    fn stage(role: &str, required: u32) -> Stage {
        let approvers = Approvers { users: BTreeSet::new(), roles: [role.to_owned()].into() };
        Stage::of(approvers, required, 60)
    }

    fn progress(stages: Vec<Stage>) -> Progress {
        let flow = ApprovalFlow { id: "finance".parse().unwrap(), name: "Finance".into(), stages };
        Progress::start(flow, Timestamp(0))
    }

    #[test]
    fn a_quorum_needs_as_many_people_as_it_says() {
        let mut flow = progress(vec![stage("finance", 2), stage("legal", 1)]);
        flow.approve(&voter("ana", "finance").may(), Timestamp(1));
        flow.approve(&voter("ana", "finance").may(), Timestamp(2));
        assert_eq!(flow.standing(&voter("ana", "finance").may()), Standing::AlreadyVoted);
        flow.approve(&voter("eva", "legal").may(), Timestamp(3));
        assert_eq!(flow.standing(&voter("eva", "legal").may()), Standing::NotEntitled, "not her stage yet");
        flow.approve(&voter("bob", "finance").may(), Timestamp(4));
        assert_eq!(flow.deadline(), Some(Timestamp(60_004)), "the next stage has its own time");
        flow.approve(&voter("eva", "legal").may(), Timestamp(5));
        assert!(flow.is_complete());
        assert_eq!(flow.deadline(), None);
        let votes: Vec<usize> = flow.views().map(|view| view.votes.len()).collect();
        assert_eq!(votes, [2, 1]);
    }

    #[test]
    fn a_stage_that_asks_for_no_votes_asks_for_one() {
        let mut flow = progress(vec![stage("finance", 0)]);
        assert!(!flow.is_complete());
        flow.approve(&voter("ana", "finance").may(), Timestamp(1));
        assert!(flow.is_complete());
    }

    #[test]
    fn a_flow_without_stages_is_never_complete() {
        let flow = progress(vec![]);
        assert!(!flow.is_complete());
        assert_eq!(flow.deadline(), Some(Timestamp(0)));
    }
}
