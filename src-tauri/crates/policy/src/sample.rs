//! Calls, facts and sets for the tests of this crate.

use crate::{
    AgentFacts, ContextFacts, DefinitionHash, Facts, PathFact, Timestamp, ToolCall, ToolFacts, UpstreamFacts,
    User, Value,
};

pub(crate) fn call(arguments: &str) -> ToolCall {
    ToolCall {
        user: "me".parse().unwrap(),
        agent: "claude".parse().unwrap(),
        upstream: "practice".parse().unwrap(),
        tool: "create_expense".parse().unwrap(),
        definition: DefinitionHash([7; 32]),
        arguments: Value::parse(arguments.as_bytes()).unwrap(),
    }
}

/// Monday 2026-01-05, 13:00 where the person is; `args.path` resolves as written below `/srv`.
pub(crate) fn facts() -> Facts {
    let path = |resolved: &str| PathFact { resolved: resolved.to_owned() };
    Facts {
        user: User {
            id: "me".parse().unwrap(),
            name: "Me".to_owned(),
            email: Some("me@example.org".to_owned()),
            roles: ["employee".to_owned(), "finance".to_owned()].into(),
            department: None,
            owner: true,
            attributes: [("level".to_owned(), Value::from(3))].into(),
        },
        agent: AgentFacts {
            name: "claude".to_owned(),
            program: None,
            process: Some(42),
            claimed_client: None,
            paired_programs: Vec::new(),
        },
        tool: ToolFacts::default(),
        upstream: UpstreamFacts {
            name: "practice".to_owned(),
            transport: "stdio".to_owned(),
            remote: false,
            root: None,
        },
        context: ContextFacts {
            time: Timestamp(1_767_614_400_000),
            utc_offset_minutes: 60,
            project: Some("/home/me/shop".to_owned()),
            branch: None,
            locked: None,
            calls_last_minute: 2,
            calls_last_hour: Some(40),
            tool_calls_last_minute: Some(1),
            tool_calls_last_hour: None,
        },
        paths: [
            ("args.path".to_owned(), path("/srv/data/a")),
            ("args.link".to_owned(), path("/etc/passwd")),
            ("args.paths[0]".to_owned(), path("/srv/data/a")),
            ("args.paths[1]".to_owned(), path("/srv/data/b")),
        ]
        .into(),
    }
}
