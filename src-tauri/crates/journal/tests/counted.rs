//! Counts of calls over time follow the index of calls, whatever becomes of a call.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use approvals::{Choice, Event};
use journal::{ActivityOutcome, ActivityQuery, Counted, Journal, JournalError, QUARTER, Retention};
use policy::Timestamp;
use std::time::Duration;
use support::*;

const HOUR: i64 = 60 * MINUTE;

/// `count` hours from the one that `at` is in.
fn hours(at: Timestamp, count: i64) -> Vec<Timestamp> {
    let first = at.0 - at.0.rem_euclid(HOUR);
    (0..=count).map(|hour| Timestamp(first + hour * HOUR)).collect()
}

fn counts(
    journal: &Journal,
    edges: &[Timestamp],
    query: &ActivityQuery,
) -> Vec<(usize, ActivityOutcome, u64)> {
    let mut found: Vec<_> = journal
        .activity_counts(edges, query)
        .unwrap()
        .into_iter()
        .map(|Counted { bucket, outcome, calls }| (bucket, outcome, calls))
        .collect();
    found.sort_by_key(|(bucket, outcome, _)| (*bucket, outcome.as_str()));
    found
}

#[test]
fn calls_are_counted_by_bucket_and_outcome_as_they_change() {
    let scene = Scene::new();
    let journal = scene.open();
    let edges = hours(scene.now(), 3);
    let all = ActivityQuery::default();
    journal.record(scene.refused()).unwrap();
    journal.record(scene.refused()).unwrap();
    scene.pass(HOUR);
    let mut held = scene.hold(&journal);
    assert_eq!(
        counts(&journal, &edges, &all),
        [(0, ActivityOutcome::Denied, 2), (1, ActivityOutcome::Waiting, 1)]
    );
    scene.pass(MINUTE);
    let vote = Event::Voted(vote("ana", Choice::Reject { reason: None }, held.digest()));
    scene.happen(&journal, &mut held, vote);
    assert_eq!(
        counts(&journal, &edges, &all),
        [(0, ActivityOutcome::Denied, 2), (1, ActivityOutcome::Rejected, 1)],
        "a call counts when it began, and as what it is now"
    );
    assert_eq!(journal.oldest_call().unwrap().map(|at| at.0 / HOUR), Some(START.0 / HOUR));
    journal.verify().unwrap();
}

#[test]
fn counts_fit_every_filter_of_the_list() {
    let scene = Scene::new();
    let journal = scene.open();
    let edges = hours(scene.now(), 1);
    journal.record(scene.refused()).unwrap();
    drop(journal.commit(scene.allowed()).unwrap());
    let with = |change: fn(&mut ActivityQuery)| {
        let mut query = ActivityQuery { limit: 50, ..ActivityQuery::default() };
        change(&mut query);
        let listed = journal.activity(&query).unwrap().len() as u64;
        let counted: u64 = counts(&journal, &edges, &query).iter().map(|(_, _, calls)| calls).sum();
        assert_eq!(counted, listed, "{query:?}");
        counted
    };
    assert_eq!(with(|_| {}), 2);
    assert_eq!(with(|query| query.outcome = Some(ActivityOutcome::Denied)), 1);
    assert_eq!(with(|query| query.agent = Some("nobody".into())), 0);
    assert_eq!(with(|query| query.tool = Some("create_expense".into())), 2);
    assert_eq!(with(|query| query.text = Some("EXPENSES/".into())), 2);
    with(|query| query.policy = Some("large".parse().unwrap()));
    assert_eq!(with(|query| query.policy = Some("larg".parse().unwrap())), 0, "whole names only");
}

#[test]
fn a_held_call_that_runs_is_found_and_counted_as_running() {
    let scene = Scene::new();
    let journal = scene.open();
    let edges = hours(scene.now(), 1);
    journal.record(scene.refused()).unwrap();
    drop(journal.commit(scene.allowed()).unwrap());
    let outcome = |outcome| ActivityQuery { limit: 50, outcome: Some(outcome), ..ActivityQuery::default() };
    let [mut held, mut other] = [scene.hold(&journal), scene.hold(&journal)];
    for (hold, goes) in [(&mut held, true), (&mut other, false)] {
        let vote = approval(hold);
        scene.happen(&journal, hold, vote);
        if goes {
            drop(journal.commit(scene.release(hold)).unwrap());
        }
    }
    for (outcome, expected) in [
        (outcome(ActivityOutcome::Running), vec![2, 3]),
        (outcome(ActivityOutcome::Approved), vec![4]),
        (outcome(ActivityOutcome::Denied), vec![1]),
    ] {
        let mut seqs: Vec<u64> = journal.activity(&outcome).unwrap().iter().map(|row| row.seq).collect();
        seqs.sort_unstable();
        assert_eq!(seqs, expected, "{outcome:?}");
        let counted: u64 = counts(&journal, &edges, &outcome).iter().map(|(_, _, calls)| calls).sum();
        assert_eq!(counted, expected.len() as u64, "{outcome:?}");
    }
    journal.verify().unwrap();
}

#[test]
fn what_retention_takes_out_is_no_longer_counted() {
    let scene = Scene::new();
    let journal = scene.open();
    let (first, all) = (hours(scene.now(), 1), ActivityQuery::default());
    journal.record(scene.refused()).unwrap();
    scene.pass(40 * 24 * HOUR);
    journal.record(scene.refused()).unwrap();
    journal.retain(&Retention { keep: Duration::from_secs(30 * 86_400), most_bytes: u64::MAX }).unwrap();
    assert_eq!(counts(&journal, &first, &all), []);
    assert_eq!(counts(&journal, &hours(scene.now(), 1), &all), [(0, ActivityOutcome::Denied, 1)]);
    journal.verify().unwrap();
}

#[test]
fn buckets_that_make_no_sense_are_refused() {
    let scene = Scene::new();
    let journal = scene.open();
    let at = START.0 - START.0.rem_euclid(QUARTER);
    let all = ActivityQuery::default();
    let many: Vec<i64> = (0..402).map(|n| at + n * QUARTER).collect();
    for edges in [vec![], vec![at], vec![at, at], vec![at + QUARTER, at], vec![at + 1, at + QUARTER], many] {
        let edges: Vec<Timestamp> = edges.into_iter().map(Timestamp).collect();
        assert!(matches!(journal.activity_counts(&edges, &all), Err(JournalError::BadBuckets)), "{edges:?}");
    }
}

#[test]
fn a_count_that_was_changed_by_hand_is_found() {
    for change in [
        "UPDATE counted SET calls = calls + 1",
        "DELETE FROM counted",
        "UPDATE counted SET outcome = 'allowed'",
        "INSERT INTO counted VALUES (0, 'denied', 1, '', 1)",
    ] {
        let scene = Scene::new();
        let journal = scene.open();
        journal.record(scene.refused()).unwrap();
        scene.sql().execute(change, []).unwrap();
        assert_eq!(journal.verify().unwrap_err().part, "count of calls", "{change}");
    }
}

#[test]
fn a_year_of_a_million_calls_is_counted_whole_and_by_the_month() {
    let scene = Scene::new();
    let journal = scene.open();
    journal.record(scene.refused()).unwrap();
    let year = 365 * 24 * HOUR;
    let sql = scene.sql();
    // The worst case: no two of a million calls are alike.
    sql.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
         INSERT INTO counted SELECT (?1 + (?2 / 1000000) * i) / 900000,
            CASE i % 4 WHEN 0 THEN 'denied' WHEN 1 THEN 'approved' ELSE 'allowed' END,
            100 + i % 40, CASE i % 3 WHEN 0 THEN 'large ' ELSE '' END, 1 FROM n",
        rusqlite::params![START.0, year],
    )
    .unwrap();
    let first = START.0 - START.0.rem_euclid(QUARTER);
    let days: Vec<Timestamp> = (0..=366).map(|day| Timestamp(first + day * 24 * HOUR)).collect();
    let found = journal.activity_counts(&days, &ActivityQuery::default()).unwrap();
    assert_eq!(found.iter().map(|one| one.calls).sum::<u64>(), 1_000_001);
    let month: Vec<Timestamp> = days[300..=330].to_vec();
    let policy = Some("large".parse().unwrap());
    let found =
        journal.activity_counts(&month, &ActivityQuery { policy, ..ActivityQuery::default() }).unwrap();
    assert!(found.iter().map(|one| one.calls).sum::<u64>() > 20_000);
}
