//! Ceremonies: a person shows with a passkey, in the system's browser, that it is them, for exactly one thing.
//!
//! [`Engine::start_ceremony`] opens a listener of its own and an address that works once; [`Engine::require_proof`]
//! is what commands call before they do something that asks for proof. What is signed is in [`HoldStatement`] and
//! [`Agreement`]; the passkeys themselves are verified by `stepup` and kept by `store`.
//!
//! Not here: who must be asked for which call (`policy`, `approvals`), and how the passphrase is checked.

mod audit;
mod course;
mod enrolment;
mod guard;
mod hold;
mod listener;
mod offer;
mod page;
mod released;
mod standing;
mod statement;
mod store;
mod subject;

pub use audit::{Audit, AuditedEntry, AuditedProof, Forged};
pub use offer::ProofOffer;
pub use released::AuditedRelease;
pub use statement::{HoldStatement, SignedStatement};
pub use stepup::{Purpose, is_good_name};
pub use store::PasskeysError;
pub use subject::{Agreement, Subject};

use crate::checking;
use crate::desk::DeskEvent;
use crate::engine::Engine;
use crate::home::Home;
use crate::keychain::{Keychain, KeychainError};
use crate::passphrase::{Passphrase, PassphraseError, Typed};
use crate::sets::Signers;
use approvals::Authenticator;
use course::Course;
use journal::{Entry, PasskeyEntry, RootKey};
use listener::Pair;
use policy::{Timestamp, UserId};
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use stepup::{Binding, Credential, CredentialId, ProofError, RelyingParty, RosterError};
use store::Passkeys;
use tokio::sync::watch;

/// How long a ceremony may take.
const LASTS: Duration = Duration::from_secs(120);
/// Most that may be open at a time: each holds a port.
const MOST_OPEN: usize = 8;

/// Shows an address to the person: in their browser, or on the terminal. False where that could not be done.
pub type Opener = dyn Fn(&str) -> bool + Send + Sync;

/// Passkeys and running ceremonies of one engine.
pub struct Proofs {
    passkeys: Arc<Passkeys>,
    passphrase: Passphrase,
    home_id: String,
    open: Mutex<Vec<Arc<Course>>>,
    opener: Mutex<Option<Box<Opener>>>,
}

/// A person who proved to be there, for one binding.
#[derive(Clone, Debug)]
pub struct Presence {
    pub person: UserId,
    pub credential: CredentialId,
    pub binding: Binding,
    /// What verifies it later, as JSON.
    pub evidence: serde_json::Value,
    pub at: Timestamp,
}

/// How a ceremony ended.
#[derive(Clone, Debug)]
pub enum CeremonyEnd {
    Proven(Box<Presence>),
    Enrolled(CredentialId),
    /// The hold was rejected on the page.
    Rejected,
    Expired,
    /// It could not go on, or Doorward ended.
    Stopped,
}

/// A ceremony that waits for its person.
pub struct Ceremony {
    /// Works until `until`, and once.
    pub url: String,
    pub until: Timestamp,
    /// Whether a browser was told to open it.
    pub shown: bool,
    ended: watch::Receiver<Option<CeremonyEnd>>,
}

impl Ceremony {
    /// Waits for its end.
    pub async fn ended(mut self) -> CeremonyEnd {
        match self.ended.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or(CeremonyEnd::Stopped),
            Err(_) => CeremonyEnd::Stopped,
        }
    }
}

/// Why there is no ceremony, or why it proved nothing.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    #[error("{MOST_OPEN} pages wait for a passkey already; finish one of them, or wait two minutes")]
    TooMany,
    #[error("no port could be had for the page: {0}")]
    Listen(std::io::Error),
    #[error(transparent)]
    Passkeys(#[from] PasskeysError),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error("nobody used a passkey in time; start it again")]
    Expired,
    #[error("it was not confirmed with a passkey, and nothing was changed")]
    NotProven,
    #[error("there is no person `{0}` in people.toml; add them first")]
    NoPerson(UserId),
    #[error("a passphrase is set: type it to enrol the first passkey")]
    PassphraseFirst,
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
}

impl CeremonyError {
    /// Constant, for the window.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            CeremonyError::TooMany => "too_many_ceremonies",
            CeremonyError::Listen(_) => "no_port",
            CeremonyError::Passkeys(PasskeysError::Tampered(_)) => "passkeys_tampered",
            CeremonyError::Passkeys(_) => "passkeys",
            CeremonyError::Proof(error) => error.code(),
            CeremonyError::Expired => "expired",
            CeremonyError::NotProven => "not_proven",
            CeremonyError::NoPerson(_) => "no_person",
            CeremonyError::PassphraseFirst => "passphrase_needed",
            CeremonyError::Passphrase(error) => error.code(),
        }
    }
}

impl From<RosterError> for CeremonyError {
    fn from(error: RosterError) -> CeremonyError {
        CeremonyError::Passkeys(error.into())
    }
}

/// What became of a removal.
pub enum Removal {
    Done,
    /// It is the last one: it goes once its own ceremony is done.
    Asks(Ceremony),
}

impl Proofs {
    pub(crate) fn open(
        home: &Home,
        root: &RootKey,
        keychain: Arc<dyn Keychain>,
        was_signed: bool,
    ) -> Result<Proofs, KeychainError> {
        let settings = home.settings();
        let path = home.paths().passkeys();
        let known = Arc::clone(&keychain);
        let passkeys =
            Arc::new(Passkeys::open(path, (root, &settings.id), known, (settings.keychain, was_signed))?);
        let passphrase = Passphrase::open(keychain, &settings.id)?;
        let home_id = settings.id.clone();
        Ok(Proofs { passkeys, passphrase, home_id, open: Mutex::default(), opener: Mutex::default() })
    }

    /// Whose signature counts under a set of policies.
    pub(crate) fn signers(&self) -> Signers {
        let passkeys = Arc::clone(&self.passkeys);
        Signers::new(move || {
            passkeys.roster().map(|roster| roster.all().to_vec()).map_err(|error| error.to_string())
        })
    }

    pub(crate) fn passkeys(&self) -> &Passkeys {
        &self.passkeys
    }

    pub(crate) fn passphrase(&self) -> &Passphrase {
        &self.passphrase
    }

    /// Says at the start what is wrong with the record, in the journal.
    pub(crate) fn note_state(&self, engine: &Engine) {
        self.tell_desk(engine);
        if let Err(error) = self.passkeys.roster() {
            tracing::error!(%error, "passkeys count for nothing until this is mended");
            engine.note(Entry::Passkey(PasskeyEntry::Tampered { why: error.to_string() }));
        }
    }

    /// 16 bytes that stay the same for a person at this desk and tell nothing to whoever reads them.
    pub(crate) fn handle(&self, person: &str) -> [u8; 16] {
        let mut hasher = Sha256::new();
        for part in ["doorward person", &self.home_id, person] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let mut handle = [0; 16];
        handle.iter_mut().zip(hasher.finalize()).for_each(|(to, from)| *to = from);
        handle
    }

    /// Tells the desk who can prove with what, so that what nobody could prove is not held for it: of whoever left,
    /// and where the record of passkeys is not as it was written, nothing. The passphrase is the owner's.
    pub(crate) fn tell_desk(&self, engine: &Engine) {
        let current = engine.sets().current();
        let roster = self.passkeys.roster().ok();
        let types = engine.owner_id().filter(|_| self.passphrase.is_known_set());
        let of = |person: &UserId| match &roster {
            Some(roster) if !roster.of(person.as_str()).is_empty() => Authenticator::Passkey,
            Some(_) if types.as_ref() == Some(person) => Authenticator::Passphrase,
            _ => Authenticator::None,
        };
        engine.desk().set_authenticators(current.people.iter().map(|user| (user.id.clone(), of(&user.id))));
    }

    /// Somebody's passkey came or went, or the passphrase is another: what the former proved opens nothing any more.
    pub(crate) fn changed(&self, engine: &Engine) {
        engine.desk().close_windows();
        self.tell_desk(engine);
        engine.desk().send(DeskEvent::Passkeys);
    }

    fn running(&self) -> MutexGuard<'_, Vec<Arc<Course>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, url: &str) -> bool {
        let opener = self.opener.lock().unwrap_or_else(PoisonError::into_inner);
        opener.as_ref().is_some_and(|open| open(url))
    }

    pub(crate) fn remove_now(
        &self,
        engine: &Engine,
        id: &CredentialId,
        now: Timestamp,
    ) -> Result<(), PasskeysError> {
        let person = self.passkeys.change(|roster| {
            let person = roster.any(id).map(|found| found.person().to_owned()).unwrap_or_default();
            roster.remove(id, now.0).map(|()| person)
        })?;
        engine.note(Entry::Passkey(PasskeyEntry::Removed { credential: id.to_string(), person }));
        self.changed(engine);
        Ok(())
    }
}

impl Engine {
    pub(crate) fn proofs(&self) -> &Proofs {
        &self.proofs
    }

    /// How addresses reach the person: the shell opens the system's browser, `serve` prints them.
    pub fn show_ceremonies_with(&self, opener: Box<Opener>) {
        *self.proofs().opener.lock().unwrap_or_else(PoisonError::into_inner) = Some(opener);
    }

    /// Opens a ceremony and shows its address. One that waits for the same hold already is shown again.
    ///
    /// # Errors
    /// No port, no randomness, too many at once, or a person who is not there.
    pub async fn start_ceremony(self: &Arc<Self>, subject: Subject) -> Result<Ceremony, CeremonyError> {
        if matches!(subject, Subject::Enrol { .. }) && self.needs_passphrase_to_enrol()? {
            return Err(CeremonyError::PassphraseFirst);
        }
        self.open_ceremony(subject).await
    }

    /// Whether the passphrase guards the first passkey: there is none yet that could let it in.
    ///
    /// # Errors
    /// The record of passkeys is not as it was written.
    pub fn needs_passphrase_to_enrol(&self) -> Result<bool, PasskeysError> {
        Ok(self.has_passphrase() && self.proofs().passkeys().roster()?.is_empty())
    }

    /// The first passkey of a home that has a passphrase: it lets it in.
    ///
    /// # Errors
    /// The passphrase is another one, or as for [`Engine::start_ceremony`].
    pub async fn enrol_by_passphrase(
        self: &Arc<Self>,
        person: UserId,
        name: String,
        typed: Typed,
    ) -> Result<Ceremony, CeremonyError> {
        let engine = Arc::clone(self);
        let checked = tokio::task::spawn_blocking(move || engine.check_typed("enrol", None, &typed));
        checked.await.map_err(|error| PasskeysError::Write(error.to_string()))??;
        self.open_ceremony(Subject::Enrol { person, name }).await
    }

    async fn open_ceremony(self: &Arc<Self>, subject: Subject) -> Result<Ceremony, CeremonyError> {
        if let Subject::Enrol { person, .. } = &subject
            && self.sets().current().people.get(person).is_none()
        {
            return Err(CeremonyError::NoPerson(person.clone()));
        }
        let again = {
            let mut running = self.proofs().running();
            running.retain(|course| !course.is_over());
            if running.len() >= MOST_OPEN {
                return Err(CeremonyError::TooMany);
            }
            let of_hold =
                |course: &&Arc<Course>| subject.hold().is_some() && course.subject.hold() == subject.hold();
            running.iter().find(of_hold).cloned()
        };
        if let Some(course) = again {
            return Ok(self.shown(&course));
        }
        let pair = Pair::bind().await.map_err(CeremonyError::Listen)?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(ProofError::NoRandomness)?;
        let (port, token) = (pair.port, statement::hex(&random));
        let party = RelyingParty::on_port(port)?;
        let until = self.desk().clock().now().after(LASTS);
        let (purpose, hold) = (subject.purpose().tag().to_owned(), subject.hold().cloned());
        let course = Arc::new(Course::new(Arc::clone(self), party, (port, token), subject, until));
        self.proofs().running().push(Arc::clone(&course));
        let engine = Arc::clone(self);
        let asked = Entry::Passkey(PasskeyEntry::Asked { purpose, hold, port });
        self.tasks().spawn_blocking(move || {
            engine.note(asked);
            checking::enrolments(&engine);
        });
        let (served, engine) = (Arc::clone(&course), Arc::clone(self));
        self.tasks().spawn(async move {
            listener::serve(pair, Arc::clone(&served), engine.stopping()).await;
            engine.proofs().running().retain(|course| !Arc::ptr_eq(course, &served));
        });
        Ok(self.shown(&course))
    }

    fn shown(&self, course: &Arc<Course>) -> Ceremony {
        let url = format!("{}/{}", course.party.origin(), course.token());
        let shown = self.proofs().show(&url);
        Ceremony { url, until: course.until, shown, ended: course.ended() }
    }

    /// What a command calls before it does something that asks for proof. None while no passkey is enrolled: then
    /// nothing can be proven, and the window's click is all there is.
    ///
    /// # Errors
    /// Nobody proved it: the command must not go on.
    pub async fn require_proof(
        self: &Arc<Self>,
        agreement: Agreement,
    ) -> Result<Option<Presence>, CeremonyError> {
        if self.proofs().passkeys().roster()?.is_empty() {
            return Ok(None);
        }
        let binding = agreement.binding();
        match self.start_ceremony(Subject::Agree(agreement)).await?.ended().await {
            CeremonyEnd::Proven(presence) if presence.binding == binding => Ok(Some(*presence)),
            CeremonyEnd::Expired => Err(CeremonyError::Expired),
            _ => Err(CeremonyError::NotProven),
        }
    }

    /// Every passkey there ever was, removed ones too.
    ///
    /// # Errors
    /// Their record is not as it was written.
    pub fn passkeys(&self) -> Result<Vec<Credential>, PasskeysError> {
        Ok(self.proofs().passkeys().roster()?.all().to_vec())
    }

    /// Blocks on the disk.
    ///
    /// # Errors
    /// There is none of that id, the name cannot be read well, or it could not be written.
    pub fn rename_passkey(&self, id: &CredentialId, name: &str) -> Result<(), CeremonyError> {
        let name = self
            .proofs()
            .passkeys()
            .change(|roster| roster.rename(id, name).map(|credential| credential.name().to_owned()))?;
        self.note(Entry::Passkey(PasskeyEntry::Renamed { credential: id.to_string(), name }));
        self.proofs().changed(self);
        Ok(())
    }

    /// Any but the last goes at once; the last one asks to be used for it.
    ///
    /// # Errors
    /// There is none of that id, or it could not be written.
    pub async fn remove_passkey(self: &Arc<Self>, id: &CredentialId) -> Result<Removal, CeremonyError> {
        let roster = self.proofs().passkeys().roster()?;
        if !roster.live().any(|credential| credential.id() == id) {
            return Err(RosterError::Unknown(id.clone()).into());
        }
        if roster.is_last(id) {
            let subject = Subject::RemoveLast { credential: id.clone() };
            return Ok(Removal::Asks(self.start_ceremony(subject).await?));
        }
        let (engine, id) = (Arc::clone(self), id.clone());
        let now = self.desk().clock().now();
        let removed = tokio::task::spawn_blocking(move || engine.proofs().remove_now(&engine, &id, now));
        removed.await.map_err(|error| PasskeysError::Write(error.to_string()))??;
        Ok(Removal::Done)
    }
}
