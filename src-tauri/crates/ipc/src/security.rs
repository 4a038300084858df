//! The window's passkeys: who is enrolled, the ceremonies that a person starts, and the guard of what needs proof.

use crate::host::{Host, blocking};
use crate::passphrase::{PassphraseState, TypedText};
use crate::reset::{self, ResetView};
use crate::wire::{CardRequest, IpcError, Nothing, PartState, Person};
use gateway::ceremony::{Agreement, Ceremony, CeremonyError, Purpose, Removal, Subject};
use gateway::{Engine, HoldId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use ts_rs::TS;

/// The Security screen.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct SecurityView {
    /// Enrolled now, the oldest first.
    pub passkeys: Vec<PasskeyRow>,
    /// Who can enrol one.
    pub people: Vec<Person>,
    /// What is wrong with their record: then none of them counts.
    pub problem: Option<PartState>,
    pub passphrase: PassphraseState,
    /// They are about to be taken out.
    pub reset: Option<ResetView>,
}

/// One enrolled passkey.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct PasskeyRow {
    pub id: String,
    pub name: String,
    pub person: String,
    pub person_name: String,
    /// In groups, to compare by eye.
    pub fingerprint: String,
    /// Epoch milliseconds.
    #[ts(type = "number")]
    pub enrolled_at: i64,
    /// Epoch milliseconds.
    #[ts(type = "number | null")]
    pub last_used_at: Option<i64>,
    /// The name of the one that let it in; none for the first.
    pub signed_by: Option<String>,
    /// Its removal asks for itself.
    pub last: bool,
}

/// A new passkey.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolRequest {
    pub person: String,
    pub name: String,
    /// Lets the first one in, where one is set.
    pub passphrase: Option<TypedText>,
}

/// One passkey, with a new name where it is to have one.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyRequest {
    pub id: String,
    pub name: Option<String>,
}

/// A page waits for a passkey in the system's browser.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct CeremonyStarted {
    /// For another browser, where none was opened.
    pub url: String,
    /// Epoch milliseconds.
    #[ts(type = "number")]
    pub until: i64,
    /// Whether a browser was told to open it.
    pub opened: bool,
}

/// What became of a removal.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct PasskeyRemoved {
    /// None where it is gone; else it goes once this ceremony is done.
    pub ceremony: Option<CeremonyStarted>,
}

impl From<&Ceremony> for CeremonyStarted {
    fn from(ceremony: &Ceremony) -> CeremonyStarted {
        CeremonyStarted { url: ceremony.url.clone(), until: ceremony.until.0, opened: ceremony.shown }
    }
}

impl From<CeremonyError> for IpcError {
    fn from(error: CeremonyError) -> IpcError {
        let hint = match &error {
            CeremonyError::Expired | CeremonyError::NotProven => {
                "try again and use the passkey within two minutes"
            }
            CeremonyError::PassphraseFirst => "type it, then enrol the passkey",
            CeremonyError::Passphrase(error) => error.hint(),
            CeremonyError::TooMany => "finish the pages that are open in your browser",
            _ => "the Security page shows how your passkeys stand",
        };
        IpcError::new(error.code(), error.to_string(), hint)
    }
}

impl Host {
    pub(crate) async fn security(&self, _: Nothing) -> Result<SecurityView, IpcError> {
        self.security_now().await
    }

    pub(crate) async fn security_now(&self) -> Result<SecurityView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || view(&engine)).await
    }

    pub(crate) async fn enrol_passkey(&self, request: EnrolRequest) -> Result<CeremonyStarted, IpcError> {
        let person = request.person.parse().map_err(|error: policy::NameError| {
            IpcError::new("bad_name", error.to_string(), "choose a person of people.toml")
        })?;
        let name = request.name.trim().to_owned();
        if !gateway::ceremony::is_good_name(&name) {
            let message = "a passkey's name has 1 to 60 characters and none that are hidden";
            return Err(IpcError::new("bad_name", message, "choose another name"));
        }
        let engine = self.engine()?;
        let ceremony = match request.passphrase {
            Some(typed) if engine.needs_passphrase_to_enrol().map_err(CeremonyError::from)? => {
                engine.enrol_by_passphrase(person, name, typed.into()).await?
            }
            _ => engine.start_ceremony(Subject::Enrol { person, name }).await?,
        };
        Ok((&ceremony).into())
    }

    pub(crate) async fn rename_passkey(&self, request: PasskeyRequest) -> Result<SecurityView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || {
            let name = request.name.unwrap_or_default();
            engine.rename_passkey(&request.id.as_str().into(), &name)?;
            Ok(view(&engine))
        })
        .await?
    }

    pub(crate) async fn remove_passkey(&self, request: PasskeyRequest) -> Result<PasskeyRemoved, IpcError> {
        let ceremony = match self.engine()?.remove_passkey(&request.id.as_str().into()).await? {
            Removal::Done => None,
            Removal::Asks(ceremony) => Some((&ceremony).into()),
        };
        Ok(PasskeyRemoved { ceremony })
    }

    /// Opens the page of a hold that waits for a passkey.
    pub(crate) async fn prove_hold(&self, request: CardRequest) -> Result<CeremonyStarted, IpcError> {
        let hold: HoldId = request.hold.parse().map_err(|_| IpcError::gone(&request.hold))?;
        Ok((&self.engine()?.start_ceremony(Subject::Hold { hold }).await?).into())
    }

    /// Waits for a passkey where one is enrolled. What a command does after an error is nothing.
    pub(crate) async fn proven(&self, title: String, lines: Vec<(String, String)>) -> Result<(), IpcError> {
        let agreement = Agreement::to_lines(Purpose::Change, &title, lines);
        self.engine()?.require_proof(agreement).await?;
        Ok(())
    }

    /// How ceremonies reach the person: the shell opens the system's browser.
    pub fn open_pages_with(&self, open: impl Fn(&str) -> bool + Send + Sync + 'static) {
        if let Ok(engine) = self.engine() {
            engine.show_ceremonies_with(Box::new(open));
        }
    }
}

pub(crate) fn view(engine: &Engine) -> SecurityView {
    let current = engine.sets().current();
    let name_of = |id: &str| {
        let user = current.people.iter().find(|user| user.id.as_str() == id);
        user.map_or_else(|| id.to_owned(), |user| user.name.clone())
    };
    let people = current
        .people
        .iter()
        .map(|user| Person { id: user.id.to_string(), name: user.name.clone() })
        .collect();
    let shortest = u32::try_from(gateway::passphrase::SHORTEST).unwrap_or(u32::MAX);
    let passphrase = PassphraseState { set: engine.has_passphrase(), shortest };
    let reset = engine.pending_reset().map(reset::view);
    let passkeys = match engine.passkeys() {
        Ok(passkeys) => passkeys,
        Err(error) => {
            let problem = PartState {
                ok: false,
                name: "Passkeys".to_owned(),
                message: Some(error.to_string()),
                hint: Some("put `passkeys.json` of the home back from a backup, or say below that all passkeys are lost; until then nothing that needs one goes".to_owned()),
            };
            return SecurityView { passkeys: Vec::new(), people, problem: Some(problem), passphrase, reset };
        }
    };
    let live: Vec<_> = passkeys.iter().filter(|passkey| passkey.removed_at().is_none()).collect();
    let rows = live.iter().map(|passkey| PasskeyRow {
        id: passkey.id().to_string(),
        name: passkey.name().to_owned(),
        person: passkey.person().to_owned(),
        person_name: name_of(passkey.person()),
        fingerprint: passkey.fingerprint(),
        enrolled_at: passkey.enrolled_at(),
        last_used_at: passkey.last_used_at(),
        signed_by: passkey.signed_by().and_then(|id| {
            passkeys.iter().find(|other| other.id() == id).map(|other| other.name().to_owned())
        }),
        last: live.len() == 1,
    });
    SecurityView { passkeys: rows.collect(), people, problem: None, passphrase, reset }
}
