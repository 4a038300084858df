//! What-if, backtest and the sentences people read.

use super::{compile, documents};
use policy::{
    ActionKind, PolicySet,
    backtest::{Backtest, Recorded, what_if},
    cases,
};

const LIMIT: &str =
    "name = \"Limit\"\nwhen = 'amount > 100'\n[target]\ntools = [\"a/pay\"]\n[action]\nkind = \"deny\"\n";

fn recorded(amounts: impl Iterator<Item = usize>, tool: &str) -> Vec<Recorded<usize>> {
    amounts
        .map(|amount| {
            let text = format!("[[case]]\nname = \"x\"\ntool = \"{tool}\"\nargs = {{ amount = {amount} }}\nexpect = \"allow\"\n");
            let case = cases::parse(&text).unwrap().remove(0);
            Recorded { key: amount, call: case.call, facts: case.facts }
        })
        .collect()
}

fn sets(before: &[(&str, &str)], after: &[(&str, &str)]) -> (PolicySet, PolicySet) {
    (compile(&documents(before)), compile(&documents(after)))
}

#[test]
fn a_backtest_lists_the_calls_that_change_newest_first() {
    let (base, draft) = sets(&[("limit.toml", LIMIT)], &[("limit.toml", &LIMIT.replace("100", "50"))]);
    let calls = recorded((0..200).rev(), "a/pay").into_iter();
    let mut backtest = Backtest::new(&base, &draft, calls);
    // 199 down to 100 are denied by both but the last, which is allowed until the draft.
    let first = backtest.advance(100);
    assert_eq!(first.iter().map(|changed| changed.key).collect::<Vec<_>>(), [100]);
    assert_eq!((first[0].from, first[0].to), (ActionKind::Allow, ActionKind::Deny));
    assert_eq!(first[0].decided_by[0].as_str(), "limit");
    assert!(!backtest.is_done());
    let rest = backtest.advance(u64::MAX);
    assert_eq!(
        rest.iter().map(|changed| changed.key).collect::<Vec<_>>(),
        (51..100).rev().collect::<Vec<_>>()
    );
    assert!(backtest.is_done());
    let counts = backtest.counts();
    assert_eq!((counts.seen, counts.judged, counts.changed), (200, 200, 50));
    assert_eq!(
        counts.sentence(),
        "Of 200 calls that could match, 50 would change: 50 allowed would be denied."
    );
}

#[test]
fn calls_that_no_changed_policy_is_about_are_not_judged() {
    let other = LIMIT.replace("a/pay", "b/*");
    let (base, draft) = sets(&[("limit.toml", LIMIT), ("o.toml", &other)], &[("limit.toml", LIMIT)]);
    let calls = recorded(0..5, "a/pay").into_iter().chain(recorded(99..103, "b/x"));
    let mut backtest = Backtest::new(&base, &draft, calls);
    assert_eq!(backtest.advance(5_000).len(), 2);
    assert_eq!((backtest.counts().seen, backtest.counts().judged), (9, 4));
}

#[test]
fn words_alone_change_no_decision_and_requirements_do() {
    let ask = LIMIT.replace("deny", "request_approval") + "flow = \"f\"\n";
    let flow = "name = \"F\"\n[[stage]]\nroles = [\"finance\"]\n";
    let renamed = ask.replace("Limit", "Other") + "message = \"x\"\n";
    let two = flow.to_owned() + "required = 2\n";
    let run = |after: &[(&str, &str)]| {
        let (base, draft) = sets(&[("p.toml", &ask), ("flows/f.toml", flow)], after);
        let mut backtest = Backtest::new(&base, &draft, recorded(99..103, "a/pay").into_iter());
        backtest.advance(10);
        backtest.counts().clone()
    };
    let words = run(&[("p.toml", &renamed), ("flows/f.toml", flow)]);
    assert_eq!((words.judged, words.changed), (0, 0));
    assert_eq!(words.sentence(), "Of 0 calls that could match, none would change.");
    let votes = run(&[("p.toml", &ask), ("flows/f.toml", &two)]);
    assert_eq!((votes.judged, votes.changed), (4, 2));
    assert_eq!(votes.moves[0].from, votes.moves[0].to);
    let mut deny = documents(&[("p.toml", &ask), ("flows/f.toml", flow)]);
    deny.insert("set.toml", "default = \"deny\"\n".to_owned());
    let (base, _) = sets(&[("p.toml", &ask), ("flows/f.toml", flow)], &[]);
    let draft = compile(&deny);
    let mut backtest = Backtest::new(&base, &draft, recorded(0..3, "z/z").into_iter());
    assert_eq!(backtest.advance(10).len(), 3);
}

#[test]
fn a_what_if_reads_as_sentences() {
    let flow = "name = \"Finance\"\n[[stage]]\nroles = [\"finance\"]\nrequired = 2\nwithin = \"1h\"\n[[stage]]\nusers = [\"ana\"]\n";
    let ask = "name = \"Large ones\"\nwhen = 'amount > 50'\n[target]\ntools = [\"a/pay\"]\n[action]\nkind = \"request_approval\"\nflow = \"f\"\n";
    let proof =
        "name = \"Proof\"\n[target]\ntools = [\"a/*\"]\n[action]\nkind = \"step_up\"\nmax_age = \"5m\"\n";
    let trial =
        "name = \"Trial\"\nmode = \"observe\"\n[target]\ntools = [\"a/*\"]\n[action]\nkind = \"deny\"\n";
    let told = |files: &[(&str, &str)], amount: usize| {
        let set = compile(&documents(files));
        let call = recorded([amount].into_iter(), "a/pay").remove(0);
        what_if(&set, &call.call, &call.facts)
    };
    let all = [
        ("flows/f.toml", flow),
        ("ask.toml", ask),
        ("proof.toml", proof),
        ("trial.toml", trial),
        ("limit.toml", LIMIT),
    ];
    assert_eq!(
        told(&all, 150).sentence,
        "Denied by “Limit”: amount is 150, above 100. With “Trial” in force it would have been denied."
    );
    let held = told(&all, 60);
    assert_eq!(held.outcome, ActionKind::StepUp);
    assert_eq!(
        held.sentence,
        "Held for Finance and a passkey given in the last 5m by “Large ones” (amount is 60, above 50) and “Proof” (this is about every call of pay on a). With “Trial” in force it would have been denied."
    );
    let reads: Vec<&str> = held.policies.iter().map(|policy| policy.reads.as_str()).collect();
    assert_eq!(
        reads,
        [
            "Ask Finance before pay on a when amount is above 50.",
            "Deny pay on a when amount is above 100.",
            "Ask for a passkey given in the last 5m before any tool on a.",
            "Only observed: deny any tool on a."
        ]
    );
    assert_eq!(told(&[("limit.toml", LIMIT)], 5).sentence, "Allowed by default: no policy decides about it.");
    let set = compile(&documents(&all));
    assert_eq!(
        set.flows().next().unwrap().sentence(),
        "Finance: 2 votes by role finance within 1h, then 1 vote by ana within 15m."
    );
    assert_eq!(set.default_sentence(), "Everything else is allowed.");
}
