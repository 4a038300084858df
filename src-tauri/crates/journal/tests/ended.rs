//! What a start finds of the holds that ended lately, and of the calls that ran.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use approvals::{Choice, Event, HeldCall, Means, Vote};
use journal::{Completion, EndedHold, Entry, Journal, JournalError};
use policy::Timestamp;
use support::*;

const MINUTE: i64 = 60_000;

fn rejection(held: &HeldCall, at: Timestamp) -> Event {
    let choice = Choice::Reject { reason: Some("no".to_owned()) };
    let by = held.opened().owner.id.clone();
    Event::Voted(Vote { by, choice, means: Means::Window, digest: held.digest(), at, proof: None })
}

fn ids(ended: &[EndedHold]) -> Vec<String> {
    ended.iter().map(|hold| hold.course.0.id.to_string()).collect()
}

fn release(scene: &Scene, journal: &Journal, held: &mut HeldCall) -> approvals::ReleaseId {
    let vote = approval(held);
    scene.happen(journal, held, vote);
    let released = scene.release(held);
    let release = released.id().clone();
    drop(journal.commit(released).unwrap());
    release
}

#[test]
fn ended_holds_are_told_with_their_completion_and_whether_they_were_read() {
    let scene = Scene::new();
    let journal = scene.open();
    let _waiting = scene.hold(&journal);
    let mut rejected = scene.hold(&journal);
    let event = rejection(&rejected, scene.now());
    scene.happen(&journal, &mut rejected, event);
    scene.pass(MINUTE);
    let mut answered = scene.hold(&journal);
    let its_release = release(&scene, &journal, &mut answered);
    let done = Completion::answered(false, b"done");
    journal.complete(&its_release, &done).unwrap();
    journal.record(Entry::OutcomeRead { hold: answered.id().clone() }).unwrap();
    let mut running = scene.hold(&journal);
    release(&scene, &journal, &mut running);
    assert_eq!(journal.ended_holds(Timestamp(0)).unwrap().len(), 2, "one waits and one runs");
    drop(journal);

    // The run that a crash ended is over from the start on that says so.
    scene.pass(MINUTE);
    let journal = scene.open();
    let ended = journal.ended_holds(Timestamp(0)).unwrap();
    assert_eq!(ids(&ended), [&rejected, &answered, &running].map(|held| held.id().to_string()));
    let told: Vec<_> = ended.iter().map(|hold| (hold.completion.clone(), hold.is_read)).collect();
    assert_eq!(told, [(None, false), (Some(done), true), (Some(Completion::Unknown), false)]);
    let ends: Vec<i64> = ended.iter().map(|hold| hold.at.0 - START.0).collect();
    assert_eq!(ends, [0, MINUTE, 2 * MINUTE]);
    let lately = journal.ended_holds(Timestamp(START.0 + MINUTE)).unwrap();
    assert_eq!(ids(&lately), [&answered, &running].map(|held| held.id().to_string()));
    assert!(journal.open_holds().unwrap().len() == 1, "a read outcome opens nothing again");
    assert_eq!(journal.verify().unwrap().unreadable, 0);
}

#[test]
fn what_was_read_must_be_on_record() {
    let scene = Scene::new();
    let journal = scene.open();
    let unknown = approvals::HoldId::from_random([9; 16]);
    let error = journal.record(Entry::OutcomeRead { hold: unknown }).unwrap_err();
    assert!(matches!(error, JournalError::UnknownHold(_)), "{error}");
}

#[test]
fn allowed_runs_are_told_newest_first_and_held_ones_are_not_among_them() {
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    scene.pass(MINUTE);
    let released = scene.allowed();
    let digest = released.digest();
    drop(journal.commit(released).unwrap());
    let runs = journal.allowed_runs(START, 100).unwrap();
    assert_eq!(runs, [(digest, Timestamp(START.0 + MINUTE)), (digest, START)]);
    assert_eq!(journal.allowed_runs(Timestamp(START.0 + 1), 100).unwrap().len(), 1);
    assert_eq!(journal.allowed_runs(START, 1).unwrap().len(), 1, "no more is looked at");
}
