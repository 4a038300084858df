//! A disk with no room left, and a file that nobody may write any more: every way of writing says so, nothing is half
//! written, and all goes on once there is room, or it may be written again.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use journal::{Completion, Entry, ExportFormat, InClear, Journal, JournalError};
use std::time::Duration;
use support::*;

fn tiny() -> Entry {
    Entry::Started { version: String::new() }
}

/// Up to the last byte of the last page.
fn fill_up(journal: &Journal) {
    journal.may_grow_to(1);
    let error = loop {
        if let Err(error) = journal.record(tiny()) {
            break error;
        }
    };
    assert!(matches!(error, JournalError::Full), "{error}");
}

/// What keeps everything from being written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Full,
    ReadOnly,
}

impl Trouble {
    fn begins(self, journal: &Journal) {
        match self {
            Trouble::Full => fill_up(journal),
            Trouble::ReadOnly => journal.may_be_written(false),
        }
    }

    fn ends(self, journal: &Journal) {
        match self {
            Trouble::Full => journal.may_grow_to(1_000_000),
            Trouble::ReadOnly => journal.may_be_written(true),
        }
    }

    #[track_caller]
    fn is_said<T>(self, said: Result<T, JournalError>) {
        match (self, said) {
            (Trouble::Full, Err(JournalError::Full))
            | (Trouble::ReadOnly, Err(JournalError::NotWritable)) => {}
            (_, Err(other)) => panic!("that is not what is wrong: {other}"),
            (_, Ok(_)) => panic!("it cannot be written"),
        }
    }
}

#[test]
fn every_way_of_writing_says_that_the_disk_is_full_and_goes_on_once_there_is_room() {
    is_said_everywhere_and_goes_on(Trouble::Full);
}

#[test]
fn every_way_of_writing_says_that_the_file_became_read_only_and_goes_on_once_it_may_be_written() {
    is_said_everywhere_and_goes_on(Trouble::ReadOnly);
}

fn is_said_everywhere_and_goes_on(trouble: Trouble) {
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    let (waiting, mut approved, mut going) =
        (scene.hold(&journal), scene.hold(&journal), scene.hold(&journal));
    for held in [&mut approved, &mut going] {
        let vote = approval(held);
        scene.happen(&journal, held, vote);
    }
    let running = scene.allowed();
    let release = running.id().clone();
    drop(journal.commit(running).unwrap());
    journal.settle().unwrap();
    trouble.begins(&journal);
    let entries = journal.verify().unwrap().entries;

    let documents = [("policies/b.toml".to_owned(), "name = 'b'".to_owned())].into();
    trouble.is_said(journal.confirm_set(&documents));
    trouble.is_said(journal.set_pin("expenses", "other", &policy::Value::from("definition")));
    trouble.is_said(journal.record(scene.refused()));
    trouble.is_said(journal.record(Entry::Paused { by: "ana".parse().unwrap() }));
    let event = approval(&waiting);
    trouble.is_said(journal.record(Entry::HoldEvent { hold: waiting.id().clone(), event, at: scene.now() }));
    trouble.is_said(journal.commit(scene.release(&mut going)).map(drop));
    let noted = InClear { by: "ana".parse().unwrap(), file: "all.jsonl".into() };
    let mut out = Vec::new();
    assert!(journal.export_in_clear(&noted, ExportFormat::JsonLines, &mut out).is_err() && out.is_empty());
    // What is written behind waits, and says so to whoever asks.
    journal.complete(&release, &Completion::answered(false, b"{}")).unwrap();
    trouble.is_said(journal.settle());
    assert_eq!(journal.queued(), 1);
    trouble.is_said(journal.trouble().map_or(Ok(()), Err));

    // All of it is recorded or nothing, and everything can be read.
    assert_eq!(journal.verify().unwrap().entries, entries);
    assert_eq!(journal.open_holds().unwrap().len(), 3);
    assert!(!journal.is_paused().unwrap() && journal.pin("expenses", "other").unwrap().is_none());
    assert_eq!(journal.set_in_force().unwrap().unwrap().documents["policies/a.toml"], "name = 'a'");

    trouble.ends(&journal);
    journal.settle().unwrap();
    assert_eq!(journal.queued(), 0);
    assert!(journal.trouble().is_none());
    let event = approval(&waiting);
    journal.record(Entry::HoldEvent { hold: waiting.id().clone(), event, at: scene.now() }).unwrap();
    drop(journal.commit(scene.release(&mut approved)).unwrap());
    journal.confirm_set(&documents).unwrap();
    journal.verify().unwrap();
    drop(journal);
    scene.open().verify().unwrap();
}

#[test]
fn a_queue_that_fills_while_the_disk_is_full_refuses_and_loses_nothing_it_took() {
    let scene = Scene::new();
    let journal = scene.open();
    journal.wait_for_room(Duration::from_millis(20));
    fill_up(&journal);
    let before = journal.verify().unwrap().entries;
    let mut went = Vec::new();
    let error = loop {
        let n = went.len() as u64;
        let mut random = [7; 16];
        random[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        random[8..].copy_from_slice(&n.to_be_bytes());
        let ids = approvals::Ids::from_random(random, random);
        let decision = decision(policy::Outcome::Allowed);
        let admitted = approvals::admit(decision, call("1"), facts(), owner(), ids, START);
        let approvals::Admission::Released(released) = admitted else { panic!("released") };
        let release = released.id().clone();
        match journal.commit(released) {
            Ok(_) => went.push(release),
            Err(error) => break error,
        }
        assert!(went.len() < 10_000, "it is bounded");
    };
    // Why it is full is known once the thread behind tried.
    assert!(matches!(error, JournalError::Full | JournalError::Behind), "{error}");
    assert_eq!(journal.verify().unwrap().entries, before);
    journal.may_grow_to(1_000_000);
    for release in &went {
        journal.complete(release, &Completion::answered(false, b"{}")).unwrap();
    }
    journal.settle().unwrap();
    assert_eq!(journal.verify().unwrap().entries, before + 2 * went.len() as u64);
}
