//! Homes in temporary folders, and the real `doorward` run on them.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[cfg(target_os = "linux")]
pub(crate) mod keyring;

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

/// How long a test waits for a line before it fails; nothing sleeps this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program, with nothing of this session's Doorward, bus or display around it.
pub(crate) fn doorward() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command
        .env_remove("DOORWARD_HOME")
        .env_remove("DOORWARD_LOG")
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env_remove("XDG_RUNTIME_DIR")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .stdin(Stdio::null());
    command
}

/// What a finished run said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn run(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A home folder that goes with the test.
pub(crate) struct TestHome {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) dir: PathBuf,
}

impl TestHome {
    /// Not made yet.
    pub(crate) fn absent() -> TestHome {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("home");
        TestHome { folder, dir }
    }

    /// Made by `init` with these options; the keychain is in memory and the port any free one.
    pub(crate) fn made(options: &[&str]) -> TestHome {
        let home = TestHome::absent();
        let mut arguments = vec!["init", "--keychain", "memory", "--listen", "127.0.0.1:0"];
        arguments.extend(options);
        let said = home.run(&arguments);
        assert_eq!(said.code, 0, "{said:?}");
        home
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = doorward();
        command.arg("--home").arg(&self.dir).args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        run(&mut self.command(arguments))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// `doorward serve`, ready.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Running {
        let mut all = vec!["serve"];
        all.extend(arguments);
        let mut running = Running::start(&mut self.command(&all));
        let line = running.line_with(" listens on http://");
        running.address = line.split("http://").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        running
    }
}

/// A process whose output is read line by line.
pub(crate) struct Running {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    /// Every line read so far.
    pub(crate) seen: Vec<String>,
    /// Where it listens, for `serve`.
    pub(crate) address: String,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Running {
        Running::start_with(command, Stdio::inherit())
    }

    /// With its standard error going somewhere else.
    pub(crate) fn start_with(command: &mut Command, errors: Stdio) -> Running {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let input = child.stdin.take();
        Running { child, input, lines, seen: Vec::new(), address: String::new() }
    }

    /// The next line that contains `part`.
    pub(crate) fn line_with(&mut self, part: &str) -> String {
        loop {
            let line = self
                .lines
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|error| panic!("no line with `{part}` ({error}); so far: {:#?}", self.seen));
            self.seen.push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Lines that are left once the output has ended.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        self.lines.iter().collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A process that ended already cannot be killed; that is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The text between `before` and the end of its word.
pub(crate) fn word_after(text: &str, before: &str) -> String {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no `{before}` in {text}")).1;
    rest.split_whitespace().next().unwrap().to_owned()
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}
