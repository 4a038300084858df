//! A call that its upstream asked more of: what goes on, and what is admitted anew.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use approvals::{
    Admission, Basis, Choice, Continuation, Event, HeldCall, Judged, Opened, ReleasedCall, admit,
};
use policy::{AgentFacts, Decision, Facts, Outcome, ToolCall};
use support::*;

fn allowed() -> ReleasedCall {
    match admit(decision(Outcome::Allowed), call("1"), facts(), owner(), ids(1), START) {
        Admission::Released(released) => released,
        other => panic!("released, not {other:?}"),
    }
}

fn approved() -> ReleasedCall {
    let mut held = held(vec![anybody("owner", 15)]);
    held.apply(approval(&held), at(1)).unwrap();
    let now = held.decision().clone();
    held.release(&now, release_id(1), at(2)).unwrap()
}

fn goes_on(from: Continuation, decision: &Decision, call: &ToolCall) -> Option<ReleasedCall> {
    from.admit(decision, call, &facts(), release_id(2), at(3))
}

#[test]
fn what_is_allowed_goes_on_under_its_release() {
    let released = allowed();
    let next = goes_on(released.continuation(), &decision(Outcome::Allowed), released.call()).unwrap();
    assert_eq!(*next.basis(), Basis::Continued { release: released.id().clone() });
    assert_eq!((next.digest(), next.hold()), (released.digest(), None), "I2");
}

#[test]
fn what_people_approved_goes_on_through_several_rounds_without_asking_them_again() {
    let mut released = approved();
    let again = held_by(vec![anybody("owner", 15)]);
    for _ in 0..3 {
        let call = released.call().clone();
        released = goes_on(released.continuation(), &again, &call).expect("nothing new is required");
    }
}

#[test]
fn anything_new_is_not_waived() {
    let owner = || anybody("owner", 15);
    let more_votes = flow("owner", vec![stage(&["ana", "me"], &[], 2, 15)]);
    for required in [
        held_by(vec![owner(), anybody("finance", 15)]),
        held_by(vec![more_votes]),
        held_by(vec![]),
        step_up(),
        denied(),
    ] {
        let released = approved();
        let call = released.call().clone();
        assert!(goes_on(released.continuation(), &required, &call).is_none(), "{required:?}");
    }
    let released = allowed();
    let call = released.call().clone();
    assert!(goes_on(released.continuation(), &held_by(vec![owner()]), &call).is_none(), "nobody approved it");
}

#[test]
fn i2_another_call_does_not_go_on() {
    for other in [
        call("2"),
        ToolCall { agent: "codex".parse().unwrap(), ..call("1") },
        ToolCall { user: "bob".parse().unwrap(), ..call("1") },
        ToolCall { tool: "other".parse().unwrap(), ..call("1") },
    ] {
        let from = allowed().continuation();
        assert!(!from.is_for(&other));
        assert!(goes_on(from, &decision(Outcome::Allowed), &other).is_none());
    }
}

#[test]
fn i12_a_call_that_an_approver_changed_goes_on_as_it_was_sent_when_its_agent_sends_what_it_asked() {
    let mut held = held(vec![anybody("owner", 15)]);
    let (asked, sent) = (call("7250.00"), call("10"));
    let judged = Judged { facts: facts(), decision: decision(Outcome::Allowed) };
    let choice = Choice::ApproveEdited { arguments: sent.arguments.clone(), judged: Box::new(judged) };
    held.apply(Event::Voted(vote("ana", choice, held.digest())), at(1)).unwrap();
    let mut released = held.release(&decision(Outcome::Allowed), release_id(1), at(2)).unwrap();
    for _ in 0..2 {
        let from = released.continuation();
        assert!(from.is_for(&asked) && from.is_for(&sent) && !from.is_for(&call("11")));
        assert_eq!(from.as_sent(&asked), sent);
        let again = held_by(vec![anybody("owner", 15)]);
        released = goes_on(from, &again, &sent).expect("its votes were for what is sent");
        assert_eq!((released.call(), released.asked()), (&sent, Some(&asked.arguments)));
    }
    let with_what_was_asked = goes_on(released.continuation(), &decision(Outcome::Allowed), &asked);
    assert!(with_what_was_asked.is_none(), "nobody approved that");
}

#[test]
fn what_was_approved_before_a_person_held_everything_is_asked_again_and_what_was_approved_since_is_not() {
    let mut paused = held_by(vec![anybody("owner", 15)]);
    paused.trace.paused = true;
    let before = approved();
    let call = before.call().clone();
    assert!(goes_on(before.continuation(), &paused, &call).is_none());
    let mut held = HeldCall::open(opened(paused.clone()));
    held.apply(approval(&held), at(1)).unwrap();
    let since = held.release(&paused, release_id(1), at(2)).unwrap();
    let again = goes_on(since.continuation(), &paused, &call).expect("they saw it while everything was held");
    assert!(goes_on(again.continuation(), &paused, &call).is_some(), "and each round of it");
}

#[test]
fn another_program_in_the_agents_name_goes_on_from_nothing_but_its_own_release() {
    let by = |program: &str| {
        let paired_programs = vec!["/bin/coder".to_owned()];
        Facts {
            agent: AgentFacts { program: Some(program.into()), paired_programs, ..facts().agent },
            ..facts()
        }
    };
    let again = held_by(vec![anybody("owner", 15)]);
    for (first, second, goes) in [
        ("/bin/coder", "/bin/coder", true),
        ("/bin/coder", "/bin/other", false),
        ("/bin/other", "/bin/other", true),
        ("/bin/third", "/bin/other", false),
    ] {
        let mut held = HeldCall::open(Opened { facts: by(first), ..opened(again.clone()) });
        held.apply(approval(&held), at(1)).unwrap();
        let released = held.release(&again, release_id(1), at(2)).unwrap();
        let call = released.call().clone();
        let next = released.continuation().admit(&again, &call, &by(second), release_id(2), at(3));
        assert_eq!(next.is_some(), goes, "{first}, then {second}");
    }
}
