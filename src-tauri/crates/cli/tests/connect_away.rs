//! The stdio shim while Doorward is not there, and its own beginning and end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "connect/scripted.rs"]
mod scripted;
mod support;

use scripted::{Agent, Gateway};
use serde_json::json;
use std::{
    fs,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::channel,
};
use support::{TestHome, doorward, run, set_mode};

const HELLO: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}"#;
const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}"#;

#[test]
fn without_doorward_each_request_is_answered_with_what_to_do_until_it_is_there() {
    let home = TestHome::made(&[]);
    let mut agent = Agent::start(&home, &["files"]);
    for line in [HELLO, r#"{"method":"notifications/initialized"}"#, CALL, "", "nonsense"] {
        agent.say(line);
    }
    let hello = agent.json();
    assert_eq!((&hello["id"], &hello["error"]["code"]), (&json!(0), &json!(-32010)));
    let words = hello["error"]["message"].as_str().unwrap();
    assert!(words.contains(&format!("`doorward --home {} serve`", home.dir.display())), "{words}");
    let called = agent.json();
    assert_eq!((&called["id"], &called["result"]["isError"]), (&json!(1), &json!(true)));
    assert_eq!(called["result"]["content"][0]["text"], words);
    assert_eq!(agent.json()["id"], json!(null), "nonsense");
    let gateway = Gateway::start(&home);
    let mut wire = gateway.welcome();
    agent.told("Doorward is there");
    agent.say(HELLO);
    assert_eq!(wire.line(), HELLO, "and nothing of what was answered before");
}

#[test]
fn a_message_waits_a_moment_for_a_doorward_that_is_about_to_come() {
    let home = TestHome::made(&[]);
    let mut agent = Agent::start(&home, &["files"]);
    agent.say(HELLO);
    // It has tried and found nobody.
    agent.told("Doorward is not running");
    let gateway = Gateway::start(&home);
    assert_eq!(gateway.welcome().line(), HELLO);
}

#[test]
fn a_home_that_is_absent_or_open_to_others_is_told_and_not_used() {
    let home = TestHome::absent();
    let mut agent = Agent::start(&home, &["files"]);
    agent.say(HELLO);
    assert!(agent.json()["error"]["message"].as_str().unwrap().contains("there is no home folder at"));
    let home = TestHome::made(&[]);
    let gateway = Gateway::start(&home);
    set_mode(&home.dir, 0o755);
    let mut agent = Agent::start(&home, &["files"]);
    agent.say(HELLO);
    assert!(agent.json()["error"]["message"].as_str().unwrap().contains("chmod 700"));
    gateway.nobody_for(std::time::Duration::ZERO);
    set_mode(&home.dir, 0o700);
    gateway.accept();
}

#[test]
fn names_that_are_none_are_refused_on_standard_error() {
    let home = TestHome::made(&[]);
    for arguments in [&["connect", "No Such"][..], &["connect", "files", "--agent", "A B"]] {
        let said = home.run(arguments);
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{said:?}");
        assert!(said.err.contains("is not a valid"), "{}", said.err);
    }
    assert_eq!(run(doorward().arg("connect")).code, 2);
}

#[test]
fn the_end_of_the_input_ends_it_once_the_last_answers_are_there() {
    let home = TestHome::made(&[]);
    let gateway = Gateway::start(&home);
    let mut agent = Agent::start(&home, &["files"]);
    let mut wire = gateway.welcome();
    // Without a line break: the end of the input ends the line as well.
    agent.write(CALL.as_bytes());
    agent.close_input();
    assert_eq!(wire.line(), CALL);
    wire.say(r#"{"id":1,"result":{"content":[]}}"#);
    assert_eq!(agent.json()["id"], 1);
    assert_eq!(wire.raw_line(), b"", "then it hangs up");
    assert!(agent.wait().success());
}

#[test]
fn an_answer_that_does_not_come_is_not_waited_for_when_the_agent_is_gone() {
    let home = TestHome::made(&[]);
    let gateway = Gateway::start(&home);
    let mut agent = Agent::start(&home, &["files"]);
    let mut wire = gateway.welcome();
    agent.say(CALL);
    assert_eq!(wire.line(), CALL);
    agent.close_input();
    assert!(agent.wait().success());
    assert_eq!(wire.raw_line(), b"");
    assert!(agent.rest().is_empty());
}

#[test]
fn an_input_that_ends_before_doorward_is_there_is_answered_and_ends_it() {
    let home = TestHome::made(&[]);
    let mut agent = Agent::start(&home, &["files"]);
    agent.say(HELLO);
    agent.close_input();
    assert_eq!(agent.json()["error"]["code"], -32010);
    assert!(agent.wait().success());
}

#[test]
fn signals_end_it_at_once_and_so_does_an_agent_that_reads_no_more() {
    let home = TestHome::made(&[]);
    let gateway = Gateway::start(&home);
    for signal in ["TERM", "INT", "HUP"] {
        let mut agent = Agent::start(&home, &["files"]);
        let mut wire = gateway.welcome();
        agent.say(CALL);
        assert_eq!(wire.line(), CALL);
        agent.signal(signal);
        assert!(agent.wait().success(), "{signal}");
        assert_eq!(wire.raw_line(), b"");
    }
    let mut command = home.command(&["connect", "files"]);
    let mut child =
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut wire = gateway.welcome();
    let _input = child.stdin.take();
    drop(child.stdout.take());
    wire.say(r#"{"method":"note"}"#);
    assert!(child.wait().unwrap().success(), "standard input is still open");
    assert_eq!(wire.raw_line(), b"");
}

/// A folder with `doorward` and an app beside it that writes its arguments into a pipe.
struct Installed {
    folder: tempfile::TempDir,
}

impl Installed {
    fn new(app: Option<&str>) -> Installed {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("doorward");
        if fs::hard_link(env!("CARGO_BIN_EXE_doorward"), &program).is_err() {
            fs::copy(env!("CARGO_BIN_EXE_doorward"), &program).unwrap();
        }
        if let Some(script) = app {
            assert!(Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
            let app = folder.path().join("doorward-desktop");
            fs::write(&app, format!("#!/bin/sh\n{script}\n")).unwrap();
            set_mode(&app, 0o755);
        }
        Installed { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self, home: &TestHome) -> Agent {
        let mut command = Command::new(self.path("doorward"));
        command.arg("--home").arg(&home.dir).args(["connect", "files", "--start"]);
        command.env_remove("DISPLAY").env("PATH", "/usr/bin:/bin").env("PIPE", self.path("pipe"));
        command.env("WAYLAND_DISPLAY", "screen").env("XDG_RUNTIME_DIR", self.folder.path());
        Agent::run(&mut command)
    }
}

/// What is written into a pipe, once.
fn written(pipe: &Path) -> String {
    let (sender, text) = channel();
    let pipe = pipe.to_owned();
    std::thread::spawn(move || {
        let _ = sender.send(fs::read_to_string(pipe).unwrap());
    });
    text.recv_timeout(scripted::PATIENCE).expect("the app was started")
}

#[test]
fn the_app_is_started_where_that_was_asked_for_and_messages_wait_for_it() {
    let home = TestHome::made(&[]);
    let installed = Installed::new(Some(r#"echo noise; echo "$@" >> "$PIPE.log"; echo started > "$PIPE""#));
    let _screen = UnixListener::bind(installed.path("screen")).unwrap();
    let mut agents = [installed.start(&home), installed.start(&home)];
    for agent in &mut agents {
        agent.say(HELLO);
    }
    assert_eq!(written(&installed.path("pipe")), "started\n");
    for agent in &agents {
        agent.told("it is being started");
    }
    let gateway = Gateway::start(&home);
    // Both stay: an agent whose connection ends would come again, and be taken for the other one.
    let mut wires = [gateway.welcome(), gateway.welcome()];
    for wire in &mut wires {
        assert_eq!(wire.line(), HELLO);
    }
    let started = fs::read_to_string(installed.path("pipe.log")).unwrap();
    assert_eq!(started, format!("--home {} --hidden\n", home.dir.display()), "once, for both");
}

#[test]
fn where_the_app_cannot_be_started_the_answer_says_why() {
    let answer = |installed: &Installed| {
        let home = TestHome::made(&[]);
        let mut agent = installed.start(&home);
        agent.say(HELLO);
        agent.json()["error"]["message"].as_str().unwrap().to_owned()
    };
    let words = answer(&Installed::new(None));
    assert!(words.contains("`doorward-desktop` is neither beside"), "{words}");
    let installed = Installed::new(Some("exit 3"));
    let words = answer(&installed);
    assert!(words.contains("needs a display") && words.contains("serve`"), "{words}");
    let _screen = UnixListener::bind(installed.path("screen")).unwrap();
    let words = answer(&installed);
    assert!(words.contains("ended with exit status: 3"), "{words}");
}
