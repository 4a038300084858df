//! Rings for waiting calls: follows the inbox and the desk's clock, shows and closes notifications, and carries a
//! person's answer to the desk. What is shown is composed in [`crate::notice`], what changes on screen in
//! [`crate::ringing`]. While nothing waits there is no timer.

use crate::approval;
use crate::door::waiting;
use crate::notice::{self, Button, Notice};
use crate::notifier::{Heard, Notifier, NotifyError};
use crate::ringing::{Ringing, Step};
use crate::window;
use ipc::wire::{VoteChoice, VoteRequest};
use ipc::{Changed, Host, Means, Tag};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tauri::AppHandle;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

/// A service gets this long to take everything off the screen at the end.
const AT_THE_END: Duration = Duration::from_secs(1);

/// Ends the ringing: a notification without anybody behind it must not stay on screen.
pub(crate) struct End {
    ask: oneshot::Sender<()>,
    done: oneshot::Receiver<()>,
}

/// The bell's side of an [`End`].
pub(crate) struct Ending {
    asked: oneshot::Receiver<()>,
    /// Dropped when nothing is on screen any more.
    _done: oneshot::Sender<()>,
}

pub(crate) fn end() -> (End, Ending) {
    let ((ask, asked), (_done, done)) = (oneshot::channel(), oneshot::channel());
    (End { ask, done }, Ending { asked, _done })
}

impl End {
    pub(crate) async fn silence(self) {
        if self.ask.send(()).is_ok() {
            let _ = tokio::time::timeout(AT_THE_END, self.done).await;
        }
    }
}

/// Rings until it is silenced. Without a service it says so once and leaves the rest to inbox and tray.
pub(crate) async fn ring<N: Notifier>(
    app: AppHandle,
    host: Arc<Host>,
    connected: Result<(N, UnboundedReceiver<Heard>), NotifyError>,
    ending: Ending,
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
    let ringing = Ringing::default();
    Bell { app, host, notifier, ringing, next: None, told: BTreeMap::new(), silent: false, replaced: false }
        .run(heard, ending)
        .await;
}

struct Bell<N> {
    app: AppHandle,
    host: Arc<Host>,
    notifier: N,
    ringing: Ringing,
    /// When the next reminder is due, in epoch milliseconds.
    next: Option<i64>,
    /// What a person was told, and of which moment it was.
    told: BTreeMap<&'static str, i64>,
    /// The last notification was not shown, and the window says so.
    silent: bool,
    /// The service we knew left; what the window says of that stays.
    replaced: bool,
}

impl<N: Notifier> Bell<N> {
    async fn run(mut self, mut heard: UnboundedReceiver<Heard>, mut ending: Ending) {
        let mut changes = self.host.subscribe();
        self.follow().await;
        loop {
            let (host, next) = (Arc::clone(&self.host), self.next);
            let reminder = async {
                match next {
                    Some(at) => host.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                change = changes.recv() => match change {
                    Ok(Changed { tags, .. }) if !tags.contains(&Tag::Inbox) && !tags.contains(&Tag::Security) => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => self.follow().await,
                    Err(RecvError::Closed) => return,
                },
                Some(heard) = heard.recv() => {
                    self.hear(heard).await;
                    self.follow().await;
                }
                () = reminder => self.follow().await,
                _ = &mut ending.asked => break,
            }
        }
        for key in self.ringing.end() {
            self.notifier.close(&key).await;
        }
    }

    /// Brings the screen in line with the inbox and the time.
    async fn follow(&mut self) {
        let Some(now) = self.host.now() else { return };
        let zone = TimeZone::system();
        let is_locked = self.host.is_screen_locked();
        if !is_locked {
            self.tell_who_is_here().await;
        }
        let desk = notice::Desk { service: self.notifier.service(), zone: &zone, now };
        let cards = waiting(&self.host);
        // Nobody is reminded behind a locked screen.
        self.next = cards.iter().map(notice::reminds_at).filter(|at| *at > now && !is_locked).min();
        let notices: Vec<Notice> = cards.iter().map(|card| notice::compose(card, &desk)).collect();
        let steps = if is_locked {
            self.ringing.follow_unseen(&notices)
        } else {
            self.ringing.follow(notices, |agent, notices| notice::burst(agent, notices, &desk))
        };
        let mut failed = false;
        for step in steps {
            match step {
                Step::Close { key } => self.notifier.close(&key).await,
                // A service that just failed is asked again at the next change, not for every waiting call.
                Step::Show(notice) if failed => self.ringing.not_shown(&notice.key),
                Step::Show(notice) => {
                    if let Err(error) = self.notifier.show(&notice).await {
                        failed = true;
                        self.ringing.not_shown(&notice.key);
                        tracing::warn!(
                            error = chain(&error),
                            about = notice.key,
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

    /// What happened to held calls while the screen was locked, once for each return; and that passkeys are about to be
    /// taken out, once for each start.
    async fn tell_who_is_here(&mut self) {
        let news = [("while-away", self.host.while_away()), ("passkeys-reset", self.host.passkeys_reset())];
        for (key, (at, body)) in news.into_iter().filter_map(|(key, news)| Some((key, news?))) {
            if self.told.insert(key, at) == Some(at) {
                continue;
            }
            let notice = Notice {
                key: key.to_owned(),
                holds: Vec::new(),
                digest: String::new(),
                agent: String::new(),
                tool: String::new(),
                title: "Doorward".to_owned(),
                body,
                buttons: Vec::new(),
                deadline: 0,
                reminds: false,
            };
            if let Err(error) = self.notifier.show(&notice).await {
                tracing::warn!(error = chain(&error), key, "it was not shown; the window has it");
            }
        }
    }

    async fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::PutAway { notice } => self.ringing.put_away(&notice),
            Heard::Pressed { notice, button } => {
                self.ringing.put_away(&notice);
                match button {
                    Button::Review => self.review(&notice),
                    Button::Approve => self.vote(&notice, VoteChoice::Approve).await,
                    Button::Reject => self.vote(&notice, VoteChoice::Reject).await,
                }
            }
            Heard::Forged => {
                tracing::warn!("another program than the notification service answered a notification");
                self.host.note_forged_answer();
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

    fn review(&self, notice: &Notice) {
        match notice.holds.as_slice() {
            [hold] => approval::show(&self.app, hold),
            // Many are looked at where they stand together.
            [first, ..] => window::show_card(&self.app, first),
            [] => window::show(&self.app),
        }
    }

    /// A vote that does not count is not lost silently: its card comes up and says where the hold stands.
    async fn vote(&self, notice: &Notice, choice: VoteChoice) {
        // Many calls are never decided at once from here.
        let [hold] = notice.holds.as_slice() else { return self.review(notice) };
        let request = VoteRequest { hold: hold.clone(), digest: notice.digest.clone(), choice, reason: None };
        if let Err(error) = self.host.cast(request, Means::Notification).await {
            tracing::warn!(
                code = error.code,
                message = error.message,
                hold,
                "a vote from a notification did not count"
            );
            approval::show(&self.app, hold);
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
