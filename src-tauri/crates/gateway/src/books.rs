//! The upstreams of a running home, and how they come and go.

use crate::desk::DeskEvent;
use crate::engine::Engine;
use crate::home::{BookError, UpstreamConfig};
use journal::Entry;

impl Engine {
    /// The configuration of an upstream.
    #[must_use]
    pub fn upstream(&self, name: &str) -> Option<UpstreamConfig> {
        self.read_upstreams().get(name).cloned()
    }

    #[must_use]
    pub fn upstreams(&self) -> Vec<UpstreamConfig> {
        self.read_upstreams().list().to_vec()
    }

    /// Blocks on the disk.
    ///
    /// # Errors
    /// The name is taken, or the file cannot be written.
    pub fn add_upstream(&self, config: UpstreamConfig) -> Result<(), BookError> {
        let (upstream, reached) = (config.name.clone(), config.shown());
        self.change_upstreams(|book| book.add(config))?;
        self.note(Entry::UpstreamAdded { upstream, reached });
        self.desk().send(DeskEvent::Upstreams);
        Ok(())
    }

    /// Removes an upstream: its sessions close, its holds are withdrawn. Blocks on the disk.
    ///
    /// # Errors
    /// There is none of that name, or the file cannot be written.
    pub fn remove_upstream(&self, name: &str) -> Result<(), BookError> {
        let removed = self.upstream(name);
        self.change_upstreams(|book| book.remove(name))?;
        self.sessions().close_upstream(name);
        if let Some(Err(error)) = removed.map(|config| self.supply().forget(&config)) {
            tracing::warn!(%error, "the secrets of a removed upstream are still in the keychain");
        }
        self.desk().withdraw("the upstream was removed", |held| held.call().upstream.as_str() == name);
        self.desk().revoke_all("the upstream was removed", |grant| grant.upstream.as_str() == name);
        if let Ok(upstream) = name.parse() {
            self.note(Entry::UpstreamRemoved { upstream });
        }
        self.desk().send(DeskEvent::Upstreams);
        Ok(())
    }
}
