//! The policies folder: files ↔ [`Documents`].
//!
//! Reads `*.toml` in the folder itself and one level below it; hidden files and `cases.toml` (tests of a set,
//! not part of it) are left out. Says nothing about whether the set compiles.

use super::{
    error::FileError,
    folder::{make_private, read_text, write_whole},
};
use policy::set::Documents;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Most policy files taken.
const COUNT_LIMIT: usize = 2000;

/// Reads every policy document of the folder.
///
/// # Errors
/// Any file that cannot be read fails the whole folder: a set with a policy left out would permit more.
pub fn read_documents(policies: &Path) -> Result<Documents, FileError> {
    let mut documents = Documents::new();
    let mut count = 0;
    for path in toml_files(policies)? {
        count += 1;
        if count > COUNT_LIMIT {
            return Err(FileError::TooMany { path: policies.to_owned(), limit: COUNT_LIMIT });
        }
        documents.insert(&relative(policies, &path)?, read_text(&path)?);
    }
    Ok(documents)
}

/// Writes one document, `path` relative to the folder.
///
/// # Errors
/// [`FileError::BadPath`], or it could not be written.
pub fn write_document(policies: &Path, path: &str, text: &str) -> Result<(), FileError> {
    let target = place(policies, path)?;
    if let Some(folder) = target.parent() {
        make_private(folder)?;
    }
    write_whole(&target, text)
}

/// Makes the folder hold exactly these documents; what [`read_documents`] does not read is left alone.
///
/// # Errors
/// The first file that could not be written or removed; those before it are done.
pub fn write_documents(policies: &Path, documents: &Documents) -> Result<(), FileError> {
    for (path, text) in documents.iter() {
        let same = read_text(&place(policies, path)?).is_ok_and(|there| there == text);
        if !same {
            write_document(policies, path, text)?;
        }
    }
    for path in toml_files(policies)? {
        if documents.get(&relative(policies, &path)?).is_none() {
            fs::remove_file(&path).map_err(FileError::io("remove", &path))?;
        }
    }
    Ok(())
}

/// Where a document, or a note for people beside it, lies; `..`, absolute and hidden paths are refused, and so is
/// more than one folder.
fn place(policies: &Path, path: &str) -> Result<PathBuf, FileError> {
    let parts: Vec<&str> = path.split('/').collect();
    let plain = |part: &&str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0']);
    if parts.len() > 2 || !parts.iter().all(plain) || ![".toml", ".md"].iter().any(|end| path.ends_with(end))
    {
        return Err(FileError::BadPath { path: path.to_owned() });
    }
    Ok(parts.iter().fold(policies.to_owned(), |folder, part| folder.join(part)))
}

fn relative(policies: &Path, path: &Path) -> Result<String, FileError> {
    let below = path.strip_prefix(policies).unwrap_or(path);
    let parts: Option<Vec<&str>> = below.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/")).ok_or_else(|| FileError::NotText { path: path.to_owned() })
}

fn toml_files(policies: &Path) -> Result<Vec<PathBuf>, FileError> {
    let mut files = Vec::new();
    list(policies, 0, &mut files)?;
    files.sort();
    Ok(files)
}

fn list(dir: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), FileError> {
    for entry in fs::read_dir(dir).map_err(FileError::io("read the folder", dir))? {
        let path = entry.map_err(FileError::io("read the folder", dir))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        // Follows links: a linked policy counts like one that lies here.
        if fs::metadata(&path).map_err(FileError::io("look at", &path))?.is_dir() {
            if depth == 0 {
                list(&path, 1, files)?;
            } else {
                return Err(FileError::TooDeep { path });
            }
        } else if path.extension().is_some_and(|extension| extension == "toml")
            && (depth > 0 || name != "cases.toml")
        {
            files.push(path);
        }
    }
    Ok(())
}
