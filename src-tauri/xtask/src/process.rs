//! Runs one program with its output in a log, line by line past a watcher, and ends it, with everything it started,
//! when it takes longer than its limit. Programs a person talks to are started directly instead.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long the last lines of a program that has ended may take to arrive. A service it left behind may keep its
/// output open for ever.
const LAST_LINES: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A program with its surroundings, described before it is run.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    words: Vec<OsString>,
    folder: PathBuf,
    set: Vec<(OsString, OsString)>,
    unset: Vec<OsString>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Well,
    Badly(String),
    /// It took longer than it may, and was ended.
    TooLong,
}

/// Sees each line as it is written, and is called at least twice a second while there is none.
pub(crate) trait Watcher {
    fn line(&mut self, line: &str);
    fn tick(&mut self);
}

impl Program {
    pub(crate) fn new(program: impl AsRef<OsStr>, folder: &Path) -> Self {
        let mut made = Self {
            words: vec![program.as_ref().to_owned()],
            folder: folder.to_path_buf(),
            set: Vec::new(),
            unset: Vec::new(),
        };
        // What cargo tells the program it runs is about this task, not about what the task runs in turn: left in
        // place it would count as a changed environment, and crates would be compiled again.
        for (name, _) in std::env::vars_os() {
            let shown = name.to_string_lossy();
            if shown.starts_with("CARGO_PKG_")
                || shown.starts_with("CARGO_MANIFEST_")
                || shown == "LD_LIBRARY_PATH"
            {
                made.unset.push(name);
            }
        }
        // A home chosen in the person's own shell is never the one a task works on.
        made.unset.push("DOORWARD_HOME".into());
        made
    }

    pub(crate) fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.words.push(word.as_ref().to_owned());
        self
    }

    pub(crate) fn args<W: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.words.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.set.push((name.into(), value.as_ref().to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.set.retain(|(set, _)| set != name);
        self.unset.push(name.into());
        self
    }

    /// As it would be typed.
    pub(crate) fn typed(&self) -> String {
        let words: Vec<String> = self.words.iter().map(|word| quoted(&word.to_string_lossy())).collect();
        words.join(" ")
    }

    pub(crate) fn command(&self) -> Command {
        let (program, rest) = match self.words.split_first() {
            Some((program, rest)) => (program.as_os_str(), rest),
            None => (OsStr::new("false"), [].as_slice()),
        };
        let mut command = Command::new(program);
        command.args(rest).current_dir(&self.folder);
        for name in &self.unset {
            command.env_remove(name);
        }
        for (name, value) in &self.set {
            command.env(name, value);
        }
        command
    }

    /// Runs it without input, its whole output appended to `log`.
    pub(crate) fn run_logged(
        &self,
        log: &Path,
        limit: Duration,
        watcher: &mut dyn Watcher,
    ) -> io::Result<Ended> {
        let mut log = open_log(log)?;
        writeln!(log, "$ {}", self.typed())?;
        let (reader, writer) = io::pipe()?;
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        let mut child = command.spawn()?;
        // The command keeps its own handles of the pipe, which would never end.
        drop(command);

        let (sender, lines) = mpsc::channel::<Vec<u8>>();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(reader);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                if sender.send(std::mem::take(&mut line)).is_err() {
                    return;
                }
            }
        });

        let started = Instant::now();
        let mut ended: Option<(ExitStatus, Instant)> = None;
        loop {
            match lines.recv_timeout(LOOK_AGAIN) {
                Ok(line) => {
                    log.write_all(&line)?;
                    watcher.line(String::from_utf8_lossy(&line).trim_end());
                    // A program that has ended may not keep us by what it left behind.
                    if ended.is_some_and(|(_, at)| at.elapsed() > LAST_LINES) {
                        break;
                    }
                }
                Err(RecvTimeoutError::Timeout) => watcher.tick(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if ended.is_none() {
                ended = child.try_wait()?.map(|status| (status, Instant::now()));
            }
            if ended.is_some_and(|(_, at)| at.elapsed() > LAST_LINES) {
                break;
            }
            if ended.is_none() && started.elapsed() > limit {
                end_with_descendants(&mut child);
                writeln!(log, "ended after {} s: it may take no longer", limit.as_secs())?;
                return Ok(Ended::TooLong);
            }
        }
        let status = match ended {
            Some((status, _)) => status,
            None => child.wait()?,
        };
        Ok(if status.success() { Ended::Well } else { Ended::Badly(status.to_string()) })
    }
}

fn open_log(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::OpenOptions::new().create(true).append(true).open(path)
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Ends a child and everything it started, youngest first, so that none of them starts another.
pub(crate) fn end_with_descendants(child: &mut Child) {
    let mut family = descendants_of(child.id(), &all_processes());
    family.reverse();
    if !family.is_empty() {
        let ids: Vec<String> = family.iter().map(u32::to_string).collect();
        // Best effort: a process that has ended by itself in the meantime is no failure.
        let _ = Command::new("kill").arg("-KILL").args(ids).stderr(Stdio::null()).status();
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Every process with its parent, where the system shows them as files.
fn all_processes() -> Vec<(u32, u32)> {
    let Ok(folder) = fs::read_dir("/proc") else { return Vec::new() };
    folder
        .flatten()
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            let text = fs::read_to_string(entry.path().join("stat")).ok()?;
            Some((id, parent_in(&text)?))
        })
        .collect()
}

/// The fourth part of a `stat` line; the second is a name in parentheses that may itself hold blanks and parentheses.
fn parent_in(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    after_name.split(' ').nth(1)?.parse().ok()
}

fn descendants_of(ancestor: u32, processes: &[(u32, u32)]) -> Vec<u32> {
    let mut family = Vec::new();
    let mut parents = vec![ancestor];
    while let Some(parent) = parents.pop() {
        let children = processes.iter().filter(|(_, its_parent)| *its_parent == parent).map(|(id, _)| *id);
        for child in children {
            if !family.contains(&child) {
                family.push(child);
                parents.push(child);
            }
        }
    }
    family
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Kept(Vec<String>);

    impl Watcher for Kept {
        fn line(&mut self, line: &str) {
            self.0.push(line.to_owned());
        }
        fn tick(&mut self) {}
    }

    fn log(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("xtask-log-{}-{name}", std::process::id()));
        let _ = fs::remove_file(&path);
        path
    }

    fn shell(script: &str) -> Program {
        Program::new("sh", &std::env::temp_dir()).args(["-c", script])
    }

    #[test]
    #[cfg(unix)]
    fn both_outputs_reach_the_watcher_and_the_log() {
        let log = log("both");
        let mut kept = Kept::default();
        let program = shell("echo one; echo two >&2; exit 3");
        let ended = program.run_logged(&log, Duration::from_secs(60), &mut kept).unwrap();
        assert!(matches!(ended, Ended::Badly(_)));
        assert_eq!(kept.0, ["one", "two"]);
        let text = fs::read_to_string(&log).unwrap();
        assert!(text.starts_with("$ sh -c ") && text.ends_with("one\ntwo\n"), "{text}");
        fs::remove_file(log).unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_program_over_its_limit_is_ended_with_what_it_started() {
        let log = log("limit");
        let mut kept = Kept::default();
        let program = shell("sh -c 'echo $$; exec tail -f /dev/null' & wait");
        let ended = program.run_logged(&log, Duration::from_secs(3), &mut kept).unwrap();
        assert_eq!(ended, Ended::TooLong);
        let grandchild = kept.0.first().unwrap();
        let state = || fs::read_to_string(format!("/proc/{grandchild}/stat")).unwrap_or_default();
        // Gone, or dead and not yet collected by whoever inherited it; the kernel takes its time on a busy machine.
        let has_ended = |state: &str| state.is_empty() || state.contains(") Z ") || state.contains(") X ");
        let patience = Instant::now() + Duration::from_secs(30);
        while !has_ended(&state()) && Instant::now() < patience {
            std::thread::yield_now();
        }
        assert!(has_ended(&state()), "{}", state());
        fs::remove_file(log).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_service_left_behind_does_not_keep_the_task() {
        let log = log("left");
        let program = shell("tail -f /dev/null & echo $!");
        let mut kept = Kept::default();
        assert_eq!(program.run_logged(&log, Duration::from_secs(60), &mut kept).unwrap(), Ended::Well);
        Command::new("kill").args(&kept.0).status().unwrap();
        fs::remove_file(log).unwrap();
    }

    #[test]
    fn a_program_is_shown_as_it_would_be_typed() {
        assert_eq!(shell("echo 'a b'").typed(), r"sh -c 'echo '\''a b'\'''");
    }

    #[test]
    fn a_parent_is_read_past_a_name_with_parentheses() {
        assert_eq!(parent_in("12 (a) (b) c) S 7 12 12"), Some(7));
        assert_eq!(parent_in("nothing"), None);
    }

    #[test]
    fn descendants_are_found_over_generations_and_loops_end() {
        let processes = [(2, 1), (3, 2), (4, 3), (9, 8), (2, 4)];
        let mut family = descendants_of(1, &processes);
        family.sort_unstable();
        assert_eq!(family, [2, 3, 4]);
    }
}
