//! The tray icon: how many calls wait, the newest three, hold everything, open, quit. Runs without one where the
//! library it needs is missing; without a tray host the icon simply has nowhere to show.

use crate::approval;
use crate::door::{Door, waiting};
use crate::window;
use ipc::{Card, Changed, Host, Tag};
use std::sync::Arc;
use tauri::image::Image;
use tauri::menu::{CheckMenuItem, Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager, Wry};
use tokio::sync::broadcast::error::RecvError;

const OPEN: &str = "open";
const QUIT: &str = "quit";
const WAITING: &str = "waiting";
const HOLD_EVERYTHING: &str = "hold-everything";
/// Before a hold's id.
const HOLD: &str = "hold:";
const NEWEST: usize = 3;
/// Position of the first hold: below the line that counts them.
const FIRST_HOLD: usize = 1;

/// The icon and what changes about it.
pub(crate) struct Tray {
    app: AppHandle,
    icon: TrayIcon,
    menu: Menu<Wry>,
    count: MenuItem<Wry>,
    everything: CheckMenuItem<Wry>,
    holds: Vec<MenuItem<Wry>>,
}

/// Makes the icon, or says in the log why there is none.
pub(crate) fn make(app: &AppHandle) -> Option<Tray> {
    #[cfg(target_os = "linux")]
    if crate::tray_library::find(crate::tray_library::folders()).is_none() {
        tracing::warn!("there is no tray icon: install libayatana-appindicator3-1 and start Doorward again");
        return None;
    }
    Tray::build(app).inspect_err(|error| tracing::warn!(%error, "there is no tray icon")).ok()
}

impl Tray {
    fn build(app: &AppHandle) -> tauri::Result<Tray> {
        let count = MenuItem::with_id(app, WAITING, count_words(0), false, None::<&str>)?;
        let everything =
            CheckMenuItem::with_id(app, HOLD_EVERYTHING, "Hold everything", true, false, None::<&str>)?;
        let open = MenuItem::with_id(app, OPEN, "Open Doorward", true, None::<&str>)?;
        let quit = MenuItem::with_id(app, QUIT, "Quit", true, None::<&str>)?;
        let line = || PredefinedMenuItem::separator(app);
        let menu = Menu::with_items(app, &[&count, &line()?, &everything, &line()?, &open, &quit])?;
        let icon = TrayIconBuilder::with_id("doorward")
            .menu(&menu)
            .icon(icon(0))
            .tooltip(tooltip(0, false))
            .on_menu_event(|app, event| match event.id().as_ref() {
                OPEN => window::show(app),
                QUIT => app.exit(0),
                HOLD_EVERYTHING => drop(tauri::async_runtime::spawn(switch(app.clone()))),
                id => {
                    if let Some(hold) = id.strip_prefix(HOLD) {
                        approval::show(app, hold);
                    }
                }
            })
            .build(app)?;
        Ok(Tray { app: app.clone(), icon, menu, count, everything, holds: Vec::new() })
    }

    /// Shows what waits, until the host ends.
    pub(crate) async fn follow(mut self, host: Arc<Host>) {
        let mut changes = host.subscribe();
        loop {
            if let Err(error) = self.update(&waiting(&host), host.holds_everything()) {
                tracing::warn!(%error, "the tray icon was not brought up to date");
            }
            loop {
                match changes.recv().await {
                    Ok(Changed { tags, .. })
                        if !tags.contains(&Tag::Inbox) && !tags.contains(&Tag::Overview) => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return,
                }
            }
        }
    }

    fn update(&mut self, waiting: &[Card], paused: bool) -> tauri::Result<()> {
        self.count.set_text(count_words(waiting.len()))?;
        // The desktop has ticked it already when it was pressed, whether or not everything is held then.
        self.everything.set_checked(paused)?;
        for item in self.holds.drain(..) {
            self.menu.remove(&item)?;
        }
        for (place, card) in newest(waiting).into_iter().enumerate() {
            let item = MenuItem::with_id(
                &self.app,
                format!("{HOLD}{}", card.hold),
                words(card),
                true,
                None::<&str>,
            )?;
            self.menu.insert(&item, FIRST_HOLD + place)?;
            self.holds.push(item);
        }
        self.icon.set_icon(Some(icon(waiting.len())))?;
        self.icon.set_tooltip(Some(tooltip(waiting.len(), paused)))?;
        self.icon.set_title((!waiting.is_empty()).then(|| waiting.len().to_string()))
    }
}

fn icon(waiting: usize) -> Image<'static> {
    if waiting == 0 {
        tauri::include_image!("src-tauri/icons/tray.png")
    } else {
        tauri::include_image!("src-tauri/icons/tray-waiting.png")
    }
}

fn newest(waiting: &[Card]) -> Vec<&Card> {
    let mut cards: Vec<&Card> = waiting.iter().collect();
    cards.sort_by_key(|card| std::cmp::Reverse(card.opened_at));
    cards.truncate(NEWEST);
    cards
}

/// A single `&` would become a keyboard mark in a menu.
fn words(card: &Card) -> String {
    format!("{}: {}/{}", card.agent, card.upstream, card.tool).replace('&', "&&")
}

fn count_words(waiting: usize) -> String {
    match waiting {
        0 => "No call waits".to_owned(),
        1 => "1 call waits".to_owned(),
        more => format!("{more} calls wait"),
    }
}

fn tooltip(waiting: usize, paused: bool) -> String {
    let held = if paused { ", everything is held" } else { "" };
    format!("Doorward: {}{held}", count_words(waiting).to_lowercase())
}

/// A person pressed *Hold everything*: the other way round than it is. What could not be done shows in the window.
async fn switch(app: AppHandle) {
    let door = app.state::<Door>().inner().clone();
    let Some(host) = door.host().await else { return };
    if let Err(error) = host.hold_everything(!host.holds_everything()).await {
        tracing::warn!(
            code = error.code,
            message = error.message,
            "everything was not held, or is held still"
        );
        window::show(&app);
    }
}
