//! What happens to a call at the door, told one sentence at a time.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use approvals::{
    Admission, Basis, Choice, Event, FlowError, HeldCall, HoldState, Refusal, STEP_UP_WITHIN, Verdict, admit,
};
use policy::Outcome;
use support::*;

fn admitted(decision: policy::Decision) -> Admission {
    admit(decision, call("7250.00"), facts(), owner(), ids(1), START)
}

#[test]
fn an_allowed_call_is_released_by_policy_for_exactly_its_digest() {
    let Admission::Released(released) = admitted(decision(Outcome::Allowed)) else { panic!("released") };
    assert_eq!(released.digest(), call("7250.00").digest(), "I2");
    assert_eq!(*released.basis(), Basis::Policy { revision: "r1".into() });
    assert_eq!(released.hold(), None);
}

#[test]
fn a_denied_call_is_refused_with_the_policys_message() {
    let Admission::Refused(refusal) = admitted(denied()) else { panic!("refused") };
    assert_eq!(refusal, Refusal::Denied { message: Some("not any more".into()) });
    assert_eq!(refusal.code(), "denied");
}

#[test]
fn a_step_up_that_is_not_set_up_refuses() {
    let Admission::Refused(refusal) = admitted(step_up()) else { panic!("refused") };
    assert_eq!(refusal, Refusal::StepUpNotSetUp);
}

#[test]
fn a_hold_that_asks_for_nothing_is_refused_rather_than_released() {
    for flows in [vec![], vec![flow("empty", vec![])], vec![anybody("owner", 15), flow("empty", vec![])]] {
        assert!(matches!(admitted(held_by(flows.clone())), Admission::Refused(Refusal::Denied { .. })));
        let mut held = HeldCall::open(opened(held_by(flows)));
        assert!(held.apply(approval(&held), START).is_err());
        assert!(!matches!(held.state(), HoldState::Approved { .. }));
    }
}

#[test]
fn the_owners_vote_approves_a_one_stage_flow_and_the_call_is_released_once() {
    let mut held = held(vec![anybody("owner", 15)]);
    assert_eq!(held.deadline(), at(15 * MINUTE));
    held.apply(approval(&held), at(1)).unwrap();
    assert_eq!(*held.state(), HoldState::Approved { at: at(1) });
    assert_eq!(held.deadline(), at(1 + 10 * MINUTE));

    let now = held.decision().clone();
    let released = held.release(&now, release_id(1), at(2)).unwrap();
    assert_eq!(released.digest(), held.digest());
    let Basis::Votes { hold, votes, .. } = released.basis() else { panic!("by votes") };
    assert_eq!((hold, votes.len()), (held.id(), 1));
    assert_eq!(held.release(&now, release_id(2), at(3)).unwrap_err(), FlowError::AlreadyReleased, "I2");
}

#[test]
fn a_rejection_ends_the_hold_with_its_reason() {
    let mut held = held(vec![anybody("a", 15), anybody("b", 15)]);
    let choice = Choice::Reject { reason: Some("wrong account".into()) };
    held.apply(Event::Voted(vote("ana", choice, held.digest())), at(1)).unwrap();
    let verdict = Verdict::Rejected { reason: Some("wrong account".into()) };
    assert_eq!(Refusal::of(&verdict).unwrap().code(), "rejected");
    assert_eq!(*held.state(), HoldState::Ended { verdict: verdict.clone(), at: at(1) });
    assert_eq!(held.apply(approval(&held), at(2)), Err(FlowError::Ended(verdict)), "I5");
}

#[test]
fn a_vote_for_another_call_changes_nothing() {
    let mut held = held(vec![anybody("owner", 15)]);
    let elsewhere = Event::Voted(vote("ana", Choice::Approve, call("9999.00").digest()));
    assert_eq!(held.apply(elsewhere, at(1)), Err(FlowError::OtherDigest), "I2");
    assert_eq!(*held.state(), HoldState::Waiting);
}

#[test]
fn nobody_but_the_owner_votes_without_a_passkey() {
    let mut held = held(vec![flow("bob", vec![stage(&["bob"], &["finance"], 1, 15)])]);
    let bob = Event::Voted(vote("bob", Choice::Approve, held.digest()));
    assert!(matches!(held.apply(bob, at(1)), Err(FlowError::NotEntitled { .. })));
    let mut named = self::held(vec![flow("bob", vec![stage(&["bob"], &["legal"], 1, 15)])]);
    assert!(matches!(named.apply(approval(&named), at(1)), Err(FlowError::NotEntitled { .. })));
    held.apply(approval(&held), at(1)).unwrap();
    assert_eq!(*held.state(), HoldState::Approved { at: at(1) }, "ana has the role finance");
}

#[test]
fn after_the_deadline_only_its_passing_counts() {
    let mut held = held(vec![anybody("owner", 15)]);
    assert_eq!(held.apply(Event::DeadlinePassed, at(15 * MINUTE - 1)), Err(FlowError::NotDue));
    assert_eq!(held.apply(approval(&held), at(15 * MINUTE)), Err(FlowError::Ended(Verdict::Expired)));
    assert_eq!(
        held.apply(Event::Rejudged(denied()), at(15 * MINUTE)),
        Err(FlowError::Ended(Verdict::Expired))
    );
    held.apply(Event::DeadlinePassed, at(15 * MINUTE)).unwrap();
    assert_eq!(*held.state(), HoldState::Ended { verdict: Verdict::Expired, at: at(15 * MINUTE) });
}

#[test]
fn an_approval_that_nobody_collects_ends_after_ten_minutes() {
    let mut held = held(vec![anybody("owner", 15)]);
    held.apply(approval(&held), at(0)).unwrap();
    let now = held.decision().clone();
    assert_eq!(held.apply(Event::CollectionPassed, at(10 * MINUTE - 1)), Err(FlowError::NotDue));
    assert_eq!(
        held.release(&now, release_id(1), at(10 * MINUTE)).unwrap_err(),
        FlowError::Ended(Verdict::Uncollected)
    );
    assert!(matches!(held.state(), HoldState::Ended { verdict: Verdict::Uncollected, .. }));
}

#[test]
fn a_newer_denial_refuses_even_an_approved_call() {
    let mut held = held(vec![anybody("owner", 15)]);
    held.apply(approval(&held), at(1)).unwrap();
    let verdict = Verdict::Refused { message: Some("not any more".to_owned()) };
    let refused = held.release(&denied(), release_id(1), at(2)).unwrap_err();
    assert_eq!(refused, FlowError::Ended(verdict.clone()), "I5");
    assert_eq!(*held.state(), HoldState::Ended { verdict, at: at(2) });
}

#[test]
fn a_newer_step_up_makes_even_an_approved_call_wait_for_it() {
    let mut held = held(vec![anybody("owner", 15)]);
    held.apply(approval(&held), at(1)).unwrap();
    assert_eq!(held.release(&step_up(), release_id(1), at(2)).unwrap_err(), FlowError::WaitsAgain);
    assert!(held.waits_for_proof());
    assert_eq!(held.deadline(), at(2).after(STEP_UP_WITHIN));
}

#[test]
fn a_newer_requirement_is_added_and_votes_stay() {
    let mut held = held(vec![anybody("owner", 15)]);
    held.apply(approval(&held), at(1)).unwrap();
    let two_stages = flow("twice", vec![stage(&[], &[], 1, 30), stage(&["ana"], &[], 1, 5)]);
    let newer = held_by(vec![two_stages]);
    assert_eq!(held.release(&newer, release_id(1), at(2)).unwrap_err(), FlowError::WaitsAgain);
    assert_eq!(*held.state(), HoldState::Waiting);
    let stages = held.stages();
    assert_eq!(
        stages.iter().map(|s| (s.votes.len(), s.complete, s.current)).collect::<Vec<_>>(),
        [(1, true, false), (1, true, false), (0, false, true),]
    );
    assert_eq!(held.deadline(), at(2 + 5 * MINUTE));
    held.apply(approval(&held), at(3)).unwrap();
    assert!(held.release(&newer, release_id(1), at(4)).is_ok());
}

#[test]
fn a_requirement_never_goes_away() {
    let mut held = held(vec![anybody("owner", 15)]);
    held.apply(Event::Rejudged(decision(Outcome::Allowed)), at(1)).unwrap();
    assert_eq!(*held.state(), HoldState::Waiting);
    let strict = flow("owner", vec![stage(&["bob"], &[], 1, 60)]);
    held.apply(Event::Rejudged(held_by(vec![strict])), at(2)).unwrap();
    assert_eq!(held.stages().len(), 2, "a flow that changed under its id stands beside the old one");
}

#[test]
fn stages_follow_one_another_each_with_its_own_time() {
    let mut held = held(vec![flow("twice", vec![stage(&[], &[], 1, 10), stage(&[], &["finance"], 1, 20)])]);
    held.apply(approval(&held), at(9 * MINUTE)).unwrap();
    assert_eq!(held.deadline(), at(29 * MINUTE));
    held.apply(approval(&held), at(28 * MINUTE)).unwrap();
    assert_eq!(*held.state(), HoldState::Approved { at: at(28 * MINUTE) });
}

#[test]
fn one_vote_counts_in_every_flow_that_awaits_it() {
    let mut held =
        held(vec![anybody("a", 15), anybody("b", 5), flow("c", vec![stage(&["bob"], &[], 1, 60)])]);
    assert_eq!(held.deadline(), at(5 * MINUTE), "the first one counts");
    held.apply(approval(&held), at(1)).unwrap();
    assert_eq!(held.stages().iter().filter(|stage| stage.complete).count(), 2);
    assert_eq!(*held.state(), HoldState::Waiting, "one rejection rejects, but every flow must approve");
    assert_eq!(held.deadline(), at(60 * MINUTE), "a complete flow has no deadline any more");
    assert!(matches!(held.apply(approval(&held), at(2)), Err(FlowError::NotEntitled { .. })));
}

#[test]
fn a_second_vote_at_the_same_stage_changes_nothing() {
    let mut held = held(vec![flow("two", vec![stage(&["ana", "bob"], &[], 2, 15)])]);
    held.apply(approval(&held), at(1)).unwrap();
    assert!(matches!(held.apply(approval(&held), at(2)), Err(FlowError::AlreadyVoted { .. })));
    assert_eq!(held.votes().len(), 1);
    assert_eq!(*held.state(), HoldState::Waiting);
}

#[test]
fn what_is_withdrawn_stays_withdrawn() {
    let mut held = held(vec![anybody("owner", 15)]);
    held.apply(Event::Withdrawn { why: "the agent was removed".into() }, at(1)).unwrap();
    assert_eq!(held.apply(approval(&held), at(2)), Err(FlowError::Ended(Verdict::Withdrawn)), "I5");
}

#[test]
fn checking_an_event_changes_nothing() {
    let held = held(vec![anybody("owner", 15)]);
    held.check(&approval(&held), at(1)).unwrap();
    assert_eq!(*held.state(), HoldState::Waiting);
}

#[test]
fn openings_and_events_survive_being_written_down() {
    let opened = opened(held_by(vec![anybody("owner", 15)]));
    let text = serde_json::to_string(&opened).unwrap();
    assert!(text.contains("7250.00"), "numbers as received (I12)");
    assert_eq!(serde_json::from_str::<approvals::Opened>(&text).unwrap(), opened);
    for event in [
        Event::Voted(vote("ana", Choice::Reject { reason: None }, opened.call.digest())),
        Event::DeadlinePassed,
        Event::Withdrawn { why: "gone".into() },
        Event::Rejudged(denied()),
        Event::Claimed { release: release_id(3) },
        Event::CollectionPassed,
    ] {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }
}
