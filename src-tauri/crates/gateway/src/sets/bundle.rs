//! The confirmed set as text: what is hashed, compared, signed and kept.

use super::{LINK, SetError};
use crate::home::{self, AgentBook, BookError, FileError, Paths, UpstreamBook};
use policy::people::People;
use policy::set::{DocumentChange, DocumentError, Documents, PolicySet};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where the books stand among the confirmed documents.
pub(super) const PEOPLE: &str = "people.toml";
pub(super) const AGENTS: &str = "agents.toml";
pub(super) const UPSTREAMS: &str = "upstreams.toml";

/// Policies, flows and contexts, the people who vote, the upstreams they guard and the agents they let in.
#[derive(Clone, Default)]
pub struct Bundle {
    pub documents: Documents,
    pub people: String,
    pub agents: String,
    pub upstreams: String,
}

/// A bundle that can be put in force.
pub(super) struct Compiled {
    pub(super) set: PolicySet,
    pub(super) people: People,
}

impl Bundle {
    /// Reads what is on disk now.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn read(home: &Paths) -> Result<Bundle, FileError> {
        Ok(Bundle {
            documents: home::read_documents(&home.policies())?,
            people: home::read_text(&home.people())?,
            agents: home::read_book(&home.agents())?.unwrap_or_default(),
            upstreams: home::read_book(&home.upstreams())?.unwrap_or_default(),
        })
    }

    fn books(&self) -> [(&'static str, &String); 3] {
        [(PEOPLE, &self.people), (AGENTS, &self.agents), (UPSTREAMS, &self.upstreams)]
    }

    /// Hex SHA-256 over all of it.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut all = Documents::new();
        all.insert("documents", policy::CallDigest(self.documents.hash()).to_string());
        for (name, text) in self.books() {
            let hash = policy::DefinitionHash::of(&policy::Value::from(text.as_str()));
            all.insert(name, hash.to_string());
        }
        policy::CallDigest(all.hash()).to_string()
    }

    /// Text by path, as the journal keeps it.
    pub(super) fn stored(&self) -> BTreeMap<String, String> {
        let mut map: BTreeMap<String, String> =
            self.documents.iter().map(|(path, text)| (format!("policies/{path}"), text.to_owned())).collect();
        map.extend(self.books().map(|(name, text)| (name.to_owned(), text.clone())));
        map
    }

    /// What the journal keeps of a confirmed set, without the signature beside it.
    #[must_use]
    pub fn from_stored(mut map: BTreeMap<String, String>) -> Bundle {
        map.remove(LINK);
        let mut book = |name: &str| map.remove(name).unwrap_or_default();
        let (people, agents, upstreams) = (book(PEOPLE), book(AGENTS), book(UPSTREAMS));
        let mut documents = Documents::new();
        for (path, text) in map {
            documents.insert(path.strip_prefix("policies/").unwrap_or(&path), text);
        }
        Bundle { documents, people, agents, upstreams }
    }

    pub(super) fn compile(&self) -> Result<Compiled, Vec<DocumentError>> {
        let mut errors = Vec::new();
        let set = PolicySet::compile(&self.documents).map_err(|more| errors.extend(more)).ok();
        let people = People::parse(&self.people).map_err(|error| errors.push(error)).ok();
        let agents = AgentBook::parse(PathBuf::from(AGENTS), &self.agents).map(drop);
        let upstreams = UpstreamBook::parse(PathBuf::from(UPSTREAMS), &self.upstreams).map(drop);
        for (path, read) in [(AGENTS, agents), (UPSTREAMS, upstreams)] {
            errors.extend(read.err().map(|error| of_book(path, &error)));
        }
        match (set, people) {
            (Some(set), Some(people)) if errors.is_empty() => Ok(Compiled { set, people }),
            _ => Err(errors),
        }
    }

    pub(super) fn changes(&self, newer: &Bundle) -> Vec<DocumentChange> {
        let with_books = |bundle: &Bundle| {
            let mut all = bundle.documents.clone();
            for (name, text) in bundle.books() {
                all.insert(name, text.clone());
            }
            all
        };
        with_books(self).diff(&with_books(newer))
    }

    /// Where a document lies in a home.
    pub(super) fn path_of(home: &Paths, document: &str) -> PathBuf {
        match document {
            PEOPLE => home.people(),
            AGENTS => home.agents(),
            UPSTREAMS => home.upstreams(),
            policy => home.policies().join(policy),
        }
    }
}

fn of_book(path: &str, error: &BookError) -> DocumentError {
    let (line, column, message) = match error {
        BookError::File(FileError::Toml { line, column, message, .. }) => {
            (Some(*line), Some(*column), message.clone())
        }
        error => (None, None, error.to_string()),
    };
    DocumentError { path: path.to_owned(), line, column, message, hint: Some(error.hint()) }
}

/// Puts a file back as it was; none: there was none.
pub(super) fn restore(path: &Path, text: Option<&str>) -> Result<(), SetError> {
    match text {
        Some(text) => Ok(home::write_whole(path, text)?),
        None => match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(SetError::Write(error)),
            _ => Ok(()),
        },
    }
}
