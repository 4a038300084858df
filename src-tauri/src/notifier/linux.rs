//! Linux: `org.freedesktop.Notifications` over one connection of our own.
//!
//! Any program on the session bus may send the signal "this button was pressed", and any program may take the
//! service's name once its owner is gone. So the service is bound to the unique bus name that owned it when
//! Doorward started (started by the bus if need be): notices go to that name, and answers count only from it,
//! for an id it gave us, and for a button that was on that notice. One connection shows and hears, because
//! some services (dunst) answer only the connection that asked: a library that opens a second one hears nothing.

#[path = "forged.rs"]
mod forged;

use super::{Heard, Notifier, NotifyError};
use crate::notice::{Button, Notice, Service};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, mpsc};
use zbus::export::ordered_stream::OrderedStreamExt;
use zbus::message::Type;
use zbus::names::OwnedUniqueName;
use zbus::{Connection, MatchRule, Message, MessageStream, Variant, connection};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
const BUS: &str = "org.freedesktop.DBus";
/// A service that does not answer must not keep anything waiting.
const PATIENCE: Duration = Duration::from_secs(5);
/// The service says a person put the notice away.
const CLOSED_BY_A_PERSON: u32 = 2;
/// Some services show one notice at a time, and the next comes up where the pointer still is: the second half
/// of a double click must not approve it.
const TOO_EARLY: Duration = Duration::from_millis(700);

/// See the module.
pub(crate) struct SystemNotifier {
    service: Service,
    link: Arc<Link>,
}

struct Link {
    bus: Connection,
    owner: OwnedUniqueName,
    /// False once the owner left the bus or the name: from then on nobody is believed.
    trusted: AtomicBool,
    /// Held while a notice is being shown, so that its answer cannot overtake its id.
    shown: Mutex<Shown>,
    /// [`TOO_EARLY`], or what a test needs.
    too_early: Duration,
    heard: mpsc::UnboundedSender<Heard>,
}

#[derive(Default)]
struct Shown {
    by_id: HashMap<u32, OnScreen>,
    ids: HashMap<String, u32>,
    /// When a notice left the screen the last time.
    moved: Option<Instant>,
}

struct OnScreen {
    notice: Notice,
    since: Instant,
}

impl SystemNotifier {
    /// Speaks to the notification service of this session and binds to it.
    ///
    /// # Errors
    /// When there is no bus, or no service that the bus knows how to start.
    pub(crate) async fn connect() -> Result<(SystemNotifier, mpsc::UnboundedReceiver<Heard>), NotifyError> {
        SystemNotifier::connect_to(connection::Builder::session(), TOO_EARLY).await
    }

    async fn connect_to(
        bus: connection::Builder<'_>,
        too_early: Duration,
    ) -> Result<(SystemNotifier, mpsc::UnboundedReceiver<Heard>), NotifyError> {
        let bus =
            bus.method_timeout(PATIENCE).build().await.map_err(|error| NotifyError::NoBus(error.into()))?;
        let owner = owner_of_service(&bus).await.map_err(|error| NotifyError::NoService(error.into()))?;
        let service = describe(&bus, &owner).await.map_err(|error| NotifyError::NoService(error.into()))?;
        let (answers, owners) =
            signals(&bus, &owner).await.map_err(|error| NotifyError::NoBus(error.into()))?;
        let said = forged::signals(&bus).await.map_err(|error| NotifyError::NoBus(error.into()))?;
        let (heard, hears) = mpsc::unbounded_channel();
        let (trusted, shown) = (AtomicBool::new(true), Mutex::default());
        let link = Arc::new(Link { bus, owner, trusted, shown, too_early, heard });
        tokio::spawn(Arc::clone(&link).listen(answers, owners));
        tokio::spawn(forged::listen(Arc::clone(&link), said));
        Ok((SystemNotifier { service, link }, hears))
    }
}

/// The unique name behind the service's name, after asking the bus to start it.
async fn owner_of_service(bus: &Connection) -> zbus::Result<OwnedUniqueName> {
    // A service that runs already may not be startable; whether somebody owns the name is what counts.
    let started =
        bus.call_method(Some(BUS), "/org/freedesktop/DBus", Some(BUS), "StartServiceByName", &(NAME, 0_u32));
    let started = started.await;
    let owner = bus.call_method(Some(BUS), "/org/freedesktop/DBus", Some(BUS), "GetNameOwner", &NAME).await;
    match (owner, started) {
        (Ok(owner), _) => owner.body().deserialize(),
        (Err(_), Err(error)) | (Err(error), Ok(_)) => Err(error),
    }
}

async fn describe(bus: &Connection, owner: &OwnedUniqueName) -> zbus::Result<Service> {
    let ask = |what: &'static str| bus.call_method(Some(owner.clone()), PATH, Some(NAME), what, &());
    let (name, _, _, _): (String, String, String, String) =
        ask("GetServerInformation").await?.body().deserialize()?;
    let can: Vec<String> = ask("GetCapabilities").await?.body().deserialize()?;
    let can = |what: &str| can.iter().any(|name| name == what);
    Ok(Service { name, buttons: can("actions"), markup: can("body-markup") })
}

/// The owner's signals, and the bus's news of who owns the name. Nothing else gets into these queues, so that
/// nobody can fill them; what others say is heard apart ([`forged`]).
async fn signals(bus: &Connection, owner: &OwnedUniqueName) -> zbus::Result<(MessageStream, MessageStream)> {
    let answers = MatchRule::builder()
        .msg_type(Type::Signal)
        .sender(owner.clone())
        .interface(NAME)
        .path(PATH)
        .build()?;
    let owners = MatchRule::builder()
        .msg_type(Type::Signal)
        .sender(BUS)
        .interface(BUS)
        .member("NameOwnerChanged")
        .arg(0, NAME)
        .build()?;
    Ok((
        MessageStream::for_match_rule(answers, bus, None).await?,
        MessageStream::for_match_rule(owners, bus, None).await?,
    ))
}

impl Link {
    async fn listen(self: Arc<Self>, mut answers: MessageStream, mut owners: MessageStream) {
        loop {
            let heard = tokio::select! {
                Some(Ok(message)) = answers.next() => self.understand(&message).await,
                Some(Ok(message)) = owners.next() => self.has_left(&message),
                else => Some(Heard::ServiceLeft),
            };
            match heard {
                None => {}
                Some(Heard::ServiceLeft) => break,
                Some(heard) => {
                    let app_is_ending = self.heard.send(heard).is_err();
                    if app_is_ending {
                        return;
                    }
                }
            }
        }
        self.trusted.store(false, Ordering::Release);
        let _ = self.heard.send(Heard::ServiceLeft);
    }

    /// The rule lets the owner's signals through only. The sender is asked again here, because the rule is all
    /// that stands between a forged signal and a vote. The bus writes it into every message; a program cannot.
    async fn understand(&self, message: &Message) -> Option<Heard> {
        let header = message.header();
        if message.message_type() != Type::Signal || *header.sender()? != *self.owner {
            return None;
        }
        match header.member()?.as_str() {
            "ActionInvoked" => {
                let (id, key): (u32, String) = message.body().deserialize().ok()?;
                self.pressed(id, &key).await
            }
            "NotificationClosed" => {
                let (id, why): (u32, u32) = message.body().deserialize().ok()?;
                let notice = self.shown.lock().await.forget(id)?;
                (why == CLOSED_BY_A_PERSON).then_some(Heard::PutAway { notice })
            }
            _ => None,
        }
    }

    fn has_left(&self, message: &Message) -> Option<Heard> {
        let (_, _, owner): (String, String, String) = message.body().deserialize().ok()?;
        (message.header().sender()?.as_str() == BUS && owner != self.owner.as_str())
            .then_some(Heard::ServiceLeft)
    }

    /// Counts once, and only for a button that was on this notice. A click on the notice itself is *Review*, and
    /// so is an *Approve* that nobody can have read the notice for.
    async fn pressed(&self, id: u32, key: &str) -> Option<Heard> {
        let mut shown = self.shown.lock().await;
        let on_screen = shown.by_id.get(&id)?;
        let pressed = match key {
            "default" => Button::Review,
            key => Button::ALL.into_iter().find(|button| button.key() == key)?,
        };
        if !on_screen.notice.buttons.contains(&pressed) {
            return None;
        }
        let settled = shown.moved.map_or(on_screen.since, |moved| moved.max(on_screen.since));
        let early = pressed == Button::Approve && settled.elapsed() < self.too_early;
        let button = if early { Button::Review } else { pressed };
        let notice = shown.forget(id)?;
        drop(shown);
        self.close_id(id).await;
        Some(Heard::Pressed { notice, button })
    }

    async fn close_id(&self, id: u32) {
        let closed =
            self.bus.call_method(Some(self.owner.clone()), PATH, Some(NAME), "CloseNotification", &id).await;
        if let Err(error) = closed {
            tracing::debug!(%error, "a notification was gone before it was closed");
        }
    }

    /// In place of closing it, where that does not take it away: nothing is left to press, and it expires at once.
    async fn expire(&self, id: u32, notice: &Notice) {
        let (none, hints): (Vec<&str>, HashMap<&str, Variant<'_>>) = (Vec::new(), HashMap::new());
        let body =
            ("Doorward", id, "doorward-desktop", &notice.title, "It no longer waits", none, hints, 1_i32);
        let expired = self.bus.call_method(Some(self.owner.clone()), PATH, Some(NAME), "Notify", &body).await;
        if let Err(error) = expired {
            tracing::debug!(%error, "a notification was not taken away");
        }
    }

    async fn notify(&self, notice: &Notice, replaces: u32) -> zbus::Result<u32> {
        let actions: Vec<&str> = notice
            .buttons
            .contains(&Button::Review)
            .then_some(["default", Button::Review.label()])
            .into_iter()
            .chain(notice.buttons.iter().map(|button| [button.key(), button.label()]))
            .flatten()
            .collect();
        let hints: HashMap<&str, Variant<'_>> = HashMap::from([
            ("urgency", Variant::from(1_u8)),
            ("desktop-entry", Variant::from("Doorward")),
            ("image-data", door()),
        ]);
        // Never expires by itself: it is closed when the hold ends.
        let body =
            ("Doorward", replaces, "doorward-desktop", &notice.title, &notice.body, actions, hints, 0_i32);
        self.bus
            .call_method(Some(self.owner.clone()), PATH, Some(NAME), "Notify", &body)
            .await?
            .body()
            .deserialize()
    }

    /// The service we knew is gone: its successor may be anybody, so it learns no arguments and gets no buttons.
    async fn notify_stranger(&self, notice: &Notice) -> zbus::Result<()> {
        let (none, hints): (Vec<&str>, HashMap<&str, Variant<'_>>) = (Vec::new(), HashMap::new());
        let says = "A call waits; open Doorward to decide";
        let body = ("Doorward", 0_u32, "doorward-desktop", &notice.title, says, none, hints, 0_i32);
        self.bus.call_method(Some(NAME), PATH, Some(NAME), "Notify", &body).await.map(drop)
    }
}

impl Shown {
    fn forget(&mut self, id: u32) -> Option<Notice> {
        let notice = self.by_id.remove(&id)?.notice;
        self.ids.remove(&notice.key);
        self.moved = Some(Instant::now());
        Some(notice)
    }
}

/// The app's icon as pixels (Desktop Notifications Specification, `image-data`): found without an icon theme.
fn door() -> Variant<'static> {
    const CHANNELS: i32 = 4;
    let icon = tauri::include_image!("src-tauri/icons/64x64.png");
    let side = |length: u32| i32::try_from(length).unwrap_or_default();
    let (width, height) = (side(icon.width()), side(icon.height()));
    Variant::from((width, height, width * CHANNELS, true, 8_i32, CHANNELS, icon.rgba().to_vec()))
}

impl Notifier for SystemNotifier {
    fn service(&self) -> &Service {
        &self.service
    }

    async fn show(&self, notice: &Notice) -> Result<(), NotifyError> {
        if !self.link.trusted.load(Ordering::Acquire) {
            return self
                .link
                .notify_stranger(notice)
                .await
                .map_err(|error| NotifyError::Refused(error.into()));
        }
        let mut shown = self.link.shown.lock().await;
        let replaces = shown.ids.get(&notice.key).copied().unwrap_or_default();
        // While it is replaced, an answer to the former one must not count for the new one.
        shown.forget(replaces);
        let id =
            self.link.notify(notice, replaces).await.map_err(|error| NotifyError::Refused(error.into()))?;
        shown.ids.insert(notice.key.clone(), id);
        shown.by_id.insert(id, OnScreen { notice: notice.clone(), since: Instant::now() });
        Ok(())
    }

    async fn close(&self, key: &str) {
        let mut shown = self.link.shown.lock().await;
        let Some(id) = shown.ids.get(key).copied() else { return };
        let forgotten = shown.forget(id);
        drop(shown);
        match forgotten.filter(|_| self.service.leaves_closed_on_screen()) {
            Some(notice) => self.link.expire(id, &notice).await,
            None => self.link.close_id(id).await,
        }
    }
}

#[cfg(test)]
#[path = "linux_tests.rs"]
mod tests;
