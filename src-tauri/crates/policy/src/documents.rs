//! The files of a policy folder as texts, before anything is made of them: what is hashed, compared, put in
//! force and confirmed. Paths are relative to the folder and use `/`. Reading the folder is somebody else's.

use crate::{Mode, PolicyId};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt};

/// Every file that makes a set, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents(BTreeMap<String, String>);

/// What is wrong with one document, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct DocumentError {
    pub path: String,
    /// From 1.
    pub line: Option<usize>,
    /// From 1, in characters.
    pub column: Option<usize>,
    /// Lowercase, one line, without a full stop.
    pub message: String,
    pub hint: Option<String>,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        write!(f, ": {}", self.message)?;
        self.hint.iter().try_for_each(|hint| write!(f, "; {hint}"))
    }
}

/// One file that differs between two sets of documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentChange {
    pub path: String,
    pub kind: ChangeKind,
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Added,
    Changed,
    Removed,
}

/// What a path inside a policy folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    Set,
    Policy(&'a str),
    Flow(&'a str),
    Context(&'a str),
    /// Beside the set, without effect on it: cases and notes for people.
    Aside,
    Unknown,
}

impl<'a> Place<'a> {
    pub(crate) fn of(path: &'a str) -> Place<'a> {
        if path == "set.toml" {
            return Place::Set;
        }
        if path == "cases.toml" || path.ends_with(".md") {
            return Place::Aside;
        }
        let Some(stem) = path.strip_suffix(".toml") else { return Place::Unknown };
        match stem.split_once('/') {
            None => Place::Policy(stem),
            Some(("flows", id)) if !id.contains('/') => Place::Flow(id),
            Some(("contexts", id)) if !id.contains('/') => Place::Context(id),
            Some(_) => Place::Unknown,
        }
    }
}

impl Documents {
    #[must_use]
    pub fn new() -> Documents {
        Documents::default()
    }

    /// Whether a file at this path is part of a set; `cases.toml`, notes and anything else are not.
    #[must_use]
    pub fn takes(path: &str) -> bool {
        !matches!(Place::of(path), Place::Aside | Place::Unknown)
    }

    /// Adds or replaces one file.
    pub fn insert(&mut self, path: &str, text: String) {
        self.0.insert(path.to_owned(), text);
    }

    /// Takes one file out; true if it was there.
    pub fn remove(&mut self, path: &str) -> bool {
        self.0.remove(path).is_some()
    }

    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// In the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// SHA-256 over every path and text, each preceded by its length. The order of insertion plays no part.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"doorward documents v1");
        for (path, text) in self.iter() {
            for part in [path, text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        hash.finalize().into()
    }

    /// The same documents with one policy's mode changed; every comment and the order of keys stay.
    ///
    /// # Errors
    /// No such policy, or its file is not TOML.
    pub fn with_mode(&self, id: &PolicyId, mode: Mode) -> Result<Documents, DocumentError> {
        let path = format!("{id}.toml");
        let Some(text) = self.get(&path) else {
            return Err(DocumentError {
                message: format!("there is no policy `{id}`"),
                hint: Some("its file may have been renamed; look at the list again".to_owned()),
                path,
                line: None,
                column: None,
            });
        };
        let text = crate::edit::with_mode(&path, text, mode)?;
        let mut newer = self.clone();
        newer.insert(&path, text);
        Ok(newer)
    }

    /// What changes from these documents to `newer`, in the order of the paths.
    #[must_use]
    pub fn diff(&self, newer: &Documents) -> Vec<DocumentChange> {
        let mut paths: Vec<&String> = self.0.keys().chain(newer.0.keys()).collect();
        paths.sort_unstable();
        paths.dedup();
        let change = |path: &String| {
            let (before, after) = (self.0.get(path), newer.0.get(path));
            let kind = match (before, after) {
                (None, Some(_)) => ChangeKind::Added,
                (Some(_), None) => ChangeKind::Removed,
                (Some(before), Some(after)) if before != after => ChangeKind::Changed,
                _ => return None,
            };
            Some(DocumentChange { path: path.clone(), kind, before: before.cloned(), after: after.cloned() })
        };
        paths.into_iter().filter_map(change).collect()
    }
}

impl FromIterator<(String, String)> for Documents {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(files: I) -> Documents {
        Documents(files.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(files: &[(&str, &str)]) -> Documents {
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn the_hash_knows_paths_from_texts_and_ignores_order() {
        let one = documents(&[("a.toml", "1"), ("b.toml", "2")]);
        assert_eq!(one.hash(), documents(&[("b.toml", "2"), ("a.toml", "1")]).hash());
        assert_ne!(one.hash(), documents(&[("a.toml", "1b.toml"), ("b.toml", "2")]).hash());
        assert_ne!(one.hash(), documents(&[("a.toml1", ""), ("b.toml", "2")]).hash());
    }

    #[test]
    fn a_diff_lists_added_changed_and_removed_files() {
        let before = documents(&[("a.toml", "1"), ("b.toml", "2"), ("c.toml", "3")]);
        let after = documents(&[("a.toml", "1"), ("b.toml", "9"), ("d.toml", "4")]);
        let kinds: Vec<_> = before.diff(&after).into_iter().map(|c| (c.path, c.kind)).collect();
        let expected =
            [("b.toml", ChangeKind::Changed), ("c.toml", ChangeKind::Removed), ("d.toml", ChangeKind::Added)];
        assert_eq!(kinds, expected.map(|(path, kind)| (path.to_owned(), kind)));
        assert!(before.diff(&before).is_empty());
    }

    #[test]
    fn only_set_policies_flows_and_contexts_belong_to_a_set() {
        for path in ["set.toml", "a.toml", "flows/a.toml", "contexts/a.toml"] {
            assert!(Documents::takes(path), "{path}");
        }
        for path in ["cases.toml", "README.md", "a.txt", "other/a.toml", "flows/x/a.toml"] {
            assert!(!Documents::takes(path), "{path}");
        }
    }
}
