//! Whether somebody can be at the screen: locked or not, asleep or awake, as far as the system tells.
//!
//! Linux tells through logind (`presence/logind.rs`); elsewhere nobody does. *Unknown* counts as locked wherever being
//! there makes something easier (grants, the freshness of a step-up), and never keeps a notification back. The lock
//! that logind tells of is the session's own word: any program of the same user can set it. So it may end what a
//! person's presence opened, and proves nobody's presence.

use crate::engine::Engine;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod fake_logind;
#[cfg(target_os = "linux")]
mod logind;
mod slept;

/// What follows from an unknown screen.
pub const UNKNOWN_MEANS: &str =
    "No grants can be made, and every step-up asks for a proof of its own. Notifications come as ever.";

/// What happened to the screen or the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceEvent {
    /// Or nobody can tell any more whether it is.
    Locked,
    Unlocked,
    Suspended,
    Resumed,
}

/// Cheap to clone; all clones tell the same. It starts as unknown.
#[derive(Clone, Debug)]
pub struct Presence(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    events: broadcast::Sender<PresenceEvent>,
}

#[derive(Debug)]
struct State {
    locked: Option<bool>,
    /// Where nobody can tell: why, for people.
    why_unknown: Option<String>,
}

/// Until it is looked for the first time.
const NOT_LOOKED: &str = "nobody has looked yet";

impl Default for Presence {
    fn default() -> Presence {
        let why_unknown = Some(NOT_LOOKED.to_owned());
        let state = Mutex::new(State { locked: None, why_unknown });
        Presence(Arc::new(Inner { state, events: broadcast::channel(64).0 }))
    }
}

impl Presence {
    /// None where nobody can tell. Each way of counting an unknown has its own name below.
    #[must_use]
    pub fn is_locked(&self) -> Option<bool> {
        self.state().locked
    }

    /// For whatever is easier while a person is there: an unknown screen is not one with somebody before it.
    #[must_use]
    pub fn is_surely_unlocked(&self) -> bool {
        self.is_locked() == Some(false)
    }

    /// For what waits until a person is back: an unknown screen keeps nothing waiting.
    #[must_use]
    pub fn is_surely_locked(&self) -> bool {
        self.is_locked() == Some(true)
    }

    /// Why nobody can tell, for people; none where somebody can.
    #[must_use]
    pub fn why_unknown(&self) -> Option<String> {
        self.state().why_unknown.clone()
    }

    /// Whether it was looked for at all; before that, nothing is wrong with not knowing.
    #[must_use]
    pub fn has_looked(&self) -> bool {
        self.why_unknown().is_none_or(|why| why != NOT_LOOKED)
    }

    /// What follows for people from not knowing, and why it is not known; none where it is, or was not looked for yet.
    #[must_use]
    pub fn unknown_words(&self) -> Option<[String; 2]> {
        let why = self.why_unknown().filter(|_| self.has_looked())?;
        Some([format!("Whether the screen is locked is not known: {why}."), UNKNOWN_MEANS.to_owned()])
    }

    /// What happens from now on. Who lags behind should take everything as ended.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<PresenceEvent> {
        self.0.events.subscribe()
    }

    /// Takes what somebody who can tell says; tells of it where it is new.
    pub fn set_locked(&self, locked: bool) {
        let mut state = self.state();
        let before = std::mem::replace(&mut *state, State { locked: Some(locked), why_unknown: None }).locked;
        drop(state);
        match (before, locked) {
            (Some(before), now) if before == now => {}
            (_, true) => self.tell(PresenceEvent::Locked),
            (_, false) => self.tell(PresenceEvent::Unlocked),
        }
    }

    /// Nobody can tell any more; `why` is for people.
    pub fn set_unknown(&self, why: &str) {
        let mut state = self.state();
        let now = State { locked: None, why_unknown: Some(why.to_owned()) };
        let before = std::mem::replace(&mut *state, now);
        drop(state);
        if before.locked.is_some() || before.why_unknown.as_deref() == Some(NOT_LOOKED) {
            self.tell(PresenceEvent::Locked);
        }
    }

    /// The machine is about to sleep, or woke up.
    pub fn set_asleep(&self, asleep: bool) {
        self.tell(if asleep { PresenceEvent::Suspended } else { PresenceEvent::Resumed });
    }

    fn tell(&self, event: PresenceEvent) {
        tracing::info!(?event, "the screen or the machine");
        // Nobody listening is fine: the state is here to be asked for.
        let _ = self.0.events.send(event);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Whether somebody can be at the screen.
    #[must_use]
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Asks the system from now on; until then, and where it does not tell, the screen is unknown.
    pub fn watch_screen(&self) {
        let presence = self.presence.clone();
        let stopping = self.stopping();
        self.tasks().spawn(async move {
            tokio::select! {
                () = look(presence.clone()) => {}
                () = slept::watch(presence) => {}
                () = stopping.cancelled() => {}
            }
        });
    }
}

/// Asks the system once whether the screen is locked.
///
/// # Errors
/// Why nobody can tell, for people.
#[cfg(target_os = "linux")]
pub async fn is_screen_locked() -> Result<bool, String> {
    logind::ask().await
}

/// The same where nobody can be asked.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub async fn is_screen_locked() -> Result<bool, String> {
    Err("Doorward cannot ask this system".to_owned())
}

#[cfg(target_os = "linux")]
async fn look(presence: Presence) {
    logind::follow(presence).await;
}

#[cfg(not(target_os = "linux"))]
async fn look(presence: Presence) {
    presence.set_unknown("Doorward cannot ask this system");
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_screen_is_neither_surely_locked_nor_surely_unlocked() {
        let presence = Presence::default();
        assert!(!presence.is_surely_locked() && !presence.is_surely_unlocked());
        assert!(presence.why_unknown().is_some() && presence.unknown_words().is_none());
        presence.set_unknown("there is no bus");
        let [why, what_follows] = presence.unknown_words().unwrap();
        assert!(why.contains("there is no bus") && what_follows.contains("No grants"));
        presence.set_locked(false);
        assert!(presence.is_surely_unlocked() && presence.why_unknown().is_none());
        presence.set_locked(true);
        assert!(presence.is_surely_locked());
    }

    #[test]
    fn only_what_is_new_is_told_and_losing_sight_of_the_screen_counts_as_a_lock() {
        let presence = Presence::default();
        let mut changes = presence.changes();
        presence.set_locked(false);
        presence.set_locked(false);
        presence.set_unknown("gone");
        presence.set_unknown("still gone");
        presence.set_locked(true);
        presence.set_asleep(true);
        presence.set_asleep(false);
        let told: Vec<_> = std::iter::from_fn(|| changes.try_recv().ok()).collect();
        use PresenceEvent::{Locked, Resumed, Suspended, Unlocked};
        assert_eq!(told, [Unlocked, Locked, Locked, Suspended, Resumed]);
    }
}
