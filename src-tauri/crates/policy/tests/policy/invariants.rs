//! Over random sets and calls: I4, I7, and that order means nothing.

use policy::{
    ActionKind, Applied, Documents, Facts, Outcome, PolicySet, ToolCall, Value,
    cases::{self, Case},
    conclude, decide,
};
use proptest::prelude::*;

const CONDITIONS: [&str; 18] = [
    "amount > 5",
    "amount <= 5000.000000000000001",
    "!(amount > 5)",
    "amount != 7",
    "currency in [\"EUR\", \"USD\"]",
    "!(currency in [\"EUR\"])",
    "currency == \"EUR\" && amount < 10",
    "has(note) || amount == 5",
    "note.contains(\"x\")",
    "tags.exists(t, t == \"prod\")",
    "!tags.all(t, t == \"prod\")",
    "path.within(\"/srv\")",
    "amount + 1 > 5",
    "amount / divisor > 1",
    "user.role == \"employee\"",
    "!has(amount)",
    "context.locked",
    "address.city == \"Bern\"",
];

const ARGUMENTS: [&str; 14] = [
    "{}",
    "{\"amount\":6,\"currency\":\"EUR\"}",
    "{\"amount\":5000.0000000000000010}",
    "{\"amount\":\"6\",\"currency\":5}",
    "{\"amount\":null,\"note\":\"x\"}",
    "{\"amount\":[6],\"tags\":\"prod\"}",
    "{\"amount\":1e999,\"tags\":[\"prod\",5]}",
    "{\"amount\":-0,\"tags\":[]}",
    "{\"amount\":6,\"divisor\":0,\"path\":\"/srv/x\"}",
    "{\"amount\":9223372036854775807,\"path\":\"../srv\"}",
    "{\"note\":\"\",\"address\":\"Bern\"}",
    "{\"address\":{\"city\":\"Bern\"},\"tags\":[\"prod\"]}",
    "{\"amount\":7,\"currency\":\"\\u0415UR\",\"path\":\"/srv/%2e%2e/x\"}",
    "{\"amount\":{\"$serde_json::private::Number\":\"9\"}}",
];

fn call() -> impl Strategy<Value = (ToolCall, Facts)> {
    (0..ARGUMENTS.len(), 0..3_u8, any::<bool>(), any::<bool>()).prop_map(|(at, role, default, required)| {
        let roles = ["", "\"employee\"", "\"employee\", \"finance\""][usize::from(role)];
        let mut text = format!(
            "[[case]]\nname = \"x\"\ntool = \"a/b\"\nexpect = \"allow\"\njson = '''{}'''\nuser = {{ id = \"me\", roles = [{roles}] }}\n",
            ARGUMENTS[at]
        );
        let required = if required { "\"amount\"" } else { "" };
        let defaults = if default { "amount = 9, currency = \"EUR\"" } else { "" };
        text += &format!("claims = {{ required = [{required}], defaults = {{ {defaults} }} }}\ncontext = {{ locked = \"unknown\" }}\n");
        let Case { call, facts, .. } = cases::parse(&text).unwrap().remove(0);
        (call, facts)
    })
}

fn condition() -> impl Strategy<Value = String> {
    let leaf = (0..CONDITIONS.len()).prop_map(|at| CONDITIONS[at].to_owned());
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|parts| format!("({})", parts.join(") && ("))),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|parts| format!("({})", parts.join(") || ("))),
            inner.prop_map(|part| format!("!({part})")),
        ]
    })
}

fn policy() -> impl Strategy<Value = String> {
    let kind = prop_oneof![Just("deny"), Just("request_approval"), Just("step_up"), Just("allow")];
    let tools = prop_oneof![Just("a/b"), Just("a/*"), Just("**"), Just("*/b*"), Just("c/d")];
    let mode = prop_oneof![4 => Just("enforce"), 1 => Just("observe"), 1 => Just("off")];
    let people = prop_oneof![
        4 => Just(""),
        1 => Just("users = [\"ana\", \"me\"]\n"),
        1 => Just("users = [\"ana\"]\n"),
        1 => Just("agents = [\"agent\"]\nroles = [\"employee\"]\n"),
        1 => Just("agents = [\"other\"]\n"),
        1 => Just("roles = [\"finance\", \"employee\"]\n"),
        1 => Just("roles = [\"admin\"]\n"),
    ];
    (kind, tools, mode, prop::option::of(condition()), people)
        .prop_map(|(kind, tools, mode, when, people)| document(kind, tools, mode, when) + people)
}

/// Its last table is the target, so that more of one can follow.
fn document(kind: &str, tools: &str, mode: &str, when: Option<String>) -> String {
    let when = when.map(|when| format!("when = '''{when}'''\n")).unwrap_or_default();
    format!(
        "name = \"x\"\nmode = \"{mode}\"\n{when}[action]\nkind = \"{kind}\"\n\
         [target]\ntools = [\"{tools}\"]\n"
    )
}

fn default() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("allow"), Just("deny"), Just("request_approval")]
}

fn documents(default: &str, policies: &[String]) -> Documents {
    let mut documents = Documents::new();
    documents.insert("set.toml", format!("default = \"{default}\"\n"));
    for (at, policy) in policies.iter().enumerate() {
        documents.insert(&format!("p{at}.toml"), policy.clone());
    }
    documents
}

fn set(default: &str, policies: &[String]) -> PolicySet {
    super::compile(&documents(default, policies))
}

/// 0 denied, 1 held, 2 allowed.
fn freedom(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Denied { .. } => 0,
        Outcome::Held(_) => 1,
        Outcome::Allowed => 2,
    }
}

proptest! {
    #[test]
    fn a_decision_with_its_reasons_and_one_without_are_the_same(
        default in default(), policies in prop::collection::vec(policy(), 0..7), (call, facts) in call(),
    ) {
        let set = set(default, &policies);
        let (decision, conclusion) = (decide(&set, &call, &facts), conclude(&set, &call, &facts));
        prop_assert_eq!(&decision.outcome, &conclusion.outcome());
        prop_assert_eq!(freedom(&decision.outcome), match conclusion.kind() {
            ActionKind::Deny => 0,
            ActionKind::RequestApproval | ActionKind::StepUp => 1,
            ActionKind::Allow => 2,
        });
        let deciding: Vec<_> = decision.trace.policies.iter().filter(|policy| policy.deciding).map(|policy| &policy.id).collect();
        prop_assert_eq!(deciding, conclusion.deciding().collect::<Vec<_>>());
        prop_assert_eq!(decision.trace.by_default, conclusion.is_by_default());
    }

    #[test]
    fn deciding_is_deterministic_whatever_a_set_remembers(
        default in default(), policies in prop::collection::vec(policy(), 0..5), (call, facts) in call(),
    ) {
        let set = set(default, &policies);
        let first = decide(&set, &call, &facts);
        prop_assert_eq!(&first, &decide(&set, &call, &facts));
        prop_assert_eq!(&first, &decide(&set.clone(), &call, &facts));
        prop_assert_eq!(first, decide(&super::compile(&documents(default, &policies)), &call, &facts));
    }

    #[test]
    fn i4_adding_a_deny_never_permits_more(
        default in default(), policies in prop::collection::vec(policy(), 0..5), when in prop::option::of(condition()),
        (call, facts) in call(),
    ) {
        let before = decide(&set(default, &policies), &call, &facts).outcome;
        let mut more = policies;
        more.push(document("deny", "a/*", "enforce", when));
        let after = decide(&set(default, &more), &call, &facts).outcome;
        prop_assert!(after == before || freedom(&after) == 0, "I4: {before:?} became {after:?}");
    }

    #[test]
    fn more_restrictions_never_free_and_more_allows_never_restrict(
        default in default(), policies in prop::collection::vec(policy(), 0..4), added in policy(), (call, facts) in call(),
    ) {
        let before = decide(&set(default, &policies), &call, &facts).outcome;
        let allows = added.contains("kind = \"allow\"");
        let mut more = policies;
        more.push(added);
        let after = decide(&set(default, &more), &call, &facts).outcome;
        if allows {
            prop_assert!(freedom(&after) >= freedom(&before));
        } else {
            // An approval may stand in for nothing but more freedom, or for the default's own approval.
            prop_assert!(freedom(&after) <= freedom(&before) || default != "allow");
        }
    }

    #[test]
    fn i7_what_cannot_be_judged_never_allows(
        default in default(), policies in prop::collection::vec(policy(), 1..5), (call, facts) in call(),
    ) {
        let decision = decide(&set(default, &policies), &call, &facts);
        for policy in &decision.trace.policies {
            if policy.applied == Applied::Undetermined && policy.mode == policy::Mode::Enforce {
                if policy.action == ActionKind::Allow {
                    prop_assert!(!policy.deciding, "I7: an undetermined allow decided");
                } else {
                    prop_assert!(decision.outcome != Outcome::Allowed, "I7: allowed past an undetermined {:?}", policy.action);
                }
            }
        }
        if decision.outcome == Outcome::Allowed && default != "allow" {
            prop_assert!(decision.trace.policies.iter().any(|p| p.deciding && p.action == ActionKind::Allow && p.applied == Applied::Yes));
        }
    }

    #[test]
    fn the_order_of_files_means_nothing(
        default in default(), policies in prop::collection::vec(policy(), 2..5), (call, facts) in call(),
    ) {
        let forwards = documents(default, &policies);
        let backwards: Documents = forwards.iter().map(|(p, t)| (p.to_owned(), t.to_owned())).collect::<Vec<_>>().into_iter().rev().collect();
        let decided = decide(&super::compile(&forwards), &call, &facts);
        prop_assert_eq!(&decided, &decide(&super::compile(&backwards), &call, &facts));
        // Nor do the names of the files: renamed the other way round, the outcome is the same.
        let renamed: Vec<String> = policies.iter().rev().cloned().collect();
        prop_assert_eq!(decided.outcome, decide(&set(default, &renamed), &call, &facts).outcome);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[a-z0-9 .,()!&|<>=\"'\\[\\]{}+*/?:_-]{0,80}") {
        let mut documents = Documents::new();
        documents.insert("p.toml", format!("name = \"x\"\nwhen = {}\n[action]\nkind = \"deny\"\n", Value::from(text.as_str()).to_json()));
        let _ = PolicySet::compile(&documents);
        documents.insert("p.toml", text.clone());
        documents.insert("set.toml", text.clone());
        documents.insert("flows/f.toml", text.clone());
        documents.insert("contexts/c.toml", text.clone());
        let _ = PolicySet::compile(&documents);
        let _ = cases::parse(&text);
        let _ = policy::People::parse(&text);
    }
}
