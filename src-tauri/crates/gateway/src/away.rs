//! What became of held calls while the screen was locked: a digest for whoever comes back.
//!
//! Holds follow their deadlines meanwhile; this only counts. Nothing is said where nothing happened, and nothing where
//! nobody could tell that the screen was locked.

use crate::desk::DeskEvent;
use crate::engine::Engine;
use crate::presence::PresenceEvent;
use approvals::{HoldId, Verdict};
use policy::Timestamp;
use std::sync::{Arc, PoisonError};
use tokio::sync::broadcast::error::RecvError;

/// One time away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AwayDigest {
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Calls that wait for a decision on return.
    pub waiting: usize,
    pub expired: usize,
    pub withdrawn: usize,
    /// By a newer policy.
    pub refused: usize,
    pub uncollected: usize,
}

impl AwayDigest {
    /// One sentence; none where nothing happened.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let parts = [
            (self.waiting, "waiting"),
            (self.expired, "expired"),
            (self.withdrawn, "withdrawn"),
            (self.refused, "refused"),
            (self.uncollected, "approved and not collected"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts.map(|(count, word)| format!("{count} {word}")).collect();
        (!parts.is_empty()).then(|| format!("While you were away: {}.", parts.join(", ")))
    }

    fn count(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Expired => self.expired += 1,
            Verdict::Withdrawn => self.withdrawn += 1,
            Verdict::Refused { .. } => self.refused += 1,
            Verdict::Uncollected => self.uncollected += 1,
            // Somebody decided: they know.
            Verdict::Approved | Verdict::Rejected { .. } => {}
        }
    }
}

impl Engine {
    /// What happened during the last time away, from the moment its person is back.
    #[must_use]
    pub fn away_digest(&self) -> Option<AwayDigest> {
        *self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_away_digest(&self, digest: Option<AwayDigest>) {
        *self.away.lock().unwrap_or_else(PoisonError::into_inner) = digest;
        self.desk().send(DeskEvent::Returned);
    }
}

/// Follows the screen and the desk until the engine stops.
pub(crate) async fn keep(engine: Arc<Engine>) {
    let (mut screen, mut desk) = (engine.presence().changes(), engine.desk().events());
    let mut counting = engine.presence().is_surely_locked().then(|| begun(&engine));
    loop {
        tokio::select! {
            // The desk first: what ended before the return belongs to the time away.
            biased;
            event = desk.recv() => match event {
                Ok(DeskEvent::HoldEnded { hold }) => note(&engine, &hold, &mut counting),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            event = screen.recv() => match event {
                Ok(PresenceEvent::Locked) if engine.presence().is_surely_locked() => {
                    counting.get_or_insert_with(|| begun(&engine));
                }
                Ok(PresenceEvent::Resumed) => look_at_the_clock(&engine).await,
                Ok(PresenceEvent::Locked | PresenceEvent::Suspended) => {}
                Ok(PresenceEvent::Unlocked) | Err(RecvError::Lagged(_)) => {
                    look_at_the_clock(&engine).await;
                    // Deadlines that passed just now are still of the time away.
                    while let Ok(event) = desk.try_recv() {
                        if let DeskEvent::HoldEnded { hold } = event {
                            note(&engine, &hold, &mut counting);
                        }
                    }
                    if let Some(digest) = counting.take() {
                        engine.set_away_digest(Some(finished(&engine, digest)));
                    }
                }
                Err(RecvError::Closed) => return,
            },
        }
    }
}

fn begun(engine: &Engine) -> AwayDigest {
    AwayDigest { since: Some(engine.desk().clock().now()), ..AwayDigest::default() }
}

fn note(engine: &Engine, hold: &HoldId, counting: &mut Option<AwayDigest>) {
    // The hold's end may be heard of before the lock.
    if engine.presence().is_surely_locked() {
        counting.get_or_insert_with(|| begun(engine));
    }
    if let (Some(digest), Some(verdict)) = (counting, engine.desk().verdict(hold)) {
        digest.count(&verdict);
    }
}

fn finished(engine: &Engine, digest: AwayDigest) -> AwayDigest {
    let waiting = engine.desk().waiting_count();
    AwayDigest { until: Some(engine.desk().clock().now()), waiting, ..digest }
}

/// A machine that slept finds deadlines behind it at once, not at the next look.
async fn look_at_the_clock(engine: &Arc<Engine>) {
    engine.desk().clock().moved();
    let desk = Arc::clone(engine.desk());
    if let Err(error) = tokio::task::spawn_blocking(move || desk.pass_deadlines()).await {
        tracing::error!(%error, "looking at deadlines failed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_names_only_what_happened() {
        let digest = AwayDigest { waiting: 3, expired: 2, withdrawn: 1, ..AwayDigest::default() };
        let said = digest.sentence();
        assert_eq!(said.as_deref(), Some("While you were away: 3 waiting, 2 expired, 1 withdrawn."));
        assert_eq!(AwayDigest::default().sentence(), None);
    }
}
