//! The headless gateway as a process: calls over its socket, votes on its standard input, other commands beside it.

mod support;

use support::{Running, TestHome, word_after};

const BIG: &str = r#"{"amount":12000,"category":"travel"}"#;
const SMALL: &str = r#"{"amount":25,"category":"travel"}"#;

/// A home with terminal votes, served.
fn served() -> (TestHome, Running) {
    let home = TestHome::made(&["--terminal-votes"]);
    let serve = home.serve(&[]);
    (home, serve)
}

/// A call that is held, waiting in a process of its own; the id of its hold.
fn held(home: &TestHome, serve: &mut Running, customer: &str) -> (Running, String) {
    let arguments = format!(r#"{{"customer_id":"{customer}"}}"#);
    let call = Running::start(&mut home.command(&["call", "practice/delete_customer", &arguments]));
    let hold = word_after(&serve.line_with("hold h-"), "hold ");
    serve.line_with(&format!("approve {hold}"));
    (call, hold)
}

#[test]
fn an_allowed_call_runs_and_a_denied_one_does_not() {
    let (home, _serve) = served();
    let allowed = home.run(&["call", "practice/create_expense", SMALL]);
    assert_eq!((allowed.code, allowed.err.as_str()), (0, ""), "{allowed:?}");
    assert!(allowed.out.starts_with("Recorded expense e-1: 25 EUR for travel."), "{}", allowed.out);
    let denied = home.run(&["call", "practice/create_expense", BIG]);
    assert_eq!(denied.code, 1, "{denied:?}");
    let payment = home.run(&["call", "practice/send_payment", r#"{"amount":1,"to":"x"}"#]);
    assert!(payment.code == 1 && payment.out.to_lowercase().contains("step-up"), "{payment:?}");
    let list = home.run(&["call", "--json", "practice/list_expenses"]);
    assert!(list.out.contains(r#""isError":false"#) && !list.out.contains("12000"), "{}", list.out);
}

#[test]
fn an_approved_call_runs_once_and_a_rejected_one_never() {
    let (home, mut serve) = served();
    let (mut call, hold) = held(&home, &mut serve, "c-1");
    let card = serve.seen.join("\n");
    assert!(card.contains("practice wants to run practice/delete_customer"), "{card}");
    assert!(card.contains("customer_id = c-1"), "{card}");
    serve.type_line(&format!("approve {hold}"));
    call.line_with("Deleted customer c-1 (Aster Bakery)");
    assert!(call.wait().success());

    let (mut call, hold) = held(&home, &mut serve, "c-2");
    serve.type_line(&format!("reject {hold} not that one"));
    call.line_with("not that one");
    assert_eq!(call.wait().code(), Some(1));
    let (mut call, hold) = held(&home, &mut serve, "c-3");
    // The beginning of an id is enough where it fits one hold.
    serve.type_line(&format!("approve {}", &hold[..12]));
    call.line_with("Customers left: c-2 (Birch & Sons), c-4 (Dune Books)");
}

#[test]
fn a_held_call_says_so_while_it_waits() {
    let (home, mut serve) = served();
    let mut command = home.command(&["call", "practice/delete_customer", r#"{"customer_id":"c-1"}"#]);
    let call =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let hold = word_after(&serve.line_with("hold h-"), "hold ");
    serve.type_line(&format!("approve {hold}"));
    let output = call.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("Waiting for a person to decide"), "{told}");
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("Deleted customer c-1"));
}

#[test]
fn typing_errors_are_told_and_change_nothing() {
    let (home, mut serve) = served();
    serve.type_line("list");
    serve.line_with("No call waits.");
    let (mut call, hold) = held(&home, &mut serve, "c-1");
    for (typed, told) in [
        ("aprove it", "is not understood"),
        ("approve", "needs the id of a hold"),
        ("approve h-zzzzzzzzzzzzzzzzzzzz", "no open hold has the id"),
        ("reject", "needs the id of a hold"),
        ("help", "Type `approve ID`"),
    ] {
        serve.type_line(typed);
        serve.line_with(told);
    }
    serve.type_line(&format!("approve {hold} please"));
    serve.line_with("nothing was approved");
    serve.type_line("list");
    serve.line_with(&format!("hold {hold}"));
    serve.type_line(&format!("approve {hold}"));
    call.line_with("Deleted customer c-1");
    serve.type_line(&format!("approve {hold}"));
    serve.line_with("no open hold has the id");
}

#[test]
fn a_home_without_terminal_votes_takes_none() {
    let home = TestHome::made(&[]);
    let mut serve = home.serve(&[]);
    serve.line_with("takes no votes from a terminal");
    let call =
        Running::start(&mut home.command(&["call", "practice/delete_customer", r#"{"customer_id":"c-1"}"#]));
    let hold = word_after(&serve.line_with("hold h-"), "hold ");
    serve.type_line(&format!("approve {hold}"));
    serve.close_input();
    // The hold is still open when the gateway stops: the vote was not read.
    serve.signal("TERM");
    assert!(serve.wait().success());
    assert!(serve.rest().iter().all(|line| !line.contains("approved")));
    drop(call);
}

#[test]
fn commands_beside_a_running_gateway_go_through_it() {
    let (home, serve) = served();
    let added = home.run(&["agent", "add", "claude", "--user", "me"]);
    assert_eq!(added.code, 0, "{added:?}");
    assert!(added.out.contains(&format!("http://{}/mcp/practice", serve.address)), "{}", added.out);
    assert!(home.run(&["agent", "list"]).out.contains("claude  acts for me"));
    assert!(
        home.run(&["agent", "add", "claude", "--user", "me"])
            .err
            .contains("there is an agent `claude` already")
    );
    assert!(home.run(&["agent", "add", "x", "--user", "nobody"]).err.contains("there is no user `nobody`"));
    assert_eq!(home.run(&["call", "--agent", "claude", "practice/list_expenses"]).code, 0);
    assert_eq!(home.run(&["agent", "remove", "claude"]).code, 0);
    assert_eq!(home.run(&["call", "--agent", "claude", "practice/list_expenses"]).code, 1);
    let second = home.run(&["upstream", "add", "again", "--", env!("CARGO_BIN_EXE_doorward"), "practice"]);
    assert!(second.out.contains(&format!("http://{}/mcp/again", serve.address)), "{second:?}");
    assert_eq!(home.run(&["call", "again/list_expenses"]).code, 0);
    assert_eq!(home.run(&["upstream", "remove", "again"]).code, 0);
    assert_eq!(home.run(&["call", "again/list_expenses"]).code, 1);
    assert_eq!(home.run(&["call", "practice/no_such_tool"]).code, 1);
}

#[test]
fn a_second_gateway_on_the_home_is_refused_and_doctor_finds_the_first() {
    let (home, mut serve) = served();
    let second = home.run(&["serve"]);
    assert_eq!(second.code, 1);
    assert!(second.err.contains("is in use by process"), "{}", second.err);
    let doctor = home.run(&["doctor"]);
    assert!(doctor.out.contains(&format!("serves {} (process ", serve.address)), "{}", doctor.out);
    serve.signal("TERM");
    serve.wait();
    let journal = rusqlite::Connection::open(home.path("journal.sqlite")).unwrap();
    let alarms: i64 =
        journal.query_row("SELECT count(*) FROM entries WHERE kind = 'alarm'", [], |row| row.get(0)).unwrap();
    assert_eq!(alarms, 1, "the one that owns the home put it on record");
}

#[test]
fn the_gateway_stops_on_both_signals_and_leaves_no_socket() {
    let home = TestHome::made(&["--terminal-votes"]);
    for signal in ["INT", "TERM"] {
        let mut serve = home.serve(&[]);
        assert_eq!(home.run(&["call", "practice/list_expenses"]).code, 0);
        serve.signal(signal);
        serve.line_with("Stopping.");
        assert!(serve.wait().success(), "{signal}");
        assert!(!home.path("doorward.sock").exists());
    }
}

#[test]
fn a_socket_left_by_a_crash_is_in_nobodys_way() {
    let home = TestHome::made(&["--terminal-votes"]);
    let mut serve = home.serve(&[]);
    serve.signal("KILL");
    serve.wait();
    assert!(home.path("doorward.sock").exists());
    assert_eq!(home.run(&["agent", "list"]).code, 0);
    let _serve = home.serve(&[]);
    assert_eq!(home.run(&["call", "practice/list_expenses"]).code, 0);
}

#[test]
fn the_journal_is_whole_after_calls_and_a_changed_entry_is_named() {
    let (home, mut serve) = served();
    assert!(home.run(&["call", "practice/create_expense", SMALL]).code == 0);
    assert_eq!(home.run(&["journal", "verify"]).code, 0, "beside the running gateway");
    serve.signal("TERM");
    serve.wait();
    let verified = home.run(&["journal", "verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    assert!(verified.out.starts_with("The journal is whole: "), "{}", verified.out);
    let journal = rusqlite::Connection::open(home.path("journal.sqlite")).unwrap();
    journal.execute_batch("UPDATE entries SET at = at + 1 WHERE seq = 2").unwrap();
    drop(journal);
    let verified = home.run(&["journal", "verify"]);
    assert_eq!(verified.code, 1);
    assert!(verified.out.starts_with("Entry 2 is bad: "), "{verified:?}");
}

#[test]
fn a_journal_that_has_not_begun_is_no_error() {
    let home = TestHome::made(&[]);
    let said = home.run(&["journal", "verify"]);
    assert_eq!(said.code, 0);
    assert!(said.out.starts_with("The journal has not begun"));
}

#[test]
fn policies_that_do_not_compile_are_told_at_the_start_and_nothing_is_allowed() {
    let home = TestHome::made(&["--terminal-votes"]);
    home.write("policies/mine.toml", "nme = \"broken\"\n");
    let mut serve = home.serve(&[]);
    assert!(serve.line_with("Attention: ").contains("mine.toml:1:1"));
    assert_eq!(home.run(&["call", "practice/list_expenses"]).code, 1);
}

#[test]
fn policy_files_changed_while_it_runs_wait_for_the_next_start() {
    let (home, mut serve) = served();
    home.write(
        "policies/quiet.toml",
        "name = \"Quiet\"\ndescription = \"Nothing goes.\"\n\n[action]\nkind = \"deny\"\n",
    );
    serve.line_with("The policy files have changed on disk.");
    assert_eq!(home.run(&["call", "practice/list_expenses"]).code, 0);
    serve.signal("TERM");
    serve.wait();
    let _serve = home.serve(&[]);
    assert_eq!(home.run(&["call", "practice/list_expenses"]).code, 1);
}
