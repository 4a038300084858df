//! Writing a policy in the window, against a real engine in a home of its own.

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

const TEXT: &str = "# mine\nname = \"Large\"\nwhen = '''\namount >  5000 // large\n  && (amount + tax > 9) // by hand'''\n\n[target]\ntools = [\"x/pay\"] # money\n\n[action]\nkind = \"deny\"\n";

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
        std::fs::write(dir.join("policies/large.toml"), TEXT).unwrap();
        let options =
            gateway::Options { home: dir.clone(), listen: None, on_change: ChangePolicy::ConfirmInWindow };
        let engine = Engine::start(options).await.unwrap();
        let host = Host::over(Ok(Arc::clone(&engine)), dir);
        Desktop { home, engine, host }
    }

    async fn ask(&self, name: &str, body: Value) -> Result<Value, ipc::IpcError> {
        self.host.call("main", name, body).await
    }

    async fn open(&self, id: &str) -> Value {
        self.ask("open_draft", json!({"from": {"kind": "policy", "id": id}})).await.unwrap()
    }

    fn file(&self) -> std::path::PathBuf {
        self.home.path().join("h/policies/large.toml")
    }
}

#[tokio::test]
async fn a_row_edited_beside_cel_by_hand_keeps_its_comments() {
    let desktop = Desktop::start().await;
    let mut draft = desktop.open("large").await;
    let view = desktop.ask("read_draft", json!({"draft": draft})).await.unwrap();
    assert_eq!(view["save"]["effect"], "nothing");
    let mut tree = view["tree"].clone();
    assert_eq!(tree["parts"][1]["kind"], "free");
    tree["parts"][0]["values"][0]["text"] = json!("7000");
    draft["tree"] = tree;
    let saved = desktop.ask("save_policy", json!({"draft": draft})).await.unwrap();
    assert_eq!(saved["kind"], "applied");
    let text = std::fs::read_to_string(desktop.file()).unwrap();
    assert_eq!(text, TEXT.replace("amount >  5000", "amount > 7000"), "only the edited row is written anew");
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn a_draft_says_what_is_wrong_where_it_is_wrong() {
    let desktop = Desktop::start().await;
    let mut draft = desktop.open("large").await;
    draft["when"] = json!("amount > 5 &&");
    let view = desktop.ask("read_draft", json!({"draft": draft})).await.unwrap();
    assert!(view["text_problem"]["message"].is_string() && view["file"].is_null(), "{view}");
    draft["tree"] = json!({"kind": "group", "joined": "all", "negated": false, "parts": [
        {"kind": "row", "attribute": "amount", "each": null, "operator": "greater", "negated": false, "ignore_case": false,
         "values": [{"kind": "number", "text": "lots"}]}]});
    let view = desktop.ask("read_draft", json!({"draft": draft})).await.unwrap();
    assert_eq!(view["rows"][0]["problem"]["message"], "`lots` is not a number");
    assert_eq!(view["save"]["can"], false);
    let error = desktop.ask("save_policy", json!({"draft": draft})).await.unwrap_err();
    assert_eq!(error.code, "unfinished");
    assert_eq!(std::fs::read_to_string(desktop.file()).unwrap(), TEXT, "nothing is half saved");
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn a_file_changed_underneath_is_never_overwritten_unseen() {
    let desktop = Desktop::start().await;
    let mut draft = desktop.open("large").await;
    let theirs = TEXT.replace("Large", "Theirs");
    std::fs::write(desktop.file(), &theirs).unwrap();
    draft["name"] = json!("Mine");
    let saved = desktop.ask("save_policy", json!({"draft": draft})).await.unwrap();
    assert_eq!((&saved["kind"], &saved["theirs"]), (&json!("changed"), &json!(theirs)));
    assert_eq!(std::fs::read_to_string(desktop.file()).unwrap(), theirs);
    draft["base"] = saved["theirs"].clone();
    let saved = desktop.ask("save_policy", json!({"draft": draft})).await.unwrap();
    assert_eq!(saved["kind"], "applied", "a person who saw it may replace it");
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn a_removed_policy_comes_back_as_it_was() {
    let desktop = Desktop::start().await;
    let deleted = desktop.ask("delete_policy", json!({"id": "large"})).await.unwrap();
    assert!(!desktop.file().exists());
    let saved = desktop.ask("restore_policy", json!({"id": "large", "text": deleted["text"]})).await.unwrap();
    assert_eq!(saved["kind"], "applied");
    assert_eq!(std::fs::read_to_string(desktop.file()).unwrap(), TEXT);
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn a_new_policy_gets_a_name_of_its_own_and_a_flow_can_be_written_for_it() {
    let desktop = Desktop::start().await;
    let mut flow = desktop.ask("open_flow", json!({"id": null})).await.unwrap();
    flow["name"] = json!("Two looks");
    let view = desktop.ask("read_flow", json!({"draft": flow})).await.unwrap();
    assert_eq!((&view["id"], &view["save"]["can"]), (&json!("two-looks"), &json!(true)), "{view}");
    desktop.ask("save_flow", json!({"draft": flow})).await.unwrap();
    let mut draft = desktop.ask("open_draft", json!({"from": {"kind": "nothing"}})).await.unwrap();
    draft["name"] = json!("Large");
    draft["action"]["flow"] = json!("two-looks");
    let saved = desktop.ask("save_policy", json!({"draft": draft})).await.unwrap();
    assert_eq!(saved["id"], "large-2");
    let rows = desktop.ask("flows", json!({})).await.unwrap();
    let row = rows["rows"].as_array().unwrap().iter().find(|row| row["id"] == "two-looks").unwrap();
    assert_eq!(row["used_by"][0]["id"], "large-2");
    desktop.engine.shutdown().await;
}
