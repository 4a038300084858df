//! "Send a practice call": a real agent's call, made by the `doorward` program beside this one over the home's
//! socket, so that a new user sees the whole loop before connecting anything.

use crate::wire::{IpcError, PracticeKind, Started};
use gateway::Engine;
use std::process::Stdio;
use std::sync::Arc;
use tokio::process::Command;

/// Starts the call and answers at once; what becomes of it shows in the inbox and in Activity.
pub(crate) fn start(engine: &Arc<Engine>, kind: PracticeKind) -> Result<Started, IpcError> {
    let (tool, arguments) = match kind {
        PracticeKind::Allowed => (
            "practice/create_expense",
            r#"{"amount":25,"currency":"EUR","category":"travel","note":"train to the office"}"#,
        ),
        PracticeKind::Denied => {
            ("practice/create_expense", r#"{"amount":12000,"currency":"EUR","category":"equipment"}"#)
        }
        PracticeKind::Held => ("practice/delete_customer", r#"{"customer_id":"c-1"}"#),
    };
    if !is_set_up(engine) {
        return Err(IpcError::new(
            "no_practice",
            "the practice upstream and its agent are not in this home",
            "add an upstream and an agent of your own, and call a tool from there",
        ));
    }
    let missing = |why: String| {
        IpcError::new(
            "no_program",
            format!("the program `doorward` could not be started: {why}"),
            "install Doorward again; the two programs belong side by side",
        )
    };
    let program = std::env::current_exe()
        .map_err(|error| missing(error.to_string()))?
        .with_file_name(format!("doorward{}", std::env::consts::EXE_SUFFIX));
    let mut child = Command::new(&program)
        .arg("--home")
        .arg(engine.home().dir())
        .args(["call", "--agent", "practice", tool, arguments])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| missing(error.to_string()))?;
    tokio::spawn(async move {
        if let Err(error) = child.wait().await {
            tracing::warn!(%error, "a practice call did not end");
        }
    });
    Ok(Started { started: true })
}

/// The upstream and the agent that practice calls need.
pub(crate) fn is_set_up(engine: &Engine) -> bool {
    engine.upstream("practice").is_some()
        && engine.agents().iter().any(|agent| agent.name.as_str() == "practice")
}
