//! The practice upstream as a process: what an MCP client sees on its pipes.

mod support;

use support::{Running, doorward};

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;

fn start(db: &std::path::Path) -> Running {
    Running::start(doorward().arg("practice").arg("--db").arg(db))
}

#[test]
fn the_ledger_outlives_its_process_and_the_process_ends_with_its_input() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("practice.sqlite");
    let mut first = start(&db);
    first.type_line(r#"{"jsonrpc":"2.0","id":0,"method":"server/discover","params":{}}"#);
    assert!(first.line_with(r#""id":0"#).contains("-32601"));
    first.type_line(INITIALIZE);
    assert!(first.line_with(r#""id":1"#).contains(r#""protocolVersion":"2025-11-25""#));
    first.type_line(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    first.type_line(r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"create_expense","arguments":{"amount":12.340,"category":"travel"}}}"#);
    assert!(first.line_with(r#""id":2"#).contains("Recorded expense e-1: 12.340 EUR for travel"));
    first.close_input();
    assert!(first.wait().success());

    let mut second = start(&db);
    second.type_line(INITIALIZE);
    second.type_line(r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"list_expenses"}}"#);
    assert!(second.line_with(r#""id":2"#).contains("e-1: 12.340 EUR for travel"));
}

#[test]
fn a_line_that_is_no_message_is_answered_and_the_next_one_too() {
    let mut practice = Running::start(doorward().arg("practice"));
    practice.type_line("hello");
    assert!(practice.line_with("-32700").contains(r#""id":null"#));
    practice.type_line(r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#);
    assert_eq!(practice.line_with(r#""p""#), r#"{"jsonrpc":"2.0","id":"p","result":{}}"#);
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("letter.txt");
    std::fs::write(&db, "dear reader, this is no database at all").unwrap();
    let said = support::run(doorward().arg("practice").arg("--db").arg(&db));
    assert_eq!(said.code, 1);
    assert!(said.err.contains("cannot open `") && said.err.contains("letter.txt"), "{said:?}");
}
