//! Who may decide, by when, and with what proof: one sentence a rule.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use approvals::{
    Basis, Choice, Event, FlowError, HoldState, Judged, ProofMethod, STEP_UP_WITHIN, Verdict, Vote, Voter,
    Voters,
};
use policy::{Approvers, Facts, OnTimeout, Outcome, ProofKind, Stage, Value};
use support::*;

fn boss() -> Approvers {
    Approvers { users: [].into(), roles: ["boss".to_owned()].into() }
}

fn escalating(minutes: u64, required: u32) -> Stage {
    Stage {
        on_timeout: OnTimeout::Escalate,
        escalate_to: boss(),
        ..stage(&[], &["finance"], required, minutes)
    }
}

#[test]
fn a_passed_deadline_asks_others_once_and_asks_for_no_less() {
    let mut held = held_with_others(held_by(vec![flow("finance", vec![escalating(10, 2)])]));
    assert!(held.apply(proven_vote("eva", Choice::Approve, &held), at(1)).is_err(), "not asked yet");
    held.apply(approval(&held), at(2)).unwrap();
    assert_eq!(held.apply(approval(&held), at(10 * MINUTE)), Err(FlowError::Escalates));
    held.apply(Event::DeadlinePassed, at(11 * MINUTE)).unwrap();
    assert_eq!((held.state(), held.deadline()), (&HoldState::Waiting, at(21 * MINUTE)));
    let view = &held.stages()[0];
    assert!(view.escalated && view.votes.len() == 1 && view.required == 2, "votes stay, and none is waived");
    held.apply(proven_vote("eva", Choice::Approve, &held), at(12 * MINUTE)).unwrap();
    assert!(matches!(held.state(), HoldState::Approved { .. }));

    let mut again = held_with_others(held_by(vec![flow("finance", vec![escalating(10, 1)])]));
    again.apply(Event::DeadlinePassed, at(10 * MINUTE)).unwrap();
    again.apply(Event::DeadlinePassed, at(20 * MINUTE)).unwrap();
    assert!(matches!(again.state(), HoldState::Ended { verdict: Verdict::Expired, .. }), "once");
}

#[test]
fn one_flow_that_ends_ends_the_hold_however_the_others_escalate() {
    let flows = vec![flow("finance", vec![escalating(10, 1)]), anybody("owner", 10)];
    let mut held = held_with_others(held_by(flows));
    held.apply(Event::DeadlinePassed, at(10 * MINUTE)).unwrap();
    assert!(matches!(held.state(), HoldState::Ended { verdict: Verdict::Expired, .. }));
}

#[test]
fn a_deadline_is_put_off_once_by_its_own_length_and_by_the_owner_only() {
    let mut held = held_with_others(held_by(vec![anybody("owner", 10)]));
    let by = |id: &str| Event::Extended { by: id.parse().unwrap() };
    assert!(matches!(held.apply(by("bob"), at(1)), Err(FlowError::NotEntitled { .. })));
    assert_eq!(held.extended_deadline(), Some(at(20 * MINUTE)));
    held.apply(by("ana"), at(9 * MINUTE)).unwrap();
    assert_eq!(held.deadline(), at(20 * MINUTE), "from the deadline, not from now");
    assert_eq!(held.apply(by("ana"), at(9 * MINUTE)), Err(FlowError::AlreadyExtended));
    assert_eq!(held.apply(by("ana"), at(20 * MINUTE)), Err(FlowError::Ended(Verdict::Expired)), "too late");
}

#[test]
fn whoever_the_agent_acts_for_does_not_vote_where_they_are_excluded() {
    let excluding = Stage { exclude_requester: true, ..stage(&["ana", "bob"], &[], 1, 10) };
    let mut held = held_with_others(held_by(vec![flow("four-eyes", vec![excluding])]));
    assert!(matches!(held.apply(approval(&held), at(1)), Err(FlowError::NotEntitled { .. })));
    held.apply(proven_vote("bob", Choice::Approve, &held), at(2)).unwrap();
    assert!(matches!(held.state(), HoldState::Approved { .. }));
}

#[test]
fn anyone_but_the_owner_votes_with_their_own_passkey_only() {
    let mut held = held_with_others(held_by(vec![flow("finance", vec![stage(&["bob"], &[], 1, 10)])]));
    let plain = vote("bob", Choice::Approve, held.digest());
    let with = |proof| Event::Voted(Vote { proof: Some(proof), ..plain.clone() });
    let refused = |event, held: &mut approvals::HeldCall| held.apply(event, at(1)).unwrap_err();
    let needed = FlowError::NeedsProof { by: "bob".parse().unwrap(), kind: ProofKind::Passkey };
    assert_eq!(refused(Event::Voted(plain.clone()), &mut held), needed);
    let passphrase = with(proof("bob", ProofMethod::Passphrase, &held));
    assert_eq!(refused(passphrase, &mut held), needed);
    let anas = with(proof("ana", passkey(), &held));
    assert_eq!(refused(anas, &mut held), FlowError::OtherProof);
    let elsewhere = approvals::StepUpProof { digest: call("1").digest(), ..proof("bob", passkey(), &held) };
    assert_eq!(refused(with(elsewhere), &mut held), FlowError::OtherProof, "I6");
    let reject = Event::Voted(vote("bob", Choice::Reject { reason: None }, held.digest()));
    assert_eq!(refused(reject, &mut held), needed, "nobody rejects in another's name");
    held.apply(with(proof("bob", passkey(), &held)), at(2)).unwrap();
    assert!(matches!(held.state(), HoldState::Approved { .. }));
}

#[test]
fn a_stage_may_ask_even_the_owner_for_a_proof_and_a_rejection_needs_none() {
    let strict = Stage { step_up: Some(ProofKind::Passkey), ..stage(&[], &[], 1, 10) };
    let mut held = held_with_others(held_by(vec![flow("strict", vec![strict.clone()])]));
    assert!(matches!(held.apply(approval(&held), at(1)), Err(FlowError::NeedsProof { .. })));
    held.apply(proven_vote("ana", Choice::Approve, &held), at(2)).unwrap();
    assert!(matches!(held.state(), HoldState::Approved { .. }));

    let mut other = held_with_others(held_by(vec![flow("strict", vec![strict])]));
    let reject = vote("ana", Choice::Reject { reason: None }, other.digest());
    other.apply(Event::Voted(reject), at(1)).unwrap();
    assert!(matches!(other.state(), HoldState::Ended { verdict: Verdict::Rejected { .. }, .. }));
}

#[test]
fn a_step_up_is_the_last_thing_asked_and_only_of_the_calls_own_user() {
    let mut held = held_with_others(with_step_up(vec![anybody("owner", 10)], true, 0));
    let proven = |by: &str, method, held: &approvals::HeldCall| Event::Proven(proof(by, method, held));
    assert_eq!(held.apply(proven("ana", passkey(), &held), at(1)), Err(FlowError::VotesFirst));
    held.apply(approval(&held), at(2)).unwrap();
    assert!(held.waits_for_proof());
    assert_eq!(held.deadline(), at(2).after(STEP_UP_WITHIN));
    assert_eq!(held.apply(proven("bob", passkey(), &held), at(3)), Err(FlowError::OtherProof), "I6");
    let weak = proven("ana", ProofMethod::Passphrase, &held);
    assert!(matches!(held.apply(weak, at(3)), Err(FlowError::NeedsProof { kind: ProofKind::Passkey, .. })));
    held.apply(proven("ana", passkey(), &held), at(4)).unwrap();
    let now = held.decision().clone();
    let released = held.release(&now, release_id(1), at(5)).unwrap();
    assert!(matches!(released.basis(), approvals::Basis::Votes { proof: Some(_), .. }));
}

#[test]
fn one_proof_serves_the_vote_and_the_step_up_of_the_same_person() {
    let mut held = held_with_others(with_step_up(vec![anybody("owner", 10)], true, 0));
    held.apply(proven_vote("ana", Choice::Approve, &held), at(1)).unwrap();
    assert!(matches!(held.state(), HoldState::Approved { .. }));

    let bobs = flow("finance", vec![stage(&["bob"], &[], 1, 10)]);
    let mut held = held_with_others(with_step_up(vec![bobs], true, 0));
    held.apply(proven_vote("bob", Choice::Approve, &held), at(1)).unwrap();
    assert!(held.waits_for_proof(), "another's proof is not hers");
}

#[test]
fn a_step_up_that_nobody_gives_expires_and_can_be_put_off_once() {
    let mut held = held_with_others(with_step_up(vec![], false, 0));
    assert!(held.waits_for_proof());
    held.apply(Event::Extended { by: "ana".parse().unwrap() }, at(1)).unwrap();
    let end = START.after(STEP_UP_WITHIN).after(STEP_UP_WITHIN);
    assert_eq!(held.deadline(), end);
    held.apply(Event::DeadlinePassed, end).unwrap();
    assert!(matches!(held.state(), HoldState::Ended { verdict: Verdict::Expired, .. }));
}

fn edit(arguments: &str, outcome: Outcome) -> Choice {
    let judged = Judged { facts: facts(), decision: decision(outcome) };
    Choice::ApproveEdited { arguments: Value::parse(arguments.as_bytes()).unwrap(), judged: Box::new(judged) }
}

#[test]
fn an_edited_call_is_what_is_sent_and_what_was_asked_stays_its_key() {
    let mut held = held_with_others(held_by(vec![anybody("owner", 10)]));
    let asked = held.asked_digest();
    let choice = edit("{\"amount\":10}", Outcome::Allowed);
    held.apply(Event::Voted(vote("ana", choice, asked)), at(1)).unwrap();
    assert_eq!((held.asked_digest(), held.digest()), (asked, call("10").digest()));
    let released = held.release(&decision(Outcome::Allowed), release_id(1), at(2)).unwrap();
    assert_eq!(released.digest(), call("10").digest(), "I2");
    assert_eq!(released.call().arguments, call("10").arguments, "I12");
    assert_eq!(released.asked(), Some(&call("7250.00").arguments));
}

#[test]
fn an_edit_that_a_policy_denies_changes_nothing_and_one_that_needs_more_waits_for_it() {
    let mut held = held_with_others(held_by(vec![anybody("owner", 10)]));
    let digest = held.digest();
    let mut tried = |choice| held.apply(Event::Voted(vote("ana", choice, digest)), at(1));
    let denied = Outcome::Denied { message: Some("no".into()) };
    assert!(matches!(tried(edit("{\"amount\":10}", denied)), Err(FlowError::EditDenied { .. })));
    assert_eq!(tried(edit("{\"amount\":7250.00}", Outcome::Allowed)), Err(FlowError::NothingEdited));
    assert_eq!(tried(edit("[]", Outcome::Allowed)), Err(FlowError::NoEdit));
    let Outcome::Held(more) = held_by(vec![flow("bobs", vec![stage(&["bob"], &[], 1, 10)])]).outcome else {
        panic!("held")
    };
    tried(edit("{\"amount\":9}", Outcome::Held(more))).unwrap();
    assert_eq!(*held.state(), HoldState::Waiting);
    assert_eq!(
        held.apply(approval(&held), at(2)).unwrap_err(),
        FlowError::NotEntitled { by: "ana".parse().unwrap() }
    );
    held.apply(proven_vote("bob", Choice::Approve, &held), at(3)).unwrap();
    assert!(matches!(held.state(), HoldState::Approved { .. }));
}

#[test]
fn nothing_is_edited_once_somebody_voted_or_where_a_flow_has_more_stages() {
    let two = flow("two", vec![stage(&[], &[], 1, 10), stage(&[], &[], 1, 10)]);
    let mut held = held_with_others(held_by(vec![two]));
    assert!(!held.may_edit());
    let choice = edit("{\"amount\":10}", Outcome::Allowed);
    let digest = held.digest();
    assert_eq!(held.apply(Event::Voted(vote("ana", choice.clone(), digest)), at(1)), Err(FlowError::NoEdit));

    let mut voted = held_with_others(held_by(vec![flow("q", vec![stage(&["ana"], &["finance"], 2, 10)])]));
    voted.apply(proven_vote("bob", Choice::Approve, &voted), at(1)).unwrap();
    let refused = voted.apply(Event::Voted(vote("ana", choice, digest)), at(2));
    assert_eq!(refused, Err(FlowError::NoEdit), "bob's vote was for something else");
}

#[test]
fn other_facts_do_not_come_in_with_an_edit() {
    let mut held = held_with_others(held_by(vec![anybody("owner", 10)]));
    let other = Facts { user: user("bob"), ..facts() };
    let judged = Judged { facts: other, decision: decision(Outcome::Allowed) };
    let arguments = call("10").arguments;
    let choice = Choice::ApproveEdited { arguments, judged: Box::new(judged) };
    let event = Event::Voted(vote("ana", choice, held.digest()));
    assert_eq!(held.apply(event, at(1)), Err(FlowError::NoEdit));
}

fn without_bob() -> Event {
    Event::PeopleChanged(Voters { owner: owner(), others: others().into_iter().skip(1).collect() })
}

#[test]
fn whoever_was_removed_or_lost_the_role_has_not_voted_and_does_not_vote() {
    let asked = || vec![flow("finance", vec![stage(&[], &["finance"], 2, 10)])];
    let no_role = Voter { roles: [].into(), ..others().remove(0) };
    let changed = Voters { owner: owner(), others: vec![no_role] };
    for change in [without_bob(), Event::PeopleChanged(changed)] {
        let mut held = held_with_others(held_by(asked()));
        held.apply(proven_vote("bob", Choice::Approve, &held), at(1)).unwrap();
        held.apply(change.clone(), at(2)).unwrap();
        assert_eq!(held.stages()[0].votes.len(), 0, "it does not stand any more");
        assert_eq!(held.deadline(), at(10 * MINUTE), "and gives nobody more time");
        let late = held.apply(proven_vote("bob", Choice::Approve, &held), at(3));
        assert!(matches!(late, Err(FlowError::NotEntitled { .. })), "{late:?}");
        held.apply(approval(&held), at(4)).unwrap();
        assert_eq!(*held.state(), HoldState::Waiting, "one vote of two");
    }
}

#[test]
fn an_approval_by_a_vote_that_does_not_stand_any_more_waits_again() {
    let mut held = held_with_others(held_by(vec![flow("finance", vec![stage(&["bob", "eva"], &[], 1, 10)])]));
    held.apply(proven_vote("bob", Choice::Approve, &held), at(1)).unwrap();
    assert!(matches!(held.state(), HoldState::Approved { .. }));
    held.apply(without_bob(), at(5 * MINUTE)).unwrap();
    assert_eq!(
        (held.state(), held.deadline()),
        (&HoldState::Waiting, at(15 * MINUTE)),
        "its whole time again"
    );
    let now = held.decision().clone();
    assert_eq!(held.release(&now, release_id(1), at(5 * MINUTE)).unwrap_err(), FlowError::NotApproved);
    held.apply(proven_vote("eva", Choice::Approve, &held), at(6 * MINUTE)).unwrap();
    let released = held.release(&now, release_id(1), at(7 * MINUTE)).unwrap();
    let Basis::Votes { votes, .. } = released.basis() else { panic!("{:?}", released.basis()) };
    let by: Vec<&str> = votes.iter().map(|vote| vote.by.as_str()).collect();
    assert_eq!(by, ["eva"], "it goes by the votes that stand");
}

#[test]
fn a_first_stage_that_opens_again_takes_the_later_ones_back_as_well() {
    let stages = vec![stage(&["bob", "eva"], &[], 1, 10), stage(&["ana"], &[], 1, 10)];
    let mut held = held_with_others(held_by(vec![flow("two", stages), anybody("owner", 60)]));
    held.apply(proven_vote("bob", Choice::Approve, &held), at(1)).unwrap();
    held.apply(approval(&held), at(2)).unwrap();
    assert!(matches!(held.state(), HoldState::Approved { .. }));
    held.apply(without_bob(), at(3)).unwrap();
    let standing: Vec<(usize, bool)> =
        held.stages().iter().map(|view| (view.votes.len(), view.complete)).collect();
    assert_eq!(standing, [(0, false), (0, false), (1, true)], "Ana's vote stays where it was the first");
    held.apply(proven_vote("eva", Choice::Approve, &held), at(4)).unwrap();
    held.apply(approval(&held), at(5)).unwrap();
    assert!(matches!(held.state(), HoldState::Approved { .. }));
}

#[test]
fn a_plain_vote_of_an_owner_who_is_none_any_more_proves_nobody() {
    let mut held = held_with_others(held_by(vec![flow("q", vec![stage(&["ana", "bob"], &[], 2, 10)])]));
    held.apply(approval(&held), at(1)).unwrap();
    let [bob, _] = <[Voter; 2]>::try_from(others()).unwrap();
    held.apply(Event::PeopleChanged(Voters { owner: bob, others: vec![owner()] }), at(2)).unwrap();
    assert_eq!(held.stages()[0].votes.len(), 0);
    assert!(matches!(held.apply(approval(&held), at(3)), Err(FlowError::NeedsProof { .. })));
    held.apply(proven_vote("ana", Choice::Approve, &held), at(3)).unwrap();
    held.apply(Event::Voted(vote("bob", Choice::Approve, held.digest())), at(4)).unwrap();
    assert!(matches!(held.state(), HoldState::Approved { .. }), "it is his desk now");
}
