//! The two ends of the shim under a test's control: the agent, and what listens on the home's socket.
//!
//! The gateway is a scripted one here: it has to say exactly these bytes, break off in the middle of a line, come
//! back as another one and read nothing at all, which the real one does not do when asked. `connect_serve.rs` and
//! the whole-app tests go through the real one.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use crate::support::TestHome;
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

/// How long a test waits for what must come; nothing sleeps this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// `doorward connect`, with the test as its agent.
pub(crate) struct Agent {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<Vec<u8>>,
    told: Receiver<String>,
}

impl Agent {
    pub(crate) fn start(home: &TestHome, arguments: &[&str]) -> Agent {
        let mut all = vec!["connect"];
        all.extend(arguments);
        Agent::run(&mut home.command(&all))
    }

    pub(crate) fn run(command: &mut Command) -> Agent {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("doorward can be started");
        let (sender, lines) = channel();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            let mut line = Vec::new();
            while output.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                if sender.send(std::mem::take(&mut line)).is_err() {
                    return;
                }
            }
        });
        let (sender, told) = channel();
        let errors = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            errors.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let input = child.stdin.take();
        Agent { child, input, lines, told }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.write(format!("{line}\n").as_bytes());
    }

    /// The agent's side of its input, to be written from another thread.
    pub(crate) fn take_input(&mut self) -> ChildStdin {
        self.input.take().unwrap()
    }

    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    /// The next line on standard output, with its line break.
    pub(crate) fn raw_line(&self) -> Vec<u8> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(error) => panic!("no line ({error}); told: {:#?}", self.told.try_iter().collect::<Vec<_>>()),
        }
    }

    pub(crate) fn line(&self) -> String {
        String::from_utf8(self.raw_line()).unwrap()
    }

    /// The next line, which must be JSON.
    pub(crate) fn json(&self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The next line on standard error that contains `part`.
    pub(crate) fn told(&self, part: &str) -> String {
        loop {
            let line =
                self.told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("nothing told with `{part}`"));
            if line.contains(part) {
                return line;
            }
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Lines that are left once standard output has ended.
    pub(crate) fn rest(&self) -> Vec<Vec<u8>> {
        self.lines.iter().collect()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended already; that is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Listens on the home's socket until it goes.
pub(crate) struct Gateway {
    path: PathBuf,
    streams: Receiver<UnixStream>,
    gone: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Gateway {
    pub(crate) fn start(home: &TestHome) -> Gateway {
        let path = home.path("doorward.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let (sender, streams) = channel();
        let gone = Arc::new(AtomicBool::new(false));
        let is_gone = Arc::clone(&gone);
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if is_gone.load(Ordering::SeqCst) || sender.send(stream).is_err() {
                    return;
                }
            }
        });
        Gateway { path, streams, gone, accepting: Some(accepting) }
    }

    /// The next connection, with its head read.
    pub(crate) fn accept(&self) -> Knocked {
        Knocked::read(self.streams.recv_timeout(PATIENCE).expect("somebody connects"))
    }

    /// The next connection, welcomed.
    pub(crate) fn welcome(&self) -> Wire {
        self.accept().welcome(b"")
    }

    /// Nobody connects for that long.
    pub(crate) fn nobody_for(&self, time: Duration) {
        assert_eq!(self.streams.recv_timeout(time).err(), Some(RecvTimeoutError::Timeout));
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::SeqCst);
        // Wakes the thread, which sees that it is over. Then nobody listens, and a crash's socket lies there.
        let _ = UnixStream::connect(&self.path);
        let _ = self.accepting.take().unwrap().join();
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A connection whose head was read and not answered yet.
pub(crate) struct Knocked {
    stream: UnixStream,
    pub(crate) head: String,
}

impl Knocked {
    fn read(mut stream: UnixStream) -> Knocked {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        Knocked { stream, head: String::from_utf8(head).unwrap() }
    }

    /// Answers 101, with these first lines in the same write.
    pub(crate) fn welcome(mut self, first: &[u8]) -> Wire {
        let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: mcp-lines\r\n\r\n";
        self.stream.write_all(&[head.as_bytes(), first].concat()).unwrap();
        Wire { reader: BufReader::new(self.stream.try_clone().unwrap()), stream: self.stream }
    }

    pub(crate) fn refuse(mut self, status: &str, body: &str) {
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(answer.as_bytes()).unwrap();
    }
}

/// A welcomed connection, seen from the gateway.
pub(crate) struct Wire {
    reader: BufReader<UnixStream>,
    stream: UnixStream,
}

impl Wire {
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.write(format!("{line}\n").as_bytes());
    }

    /// The next line with its line break; empty at the end.
    pub(crate) fn raw_line(&mut self) -> Vec<u8> {
        let mut line = Vec::new();
        match self.reader.read_until(b'\n', &mut line) {
            Ok(_) => line,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Vec::new(),
            Err(error) => panic!("no line: {error}"),
        }
    }

    /// The next line without its line break.
    pub(crate) fn line(&mut self) -> String {
        String::from_utf8(self.raw_line()).unwrap().trim_end_matches('\n').to_owned()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
