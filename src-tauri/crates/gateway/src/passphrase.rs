//! The passphrase, for desks without an authenticator: weaker than a passkey, and never in its place for loosening.
//! Typed into the app's own window only.
//!
//! The keychain keeps its Argon2id verifier and how often it was guessed wrongly. Each wrong guess makes the next wait
//! longer; the wait survives restarts, and setting the clock back begins it anew.

use crate::keychain::{Keychain, KeychainError};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use policy::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

/// The shortest passphrase taken, in characters.
pub const SHORTEST: usize = 12;
/// Wrong guesses that cost nothing: people mistype.
const FREE_GUESSES: u32 = 2;
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// Why a passphrase did not count.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    #[error("a passphrase has at least {SHORTEST} characters")]
    TooShort,
    #[error("no passphrase is set")]
    NotSet,
    #[error("the passphrase is another one")]
    Wrong,
    #[error("after {guesses} wrong guesses the next one is taken in {seconds} s")]
    Wait { guesses: u32, seconds: u64 },
    #[error("the record of the passphrase cannot be read")]
    Damaged,
    #[error(transparent)]
    Keychain(#[from] KeychainError),
}

impl PassphraseError {
    /// Stable, for the window.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            PassphraseError::TooShort => "passphrase_short",
            PassphraseError::NotSet => "passphrase_not_set",
            PassphraseError::Wrong => "passphrase_wrong",
            PassphraseError::Wait { .. } => "passphrase_wait",
            PassphraseError::Damaged => "passphrase_damaged",
            PassphraseError::Keychain(error) => error.code(),
        }
    }

    /// The next step.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            PassphraseError::TooShort => "several words in a row are easy to remember and hard to guess",
            PassphraseError::NotSet => "set one on the Security screen, or better, add a passkey",
            PassphraseError::Wrong => "type it again",
            PassphraseError::Wait { .. } => "wait, then type it again; restarting does not shorten the wait",
            PassphraseError::Damaged => "set a new passphrase",
            PassphraseError::Keychain(error) => error.hint(),
        }
    }
}

/// The moment of a guess, by two clocks: the first can be set, the second counts from the machine's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    pub utc: Timestamp,
    /// Which start of the machine, and how long ago.
    pub boot: Option<(String, Duration)>,
}

/// One home's passphrase.
pub struct Passphrase {
    keychain: Arc<dyn Keychain>,
    entry: String,
    /// As it was when last asked for or changed: the keychain may take long to answer.
    is_set: AtomicBool,
    turn: Mutex<()>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// In the PHC string format, with its salt and cost.
    verifier: String,
    wrong: u32,
    /// When the last wrong guess was made.
    last: Option<LastGuess>,
}

#[derive(Serialize, Deserialize)]
struct LastGuess {
    utc: i64,
    boot: Option<(String, u64)>,
}

impl Moment {
    /// Of this machine, now.
    #[must_use]
    pub fn now(utc: Timestamp) -> Moment {
        Moment { utc, boot: boot() }
    }
}

/// Linux names each start, and counts its seconds through sleep.
#[cfg(target_os = "linux")]
fn boot() -> Option<(String, Duration)> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = uptime.split_whitespace().next()?.parse().ok()?;
    Some((id.trim().to_owned(), Duration::try_from_secs_f64(seconds).ok()?))
}

#[cfg(not(target_os = "linux"))]
fn boot() -> Option<(String, Duration)> {
    None
}

impl Passphrase {
    /// Blocks on the keychain.
    ///
    /// # Errors
    /// What the keychain says.
    pub fn open(keychain: Arc<dyn Keychain>, home_id: &str) -> Result<Passphrase, KeychainError> {
        let entry = format!("passphrase/{home_id}");
        let is_set = AtomicBool::new(keychain.get(&entry)?.is_some());
        Ok(Passphrase { keychain, entry, is_set, turn: Mutex::new(()) })
    }

    /// Whether one is set, as far as this process knows.
    #[must_use]
    pub fn is_known_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }

    /// Whether one is set. Blocks on the keychain.
    fn is_set(&self) -> Result<bool, KeychainError> {
        let is_set = self.keychain.get(&self.entry)?.is_some();
        self.is_set.store(is_set, Ordering::Relaxed);
        Ok(is_set)
    }

    /// Sets the first one, or, with the old one proven, another.
    ///
    /// # Errors
    /// It is too short, the old one is not right, or the keychain did not keep it.
    pub fn set(&self, new: &str, old: Option<&str>, now: &Moment) -> Result<(), PassphraseError> {
        if new.chars().count() < SHORTEST {
            return Err(PassphraseError::TooShort);
        }
        if self.is_set()? {
            self.check(old.unwrap_or_default(), now)?;
        }
        self.keep_new(new)
    }

    fn keep_new(&self, new: &str) -> Result<(), PassphraseError> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(KeychainError::NoRandomness)?;
        let salt = SaltString::encode_b64(&salt).map_err(|_| PassphraseError::Damaged)?;
        let verifier =
            argon2()?.hash_password(new.as_bytes(), &salt).map_err(|_| PassphraseError::Damaged)?;
        self.write(&Kept { verifier: verifier.to_string(), wrong: 0, last: None })?;
        self.is_set.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn delete(&self) -> Result<(), PassphraseError> {
        self.keychain.delete(&self.entry)?;
        self.is_set.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Removes it; the old one must be typed.
    ///
    /// # Errors
    /// As [`Passphrase::check`].
    pub fn remove(&self, old: &str, now: &Moment) -> Result<(), PassphraseError> {
        self.check(old, now)?;
        self.delete()
    }

    /// Whether this is the passphrase. A wrong guess is counted before the answer is given. Takes a while.
    ///
    /// # Errors
    /// [`PassphraseError::Wrong`], [`PassphraseError::Wait`], or it could not be looked up.
    pub fn check(&self, typed: &str, now: &Moment) -> Result<(), PassphraseError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = self.read()?;
        let left = kept.left(now);
        if !left.is_zero() {
            if kept.is_set_back(now) {
                // The wait begins anew: nobody gains by setting the clock back, and nobody waits for ever.
                kept.last = Some(LastGuess::at(now));
                self.write(&kept)?;
            }
            let seconds = left.as_secs().max(1);
            return Err(PassphraseError::Wait { guesses: kept.wrong, seconds });
        }
        // Counted first: whoever ends the process meanwhile has guessed all the same.
        kept.wrong = kept.wrong.saturating_add(1);
        kept.last = Some(LastGuess::at(now));
        self.write(&kept)?;
        let verifier = PasswordHash::new(&kept.verifier).map_err(|_| PassphraseError::Damaged)?;
        if argon2()?.verify_password(typed.as_bytes(), &verifier).is_err() {
            return Err(PassphraseError::Wrong);
        }
        self.write(&Kept { verifier: kept.verifier.clone(), wrong: 0, last: None })
    }

    fn read(&self) -> Result<Kept, PassphraseError> {
        let kept = self.keychain.get(&self.entry)?.ok_or(PassphraseError::NotSet)?;
        serde_json::from_slice(&kept).map_err(|_| PassphraseError::Damaged)
    }

    fn write(&self, kept: &Kept) -> Result<(), PassphraseError> {
        let text = Zeroizing::new(serde_json::to_vec(kept).map_err(|_| PassphraseError::Damaged)?);
        Ok(self.keychain.set(&self.entry, &text)?)
    }
}

impl LastGuess {
    fn at(now: &Moment) -> LastGuess {
        let millis = |length: Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        LastGuess { utc: now.utc.0, boot: now.boot.clone().map(|(id, length)| (id, millis(length))) }
    }

    /// How long ago it was; by the machine's own count while it is the same start.
    fn ago(&self, now: &Moment) -> Duration {
        if let (Some((then_id, then)), Some((id, since))) = (&self.boot, &now.boot)
            && then_id == id
        {
            return since.saturating_sub(Duration::from_millis(*then));
        }
        Timestamp(self.utc).until(now.utc)
    }
}

impl Kept {
    /// What is left of the wait.
    fn left(&self, now: &Moment) -> Duration {
        let Some(last) = &self.last else { return Duration::ZERO };
        wait_after(self.wrong).saturating_sub(last.ago(now))
    }

    fn is_set_back(&self, now: &Moment) -> bool {
        self.last.as_ref().is_some_and(|last| last.utc > now.utc.0)
    }
}

/// 5 s after the third wrong guess, then twice as long each time, up to an hour.
fn wait_after(wrong: u32) -> Duration {
    let costing = wrong.saturating_sub(FREE_GUESSES);
    if costing == 0 {
        return Duration::ZERO;
    }
    let doubled = 1_u32.checked_shl(costing - 1).filter(|times| *times > 0).unwrap_or(u32::MAX);
    FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT)
}

/// 19 MiB, two passes, one lane: the first choice of the OWASP password storage guidance.
fn argon2() -> Result<Argon2<'static>, PassphraseError> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|_| PassphraseError::Damaged)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

mod at_desk;
#[cfg(test)]
mod tests;

pub use at_desk::{Typed, TypedError};
