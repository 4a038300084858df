//! I9: this crate reads no clock, no file, no environment and no network.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::path::Path;

const BANNED: [&str; 10] = [
    "SystemTime",
    "Instant",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "tokio",
    "rand",
    "jiff",
];

fn check(folder: &Path, seen: &mut usize) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            check(&path, seen);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let words: Vec<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).collect();
        for banned in BANNED {
            let used = words.iter().any(|word| {
                *word == banned
                    || word.starts_with(&format!("{banned}::"))
                    || word.ends_with(&format!("::{banned}"))
            });
            assert!(!used, "I9: `{}` uses {banned}", path.display());
        }
        *seen += 1;
    }
}

#[test]
fn approvals_read_no_clock_and_touch_nothing_outside() {
    let mut seen = 0;
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut seen);
    assert!(seen >= 8, "the sources are where they were");
}

#[test]
fn approvals_depend_on_nothing_that_could() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let (_, rest) = manifest.split_once("[dependencies]").unwrap();
    let (dependencies, _) = rest.split_once("[dev-dependencies]").unwrap();
    let names: Vec<&str> = dependencies
        .lines()
        .filter_map(|line| line.split(['.', ' ']).next().filter(|n| !n.is_empty()))
        .collect();
    assert_eq!(names, ["policy", "serde", "thiserror"], "I9");
}
