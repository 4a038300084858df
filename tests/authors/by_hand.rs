//! A policy that somebody wrote into its file by hand, edited in the window.

use super::support::bus::Bus;
use super::support::home::TestHome;
use super::support::program::ours;
use super::support::screen::Screen;
use super::support::window::Window;
use gateway::home::KeychainKind;

/// One typed row, and one that only CEL can say; comments beside both.
const TEXT: &str = r#"# Agreed in March; ask finance before it changes.
name = "Large trips" # as finance calls them
when = '''
amount >  5000 // net
  && (amount * 2 > 9 || currency == "USD") // tax, by hand'''

[target]
tools = ["practice/create_expense"] # money

[action]
kind = "deny"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_row_changed_in_the_window_leaves_cel_and_comments_as_they_were_written() {
    let home = TestHome::practice(KeychainKind::Os, &ours("doorward"));
    home.write_policy("large-trips.toml", TEXT);
    let window = Window::open(home, Bus::with_keyring().await, Screen::start()).await;
    window.go("policies").await;
    window.press("edit-large-trips").await;
    let value = window.find("[data-path=\"0\"] [data-testid=value]").await;
    value.clear().await.unwrap();
    value.send_keys("4000").await.unwrap();
    window.text_with("[data-testid=sentence]", "4000").await;
    window.press("save-policy").await;
    window.element("saved").await;
    let file = window.home.paths().policies().join("large-trips.toml");
    let wanted = TEXT.replace("amount >  5000", "amount > 4000");
    assert_eq!(std::fs::read_to_string(file).unwrap(), wanted, "only the changed row is written anew");
}
