//! Why the engine did not start, with the next step.

use crate::home::HomeError;
use crate::keychain::KeychainError;
use journal::JournalError;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("port {} on {} is in use by another program", .0.port(), .0.ip())]
    PortInUse(SocketAddr),
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, #[source] std::io::Error),
    #[error("cannot open the home's socket {0}: {1}")]
    Socket(PathBuf, #[source] std::io::Error),
    #[error("a connection to an upstream could not be prepared: {0}")]
    Client(String),
}

impl StartError {
    /// Stable, for the window and for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            StartError::Home(error) => error.code(),
            StartError::Keychain(error) => error.code(),
            StartError::Journal(_) => "journal",
            StartError::PortInUse(_) => "port_in_use",
            StartError::Listen(..) => "listen",
            StartError::Socket(..) => "socket",
            StartError::Client(_) => "client",
        }
    }

    /// The next step.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            StartError::Home(error) => error.hint(),
            StartError::Keychain(error) => error.hint().to_owned(),
            StartError::Journal(_) => {
                "check free space and permissions of the home folder, then start again".to_owned()
            }
            StartError::PortInUse(listen) => format!(
                "stop the program that uses port {}, or set another `listen` in doorward.toml and tell your agents",
                listen.port()
            ),
            StartError::Listen(..) => {
                "set `listen` in doorward.toml to a loopback address such as 127.0.0.1:7717".to_owned()
            }
            StartError::Socket(..) => "check the permissions of the home folder".to_owned(),
            StartError::Client(_) => "check the system's TLS certificates, then start again".to_owned(),
        }
    }
}
