//! Rings for waiting calls: follows the inbox, shows and closes notifications, and carries a person's answer
//! to the desk. What is shown is composed in [`crate::notice`], what changes on screen in [`crate::ringing`].

use crate::door::waiting;
use crate::notice::{self, Button, Notice};
use crate::notifier::{Heard, Notifier, NotifyError};
use crate::ringing::{Ringing, Step};
use crate::window;
use ipc::wire::{VoteChoice, VoteRequest};
use ipc::{Changed, Host, Means, Tag};
use jiff::tz::TimeZone;
use std::sync::Arc;
use tauri::AppHandle;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::UnboundedReceiver;

/// Rings until the host ends. Without a service it says so once and leaves the rest to inbox and tray.
pub(crate) async fn ring<N: Notifier>(
    app: AppHandle,
    host: Arc<Host>,
    connected: Result<(N, UnboundedReceiver<Heard>), NotifyError>,
) {
    let (notifier, heard) = match connected {
        Ok(connected) => connected,
        Err(error) => {
            tracing::warn!(error = chain(&error), "there are no notifications");
            say(&host, &error.to_string(), error.hint());
            return;
        }
    };
    host.set_notifications(true, None, None);
    Bell { app, host, notifier, ringing: Ringing::default(), told: None, silent: false, replaced: false }
        .run(heard)
        .await;
}

struct Bell<N> {
    app: AppHandle,
    host: Arc<Host>,
    notifier: N,
    ringing: Ringing,
    /// When the person was last back who was told of their time away.
    told: Option<i64>,
    /// The last notification was not shown, and the window says so.
    silent: bool,
    /// The service we knew left; what the window says of that stays.
    replaced: bool,
}

impl<N: Notifier> Bell<N> {
    async fn run(mut self, mut heard: UnboundedReceiver<Heard>) {
        let mut changes = self.host.subscribe();
        self.follow().await;
        loop {
            tokio::select! {
                change = changes.recv() => match change {
                    Ok(Changed { tags, .. }) if !tags.contains(&Tag::Inbox) => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => self.follow().await,
                    Err(RecvError::Closed) => return,
                },
                Some(heard) = heard.recv() => self.hear(heard).await,
            }
        }
    }

    /// Brings the screen in line with the inbox.
    async fn follow(&mut self) {
        let zone = TimeZone::system();
        let service = self.notifier.service();
        let waiting: Vec<Notice> =
            waiting(&self.host).iter().map(|card| notice::compose(card, service, &zone)).collect();
        let mut failed = false;
        let steps = if self.host.is_screen_locked() {
            self.ringing.follow_unseen(&waiting)
        } else {
            self.tell_who_is_back().await;
            self.ringing.follow(waiting)
        };
        for step in steps {
            match step {
                Step::Close { hold } => self.notifier.close(&hold).await,
                // A service that just failed is asked again at the next change, not for every waiting call.
                Step::Show(notice) if failed => self.ringing.not_shown(&notice.hold),
                Step::Show(notice) => {
                    if let Err(error) = self.notifier.show(&notice).await {
                        failed = true;
                        self.ringing.not_shown(&notice.hold);
                        tracing::warn!(
                            error = chain(&error),
                            hold = notice.hold,
                            "a notification was not shown"
                        );
                        say(&self.host, &error.to_string(), error.hint());
                    } else if self.silent && !self.replaced {
                        self.host.set_notifications(true, None, None);
                    }
                    self.silent = failed;
                }
            }
        }
    }

    /// What happened to held calls while the screen was locked, once for each return.
    async fn tell_who_is_back(&mut self) {
        let Some((back_at, sentence)) = self.host.while_away() else { return };
        if self.told.replace(back_at) == Some(back_at) {
            return;
        }
        let notice = Notice {
            hold: "while-away".to_owned(),
            digest: String::new(),
            title: "Doorward".to_owned(),
            body: sentence,
            buttons: Vec::new(),
        };
        if let Err(error) = self.notifier.show(&notice).await {
            tracing::warn!(
                error = chain(&error),
                "the digest of a time away was not shown; the window has it"
            );
        }
    }

    async fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::PutAway { hold } => self.ringing.put_away(&hold),
            Heard::Pressed { hold, digest, button } => {
                self.ringing.put_away(&hold);
                match button {
                    Button::Review => window::show_card(&self.app, &hold),
                    Button::Approve => self.vote(&hold, &digest, VoteChoice::Approve).await,
                    Button::Reject => self.vote(&hold, &digest, VoteChoice::Reject).await,
                }
            }
            Heard::ServiceLeft => {
                self.replaced = true;
                say(
                    &self.host,
                    "the notification service was replaced while Doorward ran, so its buttons are not believed",
                    "restart Doorward to use the new one; until then decide in the window",
                );
            }
        }
    }

    /// A vote that does not count is not lost silently: its card comes up and says where the hold stands.
    async fn vote(&self, hold: &str, digest: &str, choice: VoteChoice) {
        let request = VoteRequest { hold: hold.to_owned(), digest: digest.to_owned(), choice, reason: None };
        if let Err(error) = self.host.cast(request, Means::Notification).await {
            tracing::warn!(
                code = error.code,
                message = error.message,
                hold,
                "a vote from a notification did not count"
            );
            window::show_card(&self.app, hold);
        }
    }
}

/// Notifications do not work; the window says so until they do.
fn say(host: &Host, message: &str, hint: &str) {
    host.set_notifications(false, Some(message.to_owned()), Some(hint.to_owned()));
}

/// The whole chain of causes, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
