//! The process of the gateway, looked at from outside: what another program of the same user can read of it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use support::{Running, TestHome, run};

/// An ordinary user, where the tests are run by root: root may read everything.
const NOBODY: u32 = 65_534;

fn as_ordinary(command: &mut Command) -> &mut Command {
    if rustix::process::geteuid().is_root() { command.uid(NOBODY).gid(NOBODY) } else { command }
}

fn give_away(folder: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            give_away(&path);
        } else {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
}

/// Whether a program of the same user can read that of a process.
fn can_read(process: u32, what: &str) -> bool {
    let said = run(as_ordinary(Command::new("cat").arg(format!("/proc/{process}/{what}"))));
    said.code == 0
}

#[test]
fn another_program_of_the_same_user_can_read_neither_memory_nor_environment_of_the_gateway() {
    let home = TestHome::made(&[]);
    give_away(home.folder.path());
    let mut command = home.command(&["serve"]);
    // What would load foreign code into it.
    command.env("GTK_MODULES", "nothing-good").env("LD_AUDIT", "");
    let mut running = Running::start(as_ordinary(&mut command));
    running.line_with(" listens on http://");
    let gateway = running.id();
    for what in ["environ", "maps", "mem"] {
        assert!(!can_read(gateway, what), "/proc/PID/{what} can be read");
    }
    if rustix::process::geteuid().is_root() {
        let environment = std::fs::read(format!("/proc/{gateway}/environ")).unwrap();
        let environment = String::from_utf8_lossy(&environment).into_owned();
        assert!(environment.contains("PATH="), "root reads it");
        assert!(!environment.contains("GTK_MODULES") && !environment.contains("LD_AUDIT"), "{environment}");
    }
    // The same look at a program that does nothing about it.
    let mut open = as_ordinary(Command::new("sleep").arg("60")).spawn().unwrap();
    let readable = can_read(open.id(), "environ") && can_read(open.id(), "maps");
    open.kill().unwrap();
    open.wait().unwrap();
    assert!(readable, "the look itself works");
    assert_eq!(home.dir.metadata().unwrap().mode() & 0o777, 0o700);
    for name in ["doorward.sock", "journal.sqlite", "agents.toml"] {
        assert_eq!(home.path(name).metadata().unwrap().mode() & 0o077, 0, "{name} is open to others");
    }
}
