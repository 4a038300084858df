//! What the whole-app tests share: homes, the engine, agents, upstreams, and the real parts around the app.
//!
//! Every test makes its own of everything, and dropping it ends what it started: programs with their process
//! groups, folders, listeners. Nothing waits for time to pass; what is awaited is a condition, and a limit only
//! says when a test has failed.
#![allow(dead_code, reason = "each test target uses its own part of this")]

pub(crate) mod agent;
pub(crate) mod answer;
pub(crate) mod browser;
pub(crate) mod bus;
#[path = "../../src-tauri/crates/gateway/src/presence/fake_logind.rs"]
pub(crate) mod fake_logind;
pub(crate) mod home;
pub(crate) mod journal;
pub(crate) mod model;
pub(crate) mod node;
pub(crate) mod notified;
pub(crate) mod program;
pub(crate) mod recorder;
pub(crate) mod screen;
pub(crate) mod tray;
pub(crate) mod window;
pub(crate) mod wire;
pub(crate) mod world;

use std::time::Duration;

/// Longer than this a condition is never awaited: the test has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The future's value, or a failure that says what was awaited in vain.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {} s in vain: {what}", PATIENCE.as_secs()),
    }
}
