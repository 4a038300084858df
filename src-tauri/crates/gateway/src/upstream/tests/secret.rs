//! Secrets on their way into an upstream: which of them, when, and nowhere else.

use super::script::{program, received_of};
use super::{super::*, Releases, config};
use crate::home::{SecretPlace, SecretUse, Transport, UpstreamConfig};
use crate::keychain::{MemoryKeychain, Secret};
use crate::message::Request;
use crate::secrets::{Proven, Supply, store};
use axum::{Router, body::Bytes, http::HeaderMap};
use journal::{Journal, JournalledCall, RootKey};
use policy::{DefinitionHash, Timestamp, Value};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

const CANARY: &str = "canary-7f3a9c";

/// The upstream that the other tests start; does nothing by itself.
#[test]
fn scripted() {
    super::script::run_if_asked();
}

fn supply(folder: &tempfile::TempDir) -> Supply {
    let keychain = MemoryKeychain::default();
    for name in ["plain", "strict"] {
        let value = Secret::new(format!("{CANARY}-{name}").into_bytes());
        store(&keychain, "home", "test", name, &value).unwrap();
    }
    let path = folder.path().join("journal.sqlite");
    let journal = Journal::open(&path, &RootKey::new([7; 32]), || Timestamp(1)).unwrap();
    Supply::new(Arc::new(keychain), "home", Some(Arc::new(journal)))
}

fn variable(name: &str, step_up: bool) -> SecretUse {
    let place = SecretPlace::Variable(format!("SECRET_{}", name.to_uppercase()));
    SecretUse::new(name.to_owned(), place, step_up).unwrap()
}

fn header(name: &str, step_up: bool) -> SecretUse {
    let place = SecretPlace::Header { header: format!("X-{name}"), prefix: String::new() };
    SecretUse::new(name.to_owned(), place, step_up).unwrap()
}

fn child(log: &std::path::Path, secrets: Vec<SecretUse>) -> UpstreamConfig {
    let (command, args, env) = program("upstream::tests::secret::scripted", log);
    config(Transport::Stdio { command, args, env, cwd: None }).with_secrets(secrets).unwrap()
}

fn env_call(releases: &Releases, tools: &[Value]) -> JournalledCall {
    let tool = tools.iter().find(|tool| tool.get("name") == Some(&Value::from("env"))).unwrap();
    releases.with_definition(DefinitionHash::of(tool), "env", "{}")
}

#[tokio::test]
async fn a_child_finds_its_secret_in_the_variable_that_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let (to_agent, _standing) = mpsc::channel(8);
    let config = child(&folder.path().join("log"), vec![variable("plain", false)]);
    let session = UpstreamSession::open(&config, &supply(&folder), to_agent).await.unwrap();
    session.introduce().await.unwrap();
    let releases = Releases::new();
    let call = env_call(&releases, &session.tools(false).await.unwrap());
    let reply = session.forward(call, Along::default(), CallRoute::nowhere()).await.unwrap();
    assert!(reply.text().contains(&format!("{CANARY}-plain")), "{}", reply.text());
    assert!(!reply.text().contains(&format!("{CANARY}-strict")));
}

#[tokio::test]
async fn a_child_with_a_step_up_secret_runs_for_one_proven_call_and_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let (to_agent, _standing) = mpsc::channel(8);
    let config = child(&log, vec![variable("strict", true)]);
    let supply = supply(&folder);
    let session = UpstreamSession::open(&config, &supply, to_agent).await.unwrap();
    // What it offers is learnt once, from a process without the secret, and pinned.
    let tools = session.tools(false).await.unwrap();
    assert_eq!(received_of(&log, "initialize").len(), 1);
    let listed = session.ask(Request::new(7.into(), "tools/list", None), CallRoute::nowhere()).await.unwrap();
    let listed = listed.outcome().unwrap();
    assert_eq!(listed.get("tools").and_then(Value::as_list).unwrap().len(), tools.len());
    let hello = session.ask(Request::new(1.into(), "initialize", None), CallRoute::nowhere()).await.unwrap();
    assert!(hello.outcome().unwrap().get("serverInfo").is_some());
    assert_eq!(received_of(&log, "initialize").len(), 1, "the rest was answered from the pin");

    let releases = Releases::new();
    let refused = session.forward(env_call(&releases, &tools), Along::default(), CallRoute::nowhere()).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, UpstreamError::NeedsProof { .. }) && !refused.was_sent(), "{refused}");
    assert!(received_of(&log, "tools/call").is_empty());

    let proven = Some(Proven::for_a_test());
    let call = env_call(&releases, &tools);
    let reply = session.forward_with(call, Along::default(), CallRoute::nowhere(), proven).await.unwrap();
    assert!(reply.text().contains(&format!("{CANARY}-strict")), "{}", reply.text());
    assert!(!session.is_alive(), "nothing of it runs between calls");
    assert_eq!(received_of(&log, "initialize").len(), 2);
    assert_eq!(received_of(&log, "tools/call").len(), 1);
}

#[tokio::test]
async fn a_step_up_header_goes_up_with_its_call_alone() {
    type Heard = Arc<Mutex<Vec<(String, HeaderMap)>>>;
    let heard: Heard = Arc::default();
    let theirs = Arc::clone(&heard);
    let answer = move |headers: HeaderMap, body: Bytes| async move {
        let message = if body.is_empty() { Value::Null } else { Value::parse(&body).unwrap() };
        let method = message.get("method").and_then(Value::as_text).unwrap_or_default().to_owned();
        theirs.lock().unwrap().push((method.clone(), headers));
        let result = match method.as_str() {
            "initialize" => r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{}}}"#,
            "tools/list" => r#"{"tools":[{"name":"echo","inputSchema":{"type":"object"}}]}"#,
            _ => "{}",
        };
        let id = message.get("id").map_or_else(|| "null".to_owned(), Value::to_json);
        (
            [("content-type", "application/json")],
            format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#),
        )
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });

    let folder = tempfile::tempdir().unwrap();
    let (to_agent, _standing) = mpsc::channel(8);
    let config = config(Transport::Http { url, headers: [].into() });
    let config = config.with_secrets(vec![header("plain", false), header("strict", true)]).unwrap();
    let session = UpstreamSession::open(&config, &supply(&folder), to_agent).await.unwrap();
    session.introduce().await.unwrap();
    let releases = Releases::new();
    let call = releases.of(&session, "echo", "{}").await;
    let refused = session.forward(call, Along::default(), CallRoute::nowhere()).await.unwrap_err();
    assert_eq!(refused, UpstreamError::NeedsProof { name: "test".parse().unwrap() });
    let call = releases.of(&session, "echo", "{}").await;
    let proven = Some(Proven::for_a_test());
    session.forward_with(call, Along::default(), CallRoute::nowhere(), proven).await.unwrap();
    session.close().await;

    let heard = heard.lock().unwrap();
    let with = |header: &str| -> Vec<&str> {
        heard
            .iter()
            .filter(|(_, headers)| headers.contains_key(header))
            .map(|(method, _)| method.as_str())
            .collect()
    };
    assert_eq!(with("x-strict"), ["tools/call"]);
    assert_eq!(with("x-plain").len(), heard.len(), "the other goes with every request");
    assert_eq!(heard.iter().filter(|(method, _)| method == "tools/call").count(), 1);
}

#[tokio::test]
async fn i8_a_child_that_prints_its_secret_does_not_bring_it_into_our_errors() {
    let folder = tempfile::tempdir().unwrap();
    let words = "echo \"cannot log in with $SECRET_PLAIN\" >&2; exit 3".to_owned();
    let transport = Transport::Stdio {
        command: "sh".to_owned(),
        args: vec!["-c".to_owned(), words],
        env: [].into(),
        cwd: None,
    };
    let config = config(transport).with_secrets(vec![variable("plain", false)]).unwrap();
    let (to_agent, _standing) = mpsc::channel(8);
    let session = UpstreamSession::open(&config, &supply(&folder), to_agent).await.unwrap();
    let error = session.introduce().await.unwrap_err().to_string();
    assert!(error.contains("cannot log in with (secret)"), "{error}");
    assert!(!error.contains(CANARY));
}

#[tokio::test]
async fn a_secret_that_is_not_there_keeps_the_upstream_off() {
    let folder = tempfile::tempdir().unwrap();
    let (to_agent, _standing) = mpsc::channel(8);
    let config = child(&folder.path().join("log"), vec![variable("unknown", false)]);
    let error = UpstreamSession::open(&config, &supply(&folder), to_agent).await.err().unwrap();
    assert!(error.to_string().contains("`unknown`: the keychain has no value for it"), "{error}");
    assert_eq!(error.for_agent(), "the upstream `test` could not be given its credentials");
}
