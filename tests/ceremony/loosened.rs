//! A policy that is loosened in the builder of the real app, with a real browser for the passkey: that it is needed is
//! said before Save is pressed, and nothing is in force or on the disk until it was used.

use super::desktop::{enrolled, window};
use super::support::home::ALLOW;
use super::support::window::Window;
use serde_json::{Value, json};

const LIMIT: (&str, &str) = (
    "limit.toml",
    "# Agreed on in spring.\nname = \"Expenses have a limit\"\nwhen = 'amount > 500'\n[target]\ntools = [\"ledger/create_expense\"]\n[action]\nkind = \"deny\"\n",
);

async fn sets_limit(window: &Window, amount: &str) {
    let value = window.find("[data-path=\"0\"] [data-testid=value]").await;
    value.clear().await.unwrap();
    value.send_keys(amount).await.unwrap();
    window.text_with("[data-testid=sentence]", amount).await;
}

fn file(window: &Window) -> String {
    std::fs::read_to_string(window.home.paths().policies().join(LIMIT.0)).unwrap()
}

fn expense(amount: u32) -> Value {
    json!({ "amount": amount, "currency": "EUR", "category": "travel" })
}

#[tokio::test(flavor = "multi_thread")]
async fn i6_a_policy_is_loosened_in_the_builder_only_once_the_passkey_was_used() {
    let window = window(&[ALLOW, LIMIT]).await;
    let mut chromium = enrolled(&window).await;
    let agent = window.agent("ledger").await;
    window.go("policies").await;
    window.press("edit-limit").await;

    agent.call("create_expense", expense(1000)).await.refused("denied");

    // Loosened: while the page is open, and with somebody who is not recognised, nothing of it is anywhere but in the
    // draft.
    sets_limit(&window, "5000").await;
    window.element("save-proof").await;
    window.text_with("[data-testid=save-policy]:not([disabled])", "Save, needs your passkey").await;
    window.press("save-policy").await;
    let page = window.opened_page();
    window.text_with("[data-testid=save-policy]", "Waiting for your passkey in the browser").await;
    chromium.open(&page).await;
    chromium.says("limit.toml").await;
    let seen = chromium.look().await;
    assert!(seen["text"].as_str().unwrap().contains("`limit.toml` is changed"), "{seen}");
    chromium.tell("verified", json!({ "is": false })).await;
    chromium.tell("click", json!({ "id": "use" })).await;
    chromium.says("No passkey was used.").await;
    assert!(file(&window).contains("amount > 500"), "{}", file(&window));
    agent.call("create_expense", expense(1000)).await.refused("denied");

    // Proven: in force and on the disk, with the comment that was there.
    chromium.tell("verified", json!({ "is": true })).await;
    chromium.tell("click", json!({ "id": "use" })).await;
    window.element("saved").await;
    let text = file(&window);
    assert!(text.contains("# Agreed on in spring.") && text.contains("amount > 5000"), "{text}");
    agent.call("create_expense", expense(1000)).await.ran();
    window.close().await;
}
