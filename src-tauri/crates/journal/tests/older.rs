//! Files of older formats, written by the versions that had them; and the newest entry, anchored elsewhere.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use journal::{ActivityOutcome, ActivityQuery, Anchor, Entry, Journal, JournalError, RootKey};
use std::sync::{Arc, Mutex};
use support::*;

/// That of format 6 is the one of 5 as the version of 6 brought it up to date.
/// That of format 7 ends with a held call that runs, a hold that waits and a set.
const OLD: [(i64, &[u8]); 5] = [
    (1, include_bytes!("old/format-1.sqlite")),
    (2, include_bytes!("old/format-2.sqlite")),
    (5, include_bytes!("old/format-5.sqlite")),
    (6, include_bytes!("old/format-6.sqlite")),
    (7, include_bytes!("old/format-7.sqlite")),
];
/// What a version that knew one format more or fewer made of such a file.
const STEPPED: [(i64, usize, &str); 2] = [
    (3, 1, "CREATE TABLE grants (id TEXT PRIMARY KEY, hold TEXT NOT NULL, made INTEGER NOT NULL, uses INTEGER NOT NULL,
        last_used INTEGER, revoked INTEGER) STRICT, WITHOUT ROWID; PRAGMA user_version = 3"),
    (4, 2, "DROP INDEX entries_of_pauses; PRAGMA user_version = 4"),
];

/// Every older format, in a place of its own.
fn old_files() -> Vec<(i64, Scene)> {
    let written = |file: &[u8]| {
        let scene = Scene::new();
        std::fs::write(scene.path(), file).unwrap();
        scene
    };
    let mut files: Vec<_> = OLD.iter().map(|(format, file)| (*format, written(file))).collect();
    for (format, of, step) in STEPPED {
        let scene = written(OLD[of].1);
        scene.sql().execute_batch(step).unwrap();
        files.push((format, scene));
    }
    files
}

#[test]
fn every_older_format_becomes_the_newest_and_loses_nothing() {
    for (format, scene) in old_files() {
        let look = Journal::open_to_read(&scene.path(), &RootKey::new([7; 32]));
        assert!(matches!(look, Err(JournalError::Older { found, .. }) if found == format));
        let journal = scene.open();
        let verified = journal.verify().unwrap();
        // Some end with a call that ran when the process ended: the last entry says that it is unknown.
        let (unknown, entries, by_policy) = match format {
            ..4 => (1, 13, 5),
            7 => (1, 16, 5),
            _ => (0, 11, 4),
        };
        assert_eq!((journal.found_unknown(), journal.lost_holds()), (unknown, 0), "format {format}");
        assert_eq!((verified.entries, verified.unreadable), (entries, 0), "format {format}");
        let of = |outcome| {
            let query = ActivityQuery { limit: 50, outcome: Some(outcome), ..ActivityQuery::default() };
            journal.activity(&query).unwrap()
        };
        assert_eq!(of(ActivityOutcome::Approved)[0].arguments, Some(call("7250.00").arguments));
        for outcome in [ActivityOutcome::Waiting, ActivityOutcome::Failed, ActivityOutcome::Denied] {
            assert_eq!(of(outcome).len(), 1, "format {format}: {outcome:?}");
        }
        assert_eq!(of(ActivityOutcome::Unknown).len(), unknown, "format {format}");
        let decided =
            ActivityQuery { limit: 50, policy: Some("large".parse().unwrap()), ..ActivityQuery::default() };
        assert_eq!(journal.activity(&decided).unwrap().len(), by_policy, "format {format}");
        let counts = journal.applied_counts(policy::Timestamp(0)).unwrap();
        assert_eq!(counts.get("large"), Some(&(by_policy as u32)), "format {format}");
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
fn a_row_that_was_changed_before_the_format_came_is_named_after_it() {
    for (format, scene) in old_files().into_iter().filter(|(format, _)| *format >= 4) {
        scene.sql().execute("UPDATE calls SET outcome = 'allowed' WHERE outcome = 'denied'", []).unwrap();
        let bad = scene.open().verify().unwrap_err();
        assert_eq!((bad.part, bad.seq), ("call", 10), "format {format}: {bad}");
    }
}

#[test]
fn a_newer_format_is_refused_in_words_and_left_alone() {
    let scene = Scene::new();
    drop(scene.open());
    scene.sql().execute_batch("PRAGMA user_version = 99").unwrap();
    let before = std::fs::read(scene.path()).unwrap();
    for said in [
        scene.try_open(7).err().unwrap(),
        Journal::open_to_read(&scene.path(), &RootKey::new([7; 32])).err().unwrap(),
    ] {
        let said = said.to_string();
        assert!(
            said.contains("written by a newer version (format 99,") && said.ends_with("update Doorward"),
            "{said}"
        );
    }
    assert_eq!(std::fs::read(scene.path()).unwrap(), before);
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

#[test]
fn the_release_of_a_held_call_is_anchored_soon() {
    let scene = Scene::new();
    let journal = scene.open();
    let (send, kept) = std::sync::mpsc::channel();
    journal.keep_anchor(move |anchor| {
        let _ = send.send(anchor);
    });
    let mut held = scene.hold(&journal);
    let vote = approval(&held);
    scene.happen(&journal, &mut held, vote);
    drop(journal.commit(scene.release(&mut held)).unwrap());
    let released = journal.anchor().unwrap();
    let soon = std::time::Duration::from_secs(8);
    while kept.recv_timeout(soon).expect("before its time comes").seq < released.seq {}
}

#[test]
fn a_file_of_an_older_format_than_was_known_is_not_bound_again() {
    for (format, scene) in old_files() {
        let open = |noted| Journal::open_of_format(&scene.path(), &RootKey::new([7; 32]), noted, || START);
        let refused = open(Journal::format());
        assert!(
            matches!(refused, Err(JournalError::PutBack { found, noted }) if found == format && noted > found),
            "format {format}"
        );
        let look = Journal::open_to_read(&scene.path(), &RootKey::new([7; 32]));
        assert!(matches!(look, Err(JournalError::Older { found, .. }) if found == format), "as it was");
        drop(open(format).unwrap());
        drop(open(Journal::format()).unwrap());
    }
}
