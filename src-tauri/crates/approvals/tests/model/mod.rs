//! What was asked of a hold and what was given, kept apart from the state machine: who may vote at which stage is
//! written down once more, and every flow is walked anew from the events that were taken.

use approvals::{Choice, Event, HeldCall, ProofMethod, Vote, Voter, Voters};
use policy::{ApprovalFlow, Approvers, Decision, OnTimeout, Outcome, ProofKind, Stage};
use std::collections::BTreeSet;

/// The people of this desk, and what may become of them while a call waits.
pub(crate) const PEOPLE: usize = 6;

pub(crate) fn people(n: usize) -> Voters {
    let voter = |id: &str, roles: &[&str]| Voter {
        id: id.parse().unwrap(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    };
    let (ana, bob, eva) = (voter("ana", &["finance"]), voter("bob", &["finance"]), voter("eva", &["boss"]));
    let voters = |owner: Voter, others: Vec<Voter>| Voters { owner, others };
    match n {
        0 => voters(ana, vec![bob, eva]),
        // Bob is gone, or has lost what he votes by.
        1 => voters(ana, vec![eva]),
        2 => voters(ana, vec![voter("bob", &[]), eva]),
        // Ana has lost it, Eva has got it.
        3 => voters(voter("ana", &[]), vec![bob, voter("eva", &["boss", "finance"])]),
        // The desk is Bob's now: Ana's plain vote proves nobody any more.
        4 => voters(bob, vec![ana, eva]),
        _ => voters(voter("eva", &["boss"]), vec![]),
    }
}

/// One flow's way, walked from the beginning.
struct Walk<'a> {
    flow: &'a ApprovalFlow,
    /// Of each stage that was reached: who voted, and whether others were asked as well.
    reached: Vec<(BTreeSet<String>, bool)>,
}

impl<'a> Walk<'a> {
    fn stage(&self) -> Option<&'a Stage> {
        self.flow.stages.get(self.reached.len() - 1)
    }

    fn is_complete(&self) -> bool {
        self.stage().is_none()
    }

    fn may(&self, vote: &Vote, folk: &Voters, proven: bool) -> bool {
        let (Some(stage), Some((voted, escalated))) = (self.stage(), self.reached.last()) else {
            return false;
        };
        let is_their_turn = named(vote.by.as_str(), stage, *escalated, folk);
        is_their_turn && !voted.contains(vote.by.as_str()) && (!proven || proves(vote, stage, folk))
    }

    fn vote(&mut self, vote: &Vote, folk: &Voters) {
        if !self.may(vote, folk, true) {
            return;
        }
        let needed = self.stage().map_or(1, |stage| stage.required as usize);
        let (voted, _) = self.reached.last_mut().unwrap();
        voted.insert(vote.by.to_string());
        if voted.len() >= needed {
            self.reached.push((BTreeSet::new(), false));
        }
    }

    fn recount(&mut self, votes: &[&Vote], folk: &Voters) {
        for at in 0..self.reached.len() {
            let Some(stage) = self.flow.stages.get(at) else { break };
            let (voted, escalated) = &mut self.reached[at];
            let stands = |by: &String| {
                votes.iter().any(|vote| {
                    vote.by.as_str() == by && named(by, stage, *escalated, folk) && proves(vote, stage, folk)
                })
            };
            voted.retain(stands);
            if at + 1 < self.reached.len() && self.reached[at].0.len() < stage.required as usize {
                self.reached.truncate(at + 1);
                return;
            }
        }
    }
}

/// Whether a person is one of those whom a stage asks.
fn named(by: &str, stage: &Stage, escalated: bool, folk: &Voters) -> bool {
    let Some(voter) = std::iter::once(&folk.owner).chain(&folk.others).find(|voter| voter.id.as_str() == by)
    else {
        return false;
    };
    let among = |approvers: &Approvers| {
        approvers.users.contains(&voter.id) || voter.roles.iter().any(|role| approvers.roles.contains(role))
    };
    let asked = among(&stage.approvers)
        || (stage.approvers.is_empty() && voter.id == folk.owner.id)
        || (escalated && stage.on_timeout == OnTimeout::Escalate && among(&stage.escalate_to));
    // The agent acts for Ana, whoever owns the desk.
    asked && !(stage.exclude_requester && by == "ana")
}

/// Whether a vote comes with what its voter and the stage need.
fn proves(vote: &Vote, stage: &Stage, folk: &Voters) -> bool {
    let method = vote.proof.as_ref().map(|proof| &proof.method);
    let gives = |kind: ProofKind| method.is_some_and(|method: &ProofMethod| method.satisfies(kind));
    (vote.by == folk.owner.id || gives(ProofKind::Passkey)) && stage.step_up.is_none_or(gives)
}

/// Told apart from the state machine's own account: what was taken, and what was ever asked, in order.
#[derive(Default)]
pub(crate) struct Account {
    /// Each flow, and how many events came before it was asked for.
    asked: Vec<(ApprovalFlow, usize)>,
    step_up: Option<ProofKind>,
    pub(crate) taken: Vec<Event>,
}

impl Account {
    pub(crate) fn ask(&mut self, decision: &Decision) {
        let Outcome::Held(required) = &decision.outcome else { return };
        for flow in &required.flows {
            if !self.asked.iter().any(|(known, _)| known == flow) {
                self.asked.push((flow.clone(), self.taken.len()));
            }
        }
        self.step_up = self.step_up.max(required.step_up.map(approvals::kind_of));
    }

    fn folk(&self) -> Voters {
        let newest = self.taken.iter().rev().find_map(|event| match event {
            Event::PeopleChanged(voters) => Some(voters.clone()),
            _ => None,
        });
        newest.unwrap_or_else(|| people(0))
    }

    pub(crate) fn owner(&self) -> String {
        self.folk().owner.id.to_string()
    }

    /// Everything that was ever asked is there.
    pub(crate) fn allows_release(&self, held: &HeldCall) -> bool {
        self.asked.iter().all(|(flow, before)| self.walk(flow, *before).is_complete()) && self.is_proven(held)
    }

    fn is_proven(&self, held: &HeldCall) -> bool {
        let Some(kind) = self.step_up else { return true };
        let proofs = self.taken.iter().filter_map(|event| match event {
            Event::Proven(proof) => Some(proof),
            Event::Voted(vote) => vote.proof.as_ref(),
            _ => None,
        });
        let mut proofs = proofs.filter(|proof| proof.by.as_str() == "ana" && proof.digest == held.digest());
        proofs.any(|proof| proof.method.satisfies(kind))
    }

    /// Whether this vote counts somewhere, by what was taken before it.
    pub(crate) fn counts(&self, vote: &Vote, held: &HeldCall) -> bool {
        let folk = self.folk();
        let walks: Vec<Walk<'_>> = self.asked.iter().map(|(flow, before)| self.walk(flow, *before)).collect();
        let is_owner = vote.by == folk.owner.id;
        if matches!(vote.choice, Choice::Reject { .. }) && is_owner {
            // The desk's owner says no without a proof, also where only the step-up is missing.
            let waits_for_proof = walks.iter().all(Walk::is_complete) && !self.is_proven(held);
            return waits_for_proof || walks.iter().any(|walk| walk.may(vote, &folk, false));
        }
        walks.iter().any(|walk| walk.may(vote, &folk, true))
    }

    /// Whether others may have been asked as well: which of the flows were late is the state machine's to tell.
    pub(crate) fn may_have_escalated(&self) -> bool {
        self.taken.contains(&Event::DeadlinePassed)
    }

    /// Walks what was taken through one flow: votes from before it was asked for count at its first stage only.
    fn walk<'a>(&self, flow: &'a ApprovalFlow, before: usize) -> Walk<'a> {
        let mut walk = Walk { flow, reached: vec![(BTreeSet::new(), false)] };
        let (mut folk, mut votes) = (people(0), Vec::<&Vote>::new());
        for at in 0..=self.taken.len() {
            if at == before {
                for vote in &votes {
                    if walk.reached.len() == 1 {
                        walk.vote(vote, &folk);
                    }
                }
            }
            match self.taken.get(at) {
                Some(Event::PeopleChanged(voters)) => {
                    folk = voters.clone();
                    if at >= before {
                        walk.recount(&votes, &folk);
                    }
                }
                Some(Event::Voted(vote)) if !matches!(vote.choice, Choice::Reject { .. }) => {
                    votes.push(vote);
                    if at >= before {
                        walk.vote(vote, &folk);
                    }
                }
                Some(Event::DeadlinePassed) if at >= before => walk.reached.last_mut().unwrap().1 = true,
                _ => {}
            }
        }
        walk
    }
}
