//! Why an agent is not connected, in words with a next step. Nothing was changed where one of these comes back from a
//! plan; what was changed before a later one is on record and can be undone.

use crate::keychain::KeychainError;
use agents::{DiskError, EditError, KeepError};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("there is no agent program `{0}` that Doorward knows")]
    Unknown(String),
    #[error("`{agent}` has no server `{server}` that goes around Doorward")]
    NoServer { agent: String, server: String },
    #[error("`{server}` stays where it is: it {why}")]
    Stays { server: String, why: String },
    #[error("there is no upstream `{0}`")]
    NoUpstream(String),
    #[error("`{0}` has nothing that could go behind Doorward")]
    Nothing(String),
    #[error("the server name `{0}` cannot be turned into the name of an upstream")]
    BadName(String),
    #[error("`{}` cannot be changed: {error}", .path.display())]
    Edit { path: PathBuf, error: EditError },
    #[error("`{}` cannot be read: {why}", .path.display())]
    Broken { path: PathBuf, why: String },
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error(transparent)]
    Keep(#[from] KeepError),
    #[error("it cannot be seen whether a server is one that Doorward has already: {0}")]
    Keychain(#[from] KeychainError),
}

impl ConnectError {
    /// Stable, for the window.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ConnectError::Disk(DiskError::Changed { .. }) => "file_changed",
            ConnectError::Disk(_) | ConnectError::Edit { .. } | ConnectError::Broken { .. } => "agent_file",
            ConnectError::Keep(KeepError::Nothing { .. }) => "nothing_to_undo",
            ConnectError::Keep(_) => "agent_record",
            ConnectError::Keychain(error) => error.code(),
            _ => "agent_choice",
        }
    }

    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            ConnectError::Unknown(_) | ConnectError::NoServer { .. } => {
                "`doorward agent list --known` shows agents and their servers".to_owned()
            }
            ConnectError::Stays { .. } => {
                "leave it out, or add it with `doorward upstream add` and take it out of the agent's file"
                    .to_owned()
            }
            ConnectError::NoUpstream(_) => {
                "`doorward upstream list` shows the upstreams there are".to_owned()
            }
            ConnectError::Nothing(_) => {
                "name upstreams that it shall reach: `--upstreams practice`".to_owned()
            }
            ConnectError::BadName(_) => "rename it in the agent's file".to_owned(),
            ConnectError::Edit { .. } | ConnectError::Broken { .. } => {
                "mend the file by hand, or leave it out; it is as it was".to_owned()
            }
            ConnectError::Disk(error) => error.hint().to_owned(),
            ConnectError::Keep(error) => error.hint(),
            ConnectError::Keychain(error) => error.hint().to_owned(),
        }
    }
}
