//! What outlives the process: `doorward serve` with a real Secret Service for its root key, ended and started again.

use super::support::bus::Bus;
use super::support::home::{ALLOW, TestHome};
use super::support::journal::{kinds_of, kinds_until, lines};
use super::support::program::{Program, doorward};
use rusqlite::{Connection, OpenFlags};

const CUSTOMERS: (&str, &str) = (
    "customers.toml",
    "name = \"Customers are deleted by people\"\n[target]\ntools = [\"practice/delete_customer\"]\n[action]\nkind = \"request_approval\"\n",
);
const NO_LISTS: (&str, &str) = (
    "no-lists.toml",
    "name = \"No lists\"\n[target]\ntools = [\"practice/list_expenses\"]\n[action]\nkind = \"deny\"\n",
);

/// A home whose root key is in the Secret Service of a bus of the test's own.
struct Kept {
    home: TestHome,
    bus: Bus,
}

impl Kept {
    async fn made() -> Kept {
        let kept = Kept { home: TestHome::folder(), bus: Bus::with_keyring().await };
        let (status, said) = kept.run(&["init", "--listen", "127.0.0.1:0", "--terminal-votes"]).finish();
        assert!(status.success(), "{said}");
        kept.home.write_policies(&[ALLOW, CUSTOMERS]);
        kept
    }

    fn run(&self, args: &[&str]) -> Program {
        let mut command = doorward(&self.home.dir(), args);
        self.bus.surround(&mut command);
        Program::start(&mut command)
    }

    fn serve(&self) -> Program {
        let serve = self.run(&["serve"]);
        serve.line("that it listens", |line| line.contains("listens on http://127.0.0.1:"));
        serve.line("what to type", |line| line.starts_with("Holds are printed here."));
        serve
    }

    fn customers(&self) -> i64 {
        let data =
            Connection::open_with_flags(self.home.paths().practice(), OpenFlags::SQLITE_OPEN_READ_ONLY)
                .unwrap();
        data.query_row("SELECT count(*) FROM customers", [], |row| row.get(0)).unwrap()
    }
}

fn held(serve: &Program) -> String {
    let line = serve.line("a hold to vote on", |line| line.trim_start().starts_with("approve h-"));
    line.split_whitespace().nth(1).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_outlives_a_restart_and_the_identical_call_collects_its_approval_once() {
    let kept = Kept::made().await;
    let journal = kept.home.paths().journal();
    let serve = kept.serve();
    kept.run(&["call", "practice/list_expenses"]).finish();
    let before = kept.customers();
    let delete = ["call", "practice/delete_customer", r#"{"customer_id":"c-1"}"#];
    let call = kept.run(&delete);
    let hold = held(&serve);
    assert!(serve.terminate().success());
    let (status, said) = call.finish();
    assert!(!status.success(), "its agent was told that nothing came: {said}");

    let mut serve = kept.serve();
    assert_eq!(held(&serve), hold, "the same hold waits again");
    serve.type_line(&format!("approve {hold}"));
    serve.line("the approval", |line| line.contains("approved"));
    assert_eq!(kept.customers(), before, "I1: an approval without an agent runs nothing");
    let (status, said) = kept.run(&delete).finish();
    assert!(status.success(), "the identical call runs without another vote: {said}");
    assert_eq!(kept.customers(), before - 1);
    let kinds = kinds_until(&journal, &hold, "outcome_read");
    let once = ["hold_opened", "vote_cast", "call_released", "call_completed", "outcome_read"];
    assert_eq!(kinds, once, "I2: it ran once");

    // Killed without a word, it still knows what was done.
    drop(serve);
    let serve = kept.serve();
    assert_eq!(kinds_of(&journal, &hold), kinds);
    assert!(serve.terminate().success());
    let (status, said) = kept.run(&["journal", "verify"]).finish();
    assert!(status.success(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_policy_files_wait_for_the_next_start_of_serve() {
    let kept = Kept::made().await;
    let serve = kept.serve();
    kept.home.write_policy(NO_LISTS.0, NO_LISTS.1);
    serve.line("that files changed", |line| line.contains("changed on disk"));
    let (status, said) = kept.run(&["call", "practice/list_expenses"]).finish();
    assert!(status.success(), "{said}");
    assert!(serve.terminate().success());

    let _serve = kept.serve();
    let (status, said) = kept.run(&["call", "practice/list_expenses"]).finish();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("denied"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_secret_service_a_home_stays_closed_and_says_what_to_do() {
    let mut kept = Kept::made().await;
    assert!(kept.serve().terminate().success());
    let entries = lines(&kept.home.paths().journal());
    kept.bus = Bus::start();
    let (status, said) = kept.run(&["serve"]).finish();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("secret service"), "{said}");
    // Another, empty one is no way in either.
    kept.bus = Bus::with_keyring().await;
    let (status, said) = kept.run(&["serve"]).finish();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("no root key"), "{said}");
    assert_eq!(lines(&kept.home.paths().journal()), entries, "nothing was written");
}
