//! `doorward serve` and the practice upstream, with votes typed on standard input: the real programs, nothing in
//! between. What the practice upstream kept in its own database says whether a call ran.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "terminal/passkeys.rs"]
mod passkeys;
mod support;

use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use support::home::{ALLOW, TestHome};
use support::program::{Program, doorward, ours};

const POLICIES: [(&str, &str); 3] = [
    ALLOW,
    (
        "large-expenses.toml",
        "name = \"No large expenses\"\nwhen = 'amount > 5000'\n[target]\ntools = [\"practice/create_expense\"]\n[action]\nkind = \"deny\"\nmessage = \"Ask for a purchase order.\"\n",
    ),
    (
        "customers.toml",
        "name = \"Customers are deleted by people\"\n[target]\ntools = [\"practice/delete_customer\"]\n[action]\nkind = \"request_approval\"\n",
    ),
];

/// A home made by `doorward init`, and the running `doorward serve`.
struct Desk {
    serve: Program,
    dir: PathBuf,
    home: TestHome,
}

impl Desk {
    fn with(options: &[&str]) -> Desk {
        Desk::of(options, &POLICIES)
    }

    fn of(options: &[&str], policies: &[(&str, &str)]) -> Desk {
        let home = TestHome::folder();
        let dir = home.dir();
        let init = ["init", "--listen", "127.0.0.1:0", "--keychain", "memory"];
        let (status, said) = Program::start(&mut doorward(&dir, init.iter().chain(options))).finish();
        assert!(status.success(), "{said}");
        home.write_policies(policies);
        let serve = Program::start(&mut doorward(&dir, ["serve"]));
        serve.line("that it listens", |line| line.contains("listens on http://127.0.0.1:"));
        serve.line("what to type", |line| line.starts_with("Holds are printed here."));
        Desk { serve, dir, home }
    }

    /// `doorward call`, under way.
    fn call(&self, tool: &str, arguments: &str) -> Program {
        Program::start(&mut doorward(&self.dir, ["call", &format!("practice/{tool}"), arguments]))
    }

    /// The id of the next hold that is printed, with its card.
    fn held(&self, from: usize) -> (usize, String) {
        let is_offer = |line: &str| line.trim_start().starts_with("approve h-");
        let (number, line) = self.serve.line_from(from, "a hold to vote on", is_offer);
        (number + 1, line.split_whitespace().nth(1).expect("an id").to_owned())
    }

    /// Rows of a table of the practice upstream's own database.
    fn count(&self, table: &str) -> i64 {
        let file = self.home.paths().practice();
        let data =
            Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the practice data");
        data.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("a count")
    }

    fn kinds_of(&self, hold: &str) -> Vec<String> {
        support::journal::kinds_of(&self.home.paths().journal(), hold)
    }
}

#[test]
fn an_allowed_call_runs_and_a_denied_one_does_not() {
    let desk = Desk::with(&["--terminal-votes"]);
    let (status, said) = desk.call("create_expense", r#"{"amount":12.50,"category":"meals"}"#).finish();
    assert!(status.success(), "{said}");
    assert_eq!(desk.count("expenses"), 1);
    let (status, said) = desk.call("create_expense", r#"{"amount":5000.01,"category":"meals"}"#).finish();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("denied") && said.contains("Ask for a purchase order."), "{said}");
    assert_eq!(desk.count("expenses"), 1);
    let (status, said) = desk.call("list_expenses", "{}").finish();
    assert!(status.success() && said.contains("12.5"), "{said}");
}

#[test]
fn i1_a_held_call_changes_data_only_after_approve_was_typed() {
    let mut desk = Desk::with(&["--terminal-votes"]);
    // The ledger is opened by the first call.
    desk.call("list_expenses", "{}").finish();
    let before = desk.count("customers");
    let call = desk.call("delete_customer", r#"{"customer_id":"c-1"}"#);
    let (_, hold) = desk.held(0);
    let card = desk.serve.output();
    for shown in ["practice/delete_customer", "customer_id", "c-1", "Customers are deleted by people"] {
        assert!(card.contains(shown), "the card shows `{shown}`:\n{card}");
    }
    assert_eq!(desk.count("customers"), before);
    for not_a_vote in
        ["yes", "approve", "approve h-aaaaaaaaaaaaaaaaaaaa", &format!("approve {hold} if you must")]
    {
        desk.serve.type_line(not_a_vote);
    }
    desk.serve.line("that this is no plain yes", |line| line.contains("nothing was approved"));
    assert_eq!(desk.count("customers"), before, "nothing but `approve ID` approves");

    desk.serve.type_line(&format!("approve {hold}"));
    let (status, said) = call.finish();
    assert!(status.success(), "{said}");
    assert_eq!(desk.count("customers"), before - 1);
    let kinds = support::journal::kinds_until(&desk.home.paths().journal(), &hold, "outcome_read");
    assert_eq!(kinds, ["hold_opened", "vote_cast", "call_released", "call_completed", "outcome_read"]);
}

#[test]
fn a_rejected_call_tells_the_reason_and_changes_nothing() {
    let mut desk = Desk::with(&["--terminal-votes"]);
    desk.call("list_expenses", "{}").finish();
    let before = desk.count("customers");
    let call = desk.call("delete_customer", r#"{"customer_id":"c-1"}"#);
    let (_, hold) = desk.held(0);
    desk.serve.type_line(&format!("reject {hold} They still owe us money"));
    let (status, said) = call.finish();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("rejected") && said.contains("They still owe us money"), "{said}");
    assert_eq!(desk.count("customers"), before);
    let kinds = desk.kinds_of(&hold);
    assert!(
        kinds.contains(&"vote_cast".to_owned()) && !kinds.contains(&"call_released".to_owned()),
        "{kinds:?}"
    );
}

#[test]
fn a_home_made_without_terminal_votes_takes_none() {
    let mut desk = Desk::with(&[]);
    assert!(desk.serve.output().contains("takes no votes from a terminal"));
    desk.call("list_expenses", "{}").finish();
    let before = desk.count("customers");
    let call = desk.call("delete_customer", r#"{"customer_id":"c-1"}"#);
    let shown = desk.serve.line("the hold", |line| line.contains("h-"));
    let hold = shown
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .find(|word| word.starts_with("h-"))
        .unwrap();
    for _ in 0..3 {
        desk.serve.type_line(&format!("approve {hold}"));
    }
    // Another call goes all the way through; the held one has not moved.
    desk.call("create_expense", r#"{"amount":1,"category":"meals"}"#).finish();
    assert!(!desk.kinds_of(hold).contains(&"vote_cast".to_owned()));
    assert_eq!(desk.count("customers"), before);
    assert!(!desk.serve.output().contains(&format!("approve {hold}")), "no vote is offered");
    drop(call);

    // Switching it on later does not make it such a home.
    let Desk { serve, dir, home } = desk;
    assert!(serve.terminate().success());
    let settings = std::fs::read_to_string(home.paths().settings()).unwrap();
    std::fs::write(
        home.paths().settings(),
        settings.replace("terminal_votes = false", "terminal_votes = true"),
    )
    .unwrap();
    let (status, said) = Program::start(&mut doorward(&dir, ["serve"])).finish();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("terminal_votes") && said.contains("made with"), "{said}");
}

#[test]
fn one_process_owns_a_home_and_other_commands_talk_to_it() {
    let desk = Desk::with(&["--terminal-votes"]);
    let (status, said) = Program::start(&mut doorward(&desk.dir, ["serve"])).finish();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("in use"), "{said}");
    // Added over the socket, and known to the running gateway at once.
    let (status, said) =
        Program::start(&mut doorward(&desk.dir, ["agent", "add", "codex", "--user", "me"])).finish();
    assert!(status.success() && said.contains("dw_"), "{said}");
    let program = ours("doorward");
    let add = ["upstream", "add", "second", "--", as_str(&program), "practice"];
    let (status, said) = Program::start(&mut doorward(&desk.dir, add)).finish();
    assert!(status.success(), "{said}");
    let call = ["call", "--agent", "codex", "second/list_expenses"];
    let (status, said) = Program::start(&mut doorward(&desk.dir, call)).finish();
    assert!(status.success(), "{said}");
    let (status, said) =
        Program::start(&mut doorward(&desk.dir, ["call", "--agent", "nobody", "second/list_expenses"]))
            .finish();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("no such agent"), "{said}");
}

fn as_str(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}
