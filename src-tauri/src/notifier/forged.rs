//! Answers that the notification service did not give: any program on the session bus can say that a button of ours was
//! pressed. They count for nothing whoever hears them ([`super`]); here they are heard so that they come on record.

use super::{Heard, Link, NAME, PATH};
use crate::notice::Button;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use zbus::export::ordered_stream::OrderedStreamExt;
use zbus::message::Type;
use zbus::{Connection, MatchRule, Message, MessageStream};

/// A program that says it a thousand times a second is told of once.
const QUIET: Duration = Duration::from_secs(1);

/// Pressed buttons, whoever says so.
pub(super) async fn signals(bus: &Connection) -> zbus::Result<MessageStream> {
    let pressed = MatchRule::builder()
        .msg_type(Type::Signal)
        .interface(NAME)
        .path(PATH)
        .member("ActionInvoked")
        .build()?;
    MessageStream::for_match_rule(pressed, bus, None).await
}

/// In a task of its own, which waits for nothing else: a queue that fills up would keep the real answers out.
pub(super) async fn listen(link: Arc<Link>, mut said: MessageStream) {
    let mut told: Option<Instant> = None;
    while let Some(message) = said.next().await {
        let is_new = told.is_none_or(|at| at.elapsed() >= QUIET);
        if is_new && message.is_ok_and(|message| is_forged(&link, &message)) {
            told = Some(Instant::now());
            let app_is_ending = link.heard.send(Heard::Forged).is_err();
            if app_is_ending {
                return;
            }
        }
    }
}

/// For a notice that is on screen, and a button as ours are called. While one is just being shown nobody can tell its
/// number, and such an answer is told of as well. A service that came later gives its own numbers to everybody's
/// notices, so after the one we knew has left nothing is told of.
fn is_forged(link: &Link, message: &Message) -> bool {
    let sender = message.header().sender().is_some_and(|sender| *sender == *link.owner);
    let Ok((id, key)) = message.body().deserialize::<(u32, String)>() else { return false };
    let is_ours = link.shown.try_lock().map_or(true, |shown| shown.by_id.contains_key(&id));
    let is_button = key == "default" || Button::ALL.iter().any(|button| button.key() == key);
    !sender && is_ours && is_button && link.trusted.load(Ordering::Acquire)
}
