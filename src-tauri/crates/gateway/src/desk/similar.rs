//! Holds that a person may answer with one gesture: the same agent asks for the same tool, for the same person, and
//! the same stages wait, from the same folder and program. Never a step-up. Each is still voted on by itself.

use super::{Desk, Kept};
use crate::card::Card;
use approvals::{HeldCall, HoldId, HoldState};

impl Desk {
    /// The cards of a hold and of those like it, the one asked about first, the others by their deadline; none where
    /// the hold takes no plain vote now.
    #[must_use]
    pub fn similar(&self, hold: &HoldId) -> Vec<Card> {
        let inner = self.lock();
        let Some(asked) = inner.holds.get(hold).filter(|kept| takes_plain_votes(&kept.held)) else {
            return Vec::new();
        };
        let is_other = |kept: &&Kept| kept.held.id() != hold;
        let mut others: Vec<&Kept> =
            inner.holds.values().filter(is_other).filter(|kept| is_alike(&asked.held, &kept.held)).collect();
        others.sort_by(|a, b| (a.held.deadline(), a.held.id()).cmp(&(b.held.deadline(), b.held.id())));
        std::iter::once(asked).chain(others).map(Kept::card).collect()
    }
}

fn is_alike(one: &HeldCall, other: &HeldCall) -> bool {
    let (a, b) = (one.call(), other.call());
    takes_plain_votes(other)
        && (&a.agent, &a.user, &a.upstream, &a.tool) == (&b.agent, &b.user, &b.upstream, &b.tool)
        && a.definition == b.definition
        && made_by(one) == made_by(other)
        && stages(one) == stages(other)
}

/// By which program and from where: what a card says of this, it says once for all of them.
fn made_by(held: &HeldCall) -> impl PartialEq + '_ {
    let (agent, context) = (&held.facts().agent, &held.facts().context);
    (&agent.program, agent.is_other_program(), &agent.claimed_client, &context.project, &context.branch)
}

/// The stages that wait, by flow and place in it.
fn stages(held: &HeldCall) -> Vec<(String, u32)> {
    let current = held.stages().into_iter().filter(|stage| stage.current);
    current.map(|stage| (stage.flow.to_string(), stage.number)).collect()
}

fn takes_plain_votes(held: &HeldCall) -> bool {
    let stages = held.stages();
    let mut current = stages.iter().filter(|stage| stage.current).peekable();
    matches!(held.state(), HoldState::Waiting)
        && held.step_up().is_none()
        && current.peek().is_some()
        && current.all(|stage| stage.step_up.is_none())
}
