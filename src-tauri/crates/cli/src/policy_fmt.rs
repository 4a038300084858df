//! `doorward policy fmt`: rewrites a folder's policies in their canonical form, or says which are not in it.

use crate::{failure::Failure, say};
use gateway::home::{read_documents, write_document};
use policy::format::formatted;
use std::{fs, path::Path, process::ExitCode};

pub(crate) fn run(dir: &Path, check: bool) -> Result<ExitCode, Failure> {
    let documents = read_documents(dir)?;
    let mut texts: Vec<(String, String)> =
        documents.iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    // Cases are no part of the set, and formatted like it.
    if let Ok(cases) = fs::read_to_string(dir.join("cases.toml")) {
        texts.push(("cases.toml".to_owned(), cases));
    }
    let mut changed = Vec::new();
    for (path, text) in texts {
        let newer = formatted(&path, &text)
            .map_err(|error| Failure::new(error.to_string(), "mend the file first; nothing was written"))?;
        if newer != text {
            changed.push((path, newer));
        }
    }
    for (path, text) in &changed {
        if check {
            say(format_args!("not formatted  {path}"));
        } else {
            write_document(dir, path, text)?;
            say(format_args!("formatted      {path}"));
        }
    }
    if check && !changed.is_empty() { Ok(ExitCode::FAILURE) } else { Ok(ExitCode::SUCCESS) }
}
