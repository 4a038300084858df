//! Notifications behind one small trait. On Linux the answer of a person is believed only from the service
//! that owned the name when Doorward started ([`linux`]); elsewhere a notification tells and the window
//! decides ([`elsewhere`]). What a notification says is composed in [`crate::notice`].

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::SystemNotifier;
#[cfg(target_os = "linux")]
pub(crate) use linux::SystemNotifier;

use crate::notice::{Button, Notice, Service};
use std::future::Future;

/// Shows notices and hears what people answer; the answers come over the channel made with it.
pub(crate) trait Notifier: Send + Sync + 'static {
    /// What the service can do, so that a notice can be composed for it.
    fn service(&self) -> &Service;

    /// Shows a notice, in place of an earlier one under the same key.
    fn show(&self, notice: &Notice) -> impl Future<Output = Result<(), NotifyError>> + Send;

    /// Takes the notice under this key away, if there is one.
    fn close(&self, key: &str) -> impl Future<Output = ()> + Send;
}

/// What came back from the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A person pressed a button that was offered on exactly this notice.
    Pressed { notice: Notice, button: Button },
    /// A person put the notice away without an answer.
    PutAway { notice: Notice },
    /// Another program than the service said that a button was pressed. Nobody believed it.
    Forged,
    /// The service we knew left; nobody's answers are believed any more.
    ServiceLeft,
}

/// Why a notice is not on screen. The inbox and the tray have it all the same.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotifyError {
    #[error("this session has no message bus")]
    NoBus(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("this desktop has no notification service")]
    NoService(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the notification service did not take the notification")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl NotifyError {
    /// What a person can do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            NotifyError::NoBus(_) => "start Doorward from your desktop session; the inbox works as ever",
            NotifyError::NoService(_) => {
                "install one, such as notification-daemon, and start Doorward again; the inbox and the tray work as ever"
            }
            NotifyError::Refused(_) => {
                "look at the inbox; restart the notification service and then Doorward"
            }
        }
    }
}
