//! Calls cargo the same way everywhere: the lock file is binding, the network is left alone once everything is here,
//! and every step asks for the same packages with the same features, so that nothing is compiled twice.

use crate::failure::Failure;
use crate::job::Job;
use crate::machine::{answer_of, succeeds};
use crate::process::Program;
use crate::workspace::Workspace;

/// Serves the built interface from the binary, as a shipped one does.
const FEATURES: &str = "doorward-desktop/custom-protocol";

pub(crate) struct Cargo {
    workspace: Workspace,
    /// Every crate in the lock file is on this machine.
    complete: bool,
    /// Tests run with their full counts.
    deep: bool,
}

/// What tells a test to run with its full counts.
const DEEP: &str = "DOORWARD_DEEP";

impl Cargo {
    pub(crate) fn new(workspace: &Workspace) -> Self {
        Self {
            workspace: workspace.clone(),
            complete: succeeds("cargo", &with_offline(&fetch_words(&host()))),
            deep: false,
        }
    }

    /// For the deep run.
    pub(crate) fn deep(self, deep: bool) -> Self {
        Self { deep, ..self }
    }

    /// Downloads the crates that are not here yet.
    pub(crate) fn fetch(&mut self, job: &mut Job) -> Result<(), Failure> {
        if !self.complete {
            let host = host();
            job.run(&self.program("fetch").args(fetch_words(&host).split_off(1)))?;
            self.complete = true;
        }
        Ok(())
    }

    /// `cargo WORD`, with the colours off that a log cannot show.
    pub(crate) fn program(&self, word: &str) -> Program {
        let program = Program::new("cargo", self.workspace.root()).arg(word).env("CARGO_TERM_COLOR", "never");
        let program = if self.deep { program.env(DEEP, "1") } else { program };
        if self.complete { program.env("CARGO_NET_OFFLINE", "true") } else { program }
    }

    /// `cargo WORD` over all packages with the one set of features.
    pub(crate) fn over_workspace(&self, word: &str) -> Program {
        self.program(word).args(["--workspace", "--locked", "--features", FEATURES])
    }

    /// `cargo WORD` over these packages only, for a person who wants to start Doorward and not to test it.
    pub(crate) fn only(&self, word: &str, packages: &[&str]) -> Program {
        let mut program = self.program(word).arg("--locked");
        for package in packages {
            program = program.args(["--package", package]);
        }
        if packages.contains(&"doorward-desktop") { program.args(["--features", FEATURES]) } else { program }
    }
}

fn fetch_words(host: &str) -> Vec<String> {
    let mut words = vec!["fetch".to_owned(), "--locked".to_owned()];
    if !host.is_empty() {
        words.extend(["--target".to_owned(), host.to_owned()]);
    }
    words
}

fn with_offline(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).chain(["--offline"]).collect()
}

/// The triple of this machine; crates for other systems are not fetched.
fn host() -> String {
    let answer = answer_of("rustc", &["--version", "--verbose"]).unwrap_or_default();
    host_in(&answer).to_owned()
}

fn host_in(answer: &str) -> &str {
    answer.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_read_from_what_the_compiler_says() {
        assert_eq!(
            host_in("rustc 1.95.0\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\n"),
            "x86_64-unknown-linux-gnu"
        );
        assert_eq!(host_in(""), "");
    }

    #[test]
    fn fetching_is_locked_and_for_this_machine_only() {
        let words = fetch_words("x86_64-unknown-linux-gnu");
        assert_eq!(
            with_offline(&words),
            ["fetch", "--locked", "--target", "x86_64-unknown-linux-gnu", "--offline"]
        );
    }
}
