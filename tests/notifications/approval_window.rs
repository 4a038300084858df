//! The approval window, opened by the button of a real notification: it shows the one asked for, takes a vote, and is
//! put away without one.

use super::support::journal::kinds_of;
use super::{BUTTONS, desk};
use serde_json::{Value, json};

const REVIEW: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn review_opens_the_approval_window_and_what_is_approved_there_runs() {
    let desk = desk().await;
    let (window, screen) = (&desk.window, &desk.window.screen);
    let agent = window.agent("files").await;
    let path = desk.files.join("a.txt");
    window.go("activity").await;
    let call = agent.start("write_file", json!({ "path": path, "content": "hello" }));
    let buttons = screen.notification_buttons(BUTTONS);
    screen.click(buttons[REVIEW]);

    let approval = window.approval_window().await;
    let hold = approval.hold(window).await;
    window.text_with("[data-testid=card]", "files/write_file").await;
    window.keep("approval-window").await;
    screen.picture("notifications/approval-window");
    assert!(!path.exists() && call.is_waiting());
    window.press("approve").await;
    call.answer().await.ran();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "hello");
    // It says what came of it, by which means, and goes when it is told to.
    window.text_with("[data-testid=decided]", "Approved in the window").await;
    window.keep("approval-window-decided").await;
    approval.leave_by(window, "done").await;
    // The main window stayed where it was.
    window.find("[data-testid=\"nav-activity\"][aria-current=\"page\"]").await;
    let kinds = kinds_of(&desk.journal(), &hold);
    assert_eq!(kinds.iter().filter(|kind| *kind == "vote_cast").count(), 1, "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_put_away_without_a_vote_and_its_hold_is_still_answered_elsewhere() {
    let desk = desk().await;
    let (window, screen) = (&desk.window, &desk.window.screen);
    let agent = window.agent("files").await;
    let path = desk.files.join("a.txt");
    let call = agent.start("write_file", json!({ "path": path, "content": "hello" }));
    screen.click(screen.notification_buttons(BUTTONS)[REVIEW]);
    let approval = window.approval_window().await;
    let hold = approval.hold(window).await;
    // The window may be gone before its driver has heard of the key.
    let _ = window.find("body").await.send_keys("\u{e00c}").await;
    approval.until_gone(window).await;
    assert!(call.is_waiting());
    assert!(!kinds_of(&desk.journal(), &hold).contains(&"vote_cast".to_owned()));

    // The hold is rejected in the main window; nothing was left behind that could approve it.
    window.find(&format!("[data-testid=card][data-hold=\"{hold}\"]")).await;
    window.press("reject").await;
    window.press("reject-send").await;
    call.answer().await.refused("rejected");
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_is_open_it_hears_that_its_hold_ended_elsewhere() {
    let desk = desk().await;
    let (window, screen) = (&desk.window, &desk.window.screen);
    let agent = window.agent("files").await;
    let path = desk.files.join("a.txt");
    let call = agent.start("write_file", json!({ "path": path, "content": "hello" }));
    screen.click(screen.notification_buttons(BUTTONS)[REVIEW]);
    let approval = window.approval_window().await;
    let hold = approval.hold(window).await;
    approval.turn_back(window).await;
    window.find(&format!("[data-testid=card][data-hold=\"{hold}\"]")).await;
    window.press("reject").await;
    window.element("reject-reason").await.send_keys("Wrong folder").await.unwrap();
    window.press("reject-send").await;
    call.answer().await.refused("rejected");

    let approval = window.approval_window().await;
    window.find(&format!("[data-testid=card][data-hold=\"{hold}\"][data-state=ended]")).await;
    window.text_with("[data-testid=decided]", "Rejected").await;
    window.text_with("[data-testid=approval-window] header", "This call is decided").await;
    window.until_gone("[data-testid=approve]").await;
    window.keep("approval-window-ended").await;
    approval.leave_by(window, "done").await;
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn i11_it_can_ask_only_what_it_needs_and_only_about_its_own_hold() {
    let desk = desk().await;
    let (window, screen) = (&desk.window, &desk.window.screen);
    let agent = window.agent("files").await;
    let first = agent.start("write_file", json!({ "path": desk.files.join("a.txt"), "content": "hello" }));
    let other_hold = desk.hold().await;
    // The first notification is put out of the way: the second one is the only one then.
    screen.click(screen.notification_buttons(BUTTONS)[REVIEW]);
    let approval = window.approval_window().await;
    assert_eq!(approval.hold(window).await, other_hold);
    screen.until_no_notification();
    let second = agent.start("write_file", json!({ "path": desk.files.join("b.txt"), "content": "hello" }));
    screen.click(screen.notification_buttons(BUTTONS)[REVIEW]);
    // The same window shows the one that was asked for last.
    let shown = format!("[data-testid=card]:not([data-hold=\"{other_hold}\"])");
    let own_hold = window.find(&shown).await.attr("data-hold").await.unwrap().unwrap();
    assert_eq!(window.client.windows().await.unwrap().len(), 2);

    let ask = async |name: &str, body: Value| {
        let script = "const [name, body, done] = arguments;
            window.__TAURI_INTERNALS__.invoke('ipc', { name, body }).then(() => done('answered'), (error) => done(error.code ?? String(error)));";
        let told = window.client.execute_async(script, vec![json!(name), body]).await.expect("an answer");
        told.as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(ask("card", json!({ "hold": own_hold })).await, "answered");
    assert_eq!(ask("card", json!({ "hold": other_hold })).await, "not_allowed");
    for name in
        ["inbox", "overview", "grant", "approve_edited", "vote_many", "policies", "add_agent", "resume"]
    {
        assert_eq!(ask(name, json!({})).await, "not_allowed", "{name}");
    }
    let invoke = |command: &str, arguments: &str| {
        format!(
            "const done = arguments[0]; window.__TAURI_INTERNALS__.invoke('{command}', {arguments}).then(() => done('done'), () => done('refused'));"
        )
    };
    for (command, arguments) in
        [("plugin:window|set_title", "{ value: 'x' }"), ("plugin:event|emit", "{ event: 'changed' }")]
    {
        let told = window.client.execute_async(&invoke(command, arguments), Vec::new()).await.unwrap();
        assert_eq!(told, "refused", "{command}");
    }
    // The main window has no use for the commands of this one.
    approval.turn_back(window).await;
    let told = window.client.execute_async(&invoke("put_away", "{}"), Vec::new()).await.unwrap();
    assert_eq!(told, "refused");
    assert!(first.is_waiting() && second.is_waiting());
}
