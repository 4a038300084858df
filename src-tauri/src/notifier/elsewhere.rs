//! macOS and Windows: the notification tells, the window decides. Neither system tells a program of ours
//! reliably which button was pressed, so none is offered. Compiled for those systems only; never run by us.

use super::{Heard, Notifier, NotifyError};
use crate::notice::{Notice, Service};
use tokio::sync::mpsc;

/// Shows through the system's own service.
pub(crate) struct SystemNotifier {
    service: Service,
    /// Kept, so that the listener waits instead of believing the service has left.
    _heard: mpsc::UnboundedSender<Heard>,
}

impl SystemNotifier {
    pub(crate) async fn connect() -> Result<(SystemNotifier, mpsc::UnboundedReceiver<Heard>), NotifyError> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let service = Service { name: std::env::consts::OS.to_owned(), buttons: false, markup: false };
        Ok((SystemNotifier { service, _heard: sender }, receiver))
    }
}

impl Notifier for SystemNotifier {
    fn service(&self) -> &Service {
        &self.service
    }

    async fn show(&self, notice: &Notice) -> Result<(), NotifyError> {
        let (title, body) = (notice.title.clone(), notice.body.clone());
        let shown = tokio::task::spawn_blocking(move || {
            notify_rust::Notification::new().appname("Doorward").summary(&title).body(&body).show().map(drop)
        });
        match shown.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(NotifyError::Refused(error.into())),
            Err(error) => Err(NotifyError::Refused(error.into())),
        }
    }

    async fn close(&self, _key: &str) {}
}
