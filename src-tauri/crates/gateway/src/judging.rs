//! What the set concludes on a call that just came in, with the reasons where somebody will read them.
//!
//! A call that the set's default lets go, with no policy taking part, has no reasons: none are made up for it. That is
//! most calls, and the sentences cost more than the decision.

use crate::{changed_tools, pairing, pausing};
use policy::{ActionKind, Decision, Facts, Outcome, PolicySet, ToolCall, Trace};

/// The decision; its trace is complete but for calls that nothing but the default let go.
pub(crate) fn judge(set: &PolicySet, call: &ToolCall, facts: &Facts, is_paused: bool) -> Decision {
    let conclusion = policy::conclude(set, call, facts);
    let has_no_reasons = conclusion.kind() == ActionKind::Allow
        && conclusion.is_by_default()
        && !conclusion.is_observed()
        && !is_paused
        && !facts.agent.is_other_program()
        && facts.tool.changed.is_none();
    if has_no_reasons {
        let trace = Trace { by_default: true, ..Trace::default() };
        return Decision { revision: set.revision().to_owned(), outcome: Outcome::Allowed, trace };
    }
    let decision = pairing::hold_other_program(policy::decide(set, call, facts), facts, set);
    let decision = changed_tools::hold_changed_tool(decision, facts, set);
    if is_paused { pausing::hold_everything(decision, set) } else { decision }
}

/// The decision of this moment's set on a call that is held already. Why it was held stays with it: a call that
/// waits because everything was held does so when that is over, and with every newer set.
pub(crate) fn judge_again(set: &PolicySet, held: &approvals::HeldCall) -> Decision {
    let decision = policy::decide(set, held.call(), held.facts());
    if held.decision().trace.paused { pausing::hold_everything(decision, set) } else { decision }
}
