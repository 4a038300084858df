//! What lint says of a whole set is never contradicted by a decision; what it offers can always be applied.

use super::*;
use crate::{
    ActionKind, Applied, Outcome,
    cases::{self, Case},
    decide,
};
use proptest::prelude::*;

const CONDITIONS: [&str; 14] = [
    "amount > 5",
    "amount > 6",
    "amount >= 6 && amount < 7",
    "!(amount > 5)",
    "amount != 7",
    "currency == \"EUR\"",
    "currency in [\"EUR\", \"USD\"]",
    "!(currency in [\"EUR\", \"USD\"])",
    "has(amount)",
    "tags.exists(t, t == \"a\")",
    "user.role == \"employee\"",
    "user.role in [\"employee\", \"finance\"]",
    "path.within(\"/srv\")",
    "amount + 1 > 5",
];

const ARGUMENTS: [&str; 14] = [
    "{}",
    "{\"amount\":6,\"currency\":\"EUR\"}",
    "{\"amount\":6.5,\"currency\":\"USD\",\"tags\":[\"a\"]}",
    "{\"amount\":7,\"currency\":\"CHF\"}",
    "{\"amount\":5,\"tags\":[]}",
    "{\"amount\":\"6\",\"currency\":5}",
    "{\"amount\":null,\"tags\":[\"b\"]}",
    "{\"amount\":8,\"path\":\"/srv/x\"}",
    "{\"path\":\"/etc\",\"currency\":\"EUR\"}",
    "{\"amount\":1e999,\"tags\":\"a\"}",
    "{\"amount\":6,\"currency\":\"EUR\",\"tags\":[\"a\"],\"path\":\"/srv/x\"}",
    "{\"amount\":9,\"currency\":\"GBP\",\"tags\":[\"b\"],\"path\":\"/x\"}",
    "{\"currency\":\"USD\"}",
    "{\"tags\":[5]}",
];

fn condition() -> impl Strategy<Value = String> {
    let leaf = (0..CONDITIONS.len()).prop_map(|at| CONDITIONS[at].to_owned());
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) && ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) || ({b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

fn policy() -> impl Strategy<Value = String> {
    let kind = prop_oneof![3 => Just("deny"), 1 => Just("request_approval"), 1 => Just("step_up"), 1 => Just("allow")];
    let tools = prop_oneof![Just("\"a/b\""), Just("\"a/*\""), Just("\"**\""), Just("\"a/*\", \"!a/c*\"")];
    let people =
        prop_oneof![3 => Just(""), 1 => Just("roles = [\"employee\"]\n"), 1 => Just("users = [\"me\"]\n")];
    (kind, tools, people, prop::option::weighted(0.8, condition())).prop_map(|(kind, tools, people, when)| {
        let when = when.map(|when| format!("when = '''{when}'''\n")).unwrap_or_default();
        format!("name = \"x\"\n{when}[target]\ntools = [{tools}]\n{people}[action]\nkind = \"{kind}\"\n")
    })
}

fn calls() -> Vec<Case> {
    let mut calls = Vec::new();
    for arguments in ARGUMENTS {
        for roles in ["", "\"employee\"", "\"finance\", \"guest\""] {
            for (tool, claims) in [
                ("a/b", ""),
                ("a/c", "required = [\"amount\"]"),
                ("a/b", "defaults = { amount = 9, currency = \"EUR\" }"),
            ] {
                let text = format!(
                    "[[case]]\nname = \"x\"\ntool = \"{tool}\"\nexpect = \"allow\"\njson = '''{arguments}'''\n\
                     user = {{ id = \"me\", roles = [{roles}] }}\nclaims = {{ {claims} }}\npaths = {{ \"args.path\" = \"/srv/x\" }}\n"
                );
                calls.push(cases::parse(&text).unwrap().remove(0));
            }
        }
    }
    calls
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn no_call_contradicts_a_finding(policies in prop::collection::vec(policy(), 1..5)) {
        let mut documents: Documents = [("set.toml".to_owned(), "default = \"allow\"\n".to_owned())].into_iter().collect();
        for (at, policy) in policies.iter().enumerate() {
            documents.insert(&format!("p{at}.toml"), policy.clone());
        }
        let findings = lint(&documents, &Known::default());
        let set = PolicySet::compile(&documents).unwrap();
        for case in calls() {
            let decision = decide(&set, &case.call, &case.facts);
            for finding in &findings {
                let Some(id) = &finding.policy else { continue };
                let Some(policy) = decision.trace.policies.iter().find(|policy| policy.id == *id) else { continue };
                let takes_part = policy.applied == Applied::Yes
                    || (policy.applied == Applied::Undetermined && policy.action != ActionKind::Allow);
                match finding.code {
                    Code::Shadowed if takes_part => prop_assert!(
                        matches!(decision.outcome, Outcome::Denied { .. }), "shadowed {finding:?} by {policies:?}"
                    ),
                    Code::NeverTrue if finding.node.as_ref().is_none_or(Vec::is_empty) => prop_assert!(
                        policy.applied != Applied::Yes, "never {finding:?} {policies:?}"
                    ),
                    Code::AlwaysTrue if finding.node.as_ref().is_some_and(Vec::is_empty) => {
                        let misfits = policy.sentence.starts_with("the user is ");
                        prop_assert!(policy.applied != Applied::No || misfits, "always {finding:?} {policy:?}");
                    }
                    _ => {}
                }
            }
        }
        for finding in &findings {
            for mend in &finding.mends {
                let mended = documents.mended(mend).unwrap();
                prop_assert!(PolicySet::compile(&mended).is_ok(), "{mend:?}");
                let same = lint(&mended, &Known::default()).into_iter().any(|after| {
                    (after.code, &after.document, &after.node, &after.sentence)
                        == (finding.code, &finding.document, &finding.node, &finding.sentence)
                });
                prop_assert!(!same, "{mend:?} does not mend {finding:?} of {policies:?}");
            }
        }
    }
}
