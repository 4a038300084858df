//! Shows that something is going on: the lines worth seeing as they come, and, in between, one line that is rewritten
//! on a terminal and repeated once a minute elsewhere.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::counts::{Counts, plain};
use crate::process::Watcher;
use crate::report::short_time;

const TAIL: usize = 60;
const HEARTBEAT: Duration = Duration::from_secs(60);

/// The watcher of one step.
pub(crate) struct Progress {
    verbose: bool,
    on_terminal: bool,
    started: Instant,
    spoke: Instant,
    latest: String,
    tail: VecDeque<String>,
    counts: Counts,
}

impl Progress {
    pub(crate) fn new(verbose: bool) -> Self {
        Self {
            verbose,
            on_terminal: io::stdout().is_terminal(),
            started: Instant::now(),
            spoke: Instant::now(),
            latest: String::new(),
            tail: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// The tests counted so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// The last lines, for a step that failed.
    pub(crate) fn tail(&self) -> impl Iterator<Item = &str> {
        self.tail.iter().map(String::as_str)
    }

    /// Takes the rewritten line away before something else is printed.
    pub(crate) fn clear(&self) {
        if self.on_terminal && !self.verbose {
            print!("\r\x1b[K");
            let _ = io::stdout().flush();
        }
    }

    fn show(&mut self, line: &str) {
        self.clear();
        println!("      {line}");
        self.spoke = Instant::now();
    }
}

impl Watcher for Progress {
    fn line(&mut self, line: &str) {
        let line = plain(line);
        let counted = self.counts.read(&line);
        if counted || self.verbose {
            self.show(line.trim());
        }
        if line.trim().is_empty() {
            return;
        }
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.latest = line.trim().to_owned();
        self.tail.push_back(line);
        self.tick();
    }

    fn tick(&mut self) {
        if self.verbose {
            return;
        }
        let shown: String = self.latest.chars().take(70).collect();
        let time = short_time(self.started.elapsed());
        if self.on_terminal {
            print!("\r\x1b[K      {time}  {shown}");
            // A terminal that cannot be written to loses progress only.
            let _ = io::stdout().flush();
        } else if self.spoke.elapsed() >= HEARTBEAT {
            println!("      … {time}  {shown}");
            self.spoke = Instant::now();
        }
    }
}
