//! How long what a person waits for takes, with the real app on a screen and a bus of its own; `cargo xtask bench ui`
//! runs it and prints the table. A program and no test: figures of a busy machine fail nothing.
//!
//! The window is driven over WebDriver, whose own time is part of the figures that say so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "tests"
)]

mod support;

use gateway::home::KeychainKind;
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};
use support::bus::Bus;
use support::home::{ALLOW, TestHome};
use support::node::{filesystem_server, node};
use support::notified::{Asked, Notified};
use support::program::{Program, clean, ours};
use support::screen::Screen;
use support::window::Window;
use tokio::net::UnixStream;

const WRITES: (&str, &str) = (
    "writes.toml",
    "name = \"Files are written by permission\"\n[target]\ntools = [\"files/write_file\"]\n[action]\nkind = \"request_approval\"\n",
);
const STARTS: usize = 12;
const WINDOWS: usize = 6;
const CALLS: usize = 20;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    runtime.block_on(async {
        let (mut gateway, mut usable) =
            (Figure::of("app start → gateway answers"), Figure::of("app start → window usable"));
        for _ in 0..STARTS {
            gateway.add(start_to_answer().await);
        }
        for _ in 0..WINDOWS {
            usable.add(start_to_window().await);
        }
        let (sent, forwarded) = hold_and_click().await;
        println!("{:<46} {:>4} {:>10} {:>10}", "", "n", "p50", "p99");
        for figure in [gateway, usable, sent, forwarded] {
            println!("{}", figure.line());
        }
    });
}

struct Figure {
    name: &'static str,
    times: Vec<Duration>,
}

impl Figure {
    fn of(name: &'static str) -> Figure {
        Figure { name, times: Vec::new() }
    }

    fn add(&mut self, time: Duration) {
        self.times.push(time);
    }

    /// With few samples the 99th of a hundred is the longest.
    fn line(mut self) -> String {
        self.times.sort();
        let at = |percent: usize| {
            let rank = (self.times.len() * percent).div_ceil(100).max(1) - 1;
            format!("{:.1} ms", self.times[rank].as_secs_f64() * 1000.0)
        };
        format!("{:<46} {:>4} {:>10} {:>10}", self.name, self.times.len(), at(50), at(99))
    }
}

/// A home with the real filesystem server behind it, whose writes are held.
fn home() -> (TestHome, std::path::PathBuf) {
    let home = TestHome::made(KeychainKind::Os, &[ALLOW, WRITES]);
    let files = home.beside("f");
    let script = filesystem_server().display().to_string();
    home.add_program("files", &node(), &[&script, &files.display().to_string()]);
    (home, files)
}

/// Until the socket of the home answers, without a WebDriver in between.
async fn start_to_answer() -> Duration {
    let (home, _) = home();
    let (bus, screen) = (Bus::with_keyring().await, Screen::start());
    let mut command = clean(ours("doorward-desktop"));
    command.arg("--home").arg(home.dir()).env("DISPLAY", &screen.display);
    bus.surround(&mut command);
    let began = Instant::now();
    let app = Program::start(&mut command);
    let limit = began + Duration::from_secs(60);
    loop {
        if let Ok(stream) = UnixStream::connect(home.paths().socket()).await {
            let answer =
                support::wire::raw(stream, "GET /desk/v1/status HTTP/1.1\r\nHost: localhost", "").await;
            assert!(answer.contains("listen"), "{answer}");
            break;
        }
        assert!(Instant::now() < limit, "no answer: {}", app.output());
        tokio::task::yield_now().await;
    }
    let took = began.elapsed();
    app.terminate();
    took
}

/// Until the window's content can be clicked, as a WebDriver sees it.
async fn start_to_window() -> Duration {
    let (home, _) = home();
    let (bus, screen) = (Bus::with_keyring().await, Screen::start());
    let began = Instant::now();
    let window = Window::open(home, bus, screen).await;
    window.element("empty-inbox").await;
    let took = began.elapsed();
    drop(window.close().await);
    took
}

/// From the call to the notification on the bus, and from the click on Approve to the file on the disk.
async fn hold_and_click() -> (Figure, Figure) {
    let mut sent = Figure::of("call asked for → notification sent");
    let mut forwarded = Figure::of("click on Approve (WebDriver) → upstream has run it");
    let (home, files) = home();
    let screen = Screen::start();
    let mut bus = Bus::with_keyring().await;
    bus.add_notifications(&screen.display).await;
    let window = Window::open(home, bus, screen).await;
    let agent = window.agent("files").await;
    let mut notified = Notified::on(&window.bus).await;
    for n in 0..CALLS {
        let path = files.join(format!("file-{n}.txt"));
        let began = Instant::now();
        let call = agent.start("write_file", json!({ "path": path, "content": "hello" }));
        while !matches!(notified.next().await, Asked::Show { .. }) {}
        sent.add(began.elapsed());
        let name = format!("file-{n}.txt");
        window.text_with("[data-testid=card][data-state=waiting]", &name).await;
        let button = window.find("[data-testid=approve]:not([disabled]):not([data-disabled])").await;
        let began = Instant::now();
        let watch = tokio::task::spawn_blocking({
            let path = path.clone();
            move || until_there(&path)
        });
        button.click().await.expect("a click");
        watch.await.expect("the file is written");
        forwarded.add(began.elapsed());
        call.answer().await.ran();
    }
    drop(window.close().await);
    (sent, forwarded)
}

fn until_there(path: &Path) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !path.exists() {
        assert!(Instant::now() < limit, "`{}` was not written", path.display());
        std::thread::yield_now();
    }
}
