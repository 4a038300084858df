//! An agent's own file, from `doorward agent connect` to `agent undo`, with a real gateway and a real server behind it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use serde_json::{Value, json};
use std::{fs, path::PathBuf, process::Command};
use support::{Said, TestHome, doorward, run};

/// A home of Doorward's and one of a person with agents.
struct Person {
    home: TestHome,
    /// The person's home folder.
    dir: PathBuf,
}

impl Person {
    fn new() -> Person {
        let home = TestHome::made(&[]);
        let dir = home.folder.path().join("person");
        fs::create_dir_all(dir.join("project")).unwrap();
        Person { home, dir }
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn run(&self, arguments: &[&str]) -> Said {
        run(&mut self.command(arguments))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = doorward();
        command.arg("--home").arg(&self.home.dir).args(arguments);
        for name in ["CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME", "APPDATA"] {
            command.env_remove(name);
        }
        command.env("HOME", &self.dir).current_dir(self.dir.join("project"));
        command
    }

    fn known(&self, id: &str) -> Value {
        let said = self.run(&["agent", "list", "--known", "--format", "json"]);
        assert_eq!(said.code, 0, "{said:?}");
        let all: Vec<Value> = serde_json::from_str(&said.out).unwrap();
        all.into_iter().find(|agent| agent["id"] == id).unwrap()
    }
}

/// The practice upstream as an agent would have it, without Doorward.
fn practice(name: &str) -> Value {
    json!({ name: { "command": env!("CARGO_BIN_EXE_doorward"), "args": ["practice"], "env": { "API_TOKEN": "t-1" } } })
}

#[test]
fn every_kind_of_agent_is_connected_answers_through_its_file_and_is_put_back_byte_for_byte() {
    let person = Person::new();
    let serving = person.home.serve(&[]);
    let servers = serde_json::to_string(&practice("shop")).unwrap();
    let toml = format!(
        "# mine\n[mcp_servers.shop]\ncommand = {:?}\nargs = [\"practice\"] # tools\nstartup_timeout_sec = 9\n",
        env!("CARGO_BIN_EXE_doorward")
    );
    let files = [
        ("claude-code", ".claude.json", format!("{{\"numStartups\": 3, \"mcpServers\": {servers}}}")),
        (
            "claude-desktop",
            ".config/Claude/claude_desktop_config.json",
            format!("{{\"mcpServers\":{servers}}}\n"),
        ),
        ("codex", ".codex/config.toml", toml),
        ("cursor", ".cursor/mcp.json", format!("{{ \"mcpServers\": {servers} }}")),
        ("vs-code", ".config/Code/User/mcp.json", format!("{{ // mine\n \"servers\": {servers}, }}")),
        ("gemini", ".gemini/settings.json", format!("{{ \"mcpServers\": {servers} }}")),
        ("zed", ".config/zed/settings.json", format!("// zed\n{{ \"context_servers\": {servers} }}")),
        ("windsurf", ".codeium/windsurf/mcp_config.json", format!("{{ \"mcpServers\": {servers} }}")),
    ];
    for (id, path, text) in &files {
        let path = person.write(path, text);
        let server = person.known(id)["files"][0]["servers"][0].clone();
        assert_eq!((server["name"].clone(), server["behind"].clone()), (json!("shop"), Value::Null), "{id}");

        let dry = person.run(&["agent", "connect", id, "--dry-run"]);
        assert_eq!(dry.code, 0, "{dry:?}");
        assert!(dry.out.contains("Nothing was changed.") && dry.out.contains("\n+"), "{dry:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), *text, "a dry run changes nothing");

        let said = person.run(&["agent", "connect", id]);
        assert_eq!(said.code, 0, "{id}: {said:?}");
        assert!(said.out.contains("shop: answered, as"), "{id}: {said:?}");
        let agent = person.known(id);
        assert!(agent["files"][0]["servers"][0]["behind"].as_str().unwrap().starts_with("shop"), "{agent}");
        assert_eq!(agent["connected_as"], *id);

        let said = person.run(&["agent", "undo", id]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(
            said.out.contains("byte for byte") && said.out.contains(&format!("Removed the agent `{id}`"))
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), *text, "{id}");
    }
    let upstreams = person.run(&["upstream", "list"]);
    assert!(upstreams.out.contains("shop"), "a moved server is an upstream: {upstreams:?}");
    drop(serving);
}

#[test]
fn what_was_added_around_the_door_is_new_and_disconnecting_keeps_it() {
    let person = Person::new();
    let serving = person.home.serve(&[]);
    let path = person.write(".cursor/mcp.json", &format!("{{ \"mcpServers\": {} }}\n", practice("shop")));
    assert_eq!(person.run(&["agent", "connect", "cursor"]).code, 0);
    let text = fs::read_to_string(&path).unwrap();
    let edited = text.replacen("\"shop\"", "\"sneaky\": { \"command\": \"other\" }, \"shop\"", 1);
    fs::write(&path, &edited).unwrap();
    let servers = person.known("cursor")["files"][0]["servers"].clone();
    let new: Vec<&Value> =
        servers.as_array().unwrap().iter().filter(|server| server["is_new"] == true).collect();
    assert_eq!(new.len(), 1, "{servers}");
    assert_eq!(new[0]["name"], "sneaky");
    let said = person.run(&["disconnect", "--all"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("edited since"), "{said:?}");
    let now: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(now["mcpServers"]["sneaky"], json!({ "command": "other" }));
    assert_eq!(now["mcpServers"]["shop"], practice("shop")["shop"]);
    assert!(person.run(&["disconnect", "--all"]).out.contains("No agent is connected"));
    drop(serving);
}

#[test]
fn an_agent_without_servers_reaches_an_upstream_of_ours_by_name() {
    let person = Person::new();
    let serving = person.home.serve(&[]);
    let said = person.run(&["agent", "connect", "windsurf"]);
    assert!(said.code == 1 && said.err.contains("nothing that could go behind"), "{said:?}");
    let said = person.run(&["agent", "connect", "windsurf", "--upstreams", "practice"]);
    assert_eq!(said.code, 0, "{said:?}");
    let path = person.dir.join(".codeium/windsurf/mcp_config.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("/mcp/practice") && text.contains("Bearer dw_"), "{text}");
    assert_eq!(person.run(&["agent", "undo", "windsurf"]).code, 0);
    assert!(!path.exists());
    drop(serving);
}

#[test]
fn nothing_is_changed_while_doorward_does_not_run_or_a_server_cannot_be_had() {
    let person = Person::new();
    let text = "{ \"mcpServers\": { \"a\": { \"url\": \"http://far.example/mcp\" }, \"b\": { \"command\": \"${X}\" } } }";
    let path = person.write(".cursor/mcp.json", text);
    let off = person.run(&["agent", "connect", "cursor"]);
    assert!(off.code == 1 && off.err.contains("does not run"), "{off:?}");
    let serving = person.home.serve(&[]);
    for (servers, expected) in [("a", "plain http"), ("b", "only the agent fills in"), ("c", "no server `c`")]
    {
        let said = person.run(&["agent", "connect", "cursor", "--servers", servers]);
        assert!(said.code == 1 && said.err.contains(expected), "{said:?}");
    }
    let said = person.run(&["agent", "connect", "emacs"]);
    assert!(said.err.contains("no agent program `emacs`"), "{said:?}");
    let said = person.run(&["agent", "undo", "cursor"]);
    assert!(said.err.contains("nothing to undo"), "{said:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(person.run(&["agent", "list"]).out.matches("acts for").count(), 1, "only the practice agent");
    drop(serving);
}

#[test]
fn no_value_that_looks_secret_is_shown_while_a_change_is_looked_at() {
    let person = Person::new();
    let serving = person.home.serve(&[]);
    let text = "{ \"mcpServers\": {\n\"a\": { \"command\": \"x\", \"env\": { \"API_KEY\": \"canary\\\"1\" } },\n\"b\": { \"url\": \"https://far.example/mcp\", \"headers\": { \"Authorization\": \"Bearer canary-2\" } } } }\n";
    person.write(".cursor/mcp.json", text);
    let said = person.run(&["agent", "connect", "cursor", "--servers", "a", "--dry-run"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!said.out.contains("canary") && said.out.contains("••••••"), "{said:?}");
    let said = person.run(&["agent", "list", "--known", "--format", "json"]);
    assert!(!said.out.contains("canary") && said.out.contains("API_KEY"), "{said:?}");
    drop(serving);
}
