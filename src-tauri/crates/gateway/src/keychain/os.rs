//! The operating system's store. It is looked up anew for every request: a service that was started, restarted or
//! unlocked meanwhile is found, and one that ended is not asked again through a dead connection.
//!
//! A store may ask a person something, and the person may be away. A request therefore waits only so long; while an
//! unanswered dialog stands, further requests fail at once instead of piling up behind it.

use super::{Keychain, KeychainError, Secret};
use keyring_core::{CredentialStore, Entry};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::{thread, time::Duration};

/// The service name our entries carry in the system's store.
const SERVICE: &str = "doorward";
/// How long a person has for the store's dialog.
const PATIENCE: Duration = Duration::from_secs(60);
/// The dialogs of this process that nobody answered, whoever asked.
static UNANSWERED: AtomicUsize = AtomicUsize::new(0);

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct OsKeychain {
    patience: Duration,
}

impl Default for OsKeychain {
    fn default() -> OsKeychain {
        OsKeychain { patience: PATIENCE }
    }
}

impl Keychain for OsKeychain {
    fn get(&self, name: &str) -> Result<Option<Secret>, KeychainError> {
        self.asked(name, |entry| match entry.get_secret() {
            Ok(secret) => Ok(Some(Secret::new(secret))),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn set(&self, name: &str, secret: &[u8]) -> Result<(), KeychainError> {
        let secret = Secret::new(secret.to_owned());
        self.asked(name, move |entry| entry.set_secret(&secret))
    }

    fn delete(&self, name: &str) -> Result<(), KeychainError> {
        self.asked(name, |entry| match entry.delete_credential() {
            Ok(()) | Err(keyring_core::Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }
}

impl OsKeychain {
    /// With another patience than a person needs.
    #[must_use]
    pub fn with_patience(patience: Duration) -> OsKeychain {
        OsKeychain { patience }
    }

    fn asked<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<T, KeychainError> {
        let name = name.to_owned();
        in_time(self.patience, &UNANSWERED, move || {
            let store = store().map_err(|error| KeychainError::Absent { why: reason(&error) })?;
            let entry = store.build(SERVICE, &name, None).map_err(|error| told(&error))?;
            work(entry).map_err(|error| told(&error))
        })
    }
}

/// A store of this moment.
#[cfg(all(unix, not(target_os = "macos")))]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(windows_native_keyring_store::Store::new()?)
}

/// The stores block, and on Linux run a small executor of their own, which must not sit inside another one: a thread
/// of its own does the work. It is left behind where it waits for a person, and counted until it ends.
fn in_time<T: Send + 'static>(
    patience: Duration,
    unanswered: &'static AtomicUsize,
    work: impl FnOnce() -> Result<T, KeychainError> + Send + 'static,
) -> Result<T, KeychainError> {
    let too_long = || KeychainError::Unanswered { seconds: patience.as_secs() };
    if unanswered.load(Ordering::Acquire) > 0 {
        return Err(too_long());
    }
    let asked = Arc::new(Asked { state: Mutex::new(State::Working), changed: Condvar::new() });
    let theirs = Arc::clone(&asked);
    let started = thread::Builder::new().name("keychain".to_owned()).spawn(move || {
        // A store that panics ends like one that says nothing.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
            .unwrap_or_else(|_| Err(KeychainError::Failed { why: "its thread ended early".to_owned() }));
        let mut state = theirs.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::LeftBehind = *state {
            unanswered.fetch_sub(1, Ordering::AcqRel);
        } else {
            *state = State::Ended(outcome);
            theirs.changed.notify_one();
        }
    });
    started.map_err(|error| KeychainError::Failed { why: error.to_string() })?;
    let state = asked.state.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut state, _) = asked
        .changed
        .wait_timeout_while(state, patience, |state| matches!(state, State::Working))
        .unwrap_or_else(PoisonError::into_inner);
    match std::mem::replace(&mut *state, State::LeftBehind) {
        State::Ended(outcome) => outcome,
        State::Working | State::LeftBehind => {
            unanswered.fetch_add(1, Ordering::AcqRel);
            Err(too_long())
        }
    }
}

/// One request and whoever waits for it.
struct Asked<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

enum State<T> {
    Working,
    Ended(Result<T, KeychainError>),
    /// Nobody waits for it any more.
    LeftBehind,
}

/// One of our sentences for what a store says.
fn told(error: &keyring_core::Error) -> KeychainError {
    match error {
        keyring_core::Error::NoStorageAccess(inner) => no_access(inner.as_ref()),
        error => KeychainError::Failed { why: reason(error) },
    }
}

/// The Secret Service says `Prompt` both when a person closed its dialog and when it could show none.
#[cfg(all(unix, not(target_os = "macos")))]
fn no_access(inner: &(dyn std::error::Error + Send + Sync + 'static)) -> KeychainError {
    let has_display = ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    match inner.downcast_ref::<secret_service::Error>() {
        Some(secret_service::Error::NoResult) => KeychainError::NoCollection,
        Some(secret_service::Error::Prompt | secret_service::Error::PromptDisconnected) if has_display => {
            KeychainError::Refused
        }
        _ => KeychainError::Locked,
    }
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn no_access(_inner: &(dyn std::error::Error + Send + Sync + 'static)) -> KeychainError {
    KeychainError::Locked
}

/// The error and its causes on one line, without the library's own heading.
fn reason(error: &keyring_core::Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = Some(match error {
        keyring_core::Error::PlatformFailure(inner) => inner.as_ref(),
        error => error,
    });
    let mut text = String::new();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text.replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn a_dialog_that_nobody_answers_ends_the_wait_and_is_not_asked_twice() {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let (answer, answered) = channel::<()>();
        let patience = Duration::from_millis(20);
        let asked = in_time(patience, &COUNT, move || {
            let _ = answered.recv();
            Ok(1)
        });
        assert_eq!(asked.unwrap_err().code(), "keychain_unanswered");
        let again = in_time(patience, &COUNT, || -> Result<u8, _> { panic!("a second dialog") });
        assert_eq!(again.unwrap_err().code(), "keychain_unanswered");
        answer.send(()).unwrap();
        // Its thread counts itself off.
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while COUNT.load(Ordering::Acquire) > 0 && std::time::Instant::now() < deadline {
            thread::yield_now();
        }
        assert_eq!(in_time(Duration::from_secs(5), &COUNT, || Ok(2)).unwrap(), 2);
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn what_the_secret_service_says_becomes_our_sentence() {
        let access = |inner: secret_service::Error| {
            told(&keyring_core::Error::NoStorageAccess(Box::new(inner))).code()
        };
        assert_eq!(access(secret_service::Error::Locked), "keychain_locked");
        assert_eq!(access(secret_service::Error::NoResult), "keychain_no_collection");
        let prompt = access(secret_service::Error::Prompt);
        assert!(["keychain_refused", "keychain_locked"].contains(&prompt), "{prompt}");
        let failure = keyring_core::Error::PlatformFailure(Box::new(secret_service::Error::Unavailable));
        assert_eq!(told(&failure).code(), "keychain_failed");
        assert!(told(&failure).to_string().contains("no secret service provider"));
    }
}
