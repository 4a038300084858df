//! Secrets of upstreams: kept in the keychain, read when the upstream is reached, and put only there (I8).
//!
//! The command line and the window store them, `upstream` reads them. A secret marked *step-up* is read only with a
//! [`Proven`], which only a release whose call was proven gives.

mod proven;
mod withheld;

pub(crate) use proven::{Proven, require_proof};
pub(crate) use withheld::Withheld;

use crate::home::{SecretPlace, SecretUse, UpstreamConfig};
use crate::keychain::{Keychain, KeychainError, Secret};
use journal::Journal;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use zeroize::Zeroizing;

/// What sessions with upstreams need of the home besides their configuration.
#[derive(Clone, Default)]
pub struct Supply {
    keychain: Option<(Arc<dyn Keychain>, String)>,
    /// Nothing trusted is in force, so nobody confirmed where a value would go.
    is_withheld: Arc<AtomicBool>,
    journal: Option<Arc<Journal>>,
}

/// Values on their way into one upstream.
#[derive(Default)]
pub(crate) struct Injected {
    pub(crate) variables: Vec<(String, Zeroizing<String>)>,
    pub(crate) headers: HeaderMap,
    /// Whatever was read, so that it can be taken out of what the upstream says of itself.
    pub(crate) withheld: Withheld,
}

/// Why an upstream was not given its secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{}", .0)]
    Keychain(#[from] KeychainError),
    #[error("the keychain has no value for it")]
    Missing,
    #[error("its value cannot stand there: it has a line break or another control character")]
    Misfit,
    #[error("this program was given no keychain")]
    NoKeychain,
    #[error("nothing is in force that says where it goes")]
    Unconfirmed,
}

impl SecretError {
    /// The next step.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            SecretError::Keychain(error) => error.hint(),
            SecretError::Missing => {
                "type it again with `doorward upstream secret`, as it was stored by another login or removed"
            }
            SecretError::Misfit => "type it again with `doorward upstream secret`, on one line",
            SecretError::NoKeychain => "open the home with its keychain",
            SecretError::Unconfirmed => {
                "look at the policies and the upstreams, and apply them in the window"
            }
        }
    }
}

/// Each upstream has its own entries, so that a secret is not lent by writing its name into another one's table.
fn entry_name(home_id: &str, upstream: &str, secret: &str) -> String {
    format!("secret/{home_id}/{upstream}/{secret}")
}

/// Keeps a value for an upstream of this home. Blocks while the keychain asks its person.
///
/// # Errors
/// What the keychain says.
pub fn store(
    keychain: &dyn Keychain,
    home_id: &str,
    upstream: &str,
    secret: &str,
    value: &Secret,
) -> Result<(), KeychainError> {
    keychain.set(&entry_name(home_id, upstream, secret), value)
}

/// The value kept for an upstream of this home. Blocks while the keychain asks its person.
///
/// # Errors
/// What the keychain says.
pub fn kept(
    keychain: &dyn Keychain,
    home_id: &str,
    upstream: &str,
    secret: &str,
) -> Result<Option<Secret>, KeychainError> {
    keychain.get(&entry_name(home_id, upstream, secret))
}

/// Removes an upstream's values. What cannot be removed now stays, named by nothing any more. Blocks.
///
/// # Errors
/// The first thing the keychain says.
pub fn forget(keychain: &dyn Keychain, home_id: &str, config: &UpstreamConfig) -> Result<(), KeychainError> {
    let removed = config
        .secrets
        .iter()
        .map(|used| keychain.delete(&entry_name(home_id, config.name.as_str(), &used.name)));
    removed.fold(Ok(()), Result::and)
}

impl Supply {
    /// Of a home, with the journal whose pins stand for the tools of an upstream that does not run.
    #[must_use]
    pub fn new(keychain: Arc<dyn Keychain>, home_id: &str, journal: Option<Arc<Journal>>) -> Supply {
        Supply { keychain: Some((keychain, home_id.to_owned())), is_withheld: Arc::default(), journal }
    }

    /// Whether values stay in the keychain from now on; for every copy of this.
    pub(crate) fn withhold(&self, on: bool) {
        self.is_withheld.store(on, Ordering::SeqCst);
    }

    /// Removes an upstream's values. Blocks.
    pub(crate) fn forget(&self, config: &UpstreamConfig) -> Result<(), KeychainError> {
        match &self.keychain {
            Some((keychain, home_id)) => forget(&**keychain, home_id, config),
            None => Ok(()),
        }
    }

    pub(crate) fn journal(&self) -> Option<&Arc<Journal>> {
        self.journal.as_ref()
    }

    /// The values that go to the upstream without any proof.
    pub(crate) async fn standing(&self, config: &UpstreamConfig) -> Result<Injected, (String, SecretError)> {
        self.read(config, false).await
    }

    /// The values that a call's proof opens.
    pub(crate) async fn opened_by(
        &self,
        _proven: &Proven,
        config: &UpstreamConfig,
    ) -> Result<Injected, (String, SecretError)> {
        self.read(config, true).await
    }

    async fn read(&self, config: &UpstreamConfig, step_up: bool) -> Result<Injected, (String, SecretError)> {
        let wanted: Vec<SecretUse> =
            config.secrets.iter().filter(|used| used.step_up == step_up).cloned().collect();
        let Some(first) = wanted.first().map(|used| used.name.clone()) else {
            return Ok(Injected::default());
        };
        if self.is_withheld.load(Ordering::SeqCst) {
            return Err((first, SecretError::Unconfirmed));
        }
        let Some((keychain, home_id)) = self.keychain.clone() else {
            return Err((first, SecretError::NoKeychain));
        };
        let upstream = config.name.to_string();
        let reading = tokio::task::spawn_blocking(move || {
            let mut injected = Injected::default();
            for used in wanted {
                let value = keychain.get(&entry_name(&home_id, &upstream, &used.name));
                let added = value
                    .map_err(SecretError::from)
                    .and_then(|value| injected.add(&used, &value.ok_or(SecretError::Missing)?));
                added.map_err(|error| (used.name, error))?;
            }
            Ok(injected)
        });
        reading.await.unwrap_or_else(|_| {
            let why = "its thread ended early".to_owned();
            Err((first, SecretError::Keychain(KeychainError::Failed { why })))
        })
    }
}

impl Injected {
    pub(crate) fn extend(&mut self, more: Injected) {
        self.variables.extend(more.variables);
        self.headers.extend(more.headers);
        self.withheld.extend(more.withheld);
    }

    fn add(&mut self, used: &SecretUse, value: &Secret) -> Result<(), SecretError> {
        let text = std::str::from_utf8(value).map_err(|_| SecretError::Misfit)?;
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(SecretError::Misfit);
        }
        self.withheld.add(text);
        match &used.place {
            SecretPlace::Variable(name) => {
                self.variables.push((name.clone(), Zeroizing::new(text.to_owned())));
            }
            SecretPlace::Header { header, prefix } => {
                let name = HeaderName::try_from(header.as_str()).map_err(|_| SecretError::Misfit)?;
                let text = Zeroizing::new(format!("{prefix}{text}"));
                let mut text = HeaderValue::from_str(&text).map_err(|_| SecretError::Misfit)?;
                text.set_sensitive(true);
                self.headers.insert(name, text);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
