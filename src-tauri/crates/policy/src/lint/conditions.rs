//! A condition by itself: never true, always true, said twice, a pattern that matches nothing.

use super::{
    Code, Looked, Report, Severity,
    place::{Spot, without},
};
use crate::{
    analysis::{self, Demand, FALSE, NOT_FALSE, TRUE},
    condition::{
        Condition, Literal, Predicate, Test, TextLiteral,
        attribute::{Attribute, Fact},
        scalar::form,
    },
    mend::{Edit, Key, Mend},
    policy::Policy,
    wording::shown,
};

pub(super) fn look(looked: &Looked<'_>, report: &mut Report) {
    let Some(condition) = &looked.policy.condition else {
        contexts(looked, report);
        return;
    };
    if dead_patterns(looked, condition, &mut Vec::new(), report) {
        return;
    }
    let seeds = seeds(looked.policy);
    let target: Vec<Demand<'_>> = seeds.iter().map(|seed| (seed, TRUE)).collect();
    if !possible(condition, TRUE, &target) {
        let restricts = looked.policy.is_restricting() && possible(condition, NOT_FALSE, &target);
        let rest = if restricts { "; it applies only to calls that cannot be judged" } else { "" };
        let sentence = format!("no call can make this condition true{rest}");
        let finding = looked.finding(Code::NeverTrue, Severity::Warning, Spot::Node(&[]), sentence);
        report.add(finding, [looked.turn_off()]);
    } else if !possible(condition, FALSE, &target) {
        let sentence = "no call can make this condition false, so it narrows nothing down".to_owned();
        let finding = looked.finding(Code::AlwaysTrue, Severity::Warning, Spot::Node(&[]), sentence);
        let mend = looked.mend("Leave the condition out", Edit::Remove { at: vec![Key::name("when")] });
        report.add(finding, [mend]);
    } else {
        parts(looked, condition, &target, &mut Vec::new(), report);
        contexts(looked, report);
    }
    repeated(looked, condition, &mut Vec::new(), report);
}

fn possible(condition: &Condition, among: analysis::Among, beside: &[Demand<'_>]) -> bool {
    let demands: Vec<Demand<'_>> = beside.iter().copied().chain([(condition, among)]).collect();
    analysis::possible(&demands)
}

/// What the target says already, as predicates: a condition is judged only where the target fits.
pub(super) fn seeds(policy: &Policy) -> Vec<Condition> {
    let one_of = |fact: Fact, values: &[String]| {
        let text = |text: &String| {
            Literal::Text(TextLiteral { text: text.clone(), form: form(text, false).into_owned() })
        };
        Condition::Typed(Box::new(Predicate {
            attribute: Attribute::Fact(fact),
            each: None,
            ignore_case: false,
            test: Test::OneOf(values.iter().map(text).collect()),
        }))
    };
    let target = &policy.target;
    let mut seeds = Vec::new();
    for (fact, values) in
        [(Fact::UserId, &target.users), (Fact::AgentName, &target.agents), (Fact::UserRole, &target.roles)]
    {
        if !values.is_empty() {
            seeds.push(one_of(fact, values));
        }
    }
    let wanted: Vec<&str> =
        target.tools.iter().map(String::as_str).filter(|pattern| !pattern.starts_with('!')).collect();
    let named: Option<Vec<(String, String)>> = wanted
        .iter()
        .map(|pattern| pattern.split_once('/').filter(|_| !pattern.contains(['*', '?'])))
        .map(|parts| parts.map(|(upstream, tool)| (upstream.to_owned(), tool.to_owned())))
        .collect();
    if let Some(named) = named.filter(|named| !named.is_empty()) {
        let (upstreams, tools): (Vec<String>, Vec<String>) = named.into_iter().unzip();
        seeds.push(one_of(Fact::UpstreamName, &upstreams));
        seeds.push(one_of(Fact::ToolName, &tools));
    }
    seeds
}

/// Parts of a group that have no share in it; the outermost only.
fn parts(
    looked: &Looked<'_>,
    condition: &Condition,
    target: &[Demand<'_>],
    node: &mut Vec<usize>,
    report: &mut Report,
) {
    let (inner, is_all) = match condition {
        Condition::All(parts) => (parts.iter().collect::<Vec<_>>(), true),
        Condition::Any(parts) => (parts.iter().collect(), false),
        Condition::Not(inner) => (vec![&**inner], true),
        Condition::Typed(_) | Condition::Free(_) => return,
    };
    let grouped = !matches!(condition, Condition::Not(_));
    for (index, part) in inner.into_iter().enumerate() {
        node.push(index);
        let (never, always) = (!possible(part, TRUE, target), !possible(part, FALSE, target));
        if grouped && (never || always) {
            let (code, word) = if never { (Code::NeverTrue, "true") } else { (Code::AlwaysTrue, "false") };
            let sentence = format!("no call can make `{}` {word}", shown(&part.to_string()));
            let finding = looked.finding(code, Severity::Warning, Spot::Node(node), sentence);
            let idle = if is_all { always } else { never };
            report.add(finding, left_out(looked, node).filter(|_| idle));
        } else {
            parts(looked, part, target, node, report);
        }
        node.pop();
    }
}

/// The condition without one of its parts; not where a comment would be lost.
fn left_out(looked: &Looked<'_>, node: &[usize]) -> Option<Mend> {
    let condition = looked.policy.condition.as_ref()?;
    if looked.sheet.spans()?.has_comments {
        return None;
    }
    let text = without(condition, node)?.to_string();
    Some(looked.mend("Leave this part out", Edit::Text { at: vec![Key::name("when")], text }))
}

/// The condition together with the contexts of the target.
fn contexts(looked: &Looked<'_>, report: &mut Report) {
    let policy = looked.policy;
    if policy.contexts.is_empty() {
        return;
    }
    let any = Condition::Any(policy.contexts.iter().map(|context| context.condition.clone()).collect());
    let seeds = seeds(policy);
    let demands: Vec<Demand<'_>> =
        seeds.iter().chain(&policy.condition).chain([&any]).map(|part| (part, TRUE)).collect();
    if !analysis::possible(&demands) {
        let sentence = "no call can fit the contexts of the target and the condition at once".to_owned();
        let at = Spot::Key(&["target", "contexts"]);
        let finding = looked.finding(Code::NeverTrue, Severity::Warning, at, sentence);
        report.add(finding, [looked.turn_off()]);
    }
}

/// The same part twice in one group.
fn repeated(looked: &Looked<'_>, condition: &Condition, node: &mut Vec<usize>, report: &mut Report) {
    let inner: Vec<&Condition> = match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().collect(),
        Condition::Not(inner) => vec![inner],
        Condition::Typed(_) | Condition::Free(_) => return,
    };
    for (index, part) in inner.iter().enumerate() {
        node.push(index);
        if inner.iter().take(index).any(|earlier| earlier == part) {
            let sentence = format!("`{}` stands in this group already", shown(&part.to_string()));
            let finding = looked.finding(Code::Duplicate, Severity::Warning, Spot::Node(node), sentence);
            report.add(finding, left_out(looked, node));
        } else {
            repeated(looked, part, node, report);
        }
        node.pop();
    }
}

/// True where one was found.
fn dead_patterns(
    looked: &Looked<'_>,
    condition: &Condition,
    node: &mut Vec<usize>,
    report: &mut Report,
) -> bool {
    let inner: Vec<&Condition> = match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().collect(),
        Condition::Not(inner) => vec![inner],
        Condition::Typed(predicate) => {
            let Test::Matches(pattern) = &predicate.test else { return false };
            if !crate::analysis::cannot_match(pattern) {
                return false;
            }
            let sentence = format!("the pattern “{}” matches no text at all", shown(&pattern.text));
            let finding = looked.finding(Code::DeadPattern, Severity::Error, Spot::Node(node), sentence);
            report.add(finding, [looked.turn_off()]);
            return true;
        }
        Condition::Free(_) => return false,
    };
    let mut found = false;
    for (index, part) in inner.into_iter().enumerate() {
        node.push(index);
        found |= dead_patterns(looked, part, node, report);
        node.pop();
    }
    found
}
