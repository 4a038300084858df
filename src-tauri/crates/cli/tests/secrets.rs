//! I8, with a real Secret Service: a secret that was typed reaches its upstream, and is found nowhere else.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use support::keyring::{Is, Keyring, Recorder, terminal};
use support::{Running, Said, TestHome, run};

const CANARY: &str = "canary-4be1f0-and-a-half";

/// An MCP server in shell: it leaves the length of its secret in a file, and says its environment where it must not.
const SERVER: &str = r#"
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  say() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
  case "$line" in
    *'"method":"initialize"'*) say '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"vault","version":"1"}}' ;;
    *'"method":"tools/list"'*) say '{"tools":[{"name":"open","inputSchema":{"type":"object"}},{"name":"fall","inputSchema":{"type":"object"}}]}' ;;
    *'"name":"fall"'*) env | grep TOKEN= >&2; exit 3 ;;
    *'"method":"tools/call"'*) printf '%s' "${#TOKEN}" > "$FOUND"; say '{"content":[{"type":"text","text":"opened"}]}' ;;
  esac
done
"#;

struct Vault {
    home: TestHome,
    server: PathBuf,
    found: PathBuf,
}

impl Vault {
    fn new() -> Vault {
        let home = TestHome::absent();
        let said = home.run(&["init", "--listen", "127.0.0.1:0"]);
        assert_eq!(said.code, 0, "{said:?}");
        // Calls of this test are let through, whoever makes them.
        home.write("policies/set.toml", "default = \"allow\"\n");
        let (server, found) = (home.folder.path().join("server.sh"), home.folder.path().join("found"));
        std::fs::write(&server, SERVER).unwrap();
        Vault { home, server, found }
    }

    /// `doorward upstream add`, with the value typed at its terminal.
    fn add(&self, keyring: &Keyring, typed: &str) -> Said {
        let found = format!("FOUND={}", self.found.display());
        let server = self.server.display().to_string();
        let arguments =
            ["upstream", "add", "vault", "--secret", "TOKEN", "--env", &found, "--", "sh", &server];
        let (mut keyboard, screen) = terminal();
        keyboard.write_all(format!("{typed}\n").as_bytes()).unwrap();
        run(keyring.doorward(&self.home.dir, &arguments).stdin(screen))
    }

    fn serve(&self, keyring: &Keyring) -> Running {
        let log = std::fs::File::options().create(true).append(true).open(self.log()).unwrap();
        let mut command = keyring.doorward(&self.home.dir, &["serve"]);
        command.env("DOORWARD_LOG", "trace,hyper=info");
        let mut running = Running::start_with(&mut command, Stdio::from(log));
        running.line_with(" listens on http://");
        running
    }

    fn log(&self) -> PathBuf {
        self.home.folder.path().join("log")
    }

    fn call(&self, keyring: &Keyring, tool: &str) -> Said {
        run(&mut keyring.doorward(&self.home.dir, &["call", "--json", &format!("vault/{tool}")]))
    }

    fn length_found(&self) -> Option<String> {
        std::fs::read_to_string(&self.found).ok()
    }
}

/// Every file below, whatever it is called.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, mut all): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    all.extend(folders.iter().flat_map(|folder| files(folder)));
    all.retain(|path| path.is_file());
    all
}

fn has_canary(bytes: &[u8]) -> bool {
    bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
}

fn assert_clean(what: &str, bytes: &[u8]) {
    assert!(!has_canary(bytes), "I8: the secret is in {what}");
}

/// The arguments of every process that can be seen.
fn command_lines() -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        if let Ok(mut file) = std::fs::File::open(entry.path().join("cmdline")) {
            let _ = file.read_to_end(&mut all);
        }
    }
    all
}

#[test]
fn i8_a_typed_secret_reaches_its_upstream_and_is_found_nowhere_else() {
    let vault = Vault::new();
    let keyring = Keyring::start(vault.home.folder.path(), Is::Unlocked);
    let mut running = vault.serve(&keyring);
    let recorder = Recorder::on(&vault.home.path("doorward.sock"));

    let added = vault.add(&keyring, CANARY);
    assert_eq!(added.code, 0, "{added:?}");
    let listed = run(&mut keyring.doorward(&vault.home.dir, &["upstream", "list"]));
    assert!(listed.out.contains("secret TOKEN in $TOKEN"), "{listed:?}");
    let opened = vault.call(&keyring, "open");
    assert_eq!(opened.code, 0, "{opened:?}");
    assert!(opened.out.contains("opened"), "{opened:?}");
    assert_eq!(vault.length_found(), Some(CANARY.len().to_string()), "its upstream has it");
    // It prints its environment and dies: what an upstream says of itself goes into the log and to nobody else.
    let fallen = vault.call(&keyring, "fall");
    assert_ne!(fallen.code, 0, "{fallen:?}");

    assert_clean("the arguments of a process", &command_lines());
    for (what, said) in [("add", &added), ("list", &listed), ("open", &opened), ("fall", &fallen)] {
        assert_clean(&format!("the output of `{what}`"), format!("{}{}", said.out, said.err).as_bytes());
    }
    let passed = recorder.bytes();
    assert!(passed.windows(5).any(|window| window == b"vault"), "the recorder hears the socket");
    assert_clean("what passed over the home's socket", &passed);
    for file in files(&vault.home.dir) {
        assert_clean(&file.display().to_string(), &std::fs::read(&file).unwrap());
    }
    running.signal("TERM");
    running.wait();
    assert_clean("the output of `serve`", running.rest().join("\n").as_bytes());
    let log = std::fs::read_to_string(vault.log()).unwrap();
    assert!(log.contains("TOKEN=(secret)"), "what the dying upstream said is in the log: {log}");
    assert_clean("the log", log.as_bytes());
    for file in files(&vault.home.dir) {
        assert_clean(&file.display().to_string(), &std::fs::read(&file).unwrap());
    }
    // The keyring's own file is the one place, and it is sealed.
    for file in files(&vault.home.folder.path().join("data")) {
        assert_clean(&file.display().to_string(), &std::fs::read(&file).unwrap());
    }
}

#[test]
fn a_secret_is_there_after_a_restart_and_gone_with_its_upstream() {
    let vault = Vault::new();
    let keyring = Keyring::start(vault.home.folder.path(), Is::Unlocked);
    // Nothing owns the home: the command line keeps the secret by itself.
    let added = vault.add(&keyring, CANARY);
    assert_eq!(added.code, 0, "{added:?}");
    for _ in 0..2 {
        let _ = std::fs::remove_file(&vault.found);
        let mut running = vault.serve(&keyring);
        assert_eq!(vault.call(&keyring, "open").code, 0);
        assert_eq!(vault.length_found(), Some(CANARY.len().to_string()));
        running.signal("TERM");
        running.wait();
    }
    let removed = run(&mut keyring.doorward(&vault.home.dir, &["upstream", "remove", "vault"]));
    assert_eq!(removed.code, 0, "{removed:?}");
    // The same entry without its value: the upstream stays off, and says why.
    vault.home.write(
        "upstreams.toml",
        &format!(
            "[[upstream]]\nname = \"vault\"\ncommand = \"sh\"\nargs = [{:?}]\nsecrets = [{{ name = \"TOKEN\", env = \"TOKEN\" }}]\n",
            vault.server.display().to_string()
        ),
    );
    let doctor = run(&mut keyring.doorward(&vault.home.dir, &["doctor"]));
    assert!(doctor.out.contains("`TOKEN`: the keychain has no value for it"), "{doctor:?}");
    assert!(doctor.out.contains("doorward upstream secret"), "{doctor:?}");
}

#[test]
fn a_keyring_that_is_locked_or_absent_keeps_no_secret_and_adds_no_upstream() {
    let vault = Vault::new();
    let before = vault.home.read("upstreams.toml");
    for (is, sentence) in [(Is::Absent, "no keychain service answers"), (Is::Locked, "the keychain ")] {
        let folder = vault.home.folder.path().join(format!("bus-{}", u8::from(is == Is::Absent)));
        std::fs::create_dir(&folder).unwrap();
        let keyring = Keyring::start(&folder, is);
        let added = vault.add(&keyring, CANARY);
        assert_eq!(added.code, 1, "{added:?}");
        assert!(added.err.contains(sentence) && added.err.contains("try: "), "{added:?}");
        assert_eq!(vault.home.read("upstreams.toml"), before);
    }
}

#[test]
fn a_keyring_that_comes_up_later_is_found_by_a_process_that_runs_already() {
    let vault = Vault::new();
    let folder = vault.home.folder.path().to_owned();
    let mut keyring = Keyring::start(&folder, Is::Unlocked);
    assert_eq!(vault.add(&keyring, CANARY).code, 0);
    let mut running = vault.serve(&keyring);
    // The service ends while Doorward runs: the next use of a secret says so, and nothing old is used in its place.
    keyring.end_service();
    let without = vault.call(&keyring, "open");
    assert_ne!(without.code, 0, "{without:?}");
    assert_eq!(vault.length_found(), None);
    keyring.add_service(Is::Unlocked);
    let with = vault.call(&keyring, "open");
    assert_eq!(with.code, 0, "{with:?}");
    assert_eq!(vault.length_found(), Some(CANARY.len().to_string()));
    running.signal("TERM");
    running.wait();
}

#[test]
fn a_secret_is_typed_at_a_terminal_and_never_passed_along() {
    let vault = Vault::new();
    let keyring = Keyring::start(vault.home.folder.path(), Is::Unlocked);
    let arguments = ["upstream", "add", "vault", "--secret", "TOKEN", "--", "sh", "server.sh"];
    let piped = run(&mut keyring.doorward(&vault.home.dir, &arguments));
    assert_eq!(piped.code, 1);
    assert!(piped.err.contains("a secret is typed, never passed along"), "{piped:?}");
    let memory = TestHome::made(&[]);
    let (mut keyboard, screen) = terminal();
    keyboard.write_all(b"x\n").unwrap();
    let refused = run(memory.command(&arguments).stdin(screen));
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("keeps its keys in memory"), "{refused:?}");
}
