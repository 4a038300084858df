//! A draft tried out: on one hypothetical call (*what-if*), or on recorded calls with their frozen facts (*backtest*).
//! Both decide exactly as [`decide`](crate::decide::decide) does, and change nothing.
//!
//! A backtest takes the calls from an iterator, newest first, and keeps none of them: whoever calls asks for the
//! next so many that can match, shows what changed, and asks again. Calls that no changed policy is about are
//! counted without being judged.

use crate::{
    ActionKind, Conclusion, Decision, Facts, Outcome, PolicyId, Requirements, ToolCall, conclude, decide,
    decide::kind, policy::Policy, readback::outcome_words, set::PolicySet,
};
use serde::Serialize;

/// What would happen to a call that nobody made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WhatIf {
    pub outcome: ActionKind,
    /// The decision in words.
    pub sentence: String,
    /// Each policy that was looked at, as it reads.
    pub policies: Vec<ReadPolicy>,
    pub decision: Decision,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadPolicy {
    pub id: PolicyId,
    pub reads: String,
}

/// Judges one call, with everything a person needs to follow why.
#[must_use]
pub fn what_if(set: &PolicySet, call: &ToolCall, facts: &Facts) -> WhatIf {
    let decision = decide(set, call, facts);
    let looked_at = decision.trace.policies.iter().filter_map(|trace| set.policy(&trace.id));
    WhatIf {
        outcome: kind(&decision.outcome),
        sentence: decision.sentence(),
        policies: looked_at.map(|p| ReadPolicy { id: p.id.clone(), reads: p.read_back() }).collect(),
        decision,
    }
}

/// One call of the past; `key` is whatever opens it.
#[derive(Clone, Debug)]
pub struct Recorded<K> {
    pub key: K,
    pub call: ToolCall,
    pub facts: Facts,
}

/// A call whose decision the draft changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed<K> {
    pub key: K,
    pub tool: String,
    pub from: ActionKind,
    pub to: ActionKind,
    /// Who decides it under the draft; nobody where its default does.
    pub decided_by: Vec<PolicyId>,
}

/// What came of the calls taken so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Looked at, whether they could match or not.
    pub seen: u64,
    /// Of these, judged by both sets.
    pub judged: u64,
    pub changed: u64,
    /// Changed calls by what they were and would be, in a fixed order.
    pub moves: Vec<Move>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Move {
    pub from: ActionKind,
    pub to: ActionKind,
    pub calls: u64,
}

/// A running backtest.
pub struct Backtest<'a, I> {
    base: &'a PolicySet,
    draft: &'a PolicySet,
    /// Policies that differ, of either set.
    differing: Vec<&'a Policy>,
    /// The default differs: any call may change.
    any_call: bool,
    calls: I,
    counts: Counts,
    is_done: bool,
}

impl<'a, K, I: Iterator<Item = Recorded<K>>> Backtest<'a, I> {
    /// `base` is what is in force, `draft` what it would become; calls newest first.
    pub fn new(base: &'a PolicySet, draft: &'a PolicySet, calls: I) -> Backtest<'a, I> {
        let differs = |policy: &Policy, other: &PolicySet, own: &PolicySet| {
            other.policy(&policy.id).is_none_or(|twin| !is_same(policy, own, twin, other))
        };
        let of_base = base.policies().filter(|policy| differs(policy, draft, base));
        let of_draft = draft.policies().filter(|policy| differs(policy, base, draft));
        let default_flow = |set: &PolicySet| match set.default_action() {
            crate::DefaultAction::RequestApproval { flow } => set.flow(&flow).cloned(),
            _ => None,
        };
        let any_call =
            base.default_action() != draft.default_action() || default_flow(base) != default_flow(draft);
        let differing = of_base.chain(of_draft).collect();
        Backtest { base, draft, differing, any_call, calls, counts: Counts::default(), is_done: false }
    }

    /// Judges the next `most` calls that can match, and returns those whose decision changes. Memory grows with
    /// `most`, never with the calls there are.
    pub fn advance(&mut self, most: u64) -> Vec<Changed<K>> {
        let mut changed = Vec::new();
        let until = self.counts.judged.saturating_add(most);
        while self.counts.judged < until && !self.is_done {
            changed.extend(self.step());
        }
        changed
    }

    /// The same for the next `most` calls, whether they can match or not: for those who want an answer soon.
    pub fn look_at(&mut self, most: u64) -> Vec<Changed<K>> {
        let mut changed = Vec::new();
        let until = self.counts.seen.saturating_add(most);
        while self.counts.seen < until && !self.is_done {
            changed.extend(self.step());
        }
        changed
    }

    fn step(&mut self) -> Option<Changed<K>> {
        let Some(recorded) = self.calls.next() else {
            self.is_done = true;
            return None;
        };
        self.counts.seen += 1;
        let tool = recorded.call.qualified_tool();
        if !self.can_match(&tool) {
            return None;
        }
        self.counts.judged += 1;
        self.judge(recorded, tool)
    }

    fn can_match(&self, tool: &str) -> bool {
        self.any_call || self.differing.iter().any(|policy| policy.tools.matches(tool))
    }

    fn judge(&mut self, recorded: Recorded<K>, tool: String) -> Option<Changed<K>> {
        let Recorded { key, call, facts } = recorded;
        let before = conclude(self.base, &call, &facts);
        let after = conclude(self.draft, &call, &facts);
        if asks(&before) == asks(&after) {
            return None;
        }
        let (from, to) = (before.kind(), after.kind());
        self.counts.changed += 1;
        match self.counts.moves.iter_mut().find(|known| (known.from, known.to) == (from, to)) {
            Some(known) => known.calls += 1,
            None => {
                self.counts.moves.push(Move { from, to, calls: 1 });
                self.counts.moves.sort_by_key(|known| (strictness(known.from), strictness(known.to)));
            }
        }
        Some(Changed { key, tool, from, to, decided_by: after.deciding().cloned().collect() })
    }

    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// No call is left.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.is_done
    }
}

impl Counts {
    /// "Of 120 calls that could match, 3 would change: 2 allowed would be denied, 1 allowed would be held for approval."
    #[must_use]
    pub fn sentence(&self) -> String {
        let calls = if self.judged == 1 { "call" } else { "calls" };
        let of = format!("Of {} {calls} that could match", self.judged);
        if self.changed == 0 {
            return format!("{of}, none would change.");
        }
        let moves: Vec<String> = self
            .moves
            .iter()
            .map(|Move { from, to, calls }| {
                let now = if from == to { " in another way" } else { "" };
                format!("{calls} {} would be {}{now}", outcome_words(*from), outcome_words(*to))
            })
            .collect();
        format!("{of}, {} would change: {}.", self.changed, moves.join(", "))
    }
}

/// What a decision comes to, without its words.
fn asks(conclusion: &Conclusion<'_>) -> (ActionKind, Option<Requirements>) {
    let requirements = match conclusion.outcome() {
        Outcome::Held(requirements) => Some(Requirements { message: None, ..requirements }),
        Outcome::Allowed | Outcome::Denied { .. } => None,
    };
    (conclusion.kind(), requirements)
}

fn strictness(kind: ActionKind) -> u8 {
    match kind {
        ActionKind::Allow => 0,
        ActionKind::RequestApproval => 1,
        ActionKind::StepUp => 2,
        ActionKind::Deny => 3,
    }
}

/// Whether two policies of one id decide alike, whatever their names and messages.
fn is_same(policy: &Policy, own: &PolicySet, twin: &Policy, other: &PolicySet) -> bool {
    let flow = |policy: &Policy, set: &PolicySet| {
        policy.action.flow.as_ref().and_then(|id| set.flow(id)).map(|flow| flow.stages.clone())
    };
    let contexts = policy.contexts.len() == twin.contexts.len()
        && policy.contexts.iter().zip(&twin.contexts).all(|(a, b)| a.condition == b.condition);
    policy.mode == twin.mode
        && policy.action.kind == twin.action.kind
        && policy.action.step_up == twin.action.step_up
        && policy.action.flow == twin.action.flow
        && policy.target == twin.target
        && policy.condition == twin.condition
        && contexts
        && flow(policy, own) == flow(twin, other)
}
