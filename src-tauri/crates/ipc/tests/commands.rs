//! The window's commands against a real engine in a home of its own.

#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use gateway::home::{Home, InitOptions, KeychainKind};
use gateway::{ChangePolicy, Engine};
use ipc::Host;
use serde_json::{Value, json};
use std::sync::Arc;

const DENY: &str = "name = \"No payments\"\ndescription = \"Nobody pays from here.\"\n\n# a person's comment\n[target]\ntools = [\"practice/send_payment\"]\n\n[action]\nkind = \"deny\"\n";

struct Desktop {
    home: tempfile::TempDir,
    engine: Arc<Engine>,
    host: Arc<Host>,
}

impl Desktop {
    async fn start() -> Desktop {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("h");
        let options = InitOptions {
            listen: Some("127.0.0.1:0".parse().unwrap()),
            keychain: KeychainKind::Memory,
            ..InitOptions::default()
        };
        Home::init(&dir, &options).unwrap();
        for entry in std::fs::read_dir(dir.join("policies")).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && !path.ends_with("set.toml") {
                std::fs::remove_file(path).unwrap();
            }
        }
        std::fs::write(dir.join("policies/no-payments.toml"), DENY).unwrap();
        let engine = Engine::start(gateway::Options {
            home: dir.clone(),
            listen: None,
            on_change: ChangePolicy::ConfirmInWindow,
        })
        .await
        .unwrap();
        let host = Host::over(Ok(Arc::clone(&engine)), dir);
        Desktop { home, engine, host }
    }

    async fn ask(&self, name: &str, body: Value) -> Result<Value, ipc::IpcError> {
        self.host.call("main", name, body).await
    }

    fn policy_file(&self) -> std::path::PathBuf {
        self.home.path().join("h/policies/no-payments.toml")
    }
}

#[tokio::test]
async fn a_mode_changed_in_the_window_is_in_force_and_keeps_the_comments() {
    let desktop = Desktop::start().await;
    let view = desktop.ask("set_policy_mode", json!({"id": "no-payments", "mode": "off"})).await.unwrap();
    assert_eq!(view["rows"][0]["mode"], "off");
    assert_eq!(view["waiting"], Value::Null, "our own write is not a change from outside");
    let text = std::fs::read_to_string(desktop.policy_file()).unwrap();
    assert!(text.contains("# a person's comment") && text.contains("mode = \"off\""), "{text}");
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn a_file_changed_on_disk_waits_and_can_be_applied_or_put_back() {
    let desktop = Desktop::start().await;
    std::fs::write(desktop.policy_file(), DENY.replace("No payments", "Really no payments")).unwrap();
    let view = desktop.ask("policies", json!({})).await.unwrap();
    assert_eq!(view["rows"][0]["name"], "No payments", "what is in force stays");
    assert_eq!(view["waiting"]["files"][0]["path"], "no-payments.toml");

    let wrong = desktop.ask("confirm_change", json!({"hash": "0".repeat(64)})).await.unwrap_err();
    assert_eq!(wrong.code, "set_stale");

    let hash = view["waiting"]["hash"].clone();
    let view = desktop.ask("discard_change", json!({"hash": hash})).await.unwrap();
    assert_eq!(view["waiting"], Value::Null);
    assert_eq!(std::fs::read_to_string(desktop.policy_file()).unwrap(), DENY);

    std::fs::write(desktop.policy_file(), DENY.replace("No payments", "Really no payments")).unwrap();
    let view = desktop.ask("policies", json!({})).await.unwrap();
    let view = desktop.ask("confirm_change", json!({"hash": view["waiting"]["hash"]})).await.unwrap();
    assert_eq!(view["rows"][0]["name"], "Really no payments");
    assert_eq!(view["waiting"], Value::Null);
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn a_broken_file_cannot_be_applied_and_says_where_it_is_wrong() {
    let desktop = Desktop::start().await;
    std::fs::write(desktop.policy_file(), "name = \n").unwrap();
    let view = desktop.ask("policies", json!({})).await.unwrap();
    assert_eq!(view["rows"][0]["name"], "No payments");
    let problem = view["waiting"]["problems"][0].as_str().unwrap();
    assert!(problem.contains("no-payments.toml:1"), "{problem}");
    let refused = desktop.ask("confirm_change", json!({"hash": view["waiting"]["hash"]})).await.unwrap_err();
    assert_eq!(refused.code, "set_invalid");
    let overview = desktop.ask("overview", json!({})).await.unwrap();
    assert_eq!(overview["alarms"][0]["code"], "set_waiting");
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn only_known_windows_and_commands_are_answered() {
    let desktop = Desktop::start().await;
    let other = desktop.host.call("ceremony", "inbox", json!({})).await.unwrap_err();
    assert_eq!(other.code, "not_allowed");
    for name in ["accept_program", "set_wait_limit"] {
        assert_eq!(desktop.host.call("ceremony", name, json!({})).await.unwrap_err().code, "not_allowed");
    }
    assert_eq!(desktop.ask("no_such_thing", json!({})).await.unwrap_err().code, "unknown_command");
    assert_eq!(desktop.ask("card", json!({"holt": "h-x"})).await.unwrap_err().code, "bad_request");
    assert_eq!(desktop.ask("card", json!({"hold": "h-x"})).await.unwrap_err().code, "no_hold");
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn an_agents_token_is_shown_once_with_text_to_connect_it() {
    let desktop = Desktop::start().await;
    let new = desktop.ask("add_agent", json!({"name": "cursor", "user": "me"})).await.unwrap();
    let token = new["token"].as_str().unwrap();
    assert!(token.starts_with("dw_"));
    assert!(
        new["connect"][0]["text"].as_str().unwrap().contains(token) || desktop.engine.upstreams().is_empty()
    );
    let agents = desktop.ask("agents", json!({})).await.unwrap();
    assert!(!agents.to_string().contains(token));
    let kept = std::fs::read_to_string(desktop.home.path().join("h/agents.toml")).unwrap();
    assert!(kept.contains("cursor") && !kept.contains(token), "only the hash is kept");
    assert_eq!(
        desktop.ask("add_agent", json!({"name": "Cursor!", "user": "me"})).await.unwrap_err().code,
        "bad_name"
    );
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn a_wait_limit_is_set_and_taken_back_and_only_a_sensible_one_is_taken() {
    let desktop = Desktop::start().await;
    desktop.ask("add_agent", json!({"name": "cursor", "user": "me"})).await.unwrap();
    let agents = desktop.ask("agents", json!({})).await.unwrap();
    let before = row(&agents, "cursor").clone();
    assert_eq!(
        (&before["wait_limit"], &before["wait_of_program"], &before["programs"], &before["other_programs"]),
        (&Value::Null, &Value::Null, &json!([]), &json!([]))
    );
    let agents = desktop.ask("set_wait_limit", json!({"agent": "cursor", "seconds": 600})).await.unwrap();
    assert_eq!(row(&agents, "cursor")["wait_limit"], 600);
    for seconds in [0, 86_401] {
        let limit = json!({"agent": "cursor", "seconds": seconds});
        assert_eq!(desktop.ask("set_wait_limit", limit).await.unwrap_err().code, "wait_limit_not_valid");
    }
    let unknown = json!({"agent": "zed", "seconds": 600});
    assert_eq!(desktop.ask("set_wait_limit", unknown).await.unwrap_err().code, "no_such_agent");
    let negative = json!({"agent": "cursor", "seconds": -1});
    assert_eq!(desktop.ask("set_wait_limit", negative).await.unwrap_err().code, "bad_request");
    let agents = desktop.ask("set_wait_limit", json!({"agent": "cursor", "seconds": null})).await.unwrap();
    assert_eq!(row(&agents, "cursor"), &before);
    desktop.engine.shutdown().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn another_program_is_shown_once_it_called_and_only_that_one_can_be_accepted() {
    let desktop = Desktop::start().await;
    let new = desktop.ask("add_agent", json!({"name": "cursor", "user": "me"})).await.unwrap();
    // Nothing needs to answer there: the call is looked at before it would go up.
    let upstream = json!({"name": "away", "command": null, "url": "http://127.0.0.1:9/mcp"});
    desktop.ask("add_upstream", upstream).await.unwrap();
    let book = desktop.home.path().join("h/agents.toml");
    let text = std::fs::read_to_string(&book).unwrap();
    std::fs::write(&book, format!("{text}program = \"/opt/cursor/cursor\"\n")).unwrap();
    // A person confirms what changed on the disk.
    desktop.engine.look_at_files();
    let hash = desktop.engine.sets().waiting().unwrap().hash;
    desktop.engine.sets().confirm(&hash).unwrap();
    desktop.engine.set_changed();
    let own = std::env::current_exe().unwrap().canonicalize().unwrap().to_str().unwrap().to_owned();
    let accept = |program: &str| json!({"agent": "cursor", "program": program});
    let early = desktop.ask("accept_program", accept(&own)).await.unwrap_err();
    assert_eq!(early.code, "no_such_program");
    assert!(early.message.contains(&own) && !early.hint.is_empty(), "{early:?}");

    call(desktop.engine.listen_addr(), new["token"].as_str().unwrap()).await;
    let agents = desktop.ask("agents", json!({})).await.unwrap();
    let cursor = row(&agents, "cursor");
    assert_eq!(cursor["programs"], json!(["/opt/cursor/cursor"]));
    assert_eq!(cursor["other_programs"][0]["program"], own.as_str());
    let at = |value: &Value| value.as_i64().unwrap();
    assert!(at(&cursor["other_programs"][0]["last_call"]) >= at(&cursor["last_seen"]), "{cursor}");
    assert_eq!(cursor["wait_of_program"], "4 min 40 s");

    let other = desktop.ask("accept_program", accept("/bin/sh")).await.unwrap_err();
    assert_eq!(other.code, "no_such_program");
    let agents = desktop.ask("accept_program", accept(&own)).await.unwrap();
    let cursor = row(&agents, "cursor");
    assert_eq!(cursor["programs"], json!(["/opt/cursor/cursor", own]));
    assert_eq!(cursor["other_programs"], json!([]));
    desktop.engine.shutdown().await;
}

/// One call of the stateless era, from this process; what is answered does not matter.
#[cfg(target_os = "linux")]
async fn call(door: std::net::SocketAddr, token: &str) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "codex-mcp-client", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({"name": "look", "arguments": {}, "_meta": meta});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string();
    let head = format!(
        "POST /mcp/away HTTP/1.1\r\nHost: {door}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: look\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(door).await.unwrap();
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("\"jsonrpc\""), "{answer}");
}

fn row<'a>(agents: &'a Value, name: &str) -> &'a Value {
    let rows = agents["agents"].as_array().unwrap();
    rows.iter().find(|row| row["name"] == name).unwrap()
}

#[tokio::test]
async fn a_host_without_an_engine_says_why() {
    let failure = ipc::StartFailure {
        code: "port_in_use".to_owned(),
        message: "port 7717 on 127.0.0.1 is in use by another program".to_owned(),
        hint: "stop it".to_owned(),
    };
    let host = Host::over(Err(failure), "/nowhere".into());
    let overview = host.call("main", "overview", json!({})).await.unwrap();
    assert_eq!(overview["gateway"]["state"], "off");
    let refused = host.call("main", "inbox", json!({})).await.unwrap_err();
    assert!(refused.message.contains("7717"), "{}", refused.message);
    assert_eq!(refused.hint, "stop it");
}

#[tokio::test]
async fn activity_is_exported_into_a_private_file_of_the_home() {
    let desktop = Desktop::start().await;
    let whole = json!({"format": "jsonl", "filters": null, "clear": false});
    let made = desktop.ask("export_activity", whole).await.unwrap();
    let path = std::path::PathBuf::from(made["path"].as_str().unwrap());
    assert!(path.starts_with(desktop.home.path().join("h/exports")), "{made}");
    let text = std::fs::read(&path).unwrap();
    let verified = journal::verify_export(&mut text.as_slice(), None).unwrap();
    assert_eq!(made["count"], verified.entries);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
    let filters = json!({"limit": 1, "agent": "coder"});
    let table = json!({"format": "csv", "filters": filters, "clear": true});
    let (one, other) = (
        desktop.ask("export_activity", table.clone()).await.unwrap(),
        desktop.ask("export_activity", table).await.unwrap(),
    );
    assert_eq!(one["count"], 0, "no passkey is enrolled, so that the click is all there is");
    assert_ne!(one["path"], other["path"], "no export goes over another");
    let kinds: Vec<_> = desktop.engine.journal().entries(1).unwrap().into_iter().map(|e| e.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "exported_in_clear").count(), 2);
    let nobody = json!({"format": "csv", "filters": {"limit": 1, "policy": "No Such"}, "clear": false});
    assert_eq!(desktop.ask("export_activity", nobody).await.unwrap_err().code, "export");
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn a_passphrase_is_set_changed_and_guessed_in_the_window_and_no_answer_repeats_it() {
    let desktop = Desktop::start().await;
    let right = "four words in a row";
    let view = desktop.ask("security", json!({})).await.unwrap();
    assert_eq!(view["passphrase"], json!({ "set": false, "shortest": 12 }));
    let short = desktop.ask("set_passphrase", json!({ "passphrase": "too short", "old": null })).await;
    assert_eq!(short.unwrap_err().code, "passphrase_short");
    let view = desktop.ask("set_passphrase", json!({ "passphrase": right, "old": null })).await.unwrap();
    assert_eq!(view["passphrase"]["set"], true);
    assert!(!view.to_string().contains(right));
    let other = "another one altogether";
    let wrong = desktop.ask("set_passphrase", json!({ "passphrase": other, "old": "not this one" })).await;
    assert_eq!(wrong.unwrap_err().code, "passphrase_wrong");
    // What is asked wrongly is told without what was typed.
    let broken =
        desktop.ask("prove_by_passphrase", json!({ "passphrase": right, "hold": 7 })).await.unwrap_err();
    assert!(!format!("{broken:?}").contains(right), "{broken:?}");
    let nothing = json!({ "hold": "h-7m3kq2xw5a4nzr6tbc2d", "digest": "0".repeat(64), "passphrase": right });
    assert!(desktop.ask("prove_by_passphrase", nothing).await.is_err());
    let first = json!({ "person": "me", "name": "Laptop", "passphrase": null });
    assert_eq!(desktop.ask("enrol_passkey", first).await.unwrap_err().code, "passphrase_needed");
    let first = json!({ "person": "me", "name": "Laptop", "passphrase": right });
    assert!(
        desktop.ask("enrol_passkey", first).await.unwrap()["url"].as_str().unwrap().contains("localhost")
    );
    let view = desktop.ask("remove_passphrase", json!({ "old": right })).await.unwrap();
    assert_eq!(view["passphrase"]["set"], false);
    let entries = desktop.engine.journal().entries(0).unwrap();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    for kind in ["passphrase_set", "passphrase_refused", "passphrase_removed"] {
        assert!(kinds.contains(&kind), "{kind}");
    }
    let bodies: String = entries.iter().filter_map(|entry| entry.body.as_deref()).collect();
    assert!(!bodies.contains(right) && !bodies.contains(other) && !bodies.contains("not this one"));
    desktop.engine.shutdown().await;
}
