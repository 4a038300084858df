//! A real notification service, and its real buttons pressed with a mouse; and what a program without a person
//! can try on the same bus.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "notifications/approval_window.rs"]
mod approval_window;
mod support;

use futures_util::StreamExt;
use gateway::home::KeychainKind;
use serde_json::json;
use std::path::PathBuf;
use support::bus::Bus;
use support::home::{ALLOW, TestHome};
use support::journal::{kinds_of, kinds_until, lines};
use support::node::{filesystem_server, node};
use support::notified::{Asked, Notified};
use support::screen::Screen;
use support::tray::TrayHost;
use support::window::Window;

const WRITES: (&str, &str) = (
    "writes.toml",
    "name = \"Files are written by permission\"\n[target]\ntools = [\"files/write_file\"]\n[action]\nkind = \"request_approval\"\n",
);

/// The shortest time that a flow can have.
const SOON: (&str, &str) = ("flows/soon.toml", "name = \"Soon\"\n[[stage]]\nwithin = \"10s\"\n");
const WRITES_SOON: (&str, &str) = (
    "writes.toml",
    "name = \"Files are written by permission\"\n[target]\ntools = [\"files/write_file\"]\n[action]\nkind = \"request_approval\"\nflow = \"soon\"\n",
);

const APPROVE: usize = 0;
const REJECT: usize = 1;
/// Approve, Reject, Review.
const BUTTONS: usize = 3;

struct Desk {
    window: Window,
    files: PathBuf,
}

async fn desk() -> Desk {
    desk_with(&[ALLOW, WRITES]).await
}

async fn desk_with(policies: &[(&str, &str)]) -> Desk {
    let home = TestHome::made(KeychainKind::Os, policies);
    let files = home.beside("f");
    let script = filesystem_server().display().to_string();
    home.add_program("files", &node(), &[&script, &files.display().to_string()]);
    let screen = Screen::start();
    let mut bus = Bus::with_keyring().await;
    bus.add_notifications(&screen.display).await;
    let window = Window::open(home, bus, screen).await;
    Desk { window, files }
}

impl Desk {
    fn journal(&self) -> PathBuf {
        self.window.home.paths().journal()
    }

    async fn hold(&self) -> String {
        let card = self.window.find("[data-testid=card][data-state=waiting]").await;
        card.attr("data-hold").await.unwrap().expect("a card names its hold")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_call_is_approved_with_the_button_of_a_real_notification() {
    let desk = desk().await;
    let (window, screen) = (&desk.window, &desk.window.screen);
    let agent = window.agent("files").await;
    let path = desk.files.join("a.txt");
    let call = agent.start("write_file", json!({ "path": path, "content": "hello" }));
    let hold = desk.hold().await;
    let buttons = screen.notification_buttons(BUTTONS);
    assert!(!path.exists() && call.is_waiting());
    could_have_been_read(window).await;
    screen.picture("notifications/held");

    screen.click(buttons[APPROVE]);
    call.answer().await.ran();
    screen.picture("notifications/approved");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "hello");
    screen.until_no_notification();
    let kinds = kinds_until(&desk.journal(), &hold, "outcome_read");
    assert_eq!(kinds, ["hold_opened", "vote_cast", "call_released", "call_completed", "outcome_read"]);
    // The means is kept, and shown.
    window.go("activity").await;
    window.press_on("[data-testid=activity-row][data-outcome=approved]").await;
    window.text_with("[data-testid=activity-detail]", "on a notification").await;
    window.keep("activity-by-notification").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_call_is_rejected_with_the_button_of_a_real_notification() {
    let desk = desk().await;
    let agent = desk.window.agent("files").await;
    let path = desk.files.join("a.txt");
    let call = agent.start("write_file", json!({ "path": path, "content": "hello" }));
    let buttons = desk.window.screen.notification_buttons(BUTTONS);
    desk.window.screen.click(buttons[REJECT]);
    call.answer().await.refused("rejected");
    assert!(!path.exists());
    desk.window.screen.until_no_notification();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_goes_when_its_call_is_decided_in_the_window() {
    let desk = desk().await;
    let (window, screen) = (&desk.window, &desk.window.screen);
    let agent = window.agent("files").await;
    let path = desk.files.join("a.txt");
    let call = agent.start("write_file", json!({ "path": path, "content": "hello" }));
    screen.notification_buttons(BUTTONS);
    window.press("approve").await;
    call.answer().await.ran();
    screen.until_no_notification();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_one_notification_with_a_count_that_opens_the_call_that_ends_first() {
    let desk = desk().await;
    let (window, screen) = (&desk.window, &desk.window.screen);
    let mut notified = Notified::on(&window.bus).await;
    let agent = window.agent("files").await;
    let path = |n: usize| desk.files.join(format!("{n}.txt"));
    let write = |n: usize| agent.start("write_file", json!({ "path": path(n), "content": "hello" }));
    let first = write(0);
    let hold = desk.hold().await;
    let calls: Vec<_> = (1..7).map(write).collect();
    let Asked::Show { title, body, buttons } = notified.until_it_says("7 calls wait").await else { panic!() };
    assert_eq!(title, "claude: 7 calls wait");
    assert!(body.starts_with("7 × files/write_file\nThe first waits until "), "{body}");
    assert_eq!(buttons, ["Review"]);
    // One button on the only notification there is.
    screen.notification_buttons(1);
    screen.picture("notifications/burst");
    screen.press_until_gone();
    window.find(&format!("[data-testid=card][data-hold=\"{hold}\"]")).await;
    window.keep("burst-reviewed").await;
    assert!(first.is_waiting() && calls.iter().all(|call| call.is_waiting()), "nothing was decided");
    assert!((0..7).all(|n| !path(n).exists()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_answers_is_rung_for_again_before_its_end() {
    let desk = desk_with(&[ALLOW, SOON, WRITES_SOON]).await;
    let mut notified = Notified::on(&desk.window.bus).await;
    let agent = desk.window.agent("files").await;
    let path = desk.files.join("a.txt");
    let call = agent.start("write_file", json!({ "path": path, "content": "hello" }));
    let Asked::Show { body, .. } = notified.next().await else { panic!("shown first") };
    assert!(body.contains("Waits until "), "{body}");
    // Taken away and shown anew, so that it comes up once more.
    assert_eq!(notified.next().await, Asked::Close);
    let Asked::Show { body, buttons, .. } = notified.next().await else { panic!("shown again") };
    assert!(body.contains("Ends soon, at "), "{body}");
    assert_eq!(buttons.len(), BUTTONS);
    desk.window.screen.notification_buttons(BUTTONS);
    desk.window.screen.picture("notifications/reminder");
    // Nobody answers: the call ends, and its notification with it.
    assert_eq!(notified.next().await, Asked::Close);
    call.answer().await.refused("expired");
    desk.window.screen.until_no_notification();
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_held_by_a_switch_in_the_window_until_calls_may_go_again() {
    let desk = desk().await;
    let (window, screen) = (&desk.window, &desk.window.screen);
    let agent = window.agent("files").await;
    let path = desk.files.join("a.txt");
    std::fs::write(&path, "hello").unwrap();
    let read = || json!({ "path": path });
    agent.call("read_text_file", read()).await.ran();

    window.press("hold-everything").await;
    window.text_with("[data-testid=alarm-paused]", "Everything is held").await;
    let call = agent.start("read_text_file", read());
    window.text_with("[data-testid=reason]", "Everything is held").await;
    screen.notification_buttons(BUTTONS);
    screen.picture("notifications/everything-held");
    window.keep_both("everything-held").await;
    window.press("approve").await;
    call.answer().await.ran();

    window.press("let-calls-go").await;
    window.until_gone("[data-testid=alarm-paused]").await;
    agent.call("read_text_file", read()).await.ran();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tray_counts_what_waits_opens_a_card_and_holds_everything() {
    let home = TestHome::made(KeychainKind::Os, &[ALLOW, WRITES]);
    let files = home.beside("f");
    let script = filesystem_server().display().to_string();
    home.add_program("files", &node(), &[&script, &files.display().to_string()]);
    // No notification service here: tray and inbox have it all.
    let (bus, screen) = (Bus::with_keyring().await, Screen::start());
    let mut tray = TrayHost::on(&bus).await;
    let window = Window::open(home, bus, screen).await;
    let menu = tray.menu().await;
    let labels =
        |lines: &[support::tray::Line]| lines.iter().map(|line| line.label.clone()).collect::<Vec<_>>();
    let quiet =
        menu.until("nothing waits", |lines| lines.iter().any(|line| line.label == "No call waits")).await;
    for label in ["Hold everything", "Open Doorward", "Quit"] {
        assert!(labels(&quiet).iter().any(|found| found == label), "{quiet:?}");
    }
    window.text_with("[data-testid=gateway-status]", "Notifications: needs a look").await;

    let agent = window.agent("files").await;
    let write = |n: usize| {
        agent.start("write_file", json!({ "path": files.join(format!("{n}.txt")), "content": "hello" }))
    };
    let calls: Vec<_> = (0..4).map(write).collect();
    let is_hold = |line: &&support::tray::Line| line.label == "claude: files/write_file";
    // The menu is written line by line.
    let four = menu
        .until("four wait, and the newest three are there", |lines| {
            lines.iter().any(|line| line.label == "4 calls wait") && lines.iter().filter(is_hold).count() == 3
        })
        .await;
    let holds: Vec<_> = four.iter().filter(is_hold).collect();
    window.go("activity").await;
    menu.press(holds[0]).await;
    // One of the newest comes up by itself, on top; the main window stays where it is.
    let approval = window.approval_window().await;
    approval.hold(&window).await;
    approval.leave_by(&window, "put-away").await;
    window.find("[data-testid=\"nav-activity\"][aria-current=\"page\"]").await;

    let everything = four.iter().find(|line| line.label == "Hold everything").unwrap();
    assert!(!everything.is_ticked);
    menu.press(everything).await;
    window.text_with("[data-testid=alarm-paused]", "Everything is held").await;
    let ticked = |lines: &[support::tray::Line]| {
        lines.iter().any(|line| line.label == "Hold everything" && line.is_ticked)
    };
    menu.until("it is ticked", ticked).await;
    menu.press(everything).await;
    window.until_gone("[data-testid=alarm-paused]").await;
    menu.until("it is not ticked", |lines| !ticked(lines)).await;
    assert!(calls.iter().all(|call| call.is_waiting()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_answer_on_the_bus_approves_nothing() {
    let desk = desk().await;
    let (window, screen) = (&desk.window, &desk.window.screen);
    let agent = window.agent("files").await;
    let path = desk.files.join("a.txt");
    let call = agent.start("write_file", json!({ "path": path, "content": "hello" }));
    let hold = desk.hold().await;
    let buttons = screen.notification_buttons(BUTTONS);
    let before = alarms(&desk);

    // Any program of the same user can say on the bus that a button was pressed, to all or to us alone.
    let forger = window.bus.connect().await;
    let mut overheard = window.bus.overhear("ActionInvoked").await;
    let everybody = window.bus.names().await;
    for id in 0..200_u32 {
        for button in ["approve", "default", "Approve"] {
            forge(&forger, None, id, button).await;
            for name in everybody.iter().filter(|_| id < 20) {
                forge(&forger, Some(name), id, button).await;
            }
        }
    }
    // They do reach whoever believes them: a listener without a filter hears the last one.
    let last = (199_u32, "Approve".to_owned());
    support::within("the forged answers arrive", async {
        loop {
            let heard = overheard.next().await.expect("the bus goes on").expect("a signal");
            if heard.body().deserialize::<(u32, String)>().is_ok_and(|said| said == last) {
                break;
            }
        }
    })
    .await;
    // The real answer comes after all of them. It is a rejection: had any forged approval counted, the file would
    // be there.
    screen.click(buttons[REJECT]);
    call.answer().await.refused("rejected");
    assert!(!path.exists());
    let kinds = kinds_of(&desk.journal(), &hold);
    assert_eq!(kinds.iter().filter(|kind| *kind == "vote_cast").count(), 1, "{kinds:?}");
    assert!(!kinds.contains(&"call_released".to_owned()), "{kinds:?}");
    // On record once, however many there were.
    support::within("the attempt is on record", async {
        while alarms(&desk) == before {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(alarms(&desk), before + 1);
}

fn alarms(desk: &Desk) -> usize {
    lines(&desk.journal()).iter().filter(|line| line.kind == "alarm").count()
}

/// An approval counts only once a notification was up for as long as it takes to read it. The window's own
/// Approve opens after the same time: a page that was loaded after the notification came up tells when.
async fn could_have_been_read(window: &Window) {
    window.client.refresh().await.expect("the window loads again");
    window.find("[data-testid=approve]:not([disabled])").await;
}

async fn forge(forger: &zbus::Connection, to: Option<&str>, id: u32, button: &str) {
    let path = "/org/freedesktop/Notifications";
    let sent =
        forger.emit_signal(to, path, "org.freedesktop.Notifications", "ActionInvoked", &(id, button)).await;
    sent.expect("the bus takes any signal");
}
