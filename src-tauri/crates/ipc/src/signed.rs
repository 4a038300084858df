//! Changes of the set that may need a passkey: whether one does is said before it is pressed, and where it does the
//! person's browser opens.

use crate::host::{Host, blocking};
use crate::views;
use crate::wire::{ChangeRequest, IpcError, Nothing, PoliciesView, PolicyModeRequest};
use gateway::{Engine, SigningError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::runtime::Handle;
use ts_rs::TS;

/// A change that a person is about to make.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ProofQuestion {
    /// Of a policy.
    Mode {
        id: String,
        #[ts(type = "\"enforce\" | \"observe\" | \"off\"")]
        mode: policy::Mode,
    },
    /// A document of the policies folder with this text, or, without one, taken away.
    Document { path: String, text: Option<String> },
    /// The change of files that waits.
    Waiting { hash: String },
    /// The set as it is in force, which no passkey has signed yet.
    InForce,
}

/// Why the change needs a passkey, one sentence each; none where it is free, or where none is enrolled.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct ProofAnswer {
    pub(crate) reasons: Vec<String>,
}

impl From<SigningError> for IpcError {
    fn from(error: SigningError) -> IpcError {
        match error {
            SigningError::Ceremony(error) => error.into(),
            error => IpcError::new(error.code(), error.to_string(), error.hint()),
        }
    }
}

impl Host {
    pub(crate) async fn needs_proof(&self, question: ProofQuestion) -> Result<ProofAnswer, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || {
            let sets = engine.sets();
            let bundle = match question {
                ProofQuestion::Mode { id, mode } => sets.with_mode(&policy_id(&id)?, mode)?,
                ProofQuestion::Document { path, text } => sets.with_document(&path, text.as_deref()),
                ProofQuestion::Waiting { hash } => {
                    let waiting = sets.waiting().filter(|waiting| waiting.hash == hash);
                    waiting.ok_or(gateway::SetError::Stale)?.bundle
                }
                ProofQuestion::InForce if !sets.is_unsigned() => {
                    return Ok(ProofAnswer { reasons: Vec::new() });
                }
                ProofQuestion::InForce => sets.current().bundle.clone(),
            };
            let reasons = sets.needs_proof(&bundle).iter().map(ToString::to_string).collect();
            Ok(ProofAnswer { reasons })
        })
        .await?
    }

    pub(crate) async fn set_policy_mode(&self, request: PolicyModeRequest) -> Result<PoliciesView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        engine.change_mode(policy_id(&request.id)?, request.mode).await?;
        seen(engine).await
    }

    pub(crate) async fn confirm_change(&self, request: ChangeRequest) -> Result<PoliciesView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        engine.confirm_change(request.hash).await?;
        seen(engine).await
    }

    /// The first passkey signs what is in force: from then on nothing is loosened without one.
    pub(crate) async fn sign_set(&self, _: Nothing) -> Result<PoliciesView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        engine.sign_set().await?;
        seen(engine).await
    }
}

/// For commands that write documents: waits for a passkey where one is needed. Blocks; not for the event loop.
pub(crate) fn put_document(
    engine: &Arc<Engine>,
    path: &str,
    started_from: Option<&str>,
    text: Option<String>,
) -> Result<(), IpcError> {
    let change = engine.change_document(path.to_owned(), started_from.map(str::to_owned), text);
    Ok(Handle::current().block_on(change)?)
}

async fn seen(engine: Arc<Engine>) -> Result<PoliciesView, IpcError> {
    blocking(move || views::policies(&engine)).await
}

fn policy_id(id: &str) -> Result<policy::PolicyId, IpcError> {
    id.parse().map_err(|error: policy::NameError| IpcError::broken("bad_request", error.to_string()))
}
