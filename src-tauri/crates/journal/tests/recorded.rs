//! Past calls, as drafts and grants are tried on them.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use journal::{ActivityOutcome, ArgumentsKept, CallFilter, Journal, RecordedCall};
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
