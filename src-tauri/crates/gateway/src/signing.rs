//! Changes of the set that a person confirms with a passkey, where they need one: the page shows what is changed, and
//! the assertion that comes back is the signature under the new set.

use crate::ceremony::{Agreement, CeremonyError};
use crate::engine::Engine;
use crate::sets::{Bundle, SetError, Signature};
use policy::{Mode, PolicyId};
use std::sync::Arc;
use stepup::Purpose;

/// Most changes listed one by one on the page.
const LISTED: usize = 12;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error(transparent)]
    Set(#[from] SetError),
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    #[error("the change was broken off")]
    BrokenOff,
}

impl SigningError {
    /// Stable, for the window.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            SigningError::Set(error) => error.code(),
            SigningError::Ceremony(error) => error.code(),
            SigningError::BrokenOff => "internal",
        }
    }

    /// The next step.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            SigningError::Set(error) => error.hint(),
            SigningError::Ceremony(_) | SigningError::BrokenOff => {
                "nothing was changed; do it again, and use a passkey on the page that opens".to_owned()
            }
        }
    }
}

impl Engine {
    /// Applies the change of files that waits; with a passkey where it needs one.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub async fn confirm_change(self: &Arc<Self>, hash: String) -> Result<(), SigningError> {
        let waiting = self.sets().waiting().filter(|waiting| waiting.hash == hash).ok_or(SetError::Stale)?;
        let signature = self.signature_for(waiting.bundle, "Apply the change that waits").await?;
        self.blocking(move |engine| engine.sets().confirm_signed(&hash, signature).map(drop)).await
    }

    /// Changes the mode of a policy in the window; with a passkey where it needs one.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub async fn change_mode(self: &Arc<Self>, id: PolicyId, mode: Mode) -> Result<(), SigningError> {
        let bundle = self.sets().with_mode(&id, mode)?;
        let signature = self.signature_for(bundle, &format!("Change the mode of the policy {id}")).await?;
        self.blocking(move |engine| engine.sets().set_mode_signed(&id, mode, signature).map(drop)).await
    }

    /// Puts a document in its place or takes it away; with a passkey where it needs one.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub async fn change_document(
        self: &Arc<Self>,
        path: String,
        started_from: Option<String>,
        text: Option<String>,
    ) -> Result<(), SigningError> {
        let bundle = self.sets().with_document(&path, text.as_deref());
        let signature = self.signature_for(bundle, &format!("Change {path}")).await?;
        self.blocking(move |engine| {
            engine.sets().put_document_signed(&path, started_from.as_deref(), text, signature).map(drop)
        })
        .await
    }

    /// Signs what is in force as it stands, once the first passkey is there: from then on nothing is loosened without
    /// one.
    ///
    /// # Errors
    /// It is as unsigned as before then.
    pub async fn sign_set(self: &Arc<Self>) -> Result<(), SigningError> {
        let bundle = self.sets().current().bundle.clone();
        let Some(signature) = self.signature_for(bundle, "Sign the policies that are in force").await? else {
            return Ok(());
        };
        self.blocking(move |engine| engine.sets().sign(signature).map(drop)).await
    }

    /// None where none is needed.
    pub(crate) async fn signature_for(
        self: &Arc<Self>,
        bundle: Bundle,
        title: &str,
    ) -> Result<Option<Signature>, CeremonyError> {
        let reasons = self.sets().needs_proof(&bundle);
        if reasons.is_empty() {
            return Ok(None);
        }
        let mut lines: Vec<(String, String)> =
            reasons.iter().take(LISTED).map(|reason| ("Because".to_owned(), reason.to_string())).collect();
        if reasons.len() > LISTED {
            lines.push(("And".to_owned(), format!("{} changes more", reasons.len() - LISTED)));
        }
        lines.push(("New set".to_owned(), bundle.hash()));
        let hash = self.sets().to_sign(&bundle).hash();
        let agreement = Agreement { purpose: Purpose::SignSet, hash, title: title.to_owned(), lines };
        Ok(self.require_proof(agreement).await?.map(|presence| Signature(presence.evidence)))
    }

    pub(crate) async fn blocking(
        self: &Arc<Self>,
        change: impl FnOnce(&Engine) -> Result<(), SetError> + Send + 'static,
    ) -> Result<(), SigningError> {
        let engine = Arc::clone(self);
        let changed = tokio::task::spawn_blocking(move || {
            change(&engine)?;
            engine.set_changed();
            Ok(())
        });
        changed.await.map_err(|_| SigningError::BrokenOff)?
    }
}
