//! The main window, and how any window of ours is made. Closing the main one hides it, because the gateway keeps
//! running; nothing from elsewhere is ever loaded into a window.

use crate::approval;
use std::time::{Duration, Instant};
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Emitter, Manager, Url, WebviewWindow, WebviewWindowBuilder, WindowEvent};
use tokio::sync::broadcast::{Receiver, error::RecvError};

pub(crate) const MAIN: &str = "main";
/// The event that asks a window to show one hold.
pub(crate) const OPEN_HOLD: &str = "open-hold";

#[derive(Clone, serde::Serialize)]
pub(crate) struct OpenHold {
    pub(crate) hold: String,
}

/// Makes a window as it is described, hidden.
pub(crate) fn build(app: &AppHandle, label: &str) -> tauri::Result<WebviewWindow> {
    let config = app.config();
    let Some(described) = config.app.windows.iter().find(|window| window.label == label) else {
        return Err(tauri::Error::WindowNotFound);
    };
    let development = config.build.dev_url.clone().filter(|_| tauri::is_dev());
    WebviewWindowBuilder::from_config(app, described)?
        .on_navigation(move |url| is_ours(url, development.as_ref()))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()
}

/// Makes the main window, hidden. It loads at once, so that it is ready when it is shown.
pub(crate) fn make(app: &AppHandle) -> tauri::Result<()> {
    let window = build(app, MAIN)?;
    let handle = window.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event {
            api.prevent_close();
            log(handle.hide());
        }
    });
    Ok(())
}

/// Brings the window up, from the tray, behind other windows or minimised.
pub(crate) fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        log(raise(&window));
    }
}

/// Brings the window up at one card.
pub(crate) fn show_card(app: &AppHandle, hold: &str) {
    show(app);
    log(app.emit_to(MAIN, OPEN_HOLD, OpenHold { hold: hold.to_owned() }));
}

/// How long the same hold is not shown again because its agent asks: it may ask as often as it likes.
const AGAIN: Duration = Duration::from_secs(60);

/// Shows holds that a person was sent to by an agent, in the approval window: an agent may ask at any moment, so nothing
/// here takes the focus from whoever types elsewhere.
pub(crate) async fn show_asked(app: AppHandle, mut asked: Receiver<String>) {
    let mut last: Option<(String, Instant)> = None;
    loop {
        match asked.recv().await {
            Ok(hold) if last.as_ref().is_some_and(|(shown, at)| *shown == hold && at.elapsed() < AGAIN) => {}
            Ok(hold) => {
                approval::show(&app, &hold);
                last = Some((hold, Instant::now()));
            }
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

fn raise(window: &WebviewWindow) -> tauri::Result<()> {
    window.unminimize()?;
    window.show()?;
    window.set_focus()
}

/// The bundled pages, and the development server in a development build.
fn is_ours(url: &Url, development: Option<&Url>) -> bool {
    let bundled = match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        _ => url.as_str() == "about:blank",
    };
    bundled || development.is_some_and(|server| server.origin() == url.origin())
}

/// A window that cannot be moved about is an inconvenience, and no reason to stop the gateway.
pub(crate) fn log(result: tauri::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "the window did not do as it was told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn only_bundled_pages_are_loaded() {
        for ours in [
            "tauri://localhost/",
            "tauri://localhost/index.html#/inbox",
            "http://tauri.localhost/",
            "about:blank",
        ] {
            assert!(is_ours(&url(ours), None), "{ours}");
        }
        for foreign in [
            "https://example.com/",
            "http://localhost:5173/",
            "http://tauri.localhost.example.com/",
            "file:///etc/passwd",
            "data:text/html,x",
        ] {
            assert!(!is_ours(&url(foreign), None), "{foreign}");
        }
    }

    #[test]
    fn a_development_build_loads_its_own_server_too() {
        let server = url("http://localhost:5173");
        assert!(is_ours(&url("http://localhost:5173/src/main.tsx"), Some(&server)));
        assert!(!is_ours(&url("http://localhost:9999/"), Some(&server)));
    }
}
