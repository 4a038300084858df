//! The pictures that the README shows, taken from the running window; `cargo xtask pictures` puts them in their place.

use super::support::bus::Bus;
use super::support::home::TestHome;
use super::support::program::ours;
use super::support::screen::Screen;
use super::support::window::Window;
use gateway::home::KeychainKind;

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_and_the_builder_as_a_newcomer_sees_them() {
    let home = TestHome::practice(KeychainKind::Os, &ours("doorward"));
    let window = Window::open(home, Bus::with_keyring().await, Screen::start()).await;
    window.press("practice-allowed").await;
    window.press("practice-denied").await;
    window.press("practice-held").await;
    window.find("[data-testid=card][data-state=waiting]").await;
    window.find("[data-testid=approve]:not([disabled])").await;
    window.keep_both("readme-inbox").await;

    window.go("policies").await;
    window.press("edit-expense-limit").await;
    let value = window.find("[data-path=\"0\"] [data-testid=value]").await;
    value.clear().await.unwrap();
    value.send_keys("20").await.unwrap();
    window.text_with("[data-testid=sentence]", "20").await;
    window.text_with("[data-testid=effect]", "would be denied").await;
    window.keep_both("readme-builder").await;
}
