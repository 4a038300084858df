//! The page that an agent can show while a call is held: it brings the window up, and does nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use gateway::DeskEvent;
use reqwest::StatusCode;
use std::time::Duration;
use support::{Bench, call, script};

const HOLD: &str = r#"
name = "Echoes wait"
[target]
tools = ["script/echo"]
[action]
kind = "request_approval"
"#;

/// The upstream that the other tests start; does nothing by itself.
#[test]
fn scripted() {
    script::run_if_asked();
}

#[tokio::test]
async fn i11_the_page_of_a_hold_asks_for_the_window_and_neither_shows_nor_decides_anything() {
    let bench = Bench::with_policies(&[("hold.toml", HOLD)]).await;
    let agent = bench.agent("claude").await;
    let mut events = bench.engine.desk().events();
    let held = agent.post(call("echo", r#"{"secret":"tulip"}"#)).send().await.unwrap();
    let hold = bench.engine.desk().inbox().first().unwrap().hold.clone();
    let port = bench.engine.listen_addr().port();
    let url = |hold: &str| format!("http://localhost:{port}/hold/{hold}");
    let page = agent.client.get(url(hold.as_str())).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let text = page.text().await.unwrap();
    assert!(!text.contains("tulip") && !text.contains("echo") && !text.contains("<script"), "{text}");
    let asked = async { while events.recv().await.unwrap() != (DeskEvent::Asked { hold: hold.clone() }) {} };
    tokio::time::timeout(Duration::from_secs(20), asked).await.expect("the window is asked for");

    let unknown = agent.client.get(url("h-aaaaaaaaaaaaaaaaaaaa")).send().await.unwrap();
    assert_eq!((unknown.status(), unknown.text().await.unwrap()), (StatusCode::OK, text));
    assert_eq!(agent.client.post(url(hold.as_str())).send().await.unwrap().status(), 405);
    let foreign = agent.client.get(url(hold.as_str())).header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    assert_eq!(bench.engine.desk().inbox().len(), 1, "it still waits");
    drop(held);
    while let Ok(event) = events.try_recv() {
        assert!(!matches!(event, DeskEvent::Asked { .. }), "a hold that is not there asks for nothing");
    }
}
