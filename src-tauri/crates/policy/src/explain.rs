//! One policy against one call: whether it applies, and why, in plain words.

use crate::{Applied, Facts, PolicyTrace, ToolCall, policy::Policy};

/// Judges the target's people and agents, the contexts and the condition; the tool fits already.
pub(crate) fn judge(policy: &Policy, call: &ToolCall, facts: &Facts) -> PolicyTrace {
    let misfit = policy.misfit(call, facts);
    let applied = if misfit.is_some() { Applied::No } else { Applied::Yes };
    let sentence = misfit.unwrap_or_else(|| format!("every call of {} on {}", call.tool, call.upstream));
    PolicyTrace {
        id: policy.id.clone(),
        name: policy.name.clone(),
        description: policy.description.clone(),
        action: policy.action.kind,
        flow: policy.action.flow.clone(),
        mode: policy.mode,
        applied,
        deciding: false,
        predicates: Vec::new(),
        sentence,
    }
}
