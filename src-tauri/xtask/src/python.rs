//! Python packages that the tests run: a virtual environment below the target folder, made exactly as a file of
//! versions and hashes says, and made again only when that file or the interpreter has changed.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::job::Job;
use crate::machine::answer_of;
use crate::process::Program;
use crate::stamp;

const OLDEST: (u64, u64) = (3, 11);
const STAMP: &str = ".installed-from";

/// Installs what `folder/requirements.txt` lists into `environment`; whether anything had to be done.
pub(crate) fn install(folder: &Path, environment: &Path, job: &mut Job) -> Result<bool, Failure> {
    let version = answer_of("python3", &["--version"]);
    if let Some(problem) = problem_with(version.as_deref()) {
        return Err(Failure::new(
            problem,
            "install Python 3.11 or newer with its venv module (python3, python3-venv), then run the same command again",
        ));
    }
    let list = folder.join("requirements.txt");
    let hash = stamp::hash_files(std::slice::from_ref(&list))
        .map_err(|error| Failure::file("read", &list, &error))?;
    let wanted = format!("{hash} {}", version.unwrap_or_default());
    let stamp = environment.join(STAMP);
    if stamp::matches(&stamp, &wanted) {
        return Ok(false);
    }
    let made = Program::new("python3", folder).args(["-m", "venv", "--clear"]).arg(environment);
    job.run(&made)?;
    // Wheels only: nothing that was downloaded runs before its hash was compared.
    let install = Program::new(python(environment), folder)
        .args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar=off"])
        .args(["--only-binary=:all:", "--require-hashes", "--requirement"])
        .arg(&list);
    job.run(&install)?;
    stamp::write(&stamp, &wanted).map_err(|error| Failure::file("write", &stamp, &error))?;
    Ok(true)
}

/// The interpreter of a virtual environment.
fn python(environment: &Path) -> PathBuf {
    if cfg!(windows) {
        environment.join("Scripts").join("python.exe")
    } else {
        environment.join("bin").join("python")
    }
}

fn problem_with(version: Option<&str>) -> Option<String> {
    let Some(version) = version else {
        return Some(
            "some of the real MCP servers in the tests are Python's, which is not on the path".to_owned(),
        );
    };
    let mut numbers = version.trim_start_matches("Python ").split('.').map(|part| part.parse::<u64>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST => None,
        _ => Some(format!("{version} is too old: the tests' packages need 3.11 or newer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_must_be_3_11_or_newer() {
        assert_eq!(problem_with(Some("Python 3.11.2")), None);
        assert_eq!(problem_with(Some("Python 3.14.0rc1")), None);
        assert!(problem_with(Some("Python 3.9.2")).is_some_and(|text| text.contains("3.9.2 is too old")));
        assert!(problem_with(Some("python")).is_some());
        assert!(problem_with(None).is_some_and(|text| text.contains("not on the path")));
    }
}
