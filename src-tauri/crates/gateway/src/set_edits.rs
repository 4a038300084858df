//! Changes that a person makes in the window and that are more than one document: a pack, or the people. With a
//! passkey where they need one, like every other change of the set.

use crate::engine::Engine;
use crate::sets::{DocumentEdit, SetError};
use crate::signing::SigningError;
use std::sync::Arc;

impl Engine {
    /// Puts several documents in their places as one change. `title` is for the passkey's page.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub async fn change_documents(
        self: &Arc<Self>,
        title: &str,
        edits: Vec<DocumentEdit>,
    ) -> Result<(), SigningError> {
        for DocumentEdit { path, started_from, .. } in &edits {
            // Said before a passkey is asked for, and looked at again after it.
            if self.sets().on_disk(path)? != *started_from {
                return Err(SetError::WaitsOnDisk(path.clone()).into());
            }
        }
        let signature = self.signature_for(self.sets().with_documents(&edits), title).await?;
        self.blocking(move |engine| engine.sets().put_documents_signed(&edits, signature).map(drop)).await
    }

    /// Puts other people in force. `started_from` is the file the person saw.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub async fn change_people(
        self: &Arc<Self>,
        started_from: String,
        text: String,
    ) -> Result<(), SigningError> {
        if self.sets().people_on_disk()? != started_from {
            return Err(SetError::WaitsOnDisk("people.toml".to_owned()).into());
        }
        let signature = self.signature_for(self.sets().with_people(&text), "Change people.toml").await?;
        self.blocking(move |engine| {
            engine.sets().put_people_signed(&started_from, &text, signature).map(drop)
        })
        .await
    }
}
