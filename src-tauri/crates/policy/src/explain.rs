//! One policy against one call: whether it applies, and why, in plain words.

use crate::{
    Applied, Facts, PolicyTrace, PredicateTrace, ToolCall, Truth,
    condition::{
        evaluate::fold,
        lookup::View,
        why::{self, because},
    },
    policy::{Misfit, Policy},
};

/// One call as its policies see it.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    view: View<'a>,
    /// Whether the tool's own defaults could change what the call means.
    open_defaults: bool,
}

/// How one policy stands to one call: all that a decision takes from it, and what its reasons begin with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) applied: Applied,
    misfit: Option<Misfit>,
    /// The tool's defaults, filled in, settled it.
    defaults: bool,
}

impl<'a> Scene<'a> {
    pub(crate) fn of(call: &'a ToolCall, facts: &'a Facts) -> Scene<'a> {
        let view = View { call, facts, defaults: false };
        Scene { view, open_defaults: view.has_open_defaults() }
    }

    /// Judges the target's people and agents, the contexts and the condition; the tool fits already.
    pub(crate) fn standing(&self, policy: &Policy) -> Standing {
        let misfit = policy.misfit(self.view.call, self.view.facts);
        let (truth, defaults) = match misfit {
            Some(_) => (Truth::False, false),
            None => self.with_defaults(policy),
        };
        let applied = match truth {
            Truth::True => Applied::Yes,
            Truth::False => Applied::No,
            Truth::Undetermined => Applied::Undetermined,
        };
        Standing { applied, misfit, defaults }
    }

    /// A default the tool would fill in may or may not count: a restricting policy applies if it would either
    /// way, an `allow` only if it would both ways.
    fn with_defaults(&self, policy: &Policy) -> (Truth, bool) {
        let plain = truth(policy, &self.view);
        if policy.condition.is_none() || !self.open_defaults {
            return (plain, false);
        }
        let filled = truth(policy, &View { defaults: true, ..self.view });
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
        if wins { (filled, true) } else { (plain, false) }
    }

    /// The reasons for a standing, with every predicate and the value it looked at.
    pub(crate) fn trace(&self, policy: &Policy, standing: Standing) -> PolicyTrace {
        let view = View { defaults: standing.defaults, ..self.view };
        PolicyTrace {
            id: policy.id.clone(),
            name: policy.name.clone(),
            description: policy.description.clone(),
            action: policy.action.kind,
            flow: policy.action.flow.clone(),
            mode: policy.mode,
            applied: standing.applied,
            deciding: false,
            sentence: match standing.misfit {
                Some(misfit) => policy.misfit_words(misfit, self.view.call),
                None => sentence(policy, &view, standing.applied),
            },
            predicates: predicates(policy, &view),
        }
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

fn predicates(policy: &Policy, view: &View<'_>) -> Vec<PredicateTrace> {
    let conditions = policy.contexts.iter().map(|context| &context.condition).chain(&policy.condition);
    conditions.flat_map(|condition| why::traces(condition, view)).collect()
}

fn sentence(policy: &Policy, view: &View<'_>, applied: Applied) -> String {
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
        if applied == Applied::Yes || own != Truth::True {
            parts.push(because(condition, view));
        }
    }
    let why = if parts.is_empty() {
        format!("this is about every call of {} on {}", view.call.tool, view.call.upstream)
    } else {
        parts.join(", and ")
    };
    match applied {
        Applied::Undetermined if policy.is_restricting() => format!("{why}; in doubt this policy applies"),
        Applied::Undetermined => format!("{why}; in doubt this policy does not allow"),
        _ => why,
    }
}
