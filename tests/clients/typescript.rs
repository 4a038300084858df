//! The official TypeScript client in the older era over HTTP, and what it must have seen in either.

use super::door::{Command, Door, Listening};
use super::sent;
use super::tour::{Guide::TypeScript, Notebook, Tour};
use crate::support::home::TestHome;
use serde_json::{Value, json};
use std::path::Path;

/// The agent that this client is.
pub(crate) const AGENT: &str = "typescript";
pub(crate) const EVERYTHING: &str = "node_modules/@modelcontextprotocol/server-everything/dist/index.js";
pub(crate) const FILES: &str = "node_modules/@modelcontextprotocol/server-filesystem/dist/index.js";
pub(crate) const MEMORY: &str = "node_modules/@modelcontextprotocol/server-memory/dist/index.js";
pub(crate) const OURS: &str = "both-eras.mjs";

/// What every client must have seen of `server-everything`, so that two wrong notebooks are not alike.
#[track_caller]
pub(crate) fn check_everything(notebook: &Notebook) {
    assert_eq!(notebook.saw("connected")["version"], "2025-11-25");
    assert_eq!(notebook.saw("connected")["server"]["name"], "mcp-servers/everything");
    assert!(notebook.names("tools", "tools").contains(&"trigger-sampling-request"));
    assert_eq!(notebook.text("echo"), "Echo: Grüße, 世界 \u{1F6AA} \0\u{2028}");
    assert_eq!(notebook.saw("structured")["structuredContent"]["humidity"], 82);
    let steps = [1, 2, 3].map(|progress| json!({ "progress": progress, "total": 4 }));
    assert_eq!(notebook.saw("long progress"), &json!(steps));
    assert_eq!(notebook.saw("cancelled"), "stopped by the client");
    assert!(notebook.text("sampling").contains("context: Who is there?"));
    assert!(notebook.text("elicitation").contains("User provided the requested information"));
    assert_eq!(notebook.saw("link asked")["url"], "https://example.com/sign?in=1&x=%20");
    assert_eq!(notebook.saw("link needed first")["failed"], -32042);
    assert!(notebook.text("roots").contains("file:///srv/two"));
    assert_eq!(notebook.saw("updated")["uri"], "demo://resource/dynamic/text/1");
    assert_eq!(notebook.saw("completion")["completion"]["values"], json!(["David", "Eve", "Frank"]));
    assert_eq!(notebook.saw("logged"), true);
    assert!(notebook.text("task result").contains("Research Report"));
    assert_eq!(notebook.saw("task ended"), "completed");
}

/// What every client must have seen of our own server, in either era.
#[track_caller]
pub(crate) fn check_both_eras(notebook: &Notebook, version: &str) {
    assert_eq!(notebook.saw("connected")["version"], version);
    assert_eq!(notebook.saw("add")["structuredContent"], json!({ "sum": 2e20, "parts": [0.1, 2e20] }));
    assert_eq!(notebook.text("greet"), "Hello Zoë in Köln am Rhein; tools/call");
    assert_eq!(notebook.saw("fails")["isError"], true);
    assert_eq!(notebook.saw("count progress")[1]["message"], "number 2");
    assert_eq!(notebook.saw("count logged")["data"], json!({ "number": 3 }));
    assert_eq!(notebook.text("ask-person"), r#"accept: {"name":"Zoë","age":7}"#);
    assert_eq!(notebook.text("ask-link"), "page: accept");
    assert_eq!(notebook.text("ask-model"), "the model said: I was asked: What is a door?");
    assert_eq!(notebook.text("ask-roots"), "file:///srv/one");
    assert_eq!(notebook.text("ask-twice"), "two: was Zoë ✓ then Zoë");
    assert_eq!(notebook.saw("wait"), "stopped by the client");
    assert_eq!(notebook.saw("the server was told"), &json!({ "begun": 1, "cancelled": 1 }));
    assert_eq!(notebook.names("all pages", "resources"), ["1", "2", "3", "4", "5"]);
    assert_eq!(notebook.names("next page", "resources"), ["3", "4"]);
    assert_eq!(notebook.saw("many at once")[39], "Hello 39 in place 39; tools/call");
    assert_eq!(notebook.saw("long")["length"], 1_800_000);
    assert_eq!(notebook.saw("a method of its own")["seen"]["example.com/any"], json!([1, 0.5, null, "é"]));
    assert_eq!(notebook.saw("no such method"), "Method not found");
    assert_eq!(notebook.saw("prompt that asks")["messages"][0]["content"]["text"], "For Zoë");
    assert_eq!(notebook.saw("resource that asks")["contents"][0]["text"], "opened with Zoë");
    assert!(notebook.saw("tools after").as_array().unwrap().contains(&json!("grown")));
    if version == "2026-07-28" {
        assert_eq!(notebook.saw("updated"), "notes://all");
    }
}

pub(crate) fn tour(name: &str, era: &str, reach: Value) -> Tour {
    Tour::start(TypeScript, name, era, reach, Value::Null)
}

/// The cancelled call's own id was in the cancellation that reached the server.
#[track_caller]
pub(crate) fn check_cancellation(record: &Path) {
    let sent = sent::messages(record);
    let long = sent.iter().find(|message| message["params"]["arguments"]["steps"] == 200).expect("the call");
    let cancelled: Vec<_> = sent.iter().filter(|one| one["method"] == "notifications/cancelled").collect();
    assert_eq!(cancelled.len(), 1, "{cancelled:?}");
    assert_eq!(cancelled[0]["params"]["requestId"], long["id"]);
    assert_eq!(cancelled[0]["params"]["reason"], "enough seen");
}

pub(crate) fn files(folder: &Path) -> Command {
    Command::node(FILES, &[&folder.display().to_string()])
}

pub(crate) fn tour_of_files(reach: Value, folder: &Path) -> Tour {
    Tour::start(TypeScript, "files", "2025-06-18", reach, json!({ "folder": folder }))
}

#[track_caller]
pub(crate) fn check_files(notebook: &Notebook, folder: &Path) {
    assert_eq!(std::fs::read_to_string(folder.join("moved.txt")).unwrap(), "three\ntwo \u{1F511}\n");
    assert_eq!(notebook.saw("connected")["version"], "2025-06-18");
    assert!(notebook.text("outside").contains("Access denied"));
}

#[test]
fn everything_passes_from_a_legacy_client_to_a_program() {
    let folder = TestHome::folder();
    let record = folder.beside("record").join("lines");
    let server = Command::node(EVERYTHING, &["stdio"]);
    let upstream = server.tapped(&record);
    let door = Door::before(&[("everything", &upstream)]);
    let direct = tour("everything", "legacy", server.reach());
    let through = tour("everything", "legacy", door.http(AGENT, "everything")).notebook();
    check_everything(&through);
    check_cancellation(&record);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn everything_passes_from_a_legacy_client_to_an_address() {
    let server = Listening::silent(&Command::node(EVERYTHING, &["streamableHttp"]).env("PORT", "0"));
    let door = Door::before_address("everything", &server.url);
    let direct = tour("everything", "legacy", server.reach());
    let through = tour("everything", "legacy", door.http(AGENT, "everything")).notebook();
    check_everything(&through);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn files_are_written_and_memories_kept_by_clients_of_older_versions() {
    let folder = TestHome::folder();
    let (here, there, memories) = (folder.beside("here"), folder.beside("there"), folder.beside("memories"));
    let memory = |name: &str| Command::node(MEMORY, &[]).env("MEMORY_FILE_PATH", memories.join(name));
    let door = Door::before(&[("files", &files(&there)), ("memory", &memory("there"))]);
    let direct = tour_of_files(files(&here).reach(), &here);
    let through = tour_of_files(door.http(AGENT, "files"), &there).notebook();
    check_files(&through, &there);
    through.is_as(&direct.notebook());

    let direct = tour("memory", "2025-03-26", memory("here").reach());
    let through = tour("memory", "2025-03-26", door.http(AGENT, "memory")).notebook();
    assert_eq!(through.saw("connected")["version"], "2025-03-26");
    assert!(through.text("search").contains("creaks"));
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn our_server_is_the_same_to_a_legacy_client() {
    let folder = TestHome::folder();
    let (here, there) = (folder.beside("record").join("here"), folder.beside("record").join("there"));
    let server = Command::node(OURS, &[]);
    let door = Door::before(&[("ours", &server.tapped(&there))]);
    let direct = tour("both-eras", "legacy", server.tapped(&here).reach());
    let through = tour("both-eras", "legacy", door.http(AGENT, "ours")).notebook();
    check_both_eras(&through, "2025-11-25");
    through.is_as(&direct.notebook());
    sent::is_as(&there, &here);
    door.close();
}
