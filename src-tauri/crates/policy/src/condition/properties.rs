use super::{attribute::Attribute, lookup::View, *};
use crate::{Truth, sample};
use proptest::prelude::*;

/// Leaves of every kind, in the form they print.
const LEAVES: [&str; 26] = [
    "amount > 5000",
    "amount == -0.50",
    "args[\"odd key\"].deep[3] != 1e3",
    "user.level >= 2",
    "currency == \"EUR\"",
    "note != \"a \\\"b\\\" \\\\ \\n é\"",
    "flag == false",
    "between(amount, 1, 2)",
    "currency in [\"EUR\", \"USD\"]",
    "amount in [1, 2.0]",
    "note.contains(\"x\")",
    "ignoreCase(note).startsWith(\"X\")",
    "note.endsWith(\"'\")",
    "note.matches(\"^\\\\d+$\")",
    "has(note)",
    "path.within(\"/srv/data\")",
    "context.time < timestamp(\"2026-01-05T12:00:00Z\")",
    "timestamp(due) >= timestamp(\"2026-01-05T12:00:00+01:00\")",
    "\"finance\" in user.roles",
    "tags.exists(x, x.startsWith(\"p\"))",
    "items.all(x, x.price <= 100)",
    "items.exists(x, !(x.a.b == true))",
    "tool.read_only == true",
    "args.user == \"x\"",
    "amount + tax > 100",
    "size(tags) > 3 ? amount > 1 : amount > 2",
];

fn tree() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        9 => (0..LEAVES.len()).prop_map(|at| Condition::parse(LEAVES[at]).unwrap()),
        1 => Just(Condition::All(Vec::new())),
        1 => Just(Condition::Any(Vec::new())),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..5).prop_map(Condition::All),
            prop::collection::vec(inner.clone(), 2..5).prop_map(Condition::Any),
            inner.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

/// Shapes both this crate and the CEL library judge exactly, over parameters that are all there.
const SHARED: [&str; 14] = [
    "amount > 5",
    "amount <= 7",
    "amount == 6",
    "amount != 6",
    "9 >= amount",
    "currency == \"EUR\"",
    "currency != \"EUR\"",
    "currency in [\"EUR\", \"USD\"]",
    "amount in [5, 6, 7]",
    "note.contains(\"ab\")",
    "note.startsWith(\"b\")",
    "note.endsWith(\"b\") && flag == true",
    "note.matches(\"^a+b?$\")",
    "tags.exists(t, t == \"a\") || tags.all(t, t != \"b\")",
];

fn shared() -> impl Strategy<Value = String> {
    let leaf = (0..SHARED.len()).prop_map(|at| SHARED[at].to_owned());
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} && {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} || {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) || ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b}) && !({a})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

proptest! {
    #[test]
    fn a_tree_printed_and_read_is_the_same_tree(tree in tree()) {
        let text = tree.to_string();
        prop_assume!(text.chars().count() <= MAX_TEXT && tree.leaves().len() <= MAX_LEAVES);
        let again = Condition::parse(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error:?}")))?;
        prop_assert_eq!(&again, &tree, "{}", text);
        prop_assert_eq!(again.to_string(), text);
    }

    #[test]
    fn native_predicates_agree_with_the_cel_library(
        text in shared(), amount in -2_i64..12, currency in "EUR|USD|CHF", note in "[ab]{0,4}", flag: bool,
        tags in prop::collection::vec("[ab]", 0..3),
    ) {
        prop_assume!(text.chars().count() <= 1_000);
        let arguments = format!(
            "{{\"amount\":{amount},\"currency\":\"{currency}\",\"note\":\"{note}\",\"flag\":{flag},\"tags\":[{}]}}",
            tags.iter().map(|tag| format!("\"{tag}\"")).collect::<Vec<_>>().join(",")
        );
        let (call, facts) = (sample::call(&arguments), sample::facts());
        let ours = Condition::parse(&text).unwrap().truth(&View { call: &call, facts: &facts, defaults: false });
        let mut context = cel::Context::default();
        context.add_variable_from_value("amount", amount);
        context.add_variable_from_value("currency", currency);
        context.add_variable_from_value("note", note);
        context.add_variable_from_value("flag", flag);
        context.add_variable_from_value("tags", tags);
        let theirs = cel::Program::compile(&text).unwrap().execute(&context);
        let theirs = if theirs == Ok(cel::Value::Bool(true)) { Truth::True } else { Truth::False };
        prop_assert_eq!(ours, theirs, "{} on {}", text, arguments);
    }

    #[test]
    fn an_attribute_printed_and_read_is_the_same_attribute(
        steps in prop::collection::vec(prop_oneof![
            "[a-z_]{1,6}".prop_map(Segment::Key), "\\PC{0,6}".prop_map(Segment::Key), (0_usize..50).prop_map(Segment::Index),
        ], 0..4),
        first in prop_oneof!["[a-z_]{1,6}", "\\PC{0,6}", Just("in".to_owned()), Just("user".to_owned())],
    ) {
        let attribute = Attribute::Argument([vec![Segment::Key(first)], steps].concat());
        let text = format!("has({attribute})");
        let Ok(Condition::Typed(predicate)) = Condition::parse(&text) else { return Err(TestCaseError::fail(text)) };
        prop_assert_eq!(predicate.attribute, attribute);
    }
}
