//! Agents and upstreams, which Doorward itself writes, as part of the set.

use super::bundle::{AGENTS, UPSTREAMS, restore};
use super::{Origin, SetError, Sets};
use crate::home;

/// A list that Doorward itself keeps, as part of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Book {
    Agents,
    Upstreams,
}

impl Sets {
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
        let (name, path) = match book {
            Book::Agents => (AGENTS, self.home.agents()),
            Book::Upstreams => (UPSTREAMS, self.home.upstreams()),
        };
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
        let mut bundle = current.bundle.clone();
        match book {
            Book::Agents => bundle.agents = after,
            Book::Upstreams => bundle.upstreams = after,
        }
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
