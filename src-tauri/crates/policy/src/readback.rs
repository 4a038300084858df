//! Decisions, flows and defaults as plain sentences; a policy's own is in [`sentence`](crate::sentence). Words only:
//! nothing here is read by a program.

use crate::{
    ActionKind, ApprovalFlow, Decision, Mode, Outcome, PolicyTrace, Stage,
    decision::StepUpRule,
    policy::Policy,
    set::{DefaultAction, PolicySet},
    time::length_text,
    wording::{and, few, quoted, shown},
};
use std::time::Duration;

/// Most policies named in one sentence.
const MOST_NAMED: usize = 4;

impl Policy {
    /// The policy's sentence with its mode: "Only observed: deny create_expense on practice."
    #[must_use]
    pub fn read_back(&self) -> String {
        let sentence = self.sentence();
        let prefix = match self.mode {
            Mode::Enforce => return sentence,
            Mode::Observe => "Only observed",
            Mode::Off => "Turned off",
        };
        let mut letters = sentence.chars();
        let first = letters.next().map(|c| c.to_ascii_lowercase()).unwrap_or_default();
        format!("{prefix}: {first}{}", letters.as_str())
    }
}

impl Decision {
    /// "Denied by “Expenses stay below 10,000”: amount is 12000, above 10000."
    #[must_use]
    pub fn sentence(&self) -> String {
        let (verb, default) = match &self.outcome {
            Outcome::Allowed => ("Allowed".to_owned(), "no policy decides about it"),
            Outcome::Denied { .. } => ("Denied".to_owned(), "no policy allows it"),
            Outcome::Held(requirements) => {
                let mut waits: Vec<String> = requirements.flows.iter().map(ApprovalFlow::asked).collect();
                waits.extend(requirements.step_up.map(proof));
                (format!("Held for {}", and(&waits)), "no policy decides about it")
            }
        };
        let deciding: Vec<&PolicyTrace> = self.trace.policies.iter().filter(|p| p.deciding).collect();
        let mut sentence = if deciding.is_empty() {
            format!("{verb} by default: {default}.")
        } else {
            let because = |policy: &&PolicyTrace| format!("“{}” ({})", shown(&policy.name), policy.sentence);
            match deciding.as_slice() {
                [only] => format!("{verb} by “{}”: {}.", shown(&only.name), only.sentence),
                many => {
                    let named: Vec<String> = many.iter().map(because).collect();
                    format!("{verb} by {}.", few(&named, MOST_NAMED, "and"))
                }
            }
        };
        for (id, kind) in self.trace.would_have.iter().take(MOST_NAMED) {
            let policy = self.trace.policies.iter().find(|policy| policy.id == *id);
            let name = policy.map_or(id.as_str(), |policy| policy.name.as_str());
            sentence +=
                &format!(" With “{}” in force it would have been {}.", shown(name), outcome_words(*kind));
        }
        sentence
    }
}

impl ApprovalFlow {
    /// "Finance: 2 votes by role finance within 1h, then 1 vote by ana within 15m."
    #[must_use]
    pub fn sentence(&self) -> String {
        let stages: Vec<String> = self.stages.iter().map(Stage::words).collect();
        format!("{}: {}.", shown(&self.name), stages.join(", then "))
    }
}

impl Stage {
    /// "2 votes by role finance within 1h"
    #[must_use]
    pub fn words(&self) -> String {
        let stage = self;
        let mut who: Vec<String> = stage.approvers.users.iter().map(|user| quoted(user.as_str())).collect();
        who.extend(stage.approvers.roles.iter().map(|role| format!("role {}", quoted(role))));
        let who = if who.is_empty() { "the desk's owner".to_owned() } else { few(&who, MOST_NAMED, "or") };
        let votes =
            if stage.required == 1 { "1 vote".to_owned() } else { format!("{} votes", stage.required) };
        format!("{votes} by {who} within {}", length_text(Duration::from_secs(stage.within_seconds)))
    }
}

impl PolicySet {
    /// What happens to a call that no policy decides: "Everything else is allowed."
    #[must_use]
    pub fn default_sentence(&self) -> String {
        match self.default_action() {
            DefaultAction::Allow => "Everything else is allowed.".to_owned(),
            DefaultAction::Deny => "Everything else is denied.".to_owned(),
            DefaultAction::RequestApproval { flow } => {
                let asked = self.flow(&flow).map_or_else(|| flow.to_string(), ApprovalFlow::asked);
                format!("Everything else waits for {asked}.")
            }
        }
    }
}

/// "a passkey", "a passkey or passphrase given in the last 5m".
pub(crate) fn proof(rule: StepUpRule) -> String {
    let means = if rule.passkey_only { "a passkey" } else { "a passkey or passphrase" };
    match rule.max_age_seconds {
        0 => means.to_owned(),
        seconds => format!("{means} given in the last {}", length_text(Duration::from_secs(seconds))),
    }
}

pub(crate) fn outcome_words(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Deny => "denied",
        ActionKind::RequestApproval => "held for approval",
        ActionKind::StepUp => "held for a step-up",
        ActionKind::Allow => "allowed",
    }
}
