//! The real window, clicked by a WebDriver, in front of the real npm `server-filesystem`: what the agent's client
//! library gets, what is on the disk, and what the journal kept. Pictures of every screen are left in
//! `target/screenshots/window`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "window/answers.rs"]
mod answers;
mod support;

use fantoccini::Locator;
use gateway::home::KeychainKind;
use serde_json::{Value, json};
use std::path::PathBuf;
use support::bus::Bus;
use support::home::{ALLOW, TestHome};
use support::journal::{kinds_of, kinds_until};
use support::node::{filesystem_server, node};
use support::program::{Program, doorward, ours};
use support::screen::Screen;
use support::window::Window;

const WRITES: (&str, &str) = (
    "writes.toml",
    r#"
name = "Files are written by permission"
description = "Whatever an agent wants to leave on this disk is looked at first."
when = 'path.endsWith(".txt")'
[target]
tools = ["files/write_file"]
[action]
kind = "request_approval"
flow = "quick"
"#,
);
/// As short as a flow may be.
const QUICK: (&str, &str) = ("flows/quick.toml", "name = \"A quick look\"\n[[stage]]\nwithin = \"10s\"\n");
const PATIENT: (&str, &str) = ("flows/quick.toml", "name = \"A quick look\"\n[[stage]]\nwithin = \"10m\"\n");
const NO_MOVES: (&str, &str) = (
    "no-moves.toml",
    "name = \"Nothing is moved\"\n[target]\ntools = [\"files/move_file\"]\n[action]\nkind = \"deny\"\nmessage = \"Copy it instead.\"\n",
);

/// The window over the real filesystem server.
struct Desk {
    window: Window,
    /// What the server may touch.
    files: PathBuf,
}

async fn desk(policies: &[(&str, &str)]) -> Desk {
    let home = TestHome::made(KeychainKind::Os, policies);
    let files = files_of(&home);
    let window = Window::open(home, Bus::with_keyring().await, Screen::start()).await;
    Desk { window, files }
}

/// Adds the filesystem server to a home; the folder that it may touch.
fn files_of(home: &TestHome) -> PathBuf {
    let files = home.beside("files");
    let script = filesystem_server().display().to_string();
    home.add_program("files", &node(), &[&script, &files.display().to_string()]);
    files
}

impl Desk {
    fn write(&self, name: &str, content: &str) -> (PathBuf, Value) {
        let path = self.files.join(name);
        let arguments = json!({ "path": path, "content": content });
        (path, arguments)
    }

    /// The hold on the open card, once the card is there.
    async fn hold(&self) -> String {
        let card = self.window.find("[data-testid=card][data-state=waiting]").await;
        card.attr("data-hold").await.unwrap().expect("a card names its hold")
    }

    fn journal(&self) -> PathBuf {
        self.window.home.paths().journal()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i1_a_file_is_written_once_approve_was_clicked_in_the_window() {
    let desk = desk(&[ALLOW, WRITES, PATIENT]).await;
    let window = &desk.window;
    window.element("empty-inbox").await;
    window.keep_both("inbox-empty").await;

    let agent = window.agent("files").await;
    let (path, arguments) = desk.write("notes.txt", "Two lines,\nand \u{202e}a hidden turn.");
    let call = agent.start("write_file", arguments);
    let hold = desk.hold().await;
    let card = window.element("card").await.text().await.unwrap();
    let shown_path = path.display().to_string();
    for shown in [
        "claude",
        "files/write_file",
        "path",
        &shown_path,
        "content",
        "Two lines,",
        "Files are written by permission",
        "Whatever an agent wants to leave on this disk is looked at first.",
        "RIGHT-TO-LEFT OVERRIDE",
        "A quick look",
    ] {
        assert!(card.contains(shown), "the card shows `{shown}`:\n{card}");
    }
    let deadline = window.element("deadline").await.text().await.unwrap();
    assert!(deadline.contains("expires in"), "{deadline}");
    window.keep_both("inbox-one-card").await;
    assert!(!path.exists() && call.is_waiting());

    window.press("approve").await;
    assert!(call.answer().await.ran().contains("Successfully wrote"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "Two lines,\nand \u{202e}a hidden turn.");
    let sent = window.text_with("[data-testid=card][data-state=released]", "Approved and sent").await;
    assert!(!sent.contains("stopped waiting"), "{sent}");
    window.keep("inbox-approved-light").await;

    window.go("activity").await;
    let row = window.text_with("[data-testid=activity-row]", "write_file").await;
    assert!(row.contains("claude"), "{row}");
    window.press_on("[data-testid=activity-row][data-outcome=approved]").await;
    window.text_with("[data-testid=activity-detail]", "in the window").await;
    window.keep_both("activity").await;

    let kinds = kinds_until(&desk.journal(), &hold, "outcome_read");
    assert_eq!(kinds, ["hold_opened", "vote_cast", "call_released", "call_completed", "outcome_read"]);
    let (home, bus) = desk.window.close().await;
    verify(&home, &bus);
}

/// The journal's chain holds, checked by another program once the app has ended.
fn verify(home: &TestHome, bus: &Bus) {
    let mut command = doorward(&home.dir(), ["journal", "verify"]);
    bus.surround(&mut command);
    let (status, said) = Program::start(&mut command).finish();
    assert!(status.success(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_file_is_not_written_and_the_agent_reads_the_reason() {
    let desk = desk(&[ALLOW, WRITES, PATIENT]).await;
    let window = &desk.window;
    let agent = window.agent("files").await;
    let (path, arguments) = desk.write("notes.txt", "Not today");
    let call = agent.start("write_file", arguments);
    let hold = desk.hold().await;
    window.press("reject").await;
    window.element("reject-reason").await.send_keys("Wrong folder, ask me first").await.unwrap();
    window.keep("inbox-reject-light").await;
    window.press("reject-send").await;
    let text = call.answer().await.refused("rejected");
    assert!(text.contains("Wrong folder, ask me first"), "{text}");
    assert!(!path.exists());
    let kinds = kinds_of(&desk.journal(), &hold);
    assert!(
        kinds.contains(&"vote_cast".to_owned()) && !kinds.contains(&"call_released".to_owned()),
        "{kinds:?}"
    );
    window.go("activity").await;
    window.find("[data-testid=activity-row][data-outcome=rejected]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i5_a_file_nobody_decided_on_in_time_is_not_written() {
    let desk = desk(&[ALLOW, WRITES, QUICK]).await;
    let window = &desk.window;
    let agent = window.agent("files").await;
    let (path, arguments) = desk.write("notes.txt", "Too late");
    let call = agent.start("write_file", arguments);
    let hold = desk.hold().await;
    call.answer().await.refused("expired");
    assert!(!path.exists());
    // The card that is still on show can no longer be voted on.
    window.until_gone("[data-testid=approve]").await;
    let kinds = kinds_of(&desk.journal(), &hold);
    assert!(
        !kinds.contains(&"vote_cast".to_owned()) && !kinds.contains(&"call_released".to_owned()),
        "{kinds:?}"
    );
    window.go("activity").await;
    window.find("[data-testid=activity-row][data-outcome=expired]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_switched_in_the_window_and_changed_files_wait_there() {
    let desk = desk(&[ALLOW, WRITES, PATIENT, NO_MOVES]).await;
    let window = &desk.window;
    let agent = window.agent("files").await;
    let (from, to) = (desk.files.join("a.md"), desk.files.join("b.md"));
    std::fs::write(&from, "a").unwrap();
    let arguments = json!({ "source": from, "destination": to });
    let denied = agent.call("move_file", arguments.clone()).await.refused("denied");
    assert!(denied.contains("Copy it instead."), "{denied}");

    window.go("policies").await;
    let row = window.text_with("[data-policy=no-moves]", "Nothing is moved").await;
    assert!(row.contains("files/move_file"), "{row}");
    window.keep_both("policies").await;
    mode(window, "no-moves", "off").await;
    window.find("[data-policy=no-moves][data-mode=off]").await;
    agent.call("move_file", arguments).await.ran();
    assert!(to.exists() && !from.exists());
    // The file says so too, and kept its other lines.
    let text = std::fs::read_to_string(window.home.paths().policies().join("no-moves.toml")).unwrap();
    assert!(text.contains("mode = \"off\"") && text.contains("Copy it instead."), "{text}");
    mode(window, "no-moves", "enforce").await;
    window.find("[data-policy=no-moves][data-mode=enforce]").await;
    agent.call("move_file", json!({ "source": to, "destination": from })).await.refused("denied");

    // A file changed outside is shown and waits for a click.
    window.home.write_policy("no-moves.toml", &NO_MOVES.1.replace("Nothing is moved", "Nothing moves, ever"));
    window.text_with("[data-testid=waiting-change]", "no-moves.toml").await;
    window.keep_both("policies-waiting").await;
    assert!(window.find("[data-policy=no-moves]").await.text().await.unwrap().contains("Nothing is moved"));
    window.press("apply-change").await;
    if let Ok(confirm) = window.client.find(Locator::Css("[data-testid=confirm-action]")).await {
        confirm.click().await.unwrap();
    }
    window.text_with("[data-policy=no-moves]", "Nothing moves, ever").await;
    window.until_gone("[data-testid=waiting-change]").await;
}

/// Chooses a policy's mode in its segmented control.
async fn mode(window: &Window, policy: &str, mode: &str) {
    let input = format!("[data-testid=\"mode-{policy}\"] input[value=\"{mode}\"]");
    let id = window.find(&input).await.attr("id").await.unwrap().expect("an id");
    window.press_on(&format!("label[for=\"{id}\"]")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_sends_a_practice_call_and_finds_everything_on_its_screen() {
    let home = TestHome::practice(KeychainKind::Os, &ours("doorward"));
    let window = Window::open(home, Bus::with_keyring().await, Screen::start()).await;
    window.press("practice-allowed").await;
    window.press("practice-denied").await;
    window.press("practice-held").await;
    let card = window.element("card").await;
    assert_eq!(card.attr("data-state").await.unwrap().as_deref(), Some("waiting"));
    window.keep_both("practice-card").await;
    window.press("approve").await;
    window.go("activity").await;
    for outcome in ["allowed", "denied", "approved"] {
        window.find(&format!("[data-testid=activity-row][data-outcome={outcome}]")).await;
    }
    window.keep_both("activity-practice").await;
    window.go("policies").await;
    window.element("policy-row").await;
    window.keep_both("policies-starter").await;
    window.go("agents").await;
    window.find("[data-testid=agent-row][data-agent=practice]").await;
    window.keep_both("agents").await;
    window.go("upstreams").await;
    window.text_with("[data-testid=upstream-row][data-upstream=practice]", "practice").await;
    window.keep_both("upstreams").await;
}
