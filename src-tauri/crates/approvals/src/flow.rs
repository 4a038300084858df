//! One flow's way through its stages: whose vote is awaited, until when, and when the flow is complete.

use crate::vote::Owner;
use policy::{ApprovalFlow, Approvers, FlowId, Stage, Timestamp, UserId};
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
    MayVote,
}

/// A flow with the votes it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    flow: ApprovalFlow,
    /// One for each stage that was reached.
    votes: Vec<BTreeSet<UserId>>,
    /// When the current stage began.
    since: Timestamp,
}

impl Progress {
    pub(crate) fn start(flow: ApprovalFlow, now: Timestamp) -> Progress {
        Progress { flow, votes: vec![BTreeSet::new()], since: now }
    }

    pub(crate) fn flow(&self) -> &ApprovalFlow {
        &self.flow
    }

    /// The current stage with its votes; none once every stage is complete.
    fn current(&self) -> Option<(&Stage, &BTreeSet<UserId>)> {
        let votes = self.votes.last()?;
        Some((self.flow.stages.get(self.votes.len().checked_sub(1)?)?, votes))
    }

    /// A flow without stages is never complete: it asks for nothing anybody could give.
    pub(crate) fn is_complete(&self) -> bool {
        !self.flow.stages.is_empty() && self.current().is_none()
    }

    /// When the current stage's time is over; none once complete.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        if self.is_complete() {
            return None;
        }
        let within = self.current().map_or(0, |(stage, _)| stage.within_seconds);
        Some(self.since.after(Duration::from_secs(within)))
    }

    pub(crate) fn standing(&self, voter: &Owner) -> Standing {
        match self.current() {
            Some((stage, votes)) if voter.is_among(&stage.approvers) => {
                if votes.contains(&voter.id) {
                    Standing::AlreadyVoted
                } else {
                    Standing::MayVote
                }
            }
            _ => Standing::NotEntitled,
        }
    }

    /// Counts one approval at the current stage, and begins the next stage where that was the last one needed.
    /// Changes nothing unless the voter [may vote](Standing::MayVote).
    pub(crate) fn approve(&mut self, voter: &Owner, now: Timestamp) {
        if self.standing(voter) != Standing::MayVote {
            return;
        }
        let required = self.current().map_or(1, |(stage, _)| stage.required.max(1));
        let Some(votes) = self.votes.last_mut() else { return };
        votes.insert(voter.id.clone());
        if votes.len() >= required as usize {
            self.votes.push(BTreeSet::new());
            self.since = now;
        }
    }

    pub(crate) fn views(&self) -> impl Iterator<Item = StageView> {
        let current = self.votes.len();
        self.flow.stages.iter().zip(1_u32..).map(move |(stage, number)| StageView {
            flow: self.flow.id.clone(),
            flow_name: self.flow.name.clone(),
            number,
            approvers: stage.approvers.clone(),
            votes: self.votes.get(number as usize - 1).cloned().unwrap_or_default(),
            required: stage.required.max(1),
            current: number as usize == current,
            complete: (number as usize) < current,
            deadline: if number as usize == current { self.deadline() } else { None },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voter(id: &str, role: &str) -> Owner {
        Owner { id: id.parse().unwrap(), roles: [role.to_owned()].into() }
    }

    fn stage(role: &str, required: u32) -> Stage {
        let approvers = Approvers { users: BTreeSet::new(), roles: [role.to_owned()].into() };
        Stage { approvers, required, within_seconds: 60 }
    }

    fn progress(stages: Vec<Stage>) -> Progress {
        let flow = ApprovalFlow { id: "finance".parse().unwrap(), name: "Finance".into(), stages };
        Progress::start(flow, Timestamp(0))
    }

    #[test]
    fn a_quorum_needs_as_many_people_as_it_says() {
        let mut flow = progress(vec![stage("finance", 2), stage("legal", 1)]);
        flow.approve(&voter("ana", "finance"), Timestamp(1));
        flow.approve(&voter("ana", "finance"), Timestamp(2));
        assert_eq!(flow.standing(&voter("ana", "finance")), Standing::AlreadyVoted);
        flow.approve(&voter("eva", "legal"), Timestamp(3));
        assert_eq!(flow.standing(&voter("eva", "legal")), Standing::NotEntitled, "not her stage yet");
        flow.approve(&voter("bob", "finance"), Timestamp(4));
        assert_eq!(flow.deadline(), Some(Timestamp(60_004)), "the next stage has its own time");
        flow.approve(&voter("eva", "legal"), Timestamp(5));
        assert!(flow.is_complete());
        assert_eq!(flow.deadline(), None);
        let votes: Vec<usize> = flow.views().map(|view| view.votes.len()).collect();
        assert_eq!(votes, [2, 1]);
    }

    #[test]
    fn a_stage_that_asks_for_no_votes_asks_for_one() {
        let mut flow = progress(vec![stage("finance", 0)]);
        assert!(!flow.is_complete());
        flow.approve(&voter("ana", "finance"), Timestamp(1));
        assert!(flow.is_complete());
    }

    #[test]
    fn a_flow_without_stages_is_never_complete() {
        let flow = progress(vec![]);
        assert!(!flow.is_complete());
        assert_eq!(flow.deadline(), Some(Timestamp(0)));
    }
}
