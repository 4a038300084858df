//! The crate through its public face: shipped packs, the reference's examples, documents, precedence, invariants.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod documents;
mod dodges;
mod fuzz;
mod invariants;
mod packs;
mod precedence;
mod purity;
mod reference;
mod sentences;
mod trials;

use policy::{Documents, PolicySet, cases};
use std::path::{Path, PathBuf};

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).unwrap().to_path_buf()
}

fn documents(files: &[(&str, &str)]) -> Documents {
    let mut documents = Documents::new();
    documents.insert("set.toml", "default = \"allow\"\n".to_owned());
    files.iter().for_each(|(path, text)| documents.insert(path, (*text).to_owned()));
    documents
}

fn compile(documents: &Documents) -> PolicySet {
    PolicySet::compile(documents).unwrap_or_else(|errors| {
        panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

/// Runs cases against a set; every failure is shown.
fn check(set: &PolicySet, cases: &str) {
    let outcomes = cases::run(set, cases);
    assert!(!outcomes.is_empty(), "there are no cases");
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.passed).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}
