//! Claims that free a call: a restricting policy that an agent or an upstream can switch off by saying something.
//! An `allow` that rests on a claim does not even compile without `trust_claims = true`.

use super::{Code, Looked, Report, Severity, omission::when_missing, place::Spot};
use crate::{
    condition::{Condition, attribute::Attribute},
    mend::{Edit, Key},
};

pub(super) fn look(looked: &Looked<'_>, report: &mut Report) {
    let policy = looked.policy;
    if policy.trust_claims || !policy.is_restricting() {
        return;
    }
    let mut found: Vec<(String, Option<Vec<usize>>)> = Vec::new();
    if let Some(condition) = &policy.condition {
        exemptions(condition, false, &mut Vec::new(), &mut |claim, node| {
            found.push((claim, Some(node.to_vec())));
        });
    }
    for context in &policy.contexts {
        exemptions(&context.condition, false, &mut Vec::new(), &mut |claim, _| found.push((claim, None)));
    }
    for (claim, node) in found {
        let sentence = format!(
            "whoever claims the right `{claim}` is exempt from this policy, and it is only a claim of an agent or an upstream"
        );
        let at = node.as_ref().map_or(Spot::Key(&["target", "contexts"]), |node| Spot::Node(node));
        let finding = looked.finding(Code::UntrustedClaim, Severity::Error, at, sentence);
        let edit = Edit::Flag { at: vec![Key::name("trust_claims")], flag: true };
        report.add(finding, [looked.mend("Trust such claims in this policy", edit)]);
    }
}

/// Leaves that hold while nothing is claimed, and fail for some claim; a free row that a claim can make false.
fn exemptions(
    condition: &Condition,
    negated: bool,
    node: &mut Vec<usize>,
    found: &mut dyn FnMut(String, &[usize]),
) {
    let mut each = |parts: &[Condition], negated: bool| {
        for (index, part) in parts.iter().enumerate() {
            node.push(index);
            exemptions(part, negated, node, found);
            node.pop();
        }
    };
    match condition {
        Condition::All(parts) | Condition::Any(parts) => each(parts, negated),
        Condition::Not(inner) => each(std::slice::from_ref(&**inner), !negated),
        Condition::Typed(predicate) => {
            if predicate.attribute.is_claimed() && when_missing(predicate) != negated {
                found(predicate.attribute.key(), node);
            }
        }
        Condition::Free(row) => {
            if let Some(claim) = row.attributes().iter().find(|attribute| attribute.is_claimed()) {
                found(Attribute::key(claim), node);
            }
        }
    }
}
