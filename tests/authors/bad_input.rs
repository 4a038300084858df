//! What an author gets wrong in a condition, in the real window: each is said in its place, nothing is lost, and nothing is
//! half saved.

use super::support::bus::Bus;
use super::support::home::TestHome;
use super::support::program::ours;
use super::support::screen::Screen;
use super::support::window::Window;
use gateway::home::KeychainKind;
use std::path::PathBuf;

const MINE: &str = "name = \"Large trips\"\nwhen = \"amount > 400\"\n[target]\ntools = [\"practice/create_expense\"]\n[action]\nkind = \"deny\"\n";
const SAVE: &str = "[data-testid=save-policy]";

struct Author {
    window: Window,
}

impl Author {
    async fn start() -> Author {
        let home = TestHome::practice(KeychainKind::Os, &ours("doorward"));
        home.write_policy("large-trips.toml", MINE);
        Author { window: Window::open(home, Bus::with_keyring().await, Screen::start()).await }
    }

    async fn open(&self, policy: &str) {
        self.window.go("policies").await;
        self.window.press(&format!("edit-{policy}")).await;
        self.window.find("[data-path=\"0\"] [data-testid=operator]").await;
    }

    /// Types behind the condition's text.
    async fn type_text(&self, text: &str) {
        let editor = self.window.find(".cm-content").await;
        editor.click().await.unwrap();
        // To the end, whatever is pressed for it on this system.
        self.window
            .client
            .active_element()
            .await
            .unwrap()
            .send_keys("\u{E009}\u{E010}\u{E000}")
            .await
            .unwrap();
        self.window.client.active_element().await.unwrap().send_keys(text).await.unwrap();
    }

    async fn cannot_save(&self) {
        self.window.find(&format!("{SAVE}[disabled]")).await;
    }

    fn file(&self, policy: &str) -> PathBuf {
        self.window.home.paths().policies().join(format!("{policy}.toml"))
    }

    fn text(&self, policy: &str) -> String {
        std::fs::read_to_string(self.file(policy)).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_in_a_condition_is_said_in_its_place_and_the_file_stays() {
    let author = Author::start().await;
    let window = &author.window;
    author.open("large-trips").await;

    author.type_text(" && ").await;
    window.element("text-problem").await;
    author.cannot_save().await;
    window
        .text_with("[aria-labelledby=when]", "The rows come back once the text on the right can be read.")
        .await;
    window.text_with("[data-testid=effect]", "Shown again once the draft is finished.").await;
    window.keep_both("bad-text").await;

    author.type_text("user.shoe_size > 40").await;
    window.until_gone("[data-testid=text-problem]").await;
    window.find("[data-path=\"1\"][data-marked]").await;
    window.text_with("[aria-label=Findings]", "shoe_size").await;
    window.keep_both("bad-attribute").await;

    author.type_text(" && amount < 300").await;
    window.text_with("[aria-label=Findings]", "never").await;
    window.keep_both("bad-contradiction").await;

    // All of it is there after another screen was looked at, and the file is what it was.
    assert_eq!(author.text("large-trips"), MINE);
    author.open("large-trips").await;
    window.element("kept").await;
    window.text_with("[data-testid=cel]", "amount > 400 && user.shoe_size > 40 && amount < 300").await;
}
