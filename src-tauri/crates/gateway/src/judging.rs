//! What the set concludes on a call that just came in, with the reasons where somebody will read them.
//!
//! A call that the set's default lets go, with no policy taking part, has no reasons: none are made up for it. That is
//! most calls, and the sentences cost more than the decision.

use crate::pairing;
use policy::{ActionKind, Decision, Facts, Outcome, PolicySet, ToolCall, Trace};

/// The decision; its trace is complete but for calls that nothing but the default let go.
pub(crate) fn judge(set: &PolicySet, call: &ToolCall, facts: &Facts) -> Decision {
    let conclusion = policy::conclude(set, call, facts);
    let has_no_reasons = conclusion.kind() == ActionKind::Allow
        && conclusion.is_by_default()
        && !conclusion.is_observed()
        && !facts.agent.is_other_program();
    if has_no_reasons {
        let trace = Trace { by_default: true, ..Trace::default() };
        return Decision { revision: set.revision().to_owned(), outcome: Outcome::Allowed, trace };
    }
    pairing::hold_other_program(policy::decide(set, call, facts), facts, set)
}
