//! A call that nobody made, told: each policy with its condition as a tree, and what every place of it came to.

use super::tried_wire::{TriedPolicy, TriedPredicate, TruthNode, WhatIfView};
use policy::authored::{Authored, ReadCondition};
use policy::backtest::WhatIf;
use policy::{Documents, Joined, Node, Policy, PolicyId, PolicySet, PolicyTrace, PredicateTrace, Truth};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn tried(what: WhatIf, set: &PolicySet, documents: &Documents) -> WhatIfView {
    let reads: BTreeMap<PolicyId, String> =
        what.policies.into_iter().map(|policy| (policy.id, policy.reads)).collect();
    let by_default = what.decision.trace.by_default;
    let policies = what.decision.trace.policies.into_iter().map(|trace| {
        let tree = set.policy(&trace.id).and_then(|policy| tree(policy, documents, &trace.predicates));
        let reads = reads.get(&trace.id).cloned().unwrap_or_default();
        TriedPolicy { tree, ..tried_policy(trace, reads) }
    });
    let policies = policies.collect();
    WhatIfView { outcome: what.outcome, sentence: what.sentence, by_default, policies }
}

/// One policy against one call, as it crosses to the window; its tree is not known here.
pub(crate) fn tried_policy(trace: PolicyTrace, reads: String) -> TriedPolicy {
    let predicates = trace.predicates.into_iter().map(|predicate| TriedPredicate {
        text: predicate.text,
        attribute: predicate.attribute,
        compared: predicate.compared,
        truth: predicate.truth,
        note: predicate.note,
    });
    TriedPolicy {
        reads,
        id: trace.id.to_string(),
        name: trace.name,
        action: trace.action,
        applied: trace.applied,
        deciding: trace.deciding,
        mode: trace.mode,
        sentence: trace.sentence,
        predicates: predicates.collect(),
        tree: None,
    }
}

/// The contexts of a policy, any of them, and its condition. Leaves are the predicates in their order.
fn tree(policy: &Policy, documents: &Documents, predicates: &[PredicateTrace]) -> Option<TruthNode> {
    let mut leaves = Leaves { predicates, next: 0 };
    let mut parts = Vec::new();
    for id in &policy.target.contexts {
        let path = format!("contexts/{id}.toml");
        let read = Authored::read(&path, documents.get(&path)?).ok()?;
        let inner = leaves.of(&condition(read.when.as_deref()?)?)?;
        let label = Some(format!("while {}", if read.name.is_empty() { id } else { &read.name }));
        parts.push((inner, label));
    }
    let contexts = group(Joined::Any, parts, predicates);
    let own = match policy.when.as_deref().filter(|text| !text.trim().is_empty()) {
        Some(text) => Some(leaves.of(&condition(text)?)?),
        None => None,
    };
    // Otherwise what is shown would not be what was judged.
    if leaves.next != predicates.len() {
        return None;
    }
    match (contexts, own) {
        (Some(contexts), Some(own)) => {
            let truth = kleene(Joined::All, &[truth_of(&contexts, predicates), truth_of(&own, predicates)]);
            let parts = vec![contexts, own];
            Some(TruthNode::Group { joined: Joined::All, negated: false, truth, label: None, parts })
        }
        (contexts, own) => contexts.or(own),
    }
}

fn condition(text: &str) -> Option<Node> {
    Some(ReadCondition::of_text(text, &BTreeSet::new()).ok()?.tree)
}

/// Contexts, each with its name.
fn group(
    joined: Joined,
    parts: Vec<(TruthNode, Option<String>)>,
    predicates: &[PredicateTrace],
) -> Option<TruthNode> {
    if parts.is_empty() {
        return None;
    }
    let parts: Vec<TruthNode> = parts
        .into_iter()
        .map(|(part, label)| {
            let truth = truth_of(&part, predicates);
            TruthNode::Group { joined: Joined::All, negated: false, truth, label, parts: vec![part] }
        })
        .collect();
    let truths: Vec<Truth> = parts.iter().map(|part| truth_of(part, predicates)).collect();
    Some(TruthNode::Group { joined, negated: false, truth: kleene(joined, &truths), label: None, parts })
}

struct Leaves<'a> {
    predicates: &'a [PredicateTrace],
    next: usize,
}

impl Leaves<'_> {
    fn of(&mut self, node: &Node) -> Option<TruthNode> {
        match node {
            Node::Group { joined, negated, parts } => {
                let parts: Vec<TruthNode> = parts.iter().map(|part| self.of(part)).collect::<Option<_>>()?;
                let truths: Vec<Truth> = parts.iter().map(|part| truth_of(part, self.predicates)).collect();
                let truth = kleene(*joined, &truths);
                let truth = if *negated { not(truth) } else { truth };
                Some(TruthNode::Group { joined: *joined, negated: *negated, truth, label: None, parts })
            }
            Node::Row(_) | Node::Free { .. } => {
                let predicate = self.next;
                self.next += 1;
                self.predicates.get(predicate).map(|_| TruthNode::Leaf { predicate })
            }
        }
    }
}

fn truth_of(node: &TruthNode, predicates: &[PredicateTrace]) -> Truth {
    match node {
        TruthNode::Group { truth, .. } => *truth,
        TruthNode::Leaf { predicate } => {
            predicates.get(*predicate).map_or(Truth::Undetermined, |predicate| predicate.truth)
        }
    }
}

/// Kleene's *and*, or his *or*.
fn kleene(joined: Joined, truths: &[Truth]) -> Truth {
    let settles = if joined == Joined::All { Truth::False } else { Truth::True };
    if truths.contains(&settles) {
        settles
    } else if truths.contains(&Truth::Undetermined) {
        Truth::Undetermined
    } else {
        not(settles)
    }
}

fn not(truth: Truth) -> Truth {
    match truth {
        Truth::True => Truth::False,
        Truth::False => Truth::True,
        Truth::Undetermined => Truth::Undetermined,
    }
}
