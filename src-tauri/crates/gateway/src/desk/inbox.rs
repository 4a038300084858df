//! What people see of the desk: open holds as lines, one hold as its card, a vote's receipt in words.

use super::{Desk, Kept};
use crate::card::{self, Card};
use approvals::{HeldCall, HoldId, HoldState, Verdict};
use policy::Timestamp;

/// A line of the inbox.
#[derive(Clone, Debug)]
pub struct HeldSummary {
    pub hold: HoldId,
    pub agent: String,
    pub upstream: String,
    pub tool: String,
    pub summary: String,
    pub opened_at: Timestamp,
    pub deadline: Timestamp,
    pub attended: bool,
    /// A click does not approve it: a step-up is asked of the call, or of its next vote.
    pub needs_proof: bool,
}

impl Desk {
    /// Open holds, the one that ends first on top.
    #[must_use]
    pub fn inbox(&self) -> Vec<HeldSummary> {
        let inner = self.lock();
        let mut rows: Vec<HeldSummary> = inner
            .holds
            .values()
            .filter(|kept| matches!(kept.held.state(), HoldState::Waiting))
            .map(|kept| {
                let call = kept.held.call();
                HeldSummary {
                    hold: kept.held.id().clone(),
                    agent: call.agent.to_string(),
                    upstream: call.upstream.to_string(),
                    tool: crate::visible::marked(call.tool.as_str()),
                    summary: card::summary(&call.arguments),
                    opened_at: kept.held.opened().at,
                    deadline: kept.held.deadline(),
                    attended: kept.is_attended(),
                    needs_proof: asks_for_proof(&kept.held),
                }
            })
            .collect();
        rows.sort_by(|a, b| (a.deadline, &a.hold).cmp(&(b.deadline, &b.hold)));
        rows
    }

    /// The card of a hold that is open, or ended within the last minute.
    #[must_use]
    pub fn card(&self, hold: &HoldId) -> Option<Card> {
        self.lock().holds.get(hold).map(Kept::card)
    }
}

fn asks_for_proof(held: &HeldCall) -> bool {
    held.step_up().is_some() || held.stages().iter().any(|stage| stage.current && stage.step_up.is_some())
}

impl Kept {
    pub(super) fn card(&self) -> Card {
        Card::of(&self.held, &self.words, self.is_attended(), self.ran_before)
    }

    /// What a vote came to.
    pub(super) fn receipt_words(&self) -> String {
        match self.held.state() {
            HoldState::Waiting if self.held.waits_for_proof() => {
                "Recorded. The call goes once the person it is made for has proved that they are there.".to_owned()
            }
            HoldState::Waiting => {
                "Your vote is recorded. The call waits for what is still required.".to_owned()
            }
            HoldState::Approved { .. } if !self.is_attended() => {
                "Approved. The agent is not waiting any more; the call runs when it asks again within 10 minutes."
                    .to_owned()
            }
            HoldState::Approved { .. } | HoldState::Released { .. } => {
                "Approved. The call goes now.".to_owned()
            }
            HoldState::Ended { verdict: Verdict::Rejected { .. }, .. } => {
                "Rejected. Nothing was sent.".to_owned()
            }
            HoldState::Ended { verdict, .. } => {
                format!("This call is {}.", card::verdict_words(verdict))
            }
        }
    }
}
