//! What must hold for any bytes at all: no panic, and the claims asserted here. The fuzz targets and the replay of
//! their corpora in the crate's tests call these same functions.

use policy::{
    Applied, Decision, Documents, Mode, Outcome, PolicySet, Value,
    cases::{self, Case},
    conclude, decide as judged,
};

/// A file of a policy folder; the first byte says which. What is read can be told, edited and used.
pub(crate) fn document(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let path = match first % 6 {
        0 | 1 => "p.toml",
        2 => "flows/f.toml",
        3 => "contexts/c.toml",
        4 => "set.toml",
        _ => {
            drop(policy::People::parse(text));
            return drop(cases::parse(text));
        }
    };
    let mut documents = folder("allow");
    documents.insert(path, text.to_owned());
    let set = match PolicySet::compile(&documents) {
        Ok(set) => set,
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(
                    error.line.is_none_or(|line| (1..=text.lines().count().max(1) + 1).contains(&line)),
                    "{error}"
                );
                assert!(!error.to_string().is_empty());
            }
            return;
        }
    };
    for policy in set.policies() {
        assert!(!policy.sentence().is_empty());
        let quiet =
            documents.with_mode(&policy.id, Mode::Off).expect("a mode can be written into what was read");
        let quiet = PolicySet::compile(&quiet).expect("and reads again");
        assert!(quiet.policies().all(|policy| policy.mode == Mode::Off));
    }
    for arguments in ARGUMENTS {
        agree(&set, &case(arguments, "").expect("a case"));
    }
}

/// The text of a `when`.
pub(crate) fn condition(data: &[u8]) {
    let Some(sets) = std::str::from_utf8(data).ok().and_then(Sets::of) else { return };
    for arguments in ARGUMENTS {
        for facts in ["", "claims = { required = [\"note\"], defaults = { amount = 9 } }\n"] {
            sets.three_values(&case(arguments, facts).expect("a case"));
        }
    }
}

/// A condition, arguments and facts, each on lines of their own: `when`, a line of JSON, the rest of a case.
pub(crate) fn decide(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut parts = text.splitn(3, '\n');
    let (condition, arguments) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    // What the journal keeps of a value is the value.
    if let Ok(value) = Value::parse(arguments.as_bytes()) {
        assert_eq!(Value::parse(value.to_json().as_bytes()).ok().as_ref(), Some(&value));
        assert_eq!(serde_json::from_str::<Value>(&value.to_json()).ok(), Some(value));
    }
    let Some(case) = case(arguments, parts.next().unwrap_or_default()) else { return };
    if let Some(sets) = Sets::of(condition) {
        sets.three_values(&case);
    }
}

const ARGUMENTS: [&str; 4] = [
    "{}",
    r#"{"amount":5000.000000000000001,"note":"été","tags":["a","b",{"part":1}],"path":"/srv/data/../x","flag":true}"#,
    r#"{"amount":"1e3","note":null,"Tags":[],"path":"%2e%2e","x":{"y":{"z":[[1]]}},"due":"2026-01-05T12:00:00Z"}"#,
    r#"{"amount":1e400,"note":["ı"],"tags":{"0":"a"},"path":"a","flag":"true","x":9223372036854775807}"#,
];

fn folder(default: &str) -> Documents {
    let mut documents = Documents::new();
    documents.insert("set.toml", format!("default = \"{default}\"\n"));
    documents
}

fn set(kind: &str, default: &str, condition: &str) -> Option<PolicySet> {
    let mut documents = folder(default);
    let when = Value::from(condition).to_json();
    documents.insert(
        "p.toml",
        format!("name = \"p\"\nwhen = {when}\ntrust_claims = true\n[action]\nkind = \"{kind}\"\n"),
    );
    PolicySet::compile(&documents).ok()
}

/// The policies that one condition can stand in.
struct Sets {
    deny: PolicySet,
    allow: PolicySet,
    /// A deny on its negation, unless that is nested too deeply.
    turned: Option<PolicySet>,
}

impl Sets {
    /// None where the text is no condition.
    fn of(condition: &str) -> Option<Sets> {
        let deny = set("deny", "allow", condition)?;
        let allow = set("allow", "deny", condition).expect("an allow takes what a deny takes");
        Some(Sets { deny, allow, turned: set("deny", "allow", &format!("!({condition}\n)")) })
    }

    /// I7, and Kleene's negation.
    fn three_values(&self, case: &Case) {
        let (denied, allowed) = (agree(&self.deny, case), agree(&self.allow, case));
        let (applied, own) = (applied(&denied), applied(&allowed));
        assert_eq!(denied.outcome != Outcome::Allowed, applied != Applied::No, "I7: in doubt a deny applies");
        assert_eq!(
            allowed.outcome == Outcome::Allowed,
            own == Applied::Yes,
            "I7: in doubt an allow does not"
        );
        let Some(turned) = self.turned.as_ref().filter(|_| case.facts.tool.defaults.is_empty()) else {
            return;
        };
        assert_eq!(applied, own, "without defaults nothing depends on the action");
        let opposite = match applied {
            Applied::Yes => Applied::No,
            Applied::No => Applied::Yes,
            Applied::Undetermined => Applied::Undetermined,
        };
        let turned = self::applied(&agree(turned, case));
        assert_eq!(turned, opposite, "a negation turns true and false round, and nothing else");
    }
}

fn applied(decision: &Decision) -> Applied {
    decision.trace.policies.first().map_or(Applied::No, |policy| policy.applied)
}

fn case(arguments: &str, facts: &str) -> Option<Case> {
    let text = format!(
        "[[case]]\nname = \"x\"\ntool = \"a/b\"\nexpect = \"deny\"\njson = {}\n{facts}",
        Value::from(arguments).to_json()
    );
    cases::parse(&text).ok()?.into_iter().next()
}

/// The decision on a call: the same with its trace and without, and every time.
fn agree(set: &PolicySet, case: &Case) -> Decision {
    let decision = judged(set, &case.call, &case.facts);
    let conclusion = conclude(set, &case.call, &case.facts);
    assert_eq!(decision.outcome, conclusion.outcome());
    assert_eq!(decision.trace.by_default, conclusion.is_by_default());
    assert_eq!(decision, judged(set, &case.call, &case.facts));
    decision
}
