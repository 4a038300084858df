//! A real notification service, and its real buttons pressed with a mouse; and what a program without a person
//! can try on the same bus.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use futures_util::StreamExt;
use gateway::home::KeychainKind;
use serde_json::json;
use std::path::PathBuf;
use support::bus::Bus;
use support::home::{ALLOW, TestHome};
use support::journal::{kinds_of, kinds_until};
use support::node::{filesystem_server, node};
use support::screen::Screen;
use support::window::Window;

const WRITES: (&str, &str) = (
    "writes.toml",
    "name = \"Files are written by permission\"\n[target]\ntools = [\"files/write_file\"]\n[action]\nkind = \"request_approval\"\n",
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
    let home = TestHome::made(KeychainKind::Os, &[ALLOW, WRITES]);
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
async fn a_forged_answer_on_the_bus_approves_nothing() {
    let desk = desk().await;
    let (window, screen) = (&desk.window, &desk.window.screen);
    let agent = window.agent("files").await;
    let path = desk.files.join("a.txt");
    let call = agent.start("write_file", json!({ "path": path, "content": "hello" }));
    let hold = desk.hold().await;
    let buttons = screen.notification_buttons(BUTTONS);

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
