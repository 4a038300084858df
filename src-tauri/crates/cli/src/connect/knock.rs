//! When to try again while Doorward is away: as soon as its socket appears, and now and then in case that was
//! not seen.

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{sync::mpsc, time::sleep};

/// The first pause; each one after it is twice as long.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Knock {
    socket: PathBuf,
    pause: Duration,
    watch: Option<Watch>,
}

#[derive(Debug)]
struct Watch {
    seen: mpsc::Receiver<()>,
    /// Watches as long as it lives.
    _watcher: RecommendedWatcher,
}

impl Knock {
    pub(super) fn new(socket: PathBuf) -> Knock {
        Knock { socket, pause: SHORTEST, watch: None }
    }

    /// Somebody is there: nothing is watched meanwhile.
    pub(super) fn rest(&mut self) {
        self.watch = None;
    }

    /// The next pause is short again.
    pub(super) fn reset(&mut self) {
        self.pause = SHORTEST;
    }

    /// Waits until it is worth trying again.
    pub(super) async fn wait(&mut self) {
        if self.watch.is_none() {
            // What happened since the last try is not told; the pause bounds what that costs.
            self.watch = Watch::start(&self.socket);
        }
        let pause = self.pause;
        self.pause = LONGEST.min(pause * 2);
        match &mut self.watch {
            Some(watch) => tokio::select! {
                Some(()) = watch.seen.recv() => self.pause = SHORTEST,
                () = sleep(pause) => {}
            },
            None => sleep(pause).await,
        }
    }
}

impl Watch {
    /// None where there is no folder yet, or the system watches no more of them.
    fn start(socket: &Path) -> Option<Watch> {
        let (sender, seen) = mpsc::channel(1);
        let name = socket.file_name()?.to_owned();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let is_ours = |path: &PathBuf| path.file_name() == Some(&name);
            if event.is_ok_and(|event| !event.kind.is_access() && event.paths.iter().any(is_ours)) {
                // One is waiting already: that is enough.
                let _ = sender.try_send(());
            }
        })
        .ok()?;
        watcher.watch(socket.parent()?, RecursiveMode::NonRecursive).ok()?;
        Some(Watch { seen, _watcher: watcher })
    }
}
