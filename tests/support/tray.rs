//! A tray host: the part of a desktop that shows icons and opens their menus (the StatusNotifierItem and dbusmenu
//! interfaces). This one only reads and presses.

use super::bus::Bus;
use super::{PATIENCE, within};
use futures_util::StreamExt;
use std::collections::HashMap;
use std::time::Instant;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use zbus::message::Type;
use zbus::{Connection, MessageStream, OwnedObjectPath, OwnedVariant, Variant};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const BUS: &str = "org.freedesktop.DBus";

/// Waits for icons from before the app starts.
pub(crate) struct TrayHost {
    bus: Connection,
    icons: UnboundedReceiver<(String, String)>,
}

/// One icon's menu.
pub(crate) struct TrayMenu {
    bus: Connection,
    owner: String,
    path: OwnedObjectPath,
}

impl TrayHost {
    pub(crate) async fn on(bus: &Bus) -> TrayHost {
        let bus = bus.connect().await;
        let (found, icons) = unbounded_channel();
        let (serving, mut calls) = (bus.clone(), MessageStream::from(&bus));
        tokio::spawn(async move {
            while let Some(Ok(call)) = calls.next().await {
                if call.message_type() != Type::MethodCall {
                    continue;
                }
                let header = call.header();
                let yes = || Variant::from(true);
                let replied = match header.member().map(|name| name.to_string()).as_deref() {
                    Some("RegisterStatusNotifierItem") => {
                        let path: String = call.body().deserialize().expect("a path or a name");
                        let _ = found.send((header.sender().expect("a sender").to_string(), path));
                        serving.reply(&header, &()).await
                    }
                    Some("GetAll") => {
                        let all = HashMap::from([("IsStatusNotifierHostRegistered", yes())]);
                        serving.reply(&header, &all).await
                    }
                    Some("Get") => serving.reply(&header, &yes()).await,
                    _ => serving.reply(&header, &()).await,
                };
                if replied.is_err() {
                    return;
                }
            }
        });
        let claimed =
            bus.call_method(Some(BUS), "/org/freedesktop/DBus", Some(BUS), "RequestName", &(WATCHER, 0_u32));
        claimed.await.expect("the name of a tray host");
        TrayHost { bus, icons }
    }

    /// The menu of the first icon that comes.
    pub(crate) async fn menu(&mut self) -> TrayMenu {
        let (owner, path) = within("a tray icon", self.icons.recv()).await.expect("the host goes on");
        let asked = self.bus.call_method(
            Some(owner.as_str()),
            path.as_str(),
            Some(PROPERTIES),
            "Get",
            &(ITEM, "Menu"),
        );
        let answer: OwnedVariant =
            asked.await.expect("the icon answers").body().deserialize().expect("a property");
        let path = Variant::try_from(&answer).ok().and_then(|path| OwnedObjectPath::try_from(path).ok());
        TrayMenu { bus: self.bus.clone(), owner, path: path.expect("the path of its menu") }
    }
}

/// One line of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    id: i32,
    pub(crate) label: String,
    pub(crate) is_ticked: bool,
}

impl TrayMenu {
    pub(crate) async fn lines(&self) -> Vec<Line> {
        // Some menus are filled in only when somebody is about to open them.
        let _ = self.ask("AboutToShow", &0_i32).await;
        let every: (Vec<i32>, Vec<&str>) = ((1..300).collect(), Vec::new());
        let answer = self.ask("GetGroupProperties", &every).await.expect("the menu answers");
        let rows: Vec<(i32, HashMap<String, OwnedVariant>)> = answer.body().deserialize().expect("its lines");
        let lines = rows.into_iter().filter_map(|(id, row)| {
            let label = match &**row.get("label")? {
                Variant::Str(label) => written(label),
                _ => return None,
            };
            let is_ticked = row.get("toggle-state").is_some_and(|state| matches!(&**state, Variant::I32(1)));
            Some(Line { id, label, is_ticked })
        });
        lines.collect()
    }

    /// The menu, once it is as wanted.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&[Line]) -> bool) -> Vec<Line> {
        let limit = Instant::now() + PATIENCE;
        loop {
            let lines = self.lines().await;
            if wanted(&lines) {
                return lines;
            }
            assert!(Instant::now() < limit, "{what}: {lines:?}");
        }
    }

    /// As a person would: where the menu is written anew meanwhile, the line that takes this one's place.
    pub(crate) async fn press(&self, line: &Line) {
        let limit = Instant::now() + PATIENCE;
        loop {
            let lines = self.lines().await;
            let same = lines.iter().find(|now| now.id == line.id && now.label == line.label);
            if let Some(now) = same.or_else(|| lines.iter().find(|now| now.label == line.label)) {
                let event = (now.id, "clicked", Variant::from(0_i32), 0_u32);
                if self.ask("Event", &event).await.is_ok() {
                    return;
                }
            }
            assert!(Instant::now() < limit, "the menu hears a press of `{}`: {lines:?}", line.label);
        }
    }

    async fn ask<B: serde::Serialize + zbus::zvariant::DynamicType>(
        &self,
        what: &str,
        body: &B,
    ) -> zbus::Result<zbus::Message> {
        self.bus.call_method(Some(self.owner.as_str()), &self.path, Some(MENU), what, body).await
    }
}

/// As it shows: an underscore marks a key to press, two of them are one.
fn written(label: &str) -> String {
    label.replace("__", "\0").replace('_', "").replace('\0', "_")
}
