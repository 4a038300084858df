//! The journal as a file of lines: what is in it, and that any change of it is found.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use approvals::Event;
use journal::{
    ActivityOutcome, ActivityQuery, ExportFormat, InClear, Journal, Retention, RootKey, verify_export,
};
use support::*;

fn export(journal: &Journal, format: ExportFormat) -> String {
    let mut out = Vec::new();
    journal.export(format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn lived() -> (Scene, Journal) {
    let scene = Scene::new();
    let journal = scene.open();
    scene.live(&journal);
    scene.hold(&journal);
    (scene, journal)
}

#[test]
fn an_export_is_verified_anywhere_and_by_its_home() {
    let (_scene, journal) = lived();
    let text = export(&journal, ExportFormat::JsonLines);
    let anchor = journal.anchor().unwrap();
    for (key, is_ours) in [(None, None), (Some(7), Some(true)), (Some(8), Some(false))] {
        let key = key.map(|byte| RootKey::new([byte; 32]));
        let verified = verify_export(&mut text.as_bytes(), key.as_ref()).unwrap();
        assert_eq!((verified.entries, verified.head, verified.is_ours), (11, anchor, is_ours));
    }
    let first: policy::Value = policy::Value::parse(text.lines().nth(1).unwrap().as_bytes()).unwrap();
    assert_eq!(first.get("kind").and_then(policy::Value::as_text), Some("started"));
    assert!(text.contains(r#""by":"ana""#), "who decided what");
}

#[test]
fn an_export_of_a_journal_with_a_cut_is_verified_too() {
    let (scene, journal) = lived();
    let mut held = journal.open_holds().unwrap().remove(0).0;
    held.at = scene.now();
    scene.pass(31 * 24 * 60 * MINUTE);
    let id = held.id.clone();
    journal
        .record(journal::Entry::HoldEvent { hold: id, event: Event::DeadlinePassed, at: scene.now() })
        .unwrap();
    scene.pass(31 * 24 * 60 * MINUTE);
    scene.live(&journal);
    let keep = std::time::Duration::from_secs(30 * 86_400);
    assert_eq!(journal.retain(&Retention { keep, most_bytes: u64::MAX }).unwrap().entries, 12);
    let text = export(&journal, ExportFormat::JsonLines);
    let verified = verify_export(&mut text.as_bytes(), Some(&RootKey::new([7; 32]))).unwrap();
    assert_eq!((verified.cut, verified.is_ours), (12, Some(true)));
}

#[test]
fn any_changed_byte_of_an_export_is_found_and_named() {
    let (_scene, journal) = lived();
    let text = export(&journal, ExportFormat::JsonLines).into_bytes();
    let mut line = 0_u64;
    for place in 0..text.len() {
        let mut changed = text.clone();
        changed[place] ^= 1 << (place % 8);
        let bad = verify_export(&mut changed.as_slice(), None).expect_err("found");
        assert_eq!(bad.seq, line, "byte {place}: {bad}");
        line += u64::from(text[place] == b'\n');
    }
}

#[test]
fn a_missing_a_moved_and_a_last_line_are_missed() {
    let (_scene, journal) = lived();
    let text = export(&journal, ExportFormat::JsonLines);
    let lines: Vec<&str> = text.lines().collect();
    for left_out in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(left_out);
        let text = fewer.join("\n") + "\n";
        assert!(verify_export(&mut text.as_bytes(), None).is_err(), "line {left_out}");
    }
    assert!(verify_export(&mut &text.as_bytes()[..text.len() - 1], None).is_err(), "cut short");
    assert!(verify_export(&mut format!("{text}{{}}\n").as_bytes(), None).is_err(), "something follows");
    assert!(verify_export(&mut "".as_bytes(), None).is_err());
}

#[test]
fn secrets_of_an_open_hold_are_left_out_of_an_export() {
    let scene = Scene::new();
    let journal = scene.open();
    let arguments = policy::Value::parse(br#"{"token":"tok-12345","amount":1}"#).unwrap();
    let call = policy::ToolCall { arguments, ..call("1") };
    let decision = traced(held_by(vec![anybody("owner", 15)]));
    let approvals::Admission::Held(held) =
        approvals::admit(decision, call, facts(), owner(), scene.ids(), scene.now())
    else {
        panic!("held")
    };
    journal.record(journal::Entry::HoldOpened(held.opened().clone())).unwrap();
    for format in [ExportFormat::JsonLines, ExportFormat::Csv] {
        let text = export(&journal, format);
        assert!(!text.contains("tok-12345") && text.contains("hold_opened"), "I8: {text}");
    }
    let (opened, _) = journal.hold(held.id()).unwrap().unwrap();
    assert_eq!(&opened.call, held.call(), "it is still whole where it waits");
}

#[test]
fn a_csv_has_one_row_an_entry_and_quotes_what_it_must() {
    let (_scene, journal) = lived();
    let text = export(&journal, ExportFormat::Csv);
    assert!(text.starts_with("seq,at,kind,hold,release,hash,body\r\n1,1700000000000,\"started\",\"\",\"\","));
    assert_eq!(text.matches("\r\n").count(), 12);
    assert!(text.contains(r#""{""version"":""0.1.0""}""#));
}

/// The calls that a query finds, as a table.
fn calls(
    journal: &Journal,
    query: &ActivityQuery,
    in_clear: Option<&InClear>,
    format: ExportFormat,
) -> String {
    let mut out = Vec::new();
    journal.export_calls(query, in_clear, format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_calls_of_a_filter_are_a_line_each_newest_first() {
    let (_scene, journal) = lived();
    let all = calls(&journal, &ActivityQuery::default(), None, ExportFormat::JsonLines);
    let lines: Vec<policy::Value> =
        all.lines().map(|line| policy::Value::parse(line.as_bytes()).unwrap()).collect();
    let outcomes: Vec<_> = lines.iter().map(|line| line.get("outcome").unwrap().as_text().unwrap()).collect();
    assert_eq!(outcomes, ["waiting", "denied", "failed", "approved"]);
    assert!(all.contains(r#""arguments":{"amount":7250.00}"#), "numbers as they were written: {all}");
    let approved = ActivityQuery { outcome: Some(ActivityOutcome::Approved), ..ActivityQuery::default() };
    let table = calls(&journal, &approved, None, ExportFormat::Csv);
    let [head, row] = table.lines().collect::<Vec<_>>()[..] else { panic!("one call: {table}") };
    assert!(
        head.starts_with("seq,at,agent,user,upstream,tool,outcome,ended_at,hold,policies,votes,"),
        "{head}"
    );
    assert!(row.contains(r#""approved""#) && row.contains(r#"""by"":""ana"",""#), "{row}");
    let none = ActivityQuery { agent: Some("nobody".into()), ..ActivityQuery::default() };
    assert_eq!(calls(&journal, &none, None, ExportFormat::JsonLines), "");
}

#[test]
fn secrets_are_in_clear_only_where_that_is_on_record_first() {
    let scene = Scene::new();
    let journal = scene.open();
    let arguments = policy::Value::parse(br#"{"token":"tok-12345","to":"=cmd|tok-12345"}"#).unwrap();
    let decision = traced(held_by(vec![anybody("owner", 15)]));
    let call = policy::ToolCall { arguments, ..call("1") };
    let approvals::Admission::Held(held) =
        approvals::admit(decision, call, facts(), owner(), scene.ids(), scene.now())
    else {
        panic!("held")
    };
    journal.record(journal::Entry::HoldOpened(held.opened().clone())).unwrap();
    let kinds = || journal.entries(1).unwrap().into_iter().map(|entry| entry.kind).collect::<Vec<_>>();
    let all = ActivityQuery::default();
    for format in [ExportFormat::JsonLines, ExportFormat::Csv] {
        let text = calls(&journal, &all, None, format);
        assert!(!text.contains("tok-12345") && text.contains("waiting"), "I8: {text}");
    }
    assert_eq!(kinds(), ["hold_opened"]);
    let noted = InClear { by: "ana".parse().unwrap(), file: "calls.jsonl".into() };
    assert!(calls(&journal, &all, Some(&noted), ExportFormat::JsonLines).contains("tok-12345"));
    let mut out = Vec::new();
    journal.export_in_clear(&noted, ExportFormat::JsonLines, &mut out).unwrap();
    assert!(String::from_utf8(out.clone()).unwrap().contains("tok-12345"));
    assert_eq!(
        verify_export(&mut out.as_slice(), None).unwrap().entries,
        3,
        "it is whole, and has its own note"
    );
    assert_eq!(kinds(), ["hold_opened", "exported_in_clear", "exported_in_clear"]);
    let reader = Journal::open_to_read(&scene.path(), &RootKey::new([7; 32])).unwrap();
    let refused = reader.export_in_clear(&noted, ExportFormat::JsonLines, &mut Vec::new());
    assert!(refused.is_err(), "where it cannot be recorded nothing is shown");
}

#[test]
fn a_spreadsheet_is_given_no_formula() {
    let scene = Scene::new();
    let journal = scene.open();
    let refusal = approvals::Refusal::UnknownTool;
    let agent = "claude".parse().unwrap();
    let (user, upstream) = ("ana".parse().unwrap(), "expenses".parse().unwrap());
    let arguments = policy::Value::object([]);
    let tool = "=HYPERLINK(\"http://x\")".to_owned();
    journal.record(journal::Entry::TurnedAway { agent, user, upstream, tool, arguments, refusal }).unwrap();
    let text = calls(&journal, &ActivityQuery::default(), None, ExportFormat::Csv);
    assert!(text.contains(r#","'=HYPERLINK(""http://x"")","#), "{text}");
}
