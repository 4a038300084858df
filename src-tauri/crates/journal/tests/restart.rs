//! Opening again: after an end, after a crash, with another key, and files that are not ours.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use approvals::HeldCall;
use journal::{ActivityOutcome, ActivityQuery, Completion, Entry, Journal, JournalError, Retention, RootKey};
use std::time::Duration;
use support::granted::{granted, used};
use support::*;

fn outcomes(journal: &Journal) -> Vec<ActivityOutcome> {
    let query = ActivityQuery { limit: 100, ..ActivityQuery::default() };
    journal.activity(&query).unwrap().iter().map(|row| row.outcome).collect()
}

#[test]
fn open_holds_outlive_a_restart_and_ended_ones_do_not() {
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    let waiting = scene.hold(&journal);
    let mut approved = scene.hold(&journal);
    let vote = approval(&approved);
    scene.happen(&journal, &mut approved, vote);
    drop(journal);

    let journal = scene.open();
    let holds: Vec<HeldCall> = journal
        .open_holds()
        .unwrap()
        .into_iter()
        .map(|(opened, events)| HeldCall::replay(opened, &events).unwrap())
        .collect();
    assert_eq!(holds, [waiting, approved]);
    assert_eq!((journal.found_unknown(), journal.lost_holds()), (0, 0));
    assert_eq!(journal.unreadable_before().unwrap(), None);
}

#[test]
fn that_everything_is_held_outlives_a_restart_and_its_end_does_too() {
    let scene = Scene::new();
    let me = || "ana".parse().unwrap();
    let journal = scene.open();
    assert!(!journal.is_paused().unwrap());
    journal.record(Entry::Paused { by: me() }).unwrap();
    scene.live(&journal);
    drop(journal);

    let journal = scene.open();
    assert!(journal.is_paused().unwrap());
    journal.record(Entry::Resumed { by: me() }).unwrap();
    drop(journal);
    assert!(!scene.open().is_paused().unwrap());
}

#[test]
fn what_holds_everything_is_not_taken_out_with_old_history() {
    let scene = Scene::new();
    let journal = scene.open();
    journal.record(Entry::Paused { by: "ana".parse().unwrap() }).unwrap();
    scene.live(&journal);
    scene.pass(40 * 24 * 60 * 60 * 1_000);
    scene.live(&journal);
    let retention = Retention { keep: Duration::from_secs(30 * 24 * 60 * 60), most_bytes: u64::MAX };
    assert!(journal.retain(&retention).unwrap().entries > 0);
    let paused_at_first = journal.entries(1).unwrap().iter().any(|entry| entry.seq == 1);
    assert!(!paused_at_first, "the old entry is gone");
    assert!(journal.is_paused().unwrap());
    journal.verify().unwrap();
}

#[test]
fn a_crash_between_release_and_completion_leaves_the_outcome_unknown_once() {
    let scene = Scene::new();
    let journal = scene.open();
    let mut held = scene.hold(&journal);
    let vote = approval(&held);
    scene.happen(&journal, &mut held, vote);
    let released = scene.release(&mut held);
    let release = released.id().clone();
    drop(journal.commit(released).unwrap());
    drop(journal.commit(scene.allowed()).unwrap());
    assert_eq!(outcomes(&journal), [ActivityOutcome::Running; 2]);
    drop(journal);

    for restart in 0..2 {
        let journal = scene.open();
        assert_eq!(journal.found_unknown(), if restart == 0 { 2 } else { 0 });
        assert_eq!(outcomes(&journal), [ActivityOutcome::Unknown; 2]);
        assert!(journal.open_holds().unwrap().is_empty(), "I2: it is not offered again");
        assert!(matches!(
            journal.complete(&release, &Completion::answered(false, b"")),
            Err(JournalError::AlreadyCompleted(_))
        ));
        assert_eq!(journal.verify().unwrap().entries, 6);
    }
}

#[test]
fn what_was_confirmed_is_in_the_file_before_the_process_ends() {
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    let waiting = scene.hold(&journal);
    // The files as a killed process leaves them: nothing is closed or folded in.
    let copy = Scene::new();
    for side in ["", "-wal"] {
        let name = format!("journal.sqlite{side}");
        std::fs::copy(scene.path().with_file_name(&name), copy.path().with_file_name(&name)).unwrap();
    }
    let after = copy.open();
    assert_eq!(after.verify().unwrap(), journal.verify().unwrap());
    assert_eq!(after.open_holds().unwrap().len(), 1);
    assert_eq!(after.open_holds().unwrap()[0].0.id, *waiting.id());
}

#[test]
fn with_another_root_key_history_is_unreadable_and_the_journal_still_works() {
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    scene.hold(&journal);
    let before = journal.verify().unwrap().entries;
    drop(journal);

    let journal = scene.try_open(8).unwrap();
    assert_eq!(journal.unreadable_before().unwrap(), Some(before + 1), "it says so");
    assert_eq!(journal.lost_holds(), 1);
    assert!(journal.open_holds().unwrap().is_empty());
    let entry = &journal.entries(1).unwrap()[0];
    assert_eq!((entry.kind.as_str(), &entry.body), ("started", &None));
    let rows = journal.activity(&ActivityQuery { limit: 100, ..ActivityQuery::default() }).unwrap();
    assert_eq!(
        (rows[0].outcome, &rows[0].arguments, rows[0].tool.as_str()),
        (ActivityOutcome::Withdrawn, &None, "create_expense")
    );
    assert!(matches!(journal.set_in_force(), Err(JournalError::SetTampered)));

    scene.live(&journal);
    let verified = journal.verify().unwrap();
    // One more for the lost hold; two fewer, for the tool is pinned already and no hold is opened again.
    assert_eq!((verified.unreadable, verified.entries), (before, before * 2 - 1));
    assert!(journal.set_in_force().unwrap().is_some());
    assert_eq!(journal.entries(before + 1).unwrap()[0].kind, "hold_lost");
    assert!(journal.entries(before + 1).unwrap()[0].body.is_some());
}

#[test]
fn rows_of_a_second_root_key_are_good_when_the_first_one_comes_back() {
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    let first = granted(&scene, &journal, 1);
    used(&scene, &journal, &first).unwrap();
    drop(journal);
    let journal = scene.try_open(8).unwrap();
    scene.live(&journal);
    let theirs = granted(&scene, &journal, 2);
    used(&scene, &journal, &theirs).unwrap();
    journal.set_pin("expenses", "pay", &policy::Value::from("theirs")).unwrap();
    journal.verify().unwrap();
    drop(journal);

    // At once, and after more was written beside what the other one wrote.
    let journal = scene.open();
    journal.verify().unwrap();
    scene.live(&journal);
    journal.verify().unwrap();
    // What this key wrote is still compared with it.
    let newest = "UPDATE calls SET bytes = 77 WHERE seq = (SELECT max(seq) FROM calls)";
    assert_eq!(scene.sql().execute(newest, []).unwrap(), 1);
    assert_eq!(journal.verify().unwrap_err().why, "it is not as this home wrote it");
}

#[test]
fn nothing_of_a_call_stands_in_clear_but_its_names() {
    let scene = Scene::new();
    let journal = scene.open();
    scene.hold(&journal);
    drop(journal.commit(scene.allowed()).unwrap());
    drop(journal);
    let bytes = std::fs::read(scene.path()).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let digest = call("7250.00").digest().to_string();
    for secret in ["7250", "12.50", "amount", digest.as_str()] {
        assert!(!text.contains(secret), "I8: {secret}");
    }
    assert!(text.contains("create_expense"));
}

#[test]
fn the_set_in_force_counts_only_as_it_was_confirmed() {
    let scene = Scene::new();
    let journal = scene.open();
    assert_eq!(journal.set_in_force().unwrap(), None);
    let documents = [
        ("policies/a.toml".to_owned(), "mode = 'enforce'".to_owned()),
        ("people.toml".to_owned(), String::new()),
    ]
    .into();
    journal.confirm_set(&documents).unwrap();
    let set = journal.set_in_force().unwrap().unwrap();
    assert_eq!((set.documents, set.confirmed_at), (documents, START));
    for change in [
        "UPDATE set_in_force SET documents = replace(documents, 'enforce', 'observe')",
        "UPDATE set_in_force SET confirmed_at = confirmed_at + 1",
        "UPDATE set_in_force SET mac = zeroblob(32)",
        "UPDATE set_in_force SET mac = x''",
        "UPDATE set_in_force SET documents = 'not a set'",
    ] {
        let sql = scene.sql();
        journal.confirm_set(&[("a".to_owned(), "mode = 'enforce'".to_owned())].into()).unwrap();
        assert_eq!(sql.execute(change, []).unwrap(), 1);
        assert!(matches!(journal.set_in_force(), Err(JournalError::SetTampered)), "{change}");
    }
}

#[test]
fn a_newer_journal_is_refused_in_words_and_not_touched() {
    let scene = Scene::new();
    drop(scene.open());
    scene.sql().pragma_update(None, "user_version", 99).unwrap();
    let before = std::fs::read(scene.path()).unwrap();
    let error = scene.try_open(7).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the journal was written by a newer version (format 99, this version knows 8); update Doorward"
    );
    assert!(before == std::fs::read(scene.path()).unwrap());
}

#[test]
fn what_is_not_a_journal_is_refused_in_words() {
    let text = Scene::new();
    std::fs::write(text.path(), "this is a diary ".repeat(100)).unwrap();
    assert!(matches!(text.try_open(7), Err(JournalError::NotAJournal(_))));

    let other = Scene::new();
    other.sql().execute_batch("CREATE TABLE mine (a)").unwrap();
    assert!(matches!(other.try_open(7), Err(JournalError::NotAJournal(_))));

    let folder = Scene::new();
    std::fs::create_dir(folder.path()).unwrap();
    let error = folder.try_open(7).err().unwrap().to_string();
    assert!(
        error.starts_with("cannot open the journal `")
            && error.ends_with("check that the file and its folder are yours")
    );
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    for side in ["", "-wal", "-shm"] {
        let file = scene.path().with_file_name(format!("journal.sqlite{side}"));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{side}");
    }
    drop(journal);
    std::fs::set_permissions(scene.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    drop(scene.open());
    assert_eq!(std::fs::metadata(scene.path()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_second_look_reads_while_the_owner_runs_and_writes_nothing() {
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    drop(journal.commit(scene.allowed()).unwrap());
    journal.settle().unwrap();
    let look = Journal::open_to_read(&scene.path(), &RootKey::new([7; 32])).unwrap();
    assert_eq!(look.verify().unwrap(), journal.verify().unwrap());
    assert_eq!(outcomes(&look)[0], ActivityOutcome::Running, "the owner's calls go on");
    assert!(matches!(look.record(Entry::Started { version: String::new() }), Err(JournalError::ReadOnly)));
    journal.record(scene.refused()).unwrap();
    assert_eq!(look.verify().unwrap(), journal.verify().unwrap());

    let nothing = Journal::open_to_read(&scene.path().with_file_name("none"), &RootKey::new([7; 32]));
    assert!(matches!(nothing, Err(JournalError::Open { .. })));
}
