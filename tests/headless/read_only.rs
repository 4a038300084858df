//! `doorward serve` whose journal turns read-only while it runs: what cannot be recorded is not run, and it goes on by
//! itself once the file may be written again. Only the system's administrator can take a file away from a program that
//! has it open; where the test is somebody else, that is said, and the crate `journal` tests it alone.

use super::full_disk::{CUSTOMERS, delete, hold_in};
use super::support::bus::Bus;
use super::support::home::{ALLOW, TestHome, address, pair};
use super::support::program::{Program, doorward};
use super::support::recorder::Recorder;
use super::support::wire::Wire;
use super::support::within;
use gateway::home::{AgentBook, UpstreamBook};
use serde_json::Value;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// Files that nobody can write, until this is dropped.
struct Shut(Vec<PathBuf>);

impl Shut {
    fn of(files: &[PathBuf]) -> Option<Shut> {
        files.iter().all(|file| mark(file, "+i")).then(|| Shut(files.to_vec()))
    }
}

impl Drop for Shut {
    fn drop(&mut self) {
        self.0.iter().for_each(|file| assert!(mark(file, "-i"), "it can be written again"));
    }
}

fn mark(file: &Path, how: &str) -> bool {
    let mut command = Command::new("chattr");
    command.arg(how).arg(file).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Whether a file can be taken away from a program that has it open.
fn can_be_shut(folder: &Path) -> bool {
    let probe = folder.join("probe");
    let mut file = std::fs::File::create(&probe).unwrap();
    let Some(shut) = Shut::of(std::slice::from_ref(&probe)) else { return false };
    let is_shut = file.write_all(b"x").is_err();
    drop(shut);
    is_shut
}

struct Scene {
    home: TestHome,
    bus: Bus,
    upstream: Recorder,
    token: String,
}

impl Scene {
    async fn made() -> Scene {
        let (home, bus, upstream) = (TestHome::folder(), Bus::with_keyring().await, Recorder::start().await);
        let mut scene = Scene { home, bus, upstream, token: String::new() };
        let (status, said) = scene.run(&["init", "--listen", "127.0.0.1:0", "--terminal-votes"]).finish();
        assert!(status.success(), "{said}");
        scene.home.write_policies(&[ALLOW, CUSTOMERS]);
        let mut upstreams = UpstreamBook::load(scene.home.paths().upstreams()).unwrap();
        upstreams.add(address("ledger", &scene.upstream.url())).unwrap();
        scene.token = pair(&scene.home, "claude");
        let mut agents = AgentBook::load(scene.home.paths().agents()).unwrap();
        agents.set_wait_limit("claude", Some(Duration::from_secs(280))).unwrap();
        scene
    }

    fn run(&self, args: &[&str]) -> Program {
        let mut command = doorward(&self.home.dir(), args);
        self.bus.surround(&mut command);
        Program::start(&mut command)
    }

    fn serve(&self) -> (Program, SocketAddr) {
        let serve = self.run(&["serve"]);
        let line = serve.line("that it listens", |line| line.contains("listens on http://127.0.0.1:"));
        let at = line.split("http://").nth(1).unwrap();
        let end = at.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(at.len());
        (serve, at[..end].parse().unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_turns_read_only_refuses_held_calls_in_words_and_goes_on_once_it_may_be_written() {
    let scene = Scene::made().await;
    if !can_be_shut(&scene.home.dir()) {
        println!("this user can take no open file away here: nothing is tested");
        return;
    }
    let (mut serve, door) = scene.serve();
    let wire = Arc::new(Wire::open(door, "ledger", &scene.token).await);
    wire.call("list_expenses", "{}").await.ran();
    let waiting = delete(&wire, 1);
    let (from, hold) = hold_in(&serve, 0);

    let journal = scene.home.paths().journal();
    let log = journal.with_file_name("journal.sqlite-wal");
    let shut = Shut::of(&[journal.clone(), log]).expect("the journal's files");
    // A call that would be held is refused, and nobody is asked.
    let text = within("an answer", delete(&wire, 2)).await.unwrap().refused("not_recorded");
    assert!(text.contains("could not record this call, so it was not run"), "{text}");
    let wrong = serve.line("what is wrong", |line| line.contains("Calls cannot be recorded"));
    assert!(wrong.contains("the journal cannot be written; check the permissions"), "{wrong}");
    // A vote that cannot be recorded does not count, and is told so.
    serve.type_line(&format!("approve {hold}"));
    serve.line("that it did not count", |line| line.contains("could not be recorded and does not count"));
    assert!(!waiting.is_finished(), "it still waits");
    // Allowed calls go on for as long as they can be kept in memory.
    wire.call("list_expenses", r#"{"page":"kept"}"#).await.ran();
    assert_eq!(scene.upstream.calls().len(), 2, "what was refused went nowhere");

    drop(shut);
    serve.line("that it goes on", |line| line.contains("Calls are recorded again."));
    serve.type_line(&format!("approve {hold}"));
    within("an answer", waiting).await.unwrap().ran();
    let next = delete(&wire, 2);
    let (_, hold) = hold_in(&serve, from);
    serve.type_line(&format!("approve {hold}"));
    within("an answer", next).await.unwrap().ran();
    assert!(serve.terminate().success());

    let (status, said) = scene.run(&["journal", "verify"]).finish();
    assert!(status.success(), "{said}");
    let (_, said) = scene.run(&["journal", "export", "--format", "jsonl"]).finish();
    let entries = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let released = entries.filter(|entry| entry["kind"] == "call_released").count();
    assert_eq!((released, scene.upstream.calls().len()), (4, 4), "every call that ran is on record");
}
