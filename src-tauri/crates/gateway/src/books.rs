//! Agents and upstreams of a running home, and how they come and go. They are part of the confirmed set: what is in
//! force is what was confirmed, never what a file happens to say.

use crate::desk::DeskEvent;
use crate::engine::Engine;
use crate::home::{AgentBook, BookError, Home, HomeError, UpstreamBook, UpstreamConfig};
use crate::sets::{Book, InForce};
use journal::Entry;
use std::collections::BTreeSet;

/// The books to work with: as confirmed, or, where nothing is in force and every call is denied, as on the disk.
pub(crate) fn in_force(home: &Home, set: &InForce) -> Result<(AgentBook, UpstreamBook), HomeError> {
    if set.problem.is_some() {
        return Ok((home.agents()?, home.upstreams()?));
    }
    let agents = AgentBook::parse(home.agents_path(), &set.bundle.agents)?;
    let upstreams = UpstreamBook::parse(home.upstreams_path(), &set.bundle.upstreams)?;
    Ok((agents, upstreams))
}

impl Engine {
    /// A change of the book of agents. Where it needs proof it waits. Blocks on the disk.
    pub(crate) fn change_agents<T>(
        &self,
        change: impl FnOnce(&mut AgentBook) -> Result<T, BookError>,
    ) -> Result<T, BookError> {
        let changed = self.sets().change_book(Book::Agents, || change(&mut self.write_agents()));
        self.follow_books();
        changed
    }

    /// The same of upstreams.
    pub(crate) fn change_upstreams<T>(
        &self,
        change: impl FnOnce(&mut UpstreamBook) -> Result<T, BookError>,
    ) -> Result<T, BookError> {
        let changed = self.sets().change_book(Book::Upstreams, || change(&mut self.write_upstreams()));
        self.follow_books();
        changed
    }

    /// Takes the books as they are in force now: whoever is out of them, or changed, is cut off.
    pub(crate) fn follow_books(&self) {
        let (agents, upstreams) = match in_force(self.home(), &self.sets().current()) {
            Ok(books) => books,
            Err(error) => return tracing::error!(%error, "agents and upstreams stay as they were"),
        };
        let (known, now) = (self.agents(), agents.list().to_vec());
        *self.write_agents() = agents;
        for agent in &known {
            // Another token, user or program; how long it waits cuts nobody off.
            let stays = now.iter().any(|row| row.name == agent.name && row.user == agent.user);
            if !stays {
                self.sessions().close_agent(agent.name.as_str());
                self.desk().withdraw("the agent was removed", |held| held.call().agent == agent.name);
            }
        }
        let (known, now) = (self.upstreams(), upstreams.list().to_vec());
        *self.write_upstreams() = upstreams;
        for upstream in &known {
            if !now.contains(upstream) {
                self.sessions().close_upstream(upstream.name.as_str());
            }
        }
        let left: BTreeSet<_> = now.iter().map(|upstream| upstream.name.clone()).collect();
        for gone in known.iter().filter(|upstream| !left.contains(&upstream.name)) {
            self.desk().withdraw("the upstream was removed", |held| held.call().upstream == gone.name);
        }
    }

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
