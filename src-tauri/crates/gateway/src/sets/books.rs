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

/// A change of one or several books that a person is about to sign: nothing of it is on the disk or in force.
pub(crate) struct BookDraft<T> {
    /// With the text each began from.
    books: Vec<(Book, String)>,
    /// What the edit gave, such as a token.
    pub(crate) value: T,
    /// The whole set with it.
    pub(crate) bundle: Bundle,
}

impl Sets {
    /// Makes a change of books aside in memory, on top of what is in force. Blocks on the disk.
    ///
    /// # Errors
    /// A change of one of them waits already, nothing is in force, or what the edit says.
    pub(crate) fn draft_books<T, const N: usize>(
        &self,
        books: [Book; N],
        edit: impl FnOnce([&BookPage; N]) -> Result<T, BookError>,
    ) -> Result<BookDraft<T>, BookError> {
        let _turn = self.changing();
        self.look()?;
        for book in books {
            self.refuse_if_waiting(book.name())?;
        }
        let mut bundle = self.current().bundle.clone();
        let pages = books.map(|book| BookPage::aside(self.path_of_book(book), book.text(&bundle).clone()));
        let value = edit(pages.each_ref())?;
        let mut kept = Vec::new();
        for (book, page) in books.into_iter().zip(&pages) {
            kept.push((book, book.text(&bundle).clone()));
            bundle = book.in_bundle(bundle, page.read()?.unwrap_or_default());
        }
        Ok(BookDraft { books: kept, value, bundle })
    }

    /// Puts a draft in force, then on the disk; `first` is what must be done just before, and keeps everything as it
    /// was where it fails.
    ///
    /// # Errors
    /// A book is another one by now, what `first` says, or as [`Sets::propose_signed`].
    pub(crate) fn put_books<T, E: From<SetError>>(
        &self,
        draft: BookDraft<T>,
        signature: Option<Signature>,
        first: impl FnOnce() -> Result<(), E>,
    ) -> Result<T, E> {
        let _turn = self.changing();
        for (book, started_from) in &draft.books {
            self.refuse_if_waiting(book.name())?;
            if book.text(&self.current().bundle) != started_from {
                return Err(SetError::WaitsOnDisk(book.name().to_owned()).into());
            }
        }
        if signature.is_none() {
            let reasons = self.needs_proof(&draft.bundle);
            if !reasons.is_empty() {
                return Err(SetError::NeedsProof(reasons).into());
            }
        }
        first()?;
        self.propose_signed(draft.bundle.clone(), Origin::Window, signature)?;
        for (book, _) in &draft.books {
            let path = self.path_of_book(*book);
            home::write_whole(&path, book.text(&draft.bundle)).map_err(SetError::from)?;
        }
        self.look()?;
        Ok(draft.value)
    }

    /// Where nothing is in force nothing goes through either: what `edit` writes is confirmed with the rest.
    pub(crate) fn write_unconfirmed<T, E: From<SetError>>(
        &self,
        edit: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let _turn = self.changing();
        self.look()?;
        let value = edit()?;
        self.look()?;
        Ok(value)
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
