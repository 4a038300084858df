//! What happens to holds by themselves or all at once: deadlines, a newer set, a removed agent.

use super::{Desk, LOOK, SHOWN_AFTER_END};
use approvals::{Event, HeldCall, HoldId, HoldState, Voter, Voters};
use policy::people::People;
use policy::{Decision, Timestamp};
use std::sync::Arc;

/// Everybody who may vote by now; none without an owner.
pub(crate) fn voters(people: &People) -> Option<Voters> {
    let others = people.iter().filter(|user| !user.owner).map(Voter::from).collect();
    Some(Voters { owner: Voter::from(people.owner()?), others })
}

/// What people who came, went or changed make of an open hold.
pub(super) fn changed(held: &HeldCall, voters: &Voters) -> Option<Event> {
    let open = matches!(held.state(), HoldState::Waiting | HoldState::Approved { .. });
    (open && held.voters() != voters).then(|| Event::PeopleChanged(voters.clone()))
}

impl Desk {
    /// A newer set: every open hold is judged again with its frozen facts. Blocks on the disk.
    pub(crate) fn rejudge(&self, judge: impl Fn(&HeldCall) -> Decision) {
        self.change_all(|held, _| {
            let open = matches!(held.state(), HoldState::Waiting | HoldState::Approved { .. });
            open.then(|| judge(held)).filter(|decision| decision != held.decision()).map(Event::Rejudged)
        });
    }

    /// Other people, or the same with other roles: votes of whoever may not cast them any more stop counting, and so do
    /// the grants they made. Blocks on the disk.
    pub(crate) fn follow_people(&self, people: &People) {
        self.withdraw("the user was removed", |held| people.get(&held.call().user).is_none());
        let Some(voters) = voters(people) else { return };
        self.change_all(|held, _| changed(held, &voters));
        self.revoke_all("the person who made it may not approve such calls any more", |grant| {
            !grant.is_still_its_makers(&voters)
        });
        self.revoke_all("the user was removed", |grant| people.get(&grant.user).is_none());
    }

    /// The agent, upstream or user behind some holds is gone. Blocks on the disk.
    pub(crate) fn withdraw(&self, why: &str, concerns: impl Fn(&HeldCall) -> bool) {
        self.change_all(|held, _| {
            let open = matches!(held.state(), HoldState::Waiting | HoldState::Approved { .. });
            (open && concerns(held)).then(|| Event::Withdrawn { why: why.to_owned() })
        });
    }

    /// Ends what is past its time and forgets what was shown long enough. Blocks on the disk.
    pub fn pass_deadlines(&self) {
        self.change_all(|held, now| match held.state() {
            HoldState::Waiting if held.deadline() <= now => Some(Event::DeadlinePassed),
            HoldState::Approved { .. } if held.deadline() <= now => Some(Event::CollectionPassed),
            _ => None,
        });
        let now = self.clock.now();
        let mut inner = self.lock();
        inner.holds.retain(|_, kept| kept.ended_at.is_none_or(|at| now < at.after(SHOWN_AFTER_END)));
        inner.outcomes.sweep(now);
        self.forget_ends(|hold| inner.holds.contains_key(hold));
    }

    fn change_all(&self, event_for: impl Fn(&HeldCall, Timestamp) -> Option<Event>) {
        let mut inner = self.lock();
        let holds: Vec<HoldId> = inner.holds.keys().cloned().collect();
        for hold in holds {
            let Some(kept) = inner.holds.get_mut(&hold) else { continue };
            let now = self.now_for(&kept.held);
            let Some(event) = event_for(&kept.held, now) else { continue };
            match self.change(kept, event, now) {
                Ok(()) => self.settle(&mut inner, &hold, now),
                Err(error) => tracing::error!(%error, %hold, "a change of a hold could not be made"),
            }
        }
    }

    /// Sleeps to the next deadline, for a few seconds at most while anything is kept, so that what was shown
    /// long enough goes.
    pub(crate) async fn watch_deadlines(self: Arc<Self>) {
        loop {
            let next = {
                let inner = self.lock();
                let now = self.clock.now();
                let is_empty = inner.holds.is_empty() && inner.outcomes.is_empty();
                let deadlines = inner.holds.values().map(|kept| kept.held.deadline());
                let look = now.after(LOOK);
                (!is_empty).then(|| deadlines.filter(|at| *at > now).min().map_or(look, |at| at.min(look)))
            };
            let Some(next) = next else {
                self.timer.notified().await;
                continue;
            };
            tokio::select! {
                () = self.clock.sleep_until(next) => {}
                () = self.timer.notified() => {}
            }
            let desk = Arc::clone(&self);
            if let Err(error) = tokio::task::spawn_blocking(move || desk.pass_deadlines()).await {
                tracing::error!(%error, "looking at deadlines failed");
            }
        }
    }
}
