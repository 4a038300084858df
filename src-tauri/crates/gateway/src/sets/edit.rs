//! One document changed by a person in the window, on top of what is in force. The file must still be the one that
//! the person started from: what somebody else wrote meanwhile is never overwritten unseen.

use super::{Bundle, Origin, Proposed, SetError, Sets};
use crate::home;

impl Sets {
    /// A document of the policies folder as it is on the disk now; none where there is no such file.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn on_disk(&self, path: &str) -> Result<Option<String>, SetError> {
        let file = self.path_of(path);
        if file.exists() { Ok(Some(home::read_text(&file)?)) } else { Ok(None) }
    }

    /// Puts `text` in the place of a document, or takes the document away: recorded and in force first, then on the
    /// disk. `started_from` is the file the person saw. Blocks on the disk.
    ///
    /// # Errors
    /// [`SetError::WaitsOnDisk`] where the file is another one by now; otherwise as [`Sets::propose`].
    pub fn put_document(
        &self,
        path: &str,
        started_from: Option<&str>,
        text: Option<String>,
    ) -> Result<Proposed, SetError> {
        if self.on_disk(path)?.as_deref() != started_from {
            return Err(SetError::WaitsOnDisk(path.to_owned()));
        }
        let current = self.current();
        let mut documents = current.bundle.documents.clone();
        match &text {
            Some(text) => documents.insert(path, text.clone()),
            None => drop(documents.remove(path)),
        }
        let proposed = self.propose(Bundle { documents, people: current.bundle.people.clone() }, Origin::Window)?;
        match text {
            Some(text) => home::write_document(&self.policies, path, &text)?,
            None => match std::fs::remove_file(self.path_of(path)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(SetError::Write(error)),
                _ => {}
            },
        }
        self.look_at_disk()?;
        Ok(proposed)
    }
}
