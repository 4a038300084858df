//! One policy against one call: whether it applies, and why, in plain words.

use crate::{
    Applied, Facts, PolicyTrace, PredicateTrace, ToolCall, Truth,
    condition::{
        evaluate::fold,
        lookup::View,
        why::{self, because},
    },
    policy::Policy,
};

/// Judges the target's people and agents, the contexts and the condition; the tool fits already.
pub(crate) fn judge(policy: &Policy, call: &ToolCall, facts: &Facts) -> PolicyTrace {
    let misfit = policy.misfit(call, facts);
    let view = View { call, facts, defaults: false };
    let (truth, view) = match misfit {
        Some(_) => (Truth::False, view),
        None => with_defaults(policy, view),
    };
    PolicyTrace {
        id: policy.id.clone(),
        name: policy.name.clone(),
        description: policy.description.clone(),
        action: policy.action.kind,
        flow: policy.action.flow.clone(),
        mode: policy.mode,
        applied: match truth {
            Truth::True => Applied::Yes,
            Truth::False => Applied::No,
            Truth::Undetermined => Applied::Undetermined,
        },
        deciding: false,
        sentence: match misfit {
            Some(misfit) => misfit,
            None => sentence(policy, &view, truth),
        },
        predicates: predicates(policy, &view),
    }
}

/// Contexts (any) and condition.
fn truth(policy: &Policy, view: &View<'_>) -> Truth {
    let contexts = || fold(policy.contexts.iter().map(|context| context.condition.truth(view)), Truth::True);
    let contexts = if policy.contexts.is_empty() { Truth::True } else { contexts() };
    if contexts == Truth::False {
        return Truth::False;
    }
    let condition = policy.condition.as_ref().map_or(Truth::True, |condition| condition.truth(view));
    fold([contexts, condition].into_iter(), Truth::False)
}

/// A default the tool would fill in may or may not count: a restricting policy applies if it would either way,
/// an `allow` only if it would both ways. The view that settled it is the one to explain.
fn with_defaults<'a>(policy: &Policy, view: View<'a>) -> (Truth, View<'a>) {
    let plain = truth(policy, &view);
    if policy.condition.is_none() || !view.has_open_defaults() {
        return (plain, view);
    }
    let filled_view = View { defaults: true, ..view };
    let filled = truth(policy, &filled_view);
    let strength = |truth: Truth| match truth {
        Truth::False => 0,
        Truth::Undetermined => 1,
        Truth::True => 2,
    };
    let wins = if policy.is_restricting() {
        strength(filled) > strength(plain)
    } else {
        strength(filled) < strength(plain)
    };
    if wins { (filled, filled_view) } else { (plain, view) }
}

fn predicates(policy: &Policy, view: &View<'_>) -> Vec<PredicateTrace> {
    let conditions = policy.contexts.iter().map(|context| &context.condition).chain(&policy.condition);
    conditions.flat_map(|condition| why::traces(condition, view)).collect()
}

fn sentence(policy: &Policy, view: &View<'_>, truth: Truth) -> String {
    let mut parts = Vec::new();
    // Of several contexts, the ones that settled it.
    let settled = fold(policy.contexts.iter().map(|context| context.condition.truth(view)), Truth::True);
    for context in &policy.contexts {
        if context.condition.truth(view) == settled {
            parts.push(why::of_context(&context.name, &context.condition, view));
        }
    }
    let by_context = !policy.contexts.is_empty() && settled == Truth::False;
    if let (Some(condition), false) = (&policy.condition, by_context) {
        let own = condition.truth(view);
        if truth == Truth::True || own != Truth::True {
            parts.push(because(condition, view));
        }
    }
    let why = if parts.is_empty() {
        format!("this is about every call of {} on {}", view.call.tool, view.call.upstream)
    } else {
        parts.join(", and ")
    };
    match truth {
        Truth::Undetermined if policy.is_restricting() => format!("{why}; in doubt this policy applies"),
        Truth::Undetermined => format!("{why}; in doubt this policy does not allow"),
        _ => why,
    }
}
