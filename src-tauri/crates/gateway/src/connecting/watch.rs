//! Servers that were added around the door after their agent was connected: noticed when an agent's file changes, told
//! until they are moved or left there on purpose.

use super::Machine;
use crate::{desk::DeskEvent, engine::Engine};
use journal::Entry;
use notify::Watcher as _;
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Agents write their files often; after the first event this long passes before they are read.
const QUIET: Duration = Duration::from_millis(300);

/// One server that goes around the door.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Around {
    /// The agent program's id and title.
    pub id: String,
    pub agent: String,
    pub server: String,
    pub path: String,
}

/// What is watched, and what was seen last.
#[derive(Default)]
pub(crate) struct Watched {
    around: Mutex<BTreeSet<Around>>,
    watcher: Mutex<Option<notify::RecommendedWatcher>>,
    /// Another person's folders than those of the user this process runs as.
    dirs: Mutex<Option<agents::Dirs>>,
}

impl Machine {
    /// Servers added around the door since their agents were connected. Blocks on the disk.
    #[must_use]
    pub fn around(&self, projects: &[PathBuf]) -> BTreeSet<Around> {
        let mut around = BTreeSet::new();
        for agent in self.found(projects) {
            for file in &agent.files {
                for server in file.servers.iter().filter(|server| server.is_new) {
                    around.insert(Around {
                        id: agent.id.clone(),
                        agent: agent.title.clone(),
                        server: server.name.clone(),
                        path: file.path.clone(),
                    });
                }
            }
        }
        around
    }

    /// Leaves what goes around the door now where it is: it is told no more. Blocks on the disk.
    ///
    /// # Errors
    /// The record cannot be written.
    pub fn leave(&self, id: &str, projects: &[PathBuf]) -> Result<(), agents::KeepError> {
        let mut left = Vec::new();
        for seen in self.look(projects).iter().filter(|seen| seen.known.id == id) {
            for file in &seen.files {
                let agents::FileState::Read { servers, .. } = &file.state else { continue };
                let around = servers.iter().filter(|server| self.door.behind(&server.reach).is_none());
                left.extend(around.map(|server| super::address_of(&file.path, server)));
            }
        }
        self.keep.leave(id, &left)
    }

    fn paths(&self, projects: &[PathBuf]) -> BTreeSet<PathBuf> {
        let files = self.look(projects).into_iter().flat_map(|seen| seen.files);
        files.flat_map(|file| [std::fs::canonicalize(&file.path).ok(), Some(file.path)]).flatten().collect()
    }
}

impl Engine {
    /// The agents of this machine; none without a home folder.
    #[must_use]
    pub fn machine(&self) -> Option<Machine> {
        let dirs = self.watched().dirs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match dirs {
            Some(dirs) => Some(Machine::at(dirs, self.home().dir(), self.listen_addr())),
            None => Machine::of(self.home().dir(), self.listen_addr()),
        }
    }

    /// Looks for agents in these folders from now on, in place of those of the user this process runs as.
    pub fn look_for_agents_in(&self, dirs: agents::Dirs) {
        *self.watched().dirs.lock().unwrap_or_else(PoisonError::into_inner) = Some(dirs);
    }

    /// What goes around the door as it was seen last.
    #[must_use]
    pub fn around(&self) -> Vec<Around> {
        self.watched().around.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Looks at agents' files again. Blocks on the disk.
    pub fn look_around(&self) {
        let Some(machine) = self.machine() else { return };
        let now = machine.around(&[]);
        let before = {
            let mut around = self.watched().around.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *around, now.clone())
        };
        for new in now.difference(&before) {
            let said = format!(
                "{} reaches {} around Doorward, by {}",
                new.agent,
                crate::visible::marked(&new.server),
                new.path
            );
            self.note(Entry::Alarm { code: "around_the_door".to_owned(), said });
        }
        if now != before {
            self.desk().send(DeskEvent::Agents);
        }
    }

    /// Watches the folders of agents' files for as long as the engine runs.
    pub(crate) fn watch_agents(self: &Arc<Self>) {
        let Some(machine) = self.machine() else { return };
        let (knock, mut knocks) = tokio::sync::mpsc::channel::<()>(1);
        let weak = Arc::downgrade(self);
        let stopping = self.stopping();
        let first = machine.clone();
        self.tasks().spawn_blocking(move || {
            if let Some(engine) = weak.upgrade() {
                let paths = first.paths(&[]);
                let watcher = watcher(&paths, knock);
                match watcher {
                    Ok(watcher) => {
                        *engine.watched().watcher.lock().unwrap_or_else(PoisonError::into_inner) =
                            Some(watcher);
                    }
                    Err(error) => tracing::warn!(%error, "agents' files are not watched"),
                }
                engine.look_around();
            }
        });
        let weak = Arc::downgrade(self);
        self.tasks().spawn(async move {
            loop {
                tokio::select! {
                    knock = knocks.recv() => if knock.is_none() { return },
                    () = stopping.cancelled() => return,
                }
                tokio::time::sleep(QUIET).await;
                while knocks.try_recv().is_ok() {}
                let Some(engine) = weak.upgrade() else { return };
                let looked = tokio::task::spawn_blocking(move || engine.look_around());
                let _ = looked.await;
            }
        });
    }
}

fn watcher(
    paths: &BTreeSet<PathBuf>,
    knock: tokio::sync::mpsc::Sender<()>,
) -> notify::Result<notify::RecommendedWatcher> {
    let concerned = paths.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let concerns = event.map_or(true, |event| {
            !event.kind.is_access() && event.paths.iter().any(|path| concerned.contains(path))
        });
        if concerns {
            // One knock is enough for many.
            let _ = knock.try_send(());
        }
    })?;
    let folders: BTreeSet<_> = paths.iter().filter_map(|path| path.parent()).collect();
    for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
        if let Err(error) = watcher.watch(folder, notify::RecursiveMode::NonRecursive) {
            tracing::debug!(%error, "a folder of an agent is not watched");
        }
    }
    Ok(watcher)
}
