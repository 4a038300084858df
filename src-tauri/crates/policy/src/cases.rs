//! Cases: a call and its facts → the decision it must get and the policies that must decide it. The same files
//! serve authors, the command line, the tests of the shipped packs and the examples of the reference.

use crate::{
    ActionKind, AgentFacts, ContextFacts, DefinitionHash, DocumentError, Facts, PathFact, Timestamp,
    ToolCall, ToolFacts, UpstreamFacts, Value, decide,
    moment::Moment,
    people::{self, User},
    section::{Section, Source},
    set::PolicySet,
};
use std::collections::BTreeMap;

const MOST_CASES: usize = 2_000;

/// One `[[case]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub name: String,
    pub call: ToolCall,
    pub facts: Facts,
    pub expect: ActionKind,
    /// Ids of the deciding policies, in order; any where absent.
    pub decided_by: Option<Vec<String>>,
    /// Ids of observing policies that would have changed something or not, with what would have happened.
    pub would_have: Option<Vec<String>>,
    /// Where it stands in its file, from 1.
    pub line: Option<usize>,
}

/// How one case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseOutcome {
    pub name: String,
    pub line: Option<usize>,
    pub passed: bool,
    /// "deny, decided by large-expenses"
    pub expected: String,
    pub got: String,
}

/// Runs every case of a `cases.toml`. A file that cannot be read is one failed outcome that says why.
#[must_use]
pub fn run(set: &PolicySet, text: &str) -> Vec<CaseOutcome> {
    match parse(text) {
        Ok(cases) => cases.iter().map(|case| judge(set, case)).collect(),
        Err(error) => vec![CaseOutcome {
            name: error.path.clone(),
            line: error.line,
            passed: false,
            expected: "cases that can be read".to_owned(),
            got: error.to_string(),
        }],
    }
}

/// Reads `cases.toml`.
///
/// # Errors
/// What is wrong and where.
pub fn parse(text: &str) -> Result<Vec<Case>, DocumentError> {
    let source = Source { path: "cases.toml", text };
    let document = source.parse()?;
    let root = source.root(&document);
    root.only(&["case"])?;
    root.sections("case", MOST_CASES)?.iter().map(case).collect()
}

/// Runs one case.
#[must_use]
pub fn judge(set: &PolicySet, case: &Case) -> CaseOutcome {
    let decision = decide(set, &case.call, &case.facts);
    let kind = decide::kind(&decision.outcome);
    let deciding: Vec<String> = decision
        .trace
        .policies
        .iter()
        .filter(|policy| policy.deciding)
        .map(|policy| policy.id.to_string())
        .collect();
    let would_have: Vec<String> =
        decision.trace.would_have.iter().map(|(id, kind)| format!("{id}: {}", word(*kind))).collect();
    let same =
        |wanted: &Option<Vec<String>>, got: &Vec<String>| wanted.as_ref().is_none_or(|wanted| wanted == got);
    let passed =
        kind == case.expect && same(&case.decided_by, &deciding) && same(&case.would_have, &would_have);
    CaseOutcome {
        name: case.name.clone(),
        line: case.line,
        passed,
        expected: told(case.expect, case.decided_by.as_deref(), case.would_have.as_deref()),
        got: told(
            kind,
            Some(&deciding),
            Some(&would_have).filter(|list| !list.is_empty()).map(Vec::as_slice),
        ),
    }
}

fn told(kind: ActionKind, deciding: Option<&[String]>, would_have: Option<&[String]>) -> String {
    let mut text = word(kind).to_owned();
    match deciding {
        None => {}
        Some([]) => text += ", decided by the default",
        Some(ids) => text += &format!(", decided by {}", ids.join(", ")),
    }
    if let Some(list) = would_have {
        text += &format!(
            ", would have been {}",
            if list.is_empty() { "nothing else".to_owned() } else { list.join(", ") }
        );
    }
    text
}

fn word(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Deny => "deny",
        ActionKind::RequestApproval => "request_approval",
        ActionKind::StepUp => "step_up",
        ActionKind::Allow => "allow",
    }
}

const KINDS: [(&str, ActionKind); 4] = [
    ("allow", ActionKind::Allow),
    ("deny", ActionKind::Deny),
    ("request_approval", ActionKind::RequestApproval),
    ("step_up", ActionKind::StepUp),
];

fn case(section: &Section<'_>) -> Result<Case, DocumentError> {
    section.only(&[
        "name",
        "tool",
        "args",
        "json",
        "user",
        "agent",
        "context",
        "claims",
        "upstream",
        "paths",
        "expect",
        "decided_by",
        "would_have",
    ])?;
    let qualified = section.required("tool", 300)?;
    let Some((upstream, tool)) = qualified.text.split_once('/') else {
        return Err(qualified
            .error(format!("`{}` is not a tool", qualified.text))
            .hint("write `upstream/tool`"));
    };
    let wrong = |error: crate::NameError| qualified.error(error.to_string());
    let user = match section.section("user")? {
        Some(user) => people::user(&user)?,
        None => somebody().map_err(wrong)?,
    };
    let agent = section.text("agent", 64)?.map_or("agent", |text| text.text);
    let Some(expect) = section.word("expect", &KINDS)? else {
        return Err(section
            .error("expect", "`expect` is missing")
            .hint("use `allow`, `deny`, `request_approval` or `step_up`"));
    };
    let list = |key: &str| -> Result<Option<Vec<String>>, DocumentError> {
        if !section.has(key) {
            return Ok(None);
        }
        Ok(Some(section.texts(key, 200)?.iter().map(|text| text.owned()).collect()))
    };
    let call = ToolCall {
        user: user.id.clone(),
        agent: agent.parse().map_err(wrong)?,
        upstream: upstream.parse().map_err(wrong)?,
        tool: tool.parse().map_err(wrong)?,
        definition: DefinitionHash([0; 32]),
        arguments: arguments(section)?,
    };
    let (transport, remote, root) = match section.section("upstream")? {
        Some(table) => {
            table.only(&["transport", "remote", "root"])?;
            let transport = table.text("transport", 10)?.map_or("stdio", |text| text.text);
            let root = table.text("root", 4_000)?.map(|text| text.owned());
            (transport.to_owned(), table.flag("remote")?.unwrap_or(false), root)
        }
        None => ("stdio".to_owned(), false, None),
    };
    let facts = Facts {
        user,
        agent: AgentFacts {
            name: agent.to_owned(),
            program: None,
            process: None,
            claimed_client: None,
            paired_programs: Vec::new(),
        },
        tool: tool_facts(section)?,
        upstream: UpstreamFacts { name: upstream.to_owned(), transport, remote, root },
        context: context(section)?,
        paths: paths(section)?,
    };
    let name = section.required("name", 200)?.owned();
    let line = section.error("name", "").line;
    let (decided_by, would_have) = (list("decided_by")?, list("would_have")?);
    Ok(Case { name, call, facts, expect, decided_by, would_have, line })
}

/// The user of a case that names none: the owner of a new home.
fn somebody() -> Result<User, crate::NameError> {
    Ok(User {
        id: "me".parse()?,
        name: "Me".to_owned(),
        email: None,
        roles: ["employee".to_owned()].into(),
        department: None,
        owner: true,
        attributes: BTreeMap::new(),
    })
}

/// `args` as a TOML table, or `json` as the exact text an agent would send.
fn arguments(section: &Section<'_>) -> Result<Value, DocumentError> {
    if let Some(json) = section.text("json", 20_000)? {
        if section.has("args") {
            return Err(json.error("`json` and `args` stand together").hint("keep one of them"));
        }
        let value = Value::parse(json.text.as_bytes()).map_err(|error| json.error(error.to_string()))?;
        return if value.as_map().is_some() { Ok(value) } else { Err(json.error("arguments are an object")) };
    }
    let Some(args) = section.section("args")? else { return Ok(Value::object([])) };
    let mut map = crate::Map::default();
    for (key, item) in args.items() {
        map.insert(key, args.value(item).map_err(|message| args.error(key, message))?);
    }
    Ok(Value::Map(map))
}

/// What the tool's pinned definition says: annotations, required parameters, defaults.
fn tool_facts(section: &Section<'_>) -> Result<ToolFacts, DocumentError> {
    let Some(claims) = section.section("claims")? else { return Ok(ToolFacts::default()) };
    claims.only(&["read_only", "destructive", "idempotent", "open_world", "required", "defaults"])?;
    let mut defaults = BTreeMap::new();
    if let Some(table) = claims.section("defaults")? {
        for (key, item) in table.items() {
            defaults.insert(key.to_owned(), table.value(item).map_err(|message| table.error(key, message))?);
        }
    }
    Ok(ToolFacts {
        read_only: claims.flag("read_only")?,
        destructive: claims.flag("destructive")?,
        idempotent: claims.flag("idempotent")?,
        open_world: claims.flag("open_world")?,
        required: claims.texts("required", 100)?.iter().map(|text| text.owned()).collect(),
        defaults,
        changed: None,
    })
}

/// Monday 2026-01-05 at noon UTC, in a folder without a repository, unless the case says otherwise.
fn context(section: &Section<'_>) -> Result<ContextFacts, DocumentError> {
    let mut facts = ContextFacts {
        time: Timestamp(1_767_614_400_000),
        utc_offset_minutes: 0,
        project: Some("/home/me/work".to_owned()),
        branch: None,
        locked: Some(false),
        calls_last_minute: 0,
        calls_last_hour: Some(0),
        tool_calls_last_minute: Some(0),
        tool_calls_last_hour: Some(0),
    };
    let Some(table) = section.section("context")? else { return Ok(facts) };
    table.only(&[
        "time",
        "project",
        "branch",
        "locked",
        "calls_last_minute",
        "calls_last_hour",
        "tool_calls_last_minute",
        "tool_calls_last_hour",
    ])?;
    if let Some(text) = table.text("time", 60)? {
        let moment = Moment::parse(text.text).ok_or_else(|| {
            text.error(format!("`{}` is not a time with its zone", text.text))
                .hint("write it like `2026-01-05T12:00:00+01:00`")
        })?;
        facts.time = Timestamp(moment.milliseconds());
        facts.utc_offset_minutes = moment.offset_minutes;
    }
    match table.text("project", 1_000)?.map(|text| text.owned()) {
        Some(unknown) if unknown == "unknown" => facts.project = None,
        Some(project) => facts.project = Some(project),
        None => {}
    }
    facts.branch = table.text("branch", 200)?.map(|text| text.owned());
    if let Some(word) =
        table.word("locked", &[("yes", Some(true)), ("no", Some(false)), ("unknown", None)])?
    {
        facts.locked = word;
    }
    let count = |key: &str| table.whole(key, 0..=u32::MAX).map(|count| count.unwrap_or(0));
    facts.calls_last_minute = count("calls_last_minute")?;
    facts.calls_last_hour = Some(count("calls_last_hour")?);
    facts.tool_calls_last_minute = Some(count("tool_calls_last_minute")?);
    facts.tool_calls_last_hour = Some(count("tool_calls_last_hour")?);
    Ok(facts)
}

/// By attribute, what a path resolved to.
fn paths(section: &Section<'_>) -> Result<BTreeMap<String, PathFact>, DocumentError> {
    let mut paths = BTreeMap::new();
    if let Some(table) = section.section("paths")? {
        for (key, _) in table.items() {
            let resolved = table.required(key, 4_000)?.owned();
            paths.insert(key.to_owned(), PathFact { resolved });
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Documents;

    fn set() -> PolicySet {
        let mut documents = Documents::new();
        documents.insert("set.toml", "default = \"allow\"".into());
        let policy = "name = \"No deletes\"\n[target]\ntools = [\"practice/delete_customer\"]\n[action]\nkind = \"deny\"\n";
        documents.insert("no-deletes.toml", policy.into());
        PolicySet::compile(&documents).unwrap()
    }

    #[test]
    fn a_case_names_the_decision_and_the_deciding_policies() {
        let text = "[[case]]\nname = \"one\"\ntool = \"practice/delete_customer\"\nargs = { customer_id = \"c-1\" }\n\
                    expect = \"deny\"\ndecided_by = [\"no-deletes\"]\n\
                    [[case]]\nname = \"two\"\ntool = \"practice/list_expenses\"\nexpect = \"deny\"\n";
        let outcomes = run(&set(), text);
        assert!(outcomes[0].passed, "{outcomes:?}");
        assert_eq!((outcomes[1].passed, outcomes[1].got.as_str()), (false, "allow, decided by the default"));
    }

    #[test]
    fn cases_that_cannot_be_read_are_a_failure_with_a_place() {
        let outcomes = run(&set(), "[[case]]\nname = \"one\"\ntool = \"practice/x\"\nexpects = \"deny\"\n");
        assert_eq!(outcomes.len(), 1);
        assert!(!outcomes[0].passed);
        assert_eq!(outcomes[0].got, "cases.toml:4:1: unknown key `expects`; did you mean `expect`?");
    }

    #[test]
    fn arguments_keep_the_characters_of_their_numbers() {
        let text = "[[case]]\nname = \"one\"\ntool = \"a/b\"\nargs = { amount = 1200.00 }\nexpect = \"allow\"\n\
                    [[case]]\nname = \"two\"\ntool = \"a/b\"\njson = '{\"amount\": 1e3, \"x\": null}'\nexpect = \"allow\"\n";
        let written: Vec<String> =
            parse(text).unwrap().iter().map(|case| case.call.arguments.to_json()).collect();
        assert_eq!(written, [r#"{"amount":1200.00}"#, r#"{"amount":1e3,"x":null}"#]);
    }
}
