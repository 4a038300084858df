//! A real child process behind a session, well-behaved and not.

mod http;
#[path = "../../tests/upstream/script.rs"]
mod script;
mod secret;
mod stdio;

use super::*;
use crate::home::{Transport, UpstreamConfig};
use approvals::{Admission, Ids, Voter};
use journal::{Journal, JournalledCall, RootKey};
use policy::{
    AgentFacts, ContextFacts, Decision, DefinitionHash, Facts, Outcome, Timestamp, ToolCall, ToolFacts,
    Trace, UpstreamFacts, User, Value,
};
use std::sync::atomic::{AtomicU8, Ordering};

pub(super) fn json(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap()
}

pub(super) fn config(transport: Transport) -> UpstreamConfig {
    UpstreamConfig::new("test".parse().unwrap(), transport, false).unwrap()
}

/// Makes real releases, through a real journal.
pub(super) struct Releases {
    journal: Journal,
    count: AtomicU8,
    _folder: tempfile::TempDir,
}

impl Releases {
    pub(super) fn new() -> Releases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let journal = Journal::open(&path, &RootKey::new([7; 32]), || Timestamp(1_700_000_000_000)).unwrap();
        Releases { journal, count: AtomicU8::new(1), _folder: folder }
    }

    /// A journalled call of the tool as the session lists it now.
    pub(super) async fn of(&self, session: &UpstreamSession, tool: &str, arguments: &str) -> JournalledCall {
        let tools = session.tools(false).await.unwrap();
        let listed = tools.iter().find(|listed| listed.get("name") == Some(&Value::from(tool))).unwrap();
        self.with_definition(DefinitionHash::of(listed), tool, arguments)
    }

    pub(super) fn with_definition(
        &self,
        definition: DefinitionHash,
        tool: &str,
        arguments: &str,
    ) -> JournalledCall {
        let call = ToolCall {
            user: "ana".parse().unwrap(),
            agent: "coder".parse().unwrap(),
            upstream: "test".parse().unwrap(),
            tool: tool.parse().unwrap(),
            definition,
            arguments: json(arguments),
        };
        let decision = Decision { revision: "r".into(), outcome: Outcome::Allowed, trace: Trace::default() };
        let n = self.count.fetch_add(1, Ordering::Relaxed);
        let ids = Ids::from_random([n; 16], [n; 16]);
        let now = Timestamp(1_700_000_000_000);
        match approvals::admit(decision, call, facts(), Voter::from(&user()), ids, now) {
            Admission::Released(released) => self.journal.commit(released).unwrap(),
            _ => panic!("an allowed call is released"),
        }
    }
}

fn user() -> User {
    User {
        id: "ana".parse().unwrap(),
        name: "Ana".to_owned(),
        email: None,
        roles: [].into(),
        department: None,
        owner: true,
        attributes: [].into(),
    }
}

fn facts() -> Facts {
    Facts {
        user: user(),
        agent: AgentFacts {
            name: "coder".into(),
            program: None,
            process: None,
            claimed_client: None,
            paired_programs: Vec::new(),
        },
        tool: ToolFacts::default(),
        upstream: UpstreamFacts { name: "test".into(), transport: "stdio".into(), remote: false, root: None },
        context: ContextFacts {
            time: Timestamp(1_700_000_000_000),
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
    }
}
