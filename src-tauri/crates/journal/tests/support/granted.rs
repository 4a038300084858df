//! Grants in the record: one made of a hold, and its uses.

use super::*;
use approvals::{AtDesk, Bound, Grant, GrantId, GrantMaker, GrantTerms, Limit, Means};
use journal::Completion;
use policy::Stage;

/// A grant of a hold that is approved; `n` tells its ids apart. It may be used twice.
pub(crate) fn granted(scene: &Scene, journal: &Journal, n: u8) -> Grant {
    let decision = traced(held_by(vec![offering()]));
    let Admission::Held(held) =
        admit(decision, call("7250.00"), facts(), AtDesk::from(owner()), scene.ids(), scene.now())
    else {
        panic!("held")
    };
    let mut held: HeldCall = *held;
    journal.record(Entry::HoldOpened(held.opened().clone())).unwrap();
    let scope = vec![Limit { argument: "amount".into(), bound: Bound::Any }];
    let until = Timestamp(scene.now().0 + 60 * MINUTE);
    let terms = GrantTerms { scope, project: false, until, session: false, uses: Some(2) };
    let (id, now) = (GrantId::from_random([n; 16]), scene.now());
    let maker =
        GrantMaker { id, by: "ana".parse().unwrap(), means: Means::Window, is_locked: Some(false), now };
    let grant = held.draft_grant(terms, &maker).unwrap();
    let vote = approval(&held);
    scene.happen(journal, &mut held, vote);
    journal.record(Entry::GrantMade(grant.clone())).unwrap();
    grant
}

/// A release by that grant; says why not where there is none.
pub(crate) fn used(scene: &Scene, journal: &Journal, grant: &Grant) -> Result<(), JournalError> {
    let desk = AtDesk { grants: vec![grant.clone()], ..owner().into() };
    let decision = traced(held_by(vec![offering()]));
    match admit(decision, call("5.00"), facts(), desk, scene.ids(), scene.now()) {
        Admission::Released(released) => {
            let release = released.id().clone();
            drop(journal.commit(released)?);
            journal.complete(&release, &Completion::answered(false, b"{}"))
        }
        other => panic!("released, not {other:?}"),
    }
}

fn offering() -> policy::ApprovalFlow {
    flow("owner", vec![Stage { grants: true, ..stage(&[], &[], 1, 15) }])
}
