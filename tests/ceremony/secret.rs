//! A step-up secret through the whole gateway: its upstream runs for one proven call alone, has the secret then, and
//! ends with the call. A proof of before opens nothing, however fresh a policy lets it be.

use super::enrolment::Kept;
use super::run_enrolment;
use super::support::browser::{Page, passkey};
use super::support::home::{ALLOW, TestHome};
use super::support::wire::Wire;
use super::support::within;
use gateway::ceremony::Subject;
use gateway::home::{KeychainKind, SecretPlace, SecretUse, Transport, UpstreamConfig};
use gateway::{Engine, HoldId, secrets};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CANARY: &str = "canary-77-of-a-step-up";

/// It notes its process and the length of its secret at each start, and what a call finds.
const SERVER: &str = r#"
printf '%s %s\n' "$$" "${#TOKEN}" >> "$LOG"
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  say() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
  case "$line" in
    *'"method":"initialize"'*) say '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"vault","version":"1"}}' ;;
    *'"method":"tools/list"'*) say '{"tools":[{"name":"open","inputSchema":{"type":"object"}}]}' ;;
    *'"method":"tools/call"'*) say '{"content":[{"type":"text","text":"opened"}]}' ;;
  esac
done
"#;

/// A proof would stay fresh for ten minutes.
const FRESH: (&str, &str) = (
    "vault.toml",
    "name = \"The vault needs you\"\n[target]\ntools = [\"vault/open\"]\n[action]\nkind = \"step_up\"\nmethod = \"passkey\"\nmax_age = \"10m\"\n",
);

/// Every start so far that was given the secret: its process.
fn opened(log: &Path) -> Vec<u32> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let starts = text.lines().filter_map(|line| line.split_once(' '));
    starts.filter(|(_, length)| *length != "0").map(|(process, _)| process.parse().unwrap()).collect()
}

async fn waiting(engine: &Engine) -> HoldId {
    within("a call waits", async {
        loop {
            if let Some(row) = engine.desk().inbox().first() {
                return row.hold.clone();
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, mut all): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    all.extend(folders.iter().flat_map(|folder| files(folder)));
    all.retain(|path| path.is_file());
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn i8_a_step_up_secret_is_there_for_the_proven_call_alone_and_its_process_ends_with_it() {
    let kept = Kept { home: TestHome::made(KeychainKind::Os, &[ALLOW, FRESH]), keychain: Arc::default() };
    let engine = kept.start().await;
    engine.presence().set_locked(false);
    let tools = kept.home.beside("tools");
    let (server, log) = (tools.join("server.sh"), tools.join("starts"));
    std::fs::write(&server, SERVER).unwrap();
    let transport = Transport::Stdio {
        command: "sh".to_owned(),
        args: vec![server.display().to_string()],
        env: BTreeMap::from([("LOG".to_owned(), log.display().to_string())]),
        cwd: None,
    };
    let secret = SecretUse::new("TOKEN".to_owned(), SecretPlace::Variable("TOKEN".to_owned()), true).unwrap();
    let value = CANARY.as_bytes().to_vec().into();
    secrets::store(&*kept.keychain, &engine.settings().id, "vault", "TOKEN", &value).unwrap();
    let config = UpstreamConfig::new("vault".parse().unwrap(), transport, false).unwrap();
    engine.add_upstream(config.with_secrets(vec![secret]).unwrap()).unwrap();
    let token = engine.add_agent("claude".parse().unwrap(), "me".parse().unwrap()).unwrap();
    let mut key = passkey();
    run_enrolment(&engine, "me", &mut key, None).await;
    let wire = Arc::new(Wire::open(engine.listen_addr(), "vault", token.as_str()).await);
    let call = |number: u32| {
        let wire = Arc::clone(&wire);
        tokio::spawn(async move { wire.call("open", &format!("{{\"number\":{number}}}")).await })
    };

    for number in 1..=2 {
        let answer = call(number);
        // The second one waits too, within the ten minutes of the first one's proof.
        let hold = waiting(&engine).await;
        assert_eq!(opened(&log).len() as u32, number - 1, "nothing has the secret before the proof");
        let page = Page::open(&engine.start_ceremony(Subject::Hold { hold }).await.unwrap()).await;
        assert_eq!(page.run(None, Some(&mut key)).await["kind"], "done");
        assert_eq!(answer.await.unwrap().ran(), "opened");
        let starts = opened(&log);
        assert_eq!(starts.len() as u32, number, "one process for one call");
        within("its process ends with the call", async {
            while starts.iter().any(|process| Path::new(&format!("/proc/{process}")).exists()) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    let answer = call(3);
    let hold = waiting(&engine).await;
    let page = Page::open(&engine.start_ceremony(Subject::Hold { hold }).await.unwrap()).await;
    assert_eq!(page.step(json!({ "reject": true })).await["kind"], "done");
    answer.await.unwrap().refused("rejected");
    assert_eq!(opened(&log).len(), 2, "without a proof nothing has it");
    Kept::end(engine).await;
    for file in files(&kept.home.dir()) {
        let bytes = std::fs::read(&file).unwrap();
        let has = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!has, "I8: the secret is in {}", file.display());
    }
}
