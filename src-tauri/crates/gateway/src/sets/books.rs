//! Agents and upstreams, which Doorward itself writes, as part of the set.

use super::bundle::{AGENTS, UPSTREAMS, restore};
use super::{Bundle, Origin, SetError, Sets, Signature};
use crate::home::{self, BookError, BookPage};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A list that Doorward itself keeps, as part of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Book {
    Agents,
    Upstreams,
}

impl Book {
    fn name(self) -> &'static str {
        match self {
            Book::Agents => AGENTS,
            Book::Upstreams => UPSTREAMS,
        }
    }

    fn text(self, bundle: &Bundle) -> &String {
        match self {
            Book::Agents => &bundle.agents,
            Book::Upstreams => &bundle.upstreams,
        }
    }

    fn in_bundle(self, mut bundle: Bundle, text: String) -> Bundle {
        match self {
            Book::Agents => bundle.agents = text,
            Book::Upstreams => bundle.upstreams = text,
        }
        bundle
    }
}

/// A change of a book that a person is about to sign: nothing of it is on the disk or in force.
pub(crate) struct BookDraft<T> {
    book: Book,
    /// What the edit gave, such as a token.
    pub(crate) value: T,
    /// The whole set with it.
    pub(crate) bundle: Bundle,
    started_from: String,
}

impl Sets {
    /// Makes a change of a book aside in memory, on top of what is in force. Blocks on the disk.
    ///
    /// # Errors
    /// A change of that book waits already, nothing is in force, or what the edit says.
    pub(crate) fn draft_book<T>(
        &self,
        book: Book,
        edit: impl FnOnce(&BookPage) -> Result<T, BookError>,
    ) -> Result<BookDraft<T>, BookError> {
        let _turn = self.changing();
        self.look()?;
        self.refuse_if_waiting(book.name())?;
        let current = self.current();
        let started_from = book.text(&current.bundle).clone();
        let aside = BookPage::aside(self.path_of_book(book), started_from.clone());
        let value = edit(&aside)?;
        let text = aside.read()?.unwrap_or_default();
        Ok(BookDraft { book, value, bundle: book.in_bundle(current.bundle.clone(), text), started_from })
    }

    /// Puts a draft in force, then on the disk.
    ///
    /// # Errors
    /// The book is another one by now; otherwise as [`Sets::propose_signed`].
    pub(crate) fn put_book<T>(
        &self,
        draft: BookDraft<T>,
        signature: Option<Signature>,
    ) -> Result<T, SetError> {
        let _turn = self.changing();
        self.refuse_if_waiting(draft.book.name())?;
        if *draft.book.text(&self.current().bundle) != draft.started_from {
            return Err(SetError::WaitsOnDisk(draft.book.name().to_owned()));
        }
        let text = draft.book.text(&draft.bundle).clone();
        self.propose_signed(draft.bundle, Origin::Window, signature)?;
        home::write_whole(&self.path_of_book(draft.book), &text)?;
        self.look()?;
        Ok(draft.value)
    }

    /// Why a change of that book waits for a passkey, one sentence each; empty where none does.
    pub(crate) fn waits_in(&self, book: Book) -> Vec<String> {
        let waiting = self.waiting();
        let of_book = waiting.filter(|waiting| waiting.changes.iter().any(|one| one.path == book.name()));
        let Some(waiting) = of_book else { return Vec::new() };
        if waiting.needs_proof.is_empty() {
            return vec!["nothing is in force until the change is applied".to_owned()];
        }
        waiting.needs_proof.iter().map(ToString::to_string).collect()
    }

    /// What is in force as the journal keeps it, with the signature under it; or why nothing is.
    pub(crate) fn stored_in_force(&self) -> Result<BTreeMap<String, String>, String> {
        let current = self.current();
        match &current.problem {
            Some(problem) => Err(problem.clone()),
            None => self.stored(&current.bundle, current.link.as_ref()).map_err(|error| error.to_string()),
        }
    }

    fn path_of_book(&self, book: Book) -> PathBuf {
        Bundle::path_of(&self.home, book.name())
    }

    /// A book that Doorward itself changes: `edit` writes its file, and what it wrote is in force when this returns.
    /// Where it needs proof it waits instead, like any change of the file; where it cannot be recorded, the file is
    /// put back.
    pub(crate) fn change_book<T, E: From<SetError>>(
        &self,
        book: Book,
        edit: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let _turn = self.changing();
        self.look()?;
        let (name, path) = (book.name(), self.path_of_book(book));
        let current = self.current();
        if current.problem.is_some() {
            // Nothing goes through; the book is confirmed with the rest.
            let value = edit()?;
            self.look()?;
            return Ok(value);
        }
        self.refuse_if_waiting(name)?;
        let before = home::read_book(&path).map_err(SetError::from)?;
        let value = edit()?;
        let after = home::read_book(&path).map_err(SetError::from)?.unwrap_or_default();
        let bundle = book.in_bundle(current.bundle.clone(), after);
        match self.propose(bundle, Origin::Window) {
            Ok(_) | Err(SetError::NeedsProof(_)) => {}
            Err(error) => {
                restore(&path, before.as_deref())?;
                self.look()?;
                return Err(error.into());
            }
        }
        self.look()?;
        Ok(value)
    }
}
