//! The policy set in force, and the one way to change it: [`Sets::propose`].
//!
//! Files are what people edit; what is in force is what was last confirmed and is kept, authenticated, in the
//! journal. Files changed outside the app wait until a person confirms them. Nothing valid in force means that
//! every call is denied, with the reason.

mod books;
mod bundle;
mod edit;
mod error;
mod loosening;
mod newest;
mod recalled;
mod several;
mod signed;
#[cfg(test)]
mod tests;

pub(crate) use books::{Book, BookDraft};
pub use bundle::Bundle;
pub use error::SetError;
pub use loosening::{Reason, needs_proof};
pub(crate) use newest::{entry as newest_entry, is_older as is_older_set, note_as_newest, noted_format};
pub(crate) use recalled::is_signed;
pub use several::DocumentEdit;
pub use signed::{Signers, binding};

use crate::home::{self, Paths};
use crate::keychain::{Keychain, KeychainError};
use bundle::{Compiled, restore};
use journal::Journal;
use newest::Newest;
use policy::people::People;
use policy::set::{DocumentChange, PolicySet};
use recalled::first_in_force;
use signed::Link;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// Where the newest signature stands beside the documents.
const LINK: &str = "signature.json";

/// Policies, flows, contexts and people that are judged by, all of one revision.
pub struct InForce {
    pub set: PolicySet,
    pub people: People,
    pub bundle: Bundle,
    /// Why nothing but denials is in force.
    pub problem: Option<String>,
    /// The signature that vouches for it.
    link: Option<Link>,
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

/// A passkey's signature under a set: what `stepup` keeps of the assertion over [`binding`].
#[derive(Clone, Debug)]
pub struct Signature(pub serde_json::Value);

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proposed {
    Applied,
    WaitingForConfirmation,
}

/// A change on disk that a person has not confirmed yet.
#[derive(Clone)]
pub struct WaitingChange {
    /// Of the difference.
    pub hash: String,
    pub bundle: Bundle,
    pub changes: Vec<DocumentChange>,
    /// Why it could not be applied as it is.
    pub problems: Vec<String>,
    /// Why it needs a passkey, where one is enrolled.
    pub needs_proof: Vec<Reason>,
}

impl InForce {
    fn denying(reason: String, bundle: Bundle) -> InForce {
        let people = People::parse(&bundle.people).unwrap_or_default();
        InForce { set: PolicySet::deny_all(&reason), people, bundle, problem: Some(reason), link: None }
    }
}

/// Keeps the set in force. Reading it costs one lock and one reference count.
pub struct Sets {
    in_force: RwLock<Arc<InForce>>,
    waiting: Mutex<Option<WaitingChange>>,
    /// Held through a change: nobody takes a file that Doorward is writing for somebody else's.
    changing: Mutex<()>,
    /// The difference that an alarm was recorded of last.
    alarmed: Mutex<Option<String>>,
    journal: Arc<Journal>,
    home: Paths,
    newest: Arc<Newest>,
    signers: Signers,
}

impl Sets {
    /// Loads what was last confirmed and looks at the files. `take_files` is `serve`'s way, and the way of a
    /// home whose record of the confirmed set does not outlive the process.
    pub(crate) fn open(
        journal: Arc<Journal>,
        home: Paths,
        (keychain, home_id): (Arc<dyn Keychain>, &str),
        signers: Signers,
        take_files: bool,
    ) -> Result<Sets, KeychainError> {
        let newest = Arc::new(Newest::open(keychain, home_id)?);
        newest.follow(&journal);
        let (in_force, is_first) = first_in_force(&journal, &newest, &signers);
        if let Some(problem) = in_force.problem.as_ref().filter(|_| !is_first) {
            let said = journal::Entry::Alarm { code: "set_untrusted".to_owned(), said: problem.clone() };
            if let Err(error) = journal.record(said) {
                tracing::error!(%error, "an alarm could not be recorded");
            }
        }
        let sets = Sets {
            in_force: RwLock::new(Arc::new(in_force)),
            waiting: Mutex::new(None),
            changing: Mutex::new(()),
            alarmed: Mutex::default(),
            journal,
            home,
            newest,
            signers,
        };
        match Bundle::read(&sets.home) {
            Ok(bundle) => {
                let people = bundle.people.clone();
                let origin = if take_files || is_first { Origin::Start } else { Origin::Disk };
                if let Err(error) = sets.propose(bundle, origin) {
                    sets.deny_unless_confirmed(&error.to_string(), &people);
                }
            }
            Err(error) => sets.deny_unless_confirmed(&error.to_string(), ""),
        }
        sets.note_newest();
        Ok(sets)
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

    /// Why putting this in force would need a passkey; empty where it does not, and where none is enrolled.
    #[must_use]
    pub fn needs_proof(&self, bundle: &Bundle) -> Vec<Reason> {
        if self.signers.are_enrolled() { self.reasons(bundle) } else { Vec::new() }
    }

    /// What a passkey must sign so that this comes into force.
    #[must_use]
    pub fn to_sign(&self, bundle: &Bundle) -> stepup::Binding {
        binding(&bundle.hash(), &self.previous())
    }

    /// Whether passkeys are enrolled and none of them has signed what is in force.
    #[must_use]
    pub fn is_unsigned(&self) -> bool {
        self.signers.are_enrolled() && !self.is_vouched_for(&self.current())
    }

    fn is_vouched_for(&self, current: &InForce) -> bool {
        current.link.as_ref().is_some_and(|link| link.why_not(&current.bundle, &self.signers).is_none())
    }

    fn previous(&self) -> String {
        let current = self.current();
        if current.problem.is_some() { String::new() } else { current.bundle.hash() }
    }

    fn reasons(&self, bundle: &Bundle) -> Vec<Reason> {
        let current = self.current();
        if current.problem.is_some() || !self.is_vouched_for(&current) {
            return vec![Reason::NothingInForce];
        }
        needs_proof(&current.bundle, bundle)
    }

    fn replace(&self, in_force: InForce) {
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(in_force);
    }

    fn set_waiting(&self, change: Option<WaitingChange>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = change;
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the journal ends now, for the next start. A keychain that cannot take it keeps the older note.
    pub(crate) fn note_newest(&self) {
        let current = self.current();
        if current.problem.is_some() {
            return;
        }
        if let Err(error) = self.newest.note(&current.bundle.hash(), &self.journal) {
            tracing::warn!(%error, "the keychain does not know the newest set");
        }
    }

    /// As [`Sets::propose_signed`], without a signature.
    ///
    /// # Errors
    /// As there.
    pub fn propose(&self, bundle: Bundle, origin: Origin) -> Result<Proposed, SetError> {
        self.propose_signed(bundle, origin, None)
    }

    /// Every change of the set comes through here. What comes from the disk waits; what a person confirmed
    /// applies once it is recorded, and with a signature where it needs one.
    ///
    /// # Errors
    /// When the documents do not compile (nothing changes, and a change on disk waits with its problems), when it
    /// needs a passkey's signature, or the confirmation cannot be recorded.
    pub fn propose_signed(
        &self,
        bundle: Bundle,
        origin: Origin,
        signature: Option<Signature>,
    ) -> Result<Proposed, SetError> {
        let compiled = bundle.compile();
        let current = self.current();
        let needs_proof = self.needs_proof(&bundle);
        let is_same = current.problem.is_none() && bundle.hash() == current.bundle.hash();
        // A start takes the files only as far as anybody may change them.
        let waits = origin == Origin::Disk || (origin == Origin::Start && !needs_proof.is_empty());
        if waits {
            if is_same {
                self.set_waiting(None);
                return Ok(Proposed::Applied);
            }
            let problems = compiled.err().unwrap_or_default().iter().map(ToString::to_string).collect();
            let changes = current.bundle.changes(&bundle);
            let hash = difference(&changes);
            self.alarm(&changes);
            self.set_waiting(Some(WaitingChange { hash, bundle, changes, problems, needs_proof }));
            return Ok(Proposed::WaitingForConfirmation);
        }
        let Compiled { set, people } = compiled.map_err(SetError::Invalid)?;
        let (hash, previous) = (bundle.hash(), self.previous());
        let link = match signature {
            Some(Signature(evidence)) => {
                self.signers.verify(&evidence, (&hash, &previous), true).map_err(SetError::Signature)?;
                Some(Link { previous, base: bundle.stored(), evidence })
            }
            None if !needs_proof.is_empty() => return Err(SetError::NeedsProof(needs_proof)),
            None => current.link.clone(),
        };
        let stored = self.stored(&bundle, link.as_ref())?;
        self.newest.expect(&hash)?;
        self.journal.confirm_set(&stored)?;
        self.replace(InForce { set, people, bundle, problem: None, link });
        self.set_waiting(None);
        self.note_newest();
        Ok(Proposed::Applied)
    }

    /// As the journal keeps it.
    fn stored(&self, bundle: &Bundle, link: Option<&Link>) -> Result<BTreeMap<String, String>, SetError> {
        let mut stored = bundle.stored();
        if let Some(link) = link {
            let text = serde_json::to_string(link).map_err(|error| SetError::Signature(error.to_string()))?;
            stored.insert(LINK.to_owned(), text);
        }
        Ok(stored)
    }

    /// Files that something else changed are an entry as well, once for each state of them.
    fn alarm(&self, changes: &[DocumentChange]) {
        let difference = format!("{changes:?}");
        let mut alarmed = self.alarmed.lock().unwrap_or_else(PoisonError::into_inner);
        if alarmed.as_ref() == Some(&difference) {
            return;
        }
        *alarmed = Some(difference);
        let paths: Vec<&str> = changes.iter().map(|change| change.path.as_str()).take(20).collect();
        let said = format!("changed outside Doorward, and not in force: {}", paths.join(", "));
        let alarm = journal::Entry::Alarm { code: "files_changed".to_owned(), said };
        if let Err(error) = self.journal.record(alarm) {
            tracing::error!(%error, "an alarm could not be recorded");
        }
    }

    /// Looks at the files again, after something touched them.
    ///
    /// # Errors
    /// When they cannot be read; what is in force stays.
    pub fn look_at_disk(&self) -> Result<Proposed, SetError> {
        let _turn = self.changing();
        self.look()
    }

    fn look(&self) -> Result<Proposed, SetError> {
        self.propose(Bundle::read(&self.home)?, Origin::Disk)
    }

    /// As [`Sets::confirm_signed`], without a signature.
    ///
    /// # Errors
    /// As there.
    pub fn confirm(&self, hash: &str) -> Result<Proposed, SetError> {
        self.confirm_signed(hash, None)
    }

    /// Applies the change that waits, if it is still the one that was shown.
    ///
    /// # Errors
    /// [`SetError::Stale`] when the files changed again; otherwise as [`Sets::propose_signed`].
    pub fn confirm_signed(&self, hash: &str, signature: Option<Signature>) -> Result<Proposed, SetError> {
        let _turn = self.changing();
        self.look()?;
        let waiting = self.waiting().filter(|waiting| waiting.hash == hash).ok_or(SetError::Stale)?;
        self.propose_signed(waiting.bundle, Origin::Window, signature)
    }

    /// Signs what is in force as it stands, after the first passkey came.
    ///
    /// # Errors
    /// As [`Sets::propose_signed`].
    pub fn sign(&self, signature: Signature) -> Result<Proposed, SetError> {
        let _turn = self.changing();
        let bundle = self.current().bundle.clone();
        let proposed = self.propose_signed(bundle, Origin::Window, Some(signature))?;
        self.look()?;
        Ok(proposed)
    }

    /// Puts the files back as they are in force.
    ///
    /// # Errors
    /// [`SetError::Stale`] when the files changed again, or when they cannot be written.
    pub fn discard(&self, hash: &str) -> Result<(), SetError> {
        let _turn = self.changing();
        self.look()?;
        let waiting = self.waiting().filter(|waiting| waiting.hash == hash).ok_or(SetError::Stale)?;
        for change in &waiting.changes {
            restore(&Bundle::path_of(&self.home, &change.path), change.before.as_deref())?;
        }
        self.look()?;
        Ok(())
    }

    /// As [`Sets::set_mode_signed`], without a signature.
    ///
    /// # Errors
    /// As there.
    pub fn set_mode(&self, id: &policy::PolicyId, mode: policy::Mode) -> Result<Proposed, SetError> {
        self.set_mode_signed(id, mode, None)
    }

    /// A person changed one policy's mode in the window: recorded and in force first, then written to its file.
    ///
    /// # Errors
    /// As [`Sets::propose_signed`]; when a change on disk waits, that is settled first.
    pub fn set_mode_signed(
        &self,
        id: &policy::PolicyId,
        mode: policy::Mode,
        signature: Option<Signature>,
    ) -> Result<Proposed, SetError> {
        let _turn = self.changing();
        let bundle = self.with_mode(id, mode)?;
        let path = format!("{id}.toml");
        self.refuse_if_waiting(&path)?;
        let text = bundle.documents.get(&path).unwrap_or_default().to_owned();
        let applied = self.propose_signed(bundle, Origin::Window, signature)?;
        home::write_whole(&Bundle::path_of(&self.home, &path), &text)?;
        self.look()?;
        Ok(applied)
    }

    /// What is in force with one policy's mode changed.
    ///
    /// # Errors
    /// There is no such policy.
    pub fn with_mode(&self, id: &policy::PolicyId, mode: policy::Mode) -> Result<Bundle, SetError> {
        let mut bundle = self.current().bundle.clone();
        bundle.documents =
            bundle.documents.with_mode(id, mode).map_err(|error| SetError::Invalid(vec![error]))?;
        Ok(bundle)
    }

    fn refuse_if_waiting(&self, path: &str) -> Result<(), SetError> {
        match self.waiting() {
            Some(waiting) if waiting.changes.iter().any(|change| change.path == path) => {
                Err(SetError::WaitsOnDisk(path.to_owned()))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Sets {
    fn drop(&mut self) {
        self.newest.end();
    }
}

/// Hex SHA-256 over what differs, so that what Doorward itself notes meanwhile makes no shown change stale.
fn difference(changes: &[DocumentChange]) -> String {
    let mut sides = policy::set::Documents::new();
    for DocumentChange { path, before, after, .. } in changes {
        for (side, text) in [("before", before), ("after", after)] {
            if let Some(text) = text {
                sides.insert(&format!("{side}/{path}"), text.clone());
            }
        }
    }
    policy::CallDigest(sides.hash()).to_string()
}
