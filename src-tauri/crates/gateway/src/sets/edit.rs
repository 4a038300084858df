//! One document changed by a person in the window, on top of what is in force. The file must still be the one that
//! the person started from: what somebody else wrote meanwhile is never overwritten unseen.

use super::{Bundle, Origin, Proposed, SetError, Sets, Signature};
use crate::home;

impl Sets {
    /// A document of the policies folder as it is on the disk now; none where there is no such file.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn on_disk(&self, path: &str) -> Result<Option<String>, SetError> {
        let file = Bundle::path_of(&self.home, path);
        if file.exists() { Ok(Some(home::read_text(&file)?)) } else { Ok(None) }
    }

    /// What is in force with one document in its place, or taken away.
    #[must_use]
    pub fn with_document(&self, path: &str, text: Option<&str>) -> Bundle {
        let mut bundle = self.current().bundle.clone();
        match text {
            Some(text) => bundle.documents.insert(path, text.to_owned()),
            None => drop(bundle.documents.remove(path)),
        }
        bundle
    }

    /// As [`Sets::put_document_signed`], without a signature.
    ///
    /// # Errors
    /// As there.
    pub fn put_document(
        &self,
        path: &str,
        started_from: Option<&str>,
        text: Option<String>,
    ) -> Result<Proposed, SetError> {
        self.put_document_signed(path, started_from, text, None)
    }

    /// Puts `text` in the place of a document, or takes the document away: recorded and in force first, then on the
    /// disk. `started_from` is the file the person saw. Blocks on the disk.
    ///
    /// # Errors
    /// [`SetError::WaitsOnDisk`] where the file is another one by now; otherwise as [`Sets::propose`].
    pub fn put_document_signed(
        &self,
        path: &str,
        started_from: Option<&str>,
        text: Option<String>,
        signature: Option<Signature>,
    ) -> Result<Proposed, SetError> {
        let _turn = self.changing();
        if self.on_disk(path)?.as_deref() != started_from {
            return Err(SetError::WaitsOnDisk(path.to_owned()));
        }
        let bundle = self.with_document(path, text.as_deref());
        let proposed = self.propose_signed(bundle, Origin::Window, signature)?;
        self.write(path, text.as_deref())?;
        self.look()?;
        Ok(proposed)
    }
}
