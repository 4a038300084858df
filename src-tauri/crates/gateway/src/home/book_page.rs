//! Where the text of a book is: in its file, or aside in memory, while a person has not signed a change of it. What is
//! signed then never lay where another program could write it.

use super::{error::FileError, folder};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// See the module. Copies of one that is aside are the same text.
#[derive(Clone, Debug)]
pub struct BookPage {
    path: PathBuf,
    aside: Option<Arc<Mutex<String>>>,
}

impl BookPage {
    /// A copy to be changed; `path` is where the book itself is, for messages.
    pub(crate) fn aside(path: PathBuf, text: String) -> BookPage {
        BookPage { path, aside: Some(Arc::new(Mutex::new(text))) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// None where there is no file yet.
    pub(crate) fn read(&self) -> Result<Option<String>, FileError> {
        match &self.aside {
            Some(text) => Ok(Some(text.lock().unwrap_or_else(PoisonError::into_inner).clone())),
            None => read_book(&self.path),
        }
    }

    pub(super) fn write(&self, text: String) -> Result<(), FileError> {
        match &self.aside {
            Some(aside) => {
                *aside.lock().unwrap_or_else(PoisonError::into_inner) = text;
                Ok(())
            }
            None => folder::write_whole(&self.path, &text),
        }
    }
}

impl From<PathBuf> for BookPage {
    fn from(path: PathBuf) -> BookPage {
        BookPage { path, aside: None }
    }
}

impl From<&PathBuf> for BookPage {
    fn from(path: &PathBuf) -> BookPage {
        path.clone().into()
    }
}

impl From<&BookPage> for BookPage {
    fn from(page: &BookPage) -> BookPage {
        page.clone()
    }
}

/// A book's text, none when there is no file yet.
pub(crate) fn read_book(path: &Path) -> Result<Option<String>, FileError> {
    match folder::read_text(path) {
        Ok(text) => Ok(Some(text)),
        Err(FileError::Io { why, .. }) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
