//! Pairing an agent, and what is known of it besides its token: the program behind its connections, and how long it is
//! kept waiting.
//!
//! The program seen at an agent's first call is paired with it. A call from another program with that agent's
//! token waits for the desk's owner, whatever the policies allow. Where the platform cannot tell the program,
//! nothing is paired and nothing differs.

use crate::desk::DeskEvent;
use crate::engine::Engine;
use crate::home::{Agent, BookError, Token};
use crate::pipeline::PeerProcess;
use crate::sets::Book;
use journal::Entry;
use policy::{AgentName, ApprovalFlow, Decision, Facts, Outcome, PolicySet, Requirements, UserId};
use std::time::Duration;

/// What Linux adds to the path of a program whose file was replaced while it runs, as updates do.
const REPLACED: &str = " (deleted)";

/// The program's path, without what the system says about its file.
pub(crate) fn program_of(peer: &PeerProcess) -> Option<String> {
    let program = peer.program.as_deref()?;
    Some(program.strip_suffix(REPLACED).unwrap_or(program).to_owned())
}

/// The programs of an agent whose call just came in from this peer: the first one is paired here. Blocks on the
/// disk then.
pub(crate) fn paired_programs(engine: &Engine, agent: &Agent, peer: &PeerProcess) -> Vec<String> {
    match program_of(peer) {
        Some(program) if agent.programs.is_empty() => {
            match engine.change_agents(|book| book.add_program(agent.name.as_str(), &program, true)) {
                Ok(true) => {
                    engine.note(Entry::ProgramPaired { agent: agent.name.clone(), program: program.clone() });
                    engine.desk().send(DeskEvent::Agents);
                    vec![program]
                }
                // Another call was first.
                Ok(false) => engine.programs_of(&agent.name),
                Err(error) => {
                    tracing::error!(%error, agent = %agent.name, "a program could not be paired");
                    Vec::new()
                }
            }
        }
        _ => agent.programs.clone(),
    }
}

/// A call from another program than the paired one is held for the owner where nothing else holds it.
pub(crate) fn hold_other_program(mut decision: Decision, facts: &Facts, set: &PolicySet) -> Decision {
    if !facts.agent.is_other_program() || decision.outcome != Outcome::Allowed {
        return decision;
    }
    hold_for_owner(&mut decision, set);
    decision
}

/// The flow by which the desk's owner is asked.
pub(crate) fn owner_flow(set: &PolicySet) -> Option<ApprovalFlow> {
    "owner".parse().ok().and_then(|id| set.flow(&id).cloned()).or_else(|| ApprovalFlow::owner().ok())
}

/// Makes of a call that would go one that the desk's owner is asked about, although no policy says so.
pub(crate) fn hold_for_owner(decision: &mut Decision, set: &PolicySet) {
    decision.outcome = match owner_flow(set) {
        Some(owner) => Outcome::Held(Requirements { flows: vec![owner], ..Requirements::default() }),
        None => Outcome::Denied { message: None },
    };
    // What let it go did not decide this.
    decision.trace.by_default = false;
    for policy in &mut decision.trace.policies {
        policy.deciding = false;
    }
}

impl Engine {
    /// Pairs an agent; the token is given once, and works once the agent is in force. Blocks on the disk.
    ///
    /// # Errors
    /// The name is taken, the user unknown, or the file cannot be written.
    pub fn add_agent(&self, name: AgentName, user: UserId) -> Result<Token, BookError> {
        self.must_know(&user)?;
        self.change_agents(|book| book.add(name, user))
    }

    pub(crate) fn must_know(&self, user: &UserId) -> Result<(), BookError> {
        match self.sets().current().people.get(user) {
            Some(_) => Ok(()),
            None => Err(BookError::NoSuchUser { user: user.to_string() }),
        }
    }

    /// Removes an agent: its token ends, its sessions close, its holds are withdrawn. Blocks on the disk.
    ///
    /// # Errors
    /// There is none of that name, or the file cannot be written.
    pub fn remove_agent(&self, name: &str) -> Result<(), BookError> {
        self.change_agents(|book| book.remove(name))
    }

    /// A further program of an agent: calls from it are no longer held for being another one. Only a program that
    /// lately called in the agent's name is taken. Blocks on the disk.
    ///
    /// # Errors
    /// There is no such agent, no such program called, or the file cannot be written.
    pub fn accept_program(&self, agent: &AgentName, program: &str) -> Result<(), BookError> {
        self.must_have_called(agent, program)?;
        let is_new = self.change_agents(|book| book.add_program(agent.as_str(), program, false))?;
        if is_new && self.waits_in(Book::Agents).is_empty() {
            self.program_accepted(agent, program);
        }
        Ok(())
    }

    /// Only a program that lately called in the agent's name can be one more of it.
    pub(crate) fn must_have_called(&self, agent: &AgentName, program: &str) -> Result<(), BookError> {
        let row = self.agents().into_iter().find(|row| row.name == *agent);
        let row = row.ok_or_else(|| BookError::NoSuchAgent { name: agent.to_string() })?;
        let is_known = row.programs.iter().any(|known| known == program);
        if !is_known && !self.other_programs(&row).iter().any(|other| other.program == program) {
            return Err(BookError::NoSuchProgram { name: agent.to_string(), program: program.to_owned() });
        }
        Ok(())
    }

    pub(crate) fn program_accepted(&self, agent: &AgentName, program: &str) {
        self.note(Entry::ProgramAccepted { agent: agent.clone(), program: program.to_owned() });
        self.desk().send(DeskEvent::Agents);
    }

    /// How long an agent is kept waiting for a held call; none for what its program puts up with. Blocks on the
    /// disk.
    ///
    /// # Errors
    /// There is no such agent, the limit is not between a second and a day, or the file cannot be written.
    pub fn set_wait_limit(&self, agent: &str, limit: Option<Duration>) -> Result<(), BookError> {
        self.change_agents(|book| book.set_wait_limit(agent, limit))?;
        self.desk().send(DeskEvent::Agents);
        Ok(())
    }

    fn programs_of(&self, agent: &AgentName) -> Vec<String> {
        self.read_agents().by_name(agent.as_str()).map(|agent| agent.programs).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_whose_file_was_replaced_is_the_same_program() {
        let peer = |path: &str| PeerProcess { pid: Some(1), program: Some(path.to_owned()) };
        assert_eq!(program_of(&peer("/usr/bin/node (deleted)")).as_deref(), Some("/usr/bin/node"));
        assert_eq!(program_of(&peer("/usr/bin/node")).as_deref(), Some("/usr/bin/node"));
        assert_eq!(program_of(&PeerProcess::default()), None);
    }
}
