//! Trees as the window has them: written as text by one command, read back by another, they are the same trees.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something is not as it must be"
)]

mod desktop;

use desktop::Desktop;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

/// Of these at most; each is two commands of the host.
const TREES: u32 = 150;

fn row() -> impl Strategy<Value = Value> {
    let text = prop_oneof![Just("EUR"), Just(""), Just("a \"b\" \\ 'c'"), Just("ü–\n\t"), Just("travel")];
    let texts = (prop_oneof![Just("note"), Just("user.name"), Just("meta[\"odd key\"]")], text.clone());
    let one = prop_oneof![
        Just("equals"),
        Just("not_equals"),
        Just("contains"),
        Just("starts_with"),
        Just("ends_with"),
    ];
    let worded = (texts, one, any::<bool>(), any::<bool>()).prop_map(
        |((attribute, value), operator, negated, case)| {
            // Equality is turned by its own operator, not by a mark.
            let equality = operator.contains("equals");
            let negated = negated && !equality;
            // Every text begins with the empty one: that is refused, as a row that says nothing.
            let value = if value.is_empty() && !equality { "x" } else { value };
            line(attribute, operator, negated, case, json!([{"kind": "text", "text": value}]))
        },
    );
    let sign = prop_oneof![Just("greater"), Just("greater_or_equal"), Just("less"), Just("less_or_equal")];
    let numbers =
        (sign, prop_oneof![Just("5000"), Just("-1.50"), Just("0.000000000000000001")], any::<bool>())
            .prop_map(|(operator, value, negated)| {
                line("amount", operator, negated, false, json!([{"kind": "number", "text": value}]))
            });
    let between = any::<bool>().prop_map(|negated| {
        line(
            "amount",
            "between",
            negated,
            false,
            json!([{"kind": "number", "text": "1"}, {"kind": "number", "text": "2.5"}]),
        )
    });
    let lists = (prop_oneof![Just("in_list"), Just("not_in_list")], prop::collection::vec(text, 1..4))
        .prop_map(|(operator, values)| {
            let values: Vec<Value> =
                values.iter().map(|text| json!({"kind": "text", "text": text})).collect();
            line("category", operator, false, false, json!(values))
        });
    let given = prop_oneof![Just("is_present"), Just("is_missing")]
        .prop_map(|operator| line("note", operator, false, false, json!([])));
    let flag = any::<bool>().prop_map(|value| {
        line("tool.destructive", "equals", false, false, json!([{"kind": "flag", "text": value.to_string()}]))
    });
    let time = any::<bool>().prop_map(|negated| {
        line(
            "context.time",
            "before",
            negated,
            false,
            json!([{"kind": "time", "text": "2026-01-05T12:00:00Z"}]),
        )
    });
    let path = any::<bool>().prop_map(|negated| {
        line("path", "within_path", negated, false, json!([{"kind": "text", "text": "/srv/data"}]))
    });
    let free = any::<bool>()
        .prop_map(|negated| json!({"kind": "free", "negated": negated, "text": "amount + tax > 100"}));
    prop_oneof![worded, numbers, between, lists, given, flag, time, path, free]
}

fn line(attribute: &str, operator: &str, negated: bool, ignore_case: bool, values: Value) -> Value {
    json!({"kind": "row", "attribute": attribute, "each": null, "operator": operator, "negated": negated,
        "ignore_case": ignore_case, "values": values})
}

fn tree() -> impl Strategy<Value = Value> {
    let group = |parts: Vec<Value>, any: bool, negated: bool| json!({"kind": "group", "joined": if any { "any" } else { "all" }, "negated": negated, "parts": parts});
    row().prop_recursive(4, 24, 5, move |inner| {
        (prop::collection::vec(inner, 2..5), any::<bool>(), any::<bool>())
            .prop_map(move |(parts, any, negated)| group(parts, any, negated))
    })
}

#[tokio::test]
async fn random_trees_are_the_same_after_text_and_back() {
    let desktop = Desktop::start(&[]).await;
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..TREES {
        let tree = tree().new_tree(&mut runner).unwrap().current();
        let mut draft = desktop.draft().await;
        (draft["name"], draft["tree"]) = (json!("Random"), tree.clone());
        let written = desktop.told("read_draft", json!({"draft": draft})).await;
        let text = written["text"].as_str().unwrap_or_else(|| panic!("{tree}\n{written}"));
        // What Rust made of the tree itself; groups of the same kind that stand in each other may have joined.
        let first = written["tree"].clone();
        (draft["tree"], draft["when"]) = (Value::Null, json!(text));
        let read = desktop.told("read_draft", json!({"draft": draft})).await;
        assert_eq!(read["tree"], first, "{text}");
        (draft["tree"], draft["when"]) = (first.clone(), json!(""));
        let again = desktop.told("read_draft", json!({"draft": draft})).await;
        assert_eq!((&again["text"], &again["tree"]), (&json!(text), &first), "a second time nothing moves");
        assert_eq!(leaves(&first), leaves(&tree), "no row is lost or changed: {text}");
    }
    desktop.engine.shutdown().await;
}

/// Rows with what each says, in the order written; a row's own negation may have moved into its group.
fn leaves(node: &Value) -> Vec<(Value, Value, Value)> {
    match node["parts"].as_array() {
        Some(parts) => parts.iter().flat_map(leaves).collect(),
        None => vec![(node["attribute"].clone(), node["values"].clone(), node["text"].clone())],
    }
}
