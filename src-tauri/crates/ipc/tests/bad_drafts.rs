//! What an author may get wrong: each is said where it is, nothing is lost, and nothing is half saved.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something is not as it must be"
)]

mod desktop;

use desktop::Desktop;
use serde_json::{Value, json};

/// A draft with this condition, and what Rust says of it.
async fn read(desktop: &Desktop, tools: &[&str], when: &str) -> (Value, Value) {
    let mut draft = desktop.draft().await;
    (draft["name"], draft["when"], draft["tools"]) = (json!("Tried"), json!(when), json!(tools));
    let view = desktop.told("read_draft", json!({"draft": draft})).await;
    (draft, view)
}

fn codes(view: &Value) -> Vec<&str> {
    view["findings"].as_array().unwrap().iter().filter_map(|finding| finding["code"].as_str()).collect()
}

#[tokio::test]
async fn broken_cel_is_pointed_at_and_is_not_saved() {
    let desktop = Desktop::start(&[]).await;
    for (when, at) in [("amount > ", 8), ("amount > 5 &&", 13), ("(amount > 5", 11), ("amount >> 5", 8)] {
        let (draft, view) = read(&desktop, &["practice/create_expense"], when).await;
        let found = view["text_problem"]["at"].as_u64().unwrap_or_else(|| panic!("{when}: {view}"));
        assert!(found.abs_diff(at) <= 1, "{when}: pointed at {found}");
        assert_eq!((&view["save"]["can"], &view["file"]), (&json!(false), &Value::Null), "{when}");
        let refused = desktop.ask("save_policy", json!({"draft": draft})).await.unwrap_err();
        assert_eq!(refused.code, "unfinished", "{when}");
    }
    assert!(desktop.text("policies/tried.toml").is_none());
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn an_attribute_that_nothing_has_is_said_on_its_row() {
    let desktop = Desktop::start(&[]).await;
    let (_, view) = read(&desktop, &["practice/create_expense"], "user.shoe_size > 40").await;
    let finding = view["findings"].as_array().unwrap().iter().find(|finding| finding["row"] == 0);
    let finding = finding.unwrap_or_else(|| panic!("{view}"));
    assert!(finding["sentence"].as_str().unwrap().contains("shoe_size"), "{finding}");
    assert_eq!(finding["code"], "unknown_attribute");
    assert!(finding["from"].is_number() && finding["to"].is_number(), "{finding}");
    assert_eq!(view["tree"]["parts"][0]["attribute"], "user.shoe_size", "the row stays as it was written");
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn rows_that_contradict_each_other_are_found() {
    let desktop = Desktop::start(&[]).await;
    let (_, view) = read(&desktop, &[], "context.hour > 20 && context.hour < 8").await;
    assert!(codes(&view).contains(&"never_true"), "{view}");
    let (_, view) = read(&desktop, &[], "user.department == \"a\" || user.department != \"a\"").await;
    assert!(codes(&view).contains(&"always_true"), "{view}");
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn a_flow_that_nobody_can_satisfy_says_so_at_its_stage() {
    let desktop = Desktop::start(&[]).await;
    let mut flow = desktop.told("open_flow", json!({"id": null})).await;
    (flow["name"], flow["stages"][0]["roles"]) = (json!("Two looks"), json!(["finance"]));
    let view = desktop.told("read_flow", json!({"draft": flow})).await;
    assert_eq!(view["stages"][0]["problem"], "1 vote is needed, and only 0 people can vote");
    (flow["stages"][0]["roles"], flow["stages"][0]["exclude_requester"]) = (json!(["employee"]), json!(true));
    let view = desktop.told("read_flow", json!({"draft": flow})).await;
    let problem = view["stages"][0]["problem"].as_str().unwrap();
    assert!(problem.contains("where one of them asks"), "{problem}");
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn an_upstream_that_vanished_takes_nothing_of_a_policy_with_it() {
    let text = "name = \"Large\"\nwhen = 'amount > 500'\n[target]\ntools = [\"practice/create_expense\"]\n[action]\nkind = \"deny\"\n";
    let desktop = Desktop::start(&[("policies/large.toml", text)]).await;
    let catalogue = desktop.told("catalogue", json!({"tools": ["practice/create_expense"]})).await;
    let problem = catalogue["problems"][0]["message"].as_str().unwrap_or_else(|| panic!("{catalogue}"));
    assert!(problem.contains("practice"), "{problem}");
    let mut draft = desktop.told("open_draft", json!({"from": {"kind": "policy", "id": "large"}})).await;
    draft["description"] = json!("Written while it was away.");
    let view = desktop.told("read_draft", json!({"draft": draft})).await;
    assert_eq!(
        (&view["tree"]["parts"][0]["attribute"], &view["save"]["can"]),
        (&json!("amount"), &json!(true))
    );
    desktop.told("save_policy", json!({"draft": draft})).await;
    let saved = desktop.text("policies/large.toml").unwrap();
    assert!(saved.contains("when = 'amount > 500'") && saved.contains("Written while"), "{saved}");
    desktop.engine.shutdown().await;
}

#[tokio::test]
async fn a_policy_cannot_take_the_name_of_one_of_doorwards_own_files() {
    let desktop = Desktop::start(&[]).await;
    for name in ["People", "Agents", "Upstreams", "Set", "Cases"] {
        let mut draft = desktop.draft().await;
        draft["name"] = json!(name);
        let view = desktop.told("read_draft", json!({"draft": draft})).await;
        assert_eq!(view["id"], json!(format!("{}-2", name.to_lowercase())));
    }
    desktop.engine.shutdown().await;
}
