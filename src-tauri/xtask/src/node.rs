//! Node and npm: the version is checked, and packages are installed only when the lock file is not the one they were
//! installed from, so that a second run needs no network.

use std::path::Path;

use crate::failure::Failure;
use crate::job::Job;
use crate::machine::{answer_of, find_program};
use crate::process::Program;
use crate::stamp;

const OLDEST: (u64, u64) = (20, 19);
const STAMP: &str = ".installed-from";

/// Refuses a missing or too old Node in one sentence.
pub(crate) fn check() -> Result<(), Failure> {
    let found = answer_of("node", &["--version"]);
    if let Some(problem) = problem_with(found.as_deref()) {
        return Err(Failure::new(
            problem,
            "install Node 20.19 or newer (nodejs.org, nvm or fnm; Debian 12's own is older), then run the same command again",
        ));
    }
    if find_program("npm").is_none() {
        return Err(Failure::new(
            "Node is here, but npm is not",
            "install npm, which comes with Node from nodejs.org, then run the same command again",
        ));
    }
    Ok(())
}

fn problem_with(version: Option<&str>) -> Option<String> {
    let Some(version) = version else {
        return Some("the window's interface is built with Node, which is not on the path".to_owned());
    };
    let mut numbers = version.trim_start_matches('v').split('.').map(|part| part.parse::<u64>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST => None,
        _ => Some(format!("Node {version} is too old: the interface is built with 20.19 or newer")),
    }
}

/// An npm command in `folder`.
pub(crate) fn npm(folder: &Path, words: &[&str]) -> Program {
    let npm = find_program("npm").unwrap_or_else(|| "npm".into());
    Program::new(npm, folder).args(words).env("NO_COLOR", "1").env("npm_config_update_notifier", "false")
}

/// Installs the packages of `folder` exactly as its lock file says; whether anything had to be done.
pub(crate) fn install(folder: &Path, job: &mut Job) -> Result<bool, Failure> {
    let lock = folder.join("package-lock.json");
    let files = [folder.join("package.json"), lock.clone()];
    let wanted = stamp::hash_files(&files).map_err(|error| Failure::file("read", &lock, &error))?;
    let stamp = folder.join("node_modules").join(STAMP);
    if stamp::matches(&stamp, &wanted) {
        return Ok(false);
    }
    job.run(&npm(folder, &["ci", "--no-audit", "--no-fund", "--prefer-offline"]))?;
    stamp::write(&stamp, &wanted).map_err(|error| Failure::file("write", &stamp, &error))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_must_be_20_19_or_newer() {
        assert_eq!(problem_with(Some("v20.19.0")), None);
        assert_eq!(problem_with(Some("v24.1.0")), None);
        assert!(problem_with(Some("v20.18.3")).is_some_and(|text| text.contains("v20.18.3 is too old")));
        assert!(problem_with(Some("v18.20.4")).is_some());
    }

    #[test]
    fn a_missing_node_says_what_it_is_for() {
        assert!(problem_with(None).is_some_and(|text| text.contains("interface")));
    }

    #[test]
    fn an_answer_that_is_no_version_is_refused() {
        assert!(problem_with(Some("")).is_some());
        assert!(problem_with(Some("nightly")).is_some());
    }
}
