//! What went wrong and what to do about it, in two sentences: every task ends in success or in one of these.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    message: String,
    next: String,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self { message: message.into(), next: next.into() }
    }

    /// A file or folder that could not be read or written.
    pub(crate) fn file(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(
            format!("cannot {what} `{}`: {error}", path.display()),
            "check that the folder exists, that its disk has room, and that it is yours",
        )
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\nnext:  {}", self.message, self.next)
    }
}
