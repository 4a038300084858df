//! What connecting an agent adds, as one change with one signature: upstreams, their secrets, and the agent itself.
//!
//! Nothing of it stays where any of it cannot be had: the books are drafted aside, and secrets reach the keychain only
//! once a person signed. The window goes this way; the command line, which can ask nobody, is refused where one is needed.

use crate::engine::Engine;
use crate::home::{AgentBook, BookError, BookPage, Token, UpstreamBook, UpstreamConfig};
use crate::keychain::{KeychainError, Secret};
use crate::secrets;
use crate::sets::{Book, Reason, SetError};
use crate::signing::SigningError;
use agents::DiskError;
use policy::{AgentName, UpstreamName, UserId};
use std::sync::Arc;

const BOOKS: [Book; 2] = [Book::Upstreams, Book::Agents];

/// See the module.
#[derive(Default)]
pub struct Together {
    pub upstreams: Vec<UpstreamConfig>,
    /// Values for the keychain: upstream, name, value.
    pub secrets: Vec<(UpstreamName, String, Secret)>,
    /// The agent where it is new, and the user it acts for.
    pub agent: Option<(AgentName, UserId)>,
}

/// Why a signed change was not put in force after all.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    #[error("a secret could not be kept: {0}")]
    Keychain(#[from] KeychainError),
    #[error(transparent)]
    File(#[from] DiskError),
}

impl NotReady {
    /// Stable, for the window.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            NotReady::Keychain(error) => error.code(),
            NotReady::File(DiskError::Changed { .. }) => "file_changed",
            NotReady::File(_) => "agent_file",
        }
    }

    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            NotReady::Keychain(error) => error.hint().to_owned(),
            NotReady::File(error) => error.hint().to_owned(),
        }
    }
}

fn add(
    upstreams: Vec<UpstreamConfig>,
    agent: Option<(AgentName, UserId)>,
    [of_upstreams, of_agents]: [&BookPage; 2],
) -> Result<Option<Token>, BookError> {
    for config in upstreams {
        UpstreamBook::load(of_upstreams)?.add(config)?;
    }
    agent.map(|(name, user)| AgentBook::load(of_agents)?.add(name, user)).transpose()
}

impl Engine {
    /// Adds all of it, signed where that needs a passkey; `is_ready` is asked just before it comes into force. A new
    /// agent's token is given once.
    ///
    /// # Errors
    /// Nothing was changed then, and nothing waits.
    pub async fn connect_together(
        self: &Arc<Self>,
        title: String,
        together: Together,
        is_ready: impl FnOnce() -> Result<(), NotReady> + Send + 'static,
    ) -> Result<Option<Token>, SigningError> {
        self.may_add(&together)?;
        let Together { upstreams, secrets, agent } = together;
        let (engine, new) = (Arc::clone(self), upstreams.clone());
        let first = move || {
            is_ready()?;
            Ok(engine.keep_secrets(&secrets)?)
        };
        if upstreams.is_empty() && agent.is_none() {
            let kept = tokio::task::spawn_blocking(first);
            return kept.await.map_err(|_| SigningError::BrokenOff)?.map(|()| None);
        }
        let added = self.change_signed(BOOKS, title, move |books| add(upstreams, agent, books), first).await;
        if added.is_err() {
            let engine = Arc::clone(self);
            let forgotten = tokio::task::spawn_blocking(move || engine.forget_absent(&new));
            forgotten.await.map_err(|_| SigningError::BrokenOff)?;
        }
        added
    }

    /// The same for the command line, which keeps the secrets itself; where it is only a rehearsal nothing changes.
    /// Blocks on the disk.
    ///
    /// # Errors
    /// It needs a passkey, or cannot be had. Nothing was changed then, and nothing waits.
    pub fn add_together(&self, together: Together, rehearse: bool) -> Result<Option<Token>, SigningError> {
        self.may_add(&together)?;
        let Together { upstreams, agent, .. } = together;
        let draft = self.sets().draft_books(BOOKS, move |books| add(upstreams, agent, books))?;
        if rehearse {
            let reasons = self.sets().needs_proof(&draft.bundle);
            return if reasons.is_empty() { Ok(None) } else { Err(SetError::NeedsProof(reasons).into()) };
        }
        let token = self.sets().put_books(draft, None, || Ok::<_, SetError>(()))?;
        self.set_changed();
        Ok(token)
    }

    /// Not where nothing is in force: an agent that is told of its token must be known by it.
    fn may_add(&self, together: &Together) -> Result<(), SigningError> {
        if self.sets().current().problem.is_some() {
            return Err(SetError::NeedsProof(vec![Reason::NothingInForce]).into());
        }
        Ok(together.agent.as_ref().map_or(Ok(()), |(_, user)| self.must_know(user))?)
    }

    fn keep_secrets(&self, values: &[(UpstreamName, String, Secret)]) -> Result<(), NotReady> {
        for (upstream, name, value) in values {
            secrets::store(&*self.keychain, &self.home().settings().id, upstream.as_str(), name, value)?;
        }
        Ok(())
    }

    /// Secrets of upstreams that did not come to be. Blocks.
    fn forget_absent(&self, upstreams: &[UpstreamConfig]) {
        for config in upstreams.iter().filter(|config| self.upstream(config.name.as_str()).is_none()) {
            if let Err(error) = self.supply().forget(config) {
                tracing::warn!(%error, upstream = %config.name, "secrets that nothing uses stay in the keychain");
            }
        }
    }

    /// The value that this home's keychain has for a secret of an upstream. Blocks.
    ///
    /// # Errors
    /// What the keychain says.
    pub fn kept_secret(&self, upstream: &UpstreamName, name: &str) -> Result<Option<Secret>, KeychainError> {
        secrets::kept(&*self.keychain, &self.home().settings().id, upstream.as_str(), name)
    }
}
