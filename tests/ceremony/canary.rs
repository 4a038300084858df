//! I8 in the window: whatever it asks, no answer and no event has the value of a secret, or of a token once it was given.

use super::enrolment::Kept;
use super::run_enrolment;
use super::support::browser::passkey;
use super::support::home::{ALLOW, TestHome};
use super::support::wire::Wire;
use gateway::connecting::Dirs;
use gateway::home::{KeychainKind, SecretPlace, SecretUse, Transport, UpstreamConfig};
use gateway::secrets;
use ipc::Host;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const CANARY: &str = "canary-4be1f0-and-a-half";

/// An MCP server in shell that says its environment where it must not.
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

/// Whatever reads; each of them must have answered.
const READS: [&str; 23] = [
    "overview",
    "inbox",
    "grants",
    "activity",
    "export_activity",
    "activity_counts",
    "policies",
    "needs_proof",
    "upstreams",
    "agents",
    "found_agents",
    "security",
    "settings",
    "read_log",
    "catalogue",
    "open_draft",
    "what_if",
    "flows",
    "open_flow",
    "try_pattern",
    "people",
    "packs",
    "policies_text",
];
/// What is asked with more than nothing. Every other command is asked with an empty request.
fn requests(hash: &str) -> BTreeMap<&'static str, Value> {
    let filters = json!({ "before": null, "limit": 50, "text": null, "outcome": null, "agent": null,
        "upstream": null, "tool": null, "policy": null, "since": null, "until": null });
    let what_if = json!({ "draft": null, "tool": "vault/open", "agent": "claude", "user": null, "arguments": "{}",
        "at": null });
    BTreeMap::from([
        ("activity_counts", json!({ "edges": [0, 900_000], "filters": filters })),
        ("export_activity", json!({ "format": "jsonl", "filters": null, "clear": false })),
        ("activity", filters),
        ("open_draft", json!({ "from": { "kind": "nothing" } })),
        ("open_flow", json!({ "id": null })),
        ("what_if", what_if),
        ("try_pattern", json!({ "pattern": "a", "ignore_case": false, "samples": ["a"] })),
        ("catalogue", json!({ "tools": ["vault/*"] })),
        ("confirm_change", json!({ "hash": hash })),
        ("needs_proof", json!({ "kind": "in_force" })),
        ("enrol_passkey", json!({ "person": "me", "name": "Other" })),
        ("make_backup", json!({ "passphrase": "short" })),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn i8_no_answer_and_no_event_of_the_window_has_a_secret() {
    let kept = Kept { home: TestHome::made(KeychainKind::Os, &[ALLOW]), keychain: Arc::default() };
    let engine = kept.start().await;
    let (server, found) =
        (kept.home.beside("tools").join("server.sh"), kept.home.beside("tools").join("found"));
    std::fs::write(&server, SERVER).unwrap();
    let transport = Transport::Stdio {
        command: "sh".to_owned(),
        args: vec![server.display().to_string()],
        env: BTreeMap::from([("FOUND".to_owned(), found.display().to_string())]),
        cwd: None,
    };
    let secret =
        SecretUse::new("TOKEN".to_owned(), SecretPlace::Variable("TOKEN".to_owned()), false).unwrap();
    let config = UpstreamConfig::new("vault".parse().unwrap(), transport, false).unwrap();
    let value = CANARY.as_bytes().to_vec().into();
    secrets::store(&*kept.keychain, &engine.settings().id, "vault", "TOKEN", &value).unwrap();
    engine.add_upstream(config.with_secrets(vec![secret]).unwrap()).unwrap();

    let person = kept.home.beside("person");
    let servers =
        json!({ "mcpServers": { "vault": { "command": "sh", "env": { "TOKEN": CANARY } } } }).to_string();
    std::fs::create_dir(person.join(".cursor")).unwrap();
    std::fs::write(person.join(".cursor/mcp.json"), servers).unwrap();
    engine.look_for_agents_in(Dirs::of(|name| (name == "HOME").then(|| person.clone())).unwrap());
    let host = Host::over(Ok(Arc::clone(&engine)), kept.home.dir());
    let mut changes = host.subscribe();
    let token = engine.add_agent("claude".parse().unwrap(), "me".parse().unwrap()).unwrap();
    let wire = Wire::open(engine.listen_addr(), "vault", token.as_str()).await;
    wire.call("open", "{}").await;
    assert_eq!(std::fs::read_to_string(&found).unwrap(), CANARY.len().to_string(), "its upstream has it");
    wire.send(r#"{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"fall","arguments":{}}}"#)
        .await;
    run_enrolment(&engine, "me", &mut passkey(), None).await;

    let (names, requests) = (Host::commands(), requests(&"0".repeat(64)));
    assert!(names.len() > 40 && requests.keys().all(|name| names.contains(name)), "{names:?}");
    let mut answered = Vec::new();
    // The one that waits for a person is asked while there is nothing to stop.
    assert!(host.call("main", "keep_passkeys", json!({})).await.is_err());
    for name in names.iter().filter(|name| **name != "keep_passkeys") {
        let body = requests.get(*name).cloned().unwrap_or_else(|| json!({}));
        let said = match host.call("main", name, body).await {
            Ok(answer) => {
                answered.push(*name);
                answer.to_string()
            }
            Err(error) => serde_json::to_string(&error).unwrap(),
        };
        assert!(!said.contains(CANARY), "I8: `{name}` tells the secret: {said}");
        assert!(!said.contains(token.as_str()), "I8: `{name}` tells an agent's token: {said}");
    }
    let silent: Vec<&&str> = READS.iter().filter(|name| !answered.contains(*name)).collect();
    assert!(silent.is_empty(), "{silent:?} did not answer, so nothing is known of them");
    let upstreams = host.call("main", "upstreams", json!({})).await.unwrap().to_string();
    assert!(upstreams.contains("vault"), "{upstreams}");
    while let Ok(change) = changes.try_recv() {
        assert!(!serde_json::to_string(&change).unwrap().contains(CANARY), "I8: an event");
    }
    drop(host);
    engine.shutdown().await;
}
