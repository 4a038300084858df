//! Passkeys that are lost: the day after which they are taken out, as every window shows it, and how it is stopped.

use crate::host::{Host, blocking};
use crate::security::{self, SecurityView};
use crate::wire::{Alarm, IpcError, Nothing};
use gateway::{Engine, PendingReset, ResetError};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use ts_rs::TS;

/// A reset that is under way.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct ResetView {
    /// Epoch milliseconds.
    #[ts(type = "number")]
    pub asked_at: i64,
    /// What comes, as a sentence.
    pub message: String,
}

impl From<ResetError> for IpcError {
    fn from(error: ResetError) -> IpcError {
        match error {
            ResetError::Ceremony(error) => error.into(),
            error => IpcError::new(error.code(), error.to_string(), error.hint()),
        }
    }
}

impl Host {
    /// The passkeys are lost: from now on everybody at this desk can see that they are about to be taken out.
    pub(crate) async fn reset_passkeys(&self, _: Nothing) -> Result<SecurityView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || {
            engine.ask_reset()?;
            Ok(security::view(&engine))
        })
        .await?
    }

    /// They stay, as one of them says.
    pub(crate) async fn keep_passkeys(&self, _: Nothing) -> Result<SecurityView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        engine.stop_reset().await?;
        blocking(move || security::view(&engine)).await
    }

    /// When passkeys were said to be lost, and what comes of it; none where nobody said so.
    #[must_use]
    pub fn passkeys_reset(&self) -> Option<(i64, String)> {
        let pending = self.engine().ok()?.pending_reset()?;
        Some((pending.asked_at.0, sentence(pending.left)))
    }
}

pub(crate) fn view(pending: PendingReset) -> ResetView {
    ResetView { asked_at: pending.asked_at.0, message: sentence(pending.left) }
}

/// On every page of the window, until it is over or stopped.
pub(crate) fn alarm(engine: &Engine) -> Option<Alarm> {
    let pending = engine.pending_reset()?;
    Some(Alarm {
        code: "passkeys_reset".to_owned(),
        message: sentence(pending.left),
        hint: "If one of them is there after all, stop this with it on the Security page.".to_owned(),
    })
}

fn sentence(left: Duration) -> String {
    let minutes = left.as_secs().div_ceil(60);
    let when = match minutes {
        0..=1 => "within a minute".to_owned(),
        2..=90 => format!("in {minutes} minutes"),
        _ => format!("in {} hours", minutes.div_ceil(60)),
    };
    format!(
        "All passkeys are taken out {when} of this machine's running, because somebody in this window said that they are lost."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_said_in_hours_and_at_the_end_in_minutes() {
        let said = |seconds| sentence(Duration::from_secs(seconds));
        assert!(said(24 * 3600).starts_with("All passkeys are taken out in 24 hours of"));
        assert!(said(23 * 3600 + 1).contains("in 24 hours"));
        assert!(said(1800).contains("in 30 minutes"));
        assert!(said(0).contains("within a minute"));
    }
}
