//! The real app under Xvfb with a real keychain service, and a real browser for its pages: from the window's card to
//! the page and back, and the passphrase that is typed in the window.

use super::chromium::Chromium;
use super::held::POLICIES;
use super::support::bus::Bus;
use super::support::home::{ALLOW, TestHome};
use super::support::journal::{kinds_until, lines};
use super::support::program::{doorward, ours};
use super::support::screen::Screen;
use super::support::window::Window;
use gateway::home::KeychainKind;
use serde_json::json;

const EITHER: (&str, &str) = (
    "payments.toml",
    "name = \"Payments need you\"\n[target]\ntools = [\"ledger/send_payment\"]\n[action]\nkind = \"step_up\"\nmethod = \"any\"\n",
);

pub(super) async fn window(policies: &[(&str, &str)]) -> Window {
    let home = TestHome::made(KeychainKind::Os, policies);
    home.add_program("ledger", &ours("doorward"), &["practice"]);
    Window::open(home, Bus::with_keyring().await, Screen::start()).await
}

/// A gateway that somebody starts on the running app's home is refused, and the app puts it on record.
fn a_second_start_is_refused(window: &Window) {
    let journal = window.home.paths().journal();
    let alarms = || lines(&journal).iter().filter(|line| line.kind == "alarm").count();
    let before = alarms();
    let second = doorward(&window.home.dir(), ["serve"]).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("is in use by process"), "{said}");
    assert_eq!(alarms(), before + 1);
}

/// Beside the running app: the chain, and the passkey's signature in it.
fn the_record_proves_it(window: &Window) {
    let mut verify = doorward(&window.home.dir(), ["journal", "verify"]);
    window.bus.surround(&mut verify);
    let output = verify.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("The journal is whole: "), "{said}");
    assert!(said.contains("Calls that a person let go: 1, of which 1 by a passkey"), "{said}");
}

async fn hold_on_card(window: &Window) -> String {
    let card = window.find("[data-testid=card][data-state=waiting]").await;
    card.attr("data-hold").await.unwrap().expect("a card names its hold")
}

/// The first passkey, enrolled from the window in a browser, which has it in its hand from then on.
pub(super) async fn enrolled(window: &Window) -> Chromium {
    let mut chromium = Chromium::start().await;
    window.go("security").await;
    window.press("enrol").await;
    window.element("passkey-name").await.send_keys("Laptop").await.unwrap();
    window.press("passkey-go").await;
    let page = window.opened_page();
    chromium.take(Some("Laptop")).await;
    chromium.open(&page).await;
    chromium.tell("click", json!({ "id": "use" })).await;
    chromium.says("The passkey is enrolled.").await;
    window.text_with("[data-testid=passkey-row]", "Laptop").await;
    window.until_gone("[data-testid=waiting-page]").await;
    chromium
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_goes_from_the_card_to_the_browser_and_runs_once() {
    let window = window(&POLICIES).await;
    let mut chromium = enrolled(&window).await;
    window.keep_both("passkey-enrolled").await;

    let agent = window.agent("ledger").await;
    let pending = agent.start("send_payment", json!({ "amount": 7250, "to": "Nordwind" }));
    window.go("inbox").await;
    let hold = hold_on_card(&window).await;
    window.text_with("[data-testid=approve]", "Use passkey").await;
    window.keep("card-passkey").await;
    window.press("approve").await;
    let page = window.opened_page();
    window.find("[data-testid=said]").await;
    a_second_start_is_refused(&window);
    assert!(pending.is_waiting());
    chromium.open(&page).await;
    chromium.says("ledger/send_payment").await;
    chromium.picture("step-up").await;
    chromium.tell("press", json!({ "key": "Enter" })).await;
    chromium.says("Proven.").await;
    pending.answer().await.ran();
    let kinds = kinds_until(&window.home.paths().journal(), &hold, "outcome_read");
    assert_eq!(kinds, ["hold_opened", "presence_proven", "call_released", "call_completed", "outcome_read"]);
    chromium.open(&page).await;
    chromium.says("works once and is used").await;
    the_record_proves_it(&window);
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_passphrase_is_typed_in_the_window_and_releases_one_call() {
    let right = "four words in a row";
    let window = window(&[ALLOW, EITHER]).await;
    window.go("security").await;
    window.press("set-passphrase").await;
    window.element("new-passphrase").await.send_keys(right).await.unwrap();
    window.element("again-passphrase").await.send_keys(right).await.unwrap();
    window.keep("passphrase-dialog").await;
    window.press("passphrase-save").await;
    window.text_with("[data-testid=passphrase-state]", "One is set.").await;
    window.keep_both("passphrase-set").await;

    let agent = window.agent("ledger").await;
    let pending = agent.start("send_payment", json!({ "amount": 7250, "to": "Nordwind" }));
    window.go("inbox").await;
    let hold = hold_on_card(&window).await;
    window.text_with("[data-testid=approve]", "Type passphrase").await;
    window.press("approve").await;
    window.element("passphrase").await.send_keys("not these words").await.unwrap();
    window.keep("card-passphrase").await;
    window.press("passphrase-send").await;
    window.text_with("[data-testid=failure]", "The passphrase is another one.").await;
    assert!(pending.is_waiting());
    window.element("passphrase").await.send_keys(right).await.unwrap();
    window.press("passphrase-send").await;
    pending.answer().await.ran();
    let journal = window.home.paths().journal();
    let kinds = kinds_until(&journal, &hold, "outcome_read");
    assert_eq!(kinds.iter().filter(|kind| *kind == "call_released").count(), 1, "{kinds:?}");
    assert_eq!(lines(&journal).iter().filter(|line| line.kind == "passphrase_refused").count(), 1);
    window.close().await;
}

/// Two passkeys, made and taken out in the window, and the page of a call with the wrong one in the hand first.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_keys_the_removed_one_proves_nothing_and_the_other_does() {
    let window = window(&POLICIES).await;
    let mut chromium = enrolled(&window).await;
    window.press("enrol").await;
    window.element("passkey-name").await.send_keys("Blue key").await.unwrap();
    window.press("passkey-go").await;
    let page = window.opened_page();
    chromium.take(Some("Blue key")).await;
    chromium.open(&page).await;
    chromium.tell("before_get", json!({ "key": "Laptop" })).await;
    chromium.tell("click", json!({ "id": "use" })).await;
    chromium.says("The passkey is enrolled.").await;
    window.find("[data-testid=passkey-row][aria-label=\"Blue key\"]").await;
    window.until_gone("[data-testid=waiting-page]").await;
    window.press_on("[aria-label=\"Remove Laptop\"]").await;
    window.press("confirm-action").await;
    window.until_gone("[data-testid=passkey-row][aria-label=\"Laptop\"]").await;

    let agent = window.agent("ledger").await;
    let pending = agent.start("send_payment", json!({ "amount": 12, "to": "Nordwind" }));
    window.go("inbox").await;
    let hold = hold_on_card(&window).await;
    window.press("approve").await;
    chromium.take(Some("Laptop")).await;
    chromium.open(&window.opened_page()).await;
    chromium.tell("click", json!({ "id": "use" })).await;
    chromium.says("No passkey was used.").await;
    assert!(pending.is_waiting());
    chromium.take(Some("Blue key")).await;
    chromium.tell("click", json!({ "id": "use" })).await;
    chromium.says("Proven.").await;
    pending.answer().await.ran();
    let kinds = kinds_until(&window.home.paths().journal(), &hold, "outcome_read");
    assert_eq!(kinds.iter().filter(|kind| *kind == "call_released").count(), 1, "{kinds:?}");
    window.close().await;
}
