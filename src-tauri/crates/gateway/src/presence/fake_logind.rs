//! A logind of a test's own: one session with a screen, which locks and unlocks as the test says. Shared by the unit
//! tests of this crate and the tests of the whole app.

use std::sync::{Arc, Mutex};
use zbus::export::ordered_stream::OrderedStreamExt;
use zbus::message::Type;
use zbus::{Connection, MessageStream, ObjectPath, Variant, connection};

const NAME: &str = "org.freedesktop.login1";
const ROOT: &str = "/org/freedesktop/login1";
const USER: &str = "/org/freedesktop/login1/user/_1000";
pub(crate) const SEEN: &str = "/org/freedesktop/login1/session/_32";
pub(crate) const FAR: &str = "/org/freedesktop/login1/session/_37";

/// See the module.
pub(crate) struct FakeLogind {
    bus: Connection,
    state: Arc<Mutex<State>>,
}

struct State {
    locked: bool,
    /// Whether the user sees a screen at all.
    has_screen: bool,
}

impl FakeLogind {
    pub(crate) async fn start(address: &str, locked: bool) -> FakeLogind {
        FakeLogind::on(address, State { locked, has_screen: true }).await
    }

    /// Only a terminal over the network is open.
    pub(crate) async fn without_a_screen(address: &str) -> FakeLogind {
        FakeLogind::on(address, State { locked: false, has_screen: false }).await
    }

    async fn on(address: &str, state: State) -> FakeLogind {
        let bus = connection::Builder::address(address).build().await.unwrap();
        let state = Arc::new(Mutex::new(state));
        tokio::spawn(serve(bus.clone(), MessageStream::from(&bus), Arc::clone(&state)));
        let fake = FakeLogind { bus, state };
        fake.ask_bus("RequestName", &(NAME, 0_u32)).await;
        fake
    }

    /// Leaves the bus.
    pub(crate) async fn release(self) {
        self.ask_bus("ReleaseName", &NAME).await;
    }

    async fn ask_bus<B: serde::Serialize + zbus::zvariant::DynamicType>(&self, what: &str, body: &B) {
        let bus = Some("org.freedesktop.DBus");
        self.bus.call_method(bus, "/org/freedesktop/DBus", bus, what, body).await.unwrap();
    }

    /// As a desktop does it: the session's own word changes, and it is told.
    pub(crate) async fn set_locked(&self, locked: bool) {
        self.state.lock().unwrap().locked = locked;
        let changed: [(&str, Variant<'_>); 1] = [("LockedHint", Variant::from(locked))];
        let changed: std::collections::HashMap<_, _> = changed.into();
        let body = ("org.freedesktop.login1.Session", changed, Vec::<String>::new());
        self.emit(SEEN, "org.freedesktop.DBus.Properties", "PropertiesChanged", &body).await;
    }

    /// Somebody asks the session to lock or unlock; what it does is another matter.
    pub(crate) async fn ask(&self, what: &'static str) {
        self.emit(SEEN, "org.freedesktop.login1.Session", what, &()).await;
    }

    pub(crate) async fn sleep(&self, asleep: bool) {
        self.emit(ROOT, "org.freedesktop.login1.Manager", "PrepareForSleep", &asleep).await;
    }

    async fn emit<B: serde::Serialize + zbus::zvariant::DynamicType>(
        &self,
        path: &str,
        interface: &str,
        signal: &str,
        body: &B,
    ) {
        self.bus.emit_signal(None::<&str>, path, interface, signal, body).await.unwrap();
    }
}

async fn serve(bus: Connection, mut calls: MessageStream, state: Arc<Mutex<State>>) {
    let path = |path: &'static str| ObjectPath::try_from(path).unwrap();
    while let Some(Ok(call)) = calls.next().await {
        let header = call.header();
        if call.message_type() != Type::MethodCall {
            continue;
        }
        let (locked, has_screen) = {
            let state = state.lock().unwrap();
            (state.locked, state.has_screen)
        };
        let seen = if has_screen { SEEN } else { FAR };
        let at = header.path().unwrap().to_string();
        match header.member().unwrap().as_str() {
            // A service of the user belongs to no session.
            "GetSessionByPID" => bus
                .reply_error(
                    &header,
                    zbus::names::ErrorName::try_from(format!("{NAME}.NoSessionForPID")).unwrap(),
                    &"none",
                )
                .await
                .unwrap(),
            "GetUser" => bus.reply(&header, &path(USER)).await.unwrap(),
            "Get" => {
                let (_, name): (String, String) = call.body().deserialize().unwrap();
                let value = match (at.as_str(), name.as_str()) {
                    (USER, "Display") => Variant::from(("2".to_owned(), path(seen))),
                    (SEEN, "Type") => Variant::from("wayland"),
                    (FAR, "Type") => Variant::from("tty"),
                    (_, "LockedHint") => Variant::from(locked),
                    other => panic!("asked for {other:?}"),
                };
                bus.reply(&header, &value).await.unwrap();
            }
            other => panic!("logind was asked for `{other}`"),
        }
    }
}
