//! Servers that were added around the door after their agent was connected: noticed when an agent's file changes, told
//! until they are moved or left there on purpose.

use super::Machine;
use crate::{desk::DeskEvent, engine::Engine, keychain::KeychainError};
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
/// After an alarm this long: an agent that writes its file on and on fills no record with it.
const AFTER_ALARM: Duration = Duration::from_secs(5);

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
    /// Whoever looks, or changes what is looked at, has it.
    seen: Mutex<Looked>,
    /// Another person's folders than those of the user this process runs as.
    dirs: Mutex<Option<agents::Dirs>>,
}

#[derive(Default)]
struct Looked {
    watching: Option<Watching>,
    /// None before the first look.
    told: Option<Told>,
}

/// What this home's records say of agents' files. Whoever can write them can take the alarm away, and is told of for it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    connected: BTreeSet<&'static str>,
    /// Servers that raise no alarm.
    left: BTreeSet<String>,
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

    /// Files that may name a server, and this home's records of them.
    fn paths(&self) -> BTreeSet<PathBuf> {
        let paths = agents::places(&self.dirs).into_iter();
        let mut paths: BTreeSet<PathBuf> =
            paths.flat_map(|path| [std::fs::canonicalize(&path).ok(), Some(path)]).flatten().collect();
        paths.extend(agents::KNOWN.iter().map(|known| self.keep.dir().join(format!("{}.json", known.id))));
        paths
    }

    /// What the records say now.
    fn told(&self) -> Told {
        let mut told = Told { connected: self.connected().into_iter().collect(), left: BTreeSet::new() };
        for id in &told.connected {
            let records = self.keep.records(id).unwrap_or_default();
            told.left.extend(records.into_iter().flat_map(|record| record.left));
        }
        told
    }
}

impl Told {
    /// What became of it that no person did in the window, a sentence each.
    fn since(&self, before: &Told) -> Vec<String> {
        let title = |id: &&'static str| agents::known(id).map_or(*id, |known| known.title);
        let undone = before.connected.difference(&self.connected).map(|id| {
            format!(
                "{} was disconnected, and not in the window: its servers go around Doorward again",
                title(id)
            )
        });
        let left = self
            .left
            .difference(&before.left)
            .map(|server| format!("{} was left around Doorward, and not in the window", cut(server)));
        undone.chain(left).collect()
    }
}

/// One entry says no more than this: agents write the names that stand in it.
const LISTED: usize = 5;
const LONGEST_NAME: usize = 120;

fn cut(name: &str) -> String {
    let mut shown: String = name.chars().take(LONGEST_NAME).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    crate::visible::marked(&shown)
}

fn listed(sentences: &[String]) -> String {
    let mut said = sentences.iter().take(LISTED).cloned().collect::<Vec<_>>().join("; ");
    if sentences.len() > LISTED {
        said.push_str(&format!("; and {} more", sentences.len() - LISTED));
    }
    said
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

    /// The same with this home's key, to change agents' files. Blocks on the keychain.
    ///
    /// # Errors
    /// What the keychain says.
    pub fn opened_machine(&self) -> Result<Option<Machine>, KeychainError> {
        self.machine().map(|machine| machine.opened(&*self.keychain, self.home().settings())).transpose()
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

    /// A person changes agents' files or records in the window: what comes of it raises no alarm. Blocks on the disk.
    pub fn change_around<T>(&self, change: impl FnOnce() -> T) -> T {
        let mut seen = self.watched().seen.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change();
        if let Some(machine) = self.machine() {
            seen.told = Some(machine.told());
        }
        self.look(&mut seen);
        changed
    }

    /// Looks at agents' files again. Blocks on the disk.
    pub fn look_around(&self) {
        let mut seen = self.watched().seen.lock().unwrap_or_else(PoisonError::into_inner);
        self.look(&mut seen);
    }

    /// True where something was alarming.
    fn look(&self, seen: &mut Looked) -> bool {
        let Some(machine) = self.machine() else { return false };
        seen.watch(&machine.paths());
        let (now, told) = (machine.around(&[]), machine.told());
        let before = {
            let mut around = self.watched().around.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *around, now.clone())
        };
        let new = now.difference(&before).map(|new| {
            format!("{} reaches {} around Doorward, by {}", new.agent, cut(&new.server), cut(&new.path))
        });
        let new: Vec<String> = new.collect();
        let unseen = seen.told.as_ref().map(|before| told.since(before)).unwrap_or_default();
        let was_known = seen.told.is_some();
        let is_told_anew = seen.told.replace(told).is_some_and(|before| Some(&before) != seen.told.as_ref());
        for (code, sentences) in [("around_the_door", &new), ("disconnected_elsewhere", &unseen)] {
            if !sentences.is_empty() {
                self.note(Entry::Alarm { code: code.to_owned(), said: listed(sentences) });
            }
        }
        if now != before || is_told_anew {
            self.desk().send(DeskEvent::Agents);
        }
        was_known && !(new.is_empty() && unseen.is_empty())
    }

    /// Watches the folders of agents' files for as long as the engine runs.
    pub(crate) fn watch_agents(self: &Arc<Self>) {
        let (knock, mut knocks) = tokio::sync::mpsc::channel::<()>(1);
        let weak = Arc::downgrade(self);
        let stopping = self.stopping();
        match Watching::new(knock) {
            Ok(watching) => {
                self.watched().seen.lock().unwrap_or_else(PoisonError::into_inner).watching = Some(watching);
            }
            Err(error) => tracing::warn!(%error, "agents' files are not watched"),
        }
        self.tasks().spawn(async move {
            let mut pause = Duration::ZERO;
            loop {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = stopping.cancelled() => return,
                }
                while knocks.try_recv().is_ok() {}
                let Some(engine) = weak.upgrade() else { return };
                let looked = tokio::task::spawn_blocking(move || {
                    let mut seen = engine.watched().seen.lock().unwrap_or_else(PoisonError::into_inner);
                    engine.look(&mut seen)
                });
                pause = if looked.await.unwrap_or_default() { AFTER_ALARM } else { QUIET };
                tokio::select! {
                    knock = knocks.recv() => if knock.is_none() { return },
                    () = stopping.cancelled() => return,
                }
            }
        });
    }
}

/// The folders that are watched, and the paths in them that matter. A folder that is not there yet is waited for in the
/// nearest one above it that is.
struct Watching {
    concerned: Arc<Mutex<BTreeSet<PathBuf>>>,
    folders: BTreeSet<PathBuf>,
    watcher: notify::RecommendedWatcher,
}

impl Watching {
    fn new(knock: tokio::sync::mpsc::Sender<()>) -> notify::Result<Watching> {
        let concerned: Arc<Mutex<BTreeSet<PathBuf>>> = Arc::default();
        let of_watcher = Arc::clone(&concerned);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let concerns = event.map_or(true, |event| {
                let concerned = of_watcher.lock().unwrap_or_else(PoisonError::into_inner);
                !event.kind.is_access() && event.paths.iter().any(|path| concerned.contains(path))
            });
            if concerns {
                // One knock is enough for many.
                let _ = knock.try_send(());
            }
        })?;
        Ok(Watching { concerned, folders: BTreeSet::new(), watcher })
    }
}

impl Looked {
    fn watch(&mut self, paths: &BTreeSet<PathBuf>) {
        let Some(watching) = &mut self.watching else { return };
        let (mut folders, mut concerned) = (BTreeSet::new(), paths.clone());
        for path in paths {
            let mut folder = path.parent();
            while let Some(absent) = folder.filter(|folder| !folder.is_dir()) {
                concerned.insert(absent.to_owned());
                folder = absent.parent();
            }
            folders.extend(folder.map(std::path::Path::to_owned));
        }
        *watching.concerned.lock().unwrap_or_else(PoisonError::into_inner) = concerned;
        for gone in watching.folders.difference(&folders) {
            // It may be gone from the disk as well.
            let _ = watching.watcher.unwatch(gone);
        }
        for folder in &folders {
            // Also one that was watched: it may have been removed and made anew.
            if let Err(error) = watching.watcher.watch(folder, notify::RecursiveMode::NonRecursive) {
                tracing::debug!(%error, "a folder of an agent is not watched");
            }
        }
        watching.folders = folders;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_lists_a_few_and_cuts_what_an_agent_wrote() {
        let sentences: Vec<String> =
            (0..9).map(|number| format!("{number} {}", cut(&"x".repeat(5000)))).collect();
        let said = listed(&sentences);
        assert!(said.starts_with("0 xxx") && said.ends_with("; and 4 more"), "{said}");
        assert!(said.chars().count() < 700, "{}", said.len());
        assert_eq!(cut("short"), "short");
    }

    #[test]
    fn a_record_that_goes_or_leaves_more_is_told() {
        let told = |connected: &[&'static str], left: &[&str]| Told {
            connected: connected.iter().copied().collect(),
            left: left.iter().map(|one| (*one).to_owned()).collect(),
        };
        let before = told(&["cursor"], &["a"]);
        assert!(before.since(&before).is_empty());
        assert!(told(&["cursor", "zed"], &[]).since(&before).is_empty(), "less is no way around");
        let said = told(&[], &["a", "/x/mcp.json#mcpServers.b"]).since(&before);
        assert_eq!(said.len(), 2);
        assert!(said[0].starts_with("Cursor was disconnected") && said[1].starts_with("/x/mcp.json#"));
    }
}
