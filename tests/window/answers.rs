//! Every answer of the card in the real window: by key, put off, edited, together, as a grant.

use super::support::bus::Bus;
use super::support::home::{ALLOW, TestHome};
use super::support::journal::{kinds_of, kinds_until};
use super::support::screen::Screen;
use super::support::window::Window;
use super::{Desk, PATIENT, WRITES, desk, files_of};
use gateway::home::KeychainKind;
use serde_json::json;

/// A flow offers grants only where it says so.
const GRANTING: (&str, &str) =
    ("flows/quick.toml", "name = \"A quick look\"\n[[stage]]\nwithin = \"10m\"\ngrants = true\n");
const WAITING: &str = "[data-testid=card][data-state=waiting]";

#[tokio::test(flavor = "multi_thread")]
async fn i1_keys_move_show_help_reject_with_a_reason_and_approve() {
    let desk = desk(&[ALLOW, WRITES, PATIENT]).await;
    let window = &desk.window;
    let agent = window.agent("files").await;
    let (first_path, first) = desk.write("a.txt", "first");
    let first = agent.start("write_file", first);
    let first_hold = desk.hold().await;
    let (second_path, second) = desk.write("b.txt", "second");
    let second = agent.start("write_file", second);
    window.find("li:nth-child(2) [data-testid=inbox-row]").await;

    let on = |hold: &str| format!("{WAITING}[data-hold=\"{hold}\"]");
    let other = format!("{WAITING}:not([data-hold=\"{first_hold}\"])");
    window.type_key("j", &other).await;
    window.type_key("k", &on(&first_hold)).await;
    window.type_key("?", "[data-testid=key-help] button").await;
    window.press_on("[data-testid=key-help] button").await;
    window.until_gone("[role=dialog]").await;

    window.type_key("r", "[data-testid=reject-form]").await;
    let reason = window.element("reject-reason").await;
    reason.send_keys("Ask me first").await.unwrap();
    // A card that just came up takes no answer yet, by Enter neither.
    window.find("[data-testid=reject-send]:not([disabled])").await;
    reason.send_keys("\u{e007}").await.unwrap();
    let said = first.answer().await.refused("rejected");
    assert!(said.contains("Ask me first"), "{said}");
    assert!(!first_path.exists());

    // The card of the other hold came up by itself; its Approve opens after a moment.
    window.find("[data-testid=approve]:not([disabled])").await;
    assert!(!second_path.exists() && second.is_waiting());
    window.type_key("a", "[data-testid=card][data-state=released]").await;
    second.answer().await.ran();
    assert_eq!(std::fs::read_to_string(&second_path).unwrap(), "second");
    let receipt = window.text_with("[data-testid=decided]", "in the window").await;
    assert!(receipt.contains("Approved"), "{receipt}");
    window.keep("keys-approved").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_is_put_off_once_by_its_key() {
    let desk = desk(&[ALLOW, WRITES, PATIENT]).await;
    let window = &desk.window;
    let agent = window.agent("files").await;
    let (_, arguments) = desk.write("a.txt", "later");
    let call = agent.start("write_file", arguments);
    let hold = desk.hold().await;
    window.find("[data-testid=extend]:not([disabled])").await;
    window.type_key("e", "[data-testid=said]").await;
    window.text_with("[data-testid=card]", "deadline extended").await;
    window.until_gone("[data-testid=extend]").await;
    assert!(call.is_waiting());
    let kinds = kinds_of(&desk.journal(), &hold);
    assert!(kinds.iter().any(|kind| kind.contains("extended")), "{kinds:?}");
    window.keep_both("extended").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i12_what_was_edited_is_what_is_written() {
    let desk = desk(&[ALLOW, WRITES, PATIENT]).await;
    let window = &desk.window;
    let agent = window.agent("files").await;
    let (path, arguments) = desk.write("a.txt", "as asked");
    let call = agent.start("write_file", arguments);
    desk.hold().await;
    window.press("edit").await;
    let field = window.element("edit-content").await;
    field.send_keys(", and edited").await.unwrap();
    window.text_with("[data-testid=edit-changes]", "and edited").await;
    window.keep_both("edit").await;
    window.press("approve-edited").await;
    call.answer().await.ran();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "as asked, and edited");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_approved_with_one_gesture_and_a_vote_for_each_call() {
    let desk = desk(&[ALLOW, WRITES, PATIENT]).await;
    let window = &desk.window;
    let agent = window.agent("files").await;
    let mut calls = Vec::new();
    for n in 0..4 {
        let (path, arguments) = desk.write(&format!("{n}.txt"), "the same in all");
        calls.push((path, agent.start("write_file", arguments)));
    }
    window.find("li:nth-child(4) [data-testid=inbox-row]").await;
    desk.hold().await;
    window.text_with("[data-testid=card]", "4 calls like this one wait").await;
    window.press("together").await;
    window.text_with("[data-testid=approve-together]", "Approve 4 calls").await;
    window.keep_both("together").await;
    assert!(calls.iter().all(|(path, call)| !path.exists() && call.is_waiting()));
    window.press("approve-together").await;
    window.text_with("[data-testid=votes-cast]", "4 calls of files/write_file approved in the window").await;
    window.keep_both("votes-cast").await;
    for (path, call) in calls {
        call.answer().await.ran();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "the same in all");
    }
    let rows = window.client.find_all(fantoccini::Locator::Css("[data-testid=vote-outcome]")).await.unwrap();
    assert_eq!(rows.len(), 4);
    for row in rows {
        let hold = row.attr("data-hold").await.unwrap().expect("an outcome names its hold");
        let kinds = kinds_until(&desk.journal(), &hold, "call_completed");
        assert_eq!(kinds.iter().filter(|kind| *kind == "vote_cast").count(), 1, "{kinds:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_made_with_its_key_lets_the_next_call_go_while_the_screen_is_unlocked() {
    let home = TestHome::made(KeychainKind::Os, &[ALLOW, WRITES, GRANTING]);
    let files = files_of(&home);
    let mut bus = Bus::with_keyring().await;
    let logind = bus.add_logind(false).await;
    let window = Window::open(home, bus, Screen::start()).await;
    let desk = Desk { window, files };
    let window = &desk.window;
    let agent = window.agent("files").await;
    let (path, arguments) = desk.write("a.txt", "by a grant");
    let call = agent.start("write_file", arguments.clone());
    desk.hold().await;
    window.find("[data-testid=grant]:not([disabled])").await;
    window.type_key("g", "[data-testid=grant-save]").await;
    window.keep_both("grant").await;
    window.press("grant-save").await;
    call.answer().await.ran();
    std::fs::remove_file(&path).unwrap();
    // The identical call goes by the grant: nobody is asked.
    agent.call("write_file", arguments).await.ran();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "by a grant");
    window.go("grants").await;
    window.text_with("main", "write_file").await;
    window.keep_both("grants-made").await;
    drop(logind);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_palette_goes_to_a_screen_by_its_name() {
    let desk = desk(&[ALLOW, WRITES, PATIENT]).await;
    let window = &desk.window;
    window.press("open-palette").await;
    let search = window.element("palette-search").await;
    search.send_keys("security").await.unwrap();
    window.text_with("[data-testid=palette-command]", "Go to Security").await;
    window.keep("palette").await;
    search.send_keys("\u{e007}").await.unwrap();
    window.find("[data-testid=\"nav-security\"][aria-current=\"page\"]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i8_a_hostile_call_neither_runs_nor_hides_anything_in_the_real_window() {
    let desk = desk(&[ALLOW, WRITES, PATIENT]).await;
    let window = &desk.window;
    let agent = window.agent("files").await;
    let content = format!(
        "<img src=x onerror=\"document.title='ran'\"><script>document.title='ran'</script>\u{1b}[31m \u{202e}gpj.exe {}",
        "x".repeat(1_000_000)
    );
    let path = desk.files.join("p\u{430}yp\u{430}l.com.txt");
    let call = agent.start("write_file", json!({ "path": path, "content": content }));
    desk.hold().await;
    let card = window.text_with("[data-testid=card]", "look-alikes, marked").await;
    for shown in ["CYRILLIC", "ESCAPE", "RIGHT-TO-LEFT OVERRIDE", "<script>", "MB", "1 long value unread"] {
        assert!(card.contains(shown), "the card shows `{shown}`:\n{card}");
    }
    assert!(!window.client.title().await.unwrap().contains("ran"));
    window.keep_both("hostile").await;
    assert!(call.is_waiting());
}
