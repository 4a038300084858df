//! `doorward serve` on a disk that is full for a while, and with a journal that cannot be written: what cannot be
//! recorded is not run, and it goes on by itself once it can. The disk is a small one in memory, in a mount namespace of
//! the test's own. Where the system gives none, the tests fail, unless `DOORWARD_NO_MOUNTS` says that this is known.

use super::crowd::answer;
use super::support::answer::Answer;
use super::support::bus::Bus;
use super::support::home::{ALLOW, TestHome, address};
use super::support::program::{Program, clean, ours};
use super::support::recorder::Recorder;
use super::support::wire::Wire;
use super::support::within;
use gateway::home::{AgentBook, Paths, UpstreamBook};
use rustix::process::{getgid, getuid};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

pub(super) const CUSTOMERS: (&str, &str) = (
    "customers.toml",
    "name = \"Customers are deleted by people\"\n[target]\ntools = [\"ledger/delete_customer\"]\n[action]\nkind = \"request_approval\"\n",
);
/// Empty lists in one call: about a megabyte in memory, and little on the wire and for whoever reads it.
const LISTS: usize = 60_000;
/// As many such calls as cannot all be kept in memory.
const MOST_CALLS: usize = 60;

/// A small disk that programs in its namespace see, and a shell there that takes lines.
struct Disk {
    shell: Program,
    pid: String,
    folder: TestHome,
}

impl Disk {
    /// None where this user may mount nothing here.
    fn mounted() -> Option<Disk> {
        let is_root = getuid().is_root();
        let apart: &[&str] = if is_root { &["-m"] } else { &["-U", "-r", "-m"] };
        let folder = TestHome::folder();
        let at = folder.dir().parent().unwrap().to_owned();
        let mount = format!("mount -t tmpfs -o size=192m,mode=700 none '{}'", at.display());
        let mut probe = Command::new("unshare");
        probe.args(apart).args(["sh", "-c", &mount]).stdout(Stdio::null()).stderr(Stdio::null());
        if !probe.status().is_ok_and(|status| status.success()) {
            let is_known = std::env::var_os("DOORWARD_NO_MOUNTS").is_some();
            assert!(
                is_known,
                "this system lets nobody mount a disk of their own; DOORWARD_NO_MOUNTS=1 leaves it out"
            );
            return None;
        }
        let lines = "while read -r line; do eval \"$line\" 2>/dev/null; echo \"did $line\"; done";
        let mut command = clean("unshare");
        command.args(apart).args(["sh", "-c", &format!("{mount} && echo mounted $$; {lines}")]);
        let shell = Program::start(&mut command);
        let pid = shell.line("its process", |line| line.starts_with("mounted ")).replace("mounted ", "");
        Some(Disk { shell, pid, folder })
    }

    /// One line of a shell in there, to its end.
    fn run(&mut self, line: &str) {
        self.shell.type_line(line);
        self.shell.line("that it was done", |said| said == format!("did {line}"));
    }

    fn filler(&self) -> PathBuf {
        self.folder.dir().with_file_name("filler")
    }

    fn fill(&mut self) {
        let filler = self.filler();
        self.run(&format!("dd if=/dev/zero of='{}' bs=4k", filler.display()));
    }

    fn free(&mut self) {
        let filler = self.filler();
        self.run(&format!("rm '{}'", filler.display()));
    }

    /// The home as this process reaches it.
    fn seen(&self) -> PathBuf {
        let inside = self.folder.dir();
        PathBuf::from(format!("/proc/{}/root", self.pid)).join(inside.strip_prefix("/").unwrap())
    }

    /// `doorward` in there, as the user that the test is.
    fn doorward(&self, bus: &Bus, args: &[&str]) -> Program {
        let mut command = clean("nsenter");
        command.args(["-t", &self.pid, "-m"]);
        if !getuid().is_root() {
            let (user, group) = (getuid().as_raw(), getgid().as_raw());
            command.args(["-U", "--preserve-credentials", "--", "unshare", "-U"]);
            command.args([format!("--map-user={user}"), format!("--map-group={group}")]);
        }
        command.arg("--").arg(ours("doorward")).arg("--home").arg(self.folder.dir()).args(args);
        bus.surround(&mut command);
        Program::start(&mut command)
    }
}

struct Scene {
    disk: Disk,
    bus: Bus,
    upstream: Recorder,
    token: String,
}

impl Scene {
    async fn made() -> Option<Scene> {
        let (disk, bus) = (Disk::mounted()?, Bus::with_keyring().await);
        let upstream = Recorder::start().await;
        let init = disk.doorward(&bus, &["init", "--listen", "127.0.0.1:0", "--terminal-votes"]);
        let (status, said) = init.finish();
        assert!(status.success(), "{said}");
        let paths = Paths::new(disk.seen());
        for (name, text) in [ALLOW, CUSTOMERS] {
            std::fs::write(paths.policies().join(name), text).unwrap();
        }
        for shipped in ["customer-deletion.toml", "expense-limit.toml", "payments.toml", "writers.toml"] {
            std::fs::remove_file(paths.policies().join(shipped)).unwrap();
        }
        UpstreamBook::load(paths.upstreams()).unwrap().add(address("ledger", &upstream.url())).unwrap();
        let mut agents = AgentBook::load(paths.agents()).unwrap();
        let token = agents.add("claude".parse().unwrap(), "me".parse().unwrap()).unwrap().as_str().to_owned();
        // A full disk may last longer than agents wait by themselves.
        agents.set_wait_limit("claude", Some(Duration::from_secs(280))).unwrap();
        Some(Scene { disk, bus, upstream, token })
    }

    fn serve(&self) -> (Program, SocketAddr) {
        let serve = self.disk.doorward(&self.bus, &["serve"]);
        let line = serve.line("that it listens", |line| line.contains("listens on http://127.0.0.1:"));
        let at = line.split("http://").nth(1).unwrap();
        let end = at.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(at.len());
        (serve, at[..end].parse().unwrap())
    }

    fn verify(&self) {
        let (status, said) = self.disk.doorward(&self.bus, &["journal", "verify"]).finish();
        assert!(status.success(), "{said}");
    }
}

/// For as long as it takes: it waits for a person.
pub(super) fn delete(wire: &Arc<Wire>, number: usize) -> tokio::task::JoinHandle<Answer> {
    let wire = Arc::clone(wire);
    tokio::spawn(async move { answer(&wire, number, "").await.expect("the gateway is there") })
}

pub(super) fn hold_in(serve: &Program, from: usize) -> (usize, String) {
    let fits = |line: &str| line.trim_start().starts_with("approve h-");
    let (at, line) = serve.line_from(from, "a hold to vote on", fits);
    (at + 1, line.split_whitespace().nth(1).unwrap().to_owned())
}

/// Allowed calls, until one is refused; how many ran. They are so large that few of them fill the queue.
async fn until_refused(wire: &Wire) -> usize {
    let lists = vec!["[]"; LISTS].join(",");
    for ran in 0..MOST_CALLS {
        let arguments = format!(r#"{{"page":"{ran}","lists":[{lists}]}}"#);
        let said = wire.call("list_expenses", &arguments).await;
        if said.is_error() {
            said.refused("not_recorded");
            return ran;
        }
    }
    panic!("{MOST_CALLS} large calls ran, and none could be recorded")
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_nothing_goes_unrecorded_and_everything_goes_on_once_there_is_room() {
    let Some(mut scene) = Scene::made().await else { return };
    let (mut serve, door) = scene.serve();
    let wire = Arc::new(Wire::open(door, "ledger", &scene.token).await);
    wire.call("list_expenses", "{}").await.ran();
    let waiting = delete(&wire, 1);
    let (from, hold) = hold_in(&serve, 0);

    scene.disk.fill();
    // A call that would be held is refused, and nobody is asked.
    let text = within("an answer", delete(&wire, 2)).await.unwrap().refused("not_recorded");
    assert!(text.contains("could not record this call, so it was not run"), "{text}");
    serve.line("what is wrong", |line| line.contains("Calls cannot be recorded: the disk is full"));
    // A vote that cannot be recorded does not count, and is told so.
    serve.type_line(&format!("approve {hold}"));
    serve.line("that it did not count", |line| line.contains("could not be recorded and does not count"));
    assert!(!waiting.is_finished(), "it still waits");
    // Allowed calls go on for as long as they can be kept in memory.
    let ran = until_refused(&wire).await;
    assert!(ran > 10, "{ran} allowed calls ran");
    assert_eq!(scene.upstream.calls().len(), 1 + ran, "what was refused went nowhere");

    scene.disk.free();
    serve.line("that it goes on", |line| line.contains("Calls are recorded again."));
    serve.type_line(&format!("approve {hold}"));
    within("an answer", waiting).await.unwrap().ran();
    let next = delete(&wire, 2);
    let (_, hold) = hold_in(&serve, from);
    serve.type_line(&format!("approve {hold}"));
    within("an answer", next).await.unwrap().ran();
    wire.call("list_expenses", r#"{"page":"last"}"#).await.ran();
    assert_eq!(scene.upstream.calls().len(), 1 + ran + 3);
    assert!(serve.terminate().success());
    scene.verify();

    // Every call that ran is on record, and none that did not.
    let export = scene.disk.doorward(&scene.bus, &["journal", "export", "--format", "jsonl"]);
    let (status, said) = export.finish();
    assert!(status.success(), "{said}");
    let entries = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let released = entries.filter(|entry| entry["kind"] == "call_released").count();
    assert_eq!(released, 1 + ran + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_whose_journal_cannot_be_written_stays_closed_until_it_can_and_says_why() {
    let Some(mut scene) = Scene::made().await else { return };
    let (serve, door) = scene.serve();
    let wire = Wire::open(door, "ledger", &scene.token).await;
    wire.call("list_expenses", "{}").await.ran();
    assert!(serve.terminate().success());
    scene.verify();
    let journal = scene.disk.folder.paths().journal();
    let journal = journal.display();
    scene.disk.run(&format!("mount --bind '{journal}' '{journal}' && mount -o remount,bind,ro '{journal}'"));

    let (status, said) = scene.disk.doorward(&scene.bus, &["serve"]).finish();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("journal") && said.to_lowercase().contains("read-only"), "{said}");
    assert_eq!(scene.upstream.calls().len(), 1);

    scene.disk.run(&format!("umount '{journal}'"));
    let (serve, door) = scene.serve();
    let wire = Wire::open(door, "ledger", &scene.token).await;
    wire.call("list_expenses", "{}").await.ran();
    assert!(serve.terminate().success());
    scene.verify();
}
