//! The screen as logind tells of it, on a bus of the test's own.

use super::super::PresenceEvent::{self, Locked, Resumed, Suspended, Unlocked};
use super::super::fake_logind::{FakeLogind, SEEN};
use super::*;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tokio::sync::broadcast::Receiver;
use tokio::task::JoinHandle;

/// A bus that starts nothing by itself; it ends with the test.
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
            <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"#,
            folder.path().display()
        );
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new("dbus-daemon");
        command.args(["--nofork", "--print-address=1", "--config-file"]).arg(&config);
        let mut daemon = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Bus { daemon, address: address.trim().to_owned(), _folder: folder }
    }

    fn follow(&self, locks_within: Duration) -> Followed {
        let presence = Presence::default();
        let (events, address) = (presence.changes(), self.address.clone());
        let followed = presence.clone();
        let task = tokio::spawn(async move {
            let bus = connection::Builder::address(address.as_str());
            let Err(blind) = Screen::follow(&followed, bus, locks_within).await;
            blind
        });
        Followed { presence, events, task }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

struct Followed {
    presence: Presence,
    events: Receiver<PresenceEvent>,
    task: JoinHandle<Blind>,
}

impl Followed {
    async fn next(&mut self) -> PresenceEvent {
        let next = tokio::time::timeout(Duration::from_secs(20), self.events.recv());
        next.await.expect("something happens in time").unwrap()
    }
}

#[tokio::test]
async fn the_lock_and_the_sleep_of_the_session_are_told() {
    let bus = Bus::start();
    let logind = FakeLogind::start(&bus.address, false).await;
    let mut screen = bus.follow(LOCKS_WITHIN);
    assert_eq!(screen.next().await, Unlocked);
    logind.set_locked(true).await;
    assert_eq!(screen.next().await, Locked);
    assert_eq!(screen.presence.is_locked(), Some(true));
    logind.set_locked(false).await;
    assert_eq!(screen.next().await, Unlocked);
    logind.sleep(true).await;
    assert_eq!(screen.next().await, Suspended);
    logind.set_locked(true).await;
    assert_eq!(screen.next().await, Locked);
    logind.sleep(false).await;
    assert_eq!(screen.next().await, Resumed);
    assert_eq!(screen.presence.is_locked(), Some(true));
}

#[tokio::test]
async fn a_session_that_is_asked_to_lock_counts_as_locked_before_it_says_so() {
    let bus = Bus::start();
    let logind = FakeLogind::start(&bus.address, false).await;
    let mut screen = bus.follow(LOCKS_WITHIN);
    assert_eq!(screen.next().await, Unlocked);
    logind.ask("Lock").await;
    assert_eq!(screen.next().await, Locked);
    logind.set_locked(true).await;
    // Asked to unlock, it is locked until it says otherwise: anybody may ask.
    logind.ask("Unlock").await;
    logind.set_locked(false).await;
    assert_eq!(screen.next().await, Unlocked);
    assert!(screen.events.try_recv().is_err());
}

#[tokio::test]
async fn a_locker_that_does_not_tell_leaves_the_screen_unknown() {
    let bus = Bus::start();
    let logind = FakeLogind::start(&bus.address, false).await;
    let mut screen = bus.follow(Duration::from_millis(1));
    assert_eq!(screen.next().await, Unlocked);
    logind.ask("Lock").await;
    assert_eq!((screen.next().await, screen.next().await), (Locked, Locked));
    assert_eq!(screen.presence.is_locked(), None);
    assert!(screen.presence.why_unknown().unwrap().contains("does not tell"));
}

#[tokio::test]
async fn without_a_bus_a_logind_or_a_screen_nobody_can_tell() {
    let bus = Bus::start();
    let nobody = bus.follow(LOCKS_WITHIN);
    assert!(matches!(nobody.task.await.unwrap(), Blind::NoLogind(_)));
    assert_eq!(nobody.presence.is_locked(), None);
    let _logind = FakeLogind::without_a_screen(&bus.address).await;
    assert!(matches!(bus.follow(LOCKS_WITHIN).task.await.unwrap(), Blind::NoScreen));
    let nowhere = connection::Builder::address("unix:path=/nowhere/at/all");
    let Err(blind) = Screen::follow(&Presence::default(), nowhere, LOCKS_WITHIN).await;
    assert!(matches!(blind, Blind::NoBus(_)), "{blind}");
}

#[tokio::test]
async fn whoever_asks_once_is_told_the_same() {
    let bus = Bus::start();
    let at = || connection::Builder::address(bus.address.as_str());
    assert!(matches!(ask_on(at()).await, Err(Blind::NoLogind(_))));
    let logind = FakeLogind::start(&bus.address, true).await;
    assert!(ask_on(at()).await.unwrap());
    logind.set_locked(false).await;
    assert!(!ask_on(at()).await.unwrap());
}

#[tokio::test]
async fn a_logind_that_leaves_takes_its_word_along_and_nobody_can_speak_for_it() {
    let bus = Bus::start();
    let logind = FakeLogind::start(&bus.address, true).await;
    let mut screen = bus.follow(LOCKS_WITHIN);
    assert_eq!(screen.next().await, Locked);
    // Another program says that it woke up and was unlocked.
    let stranger = connection::Builder::address(bus.address.as_str()).build().await.unwrap();
    let (manager, nothing) = ("org.freedesktop.login1.Manager", None::<&str>);
    stranger.emit_signal(nothing, ROOT, manager, "PrepareForSleep", &false).await.unwrap();
    stranger.emit_signal(nothing, SEEN, SESSION, "Unlock", &()).await.unwrap();
    logind.release().await;
    assert!(matches!(screen.task.await.unwrap(), Blind::Left));
    assert!(screen.events.try_recv().is_err(), "only logind is believed");
}
