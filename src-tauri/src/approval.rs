//! The approval window: one hold, on top of other windows, without taking the focus from whoever types elsewhere.
//! There is one at most; asked for another hold, it shows that one. Putting it away destroys it and decides nothing.
//! It may ask less than the main window: its capability allows the commands here, `ipc` names the others, and both
//! only for the hold that it shows.

use crate::window;
use ipc::IpcError;
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use tauri::{AppHandle, Emitter, Manager, State, WebviewWindow, WindowEvent};

pub(crate) const APPROVAL: &str = "approval";

/// The hold that the approval window is about.
#[derive(Debug, Default)]
pub(crate) struct Shown(Mutex<Option<String>>);

impl Shown {
    fn set(&self, hold: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = hold;
    }

    fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every other window may ask about any hold; this one about its own.
    ///
    /// # Errors
    /// It asked about another hold.
    pub(crate) fn check(&self, window: &str, body: &Value) -> Result<(), IpcError> {
        let asked = body.get("hold").and_then(Value::as_str);
        if window != APPROVAL || asked.is_none() || asked == self.get().as_deref() {
            return Ok(());
        }
        Err(IpcError {
            code: "not_allowed".into(),
            message: "the approval window may not ask about a hold that it does not show".into(),
            hint: "open that hold from its notification, or in the main window".into(),
        })
    }
}

/// Brings the approval window up with one hold; the main window where there cannot be one.
pub(crate) fn show(app: &AppHandle, hold: &str) {
    let (handle, hold) = (app.clone(), hold.to_owned());
    // Windows are made on the main thread; one after the other, there is never a second one.
    let asked = app.run_on_main_thread(move || {
        handle.state::<Shown>().set(Some(hold.clone()));
        if let Err(error) = raise(&handle, &hold) {
            tracing::warn!(%error, "there is no approval window; the main window shows the hold");
            window::show_card(&handle, &hold);
        }
    });
    window::log(asked);
}

fn raise(app: &AppHandle, hold: &str) -> tauri::Result<()> {
    if let Some(shown) = app.get_webview_window(APPROVAL) {
        shown.unminimize()?;
        return app.emit_to(APPROVAL, window::OPEN_HOLD, window::OpenHold { hold: hold.to_owned() });
    }
    let made = window::build(app, APPROVAL)?;
    let handle = app.clone();
    made.on_window_event(move |event| {
        if let WindowEvent::Destroyed = event {
            handle.state::<Shown>().set(None);
        }
    });
    made.show()
}

/// What the window asks when it has loaded.
#[tauri::command]
pub(crate) fn shown_hold(shown: State<'_, Shown>) -> Option<String> {
    shown.get()
}

/// The person put it away. Nothing is decided.
#[tauri::command]
pub(crate) fn put_away(window: WebviewWindow) {
    window::log(window.destroy());
}

/// The person wants the hold in the main window, with everything that can be done there.
#[tauri::command]
pub(crate) fn open_in_inbox(app: AppHandle, window: WebviewWindow, shown: State<'_, Shown>) {
    match shown.get() {
        Some(hold) => window::show_card(&app, &hold),
        None => window::show(&app),
    }
    window::log(window.destroy());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_approval_window_asks_about_the_hold_it_shows_and_no_other() {
        let shown = Shown::default();
        let (own, other) = (json!({ "hold": "h-1" }), json!({ "hold": "h-2" }));
        assert!(shown.check(APPROVAL, &own).is_err(), "it shows none");
        shown.set(Some("h-1".to_owned()));
        assert!(shown.check(APPROVAL, &own).is_ok());
        assert_eq!(shown.check(APPROVAL, &other).unwrap_err().code, "not_allowed");
        assert!(shown.check(window::MAIN, &other).is_ok());
    }
}
