//! Several documents changed by a person as one step, and the people. What somebody else wrote meanwhile is never
//! overwritten unseen, and either all of it comes into force or nothing does.

use super::bundle::PEOPLE;
use super::{Bundle, Origin, Proposed, SetError, Sets, Signature};
use crate::home;

/// One document of the policies folder with the text it is to have; without one it is taken away.
#[derive(Clone, Debug)]
pub struct DocumentEdit {
    pub path: String,
    /// The file that the person saw; none where there was none.
    pub started_from: Option<String>,
    pub text: Option<String>,
}

impl Sets {
    /// `people.toml` as it is on the disk now.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn people_on_disk(&self) -> Result<String, SetError> {
        Ok(home::read_text(&self.home.people())?)
    }

    /// What is in force with these documents in their places.
    #[must_use]
    pub fn with_documents(&self, edits: &[DocumentEdit]) -> Bundle {
        let mut bundle = self.current().bundle.clone();
        for DocumentEdit { path, text, .. } in edits {
            match text {
                Some(text) => bundle.documents.insert(path, text.clone()),
                None => drop(bundle.documents.remove(path)),
            }
        }
        bundle
    }

    /// What is in force with other people.
    #[must_use]
    pub fn with_people(&self, text: &str) -> Bundle {
        let mut bundle = self.current().bundle.clone();
        bundle.people = text.to_owned();
        bundle
    }

    /// Puts every text in its place: recorded and in force first, then on the disk. Blocks on the disk.
    ///
    /// # Errors
    /// [`SetError::WaitsOnDisk`] where a file is another one by now; otherwise as [`Sets::propose_signed`].
    pub fn put_documents_signed(
        &self,
        edits: &[DocumentEdit],
        signature: Option<Signature>,
    ) -> Result<Proposed, SetError> {
        let _turn = self.changing();
        for DocumentEdit { path, started_from, .. } in edits {
            if self.on_disk(path)? != *started_from {
                return Err(SetError::WaitsOnDisk(path.clone()));
            }
        }
        let proposed = self.propose_signed(self.with_documents(edits), Origin::Window, signature)?;
        for DocumentEdit { path, text, .. } in edits {
            self.write(path, text.as_deref())?;
        }
        self.look()?;
        Ok(proposed)
    }

    /// Puts other people in force, then on the disk. Blocks on the disk.
    ///
    /// # Errors
    /// As [`Sets::put_documents_signed`].
    pub fn put_people_signed(
        &self,
        started_from: &str,
        text: &str,
        signature: Option<Signature>,
    ) -> Result<Proposed, SetError> {
        let _turn = self.changing();
        if self.people_on_disk()? != started_from {
            return Err(SetError::WaitsOnDisk(PEOPLE.to_owned()));
        }
        let proposed = self.propose_signed(self.with_people(text), Origin::Window, signature)?;
        home::write_whole(&self.home.people(), text)?;
        self.look()?;
        Ok(proposed)
    }

    /// One document on the disk; without a text it goes.
    pub(super) fn write(&self, path: &str, text: Option<&str>) -> Result<(), SetError> {
        match text {
            Some(text) => Ok(home::write_document(&self.home.policies(), path, text)?),
            None => match std::fs::remove_file(Bundle::path_of(&self.home, path)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(SetError::Write(error)),
                _ => Ok(()),
            },
        }
    }
}
