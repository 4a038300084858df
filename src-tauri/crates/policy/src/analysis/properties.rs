//! What the analysis proves is never contradicted by a call.

use super::{FALSE, NOT_FALSE, TRUE, possible};
use crate::{Truth, Value, condition::Condition, condition::lookup::View, sample};
use proptest::prelude::*;

fn parse(text: &str) -> Condition {
    Condition::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

fn never(text: &str) -> bool {
    !possible(&[(&parse(text), TRUE)])
}

fn always(text: &str) -> bool {
    !possible(&[(&parse(text), FALSE)])
}

#[test]
fn what_contradicts_itself_is_never_true() {
    for text in [
        "false",
        "amount > 10 && amount < 5",
        "amount > 5 && amount <= 5",
        "amount == 5 && amount != 5.0",
        "amount in [1, 2] && amount > 2",
        "between(amount, 1, 5) && !(amount < 6)",
        "amount >= 1 && amount <= 3 && !between(amount, 0, 3)",
        "amount >= 1 && amount <= 3 && !between(amount, 1, 2) && !between(amount, 2, 3)",
        "amount > 5 && amount == \"x\"",
        "amount > 5 && !has(amount)",
        "has(amount) && amount == null",
        "currency == \"EUR\" && currency == \"USD\"",
        "currency in [\"EUR\", \"USD\"] && !(currency in [\"USD\", \"EUR\"])",
        "currency == \"EUR\" && ignoreCase(currency) == \"usd\"",
        "ignoreCase(currency) == \"EUR\" && ignoreCase(currency) != \"eur\"",
        "name.startsWith(\"ab\") && name.startsWith(\"b\")",
        "name.endsWith(\"ab\") && name.endsWith(\"a\")",
        "name.startsWith(\"abc\") && !name.startsWith(\"ab\")",
        "name.startsWith(\"abc\") && !name.contains(\"b\")",
        "name == \"caf\u{e9}\" && name != \"cafe\u{301}\"",
        "name == \"abc\" && name.matches(\"^b\")",
        "name.matches(\"a^b\")",
        "name.matches(\"(a)$[b-c]+\")",
        "name.matches(\"[^\\\\s\\\\S]\")",
        "name.matches(\"x\") && !name.matches(\"x\")",
        "path.within(\"/srv/a\") && path.within(\"/srv/b\")",
        "path.within(\"/srv/a/b\") && !path.within(\"/srv/a\")",
        "context.hour > 23",
        "context.hour > 5 && context.hour < 6",
        "context.calls_last_minute < 0",
        "context.weekday == \"monday\" && context.weekday == \"tuesday\"",
        "!(context.weekday in [\"monday\", \"tuesday\", \"wednesday\", \"thursday\", \"friday\", \"saturday\", \"sunday\"])",
        "timestamp(due) < timestamp(\"2026-01-01T00:00:00Z\") && timestamp(due) > timestamp(\"2026-01-01T01:00:00+01:00\")",
        "user.role == \"a\" && user.role != \"a\"",
        "\"a\" in user.roles && !(user.role in [\"a\", \"b\"])",
        "!has(user.id)",
        "tags.all(t, t == \"a\") && tags.exists(t, t == \"b\")",
        "tags.exists(t, t == \"a\") && tags == \"a\"",
        "items.exists(i, i.price > 5) && items.all(i, i.price <= 5)",
        "size(tags) > 3 && !(size(tags) > 3)",
        "(amount > 10 || note == \"x\") && amount < 5 && note == \"y\"",
        "tool.read_only && !tool.read_only",
    ] {
        assert!(never(text), "{text}");
        assert!(always(&format!("!({text})")), "{text}");
    }
}

#[test]
fn what_some_call_satisfies_is_not_called_impossible() {
    for text in [
        "true",
        "amount > 5 && amount < 5.000000000000000001",
        "amount >= 5 && amount <= 5",
        "between(amount, 5, 6) && amount == 5",
        "amount >= 5 && amount in [5, 6]",
        "user.role == \"a\" && user.role == \"b\"",
        "user.role == \"a\" && !(user.role in [\"b\"])",
        "tags.exists(t, t == \"a\") && tags.exists(t, t == \"b\")",
        "!(amount > 5) && !(amount <= 5)",
        "amount != 5 && !has(amount)",
        "context.hour >= 22 || context.hour < 6",
        "name.startsWith(\"ab\") && name.endsWith(\"ba\")",
        "context.calls_last_minute > 5000",
        "name.matches(\"^a|b$\")",
        "!tags.exists(t, t == \"a\") && !tags.all(t, t == \"b\")",
    ] {
        assert!(!never(text), "{text}");
    }
    for text in ["amount > 5 || amount <= 5", "has(amount) || amount == null || tags.exists(t, t == \"x\")"] {
        assert!(!always(&format!("({text}) && amount > 5")), "{text}");
    }
}

#[test]
fn a_long_search_gives_up_and_claims_nothing() {
    // The contradiction stands behind two to the sixtieth ways through the rest.
    let mut parts: Vec<String> = (0..60).map(|at| format!("(a{at} == 1 || b{at} == 1)")).collect();
    parts.push("(x == 1 || x == 2) && (x == 3 || x == 4)".to_owned());
    let condition = parse(&parts.join(" && "));
    let mut search = super::Search { leaves: Vec::new(), steps: 0 };
    assert!(search.meet(vec![(&condition, TRUE)]));
    assert!(search.steps <= super::MOST_STEPS * 2, "{}", search.steps);
    // What needs no choice is looked at first.
    parts.push("y == 1 && y == 2".to_owned());
    assert!(never(&parts.join(" && ")));
}

const LEAVES: [&str; 40] = [
    "amount > 5",
    "amount >= 6",
    "amount < 6",
    "amount <= 5",
    "amount == 5",
    "amount != 5",
    "amount in [5, 6, 7]",
    "between(amount, 5, 6)",
    "amount == \"5\"",
    "has(amount)",
    "currency == \"EUR\"",
    "currency != \"EUR\"",
    "currency in [\"EUR\", \"USD\"]",
    "ignoreCase(currency) == \"eur\"",
    "ignoreCase(currency) != \"usd\"",
    "currency.startsWith(\"E\")",
    "currency.startsWith(\"EU\")",
    "currency.startsWith(\"U\")",
    "currency.endsWith(\"R\")",
    "currency.contains(\"U\")",
    "currency.matches(\"^E\")",
    "has(currency)",
    "flag",
    "flag == false",
    "tags.exists(t, t == \"a\")",
    "tags.all(t, t == \"a\")",
    "tags.all(t, !(t == \"a\"))",
    "tags.exists(t, t != \"a\")",
    "has(tags)",
    "user.role == \"a\"",
    "user.role != \"a\"",
    "user.role in [\"a\", \"b\"]",
    "\"b\" in user.roles",
    "has(user.role)",
    "context.locked",
    "has(context.locked)",
    "path.within(\"/srv\")",
    "path.within(\"/srv/data\")",
    "timestamp(currency) < timestamp(\"2026-01-05T12:00:00Z\")",
    "amount + 1 > 5",
];

fn condition() -> impl Strategy<Value = String> {
    let leaf = (0..LEAVES.len()).prop_map(|at| LEAVES[at].to_owned());
    leaf.prop_recursive(4, 10, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|parts| format!("({})", parts.join(") && ("))),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|parts| format!("({})", parts.join(") || ("))),
            inner.prop_map(|part| format!("!({part})")),
        ]
    })
}

const NUMBERS: [&str; 9] = ["5", "5.0", "5.5", "6", "7", "\"5\"", "null", "1e999", "[5]"];
const TEXTS: [&str; 10] = [
    "\"EUR\"",
    "\"eur\"",
    "\"USD\"",
    "\"\"",
    "5",
    "null",
    "\"EU\"",
    "\"2026-01-05T11:00:00Z\"",
    "true",
    "{\"a\":1}",
];
const LISTS: [&str; 8] = ["[]", "[\"a\"]", "[\"a\",\"b\"]", "[\"b\"]", "[5]", "[null]", "\"a\"", "[\"a\",5]"];
const PATHS: [&str; 4] = ["\"/srv/data/a\"", "\"/srv/x\"", "\"/etc\"", "5"];

type Choice = (Option<usize>, Option<usize>, Option<usize>, Option<usize>, Option<bool>, usize, bool, bool);

fn choice() -> impl Strategy<Value = Choice> {
    let one = |length: usize| prop::option::weighted(0.8, 0..length);
    (
        one(NUMBERS.len()),
        one(TEXTS.len()),
        one(LISTS.len()),
        one(PATHS.len()),
        prop::option::of(any::<bool>()),
        0..4_usize,
        any::<bool>(),
        any::<bool>(),
    )
}

/// How a condition comes out for one random call.
fn truth(condition: &Condition, choice: &Choice) -> Truth {
    let (amount, currency, tags, path, flag, roles, required, defaults) = choice;
    let mut members = Vec::new();
    for (key, at, from) in [
        ("amount", amount, NUMBERS.as_slice()),
        ("currency", currency, TEXTS.as_slice()),
        ("tags", tags, LISTS.as_slice()),
        ("path", path, PATHS.as_slice()),
    ] {
        members.extend(at.map(|at| format!("\"{key}\":{}", from[at])));
    }
    members.extend(flag.map(|flag| format!("\"flag\":{flag}")));
    let (call, mut facts) = (sample::call(&format!("{{{}}}", members.join(","))), sample::facts());
    let roles: &[&str] = [&[][..], &["a"], &["b"], &["a", "b"]][*roles];
    facts.user.roles = roles.iter().map(|role| (*role).to_owned()).collect();
    facts.context.locked = *flag;
    if *required {
        facts.tool.required = ["amount".to_owned(), "tags".to_owned()].into();
        facts.tool.defaults = [("currency".to_owned(), Value::from("EUR"))].into();
    }
    condition.truth(&View { call: &call, facts: &facts, defaults: *defaults })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn never_and_always_are_never_contradicted(
        text in condition(), choices in prop::collection::vec(choice(), 60),
    ) {
        let condition = parse(&text);
        let (may_hold, may_fail) = (possible(&[(&condition, TRUE)]), possible(&[(&condition, FALSE)]));
        let may_count = possible(&[(&condition, NOT_FALSE)]);
        for choice in &choices {
            let came_out = truth(&condition, choice);
            prop_assert!(may_hold || came_out != Truth::True, "never true, but {choice:?}: {text}");
            prop_assert!(may_fail || came_out != Truth::False, "always true, but {choice:?}: {text}");
            prop_assert!(may_count || came_out == Truth::False, "always false, but {choice:?}: {text}");
        }
    }

    #[test]
    fn two_conditions_that_exclude_each_other_never_meet(
        one in condition(), other in condition(), choices in prop::collection::vec(choice(), 60),
    ) {
        let (a, b) = (parse(&one), parse(&other));
        if !possible(&[(&a, NOT_FALSE), (&b, FALSE)]) {
            for choice in &choices {
                let met = truth(&a, choice) != Truth::False && truth(&b, choice) == Truth::False;
                prop_assert!(!met, "{choice:?}: {one} without {other}");
            }
        }
    }
}
