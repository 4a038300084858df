//! Policies against each other: covered by a deny, or said twice.

use super::{Code, Looked, Report, Severity, conditions::seeds, place::Spot};
use crate::{
    ActionKind, Mode, PolicyId,
    analysis::{self, Demand, FALSE, NOT_FALSE, TRUE},
    condition::Condition,
    mend::Edit,
    policy::{Policy, Target},
};

use std::collections::HashMap;

/// Most pairs compared for one set.
const MOST_PAIRS: usize = 1_000_000;

pub(super) fn look(active: &[Looked<'_>], report: &mut Report) {
    let mut pairs = 0;
    let mut said: HashMap<String, &PolicyId> = HashMap::new();
    let denies: Vec<&Looked<'_>> = active
        .iter()
        .filter(|looked| looked.policy.action.kind == ActionKind::Deny && looked.policy.mode == Mode::Enforce)
        .collect();
    for looked in active {
        let policy = looked.policy;
        if let Some(twin) = said.get(&says(policy)) {
            let sentence = format!("this policy says the same as `{twin}`");
            let finding = looked.finding(Code::Duplicate, Severity::Warning, Spot::Key(&["name"]), sentence);
            report.add(finding, [looked.mend("Remove this policy", Edit::RemoveFile), looked.turn_off()]);
            continue;
        }
        said.insert(says(policy), &policy.id);
        for deny in &denies {
            pairs += 1;
            if pairs > MOST_PAIRS {
                return;
            }
            if deny.policy.id == policy.id || !covers(&deny.policy.target, &policy.target) {
                continue;
            }
            // Two denies that cover each other: the first stays unmentioned.
            let mutual = policy.action.kind == ActionKind::Deny
                && policy.id < deny.policy.id
                && covers(&policy.target, &deny.policy.target)
                && is_shadowed(deny.policy, policy);
            if !mutual && is_shadowed(policy, deny.policy) {
                let (severity, effect) = if policy.action.kind == ActionKind::Deny {
                    (Severity::Advice, "adds nothing")
                } else {
                    (Severity::Warning, "has no effect")
                };
                let id = &deny.policy.id;
                let sentence =
                    format!("whenever this policy applies, `{id}` denies the call, so this one {effect}");
                let finding = looked.finding(Code::Shadowed, severity, Spot::Key(&["name"]), sentence);
                report.add(finding, [looked.turn_off()]);
                break;
            }
        }
    }
}

/// No call lets `policy` take part while `deny` does not. Their targets were compared already.
fn is_shadowed(policy: &Policy, deny: &Policy) -> bool {
    // In doubt a restricting policy takes part and an `allow` does not; a deny stays out only if it is false.
    let takes_part = if policy.is_restricting() { NOT_FALSE } else { TRUE };
    let contexts = |policy: &Policy| {
        let any: Vec<Condition> = policy.contexts.iter().map(|context| context.condition.clone()).collect();
        if any.is_empty() { Condition::All(Vec::new()) } else { Condition::Any(any) }
    };
    let always = Condition::All(Vec::new());
    let (policy_contexts, deny_contexts) = (contexts(policy), contexts(deny));
    let seeds = seeds(policy);
    let mut demands: Vec<Demand<'_>> = seeds.iter().map(|seed| (seed, TRUE)).collect();
    demands.push((&policy_contexts, takes_part));
    demands.push((policy.condition.as_ref().unwrap_or(&always), takes_part));
    [(&deny_contexts, FALSE), (deny.condition.as_ref().unwrap_or(&always), FALSE)].iter().all(|stays_out| {
        let all: Vec<Demand<'_>> = demands.iter().copied().chain([*stays_out]).collect();
        !analysis::possible(&all)
    })
}

/// All that a policy says, whatever it is called.
fn says(policy: &Policy) -> String {
    let Policy { mode, action, trust_claims, condition, target, .. } = policy;
    let Target { tools, users, roles, agents, contexts } = target;
    let lists = [tools, users, roles, agents, contexts].map(|list| {
        let mut list = list.clone();
        list.sort_unstable();
        list
    });
    let condition = condition.as_ref().map(Condition::to_string);
    format!("{mode:?} {action:?} {trust_claims} {condition:?} {lists:?}")
}

/// Whether everything `narrow` fits is fitted by `wide`; contexts aside. False where that is not seen.
fn covers(wide: &Target, narrow: &Target) -> bool {
    let listed = |wide: &[String], narrow: &[String]| {
        wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(|entry| wide.contains(entry)))
    };
    listed(&wide.users, &narrow.users)
        && listed(&wide.agents, &narrow.agents)
        && listed(&wide.roles, &narrow.roles)
        && covers_tools(&wide.tools, &narrow.tools)
}

fn covers_tools(wide: &[String], narrow: &[String]) -> bool {
    let ((wide, left_out), (narrow, given_up)) = (split(wide), split(narrow));
    let names = if narrow.is_empty() { vec!["**"] } else { narrow };
    let all = wide.is_empty() || names.iter().all(|name| wide.iter().any(|glob| includes(glob, name)));
    // What the wide one leaves out, the narrow one must give up too, or cannot name.
    let cannot_be = |hole: &str| {
        names.iter().all(|name| {
            !name.contains(['*', '?']) && crate::glob::Glob::parse(hole).is_ok_and(|hole| !hole.matches(name))
        })
    };
    all && left_out.iter().all(|hole| given_up.iter().any(|given| includes(given, hole)) || cannot_be(hole))
}

/// What a list of patterns names, and what it leaves out.
fn split(patterns: &[String]) -> (Vec<&str>, Vec<&str>) {
    let named = patterns.iter().map(String::as_str).filter(|pattern| !pattern.starts_with('!'));
    (named.collect(), patterns.iter().filter_map(|pattern| pattern.strip_prefix('!')).collect())
}

/// Whether every name that `narrow` matches is matched by `wide`: `narrow` is read as a name whose wildcards only
/// wildcards of `wide` take.
fn includes(wide: &str, narrow: &str) -> bool {
    // Most pairs differ before the first wildcard of the wide one.
    let head = wide.split(['*', '?']).next().unwrap_or_default();
    if !narrow.starts_with(head) {
        return false;
    }
    let (wide, narrow) = (pieces(wide), pieces(narrow));
    let skip = |fits: &mut Vec<bool>| {
        for (at, piece) in wide.iter().enumerate() {
            let empty = matches!(piece, Piece::Run | Piece::Anything) && fits.get(at) == Some(&true);
            if let Some(next) = fits.get_mut(at + 1).filter(|_| empty) {
                *next = true;
            }
        }
    };
    let mut fits = vec![false; wide.len() + 1];
    if let Some(first) = fits.first_mut() {
        *first = true;
    }
    skip(&mut fits);
    for symbol in narrow {
        let mut next = vec![false; wide.len() + 1];
        for (at, piece) in wide.iter().enumerate().filter(|(at, _)| fits.get(*at) == Some(&true)) {
            let crosses = matches!(symbol, Piece::Anything | Piece::Char('/'));
            let (stays, moves) = match piece {
                Piece::Char(c) => (false, symbol == Piece::Char(*c)),
                Piece::One => (false, matches!(symbol, Piece::Char(c) if c != '/') || symbol == Piece::One),
                Piece::Run => (!crosses, false),
                Piece::Anything => (true, false),
            };
            for (target, fit) in [(at, stays), (at + 1, moves)] {
                if let Some(slot) = next.get_mut(target).filter(|_| fit) {
                    *slot = true;
                }
            }
        }
        skip(&mut next);
        fits = next;
    }
    fits.last() == Some(&true)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Char(char),
    One,
    Run,
    Anything,
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for c in pattern.chars() {
        match (c, pieces.last_mut()) {
            ('*', Some(last @ (Piece::Run | Piece::Anything))) => *last = Piece::Anything,
            ('*', _) => pieces.push(Piece::Run),
            ('?', _) => pieces.push(Piece::One),
            (c, _) => pieces.push(Piece::Char(c)),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pattern_includes_another_only_where_every_name_fits() {
        for (wide, narrow, expected) in [
            ("a/*", "a/b", true),
            ("a/*", "a/b*", true),
            ("a/b*", "a/*", false),
            ("**", "a/*", true),
            ("a/*", "a/**", false),
            ("a/**", "a/*", true),
            ("*/delete_*", "crm/delete_?", true),
            ("*/delete_?", "crm/delete_*", false),
            ("a/?", "a/*", false),
            ("a/*b", "a/x*b", true),
            ("a/*b*", "a/*", false),
        ] {
            assert_eq!(includes(wide, narrow), expected, "{wide} {narrow}");
        }
    }

    #[test]
    fn a_hole_in_the_wide_target_must_be_one_in_the_narrow() {
        let list = |patterns: &[&str]| patterns.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
        assert!(covers_tools(&list(&[]), &list(&["a/b"])));
        assert!(covers_tools(&list(&["a/*", "!a/x"]), &list(&["a/b"])));
        assert!(!covers_tools(&list(&["a/*", "!a/x"]), &list(&["a/*"])));
        assert!(covers_tools(&list(&["a/*", "!a/x"]), &list(&["a/*", "!a/x*"])));
        assert!(!covers_tools(&list(&["a/*"]), &list(&[])));
        assert!(!covers_tools(&list(&["a/*"]), &list(&["!b/x"])));
    }
}
