//! The steps of `cargo xtask test`, from cheap to expensive, each with what it runs and what to do when it fails.
//! A step prepares what it needs itself where that is cheap when already done, so that it can be run alone.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::cargo::Cargo;
use crate::failure::Failure;
use crate::interface;
use crate::job::Job;
use crate::machine::find_program;
use crate::node;
use crate::process::Program;
use crate::python;
use crate::workspace::Workspace;

pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// What to try when it fails.
    pub(crate) hint: &'static str,
    /// A step that runs tests and counts none has not done its work.
    pub(crate) has_tests: bool,
    pub(crate) minutes: u64,
    pub(crate) work: fn(&mut Parts, &mut Job) -> Result<Done, Failure>,
}

/// What the steps share.
pub(crate) struct Parts {
    pub(crate) workspace: Workspace,
    pub(crate) cargo: Cargo,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Yes,
    Skipped(&'static str),
}

impl Step {
    pub(crate) fn limit(&self) -> Duration {
        Duration::from_secs(self.minutes * 60)
    }
}

pub(crate) const STEPS: [Step; 17] = [
    Step {
        name: "format",
        what: "Rust sources are formatted",
        hint: "`cargo fmt --all` mends it",
        has_tests: false,
        minutes: 2,
        work: |parts, job| {
            job.run(&parts.cargo.program("fmt").args(["--all", "--check"]))?;
            Ok(Done::Yes)
        },
    },
    Step {
        name: "ui-packages",
        what: "npm packages of the interface",
        hint: "without a network? they are downloaded once, whenever ui/package-lock.json changes",
        has_tests: false,
        minutes: 10,
        work: |parts, job| installed(interface::packages(&parts.workspace, job)?),
    },
    Step {
        name: "ui-check",
        what: "types and lints of the interface",
        hint: "`npm run check` in ui/ shows the same, and most lints mend themselves with `npx eslint --fix .`",
        has_tests: false,
        minutes: 10,
        work: |parts, job| npm_script(parts, job, &["run", "check"]),
    },
    Step {
        name: "ui-unit",
        what: "unit tests of the interface",
        hint: "`npm test` in ui/ runs them alone; `npx vitest NAME` runs one file and watches it",
        has_tests: true,
        minutes: 10,
        work: |parts, job| npm_script(parts, job, &["test"]),
    },
    Step {
        name: "ui-build",
        what: "the interface as it is shipped",
        hint: "`npm run build` in ui/ shows the same",
        has_tests: false,
        minutes: 10,
        work: |parts, job| {
            let built = interface::build(&parts.workspace, job)?;
            Ok(if built { Done::Yes } else { Done::Skipped("its sources have not changed") })
        },
    },
    Step {
        name: "crates",
        what: "download of the crates in Cargo.lock",
        hint: "without a network? they are downloaded once, whenever Cargo.lock changes; a lock file that is not up to date is mended with `cargo check`",
        has_tests: false,
        minutes: 15,
        work: |parts, job| {
            parts.cargo.fetch(job)?;
            Ok(Done::Yes)
        },
    },
    Step {
        name: "clippy",
        what: "lints of all Rust targets, warnings refused",
        hint: "`cargo clippy -p PACKAGE --all-targets` shows one package alone",
        has_tests: false,
        minutes: 30,
        work: |parts, job| {
            // The desktop's own build reads the built interface.
            interface::build(&parts.workspace, job)?;
            let clippy = parts.cargo.over_workspace("clippy").args(["--all-targets", "--", "-D", "warnings"]);
            job.run(&clippy)?;
            Ok(Done::Yes)
        },
    },
    Step {
        name: "build",
        what: "all binaries and tests, in one go",
        hint: "`cargo check -p PACKAGE --all-targets` shows one package alone",
        has_tests: false,
        minutes: 45,
        work: |parts, job| {
            build_all(parts, job)?;
            Ok(Done::Yes)
        },
    },
    Step {
        name: "architecture",
        what: "the rules of the repository: edges, sizes, who may use what",
        hint: "each failure names the file and the rule; ARCHITECTURE.md gives the reasons",
        has_tests: true,
        minutes: 10,
        work: |parts, job| {
            interface::build(&parts.workspace, job)?;
            let test = parts.cargo.over_workspace("test").args(["--test", "architecture", "--no-fail-fast"]);
            job.run(&test)?;
            Ok(Done::Yes)
        },
    },
    Step {
        name: "generated",
        what: "TypeScript generated from Rust is what is committed",
        hint: "`cargo xtask generate` writes it anew; look at `git diff ui/src/ipc/generated`, and commit it",
        has_tests: true,
        minutes: 10,
        work: |parts, job| {
            interface::build(&parts.workspace, job)?;
            job.run(&parts.cargo.over_workspace("test").args(["--test", "generated"]))?;
            Ok(Done::Yes)
        },
    },
    Step {
        name: "rust",
        what: "tests of every crate and of these tasks",
        hint: "`cargo test -p PACKAGE NAME` runs one test alone",
        has_tests: true,
        minutes: 30,
        work: |parts, job| {
            interface::build(&parts.workspace, job)?;
            let mut test = parts.cargo.over_workspace("test").args(["--no-fail-fast", "--lib", "--bins"]);
            for name in crate_tests(&parts.workspace.root().join("src-tauri").join("crates")) {
                test = test.args(["--test", &name]);
            }
            job.run(&test)?;
            job.run(&parts.cargo.over_workspace("test").args(["--no-fail-fast", "--doc"]))?;
            Ok(Done::Yes)
        },
    },
    Step {
        name: "ui-browser",
        what: "the interface in a real browser, against a made-up host",
        hint: "`npm run test:browser` in ui/ runs them alone",
        has_tests: true,
        minutes: 20,
        work: |parts, job| npm_script(parts, job, &["run", "test:browser"]),
    },
    Step {
        name: "test-packages",
        what: "npm packages of real upstreams for the whole-app tests",
        hint: "without a network? they are downloaded once, whenever tests/node/package-lock.json changes",
        has_tests: false,
        minutes: 10,
        work: |parts, job| installed(node::install(&parts.workspace.test_packages(), job)?),
    },
    Step {
        name: "conformance-packages",
        what: "npm packages of the conformance suites",
        hint: "without a network? they are downloaded once, whenever tests/conformance/package-lock.json changes",
        has_tests: false,
        minutes: 10,
        work: |parts, job| installed(node::install(&parts.workspace.conformance(), job)?),
    },
    Step {
        name: "conformance",
        what: "the official MCP conformance suites, straight at an upstream and through the gateway",
        hint: "`cargo xtask conformance --scenario NAME` shows each check of one scenario; logs are in target/xtask/conformance",
        has_tests: true,
        minutes: 10,
        work: |parts, job| {
            build_all(parts, job)?;
            // As a program of its own, so that it is logged, limited and ended like all others.
            let task = std::env::current_exe().map_err(|error| {
                Failure::new(format!("this very program cannot be found: {error}"), "run it through cargo")
            })?;
            let task =
                Program::new(task, parts.workspace.root()).args(["conformance", "--summary", "--built"]);
            job.run(&task.env("CARGO_MANIFEST_DIR", parts.workspace.root()))?;
            Ok(Done::Yes)
        },
    },
    Step {
        name: "app",
        what: "the whole app: gateway, real window, notifications, keychain",
        hint: "pictures of what the windows showed are in target/screenshots; `--verbose` shows everything as it comes",
        has_tests: true,
        minutes: 30,
        work: |parts, job| {
            build_all(parts, job)?;
            node::install(&parts.workspace.test_packages(), job)?;
            python::install(&parts.workspace.test_python(), &parts.workspace.python_environment(), job)?;
            let mut test = parts.cargo.over_workspace("test").arg("--no-fail-fast");
            for name in app_tests(&parts.workspace.root().join("tests")) {
                test = test.args(["--test", &name]);
            }
            // Each test has a screen and a session bus of its own; more than two windows at once would only be slow.
            job.run(&test.args(["--", "--test-threads=2"]))?;
            Ok(Done::Yes)
        },
    },
    Step {
        name: "licences",
        what: "licences and banned crates",
        hint: "`.cargo/deny.toml` says what is allowed, and why",
        has_tests: false,
        minutes: 5,
        work: |parts, job| {
            if find_program("cargo-deny").is_none() {
                return Ok(Done::Skipped("cargo-deny is not installed"));
            }
            // It reads the crates of every system, of which ours are only a part, and so may download some. What is
            // known of vulnerabilities is kept elsewhere, and is not looked up here.
            let deny = parts.cargo.program("deny").without("CARGO_NET_OFFLINE");
            job.run(&deny.args(["--locked", "check", "bans", "licenses", "sources"]))?;
            Ok(Done::Yes)
        },
    },
];

fn installed(anything: bool) -> Result<Done, Failure> {
    Ok(if anything { Done::Yes } else { Done::Skipped("the lock file has not changed") })
}

fn npm_script(parts: &Parts, job: &mut Job, words: &[&str]) -> Result<Done, Failure> {
    interface::packages(&parts.workspace, job)?;
    job.run(&node::npm(&parts.workspace.ui(), words))?;
    Ok(Done::Yes)
}

/// Binaries and tests together: asked for apart, the crates that tests alone depend on would change the features of
/// others, and both would be compiled twice.
fn build_all(parts: &Parts, job: &mut Job) -> Result<(), Failure> {
    interface::build(&parts.workspace, job)?;
    job.run(&parts.cargo.over_workspace("build").arg("--all-targets"))
}

/// The names of the integration tests below `src-tauri/crates`, by which cargo knows them, but the one that has a
/// step of its own.
fn crate_tests(crates: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        entries(crates).iter().flat_map(|name| test_names(&crates.join(name).join("tests"))).collect();
    names.retain(|name| name != "generated");
    names.sort();
    names.dedup();
    names
}

/// The whole-app tests: all that the root package has, but the one about the repository itself and the figures.
fn app_tests(folder: &Path) -> Vec<String> {
    let others = ["architecture", "measure"];
    test_names(folder).into_iter().filter(|name| !others.contains(&name.as_str())).collect()
}

/// A test target is a file, or a folder with a `main.rs`.
fn test_names(folder: &Path) -> Vec<String> {
    let names = entries(folder).into_iter().filter_map(|name| match name.strip_suffix(".rs") {
        Some(stem) => Some(stem.to_owned()),
        None => folder.join(&name).join("main.rs").is_file().then_some(name),
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn entries(folder: &Path) -> Vec<String> {
    let Ok(found) = fs::read_dir(folder) else { return Vec::new() };
    found.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_names_of_their_own_and_say_what_to_try() {
        for step in &STEPS {
            assert_eq!(STEPS.iter().filter(|other| other.name == step.name).count(), 1, "{}", step.name);
            assert!(!step.hint.is_empty() && !step.what.is_empty() && step.minutes > 0, "{}", step.name);
            assert!(step.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", step.name);
        }
    }

    #[test]
    fn the_limits_of_the_usual_steps_leave_a_run_time_to_report() {
        let expected: u64 = STEPS.iter().filter(|step| step.has_tests).map(|step| step.minutes).sum();
        assert!(expected <= 120, "{expected}");
    }

    #[test]
    fn test_targets_are_files_and_folders_with_a_main() {
        let folder = std::env::temp_dir().join(format!("xtask-steps-{}", std::process::id()));
        for sub in ["window", "support"] {
            fs::create_dir_all(folder.join(sub)).unwrap();
        }
        for file in ["architecture.rs", "headless.rs", "window/main.rs", "support/mod.rs", "notes.md"] {
            fs::write(folder.join(file), "").unwrap();
        }
        assert_eq!(test_names(&folder), ["architecture", "headless", "window"]);
        assert_eq!(app_tests(&folder), ["headless", "window"]);
        fs::remove_dir_all(folder).unwrap();
    }
}
