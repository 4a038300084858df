//! The one question this crate answers. Pure: the same set, call and facts give the same decision.
//!
//! Precedence: any applied `deny` denies. Else all applied flows are required together, then the strictest
//! step-up. Else an applied `allow` or the default lets it pass. `allow` lifts only the default, and adding a
//! deny never permits more (I4). What cannot be evaluated restricts, and never allows (I7).

use crate::{
    ActionKind, Applied, Decision, Facts, Mode, Outcome, PolicyId, PolicyTrace, Requirements, ToolCall,
    Trace,
    decision::StepUpRule,
    explain::{Scene, Standing},
    policy::Policy,
    set::{DefaultAction, PolicySet},
};

/// What the set concludes on one call, without the reasons.
#[derive(Clone, Debug)]
pub struct Conclusion<'a> {
    set: &'a PolicySet,
    /// The enforced policies that take part, in the order of their ids.
    applied: Vec<&'a Policy>,
    kind: ActionKind,
    by_default: bool,
    /// An observing policy takes part.
    observed: bool,
}

/// Judges one call with its frozen facts, and says why.
#[must_use]
pub fn decide(set: &PolicySet, call: &ToolCall, facts: &Facts) -> Decision {
    let scene = Scene::of(call, facts);
    let judged: Vec<(&Policy, Standing)> =
        set.of_tool(call).into_iter().map(|policy| (policy, scene.standing(policy))).collect();
    let taking_part = |mode: Mode| {
        let takes_part = move |judged: &&(&Policy, Standing)| {
            judged.0.mode == mode && takes_part(judged.0, judged.1.applied)
        };
        judged.iter().filter(takes_part).map(|(policy, _)| *policy)
    };
    let conclusion = Conclusion::of(set, taking_part(Mode::Enforce).collect());
    let would_have = taking_part(Mode::Observe)
        .map(|policy| {
            let with = conclusion.applied.iter().copied().chain([policy]).collect();
            (policy.id.clone(), Conclusion::of(set, with).kind)
        })
        .collect();
    let policies = judged
        .iter()
        .map(|(policy, standing)| PolicyTrace {
            deciding: policy.mode == Mode::Enforce
                && takes_part(policy, standing.applied)
                && conclusion.is_part(policy),
            ..scene.trace(policy, *standing)
        })
        .collect();
    Decision {
        revision: set.revision().to_owned(),
        outcome: conclusion.outcome(),
        trace: Trace { policies, by_default: conclusion.by_default, would_have, paused: false },
    }
}

/// What [`decide`] concludes, without the trace: for a decision that nobody will read. Costs one or two small
/// allocations, and nothing for policies that cannot apply; free CEL rows and texts beyond ASCII cost more.
#[must_use]
pub fn conclude<'a>(set: &'a PolicySet, call: &ToolCall, facts: &Facts) -> Conclusion<'a> {
    let scene = Scene::of(call, facts);
    let (mut applied, mut observed) = (Vec::new(), false);
    set.each_near(call, facts, |policy| match policy.mode {
        Mode::Enforce if takes_part(policy, scene.standing(policy).applied) => applied.push(policy),
        Mode::Observe if !observed => observed = takes_part(policy, scene.standing(policy).applied),
        _ => {}
    });
    Conclusion { observed, ..Conclusion::of(set, applied) }
}

/// INVARIANT(I7): undetermined counts for what restricts, and never for an `allow`.
fn takes_part(policy: &Policy, applied: Applied) -> bool {
    match applied {
        Applied::Yes => true,
        Applied::Undetermined => policy.is_restricting(),
        Applied::No => false,
    }
}

impl<'a> Conclusion<'a> {
    /// The precedence: this alone turns the policies that take part into what happens.
    fn of(set: &'a PolicySet, applied: Vec<&'a Policy>) -> Conclusion<'a> {
        let any = |kind: ActionKind| applied.iter().any(|policy| policy.action.kind == kind);
        // Compiling checked that every flow exists; were one ever gone, nothing could approve the call.
        let lost = applied.iter().any(|policy| {
            policy.action.kind == ActionKind::RequestApproval
                && policy.action.flow.as_ref().and_then(|id| set.flow(id)).is_none()
        });
        let (kind, by_default) = if lost || any(ActionKind::Deny) {
            (ActionKind::Deny, false)
        } else if any(ActionKind::StepUp) {
            (ActionKind::StepUp, false)
        } else if any(ActionKind::RequestApproval) {
            (ActionKind::RequestApproval, false)
        } else if any(ActionKind::Allow) {
            (ActionKind::Allow, false)
        } else {
            let kind = match set.default() {
                DefaultAction::Allow => ActionKind::Allow,
                DefaultAction::RequestApproval { flow } if set.flow(flow).is_some() => {
                    ActionKind::RequestApproval
                }
                DefaultAction::RequestApproval { .. } | DefaultAction::Deny => ActionKind::Deny,
            };
            (kind, true)
        };
        Conclusion { set, applied, kind, by_default, observed: false }
    }

    /// The outcome in the words of actions; a step-up is named before the approvals it comes with.
    #[must_use]
    pub fn kind(&self) -> ActionKind {
        self.kind
    }

    /// True where no policy decided and the set's default did.
    #[must_use]
    pub fn is_by_default(&self) -> bool {
        self.by_default
    }

    /// Whether an observing policy would have taken part; [`conclude`] alone knows.
    #[must_use]
    pub fn is_observed(&self) -> bool {
        self.observed
    }

    /// The deciding policies, in the order of their ids.
    pub fn deciding(&self) -> impl Iterator<Item = &'a PolicyId> {
        self.applied.iter().filter(|policy| self.is_part(policy)).map(|policy| &policy.id)
    }

    /// Whether a policy that takes part has its share in the outcome.
    fn is_part(&self, policy: &Policy) -> bool {
        let kind = policy.action.kind;
        match self.kind {
            ActionKind::RequestApproval | ActionKind::StepUp => {
                matches!(kind, ActionKind::RequestApproval | ActionKind::StepUp)
            }
            same => kind == same,
        }
    }

    /// The outcome with all it requires; copies the flows.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let parts = || self.applied.iter().filter(|policy| self.is_part(policy));
        let message = || parts().find_map(|policy| policy.action.message.clone());
        match self.kind {
            ActionKind::Allow => Outcome::Allowed,
            ActionKind::Deny if self.by_default => {
                Outcome::Denied { message: self.set.default_note().map(str::to_owned) }
            }
            ActionKind::Deny => Outcome::Denied { message: message() },
            ActionKind::RequestApproval | ActionKind::StepUp => {
                let of_default = match self.set.default() {
                    DefaultAction::RequestApproval { flow } if self.by_default => Some(flow),
                    _ => None,
                };
                let mut ids: Vec<_> =
                    parts().filter_map(|policy| policy.action.flow.as_ref()).chain(of_default).collect();
                ids.sort_unstable();
                ids.dedup();
                Outcome::Held(Requirements {
                    flows: ids.into_iter().filter_map(|id| self.set.flow(id)).cloned().collect(),
                    step_up: parts().filter_map(|policy| policy.action.step_up).reduce(stricter),
                    message: message(),
                })
            }
        }
    }
}

/// Passkey over any method, then the smaller age.
fn stricter(a: StepUpRule, b: StepUpRule) -> StepUpRule {
    StepUpRule {
        passkey_only: a.passkey_only || b.passkey_only,
        max_age_seconds: a.max_age_seconds.min(b.max_age_seconds),
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
