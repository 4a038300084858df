//! What the app asks of the notification service, overheard on the bus: the words of a notification, which no
//! picture tells exactly.

use super::bus::Bus;
use super::within;
use futures_util::StreamExt;
use std::collections::HashMap;
use zbus::message::Type;
use zbus::{MessageStream, OwnedVariant};

/// One thing that was asked. This daemon is told to let a notification expire in place of closing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Show { title: String, body: String, buttons: Vec<String> },
    Close,
}

/// Everything that is asked from now on.
pub(crate) struct Notified(MessageStream);

impl Notified {
    pub(crate) async fn on(bus: &Bus) -> Notified {
        let connection = bus.connect().await;
        let stream = MessageStream::from(&connection);
        let rules = vec!["type='method_call',interface='org.freedesktop.Notifications'"];
        let (name, path) = ("org.freedesktop.DBus", "/org/freedesktop/DBus");
        let monitoring = "org.freedesktop.DBus.Monitoring";
        let became = connection
            .call_method(Some(name), path, Some(monitoring), "BecomeMonitor", &(rules, 0_u32))
            .await;
        became.expect("the test's own bus lets it listen");
        Notified(stream)
    }

    pub(crate) async fn next(&mut self) -> Asked {
        within("something is asked of the notification service", async {
            loop {
                let message = self.0.next().await.expect("the bus goes on").expect("a message");
                if message.message_type() != Type::MethodCall {
                    continue;
                }
                match message.header().member().map(|name| name.to_string()).as_deref() {
                    Some("Notify") => return shown(&message),
                    Some("CloseNotification") => return Asked::Close,
                    _ => {}
                }
            }
        })
        .await
    }

    /// The next notification that says this in title or body.
    pub(crate) async fn until_it_says(&mut self, words: &str) -> Asked {
        loop {
            let asked = self.next().await;
            if let Asked::Show { title, body, .. } = &asked
                && (title.contains(words) || body.contains(words))
            {
                return asked;
            }
        }
    }
}

fn shown(message: &zbus::Message) -> Asked {
    type Notify = (String, u32, String, String, String, Vec<String>, HashMap<String, OwnedVariant>, i32);
    let (_, _, _, title, body, actions, _, expires): Notify =
        message.body().deserialize().expect("a notification");
    if expires > 0 {
        return Asked::Close;
    }
    // Keys and labels take turns; a click on the notification itself is no button.
    let pairs = actions.chunks(2).filter(|pair| pair[0] != "default");
    Asked::Show { title, body, buttons: pairs.map(|pair| pair[1].clone()).collect() }
}
