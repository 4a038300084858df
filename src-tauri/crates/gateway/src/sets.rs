//! The policy set in force, and the one way to change it: [`Sets::propose`].
//!
//! Files are what people edit; what is in force is what was last confirmed and is kept, authenticated, in the
//! journal. Files changed outside the app wait until a person confirms them. Nothing valid in force means that
//! every call is denied, with the reason.

mod edit;

use crate::home::{self, FileError};
use journal::{Journal, JournalError};
use policy::people::People;
use policy::set::{DocumentChange, DocumentError, Documents, PolicySet};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Where `people.toml` stands among the confirmed documents.
const PEOPLE: &str = "people.toml";

/// Policies, flows, contexts and people that are judged by, all of one revision.
pub struct InForce {
    pub set: PolicySet,
    pub people: People,
    pub bundle: Bundle,
    /// Why nothing but denials is in force.
    pub problem: Option<String>,
}

/// The documents as text: what is hashed, compared, confirmed and kept.
#[derive(Clone, Default)]
pub struct Bundle {
    pub documents: Documents,
    pub people: String,
}

/// Who asks for a change of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A person clicked in the window.
    Window,
    /// Files differ from what is in force.
    Disk,
    /// `serve` starts: its operator takes the files as they are.
    Start,
}

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proposed {
    Applied,
    WaitingForConfirmation,
}

/// A change on disk that a person has not confirmed yet.
#[derive(Clone)]
pub struct WaitingChange {
    pub hash: String,
    pub bundle: Bundle,
    pub changes: Vec<DocumentChange>,
    /// Why it could not be applied as it is.
    pub problems: Vec<String>,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    #[error("{}", join(.0))]
    Invalid(Vec<DocumentError>),
    #[error("the change that was shown is no longer the one on disk; look at it again")]
    Stale,
    #[error("`{0}` was also changed on disk; apply or put back that change first")]
    WaitsOnDisk(String),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("cannot write the policy files: {0}; check the folder's permissions and free space")]
    Write(#[source] std::io::Error),
}

impl SetError {
    /// Stable, for the window.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            SetError::Invalid(_) => "set_invalid",
            SetError::Stale => "set_stale",
            SetError::WaitsOnDisk(_) => "set_waits",
            SetError::File(error) => error.code(),
            SetError::Journal(_) => "journal",
            SetError::Write(_) => "set_write",
        }
    }

    /// The next step.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            SetError::Invalid(_) => "mend the file; what was in force stays in force until then".to_owned(),
            SetError::Stale => "the difference shown now is the newest".to_owned(),
            SetError::WaitsOnDisk(_) => "the panel above the list shows the difference".to_owned(),
            SetError::File(error) => error.hint(),
            SetError::Journal(_) => {
                "check free space and permissions of the home folder; nothing was changed".to_owned()
            }
            SetError::Write(_) => "check the policies folder's permissions and free space".to_owned(),
        }
    }
}

fn join(errors: &[DocumentError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Bundle {
    /// Reads what is on disk now.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn read(policies: &Path, people: &Path) -> Result<Bundle, FileError> {
        Ok(Bundle { documents: home::read_documents(policies)?, people: home::read_text(people)? })
    }

    /// Hex SHA-256 over policies, flows, contexts and people.
    #[must_use]
    pub fn hash(&self) -> String {
        let people = policy::DefinitionHash::of(&policy::Value::from(self.people.as_str()));
        let mut all = Documents::new();
        all.insert("documents", policy::CallDigest(self.documents.hash()).to_string());
        all.insert(PEOPLE, people.to_string());
        policy::CallDigest(all.hash()).to_string()
    }

    fn stored(&self) -> BTreeMap<String, String> {
        let mut map: BTreeMap<String, String> =
            self.documents.iter().map(|(path, text)| (format!("policies/{path}"), text.to_owned())).collect();
        map.insert(PEOPLE.to_owned(), self.people.clone());
        map
    }

    /// From the set that the journal keeps as in force.
    #[must_use]
    pub fn from_stored(mut map: BTreeMap<String, String>) -> Bundle {
        let people = map.remove(PEOPLE).unwrap_or_default();
        let mut documents = Documents::new();
        for (path, text) in map {
            documents.insert(path.strip_prefix("policies/").unwrap_or(&path), text);
        }
        Bundle { documents, people }
    }

    fn compile(&self) -> Result<(PolicySet, People), Vec<DocumentError>> {
        let people = People::parse(&self.people).map_err(|error| vec![error]);
        match (PolicySet::compile(&self.documents), people) {
            (Ok(set), Ok(people)) => Ok((set, people)),
            (Err(mut errors), Err(more)) => {
                errors.extend(more);
                Err(errors)
            }
            (Err(errors), Ok(_)) | (Ok(_), Err(errors)) => Err(errors),
        }
    }

    fn changes(&self, newer: &Bundle) -> Vec<DocumentChange> {
        let with_people = |bundle: &Bundle| {
            let mut all = bundle.documents.clone();
            all.insert(PEOPLE, bundle.people.clone());
            all
        };
        with_people(self).diff(&with_people(newer))
    }
}

impl InForce {
    fn denying(reason: String, bundle: Bundle) -> InForce {
        let people = People::parse(&bundle.people).unwrap_or_default();
        InForce { set: PolicySet::deny_all(&reason), people, bundle, problem: Some(reason) }
    }
}

/// Keeps the set in force. Reading it costs one lock and one reference count.
pub struct Sets {
    in_force: RwLock<Arc<InForce>>,
    waiting: Mutex<Option<WaitingChange>>,
    journal: Arc<Journal>,
    policies: PathBuf,
    people: PathBuf,
}

impl Sets {
    /// Loads what was last confirmed and looks at the files. `take_files` is `serve`'s way, and the way of a
    /// home whose record of the confirmed set does not outlive the process.
    pub(crate) fn open(journal: Arc<Journal>, policies: PathBuf, people: PathBuf, take_files: bool) -> Sets {
        let stored = journal.set_in_force();
        let disk = Bundle::read(&policies, &people);
        let first_start = matches!(stored, Ok(None));
        let in_force = match stored {
            Ok(Some(stored)) => {
                let bundle = Bundle::from_stored(stored.documents);
                match bundle.compile() {
                    Ok((set, people)) => InForce { set, people, bundle, problem: None },
                    Err(errors) => InForce::denying(
                        format!("the confirmed policy set cannot be read by this version: {}", join(&errors)),
                        bundle,
                    ),
                }
            }
            Ok(None) => InForce::denying("no policy set was confirmed yet".to_owned(), Bundle::default()),
            Err(error) => InForce::denying(
                format!(
                    "the record of the confirmed policy set cannot be trusted ({error}); look at the policies and confirm them"
                ),
                Bundle::default(),
            ),
        };
        let sets = Sets {
            in_force: RwLock::new(Arc::new(in_force)),
            waiting: Mutex::new(None),
            journal,
            policies,
            people,
        };
        match disk {
            Ok(bundle) => {
                let people = bundle.people.clone();
                let origin = if take_files || first_start { Origin::Start } else { Origin::Disk };
                if let Err(error) = sets.propose(bundle, origin) {
                    sets.deny_unless_confirmed(&error.to_string(), &people);
                }
            }
            Err(error) => sets.deny_unless_confirmed(&error.to_string(), ""),
        }
        sets
    }

    /// Where nothing was ever confirmed, what is wrong with the files is the reason for every denial. Who the
    /// people are is still told, so that agents can be paired meanwhile; nobody's call goes through.
    fn deny_unless_confirmed(&self, reason: &str, people: &str) {
        tracing::error!(reason, "the policy files cannot be applied");
        let current = self.current();
        if current.problem.is_some() {
            let mut denying = InForce::denying(
                format!("the policy set cannot be applied: {reason}"),
                current.bundle.clone(),
            );
            if current.bundle.people.is_empty() {
                denying.people = People::parse(people).unwrap_or_default();
            }
            self.replace(denying);
        }
    }

    /// The set to judge by.
    #[must_use]
    pub fn current(&self) -> Arc<InForce> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What waits for a person's confirmation.
    #[must_use]
    pub fn waiting(&self) -> Option<WaitingChange> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, in_force: InForce) {
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(in_force);
    }

    fn set_waiting(&self, change: Option<WaitingChange>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = change;
    }

    /// Every change of the set comes through here. What comes from the disk waits; what a person confirmed
    /// applies once it is recorded.
    ///
    /// # Errors
    /// When the documents do not compile (nothing changes, and a change on disk waits with its problems), or
    /// the confirmation cannot be recorded.
    pub fn propose(&self, bundle: Bundle, origin: Origin) -> Result<Proposed, SetError> {
        let compiled = bundle.compile();
        let current = self.current();
        if origin == Origin::Disk {
            if current.problem.is_none() && bundle.hash() == current.bundle.hash() {
                self.set_waiting(None);
                return Ok(Proposed::Applied);
            }
            let problems = compiled.err().unwrap_or_default().iter().map(ToString::to_string).collect();
            let changes = current.bundle.changes(&bundle);
            self.set_waiting(Some(WaitingChange { hash: bundle.hash(), bundle, changes, problems }));
            return Ok(Proposed::WaitingForConfirmation);
        }
        let (set, people) = compiled.map_err(SetError::Invalid)?;
        self.journal.confirm_set(&bundle.stored())?;
        self.replace(InForce { set, people, bundle, problem: None });
        self.set_waiting(None);
        Ok(Proposed::Applied)
    }

    /// Looks at the files again, after something touched them.
    ///
    /// # Errors
    /// When they cannot be read; what is in force stays.
    pub fn look_at_disk(&self) -> Result<Proposed, SetError> {
        self.propose(Bundle::read(&self.policies, &self.people)?, Origin::Disk)
    }

    /// Applies the change that waits, if it is still the one that was shown.
    ///
    /// # Errors
    /// [`SetError::Stale`] when the files changed again; otherwise as [`Sets::propose`].
    pub fn confirm(&self, hash: &str) -> Result<Proposed, SetError> {
        self.look_at_disk()?;
        let waiting = self.waiting().filter(|waiting| waiting.hash == hash).ok_or(SetError::Stale)?;
        self.propose(waiting.bundle, Origin::Window)
    }

    /// Puts the files back as they are in force.
    ///
    /// # Errors
    /// [`SetError::Stale`] when the files changed again, or when they cannot be written.
    pub fn discard(&self, hash: &str) -> Result<(), SetError> {
        self.look_at_disk()?;
        let waiting = self.waiting().filter(|waiting| waiting.hash == hash).ok_or(SetError::Stale)?;
        for change in &waiting.changes {
            let path = self.path_of(&change.path);
            match &change.before {
                Some(text) => home::write_whole(&path, text)?,
                None => std::fs::remove_file(&path).map_err(SetError::Write)?,
            }
        }
        self.look_at_disk()?;
        Ok(())
    }

    /// A person changed one policy's mode in the window: recorded and in force first, then written to its file.
    ///
    /// # Errors
    /// As [`Sets::propose`]; when a change on disk waits, that is settled first.
    pub fn set_mode(&self, id: &policy::PolicyId, mode: policy::Mode) -> Result<Proposed, SetError> {
        let current = self.current();
        let documents =
            current.bundle.documents.with_mode(id, mode).map_err(|error| SetError::Invalid(vec![error]))?;
        let path = format!("{id}.toml");
        if self.waiting().is_some_and(|waiting| waiting.changes.iter().any(|change| change.path == path)) {
            return Err(SetError::WaitsOnDisk(path));
        }
        let text = documents.get(&path).unwrap_or_default().to_owned();
        let applied =
            self.propose(Bundle { documents, people: current.bundle.people.clone() }, Origin::Window)?;
        home::write_whole(&self.path_of(&path), &text)?;
        self.look_at_disk()?;
        Ok(applied)
    }

    fn path_of(&self, document: &str) -> PathBuf {
        if document == PEOPLE { self.people.clone() } else { self.policies.join(document) }
    }
}
