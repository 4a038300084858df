//! What waits to be written: its order, its limits, and what a killed process loses.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use journal::{ActivityOutcome, ActivityQuery, Completion, Journal, JournalError};
use rusqlite::Connection;
use std::time::Duration;
use support::*;

/// Nobody else writes while this lives.
fn locked(scene: &Scene) -> Connection {
    let sql = scene.sql();
    sql.busy_timeout(Duration::from_secs(5)).unwrap();
    sql.execute_batch("BEGIN IMMEDIATE").unwrap();
    sql
}

/// The files as a killed process leaves them.
fn killed(scene: &Scene) -> Scene {
    let copy = Scene::new();
    for side in ["", "-wal"] {
        let name = format!("journal.sqlite{side}");
        std::fs::copy(scene.path().with_file_name(&name), copy.path().with_file_name(&name)).unwrap();
    }
    copy
}

fn outcomes(journal: &Journal) -> Vec<ActivityOutcome> {
    let query = ActivityQuery { limit: 500, ..ActivityQuery::default() };
    journal.activity(&query).unwrap().iter().map(|row| row.outcome).collect()
}

#[test]
fn a_killed_process_loses_only_what_is_queued_and_shows_nothing_false() {
    let scene = Scene::new();
    let journal = scene.open();
    let released = scene.allowed();
    let first = released.id().clone();
    drop(journal.commit(released).unwrap());
    journal.settle().unwrap();
    let lock = locked(&scene);
    journal.complete(&first, &Completion::answered(false, b"{}")).unwrap();
    drop(journal.commit(scene.allowed()).unwrap());
    assert_eq!(journal.queued(), 2);
    let copy = killed(&scene);
    lock.execute_batch("ROLLBACK").unwrap();
    let after = copy.open();
    assert_eq!(
        outcomes(&after),
        [ActivityOutcome::Unknown],
        "sent, and nobody knows; the other is not on record"
    );
    after.verify().unwrap();
    assert_eq!(outcomes(&journal), [ActivityOutcome::Running, ActivityOutcome::Allowed]);
}

#[test]
fn everything_queued_before_a_held_release_is_on_the_disk_with_it() {
    let scene = Scene::new();
    let journal = scene.open();
    let mut held = scene.hold(&journal);
    let vote = approval(&held);
    scene.happen(&journal, &mut held, vote);
    for _ in 0..20 {
        drop(journal.commit(scene.allowed()).unwrap());
    }
    let released = scene.release(&mut held);
    drop(journal.commit(released).unwrap());
    let copy = killed(&scene);
    let after = copy.open();
    let kinds: Vec<String> = after.entries(1).unwrap().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "call_released").count(), 21, "I3");
    assert_eq!(
        kinds.iter().position(|kind| kind == "call_completed"),
        Some(23),
        "as unknown, and after them"
    );
}

#[test]
fn once_the_queue_is_full_calls_are_refused_and_none_of_those_let_go_is_lost() {
    let scene = Scene::new();
    let journal = scene.open();
    journal.wait_for_room(Duration::from_millis(20));
    let lock = locked(&scene);
    let mut gone = Vec::new();
    let error = loop {
        let (high, low) = ((gone.len() / 250) as u8, (gone.len() % 250) as u8);
        let ids = approvals::Ids::from_random(
            [low; 16],
            [high.wrapping_mul(7) ^ low, low, high, 1, 2, 3, low, high, 9, 9, 9, 9, 9, 9, 9, 9],
        );
        let decision = decision(policy::Outcome::Allowed);
        let approvals::Admission::Released(released) =
            approvals::admit(decision, call("1"), facts(), owner(), ids, START)
        else {
            panic!("released")
        };
        let release = released.id().clone();
        match journal.commit(released) {
            Ok(_) => gone.push(release),
            Err(error) => break error,
        }
        assert!(gone.len() < 10_000, "it is bounded");
    };
    assert!(matches!(error, JournalError::Behind), "{error}");
    assert!(gone.len() > 1_000);
    // What was let go may always say how it ended.
    for release in &gone {
        journal.complete(release, &Completion::answered(false, b"")).unwrap();
    }
    lock.execute_batch("ROLLBACK").unwrap();
    journal.settle().unwrap();
    assert_eq!(journal.verify().unwrap().entries, 2 * gone.len() as u64);
    drop(journal.commit(scene.allowed()).unwrap());
}

#[test]
fn a_release_goes_once_whether_it_is_queued_or_on_record() {
    let scene = Scene::new();
    let journal = scene.open();
    let again = |id: &approvals::ReleaseId| {
        let ids = approvals::Ids { release: id.clone(), ..scene.ids() };
        let decision = decision(policy::Outcome::Allowed);
        match approvals::admit(decision, call("1"), facts(), owner(), ids, START) {
            approvals::Admission::Released(released) => journal.commit(released),
            other => panic!("released, not {other:?}"),
        }
    };
    let lock = locked(&scene);
    let released = scene.allowed();
    let id = released.id().clone();
    drop(journal.commit(released).unwrap());
    assert!(matches!(again(&id), Err(JournalError::AlreadyReleased(_))), "I2");
    journal.complete(&id, &Completion::Unknown).unwrap();
    assert!(matches!(again(&id), Err(JournalError::AlreadyReleased(_))), "I2");
    assert!(matches!(journal.complete(&id, &Completion::Unknown), Err(JournalError::AlreadyCompleted(_))));
    lock.execute_batch("ROLLBACK").unwrap();
    journal.settle().unwrap();
    assert!(matches!(again(&id), Err(JournalError::AlreadyReleased(_))), "I2");
    assert_eq!(journal.verify().unwrap().entries, 2);
}

#[test]
fn an_orderly_end_writes_everything() {
    let scene = Scene::new();
    let journal = scene.open();
    for _ in 0..50 {
        drop(journal.commit(scene.allowed()).unwrap());
    }
    drop(journal);
    assert_eq!(scene.open().found_unknown(), 50);
}
