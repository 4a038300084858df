//! *Hold everything*, from the window and from the tray, and what both say of it; and the desk's time, which
//! reminders go by.

use crate::Host;
use crate::host::blocking;
use crate::wire::{Alarm, IpcError, Nothing, Overview};
use gateway::PauseError;
use policy::Timestamp;
use std::sync::Arc;

pub(crate) fn alarm() -> Alarm {
    Alarm {
        code: "paused".to_owned(),
        message: "Everything is held: each call waits for you, whatever the policies allow.".to_owned(),
        hint: "Let calls go when you are ready. Those that wait by then still need your answer.".to_owned(),
    }
}

impl From<PauseError> for IpcError {
    fn from(error: PauseError) -> IpcError {
        let hint = match error {
            PauseError::OnlyNow(_) | PauseError::Stays(_) => {
                "look at the disk that the home is on, then try again"
            }
            PauseError::NoOwner => "until then every call is denied",
        };
        IpcError::new("pause", error.to_string(), hint)
    }
}

impl Host {
    pub(crate) async fn pause(&self, _: Nothing) -> Result<Overview, IpcError> {
        self.hold_everything(true).await?;
        self.overview(Nothing {}).await
    }

    pub(crate) async fn resume(&self, _: Nothing) -> Result<Overview, IpcError> {
        self.hold_everything(false).await?;
        self.overview(Nothing {}).await
    }

    /// Every call waits for a person, or no longer does: a person's act, in the window or in the tray.
    ///
    /// # Errors
    /// When it could not be recorded; then everything is held.
    pub async fn hold_everything(&self, on: bool) -> Result<(), IpcError> {
        let engine = Arc::clone(self.engine()?);
        Ok(blocking(move || engine.pause(on)).await??)
    }

    /// Whether everything is held; false without an engine, where no call goes anyhow.
    #[must_use]
    pub fn holds_everything(&self) -> bool {
        self.engine().is_ok_and(|engine| engine.is_paused())
    }

    /// The desk's time, in epoch milliseconds; none without an engine.
    #[must_use]
    pub fn now(&self) -> Option<i64> {
        self.engine().ok().map(|engine| engine.desk().clock().now().0)
    }

    /// Until the desk's clock shows this time; for ever without an engine.
    pub async fn sleep_until(&self, at: i64) {
        match self.engine() {
            Ok(engine) => engine.desk().clock().sleep_until(Timestamp(at)).await,
            Err(_) => std::future::pending().await,
        }
    }
}
