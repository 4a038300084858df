//! Why a command did not do its work: a sentence, and what to try next.

use gateway::home::{BookError, FileError, HomeError};
use std::fmt;

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure { message: message.into(), hint: hint.into() }
    }
}

/// As it is printed: the message, then the next step on a line of its own.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "doorward: {}", self.message)?;
        if !self.hint.is_empty() {
            writeln!(f, "  try: {}", self.hint)?;
        }
        Ok(())
    }
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Failure {
        Failure::new(error.to_string(), error.hint())
    }
}

impl From<BookError> for Failure {
    fn from(error: BookError) -> Failure {
        Failure::new(error.to_string(), error.hint())
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Failure {
        Failure::new(error.to_string(), error.hint())
    }
}

impl From<gateway::StartError> for Failure {
    fn from(error: gateway::StartError) -> Failure {
        Failure::new(error.to_string(), error.hint())
    }
}

impl From<policy::NameError> for Failure {
    fn from(error: policy::NameError) -> Failure {
        Failure::new(error.to_string(), "")
    }
}
