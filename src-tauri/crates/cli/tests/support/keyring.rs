//! A session bus of the test's own with gnome-keyring on it, a terminal to type into, and a recorder on a socket.

use super::doorward;
use rustix::fd::OwnedFd;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Starts nothing by itself, so that an absent keyring stays absent.
const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=FOLDER</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Ends with the value, with every service on it.
pub(crate) struct Keyring {
    services: Vec<Child>,
    address: String,
    folder: PathBuf,
}

/// What the keyring is like when the bus comes up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Is {
    Unlocked,
    /// Started by nobody who knows its password.
    Locked,
    /// Not there.
    Absent,
}

impl Keyring {
    /// `folder` keeps the keyrings from one bus to the next.
    pub(crate) fn start(folder: &Path, is: Is) -> Keyring {
        let config = folder.join("bus.conf");
        std::fs::write(&config, CONFIG.replace("FOLDER", &folder.display().to_string())).unwrap();
        let mut daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        let mut keyring = Keyring { services: vec![daemon], address, folder: folder.to_owned() };
        if is != Is::Absent {
            keyring.add_service(is);
        }
        keyring
    }

    /// The keyring comes up on a bus that is there already.
    pub(crate) fn add_service(&mut self, is: Is) {
        let mut command = Command::new("gnome-keyring-daemon");
        self.surround(&mut command).args(["--foreground", "--components=secrets"]);
        if is == Is::Unlocked {
            command.arg("--unlock");
        }
        let mut service =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The password goes in and its end is closed: then it is unlocked.
        let mut input = service.stdin.take().unwrap();
        if is == Is::Unlocked {
            input.write_all(b"a password of the test's own").unwrap();
        }
        drop(input);
        self.services.push(service);
        let owned = || {
            let mut ask = Command::new("dbus-send");
            self.surround(&mut ask).args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/",
                "org.freedesktop.DBus.GetNameOwner",
                "string:org.freedesktop.secrets",
            ]);
            ask.output().unwrap().status.success()
        };
        let limit = Instant::now() + Duration::from_secs(30);
        while !owned() {
            assert!(Instant::now() < limit, "gnome-keyring did not come up");
        }
    }

    /// The keyring goes; its file and the bus stay.
    pub(crate) fn end_service(&mut self) {
        for mut service in self.services.drain(1..) {
            service.kill().unwrap();
            service.wait().unwrap();
        }
    }

    /// `doorward` on this bus.
    pub(crate) fn doorward(&self, home: &Path, arguments: &[&str]) -> Command {
        let mut command = doorward();
        self.surround(&mut command).arg("--home").arg(home).args(arguments);
        command
    }

    fn surround<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .env("XDG_RUNTIME_DIR", &self.folder)
            .env("XDG_DATA_HOME", self.folder.join("data"))
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        for service in self.services.iter_mut().rev() {
            let _ = service.kill();
            let _ = service.wait();
        }
    }
}

/// A terminal: the end to type into, and the end that a program reads.
pub(crate) fn terminal() -> (std::fs::File, Stdio) {
    let keyboard: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&keyboard).unwrap();
    unlockpt(&keyboard).unwrap();
    let name = ptsname(&keyboard, Vec::new()).unwrap();
    let screen = std::fs::OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    (keyboard.into(), screen.into())
}

/// Sits between a home's socket and whoever uses it, and keeps every byte of both ways.
pub(crate) struct Recorder(Arc<Mutex<Vec<u8>>>);

impl Recorder {
    pub(crate) fn on(socket: &Path) -> Recorder {
        let real = socket.with_extension("real");
        std::fs::rename(socket, &real).unwrap();
        let listener = UnixListener::bind(socket).unwrap();
        let kept = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&kept);
        thread::spawn(move || {
            for near in listener.incoming() {
                let Ok(near) = near else { return };
                let Ok(far) = UnixStream::connect(&real) else { return };
                let ways = [(near.try_clone(), far.try_clone()), (far.try_clone(), near.try_clone())];
                for (from, to) in ways {
                    let seen = Arc::clone(&seen);
                    thread::spawn(move || pass(from.unwrap(), to.unwrap(), &seen));
                }
            }
        });
        Recorder(kept)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

fn pass(mut from: UnixStream, mut to: UnixStream, seen: &Mutex<Vec<u8>>) {
    let mut some = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut some) {
        seen.lock().unwrap().extend_from_slice(&some[..count]);
        if to.write_all(&some[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}
