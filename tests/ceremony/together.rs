//! Connecting an agent under a passkey: its upstreams, their secrets and the agent are one change with one signature, or
//! nothing at all; and what is in force already is used again.

use super::enrolment::Kept;
use super::run_enrolment;
use super::signed::{pages, prove};
use super::support::browser::{Page, SoftPasskey, passkey};
use super::support::home::{ALLOW, TestHome};
use super::support::journal;
use super::support::program::doorward;
use gateway::Engine;
use gateway::connecting::Dirs;
use gateway::home::KeychainKind;
use gateway::keychain::Keychain;
use ipc::Host;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// An MCP server in shell.
const SERVER: &str = r#"
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  say() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
  case "$line" in
    *'"method":"initialize"'*) say '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"shop","version":"1"}}' ;;
    *'"method":"tools/list"'*) say '{"tools":[]}' ;;
  esac
done
"#;
const TOKEN: &str = "canary-of-the-shop";

/// A home with a passkey, and a person whose agent has two servers in its file.
struct Scene {
    kept: Kept,
    engine: Arc<Engine>,
    key: SoftPasskey,
    file: PathBuf,
    person: PathBuf,
}

impl Scene {
    async fn new() -> Scene {
        let kept = Kept { home: TestHome::made(KeychainKind::Os, &[ALLOW]), keychain: Arc::default() };
        let engine = kept.start().await;
        let mut key = passkey();
        run_enrolment(&engine, "me", &mut key, None).await;
        let person = kept.home.beside("person");
        engine.look_for_agents_in(Dirs::of(|name| (name == "HOME").then(|| person.clone())).unwrap());
        std::fs::write(person.join("server.sh"), SERVER).unwrap();
        std::fs::create_dir(person.join(".cursor")).unwrap();
        let file = person.join(".cursor/mcp.json");
        let scene = Scene { kept, engine, key, file, person };
        scene.write(TOKEN);
        scene
    }

    fn write(&self, token: &str) {
        std::fs::write(&self.file, self.servers(token)).unwrap();
    }

    fn servers(&self, token: &str) -> String {
        let server = self.person.join("server.sh").display().to_string();
        let shop = json!({ "command": "sh", "args": [server], "env": { "SHOP_TOKEN": token } });
        let notes = json!({ "command": "sh", "args": [server] });
        format!("{:#}\n", json!({ "mcpServers": { "shop": shop, "notes": notes } }))
    }

    fn host(&self) -> Arc<Host> {
        Host::over(Ok(Arc::clone(&self.engine)), self.kept.home.dir())
    }

    fn choice() -> Value {
        json!({ "id": "cursor", "servers": null, "upstreams": [], "keep_secrets": true })
    }

    fn secret(&self, upstream: &str) -> Option<String> {
        let name = format!("secret/{}/{upstream}/SHOP_TOKEN", self.engine.settings().id);
        let value = self.kept.keychain.get(&name).unwrap()?;
        Some(String::from_utf8(value.to_vec()).unwrap())
    }

    fn upstreams(&self) -> Vec<String> {
        self.engine.upstreams().iter().map(|config| config.name.to_string()).collect()
    }

    fn proofs(&self) -> usize {
        let lines = journal::lines(&self.kept.home.paths().journal());
        lines.iter().filter(|line| line.kind == "passkey_proven").count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_connected_through_its_file_with_one_signature_or_nothing_of_it_stays() {
    let mut scene = Scene::new().await;
    let mut urls = pages(&scene.engine);
    let host = scene.host();
    let connect = || {
        let host = Arc::clone(&host);
        tokio::spawn(async move { host.call("main", "connect_agent", Scene::choice()).await })
    };
    let paths = scene.kept.home.paths();
    let files = || [paths.upstreams(), paths.agents()].map(|path| std::fs::read_to_string(path).unwrap());
    let (before, original) = (files(), std::fs::read_to_string(&scene.file).unwrap());

    let connecting = connect();
    let page = Page::at(&urls.recv().await.unwrap()).await;
    assert_eq!(page.step(json!({ "reject": true })).await["kind"], "stop");
    connecting.await.unwrap().unwrap_err();
    assert_eq!((files(), std::fs::read_to_string(&scene.file).unwrap()), (before, original.clone()));
    assert_eq!(scene.secret("shop"), None, "nothing reached the keychain");
    assert!(scene.engine.sets().waiting().is_none() && scene.engine.agents().is_empty());

    let (proofs, connecting) = (scene.proofs(), connect());
    let shown = prove(&mut urls, &mut scene.key).await;
    for expected in ["the agent `cursor` is new", "the upstream `notes` is new", "the upstream `shop` is new"]
    {
        assert!(shown.contains(expected), "{expected} in {shown}");
    }
    assert!(!shown.contains(TOKEN), "I8: {shown}");
    let connected = connecting.await.unwrap().unwrap();
    assert_eq!(scene.proofs(), proofs + 1);
    assert!(urls.try_recv().is_err(), "nobody is asked twice");
    for server in connected["servers"].as_array().unwrap() {
        assert_eq!((&server["answered_as"], &server["problem"]), (&json!("shop"), &Value::Null), "{server}");
    }
    assert_eq!(scene.upstreams(), ["notes", "shop"]);
    assert_eq!(scene.secret("shop").as_deref(), Some(TOKEN));
    let text = std::fs::read_to_string(&scene.file).unwrap();
    assert!(text.contains("/mcp/shop") && text.contains("Bearer dw_") && !text.contains(TOKEN), "{text}");

    let undone = host.call("main", "undo_connect", json!({ "name": "cursor" })).await.unwrap();
    assert!(undone["said"][0].as_str().unwrap().contains("byte for byte"), "{undone}");
    assert_eq!(std::fs::read_to_string(&scene.file).unwrap(), original);
    drop(host);
    scene.engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_there_keeps_its_name_and_another_token_is_another_upstream_that_is_told_of() {
    let mut scene = Scene::new().await;
    let mut urls = pages(&scene.engine);
    let host = scene.host();
    for round in 0..2 {
        let told = Arc::clone(&host);
        let connecting =
            tokio::spawn(async move { told.call("main", "connect_agent", Scene::choice()).await });
        let shown = prove(&mut urls, &mut scene.key).await;
        assert_eq!(shown.contains("the upstream `shop` is new"), round == 0, "{shown}");
        connecting.await.unwrap().unwrap();
        assert_eq!(scene.upstreams(), ["notes", "shop"], "round {round}");
        host.call("main", "undo_connect", json!({ "name": "cursor" })).await.unwrap();
    }
    let plan = host.call("main", "plan_connect", Scene::choice()).await.unwrap();
    assert_eq!((&plan["upstreams"], &plan["warnings"]), (&json!([]), &json!([])));
    scene.write("another-token");
    let plan = host.call("main", "plan_connect", Scene::choice()).await.unwrap();
    assert_eq!(plan["upstreams"][0]["name"], "shop-2", "{plan}");
    let warning = plan["warnings"][0].as_str().unwrap();
    assert!(warning.contains("Policies that name `shop` do not see it"), "{warning}");
    drop(host);
    scene.engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_command_line_connecting_under_a_passkey_changes_nothing_and_leads_to_the_window() {
    let scene = Scene::new().await;
    let original = std::fs::read_to_string(&scene.file).unwrap();
    // Its values stay where they are: the program in this test has no keychain of the system.
    let arguments = ["agent", "connect", "cursor", "--plain-secrets"];
    let mut connect = doorward(&scene.kept.home.dir(), arguments);
    let said = connect.env("HOME", &scene.person).current_dir(&scene.person).output().unwrap();
    let complaint = String::from_utf8(said.stderr).unwrap();
    assert!(!said.status.success() && complaint.contains("this change needs a passkey"), "{complaint}");
    assert!(complaint.contains("connect the agent in the window"), "{complaint}");
    assert_eq!(std::fs::read_to_string(&scene.file).unwrap(), original);
    assert!(scene.engine.sets().waiting().is_none(), "and nothing waits");
    assert!(scene.upstreams().is_empty() && scene.engine.agents().is_empty());
    scene.engine.shutdown().await;
}
