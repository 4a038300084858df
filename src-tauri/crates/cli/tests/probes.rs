//! What `doorward doctor` says where a display and a notification service answer.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
};
use support::{TestHome, run};

/// A message bus of the test's own.
struct Bus {
    daemon: Child,
    address: String,
}

impl Bus {
    fn start() -> Bus {
        let mut command = Command::new("dbus-daemon");
        command
            .args(["--session", "--nofork", "--print-address"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut daemon = command.spawn().unwrap();
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Bus { daemon, address: address.trim().to_owned() }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

struct Service;

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Service {
    fn get_server_information(&self) -> (&str, &str, &str, &str) {
        ("Test\u{1b}[2J service", "nobody", "1.0", "1.2")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_service_is_named_without_its_control_characters() {
    let bus = Bus::start();
    let _service = zbus::connection::Builder::address(bus.address.as_str())
        .name("org.freedesktop.Notifications")
        .serve_at("/org/freedesktop/Notifications", Service)
        .build()
        .await
        .unwrap();
    let home = TestHome::made(&[]);
    let said = run(home.command(&["doctor"]).env("DBUS_SESSION_BUS_ADDRESS", &bus.address));
    let line = said.out.lines().find(|line| line.contains("notification service: ")).unwrap();
    assert!(line.starts_with("ok      notification service: Test"), "{line}");
    assert!(line.ends_with("[2J service 1.0") && !line.contains('\u{1b}'), "{line}");
}

#[test]
fn a_display_counts_when_it_answers() {
    // X11 over TCP: display N is port 6000 + N; any free port above is a display of nobody else's.
    let server = std::iter::repeat_with(|| TcpListener::bind("127.0.0.1:0").unwrap())
        .find(|server| server.local_addr().unwrap().port() > 6000)
        .unwrap();
    let display = format!("127.0.0.1:{}.0", server.local_addr().unwrap().port() - 6000);
    let home = TestHome::made(&[]);
    let said = run(home.command(&["doctor"]).env("DISPLAY", &display));
    assert!(said.out.contains(&format!("ok      display: X11 `{display}` answers")), "{}", said.out);
    drop(server);
    let said = run(home.command(&["doctor"]).env("DISPLAY", &display));
    assert!(said.out.contains(&format!("not ok  display: X11 `{display}` does not answer")), "{}", said.out);
    let said = run(home.command(&["doctor"]).env("DISPLAY", "nonsense").env("WAYLAND_DISPLAY", "wayland-99"));
    assert!(said.out.contains("Wayland `wayland-99` does not answer"), "{}", said.out);
    assert!(
        said.out.contains("X11 `nonsense` does not answer: it is not written as HOST:NUMBER"),
        "{}",
        said.out
    );
}
