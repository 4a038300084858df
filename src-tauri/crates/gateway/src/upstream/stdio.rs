//! An upstream that is a child process: one JSON message a line on its standard input and output.
//!
//! The child gets its own process group, and neither the session bus nor the display nor anything of ours from
//! the environment. Lines that are no JSON are logged by length and skipped. When it ends, or closes its
//! output, its whole group is killed and every pending request fails with its last words on standard error.

use super::{
    MAX_MESSAGE, UpstreamError,
    connection::Connection,
    lines::{LineError, next_line},
};
use crate::secrets::Withheld;
use policy::UpstreamName;
use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    process::{ExitStatus, Stdio as Pipe},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};
use tokio::{
    io::{AsyncWriteExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    sync::mpsc,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// How long a child may take for each step of ending.
const GRACE: Duration = Duration::from_secs(2);
/// How long a line may wait for the child to read it.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// How much of standard error is kept for the error message.
const LAST_LINES: usize = 8;
const LAST_LINE: usize = 300;
/// Longest line read from standard error.
const ERROR_LINE_LIMIT: usize = 64 * 1024;
/// Not for upstreams. Without its folder a child does not find the session bus by itself either.
const WITHHELD: [&str; 5] =
    ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"];

/// What to start; from the configuration, never from a request.
pub(super) struct Program<'a> {
    pub(super) command: &'a str,
    pub(super) args: &'a [String],
    pub(super) env: &'a BTreeMap<String, String>,
    pub(super) cwd: Option<&'a PathBuf>,
    /// From the keychain.
    pub(super) secrets: &'a [(String, Zeroizing<String>)],
}

/// The sending half; dropping it ends the child.
pub(super) struct Stdio {
    name: UpstreamName,
    lines: mpsc::Sender<String>,
    end: CancellationToken,
    ended: CancellationToken,
}

/// The child's pipes, not read yet.
pub(super) struct Started {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    errors: ChildStderr,
    lines: mpsc::Receiver<String>,
}

type LastWords = Arc<Mutex<VecDeque<String>>>;

impl Stdio {
    pub(super) fn spawn(
        name: &UpstreamName,
        program: &Program<'_>,
    ) -> Result<(Stdio, Started), UpstreamError> {
        let failed = |why: String| UpstreamError::NotStarted { name: name.clone(), why };
        let mut child =
            command(program).spawn().map_err(|error| failed(format!("`{}`: {error}", program.command)))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = pipes else {
            return Err(failed("its pipes are missing".to_owned()));
        };
        let (sender, lines) = mpsc::channel(64);
        let stdio = Stdio {
            name: name.clone(),
            lines: sender,
            end: CancellationToken::new(),
            ended: CancellationToken::new(),
        };
        Ok((stdio, Started { child, input, output, errors, lines }))
    }

    /// Reads and watches the child until it ends.
    pub(super) fn run(&self, started: Started, connection: Weak<Connection>, withheld: Withheld) {
        let Started { child, input, output, errors, lines } = started;
        let last_words = LastWords::default();
        let (end, ended) = (self.end.clone(), self.ended.clone());
        tokio::spawn(write(input, lines, end.clone()));
        let errors = tokio::spawn(keep_last_words(errors, Arc::clone(&last_words), withheld));
        let output = tokio::spawn(read(output, self.name.clone(), connection.clone()));
        let name = self.name.clone();
        tokio::spawn(async move {
            let _ended = ended.drop_guard();
            let how = watch(child, output, end).await;
            // The last words may still be in the pipe; a grandchild may hold it open for ever.
            let _ = timeout(GRACE, errors).await;
            let last_words = last_words.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
            if let Some(connection) = connection.upgrade() {
                connection.die(&how.unwrap_or_else(|how| UpstreamError::Stopped { name, how, last_words }));
            }
        });
    }

    pub(super) async fn send(&self, mut line: String) -> Result<(), UpstreamError> {
        line.push('\n');
        match timeout(WRITE_LIMIT, self.lines.send(line)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(UpstreamError::Stopped {
                name: self.name.clone(),
                how: "its input is closed".to_owned(),
                last_words: Vec::new(),
            }),
            Err(_) => Err(UpstreamError::Stuck { name: self.name.clone() }),
        }
    }

    /// Asks the child to end, and waits until its group is gone.
    pub(super) async fn close(&self) {
        self.end.cancel();
        self.ended.cancelled().await;
    }
}

impl Drop for Stdio {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

fn command(program: &Program<'_>) -> Command {
    let mut command = Command::new(program.command);
    command
        .args(program.args)
        .stdin(Pipe::piped())
        .stdout(Pipe::piped())
        .stderr(Pipe::piped())
        .kill_on_drop(true);
    for (key, _) in std::env::vars_os() {
        if key.to_str().is_some_and(is_withheld) {
            command.env_remove(key);
        }
    }
    command.envs(program.env);
    command.envs(program.secrets.iter().map(|(name, value)| (name, value.as_str())));
    if let Some(cwd) = program.cwd {
        command.current_dir(cwd);
    }
    #[cfg(unix)]
    command.process_group(0);
    command
}

fn is_withheld(key: &str) -> bool {
    WITHHELD.contains(&key) || key.starts_with("DOORWARD_")
}

async fn write(mut input: ChildStdin, mut lines: mpsc::Receiver<String>, end: CancellationToken) {
    let writing = async {
        while let Some(line) = lines.recv().await {
            if input.write_all(line.as_bytes()).await.is_err() || input.flush().await.is_err() {
                break;
            }
        }
    };
    // Dropping the pipe is how a child learns that it should end.
    let _ = end.run_until_cancelled(writing).await;
}

/// Ends with the output; an error is what everybody who waits gets.
async fn read(
    output: ChildStdout,
    name: UpstreamName,
    connection: Weak<Connection>,
) -> Result<(), UpstreamError> {
    let mut reader = BufReader::with_capacity(64 * 1024, output);
    loop {
        match next_line(&mut reader, MAX_MESSAGE).await {
            Ok(Some(line)) if line.iter().all(u8::is_ascii_whitespace) => {}
            Ok(Some(line)) => {
                let Some(connection) = connection.upgrade() else { return Ok(()) };
                connection.take_text(None, line).await;
            }
            Ok(None) => return Ok(()),
            Err(LineError::TooLong) => return Err(UpstreamError::TooLarge { name, limit: MAX_MESSAGE }),
            Err(LineError::Broken(error)) => {
                tracing::warn!(upstream = %name, %error, "an upstream's output cannot be read");
                return Ok(());
            }
        }
    }
}

/// Drains standard error, so that the child never blocks on it.
async fn keep_last_words(errors: ChildStderr, last_words: LastWords, withheld: Withheld) {
    let mut reader = BufReader::new(errors);
    loop {
        match next_line(&mut reader, ERROR_LINE_LIMIT).await {
            Ok(Some(line)) => {
                // INVARIANT(I8): a child that prints its environment does not carry a secret into our log.
                let line = withheld.out_of(String::from_utf8_lossy(&line).into_owned());
                let line: String = line.chars().take(LAST_LINE).collect();
                let mut kept = last_words.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == LAST_LINES {
                    kept.pop_front();
                }
                kept.push_back(line);
            }
            Err(LineError::TooLong) => {}
            Ok(None) | Err(LineError::Broken(_)) => return,
        }
    }
}

type Reading = tokio::task::JoinHandle<Result<(), UpstreamError>>;

/// Until the child is gone, with all of its group: how it ended.
async fn watch(
    mut child: Child,
    mut output: Reading,
    end: CancellationToken,
) -> Result<UpstreamError, String> {
    let group = Group::of(&child);
    let mut failure = None;
    let status = tokio::select! {
        // What the child wrote before it ended is still read.
        status = child.wait() => {
            if let Ok(Ok(Err(error))) = timeout(GRACE, &mut output).await {
                failure = Some(error);
            }
            status.ok()
        }
        read = &mut output => {
            failure = read.ok().and_then(Result::err);
            timeout(GRACE, child.wait()).await.ok().and_then(Result::ok)
        }
        () = end.cancelled() => {
            if timeout(GRACE, child.wait()).await.is_err() {
                group.terminate();
                let _ = timeout(GRACE, child.wait()).await;
            }
            None
        }
    };
    output.abort();
    drop(group);
    let _ = child.start_kill();
    let _ = child.wait().await;
    match failure {
        Some(error) => Ok(error),
        None => Err(described(status, &end)),
    }
}

fn described(status: Option<ExitStatus>, end: &CancellationToken) -> String {
    match status {
        Some(status) => status.to_string(),
        None if end.is_cancelled() => "its session was closed".to_owned(),
        None => "it closed its output".to_owned(),
    }
}

/// The child's process group; killed when this is dropped, also when the runtime goes down around it.
struct Group {
    #[cfg(unix)]
    id: Option<rustix::process::Pid>,
}

impl Group {
    #[cfg(unix)]
    fn of(child: &Child) -> Group {
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        Group { id }
    }

    #[cfg(not(unix))]
    fn of(_: &Child) -> Group {
        Group {}
    }

    fn terminate(&self) {
        #[cfg(unix)]
        self.signal(rustix::process::Signal::TERM);
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        if let Some(id) = self.id {
            let _ = rustix::process::kill_process_group(id, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        self.signal(rustix::process::Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bus_display_and_what_is_ours_are_withheld_and_the_rest_is_not() {
        for key in ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "DOORWARD_HOME", "DOORWARD_"] {
            assert!(is_withheld(key), "{key}");
        }
        for key in ["PATH", "HOME", "SSH_AUTH_SOCK", "DOORWARD", "LANG"] {
            assert!(!is_withheld(key), "{key}");
        }
    }
}
