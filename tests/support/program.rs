//! Programs that a test starts, each in a process group of its own that ends with the value, and what they print.

use super::PATIENCE;
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// A running program.
pub(crate) struct Program {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    printed: Arc<Printed>,
}

/// Lines of standard output and standard error, in the order they came.
#[derive(Default)]
struct Printed {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Default)]
struct Lines {
    all: Vec<String>,
    /// Streams still open.
    open: usize,
}

impl Program {
    /// Starts it with its streams taken.
    pub(crate) fn start(command: &mut Command) -> Program {
        use std::os::unix::process::CommandExt as _;
        let name =
            Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let spawned = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = spawned.unwrap_or_else(|error| panic!("`{name}` cannot be started: {error}"));
        let printed =
            Arc::new(Printed { lines: Mutex::new(Lines { all: Vec::new(), open: 2 }), ..Printed::default() });
        follow(child.stdout.take().expect("its output"), &printed);
        follow(child.stderr.take().expect("its errors"), &printed);
        let input = child.stdin.take();
        Program { name, child, input, printed }
    }

    /// The first line, from `from` on, that fits; its number and itself.
    #[track_caller]
    pub(crate) fn line_from(&self, from: usize, what: &str, fits: impl Fn(&str) -> bool) -> (usize, String) {
        self.line_within(PATIENCE, from, what, fits)
    }

    /// The same of a program that may take longer.
    #[track_caller]
    pub(crate) fn line_within(
        &self,
        patience: Duration,
        from: usize,
        what: &str,
        fits: impl Fn(&str) -> bool,
    ) -> (usize, String) {
        let limit = Instant::now() + patience;
        let mut lines = self.printed.lines.lock().unwrap();
        loop {
            let found = lines.all.iter().enumerate().skip(from).find(|(_, line)| fits(line));
            if let Some((number, line)) = found {
                return (number, line.clone());
            }
            let left = limit.saturating_duration_since(Instant::now());
            if left.is_zero() || lines.open == 0 {
                let printed = lines.all.join("\n");
                // Dropping the program in the panic looks at the lines once more.
                drop(lines);
                panic!("`{}` did not print {what}; it printed:\n{printed}", self.name);
            }
            lines = self.printed.changed.wait_timeout(lines, left).unwrap().0;
        }
    }

    /// The first line that fits.
    #[track_caller]
    pub(crate) fn line(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        self.line_from(0, what, fits).1
    }

    /// Everything printed so far.
    pub(crate) fn output(&self) -> String {
        self.printed.lines.lock().unwrap().all.join("\n")
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        writeln!(input, "{line}").expect("it reads its input");
        input.flush().expect("it reads its input");
    }

    /// Types a text without ending the line.
    pub(crate) fn type_text(&mut self, text: &str) {
        let input = self.input.as_mut().expect("its input is open");
        input.write_all(text.as_bytes()).expect("it reads its input");
    }

    /// Ends its input.
    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    /// The port it listens on, for programs that pick one and do not tell.
    pub(crate) fn listening_port(&self) -> u16 {
        let limit = Instant::now() + PATIENCE;
        loop {
            if let Some(port) = listening_port(self.child.id()) {
                return port;
            }
            assert!(
                Instant::now() < limit,
                "`{}` listens on no port; it printed:\n{}",
                self.name,
                self.output()
            );
            std::thread::yield_now();
        }
    }

    /// Asks it to end, as a session manager would, and waits until it has.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Waits for its own end.
    pub(crate) fn finish(mut self) -> (ExitStatus, String) {
        self.input = None;
        let status = self.wait();
        let mut lines = self.printed.lines.lock().unwrap();
        while lines.open > 0 {
            lines = self.printed.changed.wait(lines).unwrap();
        }
        (status, lines.all.join("\n"))
    }

    fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("a child of ours")
    }

    fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // Gone already is fine.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("`{}` printed:\n{}\n", self.name, self.output());
        }
    }
}

fn follow(stream: impl Read + Send + 'static, printed: &Arc<Printed>) {
    let printed = Arc::clone(printed);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { break };
            printed.lines.lock().unwrap().all.push(line);
            printed.changed.notify_all();
        }
        printed.lines.lock().unwrap().open -= 1;
        printed.changed.notify_all();
    });
}

/// The loopback port a process listens on, as the system knows it: its sockets' inodes, looked up in the table of
/// TCP sockets (local address, state `0A`, inode).
fn listening_port(process: u32) -> Option<u16> {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).ok()?.flatten();
    let sockets: Vec<String> = open
        .filter_map(|entry| {
            std::fs::read_link(entry.path()).ok()?.to_str()?.strip_prefix("socket:[").map(str::to_owned)
        })
        .map(|inode| inode.trim_end_matches(']').to_owned())
        .collect();
    // A service on all addresses of both families is only in the second table.
    let table = |name| std::fs::read_to_string(format!("/proc/{process}/net/{name}")).unwrap_or_default();
    [table("tcp"), table("tcp6")].concat().lines().find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (columns.get(1)?, columns.get(3)?, columns.get(9)?);
        let ours = *state == "0A" && sockets.iter().any(|socket| socket == inode);
        ours.then(|| u16::from_str_radix(local.split(':').nth(1)?, 16).ok()).flatten()
    })
}

/// One of our programs, built beside the running test.
pub(crate) fn ours(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the running test");
    let built = test.parent().and_then(Path::parent).expect("target/debug").join(name);
    assert!(
        built.is_file(),
        "{} is not built: run `cargo build --workspace --features doorward-desktop/custom-protocol`",
        built.display()
    );
    built
}

/// `doorward` for a home, with nothing of the person's own surroundings.
pub(crate) fn doorward<S: AsRef<OsStr>>(home: &Path, args: impl IntoIterator<Item = S>) -> Command {
    let mut command = clean(ours("doorward"));
    command.arg("--home").arg(home).args(args);
    command
}

/// A program without the variables that would lead it to the person's own session.
pub(crate) fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in ["DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "DOORWARD_HOME", "XDG_RUNTIME_DIR"]
    {
        command.env_remove(name);
    }
    command
}
