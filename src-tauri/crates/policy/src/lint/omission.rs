//! Dodge by omission: a parameter an agent may leave out, in a policy that leaving it out gets past.

use super::{Code, Known, Looked, Report, Severity, place::Spot};
use crate::{
    catalogue::Lookup,
    condition::{
        Comparison, Condition, Predicate, Test,
        attribute::{Attribute, Segment},
    },
    mend::{Edit, Key},
    policy::Policy,
};

pub(super) fn look(looked: &Looked<'_>, known: &Known<'_>, report: &mut Report) {
    if let Some(condition) = &looked.policy.condition {
        let search = Search { looked, known, condition };
        search.walk(condition, false, &mut Vec::new(), report);
    }
}

/// How a leaf comes out where its attribute is missing and need not be there.
pub(super) fn when_missing(predicate: &Predicate) -> bool {
    predicate.each.is_none() && matches!(predicate.test, Test::Compare(Comparison::NotEqual, _))
}

struct Search<'a> {
    looked: &'a Looked<'a>,
    known: &'a Known<'a>,
    condition: &'a Condition,
}

impl Search<'_> {
    fn walk(&self, condition: &Condition, negated: bool, node: &mut Vec<usize>, report: &mut Report) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    node.push(index);
                    self.walk(part, negated, node, report);
                    node.pop();
                }
            }
            // A negated leaf is mended as one.
            Condition::Not(inner) => match &**inner {
                Condition::Typed(predicate) => self.leaf(predicate, true, negated, node, report),
                inner => {
                    node.push(0);
                    self.walk(inner, !negated, node, report);
                    node.pop();
                }
            },
            Condition::Typed(predicate) => self.leaf(predicate, false, negated, node, report),
            // In a free row a missing value is undetermined: what restricts applies.
            Condition::Free(_) => {}
        }
    }

    fn leaf(&self, predicate: &Predicate, turned: bool, negated: bool, node: &[usize], report: &mut Report) {
        let Attribute::Argument(steps) = &predicate.attribute else { return };
        let holds = when_missing(predicate) != turned;
        // Without it, what restricts would have to hold, and what allows to fail.
        let dodges = (holds != negated) != self.looked.policy.is_restricting();
        let said = matches!(predicate.test, Test::Present) || self.says_present(steps);
        if !dodges || said {
            return;
        }
        let Some(although) = can_be_left_out(self.looked.policy, self.known, steps) else { return };
        let attribute = &predicate.attribute;
        let verb = if self.looked.policy.is_restricting() { "get past" } else { "be allowed by" };
        let sentence = format!("an agent can leave `{attribute}` out{although}, and {verb} this policy");
        let finding =
            self.looked.finding(Code::DodgeByOmission, Severity::Warning, Spot::Node(node), sentence);
        let Some(spans) = self.looked.sheet.spans() else { return report.add(finding, []) };
        let written = spans.of(node).and_then(|span| spans.when.get(span)).unwrap_or_default();
        let closed = format!("(!has({attribute}) || {written})");
        let told = format!("(has({attribute}) && {written})");
        // Under a negation outside, both turn round.
        let (counts, excuses) =
            if (self.looked.policy.is_restricting()) != negated { (closed, told) } else { (told, closed) };
        let labels = if self.looked.policy.is_restricting() {
            ("Apply also where it is left out", "Leaving it out is fine: say so")
        } else {
            ("Allow only where it is given", "Leaving it out is fine: say so")
        };
        let mends = [(labels.0, counts), (labels.1, excuses)].into_iter().filter_map(|(label, part)| {
            let text = spans.with(node, &part)?;
            Some(self.looked.mend(label, Edit::Text { at: vec![Key::name("when")], text }))
        });
        report.add(finding, mends.collect::<Vec<_>>());
    }

    /// Whether the author asked anywhere if it, or what it is part of, is there.
    fn says_present(&self, steps: &[Segment]) -> bool {
        self.condition.leaves().into_iter().any(|leaf| match leaf {
            Condition::Typed(predicate) => match (&predicate.test, &predicate.attribute) {
                (Test::Present, Attribute::Argument(asked)) => {
                    predicate.each.is_none() && steps.starts_with(asked)
                }
                _ => false,
            },
            _ => false,
        })
    }
}

/// How a known tool of the target words that it need not be there. A parameter that the schema requires is undetermined
/// where it is missing, and one with a default is judged with it; parts inside a parameter are simply missing, whatever
/// the schema says of them.
fn can_be_left_out(policy: &Policy, known: &Known<'_>, steps: &[Segment]) -> Option<&'static str> {
    let first = steps.first()?;
    let is_part = steps.len() > 1;
    known.tools.iter().filter(|tool| policy.tools.matches(&tool.qualified())).find_map(|tool| {
        let (Lookup::Found(whole), Lookup::Found(part)) =
            (tool.find(std::slice::from_ref(first)), tool.find(steps))
        else {
            return None;
        };
        if whole.default.is_some() || (whole.required && !is_part) {
            return None;
        }
        Some(if is_part && part.required { ", although the tool's schema requires it" } else { "" })
    })
}
