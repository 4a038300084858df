//! The committed TypeScript is what the Rust types say. `cargo xtask generate` writes it anew, through this test.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

#[test]
fn the_generated_typescript_is_fresh() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../ui/src/ipc/generated"));
    let wanted = ipc::typescript::generate();
    assert!(wanted.len() > 10, "the generator gives the types of the window");
    if std::env::var_os("DOORWARD_GENERATE").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &wanted {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap());
    let found: BTreeMap<String, String> = entries
        .map(|entry| {
            (entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    let stale: Vec<&String> =
        wanted.iter().filter(|(name, text)| found.get(*name) != Some(*text)).map(|(n, _)| n).collect();
    let left: Vec<&String> = found.keys().filter(|name| !wanted.contains_key(*name)).collect();
    assert!(
        stale.is_empty() && left.is_empty(),
        "stale: {stale:?}, left over: {left:?}; run `cargo xtask generate`"
    );
}
