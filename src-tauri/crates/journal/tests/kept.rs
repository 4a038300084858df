//! What is kept of calls, for how long, and that the chain says so.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use approvals::{Admission, Choice, Event, HeldCall, admit};
use journal::{ActivityQuery, ActivityRow, ArgumentsKept, CallFilter, Completion, Entry, Journal, Retention};
use policy::{Outcome, ToolCall, Value};
use std::time::Duration;
use support::*;

const DAY: i64 = 24 * 60 * MINUTE;

fn with(arguments: &str) -> ToolCall {
    ToolCall { arguments: Value::parse(arguments.as_bytes()).unwrap(), ..call("1") }
}

fn held_with(scene: &Scene, journal: &Journal, arguments: &str) -> HeldCall {
    let decision = traced(held_by(vec![anybody("owner", 15)]));
    match admit(decision, with(arguments), facts(), owner(), scene.ids(), scene.now()) {
        Admission::Held(held) => {
            journal.record(Entry::HoldOpened(held.opened().clone())).unwrap();
            *held
        }
        other => panic!("held, not {other:?}"),
    }
}

fn allow(scene: &Scene, journal: &Journal, arguments: &str) {
    let decision = traced(decision(Outcome::Allowed));
    match admit(decision, with(arguments), facts(), owner(), scene.ids(), scene.now()) {
        Admission::Released(released) => drop(journal.commit(released).unwrap()),
        other => panic!("released, not {other:?}"),
    }
}

fn rows(journal: &Journal) -> Vec<ActivityRow> {
    journal.activity(&ActivityQuery { limit: 100, ..ActivityQuery::default() }).unwrap()
}

fn everything(journal: &Journal) -> String {
    journal.entries(1).unwrap().into_iter().filter_map(|entry| entry.body).collect()
}

#[test]
fn secrets_of_a_call_that_does_not_wait_are_never_written() {
    let scene = Scene::new();
    let journal = scene.open();
    let arguments = r#"{"user":"ana","api_key":"sk-9876","deep":[{"Password":4321}],"amount":1.50}"#;
    allow(&scene, &journal, arguments);
    let facts = facts();
    let refusal = approvals::Refusal::Denied { message: Some("not with sk-9876".into()) };
    let mut decision = traced(denied());
    decision.trace.policies[0].sentence = "api_key is sk-9876".into();
    journal.record(Entry::Refused { call: with(arguments), facts, decision, refusal }).unwrap();
    let said = everything(&journal);
    for secret in ["sk-9876", "4321"] {
        assert!(!said.contains(secret), "I8: {said}");
    }
    for row in rows(&journal) {
        assert_eq!(row.digest, Some(with(arguments).digest()), "of the call as it was asked");
        assert_eq!(row.redacted, ["args.api_key", "args.deep[0].Password"]);
        let kept = row.arguments.unwrap();
        assert_eq!(kept.get("amount").map(Value::to_json).as_deref(), Some("1.50"));
        assert_eq!(kept.get("user").and_then(Value::as_text), Some("ana"));
    }
    let calls = journal.calls_on_record(CallFilter::default()).map(Result::unwrap);
    assert!(calls.into_iter().all(|call| call.arguments == ArgumentsKept::Redacted));
    journal.verify().unwrap();
}

#[test]
fn a_schema_marks_secrets_by_format_and_write_only() {
    let scene = Scene::new();
    let journal = scene.open();
    let definition = r#"{"name":"create_expense","inputSchema":{"properties":{"word":{"type":"string","format":"password"},
        "card":{"properties":{"number":{"writeOnly":true}}}}}}"#;
    journal.set_pin("expenses", "create_expense", &Value::parse(definition.as_bytes()).unwrap()).unwrap();
    allow(&scene, &journal, r#"{"word":"opensesame","card":{"number":"4111-1111","holder":"Ana"}}"#);
    let said = everything(&journal);
    assert!(!said.contains("opensesame") && !said.contains("4111-1111") && said.contains("Ana"), "I8");
    assert_eq!(rows(&journal)[0].redacted, ["args.word", "args.card.number"]);
}

#[test]
fn a_hold_is_whole_until_it_ends_and_redacted_afterwards() {
    let scene = Scene::new();
    let journal = scene.open();
    let arguments = r#"{"token":"tok-12345","amount":7250.00}"#;
    let mut held = held_with(&scene, &journal, arguments);
    assert!(everything(&journal).contains("tok-12345"), "it is what will be sent");
    let (opened, _) = journal.hold(held.id()).unwrap().unwrap();
    assert_eq!(opened.call, with(arguments), "I12");
    let choice = Choice::Reject { reason: Some("never with tok-12345".into()) };
    let vote = Event::Voted(vote("ana", choice, held.digest()));
    scene.happen(&journal, &mut held, vote);
    let said = everything(&journal);
    assert!(!said.contains("tok-12345") && said.contains("never with"), "I8: {said}");
    let verified = journal.verify().unwrap();
    assert_eq!((verified.entries, verified.replaced), (2, 2));
    assert!(journal.entries(1).unwrap().iter().all(|entry| entry.is_replaced));

    // Its course replays as it was, and it is found by what was asked.
    let ended = journal.ended_holds(START).unwrap().remove(0);
    assert_eq!(ended.digest, with(arguments).digest());
    let (opened, events) = ended.course;
    let replayed = HeldCall::replay(opened, &events).unwrap();
    let reason = Some("never with (left out: secret)".to_owned());
    let rejected =
        approvals::HoldState::Ended { verdict: approvals::Verdict::Rejected { reason }, at: scene.now() };
    assert_eq!(replayed.state(), &rejected);
}

#[test]
fn a_hold_is_redacted_once_its_call_was_sent() {
    let scene = Scene::new();
    let journal = scene.open();
    let mut held = held_with(&scene, &journal, r#"{"token":"tok-12345"}"#);
    let vote = approval(&held);
    scene.happen(&journal, &mut held, vote);
    let released = scene.release(&mut held);
    let release = released.id().clone();
    let journalled = journal.commit(released).unwrap();
    assert_eq!(journalled.call(), &with(r#"{"token":"tok-12345"}"#), "I12");
    journal.complete(&release, &Completion::answered(false, b"{}")).unwrap();
    assert!(!everything(&journal).contains("tok-12345"), "I8");
    journal.verify().unwrap();
}

#[test]
fn long_arguments_are_cut_to_64_kb() {
    let scene = Scene::new();
    let journal = scene.open();
    allow(&scene, &journal, &format!(r#"{{"text":"{}","n":1}}"#, "x".repeat(200_000)));
    let many: String = (0..20_000).map(|n| format!(r#","k{n}":"{n}""#)).collect();
    allow(&scene, &journal, &format!(r#"{{"first":1{many}}}"#));
    for row in rows(&journal) {
        let kept = row.arguments.unwrap().to_json();
        assert!(kept.len() <= 66_000, "{}", kept.len());
        assert!(!row.redacted.is_empty());
    }
    let kept = rows(&journal)[1].arguments.clone().unwrap();
    assert!(kept.get("text").unwrap().as_text().unwrap().ends_with("… (cut: 200000 bytes in all)"));
    assert_eq!(kept.get("n").map(Value::to_json).as_deref(), Some("1"));
    journal.verify().unwrap();
}

fn keep(days: u64) -> Retention {
    Retention { keep: Duration::from_secs(days * 86_400), most_bytes: u64::MAX }
}

#[test]
fn what_is_older_than_is_kept_goes_and_the_chain_stays_whole() {
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    let before = journal.verify().unwrap().entries;
    scene.pass(31 * DAY);
    scene.live(&journal);
    let trimmed = journal.retain(&keep(30)).unwrap();
    assert_eq!(trimmed.entries, before);
    let verified = journal.verify().unwrap();
    assert_eq!(verified.cut, before);
    assert_eq!(journal.entries(1).unwrap()[0].seq, before + 1);
    assert_eq!(rows(&journal).len(), 3);
    assert!(journal.pin("expenses", "create_expense").unwrap().is_some(), "pins stay");
    assert!(journal.set_in_force().unwrap().is_some());
    assert_eq!(journal.retain(&keep(30)).unwrap(), journal::Trimmed::default());

    let sql = scene.sql();
    for change in [
        "UPDATE cut SET seq = seq + 1",
        "UPDATE cut SET hash = zeroblob(32)",
        "UPDATE cut SET pins = 0",
        "DELETE FROM cut",
    ] {
        sql.execute_batch(&format!("CREATE TEMP TABLE kept AS SELECT * FROM cut; {change}")).unwrap();
        assert!(journal.verify().is_err(), "{change}");
        sql.execute_batch("DELETE FROM cut; INSERT INTO cut SELECT * FROM temp.kept; DROP TABLE temp.kept")
            .unwrap();
    }
    drop(journal);
    scene.open().verify().unwrap();
}

#[test]
fn an_open_hold_is_never_removed_and_what_is_behind_it_loses_its_body() {
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    let held = scene.hold(&journal);
    journal.record(scene.refused()).unwrap();
    scene.pass(31 * DAY);
    journal.record(scene.refused()).unwrap();
    let trimmed = journal.retain(&keep(30)).unwrap();
    assert_eq!((trimmed.entries, trimmed.bodies), (10, 1));
    assert_eq!(journal.open_holds().unwrap()[0].0.id, *held.id());
    let verified = journal.verify().unwrap();
    assert_eq!((verified.cut, verified.replaced), (10, 1));
    assert_eq!(rows(&journal).iter().filter(|row| row.arguments.is_none()).count(), 1);
}

#[test]
fn a_journal_that_is_too_large_loses_its_oldest() {
    let scene = Scene::new();
    let journal = scene.open();
    for n in 0..5_000 {
        journal.record(Entry::Started { version: format!("{n}") }).unwrap();
    }
    let trimmed = journal.retain(&Retention { most_bytes: 900_000, ..keep(30) }).unwrap();
    assert!((2_000..5_000).contains(&trimmed.entries), "{trimmed:?}");
    journal.verify().unwrap();
}

#[test]
fn keeping_less_than_what_is_never_cut_ends_and_spares_what_is_recorded_meanwhile() {
    let scene = Scene::new();
    let journal = scene.open();
    let definition = Value::from("x".repeat(20_000).as_str());
    let names: Vec<String> = (0..100).map(|n| format!("tool-{n}")).collect();
    journal.set_pins("many", names.iter().map(|name| (name.as_str(), &definition))).unwrap();
    journal.record(Entry::Started { version: "1".into() }).unwrap();
    // Two megabytes of pins are no history.
    let spared = journal.retain(&Retention { most_bytes: 1_000_000, ..keep(30) }).unwrap();
    assert_eq!(spared, journal::Trimmed::default());
    // Nothing is little enough for this, and what a step records is not what the next one takes out.
    let trimmed = journal.retain(&Retention { most_bytes: 1, ..keep(30) }).unwrap();
    assert_eq!(trimmed.entries, 100);
    journal.verify().unwrap();
}
