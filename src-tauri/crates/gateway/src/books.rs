//! Agents and upstreams of a running home, and how they come and go. They are part of the confirmed set: what is in
//! force is what was confirmed, never what a file happens to say.

use crate::desk::DeskEvent;
use crate::engine::Engine;
use crate::home::{AgentBook, AgentRow, BookError, Home, HomeError, UpstreamBook, UpstreamConfig};
use crate::sets::{Book, InForce};
use journal::Entry;

/// The books to work with: as confirmed, or, where nothing is in force and every call is denied, as on the disk. No
/// secret goes to an upstream of the latter (`Supply::withhold`).
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
        let path = self.home().agents_path();
        let changed = self.sets().change_book(Book::Agents, || change(&mut AgentBook::load(path)?));
        self.follow_books();
        changed
    }

    /// The same of upstreams.
    pub(crate) fn change_upstreams<T>(
        &self,
        change: impl FnOnce(&mut UpstreamBook) -> Result<T, BookError>,
    ) -> Result<T, BookError> {
        let path = self.home().upstreams_path();
        let changed = self.sets().change_book(Book::Upstreams, || change(&mut UpstreamBook::load(path)?));
        self.follow_books();
        changed
    }

    /// Why a change of that book waits, one sentence each; empty where none does.
    pub(crate) fn waits_in(&self, book: Book) -> Vec<String> {
        self.sets().waits_in(book)
    }

    /// Takes the books as they are in force now: who comes and goes is recorded, and whoever is out of them, or
    /// changed, is cut off.
    pub(crate) fn follow_books(&self) {
        self.supply().withhold(self.sets().current().problem.is_some());
        let (agents, upstreams) = match in_force(self.home(), &self.sets().current()) {
            Ok(books) => books,
            Err(error) => return tracing::error!(%error, "agents and upstreams stay as they were"),
        };
        let known = std::mem::replace(&mut *self.write_agents(), agents);
        self.follow_agents(known.list());
        let known = std::mem::replace(&mut *self.write_upstreams(), upstreams);
        self.follow_upstreams(known.list());
    }

    fn follow_agents(&self, known: &[AgentRow]) {
        let now = self.agents();
        for agent in known {
            // Another token, user or program; how long it waits cuts nobody off.
            let stays = now.iter().any(|row| row.name == agent.name && row.user == agent.user);
            if !stays {
                self.sessions().close_agent(agent.name.as_str());
                self.desk().withdraw("the agent was removed", |held| held.call().agent == agent.name);
            }
            if !now.iter().any(|row| row.name == agent.name) {
                self.forget_caller(agent.name.as_str());
                self.desk().revoke_all("the agent was removed", |grant| grant.agent == agent.name);
                self.note(Entry::AgentRemoved { agent: agent.name.clone() });
            }
        }
        for agent in now.iter().filter(|row| !known.iter().any(|known| known.name == row.name)) {
            self.note(Entry::AgentAdded { agent: agent.name.clone(), user: agent.user.clone() });
        }
        if known != now {
            self.desk().send(DeskEvent::Agents);
        }
    }

    fn follow_upstreams(&self, known: &[UpstreamConfig]) {
        let now = self.upstreams();
        for upstream in known.iter().filter(|upstream| !now.contains(upstream)) {
            self.sessions().close_upstream(upstream.name.as_str());
        }
        let is_confirmed = self.sets().current().problem.is_none();
        for gone in known.iter().filter(|known| !now.iter().any(|row| row.name == known.name)) {
            // What a file leaves out that nobody confirmed may come back.
            if is_confirmed && let Err(error) = self.supply().forget(gone) {
                tracing::warn!(%error, "the secrets of a removed upstream are still in the keychain");
            }
            self.desk().withdraw("the upstream was removed", |held| held.call().upstream == gone.name);
            self.desk().revoke_all("the upstream was removed", |grant| grant.upstream == gone.name);
            self.note(Entry::UpstreamRemoved { upstream: gone.name.clone() });
        }
        for new in now.iter().filter(|row| !known.iter().any(|known| known.name == row.name)) {
            self.note(Entry::UpstreamAdded { upstream: new.name.clone(), reached: new.shown() });
        }
        if known != now {
            self.desk().send(DeskEvent::Upstreams);
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

    /// Adds an upstream; where that needs proof it waits. Blocks on the disk.
    ///
    /// # Errors
    /// The name is taken, or the file cannot be written.
    pub fn add_upstream(&self, config: UpstreamConfig) -> Result<(), BookError> {
        self.change_upstreams(|book| book.add(config))
    }

    /// Removes an upstream: its sessions close, its holds are withdrawn; where that needs proof it waits. Blocks on
    /// the disk.
    ///
    /// # Errors
    /// There is none of that name, or the file cannot be written.
    pub fn remove_upstream(&self, name: &str) -> Result<(), BookError> {
        self.change_upstreams(|book| book.remove(name))
    }
}
