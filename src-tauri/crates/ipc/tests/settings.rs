//! The settings screen's commands, counts and traces against a real engine in a home of its own.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it must be"
)]

use gateway::home::{Home, InitOptions, KeychainKind};
use gateway::{ChangePolicy, Engine};
use ipc::Host;
use serde_json::{Value, json};
use std::sync::Arc;

struct Desktop {
    _folder: tempfile::TempDir,
    dir: std::path::PathBuf,
    _engine: Arc<Engine>,
    host: Arc<Host>,
}

impl Desktop {
    async fn start() -> Desktop {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("h");
        let options = InitOptions {
            listen: Some("127.0.0.1:0".parse().unwrap()),
            keychain: KeychainKind::Memory,
            ..InitOptions::default()
        };
        Home::init(&dir, &options).unwrap();
        let options =
            gateway::Options { home: dir.clone(), listen: None, on_change: ChangePolicy::ConfirmInWindow };
        let engine = Engine::start(options).await.unwrap();
        let host = Host::over(Ok(Arc::clone(&engine)), dir.clone());
        Desktop { _folder: folder, dir, _engine: engine, host }
    }

    async fn ask(&self, name: &str, body: Value) -> Result<Value, ipc::IpcError> {
        self.host.call("main", name, body).await
    }
}

#[tokio::test]
async fn each_setting_is_saved_says_what_it_does_and_can_be_taken_back() {
    let desktop = Desktop::start().await;
    let first = desktop.ask("settings", json!({})).await.unwrap();
    assert_eq!((&first["keep_days"], &first["default_action"]), (&json!(30), &json!("allow")));
    assert_eq!(first["at_next_start"], json!([]));
    for change in [
        json!({"kind": "retention", "keep_days": 90, "keep_mb": 2048}),
        json!({"kind": "full_results", "on": true}),
        json!({"kind": "show_denied_tools", "on": true}),
        json!({"kind": "default_action", "action": "deny", "flow": null}),
        json!({"kind": "default_action", "action": "request_approval", "flow": "owner"}),
    ] {
        let saved = desktop.ask("change_setting", change.clone()).await.unwrap();
        assert_ne!(saved["view"], first, "{change}");
        assert_eq!(saved["view"], desktop.ask("settings", json!({})).await.unwrap());
        let waits = saved["view"]["at_next_start"].as_array().unwrap().len();
        let at_once = matches!(change["kind"].as_str(), Some("retention" | "default_action"));
        assert_eq!(waits, usize::from(!at_once), "{change}");
        assert_eq!(saved["message"].as_str().unwrap().contains("next start"), !at_once, "{change}");
        let back = desktop.ask("change_setting", saved["undo"].clone()).await.unwrap();
        assert_eq!(back["view"], first, "{change}");
    }
}

#[tokio::test]
async fn a_port_counts_from_the_next_start_on() {
    let desktop = Desktop::start().await;
    let set = |port: u16| desktop.ask("change_setting", json!({"kind": "port", "port": port}));
    let saved = set(7999).await.unwrap();
    assert_eq!(saved["view"]["port"], 7999);
    let waits = saved["view"]["at_next_start"][0].as_str().unwrap();
    assert!(waits.starts_with("Agents connect to port 7999."), "{waits}");
    assert_eq!(set(8000).await.unwrap()["undo"], json!({"kind": "port", "port": 7999}));
    assert_eq!(Home::peek(&desktop.dir).unwrap().listen, "127.0.0.1:8000".parse().unwrap());
}

#[tokio::test]
async fn a_file_that_keeps_less_than_was_agreed_waits_until_it_is_saved_here() {
    let desktop = Desktop::start().await;
    let file = desktop.dir.join("doorward.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("keep_days = 30", "keep_days = 1")).unwrap();
    let waits = async || {
        let overview = desktop.ask("overview", json!({})).await.unwrap();
        overview["alarms"].as_array().unwrap().iter().any(|alarm| alarm["code"] == "history_waits")
    };
    assert!(waits().await);
    assert_eq!(desktop.ask("settings", json!({})).await.unwrap()["keep_days"], 30);
    let less = json!({"kind": "retention", "keep_days": 7, "keep_mb": 1024});
    let saved = desktop.ask("change_setting", less).await.unwrap();
    assert_eq!(saved["view"]["keep_days"], 7);
    assert_eq!(saved["undo"], json!({"kind": "retention", "keep_days": 30, "keep_mb": 1024}));
    assert!(!waits().await);
}

#[tokio::test]
async fn a_default_that_was_changed_judges_the_next_call() {
    let desktop = Desktop::start().await;
    desktop
        .ask("change_setting", json!({"kind": "default_action", "action": "deny", "flow": null}))
        .await
        .unwrap();
    let policies = desktop.ask("policies", json!({})).await.unwrap();
    assert!(policies["default_action"].as_str().unwrap().contains("den"), "{policies}");
    assert_eq!(policies["waiting"], Value::Null);
    let text = std::fs::read_to_string(desktop.dir.join("policies/set.toml")).unwrap();
    assert!(text.starts_with('#') && text.contains("default = \"deny\""), "its comment stays: {text}");
}

#[tokio::test]
async fn what_is_no_setting_is_refused_with_words_of_what_is() {
    let desktop = Desktop::start().await;
    let first = desktop.ask("settings", json!({})).await.unwrap();
    for (change, hint) in [
        (json!({"kind": "port", "port": 80}), "1024"),
        (json!({"kind": "port", "port": 70000}), "65535"),
        (json!({"kind": "retention", "keep_days": 0, "keep_mb": 1024}), "3650 days"),
        (json!({"kind": "retention", "keep_days": 30, "keep_mb": 3}), "16 to"),
    ] {
        let error = desktop.ask("change_setting", change.clone()).await.unwrap_err();
        assert!(error.code == "bad_setting" && error.hint.contains(hint), "{change}: {error:?}");
    }
    let unknown = json!({"kind": "default_action", "action": "request_approval", "flow": "nobody"});
    let error = desktop.ask("change_setting", unknown).await.unwrap_err();
    assert!(error.message.contains("nobody"), "{error:?}");
    assert_eq!(desktop.ask("settings", json!({})).await.unwrap(), first);
}

#[tokio::test]
async fn the_log_shows_its_newest_lines_with_nothing_hidden_in_them() {
    let desktop = Desktop::start().await;
    let empty = desktop.ask("read_log", json!({})).await.unwrap();
    assert_eq!((&empty["lines"], &empty["cut"]), (&json!([]), &json!(false)));
    let path = desktop.dir.join("doorward.log");
    assert_eq!(empty["path"], json!(path));
    std::fs::write(&path, "first\na \u{202e}line\n").unwrap();
    let log = desktop.ask("read_log", json!({})).await.unwrap();
    assert_eq!(log["lines"], json!(["first", "a ⟨RIGHT-TO-LEFT OVERRIDE⟩line"]));
    let long: String = (0..20_000).map(|n| format!("line {n}\n")).collect();
    std::fs::write(&path, long).unwrap();
    let log = desktop.ask("read_log", json!({})).await.unwrap();
    let lines = log["lines"].as_array().unwrap();
    assert!(log["cut"] == json!(true) && lines.len() < 10_000);
    assert!(lines[0].as_str().unwrap().starts_with("line ") && lines.last().unwrap() == "line 19999");
}

#[tokio::test]
async fn counts_and_traces_are_asked_for_by_bucket_and_by_call() {
    let desktop = Desktop::start().await;
    let filters = json!({"before": null, "limit": 1, "text": null, "outcome": null, "agent": null, "upstream": null,
        "tool": null, "policy": null, "since": null, "until": null});
    let ask = |edges: Value| desktop.ask("activity_counts", json!({"edges": edges, "filters": filters}));
    assert_eq!(ask(json!([0, 900_000])).await.unwrap(), json!({"counts": [], "oldest": null}));
    let error = ask(json!([1, 900_000])).await.unwrap_err();
    assert!(error.message.contains("quarters"), "{error:?}");
    assert_eq!(desktop.ask("activity_trace", json!({"seq": 999})).await.unwrap_err().code, "no_trace");
}
