//! The passphrase as the window types it: set, changed, removed, and used for one held call. What is typed goes to the
//! engine and nowhere else: no answer repeats it, and no log can.

use crate::host::{Host, blocking};
use crate::security::SecurityView;
use crate::wire::{IpcError, VoteReceipt};
use gateway::HoldId;
use gateway::passphrase::{self, TypedError};
use policy::CallDigest;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use ts_rs::TS;

/// What was typed. It is read once and shows itself nowhere.
#[derive(Clone, Deserialize, TS)]
#[ts(type = "string")]
pub(crate) struct TypedText(String);

impl fmt::Debug for TypedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(typed)")
    }
}

impl From<TypedText> for passphrase::Typed {
    fn from(TypedText(text): TypedText) -> passphrase::Typed {
        passphrase::Typed::new(text)
    }
}

/// A new passphrase, with the old one where that lets it in.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetPassphraseRequest {
    pub passphrase: TypedText,
    pub old: Option<TypedText>,
}

#[derive(Clone, Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemovePassphraseRequest {
    pub old: Option<TypedText>,
}

/// The passphrase for one held call.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub(crate) struct PassphraseRequest {
    pub hold: String,
    /// Of the card that was shown.
    pub digest: String,
    pub passphrase: TypedText,
}

/// How the passphrase stands.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct PassphraseState {
    pub set: bool,
    /// Characters of the shortest one that is taken.
    pub shortest: u32,
}

impl From<TypedError> for IpcError {
    fn from(error: TypedError) -> IpcError {
        match error {
            TypedError::Passphrase(error) => IpcError::new(error.code(), error.to_string(), error.hint()),
            TypedError::Ceremony(error) => error.into(),
            TypedError::Vote(error) => error.into(),
            TypedError::NoOwner => {
                IpcError::new("no_owner", error.to_string(), "mark one user as `owner` in people.toml")
            }
            TypedError::BrokenOff => IpcError::new("internal", error.to_string(), "do it again"),
        }
    }
}

impl Host {
    pub(crate) async fn set_passphrase(
        &self,
        request: SetPassphraseRequest,
    ) -> Result<SecurityView, IpcError> {
        let engine = self.engine()?;
        engine.set_passphrase(request.passphrase.into(), request.old.map(Into::into)).await?;
        self.security_now().await
    }

    pub(crate) async fn remove_passphrase(
        &self,
        request: RemovePassphraseRequest,
    ) -> Result<SecurityView, IpcError> {
        self.engine()?.remove_passphrase(request.old.map(Into::into)).await?;
        self.security_now().await
    }

    pub(crate) async fn prove_by_passphrase(
        &self,
        request: PassphraseRequest,
    ) -> Result<VoteReceipt, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let hold: HoldId = request.hold.parse().map_err(|_| IpcError::gone(&request.hold))?;
        let digest = CallDigest::try_from(request.digest)
            .map_err(|error| IpcError::broken("bad_request", error.to_string()))?;
        let typed = request.passphrase.into();
        let receipt = blocking(move || engine.prove_by_passphrase(&hold, digest, &typed)).await??;
        Ok(VoteReceipt {
            hold: receipt.hold.to_string(),
            state: receipt.card.state,
            message: receipt.message,
        })
    }
}
