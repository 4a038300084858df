//! One piece of work: programs run one after the other into one log, under one time limit, with their progress shown.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::counts::Counts;
use crate::failure::Failure;
use crate::process::{Ended, Program};
use crate::progress::Progress;

pub(crate) struct Job {
    log: PathBuf,
    deadline: Instant,
    progress: Progress,
}

impl Job {
    /// Starts with an empty log.
    pub(crate) fn start(log: PathBuf, limit: Duration, verbose: bool) -> Self {
        // A log that cannot be removed is appended to; the new part is at its end all the same.
        let _ = fs::remove_file(&log);
        Self { log, deadline: Instant::now() + limit, progress: Progress::new(verbose) }
    }

    pub(crate) fn log(&self) -> &PathBuf {
        &self.log
    }

    pub(crate) fn run(&mut self, program: &Program) -> Result<(), Failure> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let ended = program.run_logged(&self.log, left, &mut self.progress);
        self.progress.clear();
        let (why, next) = match ended {
            Ok(Ended::Well) => return Ok(()),
            Ok(Ended::Badly(status)) => (format!("failed ({status})"), "read the end of its log"),
            Ok(Ended::TooLong) => (
                "took longer than it may, and was ended".to_owned(),
                "see what it waited for, at the end of its log",
            ),
            Err(error) => {
                (format!("could not be run: {error}"), "check that the program is installed; the log is")
            }
        };
        let next = format!("{next} `{}`", self.log.display());
        Err(Failure::new(format!("`{}` {why}", program.typed()), next))
    }

    pub(crate) fn counts(&self) -> Counts {
        self.progress.counts()
    }

    pub(crate) fn tail(&self) -> impl Iterator<Item = &str> {
        self.progress.tail()
    }
}
