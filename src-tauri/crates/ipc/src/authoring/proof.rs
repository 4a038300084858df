//! Saving what was written: whether it needs a passkey is said before it is pressed, and where it does the person's
//! browser opens. What somebody else wrote meanwhile is shown, never overwritten.

use super::Desk;
use super::wire::{SaveEffect, SaveView, Saved};
use crate::wire::IpcError;
use gateway::{Reason, SetError, SigningError};
use tokio::runtime::Handle;

/// The words of Save once it is known whether it needs a passkey.
pub(super) fn told(desk: &Desk, mut save: SaveView, path: &str, file: &str) -> SaveView {
    if !save.can {
        return save;
    }
    let sets = desk.engine.sets();
    save.proof = reasons(&sets.needs_proof(&sets.with_document(path, Some(file))));
    if !save.proof.is_empty() {
        "Save, needs your passkey".clone_into(&mut save.label);
        save.note = match save.effect {
            SaveEffect::Loosens => "Permits more than before. Your browser opens and asks for the passkey.",
            _ => "May permit more than before. Your browser opens and asks for the passkey.",
        }
        .to_owned();
    }
    save
}

pub(super) fn reasons(reasons: &[Reason]) -> Vec<String> {
    reasons.iter().map(ToString::to_string).collect()
}

/// Saves one document, unless somebody else changed it meanwhile. Waits for a passkey where one is needed.
pub(super) fn put(
    desk: &Desk,
    id: &str,
    path: &str,
    base: Option<&str>,
    text: String,
) -> Result<Saved, IpcError> {
    let changed = |theirs: Option<String>, mine: String| Saved::Changed { theirs, mine: Some(mine) };
    let theirs = desk.engine.sets().on_disk(path)?;
    if theirs.as_deref() != base {
        return Ok(changed(theirs, text));
    }
    let change = desk.engine.change_document(path.to_owned(), base.map(str::to_owned), Some(text.clone()));
    match Handle::current().block_on(change) {
        Ok(()) => {
            Ok(Saved::Applied { id: id.to_owned(), message: "In force from the next call on.".to_owned() })
        }
        Err(SigningError::Set(SetError::WaitsOnDisk(_))) => {
            Ok(changed(desk.engine.sets().on_disk(path)?, text))
        }
        Err(error) => Err(error.into()),
    }
}
