//! How the policies that apply become one decision.

use super::{check, compile, documents};
use policy::{Outcome, cases, decide};

fn policy(kind: &str, rest: &str) -> String {
    format!("name = \"{kind}\"\n{rest}\n[action]\nkind = \"{kind}\"\n")
}

#[test]
fn deny_is_above_approval_above_step_up_above_allow_above_the_default() {
    let when = |name: &str| format!("when = 'do.exists(d, d == \"{name}\")'");
    let set = compile(&documents(&[
        ("set.toml", "default = \"request_approval\"\ndefault_flow = \"second\"\n"),
        ("a-allow.toml", &policy("allow", &when("allow"))),
        ("b-step.toml", &policy("step_up", &when("step"))),
        ("c-ask.toml", &policy("request_approval", &when("ask"))),
        ("d-deny.toml", &policy("deny", &when("deny"))),
        ("flows/second.toml", "name = \"Second\"\n[[stage]]\nusers = [\"ana\"]\n"),
    ]));
    check(
        &set,
        r#"
[[case]]
name = "nothing applies"
tool = "a/b"
args = { do = [] }
expect = "request_approval"
decided_by = []
[[case]]
name = "allow lifts the default"
tool = "a/b"
args = { do = ["allow"] }
expect = "allow"
decided_by = ["a-allow"]
[[case]]
name = "allow lifts no approval"
tool = "a/b"
args = { do = ["allow", "ask"] }
expect = "request_approval"
decided_by = ["c-ask"]
[[case]]
name = "allow lifts no step-up"
tool = "a/b"
args = { do = ["allow", "step"] }
expect = "step_up"
decided_by = ["b-step"]
[[case]]
name = "approval and step-up are both needed"
tool = "a/b"
args = { do = ["ask", "step"] }
expect = "step_up"
decided_by = ["b-step", "c-ask"]
[[case]]
name = "deny is above all of them"
tool = "a/b"
args = { do = ["allow", "ask", "step", "deny"] }
expect = "deny"
decided_by = ["d-deny"]
"#,
    );
}

#[test]
fn requirements_are_joined_flows_once_and_the_strictest_step_up() {
    let ask =
        |flow: &str| format!("name = \"x\"\n[action]\nkind = \"request_approval\"\nflow = \"{flow}\"\n");
    let step = |method: &str, age: &str| {
        format!(
            "name = \"x\"\n[action]\nkind = \"step_up\"\nmethod = \"{method}\"\nmax_age = \"{age}\"\nmessage = \"{method}\"\n"
        )
    };
    let set = compile(&documents(&[
        ("a.toml", &ask("owner")),
        ("b.toml", &ask("finance")),
        ("c.toml", &ask("owner")),
        ("d.toml", &step("any", "1m")),
        ("e.toml", &step("passkey", "1h")),
        ("flows/finance.toml", "name = \"Finance\"\n[[stage]]\nroles = [\"finance\"]\nrequired = 2\n"),
    ]));
    let case =
        cases::parse("[[case]]\nname = \"x\"\ntool = \"a/b\"\nexpect = \"step_up\"\n").unwrap().remove(0);
    let Outcome::Held(needed) = decide(&set, &case.call, &case.facts).outcome else { panic!() };
    let flows: Vec<&str> = needed.flows.iter().map(|flow| flow.id.as_str()).collect();
    assert_eq!(flows, ["finance", "owner"]);
    let rule = needed.step_up.unwrap();
    assert!(rule.passkey_only);
    assert_eq!((rule.max_age_seconds, needed.message.as_deref()), (60, Some("any")));
}

#[test]
fn a_target_is_and_across_its_dimensions_and_or_within_one() {
    let target = "[target]\ntools = [\"a/*\", \"b/x\", \"!a/no\"]\nroles = [\"r\", \"s\"]\nagents = [\"bot\"]\nusers = [\"me\", \"ana\"]";
    let set = compile(&documents(&[("p.toml", &policy("deny", target))]));
    let mut text = String::new();
    for (tool, user, roles, agent, expect) in [
        ("a/y", "me", "\"r\"", "bot", "deny"),
        ("b/x", "ana", "\"s\", \"t\"", "bot", "deny"),
        ("a/no", "me", "\"r\"", "bot", "allow"),
        ("b/y", "me", "\"r\"", "bot", "allow"),
        ("a/y", "me", "\"t\"", "bot", "allow"),
        ("a/y", "me", "", "bot", "allow"),
        ("a/y", "me", "\"r\"", "other", "allow"),
        ("a/y", "bob", "\"r\"", "bot", "allow"),
        ("A/y".to_lowercase().as_str(), "me", "\"R\"", "bot", "allow"),
    ] {
        text += &format!(
            "[[case]]\nname = \"{tool} {user} {agent}\"\ntool = \"{tool}\"\nagent = \"{agent}\"\n\
                          user = {{ id = \"{user}\", roles = [{roles}] }}\nexpect = \"{expect}\"\n"
        );
    }
    check(&set, &text);
}

#[test]
fn in_doubt_what_restricts_applies_and_what_allows_does_not() {
    let when = "when = 'amount > 5'";
    for (kind, default, expect) in [
        ("deny", "allow", "deny"),
        ("request_approval", "allow", "request_approval"),
        ("step_up", "allow", "step_up"),
        ("allow", "deny", "deny"),
    ] {
        let default = format!("default = \"{default}\"\n");
        let set = compile(&documents(&[("set.toml", &default), ("p.toml", &policy(kind, when))]));
        check(
            &set,
            &format!(
                "[[case]]\nname = \"{kind}\"\ntool = \"a/b\"\nargs = {{ amount = \"9\" }}\nexpect = \"{expect}\"\n"
            ),
        );
    }
}

#[test]
fn a_context_in_doubt_counts_like_a_condition_in_doubt() {
    let night = "name = \"Locked\"\nwhen = 'context.locked'\n";
    for (kind, default, unknown) in [("deny", "allow", "deny"), ("allow", "deny", "deny")] {
        let default = format!("default = \"{default}\"\n");
        let set = compile(&documents(&[
            ("set.toml", &default),
            ("contexts/locked.toml", night),
            ("p.toml", &policy(kind, "[target]\ncontexts = [\"locked\"]")),
        ]));
        let other = if kind == "deny" { "allow" } else { "deny" };
        let case = |locked: &str, expect: &str| {
            format!(
                "[[case]]\nname = \"{kind} {locked}\"\ntool = \"a/b\"\ncontext = {{ locked = \"{locked}\" }}\nexpect = \"{expect}\"\n"
            )
        };
        check(&set, &(case("yes", kind) + &case("no", other) + &case("unknown", unknown)));
    }
}

#[test]
fn a_schema_default_counts_where_it_restricts_and_never_where_only_it_allows() {
    let cases = |deny: &str, allow: &str| {
        format!(
            "[[case]]\nname = \"default\"\ntool = \"a/b\"\nclaims = {{ defaults = {{ amount = 9 }} }}\nexpect = \"{deny}\"\n\
                 [[case]]\nname = \"given\"\ntool = \"a/b\"\nargs = {{ amount = 1 }}\nclaims = {{ defaults = {{ amount = 9 }} }}\nexpect = \"{allow}\"\n"
        )
    };
    let deny = compile(&documents(&[("p.toml", &policy("deny", "when = 'amount > 5'"))]));
    check(&deny, &cases("deny", "allow"));
    let absent = compile(&documents(&[("p.toml", &policy("deny", "when = '!(amount > 5)'"))]));
    check(&absent, &cases("deny", "deny"));
    let allow = compile(&documents(&[
        ("set.toml", "default = \"deny\"\n"),
        ("p.toml", &policy("allow", "when = 'amount > 5'")),
    ]));
    check(&allow, &cases("deny", "deny"));
    let both = compile(&documents(&[
        ("set.toml", "default = \"deny\"\n"),
        ("p.toml", &policy("allow", "when = 'amount != 5'")),
    ]));
    check(&both, &cases("allow", "allow"));
}

#[test]
fn an_observing_policy_changes_nothing_and_says_what_it_would_have() {
    let set = compile(&documents(&[
        ("a.toml", &policy("deny", "mode = \"observe\"\nwhen = 'amount > 5'")),
        ("b.toml", &policy("request_approval", "mode = \"observe\"")),
        ("c.toml", &policy("deny", "mode = \"off\"")),
    ]));
    check(
        &set,
        "[[case]]\nname = \"both\"\ntool = \"a/b\"\nargs = { amount = 9 }\nexpect = \"allow\"\ndecided_by = []\n\
         would_have = [\"a: deny\", \"b: request_approval\"]\n\
         [[case]]\nname = \"one\"\ntool = \"a/b\"\nargs = { amount = 1 }\nexpect = \"allow\"\nwould_have = [\"b: request_approval\"]\n",
    );
}
