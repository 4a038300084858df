//! Targets against the tools and the people that are known.

use super::{Code, Known, Looked, Report, Severity, place::Spot};
use crate::{
    ActionKind, Mode,
    catalogue::ToolEntry,
    glob::Glob,
    mend::{Edit, Key, Mend},
    section,
};

pub(super) fn look(looked: &Looked<'_>, known: &Known<'_>, report: &mut Report) {
    tools(looked, known, report);
    let Some(people) = known.people else { return };
    let target = &looked.policy.target;
    let users: Vec<&str> = people.iter().map(|user| user.id.as_str()).collect();
    let roles: Vec<&str> = people.iter().flat_map(|user| user.roles.iter().map(String::as_str)).collect();
    let checks = [
        ("users", Code::UnknownUser, &target.users, users),
        ("roles", Code::UnknownRole, &target.roles, roles),
    ];
    for (key, code, wanted, there) in checks {
        for (index, name) in wanted.iter().enumerate().filter(|(_, name)| !there.contains(&name.as_str())) {
            let sentence = match code {
                Code::UnknownUser => format!("there is no user `{name}`"),
                _ => format!("nobody has the role `{name}`"),
            };
            let finding =
                looked.finding(code, Severity::Warning, Spot::Entry(&["target", key], index), sentence);
            report.add(finding, renamed(looked, key, index, name, &there));
        }
    }
}

/// The entry with the nearest name that exists.
fn renamed(looked: &Looked<'_>, key: &str, index: usize, name: &str, there: &[&str]) -> Option<Mend> {
    let nearest = section::nearest(name, there)?;
    let at = vec![Key::name("target"), Key::name(key), Key::Index(index)];
    Some(looked.mend(format!("Did you mean `{nearest}`?"), Edit::Text { at, text: nearest.to_owned() }))
}

fn tools(looked: &Looked<'_>, known: &Known<'_>, report: &mut Report) {
    if known.tools.is_empty() {
        return;
    }
    let names: Vec<String> = known.tools.iter().map(|tool| tool.qualified()).collect();
    for (index, pattern) in looked.policy.target.tools.iter().enumerate() {
        let (bare, excluded) = match pattern.strip_prefix('!') {
            Some(bare) => (bare, true),
            None => (pattern.as_str(), false),
        };
        let Ok(glob) = Glob::parse(bare) else { continue };
        if names.iter().any(|name| glob.matches(name)) {
            continue;
        }
        let there: Vec<&str> = names.iter().map(String::as_str).collect();
        let nearest = section::nearest(bare, &there);
        let sentence = match nearest {
            Some(nearest) => format!("no known tool is called `{bare}`; did you mean `{nearest}`?"),
            None => format!("no known tool fits `{bare}`"),
        };
        let severity = if excluded { Severity::Advice } else { Severity::Warning };
        let at = Spot::Entry(&["target", "tools"], index);
        let finding = looked.finding(Code::NoSuchTool, severity, at, sentence);
        let keys = vec![Key::name("target"), Key::name("tools"), Key::Index(index)];
        let mark = if excluded { "!" } else { "" };
        let mend = match nearest {
            Some(nearest) => Some(looked.mend(
                format!("Did you mean `{nearest}`?"),
                Edit::Text { at: keys, text: format!("{mark}{nearest}") },
            )),
            // The only entry cannot go: without tools a policy is about all of them.
            None if looked.policy.target.tools.len() > 1 => {
                Some(looked.mend("Leave this pattern out", Edit::Remove { at: keys }))
            }
            None => None,
        };
        report.add(finding, mend);
    }
}

/// Approvals of what cannot be undone, without a step-up beside them.
pub(super) fn step_ups(active: &[Looked<'_>], known: &Known<'_>, report: &mut Report) {
    let enforced = || active.iter().filter(|looked| looked.policy.mode == Mode::Enforce);
    let proves = |tool: &str| {
        let stronger = [ActionKind::StepUp, ActionKind::Deny];
        let mut policies = enforced().map(|looked| looked.policy);
        policies.any(|policy| stronger.contains(&policy.action.kind) && policy.tools.matches(tool))
    };
    let unproven: Vec<(String, &str)> = known
        .tools
        .iter()
        .filter_map(|tool| Some((tool.qualified(), cannot_be_undone(tool)?)))
        .filter(|(tool, _)| !proves(tool))
        .collect();
    for looked in enforced().filter(|looked| looked.policy.action.kind == ActionKind::RequestApproval) {
        let found = unproven.iter().find(|(tool, _)| looked.policy.tools.matches(tool));
        let Some((tool, what)) = found else { continue };
        let sentence = format!(
            "`{tool}` says of itself that it {what}; an approval is consent, and only a step-up proves that a person gave it"
        );
        let at = Spot::Key(&["action", "kind"]);
        let finding = looked.finding(Code::StepUpRecommended, Severity::Advice, at, sentence);
        report.add(finding, step_up_beside(looked));
    }
}

/// What a tool says of itself that nobody takes back afterwards; a tool that only adds, or only reads, does not.
fn cannot_be_undone(tool: &ToolEntry) -> Option<&'static str> {
    let annotations = &tool.annotations;
    match (annotations.destructive, annotations.open_world) {
        (Some(true), _) => Some("destroys"),
        (None, Some(true)) if annotations.read_only != Some(true) => {
            Some("acts on the world outside, and does not say that it only adds to it")
        }
        _ => None,
    }
}

/// A second policy with the same target and condition.
fn step_up_beside(looked: &Looked<'_>) -> Option<Mend> {
    let mut document = toml_edit::Document::parse(looked.sheet.text).ok()?.into_mut();
    let name: String = looked.policy.name.chars().take(100).collect();
    document.insert("name", toml_edit::value(format!("{name}: with a step-up")));
    let mut action = toml_edit::Table::new();
    action.insert("kind", toml_edit::value("step_up"));
    document.insert("action", toml_edit::Item::Table(action));
    let id = format!("{}-step-up", looked.policy.id);
    id.parse::<crate::PolicyId>().ok()?;
    Some(Mend {
        label: "Add a step-up beside the approval".to_owned(),
        document: format!("{id}.toml"),
        edit: Edit::AddFile { text: document.to_string() },
    })
}
