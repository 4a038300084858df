//! The processes under test: started, asked what they used up, ended.

use anyhow::{Context, Result, bail};
use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

/// Linux counts processor time in hundredths of a second, whatever the machine.
const TICKS_PER_SECOND: f64 = 100.0;

/// One process; it ends with this value.
pub(crate) struct Process {
    child: Child,
    output: Option<BufReader<ChildStdout>>,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Result<Process> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start `{program}`"))?;
        let output = child.stdout.take().map(BufReader::new);
        Ok(Process { child, output })
    }

    /// This program again, as one of the other parts.
    pub(crate) fn part(arguments: &[&str]) -> Result<Process> {
        Process::start(Command::new(std::env::current_exe()?).args(arguments).stdin(Stdio::null()))
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The first address it prints.
    pub(crate) fn address(&mut self) -> Result<SocketAddr> {
        let mut output = self.output.take().context("its output is read already")?;
        let mut line = String::new();
        loop {
            line.clear();
            if output.read_line(&mut line)? == 0 {
                bail!("it ended before it said where it listens");
            }
            if let Some(address) = address_in(&line) {
                self.output = Some(output);
                return Ok(address);
            }
        }
    }

    /// From now on every line it prints goes to `look`, on a thread of its own.
    pub(crate) fn watch(&mut self, mut look: impl FnMut(&str) + Send + 'static) -> Result<()> {
        let output = self.output.take().context("its output is read already")?;
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                look(&line);
            }
        });
        Ok(())
    }

    /// Types one line.
    pub(crate) fn type_line(&mut self, line: &str) -> Result<()> {
        let input = self.child.stdin.as_mut().context("it takes no input")?;
        Ok(writeln!(input, "{line}")?)
    }

    pub(crate) fn usage(&self) -> Result<Usage> {
        Usage::of(self.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `…127.0.0.1:PORT…`
fn address_in(line: &str) -> Option<SocketAddr> {
    let from = line.find("127.0.0.1:")?;
    let rest = line.get(from..)?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

/// What a process has used up so far, and holds now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// User and system, of all its threads.
    pub(crate) cpu: Duration,
    pub(crate) resident_kib: u64,
    pub(crate) descriptors: usize,
}

impl Usage {
    pub(crate) fn of(pid: u32) -> Result<Usage> {
        let process = Path::new("/proc").join(pid.to_string());
        let stat = std::fs::read_to_string(process.join("stat")).context("the process is gone")?;
        let columns: Vec<&str> = stat
            .rsplit_once(')')
            .map(|(_, rest)| rest.split_ascii_whitespace().collect())
            .unwrap_or_default();
        let ticks = |column: usize| columns.get(column).and_then(|text| text.parse::<f64>().ok());
        let (user, system) = ticks(11).zip(ticks(12)).context("an unknown form of /proc/PID/stat")?;
        let status = std::fs::read_to_string(process.join("status"))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident_kib = resident
            .and_then(|text| text.trim().trim_end_matches("kB").trim().parse().ok())
            .context("no VmRSS in /proc/PID/status")?;
        let descriptors = std::fs::read_dir(process.join("fd"))?.count();
        Ok(Usage {
            cpu: Duration::from_secs_f64((user + system) / TICKS_PER_SECOND),
            resident_kib,
            descriptors,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_what_a_program_says() {
        let said = "The gateway listens on http://127.0.0.1:7717/mcp/NAME.";
        assert_eq!(address_in(said), "127.0.0.1:7717".parse().ok());
        assert_eq!(address_in("nothing yet"), None);
    }

    #[test]
    fn a_process_knows_what_it_used() {
        let usage = Usage::of(std::process::id()).expect("our own figures");
        assert!(usage.resident_kib > 100 && usage.descriptors >= 3, "{usage:?}");
    }
}
