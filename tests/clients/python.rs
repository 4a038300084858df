//! The official Python client in the older era over HTTP, and what it must have seen in either. Its servers are of both
//! eras: the published `mcp-server-time` and `mcp-server-git`, and one of our own.

use super::door::{Command, Door, Listening, tests};
use super::tour::{Guide::Python, Notebook, Tour};
use super::typescript::EVERYTHING;
use crate::support::home::TestHome;
use crate::support::program::clean;
use serde_json::{Value, json};
use std::path::Path;

/// The agent that this client is.
pub(crate) const AGENT: &str = "python";
pub(crate) const MODERN: &str = "2026-07-28";
pub(crate) const LEGACY: &str = "2025-11-25";
pub(crate) const GIT: &[&str] = &["-m", "mcp_server_git"];

pub(crate) fn tour(name: &str, era: &str, reach: Value) -> Tour {
    Tour::start(Python, name, era, reach, Value::Null)
}

pub(crate) fn clock() -> Command {
    Command::python(&["-m", "mcp_server_time", "--local-timezone", "Europe/Berlin"])
}

pub(crate) fn ours(args: &[&str]) -> Command {
    let script = tests().join("python/both_eras.py").display().to_string();
    Command::python(&[&[script.as_str()], args].concat())
}

/// A repository with one commit and a change that is not in it, alike wherever it is made.
fn repository(folder: &Path) {
    let git = |args: &[&str]| {
        let mut command = clean("git");
        command.current_dir(folder).args(args);
        for name in ["GIT_AUTHOR", "GIT_COMMITTER"] {
            command.env(format!("{name}_NAME"), "Zoë").env(format!("{name}_EMAIL"), "zoe@example.com");
            command.env(format!("{name}_DATE"), "2026-01-01T00:00:00Z");
        }
        let done = command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").output();
        let done = done.expect("git can be run");
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "--quiet", "--initial-branch=main"]);
    std::fs::write(folder.join("notes.txt"), "one\n").unwrap();
    git(&["add", "notes.txt"]);
    git(&["commit", "--quiet", "--message=First"]);
    std::fs::write(folder.join("notes.txt"), "one\ntwo\n").unwrap();
}

#[track_caller]
pub(crate) fn check_clock(notebook: &Notebook, version: &str) {
    assert_eq!(notebook.saw("connected")["version"], version);
    assert_eq!(notebook.names("tools", "tools"), ["get_current_time", "convert_time"]);
    assert!(notebook.text("convert").contains("Asia/Kathmandu"));
    assert_eq!(notebook.saw("nowhere")["isError"], true);
}

#[track_caller]
pub(crate) fn check_git(notebook: &Notebook, version: &str) {
    assert_eq!(notebook.saw("connected")["version"], version);
    assert!(notebook.text("diff").contains("+two"));
    assert!(notebook.text("branches").contains("* side"));
    assert!(notebook.text("staged").contains("+two"));
}

#[track_caller]
pub(crate) fn check_ours(notebook: &Notebook, version: &str) {
    assert_eq!(notebook.saw("connected")["version"], version);
    assert_eq!(notebook.saw("add")["structuredContent"], json!({ "sum": 2e20, "parts": [0.1, 2e20] }));
    assert_eq!(notebook.saw("fails")["isError"], true);
    assert_eq!(notebook.saw("count progress"), &json!([[1.0, 3.0, "number 1"], [2.0, 3.0, "number 2"]]));
    assert_eq!(notebook.text("ask_person"), "Zoë is 7");
    assert_eq!(notebook.text("ask_model"), "the model said: I was asked: What is a door?");
    assert_eq!(notebook.text("ask_roots"), "file:///srv/one");
    assert_eq!(notebook.saw("the server was told"), &json!({ "begun": 1, "cancelled": 1 }));
    assert_eq!(notebook.saw("completion")["completion"]["values"], json!(["Ada", "Alan"]));
    if version == MODERN {
        assert_eq!(notebook.saw("updated"), "ResourceUpdated(uri='notes://all')");
        assert_eq!(notebook.saw("changed"), "ToolsListChanged()");
        assert!(notebook.saw("tools after").as_array().unwrap().contains(&json!("grown")));
    }
}

#[track_caller]
pub(crate) fn check_fallen_back(notebook: &Notebook) {
    assert_eq!(notebook.saw("connected")["version"], LEGACY);
    assert_eq!(notebook.text("sum"), "The sum of 2 and 40 is 42.");
    assert!(notebook.text("sampling").contains("context: Who?"));
    assert!(notebook.text("roots").contains("file:///srv/one"));
    assert_eq!(notebook.saw("updated")["uri"], "demo://resource/dynamic/text/1");
}

/// The tour of `mcp-server-git` in a new repository.
pub(crate) fn tour_of_git(era: &str, reach: Value, folder: &Path) -> Tour {
    repository(folder);
    Tour::start(Python, "git", era, reach, json!({ "repository": folder }))
}

#[test]
fn the_time_is_told_to_a_legacy_client() {
    let door = Door::before(&[("clock", &clock())]);
    let direct = tour("clock", "legacy", clock().reach());
    let through = tour("clock", "legacy", door.http(AGENT, "clock")).notebook();
    check_clock(&through, LEGACY);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn a_repository_is_worked_on_by_a_legacy_client() {
    let folder = TestHome::folder();
    let server = Command::python(GIT);
    let door = Door::before(&[("git", &server)]);
    let direct = tour_of_git("legacy", server.reach(), &folder.beside("here"));
    let through = tour_of_git("legacy", door.http(AGENT, "git"), &folder.beside("there")).notebook();
    check_git(&through, LEGACY);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn a_python_server_is_the_same_to_a_legacy_client() {
    let (here, there) = (Listening::saying(&ours(&["--http"])), Listening::saying(&ours(&["--http"])));
    let door = Door::before_address("ours", &there.url);
    let direct = tour("both_eras", "legacy", here.reach());
    let through = tour("both_eras", "legacy", door.http(AGENT, "ours")).notebook();
    check_ours(&through, LEGACY);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn a_client_of_the_newer_era_falls_back_by_itself_before_an_older_server() {
    let server = Command::node(EVERYTHING, &["stdio"]);
    let door = Door::before(&[("everything", &server)]);
    let direct = tour("everything", "auto", server.reach());
    let through = tour("everything", "auto", door.http(AGENT, "everything")).notebook();
    check_fallen_back(&through);
    through.is_as(&direct.notebook());
    door.close();
}
