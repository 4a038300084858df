//! Past calls, as drafts and grants are tried on them.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use journal::{ActivityOutcome, ArgumentsKept, CallFilter, Entry, Journal, PastCalls, RecordedCall};
use support::*;

fn all(journal: &Journal, filter: CallFilter) -> Vec<RecordedCall> {
    journal.calls_on_record(filter).map(Result::unwrap).collect()
}

#[test]
fn recorded_calls_come_newest_first_with_facts_and_decision_over_many_pages() {
    let scene = Scene::new();
    let journal = scene.open();
    scene.hold(&journal);
    for _ in 0..150 {
        scene.pass(1);
        journal.record(scene.refused()).unwrap();
    }
    drop(journal.commit(scene.allowed()).unwrap());
    let calls = all(&journal, CallFilter::default());
    assert_eq!(calls.len(), 152);
    assert!(calls.windows(2).all(|pair| pair[0].seq > pair[1].seq));
    let (first, last) = (&calls[0], &calls[151]);
    assert_eq!((first.outcome, &first.call), (ActivityOutcome::Running, &call("12.50")));
    assert_eq!(
        (last.outcome, &last.call, &last.facts),
        (ActivityOutcome::Waiting, &call("7250.00"), &facts())
    );
    assert_eq!(last.decision, traced(held_by(vec![anybody("owner", 15)])));
    assert_eq!(last.arguments, ArgumentsKept::AsAsked);
    assert!(last.hold.is_some());
}

#[test]
fn recorded_calls_are_filtered_and_taken_up_again() {
    let scene = Scene::new();
    let journal = scene.open();
    for _ in 0..4 {
        journal.record(scene.refused()).unwrap();
        scene.pass(10);
    }
    let seqs = |filter| all(&journal, filter).iter().map(|call| call.seq).collect::<Vec<_>>();
    assert_eq!(seqs(CallFilter { since: Some(at(20)), ..CallFilter::default() }), [4, 3]);
    assert_eq!(seqs(CallFilter { before: Some(3), ..CallFilter::default() }), [2, 1]);
    let of = |tool: &str| CallFilter { tool: Some(tool.into()), ..CallFilter::default() };
    assert_eq!((seqs(of("create_expense")).len(), seqs(of("create")).len()), (4, 0));
    let of = |agent: &str| CallFilter { agent: Some(agent.into()), ..CallFilter::default() };
    assert_eq!((seqs(of("coder")).len(), seqs(of("other")).len()), (4, 0));
}

#[test]
fn what_is_older_is_neither_read_nor_counted() {
    let scene = Scene::new();
    let journal = scene.open();
    for n in 0..450 {
        // For one of the newer ones the clock was set back.
        let back = if n == 300 { 10_000 } else { 0 };
        scene.pass(-back);
        if n % 3 == 0 {
            turn_away(&scene, &journal);
        } else {
            journal.record(scene.refused()).unwrap();
            scene.pass(1);
        }
        scene.pass(back);
    }
    let mut past = PastCalls::new(&journal, None).since(at(100));
    let read = past.by_ref().count();
    assert_eq!((read, past.told().unreadable), (234, 115));
}

#[test]
fn calls_may_be_recorded_while_past_ones_are_read() {
    let scene = Scene::new();
    let journal = scene.open();
    for _ in 0..3 {
        journal.record(scene.refused()).unwrap();
    }
    let mut seen = 0;
    for call in journal.calls_on_record(CallFilter::default()) {
        assert!(call.unwrap().seq <= 3);
        journal.record(scene.refused()).unwrap();
        seen += 1;
    }
    assert_eq!(seen, 3);
}

/// A call that was turned away before it could be judged: nothing can be tried on it.
fn turn_away(scene: &Scene, journal: &Journal) {
    let (agent, user, upstream) =
        ("coder".parse().unwrap(), "ana".parse().unwrap(), "expenses".parse().unwrap());
    let (tool, arguments) = ("gone".to_owned(), policy::Value::object([]));
    let refusal = approvals::Refusal::UnknownTool;
    journal.record(Entry::TurnedAway { agent, user, upstream, tool, arguments, refusal }).unwrap();
    scene.pass(1);
}

#[test]
fn calls_that_cannot_be_judged_are_counted_once_wherever_the_reading_stops() {
    let scene = Scene::new();
    let journal = scene.open();
    for n in 0..450 {
        if n % 3 == 0 {
            turn_away(&scene, &journal);
        } else {
            journal.record(scene.refused()).unwrap();
        }
    }
    for step in [99, 199, 200, 1_000] {
        let (mut before, mut read, mut unreadable) = (None, 0, 0);
        loop {
            let mut past = PastCalls::new(&journal, before);
            let count = past.by_ref().take(step).count();
            read += count;
            let told = past.told();
            assert!(told.error.is_none());
            unreadable += told.unreadable;
            before = told.last.map(|(seq, _)| seq);
            if count < step {
                break;
            }
        }
        assert_eq!((read, unreadable), (300, 150), "{step} at once");
    }
}
