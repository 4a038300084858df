//! What was seen of each agent since the start: what it calls itself, and the programs that call in its name
//! without being known as it. The window shows them; a person may accept such a program, and only one of them.
//!
//! In memory only. After a restart the open holds say which programs called.

use crate::desk::DeskEvent;
use crate::engine::Engine;
use crate::home::{Agent, AgentRow};
use crate::pairing::program_of;
use crate::pipeline::PeerProcess;
use crate::waits;
use policy::{AgentName, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Most other programs kept for one agent; the one that called longest ago goes first.
const MOST_OTHERS: usize = 4;

/// A program is forgotten this long after its last call.
const LATELY: Duration = Duration::from_secs(24 * 60 * 60);

/// Views show minutes: calls of one program are told of again only after this long.
const TOLD_AGAIN: Duration = Duration::from_secs(30);

/// A program that called in an agent's name and is not known as that agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherProgram {
    /// Its path.
    pub program: String,
    pub last_call: Timestamp,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Sightings(Mutex<BTreeMap<AgentName, Sighting>>);

#[derive(Default)]
struct Sighting {
    /// What the agent called itself last; empty where it says nothing.
    client: Option<String>,
    /// The latest first.
    others: Vec<OtherProgram>,
}

impl Sightings {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<AgentName, Sighting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sighting {
    /// Whether this is news to whoever looks.
    fn is_called(&mut self, client: &str) -> bool {
        let is_new = self.client.as_deref() != Some(client);
        if is_new {
            self.client = Some(client.to_owned());
        }
        is_new
    }

    /// Whether this is news to whoever looks.
    fn other_called(&mut self, program: String, at: Timestamp) -> bool {
        let before = self.others.iter().position(|other| other.program == program);
        let before = before.map(|place| self.others.remove(place).last_call);
        let last_call = before.map_or(at, |before| before.max(at));
        self.others.push(OtherProgram { program, last_call });
        self.others.sort_by_key(|other| std::cmp::Reverse(other.last_call));
        self.others.truncate(MOST_OTHERS);
        before.is_none_or(|before| before.until(at) >= TOLD_AGAIN)
    }
}

impl Engine {
    /// A call came in from this agent's peer.
    pub(crate) fn note_caller(&self, agent: &Agent, client: Option<&str>, peer: &PeerProcess) {
        let other = program_of(peer)
            .filter(|program| !agent.programs.is_empty() && !agent.programs.contains(program));
        let mut sightings = self.sightings.lock();
        let sighting = sightings.entry(agent.name.clone()).or_default();
        let is_new_client = sighting.is_called(client.unwrap_or_default());
        let is_new_program =
            other.is_some_and(|other| sighting.other_called(other, self.desk().clock().now()));
        drop(sightings);
        if is_new_client || is_new_program {
            self.desk().send(DeskEvent::Agents);
        }
    }

    /// Other programs whose calls wait since before this start.
    pub(crate) fn recall_callers(&self) {
        let cards = self.desk().inbox().into_iter().filter_map(|row| self.desk().card(&row.hold));
        for card in cards {
            let agent = self.read_agents().by_name(&card.agent);
            if let (Some(agent), Some(program)) = (agent, card.program)
                && !agent.programs.is_empty()
                && !agent.programs.contains(&program)
            {
                let mut sightings = self.sightings.lock();
                let sighting = sightings.entry(agent.name).or_default();
                sighting.other_called(program, Timestamp(card.opened_at));
            }
        }
    }

    /// The agent was removed: another one of its name starts anew.
    pub(crate) fn forget_caller(&self, agent: &str) {
        self.sightings.lock().retain(|name, _| name.as_str() != agent);
    }

    /// Programs that lately called in this agent's name without being known as it, the latest first.
    #[must_use]
    pub fn other_programs(&self, agent: &AgentRow) -> Vec<OtherProgram> {
        let now = self.desk().clock().now();
        let sightings = self.sightings.lock();
        let others = sightings.get(&agent.name).map(|sighting| sighting.others.as_slice());
        let others = others
            .unwrap_or_default()
            .iter()
            .filter(|other| !agent.programs.contains(&other.program) && other.last_call.until(now) < LATELY);
        others.cloned().collect()
    }

    /// How long this agent is kept waiting where nobody set that, in words; none before its first call.
    #[must_use]
    pub fn wait_of_program(&self, agent: &AgentName) -> Option<String> {
        let sightings = self.sightings.lock();
        sightings.get(agent)?.client.as_deref().map(waits::words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(sighting: &Sighting) -> Vec<&str> {
        sighting.others.iter().map(|other| other.program.as_str()).collect()
    }

    #[test]
    fn the_latest_programs_are_kept_each_once() {
        let mut sighting = Sighting::default();
        for (at, program) in ["a", "b", "a", "c", "d", "e"].into_iter().enumerate() {
            sighting.other_called(program.to_owned(), Timestamp(i64::try_from(at).unwrap()));
        }
        assert_eq!(programs(&sighting), ["e", "d", "c", "a"]);
    }

    #[test]
    fn a_program_that_calls_all_the_time_is_told_of_twice_a_minute() {
        let mut sighting = Sighting::default();
        let mut told = |at| sighting.other_called("a".to_owned(), Timestamp(at));
        assert!(told(0));
        assert!(!told(29_000));
        assert!(told(60_000));
        assert!(!told(61_000));
    }

    #[test]
    fn a_hold_from_before_does_not_make_a_program_older() {
        let mut sighting = Sighting::default();
        sighting.other_called("a".to_owned(), Timestamp(9));
        sighting.other_called("a".to_owned(), Timestamp(3));
        assert_eq!(sighting.others, [OtherProgram { program: "a".to_owned(), last_call: Timestamp(9) }]);
    }
}
