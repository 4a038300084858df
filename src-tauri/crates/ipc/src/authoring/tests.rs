//! What the shapes promise the window.

use super::operators;
use super::wire::{Editor, TreeNode};
use policy::authored::ReadCondition;
use policy::catalogue::{Kind, facts};
use std::collections::BTreeSet;

const CONDITIONS: [&str; 8] = [
    "amount > 5000 && (user.role != \"finance\" || !has(note))",
    "!(a == 1 || b in [\"x\", \"y\"])",
    "tags.exists(x, x.startsWith(\"p\")) && !items.all(x, !(x.price <= 1.50))",
    "\"finance\" in user.roles",
    "context.time < timestamp(\"2026-01-05T12:00:00Z\")",
    "between(amount, 1, 2) || !path.within(\"/srv/data\")",
    "ignoreCase(note).contains(\"x\") && amount + tax > 100",
    "!(!(a == 1) && tool.read_only == true)",
];

#[test]
fn trees_cross_to_the_window_and_back_unchanged() {
    for text in CONDITIONS {
        let node = ReadCondition::of_text(text, &BTreeSet::new()).unwrap().tree;
        let json = serde_json::to_value(&node).unwrap();
        let wire: TreeNode = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&wire).unwrap(), json, "{text}");
    }
}

#[test]
fn every_operator_of_every_fact_has_words_and_values_it_takes() {
    for entry in facts() {
        let editor = if entry.kinds == [Kind::Time] { Editor::Time } else { Editor::Text };
        let choices = operators::offered(&entry.operators, &entry.kinds, editor, false);
        let ids: BTreeSet<&str> = choices.iter().map(|choice| choice.id.as_str()).collect();
        assert_eq!(ids.len(), choices.len(), "{}", entry.path);
        for choice in &choices {
            let takes_some = choice.takes != super::wire::Takes::Nothing;
            assert_eq!(takes_some, !choice.kinds.is_empty(), "{} {}", entry.path, choice.id);
        }
    }
}

#[test]
fn every_comparison_that_is_offered_can_be_written_read_and_found_again() {
    let schema = r#"{"name":"t","inputSchema":{"type":"object","additionalProperties":false,"properties":{
        "amount":{"type":"number"},"count":{"type":"integer"},"note":{"type":"string"},"path":{"type":"string","description":"path of a file"},
        "currency":{"enum":["EUR","USD"]},"flag":{"type":"boolean"},"due":{"type":"string","format":"date-time"},
        "tags":{"type":"array","items":{"type":"string"}},"items":{"type":"array","items":{"type":"object","properties":{"price":{"type":"number"}}}},
        "open":{},"deep":{"type":"object","properties":{"odd key":{"type":"string"}}}}}}"#;
    let tool =
        policy::catalogue::ToolEntry::of("x", &policy::Value::parse(schema.as_bytes()).unwrap()).unwrap();
    let mut tried = 0;
    for attribute in super::choices::attributes(&[&tool], &[], &super::history::Seen::default()) {
        for choice in &attribute.operators {
            for kind in choice.kinds.iter().map(Some).chain(choice.kinds.is_empty().then_some(None)) {
                let value = kind.map(|kind| {
                    let text = match (kind, attribute.id.as_str(), choice.operator.as_str()) {
                        (super::wire::WireValueKind::Number, ..) => "5",
                        (super::wire::WireValueKind::Flag, ..) => "true",
                        (super::wire::WireValueKind::Time, ..) => "2026-01-05T12:00:00Z",
                        (_, "context.weekday", _) => "monday",
                        (_, "upstream.transport", _) => "http",
                        (_, _, "within_path") => "/srv/data",
                        _ => "EUR",
                    };
                    serde_json::json!({"kind": kind, "text": text})
                });
                let count = match choice.takes {
                    super::wire::Takes::Nothing => 0,
                    super::wire::Takes::One => 1,
                    _ => 2,
                };
                let each = attribute.part.as_ref().map(|part| {
                    serde_json::json!({"all": choice.each_all, "negated": choice.each_negated, "part": part})
                });
                let row = serde_json::json!({
                    "kind": "row", "attribute": attribute.attribute, "each": each, "operator": choice.operator,
                    "negated": choice.negated, "ignore_case": false, "values": vec![value; count],
                });
                let node: policy::Node = serde_json::from_value(row).unwrap();
                let name = format!("{} {}", attribute.id, choice.id);
                let read = ReadCondition::of_tree(&node, None, &BTreeSet::new());
                let read = read.unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
                assert_eq!(read.tree, node, "{name}: {}", read.text);
                let again = ReadCondition::of_text(&read.text, &BTreeSet::new()).unwrap();
                assert_eq!(again.tree, node, "{name}: {}", read.text);
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "only {tried} were tried");
}
