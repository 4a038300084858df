//! Files of older formats, written by the versions that had them; and the newest entry, anchored elsewhere.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use journal::{ActivityOutcome, ActivityQuery, Anchor, Entry, Journal, JournalError, RootKey};
use std::sync::{Arc, Mutex};
use support::*;

const OLD: [(i64, &[u8]); 2] =
    [(1, include_bytes!("old/format-1.sqlite")), (2, include_bytes!("old/format-2.sqlite"))];

#[test]
fn every_older_format_becomes_the_newest_and_loses_nothing() {
    for (format, file) in OLD {
        let scene = Scene::new();
        std::fs::write(scene.path(), file).unwrap();
        let look = Journal::open_to_read(&scene.path(), &RootKey::new([7; 32]));
        assert!(matches!(look, Err(JournalError::Older { found, .. }) if found == format));
        let journal = scene.open();
        assert_eq!((journal.found_unknown(), journal.lost_holds()), (1, 0), "format {format}");
        let verified = journal.verify().unwrap();
        assert_eq!((verified.entries, verified.unreadable), (13, 0), "the last one says what is unknown");
        let of = |outcome| {
            let query = ActivityQuery { limit: 50, outcome: Some(outcome), ..ActivityQuery::default() };
            journal.activity(&query).unwrap()
        };
        assert_eq!(of(ActivityOutcome::Approved)[0].arguments, Some(call("7250.00").arguments));
        for outcome in [
            ActivityOutcome::Waiting,
            ActivityOutcome::Failed,
            ActivityOutcome::Denied,
            ActivityOutcome::Unknown,
        ] {
            assert_eq!(of(outcome).len(), 1, "format {format}: {outcome:?}");
        }
        let by_policy =
            ActivityQuery { limit: 50, policy: Some("large".parse().unwrap()), ..ActivityQuery::default() };
        assert_eq!(journal.activity(&by_policy).unwrap().len(), 5, "format {format}");
        assert_eq!(journal.open_holds().unwrap().len(), 1);
        assert!(journal.set_in_force().unwrap().is_some());
        assert!(!journal.set_pin("expenses", "create_expense", &policy::Value::from("other")).unwrap());
        // The names that this one would give are taken in the old file.
        (0..20).for_each(|_| drop(scene.ids()));
        scene.live(&journal);
        journal.verify().unwrap();
    }
}

#[test]
fn an_older_file_whose_key_is_gone_is_taken_over_unread() {
    let scene = Scene::new();
    std::fs::write(scene.path(), OLD[0].1).unwrap();
    let journal = scene.try_open(8).unwrap();
    assert_eq!(journal.lost_holds(), 1);
    let verified = journal.verify().unwrap();
    assert_eq!(verified.unreadable, 12);
    journal.record(scene.refused()).unwrap();
    journal.verify().unwrap();
}

#[test]
fn cutting_off_the_newest_entries_is_found_by_the_anchor() {
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    let anchor = journal.anchor().unwrap();
    assert_eq!(anchor.to_string().parse::<Anchor>().unwrap(), anchor);
    journal.record(Entry::Started { version: "2".into() }).unwrap();
    let verified = journal.verify_to(Some(&anchor)).unwrap();
    assert_eq!((verified.entries, verified.after_anchor), (anchor.seq + 1, 1), "what came later is told");
    drop(journal);
    let sql = scene.sql();
    sql.execute("DELETE FROM entries WHERE seq >= ?1", [anchor.seq - 1]).unwrap();
    sql.execute("DELETE FROM calls WHERE seq >= ?1", [anchor.seq - 1]).unwrap();
    let journal = Journal::open_to_read(&scene.path(), &RootKey::new([7; 32])).unwrap();
    let bad = journal.verify_to(Some(&anchor)).unwrap_err();
    assert_eq!(
        bad.to_string(),
        "the journal is not as it was written: entries 9 to 10 are missing: entry 10 was anchored"
    );
}

#[test]
fn another_chain_of_the_same_length_does_not_fit_the_anchor() {
    let (one, other) = (Scene::new(), Scene::new());
    let anchor = {
        let journal = one.open();
        one.live(&journal);
        journal.anchor().unwrap()
    };
    let journal = other.open();
    other.live(&journal);
    let bad = journal.verify_to(Some(&anchor)).unwrap_err();
    assert_eq!((bad.part, bad.seq), ("entry", anchor.seq));
}

#[test]
fn the_newest_entry_is_given_to_whoever_keeps_it_at_the_end() {
    let scene = Scene::new();
    let journal = scene.open();
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keeps = Arc::clone(&kept);
    journal.keep_anchor(move |anchor| keeps.lock().unwrap().push(anchor));
    scene.live(&journal);
    let anchor = journal.anchor().unwrap();
    drop(journal);
    assert_eq!(kept.lock().unwrap().last(), Some(&anchor));
}
