//! The journal as a file of lines: what is in it, and that any change of it is found.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use approvals::Event;
use journal::{ExportFormat, Journal, Retention, RootKey, verify_export};
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
