//! A newcomer's path, once with the mouse and once with the keyboard alone: connect the practice upstream, write "deny
//! expenses above 500 EUR unless the role is finance", see what it would have done, save it, send a practice call, and
//! see it refused. An action is a click, a key that does something, or a text typed; moving there is none.

use super::support::PATIENCE;
use super::support::bus::Bus;
use super::support::home::{ALLOW, TestHome};
use super::support::program::ours;
use super::support::screen::Screen;
use super::support::window::Window;
use gateway::home::KeychainKind;
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::Instant;

const MOST_ACTIONS: u32 = 39;
const NAME: &str = "Expenses above 500 EUR";
const MESSAGE: &str = "Ask finance to file it.";
const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";
const LEFT: &str = "\u{E012}";

struct Newcomer {
    window: Window,
    actions: Cell<u32>,
}

impl Newcomer {
    async fn start() -> Newcomer {
        let home = TestHome::made(KeychainKind::Os, &[ALLOW]);
        let window = Window::open(home, Bus::with_keyring().await, Screen::start()).await;
        Newcomer { window, actions: Cell::new(0) }
    }

    fn count(&self) {
        self.actions.set(self.actions.get() + 1);
    }

    /// One click of the mouse.
    async fn click(&self, selector: &str) {
        self.count();
        self.window.press_on(selector).await;
    }

    async fn click_on(&self, test_id: &str) {
        self.click(&format!("[data-testid=\"{test_id}\"]:not([disabled])")).await;
    }

    /// A text into whatever has the focus.
    async fn types(&self, text: &str) {
        self.count();
        self.keys(text).await;
    }

    /// One key that does something.
    async fn key(&self, key: &str) {
        self.count();
        self.keys(key).await;
    }

    async fn keys(&self, text: &str) {
        let focused = self.window.client.active_element().await.expect("something has the focus");
        focused.send_keys(text).await.expect("it takes keys");
    }

    /// Moves the focus by Tab until it is there.
    async fn reach(&self, selector: &str) {
        self.window.find(selector).await;
        let limit = Instant::now() + PATIENCE;
        while !self.is_at(selector).await {
            if Instant::now() > limit {
                self.window.keep("failed").await;
                panic!("Tab never reaches `{selector}`");
            }
            self.keys(TAB).await;
        }
    }

    async fn is_at(&self, selector: &str) -> bool {
        let script =
            "return document.activeElement !== null && document.activeElement.matches(arguments[0]);";
        self.window.client.execute(script, vec![json!(selector)]).await.expect("a page") == Value::Bool(true)
    }

    async fn press(&self, test_id: &str) {
        self.reach(&format!("[data-testid=\"{test_id}\"]:not([disabled])")).await;
        self.key(ENTER).await;
    }

    /// The newest row's field.
    fn newest(&self, row: u32, field: &str) -> String {
        format!("[data-path=\"{row}\"] [data-testid={field}]")
    }

    /// One entry of the menu of the system that has the focus, with the keyboard: its first letter goes from one entry
    /// that begins so to the next, however fast it is typed.
    async fn steps_to(&self, label: &str) {
        let shown = "const menu = document.activeElement; return menu.selectedOptions[0].textContent;";
        for _ in 0..MOST_ACTIONS {
            if self.window.client.execute(shown, Vec::new()).await.expect("a menu has the focus") == label {
                return;
            }
            self.key(&label[..1]).await;
        }
        self.window.keep("failed").await;
        panic!("`{label}` is never chosen");
    }

    /// One entry of a menu of the system, with the mouse.
    async fn chooses(&self, row: u32, field: &str, label: &str) {
        self.count();
        let menu = self.window.find(&self.newest(row, field)).await;
        menu.select_by_label(label).await.expect("an entry of that name");
    }

    /// What every newcomer must have seen by the end.
    async fn sees_it_refused(&self, kind: &str) {
        let row =
            self.window.text_with("[data-testid=activity-row][data-outcome=denied]", "create_expense").await;
        assert!(row.contains("practice"), "{row}");
        self.window.keep_both(&format!("newcomer-{kind}")).await;
        let agent = self.window.agent("practice").await;
        let large = json!({ "amount": 500.01, "currency": "EUR", "category": "travel" });
        let refused = agent.call("create_expense", large).await.refused("denied");
        assert!(refused.contains(MESSAGE), "{refused}");
        let small = json!({ "amount": 500, "currency": "EUR", "category": "travel" });
        agent.call("create_expense", small).await.ran();
        let file = self.window.home.paths().policies().join("expenses-above-500-eur.toml");
        let text = std::fs::read_to_string(file).expect("the policy's file");
        assert!(
            text.contains("when = 'amount > 500 && currency == \"EUR\" && user.role != \"finance\"'"),
            "{text}"
        );
        let actions = self.actions.get();
        assert!(actions <= MOST_ACTIONS, "{actions} actions");
        println!("{kind}: {actions} actions");
    }

    fn practice(&self) -> String {
        let ledger = self.window.home.beside("practice").join("practice.sqlite");
        format!("{} practice --db {}", ours("doorward").display(), ledger.display())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_denies_large_expenses_with_the_mouse() {
    let newcomer = Newcomer::start().await;
    let window = &newcomer.window;
    newcomer.click_on("nav-upstreams").await;
    newcomer.click_on("add-upstream").await;
    window.element("upstream-name").await;
    newcomer.types("practice").await;
    newcomer.click_on("upstream-command").await;
    newcomer.types(&newcomer.practice()).await;
    newcomer.click_on("upstream-save").await;
    window.find("[data-testid=upstream-row][data-upstream=practice]").await;
    newcomer.click_on("nav-agents").await;
    newcomer.click_on("add-agent").await;
    window.element("agent-name").await;
    newcomer.types("practice").await;
    newcomer.click_on("agent-save").await;
    window.until_gone("[data-testid=agent-name]").await;
    newcomer.click_on("nav-inbox").await;
    newcomer.click_on("practice-denied").await;

    newcomer.click_on("nav-policies").await;
    newcomer.click_on("new-policy").await;
    window.find("[data-testid=draft-name]:focus").await;
    newcomer.types(NAME).await;
    newcomer.click_on("draft-tools").await;
    newcomer.click("[role=option][value=\"practice/create_expense\"]").await;
    newcomer.click_on("add-condition").await;
    newcomer.click("[role=option][value=\"args.amount\"]").await;
    newcomer.chooses(0, "operator", "is greater than").await;
    newcomer.click(&newcomer.newest(0, "value")).await;
    newcomer.types("500").await;
    newcomer.click_on("add-condition").await;
    newcomer.click("[role=option][value=\"args.currency\"]").await;
    newcomer.chooses(1, "value", "EUR").await;
    newcomer.click_on("add-condition").await;
    newcomer.click("[role=option][value=\"user.role\"]").await;
    newcomer.chooses(2, "operator", "is not").await;
    newcomer.click(&newcomer.newest(2, "value")).await;
    newcomer.types("finance").await;
    newcomer.click_on("action-deny").await;
    newcomer.click_on("draft-message").await;
    newcomer.types(MESSAGE).await;
    window.text_with("[data-testid=effect]", "would be denied").await;
    window.keep_both("newcomer-builder").await;
    newcomer.click_on("save-policy").await;
    window.element("saved").await;

    newcomer.click_on("nav-inbox").await;
    newcomer.click_on("practice-denied").await;
    newcomer.click_on("nav-activity").await;
    newcomer.click("[data-testid=activity-row][data-outcome=denied]").await;
    newcomer.sees_it_refused("mouse").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_denies_large_expenses_with_the_keyboard() {
    let newcomer = Newcomer::start().await;
    let window = &newcomer.window;
    newcomer.press("nav-upstreams").await;
    newcomer.press("add-upstream").await;
    newcomer.reach("[data-testid=upstream-name]").await;
    newcomer.types("practice").await;
    newcomer.reach("[data-testid=upstream-command]").await;
    newcomer.types(&newcomer.practice()).await;
    newcomer.key(ENTER).await;
    window.find("[data-testid=upstream-row][data-upstream=practice]").await;
    newcomer.press("nav-agents").await;
    newcomer.press("add-agent").await;
    newcomer.reach("[data-testid=agent-name]").await;
    newcomer.types("practice").await;
    newcomer.key(ENTER).await;
    window.until_gone("[data-testid=agent-name]").await;
    newcomer.press("nav-inbox").await;
    newcomer.press("practice-denied").await;

    newcomer.press("nav-policies").await;
    newcomer.press("new-policy").await;
    newcomer.reach("[data-testid=draft-name]").await;
    newcomer.types(NAME).await;
    newcomer.reach("[data-testid=draft-tools]").await;
    newcomer.types("practice/create_expense").await;
    newcomer.key(ENTER).await;
    for (row, attribute, words) in
        [(0, "args.amount", "amount"), (1, "args.currency", "currency"), (2, "user.role", "user.role")]
    {
        newcomer.press("add-condition").await;
        newcomer.reach("[aria-label=\"Search parameters and facts\"]").await;
        newcomer.types(words).await;
        window.find(&format!("[role=option][data-combobox-selected][value=\"{attribute}\"]")).await;
        newcomer.key(ENTER).await;
        newcomer.reach(&newcomer.newest(row, "operator")).await;
        newcomer.steps_to(["is greater than", "is", "is not"][row as usize]).await;
        newcomer.reach(&newcomer.newest(row, "value")).await;
        match row {
            0 => newcomer.types("500").await,
            1 => newcomer.steps_to("EUR").await,
            _ => newcomer.types("finance").await,
        }
    }
    newcomer.reach("[data-testid=action-request_approval]").await;
    newcomer.key(LEFT).await;
    newcomer.reach("[data-testid=draft-message]").await;
    newcomer.types(MESSAGE).await;
    window.text_with("[data-testid=effect]", "would be denied").await;
    newcomer.press("save-policy").await;
    window.element("saved").await;

    newcomer.press("nav-inbox").await;
    newcomer.press("practice-denied").await;
    newcomer.press("nav-activity").await;
    newcomer.reach("[data-testid=activity-row][data-outcome=denied]").await;
    newcomer.key(ENTER).await;
    newcomer.sees_it_refused("keyboard").await;
}
