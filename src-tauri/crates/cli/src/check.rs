//! `doorward check`: compiles a folder of policies and runs its cases.

use crate::{failure::Failure, note, say};
use gateway::home::read_documents;
use policy::{PolicySet, cases};
use std::{fs, io, path::Path, process::ExitCode};

pub(crate) fn run(dir: &Path) -> Result<ExitCode, Failure> {
    let documents = read_documents(dir)?;
    let set = match PolicySet::compile(&documents) {
        Ok(set) => set,
        Err(errors) => {
            for error in &errors {
                note(error);
                if let Some(hint) = &error.hint {
                    note(format_args!("  try: {hint}"));
                }
            }
            note(format_args!(
                "{} in `{}`; a set with an error is not taken, and every call is denied",
                counted(errors.len(), "error"),
                dir.display()
            ));
            return Ok(ExitCode::FAILURE);
        }
    };
    for policy in set.policies() {
        say(format_args!("ok      {}: {}", policy.id, policy.sentence()));
    }
    let path = dir.join("cases.toml");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            say(format_args!(
                "{} compiled; there is no cases.toml to run.",
                counted(set.policies().count(), "policy")
            ));
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => {
            return Err(Failure::new(
                format!("cannot read `{}`: {error}", path.display()),
                "check that the file can be read",
            ));
        }
    };
    let outcomes = cases::run(&set, &text);
    for outcome in &outcomes {
        if outcome.passed {
            say(format_args!("ok      case {}", outcome.name));
        } else {
            say(format_args!(
                "not ok  case {}: expected {}, got {}",
                outcome.name, outcome.expected, outcome.got
            ));
        }
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.passed).count();
    let (policies, cases) = (counted(set.policies().count(), "policy"), counted(outcomes.len(), "case"));
    if failed == 0 {
        say(format_args!("{policies} compiled, {cases} passed."));
        Ok(ExitCode::SUCCESS)
    } else {
        say(format_args!("{policies} compiled, {failed} of {cases} failed."));
        Ok(ExitCode::FAILURE)
    }
}

fn counted(count: usize, what: &str) -> String {
    match (count, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {what}s"),
    }
}
