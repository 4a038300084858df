//! The Linux notifier against a message bus of its own. The service is a fake: real ones cannot be told to
//! press a button, to leave the bus or to forge a signal at a given moment, which is what is tested here.

use super::*;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A bus that starts no services by itself; ends with the test.
struct Bus {
    daemon: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Bus {
    fn start() -> Bus {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("bus.conf");
        let text = format!(
            r#"<busconfig><type>session</type><listen>unix:dir={}</listen><auth>EXTERNAL</auth>
            <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
            </busconfig>"#,
            folder.path().display()
        );
        std::fs::File::create(&config).unwrap().write_all(text.as_bytes()).unwrap();
        let mut daemon = Command::new("dbus-daemon")
            .args(["--nofork", "--print-address=1", "--config-file"])
            .arg(&config)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon is installed");
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Bus { daemon, address: address.trim().to_owned(), _folder: folder }
    }

    async fn connect(&self) -> Connection {
        connection::Builder::address(self.address.as_str()).build().await.unwrap()
    }

    async fn notifier(&self) -> Result<(SystemNotifier, UnboundedReceiver<Heard>), NotifyError> {
        self.notifier_that_finds_early(Duration::ZERO).await
    }

    async fn notifier_that_finds_early(
        &self,
        too_early: Duration,
    ) -> Result<(SystemNotifier, UnboundedReceiver<Heard>), NotifyError> {
        SystemNotifier::connect_to(connection::Builder::address(self.address.as_str()), too_early).await
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

#[derive(Debug, PartialEq)]
enum Asked {
    Notify { id: u32, replaces: u32, body: String, actions: Vec<String>, by: String },
    Close(u32),
}

/// Takes the service's name, gives out ids and says what it was asked.
struct FakeService {
    bus: Connection,
    asked: UnboundedReceiver<Asked>,
}

impl FakeService {
    /// `presses` is a button it presses by itself, the moment a notice is shown.
    async fn start(bus: &Bus, presses: Option<&'static str>) -> FakeService {
        FakeService::start_as(bus, "gnome-shell", presses).await
    }

    async fn start_as(bus: &Bus, name: &'static str, presses: Option<&'static str>) -> FakeService {
        let bus = bus.connect().await;
        let (say, asked) = unbounded_channel();
        let calls = MessageStream::from(&bus);
        tokio::spawn(FakeService::serve(bus.clone(), calls, say, name, presses));
        let claimed =
            bus.call_method(Some(BUS), "/org/freedesktop/DBus", Some(BUS), "RequestName", &(NAME, 0_u32));
        claimed.await.unwrap();
        FakeService { bus, asked }
    }

    async fn serve(
        bus: Connection,
        mut calls: MessageStream,
        say: UnboundedSender<Asked>,
        name: &'static str,
        presses: Option<&'static str>,
    ) {
        let mut last = 0;
        while let Some(Ok(call)) = calls.next().await {
            let header = call.header();
            if call.message_type() != Type::MethodCall {
                continue;
            }
            match header.member().unwrap().as_str() {
                "GetServerInformation" => bus.reply(&header, &(name, "test", "1", "1.2")).await.unwrap(),
                "GetCapabilities" => {
                    bus.reply(&header, &vec!["actions", "body", "body-markup"]).await.unwrap()
                }
                "Notify" => {
                    type Notify = (
                        String,
                        u32,
                        String,
                        String,
                        String,
                        Vec<String>,
                        HashMap<String, zbus::OwnedVariant>,
                        i32,
                    );
                    let (_, replaces, _, _, body, actions, _, _): Notify = call.body().deserialize().unwrap();
                    last += 1;
                    let by = header.sender().unwrap().to_string();
                    bus.reply(&header, &last).await.unwrap();
                    if let Some(key) = presses {
                        press(&bus, None, last, key).await;
                    }
                    say.send(Asked::Notify { id: last, replaces, body, actions, by }).unwrap();
                }
                "CloseNotification" => {
                    let id: u32 = call.body().deserialize().unwrap();
                    bus.reply(&header, &()).await.unwrap();
                    // The notifier may be gone with its test by now.
                    let _ = say.send(Asked::Close(id));
                }
                other => panic!("the notifier asked for `{other}`"),
            }
        }
    }

    async fn next_shown(&mut self) -> (u32, Vec<String>, String) {
        loop {
            if let Asked::Notify { id, actions, by, .. } = self.asked.recv().await.unwrap() {
                return (id, actions, by);
            }
        }
    }
}

/// Says that a button was pressed, and waits until the bus has passed it on.
async fn press(from: &Connection, to: Option<&str>, id: u32, key: &str) {
    from.emit_signal(to, PATH, NAME, "ActionInvoked", &(id, key)).await.unwrap();
    let _ = from.call_method(Some(BUS), "/org/freedesktop/DBus", Some(BUS), "GetId", &()).await.unwrap();
}

async fn close(from: &Connection, id: u32, why: u32) {
    from.emit_signal(None::<&str>, PATH, NAME, "NotificationClosed", &(id, why)).await.unwrap();
}

fn notice(hold: &str, buttons: &[Button]) -> Notice {
    Notice {
        key: hold.into(),
        holds: vec![hold.into()],
        digest: format!("digest of {hold}"),
        agent: "claude".into(),
        tool: "practice/delete_customer".into(),
        title: "claude: practice/delete_customer".into(),
        body: "customer_id: 88231".into(),
        buttons: buttons.to_vec(),
        deadline: 0,
        reminds: false,
    }
}

/// On a notice with all buttons.
fn pressed(hold: &str, button: Button) -> Heard {
    Heard::Pressed { notice: notice(hold, &Button::ALL), button }
}

#[tokio::test]
async fn the_buttons_of_a_notice_are_offered_and_a_click_on_it_is_review() {
    let bus = Bus::start();
    let mut service = FakeService::start(&bus, None).await;
    let (notifier, mut heard) = bus.notifier().await.unwrap();
    assert_eq!(*notifier.service(), Service { name: "gnome-shell".into(), buttons: true, markup: true });
    notifier.show(&notice("h-1", &Button::ALL)).await.unwrap();
    let (id, actions, _) = service.next_shown().await;
    assert_eq!(actions, ["default", "Review", "approve", "Approve", "reject", "Reject", "review", "Review"]);
    press(&service.bus, None, id, "default").await;
    assert_eq!(heard.recv().await, Some(pressed("h-1", Button::Review)));
}

#[tokio::test]
async fn approve_counts_once_for_the_call_that_was_shown() {
    let bus = Bus::start();
    let mut service = FakeService::start(&bus, None).await;
    let (notifier, mut heard) = bus.notifier().await.unwrap();
    notifier.show(&notice("h-1", &Button::ALL)).await.unwrap();
    let (id, ..) = service.next_shown().await;
    press(&service.bus, None, id, "approve").await;
    press(&service.bus, None, id, "reject").await;
    assert_eq!(heard.recv().await, Some(pressed("h-1", Button::Approve)));
    assert_eq!(service.asked.recv().await, Some(Asked::Close(id)), "answered, it is taken away");
    notifier.show(&notice("h-2", &Button::ALL)).await.unwrap();
    let (next, ..) = service.next_shown().await;
    press(&service.bus, None, next, "reject").await;
    assert_eq!(
        heard.recv().await,
        Some(pressed("h-2", Button::Reject)),
        "the second press of the first counted for nothing"
    );
}

#[tokio::test]
async fn an_answer_that_comes_at_once_is_not_lost() {
    let bus = Bus::start();
    let _service = FakeService::start(&bus, Some("approve")).await;
    let (notifier, mut heard) = bus.notifier().await.unwrap();
    notifier.show(&notice("h-1", &Button::ALL)).await.unwrap();
    assert_eq!(heard.recv().await, Some(pressed("h-1", Button::Approve)));
}

#[tokio::test]
async fn an_answer_sent_to_us_alone_is_heard() {
    let bus = Bus::start();
    let mut service = FakeService::start(&bus, None).await;
    let (notifier, mut heard) = bus.notifier().await.unwrap();
    notifier.show(&notice("h-1", &Button::ALL)).await.unwrap();
    let (id, _, by) = service.next_shown().await;
    press(&service.bus, Some(&by), id, "reject").await;
    assert_eq!(heard.recv().await, Some(pressed("h-1", Button::Reject)));
}

#[tokio::test]
async fn an_approve_that_comes_before_anybody_can_have_read_is_a_review() {
    let bus = Bus::start();
    let mut service = FakeService::start(&bus, None).await;
    let (notifier, mut heard) = bus.notifier_that_finds_early(Duration::from_secs(3600)).await.unwrap();
    for (hold, key, counts_as) in [
        ("h-1", "approve", Button::Review),
        ("h-2", "reject", Button::Reject),
        ("h-3", "approve", Button::Review),
    ] {
        notifier.show(&notice(hold, &Button::ALL)).await.unwrap();
        let (id, ..) = service.next_shown().await;
        press(&service.bus, None, id, key).await;
        assert_eq!(heard.recv().await, Some(pressed(hold, counts_as)));
    }
}

#[tokio::test]
async fn a_forged_answer_of_another_program_does_nothing() {
    let bus = Bus::start();
    let mut service = FakeService::start(&bus, None).await;
    let (notifier, mut heard) = bus.notifier().await.unwrap();
    notifier.show(&notice("h-1", &Button::ALL)).await.unwrap();
    let (id, _, by) = service.next_shown().await;
    let forger = bus.connect().await;
    press(&forger, None, id, "approve").await;
    press(&forger, Some(&by), id, "approve").await;
    close(&forger, id, CLOSED_BY_A_PERSON).await;
    assert_eq!(heard.recv().await, Some(Heard::Forged), "it is told of");
    press(&service.bus, None, id, "reject").await;
    // Once a second at most: on a slow machine the second one is told of as well.
    let mut next = heard.recv().await;
    while next == Some(Heard::Forged) {
        next = heard.recv().await;
    }
    assert_eq!(
        next,
        Some(pressed("h-1", Button::Reject)),
        "the forged answers came first and were not believed"
    );
}

#[tokio::test]
async fn what_others_say_of_notices_that_are_not_ours_is_nothing_to_tell_of() {
    let bus = Bus::start();
    let mut service = FakeService::start(&bus, None).await;
    let (notifier, mut heard) = bus.notifier().await.unwrap();
    notifier.show(&notice("h-1", &Button::ALL)).await.unwrap();
    let (id, ..) = service.next_shown().await;
    let other = bus.connect().await;
    press(&other, None, id + 1, "approve").await;
    press(&other, None, id, "open-mail").await;
    press(&other, None, id, "approve").await;
    press(&service.bus, None, id, "reject").await;
    let both = [heard.recv().await.unwrap(), heard.recv().await.unwrap()];
    assert!(both.contains(&Heard::Forged) && both.contains(&pressed("h-1", Button::Reject)), "{both:?}");
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn a_button_that_was_not_offered_does_nothing() {
    let bus = Bus::start();
    let mut service = FakeService::start(&bus, None).await;
    let (notifier, mut heard) = bus.notifier().await.unwrap();
    let given = notice("h-1", &[Button::Review, Button::Reject]);
    notifier.show(&given).await.unwrap();
    let (id, ..) = service.next_shown().await;
    press(&service.bus, None, id, "approve").await;
    press(&service.bus, None, id + 7, "reject").await;
    press(&service.bus, None, id, "reject").await;
    assert_eq!(heard.recv().await, Some(Heard::Pressed { notice: given, button: Button::Reject }));
}

#[tokio::test]
async fn a_notice_that_is_shown_again_takes_the_place_of_the_first() {
    let bus = Bus::start();
    let mut service = FakeService::start(&bus, None).await;
    let (notifier, mut heard) = bus.notifier().await.unwrap();
    notifier.show(&notice("h-1", &Button::ALL)).await.unwrap();
    let (first, ..) = service.next_shown().await;
    let other = Notice { digest: "other".into(), ..notice("h-1", &Button::ALL) };
    notifier.show(&other).await.unwrap();
    let Some(Asked::Notify { id, replaces, .. }) = service.asked.recv().await else {
        panic!("not shown again")
    };
    assert_eq!(replaces, first);
    press(&service.bus, None, first, "approve").await;
    press(&service.bus, None, id, "approve").await;
    let expected = Heard::Pressed { notice: other, button: Button::Approve };
    assert_eq!(heard.recv().await, Some(expected), "the answer to the first one counted for nothing");
}

#[tokio::test]
async fn a_notice_ends_with_its_hold_or_when_a_person_puts_it_away() {
    let bus = Bus::start();
    let mut service = FakeService::start(&bus, None).await;
    let (notifier, mut heard) = bus.notifier().await.unwrap();
    notifier.show(&notice("h-1", &Button::ALL)).await.unwrap();
    let (first, ..) = service.next_shown().await;
    notifier.close("h-1").await;
    assert_eq!(service.asked.recv().await, Some(Asked::Close(first)));
    close(&service.bus, first, 3).await;
    notifier.show(&notice("h-2", &Button::ALL)).await.unwrap();
    let (second, ..) = service.next_shown().await;
    close(&service.bus, second, CLOSED_BY_A_PERSON).await;
    assert_eq!(heard.recv().await, Some(Heard::PutAway { notice: notice("h-2", &Button::ALL) }));
}

#[tokio::test]
async fn whoever_takes_the_name_later_is_not_believed_and_learns_no_arguments() {
    let bus = Bus::start();
    let mut service = FakeService::start(&bus, None).await;
    let (notifier, mut heard) = bus.notifier().await.unwrap();
    notifier.show(&notice("h-1", &Button::ALL)).await.unwrap();
    let (id, ..) = service.next_shown().await;
    service.bus.close().await.unwrap();
    assert_eq!(heard.recv().await, Some(Heard::ServiceLeft));

    let mut successor = FakeService::start(&bus, None).await;
    press(&successor.bus, None, id, "approve").await;
    notifier.show(&notice("h-2", &Button::ALL)).await.unwrap();
    let Some(Asked::Notify { id, body, actions, .. }) = successor.asked.recv().await else {
        panic!("not shown")
    };
    assert_eq!((body.as_str(), actions.len()), ("A call waits; open Doorward to decide", 0));
    press(&successor.bus, None, id, "approve").await;
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn without_a_service_or_a_bus_it_is_said_what_is_missing() {
    let bus = Bus::start();
    assert!(matches!(bus.notifier().await, Err(NotifyError::NoService(_))));
    let nowhere = connection::Builder::address("unix:path=/does/not/exist");
    assert!(matches!(SystemNotifier::connect_to(nowhere, Duration::ZERO).await, Err(NotifyError::NoBus(_))));
}

#[tokio::test]
async fn a_service_that_leaves_closed_notices_on_screen_is_told_to_let_them_expire() {
    let bus = Bus::start();
    let mut service = FakeService::start_as(&bus, "Notification Daemon", None).await;
    let (notifier, mut heard) = bus.notifier().await.unwrap();
    notifier.show(&notice("h-1", &Button::ALL)).await.unwrap();
    let (first, ..) = service.next_shown().await;
    notifier.close("h-1").await;
    let Some(Asked::Notify { replaces, actions, .. }) = service.asked.recv().await else {
        panic!("it stays")
    };
    assert_eq!((replaces, actions), (first, Vec::new()), "nothing is left to press");
    press(&service.bus, None, first, "approve").await;
    notifier.show(&notice("h-2", &Button::ALL)).await.unwrap();
    let (second, ..) = service.next_shown().await;
    press(&service.bus, None, second, "reject").await;
    assert_eq!(heard.recv().await, Some(pressed("h-2", Button::Reject)), "the first one is forgotten");
}
