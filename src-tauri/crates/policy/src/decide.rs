//! The one question this crate answers. Pure: the same set, call and facts give the same decision.
//!
//! Precedence: any applied `deny` denies. Else all applied flows are required together, then the strictest
//! step-up. Else an applied `allow` or the default lets it pass. `allow` lifts only the default, and adding a
//! deny never permits more (I4). What cannot be evaluated restricts, and never allows (I7).

use crate::{
    ActionKind, Applied, Decision, Facts, Mode, Outcome, PolicyTrace, Requirements, ToolCall, Trace,
    decision::StepUpRule,
    policy::Policy,
    set::{DefaultAction, PolicySet},
};

/// Judges one call with its frozen facts.
#[must_use]
pub fn decide(set: &PolicySet, call: &ToolCall, facts: &Facts) -> Decision {
    let tool = call.qualified_tool();
    let mut judged: Vec<(&Policy, PolicyTrace)> = Vec::new();
    for policy in set.fitting(call.upstream.as_str(), &tool) {
        if policy.mode != Mode::Off {
            judged.push((policy, crate::explain::judge(policy, call, facts)));
        }
    }
    let in_force =
        |policy: &Policy, trace: &PolicyTrace| policy.mode == Mode::Enforce && takes_part(policy, trace);
    let enforced: Vec<&Policy> = judged.iter().filter(|(p, t)| in_force(p, t)).map(|(p, _)| *p).collect();
    let (outcome, by_default) = conclude(set, &enforced);

    let would_have = judged
        .iter()
        .filter(|(policy, trace)| policy.mode == Mode::Observe && takes_part(policy, trace))
        .map(|(policy, _)| {
            let with: Vec<&Policy> = enforced.iter().copied().chain([*policy]).collect();
            (policy.id.clone(), kind(&conclude(set, &with).0))
        })
        .collect();

    let policies = judged
        .into_iter()
        .map(|(policy, mut trace)| {
            trace.deciding = in_force(policy, &trace) && is_part_of(policy.action.kind, &outcome);
            trace
        })
        .collect();
    Decision {
        revision: set.revision().to_owned(),
        outcome,
        trace: Trace { policies, by_default, would_have },
    }
}

/// INVARIANT(I7): undetermined counts for what restricts, and never for an `allow`.
fn takes_part(policy: &Policy, trace: &PolicyTrace) -> bool {
    match trace.applied {
        Applied::Yes => true,
        Applied::Undetermined => policy.is_restricting(),
        Applied::No => false,
    }
}

/// The outcome of the policies that take part, and whether it was the default's.
fn conclude(set: &PolicySet, applied: &[&Policy]) -> (Outcome, bool) {
    let of = |kind: ActionKind| applied.iter().copied().filter(move |policy| policy.action.kind == kind);
    let message = |wanted: &dyn Fn(ActionKind) -> bool| {
        applied
            .iter()
            .filter(|policy| wanted(policy.action.kind))
            .find_map(|policy| policy.action.message.clone())
    };
    if of(ActionKind::Deny).next().is_some() {
        return (Outcome::Denied { message: message(&|kind| kind == ActionKind::Deny) }, false);
    }
    let mut requirements = Requirements::default();
    let mut ids: Vec<_> =
        of(ActionKind::RequestApproval).filter_map(|policy| policy.action.flow.as_ref()).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        match set.flow(id) {
            Some(flow) => requirements.flows.push(flow.clone()),
            // Compiling checked that it exists; were it ever gone, nothing could approve the call.
            None => return (Outcome::Denied { message: None }, false),
        }
    }
    requirements.step_up = of(ActionKind::StepUp).filter_map(|policy| policy.action.step_up).reduce(stricter);
    if !requirements.flows.is_empty() || requirements.step_up.is_some() {
        requirements.message = message(&|kind| kind != ActionKind::Allow);
        return (Outcome::Held(requirements), false);
    }
    if of(ActionKind::Allow).next().is_some() {
        return (Outcome::Allowed, false);
    }
    let outcome = match set.default_action() {
        DefaultAction::Allow => Outcome::Allowed,
        DefaultAction::Deny => Outcome::Denied { message: set.default_note().map(str::to_owned) },
        DefaultAction::RequestApproval { flow } => match set.flow(&flow) {
            Some(flow) => {
                Outcome::Held(Requirements { flows: vec![flow.clone()], ..Requirements::default() })
            }
            None => Outcome::Denied { message: None },
        },
    };
    (outcome, true)
}

/// Passkey over any method, then the smaller age.
fn stricter(a: StepUpRule, b: StepUpRule) -> StepUpRule {
    StepUpRule {
        passkey_only: a.passkey_only || b.passkey_only,
        max_age_seconds: a.max_age_seconds.min(b.max_age_seconds),
    }
}

/// Whether a policy of this kind that takes part has its share in the outcome.
fn is_part_of(kind: ActionKind, outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Denied { .. } => kind == ActionKind::Deny,
        Outcome::Held(_) => matches!(kind, ActionKind::RequestApproval | ActionKind::StepUp),
        Outcome::Allowed => kind == ActionKind::Allow,
    }
}

/// An outcome in the words of actions; a step-up is named before the approvals it comes with.
pub(crate) fn kind(outcome: &Outcome) -> ActionKind {
    match outcome {
        Outcome::Denied { .. } => ActionKind::Deny,
        Outcome::Held(requirements) if requirements.step_up.is_some() => ActionKind::StepUp,
        Outcome::Held(_) => ActionKind::RequestApproval,
        Outcome::Allowed => ActionKind::Allow,
    }
}
