//! A backup of the home, made in the window under a passphrase that is typed there.

use crate::host::Host;
use crate::wire::IpcError;
use gateway::backup::BackupError;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use ts_rs::TS;

/// What it is sealed with. Not recorded anywhere.
#[derive(Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackupRequest {
    pub passphrase: String,
}

/// Where it lies.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct BackupMade {
    pub path: String,
}

impl From<BackupError> for IpcError {
    fn from(error: BackupError) -> IpcError {
        match error {
            BackupError::Ceremony(error) => error.into(),
            error => IpcError::new(error.code(), error.to_string(), error.hint()),
        }
    }
}

impl Host {
    pub(crate) async fn make_backup(&self, request: BackupRequest) -> Result<BackupMade, IpcError> {
        let path = Arc::clone(self.engine()?).make_backup(request.passphrase.into()).await?;
        Ok(BackupMade { path: path.display().to_string() })
    }
}
