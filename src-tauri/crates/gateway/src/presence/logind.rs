//! logind over the system bus: the session's lock and the machine's sleep.
//!
//! The session is the graphical one this process belongs to, or else the one its user sees (`Display`): a terminal
//! over the network has no screen to lock. Signals are taken from the unique name that owns logind's; when that
//! name changes hands, everything is asked for anew.

use super::Presence;
use std::convert::Infallible;
use std::time::Duration;
use zbus::export::ordered_stream::OrderedStreamExt;
use zbus::message::Type;
use zbus::names::OwnedUniqueName;
use zbus::{Connection, MatchRule, Message, MessageStream, OwnedObjectPath, OwnedVariant, connection};

const NAME: &str = "org.freedesktop.login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
const ROOT: &str = "/org/freedesktop/login1";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const BUS: &str = "org.freedesktop.DBus";
const HINT: &str = "LockedHint";
/// A service that does not answer must not keep anything waiting.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where there is no logind, or no screen yet, it is looked for again.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// A session that was told to lock says so within this time, or nobody can tell.
const LOCKS_WITHIN: Duration = Duration::from_secs(15);

/// Why nobody can tell.
#[derive(Debug, thiserror::Error)]
enum Blind {
    #[error("there is no system bus ({0})")]
    NoBus(#[source] zbus::Error),
    #[error("there is no logind on this machine ({0})")]
    NoLogind(#[source] zbus::Error),
    #[error("the system bus does not answer")]
    Silent,
    #[error("logind knows no session with a screen for this user")]
    NoScreen,
    #[error("logind left the bus")]
    Left,
    #[error("logind said something that could not be understood ({0})")]
    Strange(#[from] zbus::Error),
}

/// Follows the screen for as long as it is polled.
pub(super) async fn follow(presence: Presence) {
    loop {
        let Err(blind) = Screen::follow(&presence, connection::Builder::system(), LOCKS_WITHIN).await;
        tracing::info!(%blind, "whether the screen is locked is not known");
        presence.set_unknown(&blind.to_string());
        tokio::time::sleep(if matches!(blind, Blind::Left) { PATIENCE } else { LOOK_AGAIN }).await;
    }
}

/// Asks once.
pub(super) async fn ask() -> Result<bool, String> {
    ask_on(connection::Builder::system()).await.map_err(|blind| blind.to_string())
}

async fn ask_on(bus: connection::Builder<'_>) -> Result<bool, Blind> {
    let bus = open(bus).await?;
    let owner = owner(&bus).await.map_err(Blind::NoLogind)?;
    let session = session(&bus, &owner).await?;
    Screen { bus, owner, session }.is_locked().await
}

async fn open(bus: connection::Builder<'_>) -> Result<Connection, Blind> {
    let bus = bus.method_timeout(PATIENCE).build();
    let bus = tokio::time::timeout(PATIENCE, bus).await.map_err(|_| Blind::Silent)?;
    bus.map_err(Blind::NoBus)
}

struct Screen {
    bus: Connection,
    owner: OwnedUniqueName,
    session: OwnedObjectPath,
}

/// What a signal says.
enum Said {
    AskedToLock,
    MayHaveChanged,
    Sleeps(bool),
    Nothing,
}

impl Screen {
    /// Ends only when nobody can tell any more.
    async fn follow(
        presence: &Presence,
        bus: connection::Builder<'_>,
        locks_within: Duration,
    ) -> Result<Infallible, Blind> {
        let bus = open(bus).await?;
        let owner = owner(&bus).await.map_err(Blind::NoLogind)?;
        let mut owners = owners(&bus).await?;
        let session = session(&bus, &owner).await?;
        let screen = Screen { bus, owner, session };
        // Listened to before it is asked, so that no change falls in between.
        let mut signals = screen.signals().await?;
        let mut sleeps = screen.sleeps().await?;
        presence.set_locked(screen.is_locked().await?);
        loop {
            let said = tokio::select! {
                biased;
                _ = owners.next() => return Err(Blind::Left),
                signal = signals.next() => screen.understand(&heard(signal)?),
                signal = sleeps.next() => screen.understand(&heard(signal)?),
            };
            match said {
                Said::Sleeps(asleep) => {
                    presence.set_asleep(asleep);
                    // A screen may be locked for the night without a word.
                    presence.set_locked(screen.is_locked().await?);
                }
                Said::MayHaveChanged => presence.set_locked(screen.is_locked().await?),
                Said::AskedToLock => {
                    presence.set_locked(true);
                    let hint = tokio::time::timeout(locks_within, screen.until_hinted(&mut signals)).await;
                    match hint {
                        Ok(hinted) => presence.set_locked(hinted?),
                        // Locked by a program that does not tell; nor will it tell of the unlocking.
                        Err(_) => presence.set_unknown("the screen's locker does not tell logind"),
                    }
                }
                Said::Nothing => {}
            }
        }
    }

    /// What the session says of itself after it was asked to lock.
    async fn until_hinted(&self, signals: &mut MessageStream) -> Result<bool, Blind> {
        loop {
            if self.is_locked().await? {
                return Ok(true);
            }
            if let Said::MayHaveChanged = self.understand(&heard(signals.next().await)?) {
                return self.is_locked().await;
            }
        }
    }

    async fn is_locked(&self) -> Result<bool, Blind> {
        let value = property(&self.bus, &self.owner, &self.session, SESSION, HINT).await?;
        Ok(bool::try_from(value)?)
    }

    fn understand(&self, message: &Message) -> Said {
        let header = message.header();
        let member = header.member().map(|member| member.as_str());
        match member {
            Some("Lock") => Said::AskedToLock,
            // An unlocking is taken from the session's own word alone.
            Some("Unlock" | "PropertiesChanged") => Said::MayHaveChanged,
            Some("PrepareForSleep") => message.body().deserialize().map_or(Said::Nothing, Said::Sleeps),
            _ => Said::Nothing,
        }
    }

    async fn signals(&self) -> Result<MessageStream, Blind> {
        let rule = MatchRule::builder().msg_type(Type::Signal).sender(self.owner.clone());
        let rule = rule.path(self.session.clone()).build()?;
        Ok(MessageStream::for_match_rule(rule, &self.bus, None).await?)
    }

    async fn sleeps(&self) -> Result<MessageStream, Blind> {
        let rule = MatchRule::builder().msg_type(Type::Signal).sender(self.owner.clone());
        let rule = rule.interface(MANAGER).member("PrepareForSleep").path(ROOT).build()?;
        Ok(MessageStream::for_match_rule(rule, &self.bus, None).await?)
    }
}

fn heard(signal: Option<zbus::Result<Message>>) -> Result<Message, Blind> {
    signal.ok_or(Blind::Left)?.map_err(Blind::Strange)
}

/// The unique name behind logind's, after asking the bus to start it.
async fn owner(bus: &Connection) -> zbus::Result<OwnedUniqueName> {
    let at = "/org/freedesktop/DBus";
    // One that runs already may not be startable; whether somebody owns the name is what counts.
    let started = bus.call_method(Some(BUS), at, Some(BUS), "StartServiceByName", &(NAME, 0_u32)).await;
    match (bus.call_method(Some(BUS), at, Some(BUS), "GetNameOwner", &NAME).await, started) {
        (Ok(owner), _) => owner.body().deserialize(),
        (Err(_), Err(error)) | (Err(error), Ok(_)) => Err(error),
    }
}

async fn owners(bus: &Connection) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder().msg_type(Type::Signal).sender(BUS).interface(BUS);
    let rule = rule.member("NameOwnerChanged").arg(0, NAME).build()?;
    MessageStream::for_match_rule(rule, bus, None).await
}

/// The session with a screen: this process's own, or else the one its user sees.
async fn session(bus: &Connection, owner: &OwnedUniqueName) -> Result<OwnedObjectPath, Blind> {
    let ask = async |what: &'static str, number: u32| -> zbus::Result<OwnedObjectPath> {
        let to = Some(owner.clone());
        bus.call_method(to, ROOT, Some(MANAGER), what, &number).await?.body().deserialize()
    };
    if let Ok(own) = ask("GetSessionByPID", std::process::id()).await
        && has_screen(bus, owner, &own).await
    {
        return Ok(own);
    }
    let user = ask("GetUser", rustix::process::getuid().as_raw()).await.map_err(|_| Blind::NoScreen)?;
    let display = property(bus, owner, &user, "org.freedesktop.login1.User", "Display").await?;
    let (_, seen) = <(String, OwnedObjectPath)>::try_from(display)?;
    if has_screen(bus, owner, &seen).await { Ok(seen) } else { Err(Blind::NoScreen) }
}

async fn has_screen(bus: &Connection, owner: &OwnedUniqueName, session: &OwnedObjectPath) -> bool {
    let kind = property(bus, owner, session, SESSION, "Type").await;
    kind.ok()
        .and_then(|kind| String::try_from(kind).ok())
        .is_some_and(|kind| ["x11", "wayland", "mir"].contains(&kind.as_str()))
}

async fn property(
    bus: &Connection,
    owner: &OwnedUniqueName,
    at: &OwnedObjectPath,
    interface: &str,
    name: &str,
) -> zbus::Result<OwnedVariant> {
    let wanted = (interface, name);
    let asked = bus.call_method(Some(owner.clone()), at.clone(), Some(PROPERTIES), "Get", &wanted);
    asked.await?.body().deserialize()
}

#[cfg(test)]
#[path = "logind_tests.rs"]
mod tests;
