//! Remembers what an installation or a build was made from, so that it is not made again. A stamp is a short text;
//! it is written only after the work succeeded, so an interrupted run starts afresh.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::path::{Path, PathBuf};

/// Folder names that hold results, never sources.
const RESULTS: [&str; 6] = ["node_modules", "dist", "coverage", "test-results", "playwright-report", ".vite"];

pub(crate) fn matches(stamp: &Path, expected: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|found| found == expected)
}

pub(crate) fn write(stamp: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = stamp.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(stamp, text)
}

/// A hash over the names and contents of these files. Not cryptographic: it tells a change, not an attack.
pub(crate) fn hash_files(files: &[PathBuf]) -> io::Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        let name = file.to_string_lossy();
        let contents = fs::read(file)?;
        for part in [name.as_bytes(), contents.as_slice()] {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Every source file below `folder`, sorted, so that the same tree always hashes alike.
pub(crate) fn sources(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if entry.file_type()?.is_dir() {
                if !RESULTS.iter().any(|result| name == *result) {
                    waiting.push(entry.path());
                }
            } else {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-stamp-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("src")).unwrap();
        folder
    }

    #[test]
    fn a_changed_source_changes_the_hash() {
        let folder = folder("change");
        fs::write(folder.join("src/a.ts"), "1").unwrap();
        let before = hash_files(&sources(&folder).unwrap()).unwrap();
        assert_eq!(before, hash_files(&sources(&folder).unwrap()).unwrap());
        fs::write(folder.join("src/a.ts"), "2").unwrap();
        assert_ne!(before, hash_files(&sources(&folder).unwrap()).unwrap());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_renamed_source_changes_the_hash() {
        let folder = folder("rename");
        fs::write(folder.join("src/a.ts"), "1").unwrap();
        let before = hash_files(&sources(&folder).unwrap()).unwrap();
        fs::rename(folder.join("src/a.ts"), folder.join("src/b.ts")).unwrap();
        assert_ne!(before, hash_files(&sources(&folder).unwrap()).unwrap());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn results_are_not_sources() {
        let folder = folder("results");
        fs::create_dir_all(folder.join("node_modules/x")).unwrap();
        fs::create_dir_all(folder.join("dist")).unwrap();
        fs::write(folder.join("node_modules/x/i.js"), "").unwrap();
        fs::write(folder.join("dist/index.html"), "").unwrap();
        fs::write(folder.join("src/a.ts"), "").unwrap();
        assert_eq!(sources(&folder).unwrap(), [folder.join("src/a.ts")]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_stamp_matches_only_its_own_text() {
        let folder = folder("stamp");
        let stamp = folder.join("deep/stamp");
        assert!(!matches(&stamp, "one"));
        write(&stamp, "one").unwrap();
        assert!(matches(&stamp, "one"));
        assert!(!matches(&stamp, "two"));
        fs::remove_dir_all(folder).unwrap();
    }
}
