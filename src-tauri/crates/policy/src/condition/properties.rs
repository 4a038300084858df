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

/// `amount > 17.5e3`, `currency in ["a", "b"]`, … with any names and values.
fn written() -> impl Strategy<Value = String> {
    let attribute = prop_oneof![
        3 => Just("amount".to_owned()),
        2 => Just("note".to_owned()),
        1 => Just("user.level".to_owned()),
        1 => "[a-z_]{1,4}(\\.[a-z]{1,3}|\\[[0-9]{1,2}\\])?".prop_map(|name| format!("args.{name}")),
        1 => "\\PC{1,6}".prop_map(|name| format!("args[{}]", crate::Value::from(name).to_json())),
    ];
    let number = || "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,6})?(e-?[0-9]{1,2})?";
    let text = || "\\PC{1,6}|[\"\\\\\n\u{301}]{1,4}".prop_map(|text| crate::Value::from(text).to_json());
    let time = "20[0-9]{2}-0[1-9]-[0-2][1-8]T1[0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]0[0-9]:30)";
    let order = prop_oneof![Just(">"), Just(">="), Just("<"), Just("<=")];
    let same = prop_oneof![Just("=="), Just("!=")];
    let method = prop_oneof![Just("contains"), Just("startsWith"), Just("endsWith")];
    let test = prop_oneof![
        (order.clone(), number()).prop_map(|(sign, number)| format!("$ {sign} {number}")),
        (same.clone(), number()).prop_map(|(sign, number)| format!("$ {sign} {number}")),
        (same.clone(), text()).prop_map(|(sign, text)| format!("$ {sign} {text}")),
        (same, any::<bool>()).prop_map(|(sign, flag)| format!("$ {sign} {flag}")),
        prop::collection::vec(text(), 1..4).prop_map(|list| format!("$ in [{}]", list.join(", "))),
        prop::collection::vec(number(), 1..4).prop_map(|list| format!("$ in [{}]", list.join(", "))),
        (method, text()).prop_map(|(method, text)| format!("$.{method}({text})")),
        text().prop_map(|text| format!("ignoreCase($) == {text}")),
        (order, time).prop_map(|(sign, time)| format!("timestamp($) {sign} timestamp(\"{time}\")")),
        Just("has($)".to_owned()),
        "(/[a-z.]{1,3}){1,3}".prop_map(|folder| format!("$.within(\"{folder}\")")),
    ];
    let each = prop_oneof![Just("exists"), Just("all")];
    (attribute, test, prop::option::of((each, any::<bool>()))).prop_map(
        |(attribute, test, each)| match each {
            None => test.replacen('$', &attribute, 1),
            Some((each, negated)) => {
                let body = test.replacen('$', "entry.part", 1);
                format!("{attribute}.{each}(entry, {})", if negated { format!("!({body})") } else { body })
            }
        },
    )
}

/// Arguments in which some of the names above are there, with values of every type.
fn arguments() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        "-?(0|[1-9][0-9]{0,4})(\\.[0-9]{1,3})?",
        "\\PC{0,4}".prop_map(|text| crate::Value::from(text).to_json()),
        Just("\"2026-01-05T12:00:00Z\"".to_owned()),
        Just("\"/srv/data\"".to_owned()),
    ];
    let value = value.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
            inner.clone().prop_map(|part| format!("[{{\"part\":{part}}}]")),
            inner.prop_map(|part| format!("{{\"part\":{part}}}")),
        ]
    });
    prop::collection::btree_map(
        prop_oneof![Just("amount"), Just("note"), Just("a"), Just("Amount")],
        value,
        0..4,
    )
    .prop_map(|members| {
        let members: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

fn tree() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        9 => written().prop_filter_map("a shape that is refused", |text| Condition::parse(&text).ok()),
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
    fn a_tree_as_the_builder_has_it_is_the_same_condition(tree in tree()) {
        let text = tree.to_string();
        prop_assume!(text.chars().count() <= MAX_TEXT && tree.leaves().len() <= MAX_LEAVES);
        let node = tree.node();
        let again = super::tree::condition(&node).map_err(|errors| TestCaseError::fail(format!("{text}: {errors:?}")))?;
        prop_assert_eq!(&again, &tree, "{}", text);
        prop_assert_eq!(again.node(), node, "{}", text);
    }

    #[test]
    fn a_condition_is_written_into_any_other_as_itself(older in tree(), newer in tree()) {
        let (before, wanted) = (older.to_string(), newer.to_string());
        prop_assume!(before.len() + wanted.len() <= MAX_TEXT && older.leaves().len() + newer.leaves().len() <= MAX_LEAVES);
        let text = super::reword::reworded(&before, &newer);
        prop_assert_eq!(Condition::parse(&text).ok(), Some(newer), "{} into {}: {}", wanted, before, text);
    }

    #[test]
    fn a_leaf_with_any_values_is_read_and_judges_as_its_own_text(text in written(), arguments in arguments()) {
        let (call, facts) = (sample::call(&arguments), sample::facts());
        let view = View { call: &call, facts: &facts, defaults: false };
        if let Ok(read) = Condition::parse(&text) {
            let again = Condition::parse(&read.to_string()).map_err(|error| TestCaseError::fail(format!("{read}: {error:?}")))?;
            prop_assert_eq!(&again, &read, "{}", text);
            prop_assert_eq!(again.truth(&view), read.truth(&view), "{} on {}", text, arguments);
            let negated = Condition::parse(&format!("!({text})")).unwrap();
            prop_assert_eq!(negated.truth(&view), evaluate::not(read.truth(&view)), "{} on {}", text, arguments);
        }
    }

    #[test]
    fn native_predicates_agree_with_the_cel_library_on_any_values(
        sign in prop_oneof![Just(">"), Just(">="), Just("<"), Just("<="), Just("=="), Just("!=")],
        literal in -400_i32..400, amount in -400_i32..400, wanted in "[abé\"]{1,2}", note in "[abé\"]{0,4}",
        method in prop_oneof![Just("contains"), Just("startsWith"), Just("endsWith")],
        list in prop::collection::vec(-3_i64..3, 1..4), whole in -3_i64..3,
    ) {
        // Quarters: a double says them exactly.
        let (literal, amount) = (f64::from(literal) / 4.0, f64::from(amount) / 4.0);
        let wanted = crate::Value::from(wanted).to_json();
        let list: Vec<String> = list.iter().map(ToString::to_string).collect();
        let arguments = format!("{{\"amount\":{amount:?},\"note\":{},\"whole\":{whole}}}", crate::Value::from(note.as_str()).to_json());
        let (call, facts) = (sample::call(&arguments), sample::facts());
        for text in [
            format!("amount {sign} {literal:?}"),
            format!("{literal:?} {sign} amount"),
            format!("note.{method}({wanted})"),
            format!("note == {wanted} || !(note != {wanted})"),
            format!("whole in [{}] && amount {sign} {literal:?}", list.join(", ")),
        ] {
            let condition = Condition::parse(&text).unwrap();
            prop_assert!(condition.leaves().iter().all(|leaf| matches!(leaf, Condition::Typed(_))));
            let ours = condition.truth(&View { call: &call, facts: &facts, defaults: false });
            let mut context = cel::Context::default();
            context.add_variable_from_value("amount", amount);
            context.add_variable_from_value("note", note.as_str());
            context.add_variable_from_value("whole", whole);
            let theirs = cel::Program::compile(&text).unwrap().execute(&context);
            let theirs = match theirs {
                Ok(cel::Value::Bool(true)) => Truth::True,
                Ok(cel::Value::Bool(false)) => Truth::False,
                other => return Err(TestCaseError::fail(format!("{text}: {other:?}"))),
            };
            prop_assert_eq!(ours, theirs, "{} on {}", text, arguments);
        }
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
