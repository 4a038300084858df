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
    use crate::card::ToolWords;
    use crate::home::{Home, InitOptions};
    use crate::{ChangePolicy, Options, home::KeychainKind};
    use approvals::{Admission, Ids, Voter};
    use policy::{
        AgentFacts, ApprovalFlow, ContextFacts, Decision, DefinitionHash, Facts, Outcome, Requirements,
        ToolCall, ToolFacts, Trace, UpstreamFacts, Value,
    };

    /// A held call of `claude`, made by `program`, which is paired with `/old/claude`.
    fn held(engine: &Engine, program: &str, n: u8) -> approvals::HeldCall {
        let now = engine.desk().clock().now();
        let user = engine.sets().current().people.owner().unwrap().clone();
        let call = ToolCall {
            user: user.id.clone(),
            agent: "claude".parse().unwrap(),
            upstream: "files".parse().unwrap(),
            tool: "drop".parse().unwrap(),
            definition: DefinitionHash::of(&Value::Null),
            arguments: Value::object([("n", n.to_string().as_str().into())]),
        };
        let facts = Facts {
            agent: AgentFacts {
                name: "claude".to_owned(),
                program: Some(program.to_owned()),
                process: None,
                claimed_client: None,
                paired_programs: vec!["/old/claude".to_owned()],
            },
            tool: ToolFacts::default(),
            upstream: UpstreamFacts {
                name: "files".into(),
                transport: "stdio".into(),
                remote: false,
                root: None,
            },
            context: ContextFacts {
                time: now,
                utc_offset_minutes: 0,
                project: None,
                branch: None,
                locked: None,
                calls_last_minute: 0,
                calls_last_hour: None,
                tool_calls_last_minute: None,
                tool_calls_last_hour: None,
            },
            paths: [].into(),
            user: user.clone(),
        };
        let flows = vec![ApprovalFlow::owner().unwrap()];
        let outcome = Outcome::Held(Requirements { flows, ..Requirements::default() });
        let decision = Decision { revision: "r".into(), outcome, trace: Trace::default() };
        let ids = Ids::from_random([n; 16], [n; 16]);
        match approvals::admit(decision, call, facts, Voter::from(&user), ids, now) {
            Admission::Held(held) => *held,
            _ => panic!("it is held"),
        }
    }

    #[tokio::test]
    async fn the_holds_of_before_a_restart_say_which_other_programs_called() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("h");
        Home::init(&home, &InitOptions { keychain: KeychainKind::Memory, ..InitOptions::default() }).unwrap();
        let known = "[[agent]]\nname = \"claude\"\nuser = \"me\"\nprogram = \"/old/claude\"\n";
        std::fs::write(home.join("agents.toml"), known).unwrap();
        let listen = Some("127.0.0.1:0".parse().unwrap());
        let options = Options { home, listen, on_change: ChangePolicy::TakeAtStart };
        let engine = Engine::start(options).await.unwrap();
        for (n, program) in ["/new/claude", "/old/claude"].into_iter().enumerate() {
            let held = held(&engine, program, u8::try_from(n).unwrap());
            engine.desk().attach(held, ToolWords::default()).unwrap();
        }
        let row = engine.agents().into_iter().next().unwrap();
        assert_eq!(engine.other_programs(&row), [], "nobody called since the start");
        engine.recall_callers();
        let others = engine.other_programs(&row);
        assert_eq!(others.iter().map(|other| other.program.as_str()).collect::<Vec<_>>(), ["/new/claude"]);
        engine.accept_program(&row.name, "/new/claude").unwrap();
        assert_eq!(engine.agents().into_iter().next().unwrap().programs, ["/old/claude", "/new/claude"]);
        engine.shutdown().await;
    }

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
