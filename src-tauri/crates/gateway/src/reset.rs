//! All passkeys are lost: a person at the desk asks for them to be taken out, and a day later they are. Until then
//! they guard everything as before, every window says what is coming, and any of them can stop it.
//!
//! The day is counted by the clock that nobody can set: it goes on while the machine sleeps and stands still while it
//! is off, so that setting the date, or a restart, shortens nothing. How much is left is in the keychain.

use crate::ceremony::{Agreement, CeremonyError, Purpose};
use crate::desk::DeskEvent;
use crate::engine::Engine;
use crate::keychain::{Keychain, KeychainError};
use journal::{Entry, MacKey, PasskeyEntry, RootKey};
use policy::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use tokio::sync::Notify;

/// How long everybody at the desk can see it coming.
pub const DELAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How often what is left is noted: a machine that is switched off loses no more of the day than this.
const LOOK: Duration = Duration::from_secs(5 * 60);

/// Why a reset was not begun, or not stopped.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    #[error("no passkey is enrolled, so there is none to take out")]
    NothingToReset,
    #[error("no passkey is about to be taken out")]
    NotAsked,
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    #[error(transparent)]
    Keychain(#[from] KeychainError),
}

impl ResetError {
    /// Stable, for the window.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ResetError::NothingToReset => "nothing_to_reset",
            ResetError::NotAsked => "reset_not_asked",
            ResetError::Ceremony(error) => error.code(),
            ResetError::Keychain(error) => error.code(),
        }
    }

    /// The next step.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            ResetError::NothingToReset => "enrol one; the first needs no other",
            ResetError::NotAsked => "nothing needs to be stopped",
            ResetError::Ceremony(_) => "use any passkey that is enrolled on the page that opens",
            ResetError::Keychain(error) => error.hint(),
        }
    }
}

/// A reset that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingReset {
    pub asked_at: Timestamp,
    pub left: Duration,
}

/// What is noted. It is of the passkeys of one time: once these began anew it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// None where their record could not be used when it was asked.
    epoch: Option<u32>,
    asked_at: i64,
    left_ms: u64,
    /// Which start of the machine, and how far its count was.
    boot: Option<String>,
    counted_ms: u64,
}

/// As the keychain keeps it: whoever can write there alone can neither begin a reset nor shorten one.
#[derive(Serialize, Deserialize)]
struct Sealed {
    /// HMAC-SHA256 of `kept` as it stands.
    mac: [u8; 32],
    /// JSON as text.
    kept: String,
}

/// The machine's own count: which start of it, and how long ago that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) boot: Option<String>,
    pub(crate) since: Duration,
}

/// One home's reset, asked for or not.
pub(crate) struct Reset {
    keychain: Arc<dyn Keychain>,
    entry: String,
    key: MacKey,
    kept: Mutex<Option<Kept>>,
    /// The keychain had a note that this home did not write.
    was_foreign: bool,
    changed: Notify,
}

impl Count {
    fn now(engine: &Engine) -> Count {
        Count { boot: boot(), since: engine.desk().clock().counted() }
    }
}

#[cfg(target_os = "linux")]
fn boot() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

#[cfg(not(target_os = "linux"))]
fn boot() -> Option<String> {
    None
}

impl Kept {
    /// What went by since it was noted. Another start of the machine counts from its own beginning; where starts have
    /// no name a count that went back began anew.
    fn passed(&self, now: &Count) -> u64 {
        let counted = millis(now.since);
        if self.boot == now.boot { counted.saturating_sub(self.counted_ms) } else { counted }
    }

    fn pending(&self, now: &Count) -> PendingReset {
        let left = Duration::from_millis(self.left_ms.saturating_sub(self.passed(now)));
        PendingReset { asked_at: Timestamp(self.asked_at), left }
    }
}

impl Reset {
    pub(crate) fn open(
        keychain: Arc<dyn Keychain>,
        (root, home_id): (&RootKey, &str),
    ) -> Result<Reset, KeychainError> {
        let (entry, key) = (format!("reset/{home_id}"), root.mac_key("reset"));
        let found = keychain.get(&entry)?;
        // What this home did not write takes no passkey out.
        let kept = found.as_ref().and_then(|found| {
            let sealed: Sealed = serde_json::from_slice(found).ok()?;
            let is_ours = bool::from(key.mac(sealed.kept.as_bytes()).ct_eq(&sealed.mac));
            serde_json::from_str(&sealed.kept).ok().filter(|_: &Kept| is_ours)
        });
        let was_foreign = found.is_some() && kept.is_none();
        Ok(Reset { keychain, entry, key, kept: Mutex::new(kept), was_foreign, changed: Notify::new() })
    }

    /// Whether the reset that is noted, if any, is of the passkeys there are now.
    fn is_of(&self, epoch: Option<u32>) -> bool {
        self.lock().as_ref().is_some_and(|kept| kept.epoch == epoch)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pending(&self, now: &Count) -> Option<PendingReset> {
        self.lock().as_ref().map(|kept| kept.pending(now))
    }

    /// Begins the day; one that runs goes on as it is. True where it began now.
    fn ask(&self, epoch: Option<u32>, at: Timestamp, now: &Count) -> Result<bool, KeychainError> {
        let mut kept = self.lock();
        if kept.as_ref().is_some_and(|kept| kept.epoch == epoch) {
            return Ok(false);
        }
        let asked = Kept {
            epoch,
            asked_at: at.0,
            left_ms: millis(DELAY),
            boot: now.boot.clone(),
            counted_ms: millis(now.since),
        };
        self.write(&asked)?;
        *kept = Some(asked);
        self.changed.notify_waiters();
        Ok(true)
    }

    /// Notes what is left.
    pub(crate) fn note(&self, now: &Count) -> Result<Option<PendingReset>, KeychainError> {
        let mut kept = self.lock();
        let Some(known) = kept.as_mut() else { return Ok(None) };
        let noted = Kept {
            epoch: known.epoch,
            asked_at: known.asked_at,
            left_ms: millis(known.pending(now).left),
            boot: now.boot.clone(),
            counted_ms: millis(now.since),
        };
        if noted != *known {
            self.write(&noted)?;
            *known = noted;
        }
        Ok(Some(known.pending(now)))
    }

    fn forget(&self) -> Result<bool, KeychainError> {
        let mut kept = self.lock();
        if kept.is_none() {
            return Ok(false);
        }
        self.keychain.delete(&self.entry)?;
        *kept = None;
        self.changed.notify_waiters();
        Ok(true)
    }

    fn write(&self, kept: &Kept) -> Result<(), KeychainError> {
        let failed = |error: serde_json::Error| KeychainError::Failed {
            why: format!("a note was not written: {error}"),
        };
        let kept = serde_json::to_string(kept).map_err(failed)?;
        let sealed = Sealed { mac: self.key.mac(kept.as_bytes()), kept };
        let text = serde_json::to_vec(&sealed).map_err(failed)?;
        self.keychain.set(&self.entry, &text)
    }
}

impl Engine {
    /// The reset that is under way.
    #[must_use]
    pub fn pending_reset(&self) -> Option<PendingReset> {
        self.reset.pending(&Count::now(self)).filter(|_| self.reset.is_of(self.passkeys_epoch()))
    }

    /// Which time of passkeys it is; none where their record cannot be used.
    fn passkeys_epoch(&self) -> Option<u32> {
        self.proofs().passkeys().roster().ok().map(|roster| roster.epoch())
    }

    /// Begins the day after which all passkeys are taken out. Only the window asks this. Blocks on the keychain.
    ///
    /// # Errors
    /// None is enrolled, or the keychain did not keep it.
    pub fn ask_reset(&self) -> Result<(), ResetError> {
        // A record that is not as it was written can be got rid of in no other way.
        if self.proofs().passkeys().roster().is_ok_and(|roster| roster.is_empty()) {
            return Err(ResetError::NothingToReset);
        }
        if self.reset.ask(self.passkeys_epoch(), self.desk().clock().now(), &Count::now(self))? {
            self.note(Entry::Passkey(PasskeyEntry::ResetAsked { hours: DELAY.as_secs() / 3600 }));
            self.desk().send(DeskEvent::Passkeys);
        }
        Ok(())
    }

    /// Stops it, with any passkey. Where their record cannot be used nobody has one, and a click is enough: it takes
    /// nothing away.
    ///
    /// # Errors
    /// None is under way, or nobody used a passkey in time.
    pub async fn stop_reset(self: &Arc<Self>) -> Result<(), ResetError> {
        if self.pending_reset().is_none() {
            return Err(ResetError::NotAsked);
        }
        if self.proofs().passkeys().roster().is_ok() {
            let lines = vec![("what happens".to_owned(), "No passkey is taken out.".to_owned())];
            let agreement = Agreement::to_lines(Purpose::Change, "Keep all passkeys", lines);
            self.require_proof(agreement).await?;
        }
        let engine = Arc::clone(self);
        let stopped = tokio::task::spawn_blocking(move || {
            if engine.reset.forget()? {
                engine.note(Entry::Passkey(PasskeyEntry::ResetStopped));
                engine.desk().send(DeskEvent::Passkeys);
            }
            Ok(())
        });
        stopped.await.map_err(|_| KeychainError::Failed { why: "its thread ended early".to_owned() })?
    }

    /// Notes what is left of the day, and at its end takes the passkeys out. What is left then. Blocks.
    fn count_reset(&self) -> Option<Duration> {
        if !self.reset.is_of(self.passkeys_epoch()) {
            // It is done, or its passkeys went otherwise: those of now are not taken out for it.
            return self.forget_reset();
        }
        let left = match self.reset.note(&Count::now(self)) {
            Ok(pending) => pending?.left,
            Err(error) => {
                tracing::warn!(%error, "the keychain does not know how much of the reset's delay is left");
                return Some(LOOK);
            }
        };
        if !left.is_zero() {
            return Some(left);
        }
        let now = self.desk().clock().now();
        match self.proofs().passkeys().begin_anew(now.0) {
            Ok(()) => {}
            Err(error) => {
                tracing::error!(%error, "the passkeys could not be taken out");
                return Some(LOOK);
            }
        }
        self.note(Entry::Passkey(PasskeyEntry::ResetDone));
        let left = self.forget_reset();
        self.proofs().changed(self);
        self.set_changed();
        left
    }

    /// What is left until it is tried again.
    fn forget_reset(&self) -> Option<Duration> {
        match self.reset.forget() {
            Ok(_) => None,
            Err(error) => {
                tracing::error!(%error, "the keychain still has a reset that is over");
                Some(LOOK)
            }
        }
    }

    /// Says at the start that somebody else wrote of a reset, in the journal.
    pub(crate) fn note_foreign_reset(&self) {
        if self.reset.was_foreign {
            let said =
                "the keychain had a note that passkeys are to be taken out, which this home did not write; \
                        it counts for nothing"
                    .to_owned();
            self.note(Entry::Alarm { code: "reset_foreign".to_owned(), said });
        }
    }
}

/// Counts for as long as the engine runs.
pub(crate) async fn keep(engine: Arc<Engine>) {
    let stopping = engine.stopping();
    loop {
        let mut changed = std::pin::pin!(engine.reset.changed.notified());
        changed.as_mut().enable();
        let counting = Arc::clone(&engine);
        let left = tokio::task::spawn_blocking(move || counting.count_reset()).await.unwrap_or(Some(LOOK));
        let clock = engine.desk().clock();
        let look = async {
            match left {
                Some(left) => clock.sleep_until(clock.now().after(left.min(LOOK))).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = look => {}
            () = changed => {}
            () = stopping.cancelled() => {
                // The next start goes on from here.
                let counting = Arc::clone(&engine);
                let _ = tokio::task::spawn_blocking(move || counting.reset.note(&Count::now(&counting))).await;
                return;
            }
        }
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keychain::MemoryKeychain;

    fn root() -> RootKey {
        RootKey::new([7; 32])
    }

    fn at(boot: &str, hours: u64) -> Count {
        Count { boot: Some(boot.to_owned()), since: Duration::from_secs(hours * 3600) }
    }

    fn left(reset: &Reset, now: &Count) -> u64 {
        reset.note(now).unwrap().unwrap().left.as_secs() / 3600
    }

    #[test]
    fn the_day_is_counted_over_restarts_by_the_machines_own_count() {
        let keychain: Arc<MemoryKeychain> = Arc::default();
        let open = || Reset::open(Arc::clone(&keychain) as Arc<dyn Keychain>, (&root(), "h")).unwrap();
        let reset = open();
        assert_eq!(reset.pending(&at("a", 100)), None);
        assert!(reset.ask(Some(0), Timestamp(7), &at("a", 100)).unwrap());
        assert!(
            !reset.ask(Some(0), Timestamp(8), &at("a", 101)).unwrap(),
            "asking again begins nothing anew"
        );
        assert_eq!(left(&reset, &at("a", 110)), 14);
        // The same start of the machine, another of Doorward.
        assert_eq!(left(&open(), &at("a", 112)), 12);
        // The machine was off, for who knows how long: what is counted is its new start alone.
        assert_eq!(left(&open(), &at("b", 2)), 10);
        assert_eq!(left(&open(), &at("b", 11)), 1);
        let reset = open();
        assert_eq!(
            reset.pending(&at("b", 12)).unwrap(),
            PendingReset { asked_at: Timestamp(7), left: Duration::ZERO }
        );
        assert!(reset.forget().unwrap());
        assert_eq!(open().pending(&at("b", 13)), None);
    }

    #[test]
    fn a_note_that_this_home_did_not_write_takes_nothing_out() {
        let keychain: Arc<MemoryKeychain> = Arc::default();
        let open =
            |root: &RootKey| Reset::open(Arc::clone(&keychain) as Arc<dyn Keychain>, (root, "h")).unwrap();
        let over = r#"{"epoch":0,"asked_at":0,"left_ms":0,"boot":null,"counted_ms":0}"#;
        let mac = serde_json::to_string(&[0_u8; 32]).unwrap();
        let text = serde_json::to_string(over).unwrap();
        for forged in [over.to_owned(), format!(r#"{{"mac":{mac},"kept":{text}}}"#), "{}".to_owned()] {
            keychain.set("reset/h", forged.as_bytes()).unwrap();
            let reset = open(&root());
            assert_eq!((reset.pending(&at("a", 1)), reset.was_foreign), (None, true), "{forged}");
        }
        assert!(open(&root()).ask(Some(0), Timestamp(7), &at("a", 1)).unwrap());
        assert!(open(&root()).pending(&at("a", 1)).is_some());
        assert!(open(&RootKey::new([8; 32])).was_foreign, "of another home's key");
        // A day that ran for passkeys that are gone is no day for those of now.
        assert!(open(&root()).ask(Some(1), Timestamp(9), &at("a", 30)).unwrap());
        assert_eq!(left(&open(&root()), &at("a", 30)), 24);
    }
}
