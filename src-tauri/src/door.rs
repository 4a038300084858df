//! Between the windows and `ipc`: the one command, and the one event that says what changed. A question asked
//! while the engine still starts waits for it.

use crate::approval::{APPROVAL, Shown};
use crate::window::MAIN;
use ipc::{Card, CardState, Changed, Host, IpcError, Tag};
use serde_json::Value;
use std::sync::Arc;
use tauri::{AppHandle, Emitter, State, WebviewWindow};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

/// The host, once it is there.
#[derive(Clone)]
pub(crate) struct Door(watch::Receiver<Option<Arc<Host>>>);

impl Door {
    pub(crate) fn new(host: watch::Receiver<Option<Arc<Host>>>) -> Door {
        Door(host)
    }

    /// Waits for the engine to have started, or to have failed to. None when it never came to either.
    pub(crate) async fn host(&self) -> Option<Arc<Host>> {
        let mut door = self.0.clone();
        door.wait_for(Option::is_some).await.ok().and_then(|host| host.clone())
    }
}

/// Cards of all calls that wait, the one that ends first on top.
pub(crate) fn waiting(host: &Host) -> Vec<Card> {
    let cards = host.inbox_rows().into_iter().filter_map(|row| host.card_of(&row.hold));
    cards.filter(|card| card.state == CardState::Waiting).collect()
}

/// Everything a window asks comes through here.
#[tauri::command]
pub(crate) async fn ipc(
    window: WebviewWindow,
    door: State<'_, Door>,
    shown: State<'_, Shown>,
    name: String,
    body: Value,
) -> Result<Value, IpcError> {
    shown.check(window.label(), &body)?;
    match door.host().await {
        Some(host) => host.call(window.label(), &name, body).await,
        None => Err(IpcError {
            code: "not_started".into(),
            message: "the gateway ended while it was starting".into(),
            hint: "start Doorward from a terminal to see why".into(),
        }),
    }
}

/// Passes on what changed, for as long as the host lives.
pub(crate) async fn pass_on(app: AppHandle, mut changes: Receiver<Changed>) {
    loop {
        let changed = match changes.recv().await {
            Ok(changed) => changed,
            Err(RecvError::Lagged(_)) => everything(),
            Err(RecvError::Closed) => return,
        };
        for window in [MAIN, APPROVAL] {
            if let Err(error) = app.emit_to(window, "changed", changed.clone()) {
                tracing::warn!(%error, window, "a window was not told of a change");
            }
        }
    }
}

/// After a gap nothing the window holds is known to be right.
fn everything() -> Changed {
    let tags = vec![
        Tag::Overview,
        Tag::Inbox,
        Tag::Activity,
        Tag::Policies,
        Tag::Upstreams,
        Tag::Agents,
        Tag::Grants,
        Tag::Security,
    ];
    Changed { tags, hold: None }
}
